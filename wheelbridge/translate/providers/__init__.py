"""What a target supports of a provider's namespace, and what a property requires of a machine (PEP 825).

Both directions are a translation of values: virtual packages become lists of supported values, best first, and the
properties of a wheel become MatchSpecs on virtual packages. No provider is ever run. A namespace means what the
provider of that release says it means, so that what is known here is known by the provider's package, never by the
namespace.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType

from wheelbridge.model.target import GIVEN, Target
from wheelbridge.model.variant import Features, NamespaceSupport, VariantProvider
from wheelbridge.translate.errors import MarkerNotExpressibleError
from wheelbridge.translate.markers import translate_marker
from wheelbridge.translate.providers.catalogue import (
    KNOWN_NAMESPACES,
    KNOWN_PROVIDERS,
    find_known,
    find_lists,
    takes_lists,
)
from wheelbridge.translate.providers.known import UNSUPPORTED, absent, one_of
from wheelbridge.translate.providers.listed import require_listed

__all__ = [
    "KNOWN_NAMESPACES",
    "UNSUPPORTED",
    "explain_unsupported",
    "find_obstacle",
    "find_support",
    "known_support",
    "require_feature",
]


def find_support(provider: VariantProvider, target: Target, *, enabled: Collection[str] = ()) -> NamespaceSupport:
    """Say what *target* supports of the provider's namespace, best first.

    The user's word comes first (PEP 9999: lists that the user gives stand for the provider's), then what keeps the
    namespace out of use, then the release's own list, then what a known provider lists for the target's virtual
    packages. *enabled* are the optional namespaces in use.

    >>> from wheelbridge.model.target import VirtualPackage
    >>> nvidia = VariantProvider(
    ...     namespace="nvidia",
    ...     kind="plugin",
    ...     requires=("nvidia-variant-provider>=0.0.2",),
    ...     plugin_api="nvidia_variant_provider.plugin:NvidiaVariantPlugin",
    ... )
    >>> packages = VirtualPackage("__cuda", "12.8"), VirtualPackage("__cuda_arch", "8.6")
    >>> support = find_support(nvidia, Target(subdir="linux-64", virtual_packages=packages))
    >>> support.features["sm_arch"][0], support.read_from
    ('86_real', '__cuda 12.8, __cuda_arch 8.6')
    """
    if (given := target.variants.get(provider.namespace)) is not None:
        return _given(provider.namespace, given)
    if missing := find_obstacle(provider, target, enabled):
        return absent(provider.namespace, missing)
    if provider.static:
        features = _put_first(provider, provider.static)
        return NamespaceSupport(namespace=provider.namespace, features=features, read_from="the release's own list")
    known = find_known(provider, target)
    support = known.find_support(target) if known else find_lists(provider, target)
    return replace(support, namespace=provider.namespace, features=_put_first(provider, support.features))


def require_feature(
    provider: VariantProvider, feature: str, values: Collection[str], target: Target
) -> tuple[str, ...]:
    """Say which MatchSpecs a machine meets that supports one of *values*; none where every machine does.

    PEP 825: a feature is compatible if one of its values is, so that values that no machine supports are left out;
    without any other, what no machine has is required. Nothing can be required where the user's word or the release's
    own list decides.

    >>> a64 = VariantProvider(
    ...     namespace="aarch64",
    ...     kind="plugin",
    ...     requires=("provider-variant-aarch64",),
    ...     plugin_api="provider_variant_aarch64.plugin:AArch64Plugin",
    ... )
    >>> require_feature(a64, "sve2", ["on"], Target(subdir="linux-aarch64"))
    ('__archspec[build="^(neoverse_n2|neoverse_v2|neoverse_v3ae|olympus)$"]',)
    """
    if provider.namespace in target.variants:
        return ()
    if provider.static:
        return () if set(values) & set(provider.static.get(feature, ())) else (UNSUPPORTED,)
    return (_require_derived(provider, feature, values, target) or UNSUPPORTED,)


def explain_unsupported(
    provider: VariantProvider, feature: str, values: Collection[str], support: NamespaceSupport, target: Target
) -> str:
    """Say, in a clause for people, what a wheel with *values* needs that the target lacks.

    *support* is what `find_support` answers, and holds none of *values*.

    >>> blas = VariantProvider(namespace="blas_lapack", kind="static", static={"library": ("openblas", "mkl")})
    >>> target = Target(subdir="linux-64")
    >>> explain_unsupported(blas, "library", ["blis"], find_support(blas, target), target)
    'needs library to be blis; the release lists openblas, mkl'
    """
    if not support.features:
        return f"needs {provider.namespace}: {support.missing or 'nothing of it is supported'}"
    if support.derived and (known := find_known(provider, target)):
        if known.require(feature, values, target) is None:
            return f"needs {feature} to be {one_of(values)}, which its provider lists for no machine"
        return known.explain(feature, values, target)
    owner = "this target has" if support.derived or provider.namespace in target.variants else "the release lists"
    present = ", ".join(support.features.get(feature, ())) or "none"
    return f"needs {feature} to be {one_of(values)}; {owner} {present}"


def known_support(target: Target) -> Mapping[str, NamespaceSupport]:
    """Return what *target* supports of the known providers' usual namespaces, and what it is given.

    Only namespaces of which something is supported, in the order of `KNOWN_NAMESPACES`, then the given ones.

    >>> from wheelbridge.model.target import VirtualPackage
    >>> board = Target(subdir="linux-aarch64", virtual_packages=(VirtualPackage("__cuda", "13.0"),))
    >>> list(known_support(board))
    ['nvidia']
    """
    derived = {known.namespace: known.find_support(target) for known in KNOWN_PROVIDERS}
    given = {namespace: _given(namespace, features) for namespace, features in target.variants.items()}
    return {**{namespace: support for namespace, support in derived.items() if support.features}, **given}


def _given(namespace: str, features: Mapping[str, tuple[str, ...]]) -> NamespaceSupport:
    missing = "" if features else "the target is described as supporting nothing of it"
    return NamespaceSupport(
        namespace=namespace, features=MappingProxyType(dict(features)), read_from=GIVEN, missing=missing
    )


def find_obstacle(provider: VariantProvider, target: Target, enabled: Collection[str]) -> str:
    """Say what keeps the namespace out of use on *target*; empty where nothing does."""
    if provider.optional and provider.namespace not in enabled:
        return f"it is optional; --variant-enable {provider.namespace} uses it"
    if provider.enable_if is None:
        return ""
    try:
        holds = translate_marker(provider.enable_if, target).base.value
    except MarkerNotExpressibleError as error:
        return f"whether it is for this target cannot be told: {error.message}"
    if holds is None:
        return f"it depends on the python that is installed: {provider.enable_if}"
    return "" if holds else f"it is for other targets only: {provider.enable_if}"


def _require_derived(provider: VariantProvider, feature: str, values: Collection[str], target: Target) -> str | None:
    if known := find_known(provider, target):
        return known.require(feature, values, target)
    if takes_lists(provider, target):
        return require_listed(provider.namespace, feature, values)
    return None


def _put_first(provider: VariantProvider, features: Features) -> Features:
    """Order as the release wants it: what it lists comes first, the rest after; nothing is added."""
    if not provider.feature_order and not provider.value_order:
        return features
    order = _listed_first(provider.feature_order, features)
    return MappingProxyType(
        {feature: _listed_first(provider.value_order.get(feature, ()), features[feature]) for feature in order}
    )


def _listed_first(listed: Iterable[str], supported: Iterable[str]) -> tuple[str, ...]:
    present = dict.fromkeys(supported)
    return tuple(dict.fromkeys((*(name for name in listed if name in present), *present)))
