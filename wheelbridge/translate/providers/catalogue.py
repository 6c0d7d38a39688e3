"""Which providers are known, by package and plugin: the namespace alone says nothing."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from types import MappingProxyType

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import NormalizedName, canonicalize_name

from wheelbridge.model.target import Target
from wheelbridge.model.variant import NamespaceSupport, VariantProvider
from wheelbridge.translate.errors import MarkerNotExpressibleError
from wheelbridge.translate.markers import translate_marker
from wheelbridge.translate.providers.cpu import AARCH64, X86_64
from wheelbridge.translate.providers.known import KnownProvider, absent
from wheelbridge.translate.providers.listed import ListedProvider, find_listed, package_name
from wheelbridge.translate.providers.nvidia import NvidiaProvider
from wheelbridge.translate.providers.packages import PACKAGES

_NVIDIA = NvidiaProvider()
_AMD = ListedProvider("amd", ("gfx_arch", "rocm_version"), "AMD GPU")
_INTEL = ListedProvider("intel", ("device_ip", "gt_gmdid"), "Intel GPU")
_ASCEND = ListedProvider("ascend", ("npu_type", "driver_version", "cann_version"), "Ascend NPU")

KNOWN_PROVIDERS: tuple[KnownProvider, ...] = (_NVIDIA, X86_64, AARCH64, _AMD, _INTEL, _ASCEND)

KNOWN_NAMESPACES = tuple(known.namespace for known in KNOWN_PROVIDERS)
"""The namespaces that releases usually give the known providers."""

_RESERVED = tuple(package_name(namespace, "") for namespace in KNOWN_NAMESPACES)

_RULES: Mapping[str, KnownProvider] = MappingProxyType({known.namespace: known for known in KNOWN_PROVIDERS})
"""The table of providers calls the rules by the namespace that they usually have."""

_PACKAGES: Mapping[str, Mapping[str, KnownProvider]] = MappingProxyType(
    {package: {api: _RULES[name] for api, name in plugins.items()} for package, plugins in PACKAGES.items()}
)
"""Package -> plugin-api -> provider; a package under its later and its earlier name."""


def find_known(provider: VariantProvider, target: Target) -> KnownProvider | None:
    """Return the known provider that governs the namespace on *target*; None without one."""
    for package in _list_packages(provider, target):
        if known := _PACKAGES.get(package, {}).get(provider.plugin_api or ""):
            return known
    return None


def takes_lists(provider: VariantProvider, target: Target) -> bool:
    """Tell whether virtual packages for the namespace stand for a provider that is not known.

    Not where a known provider uses the namespace: the virtual packages are its. Not for another plugin of a known
    package either, nor where the release itself was to list the values.
    """
    used = package_name(provider.namespace, "").startswith(_RESERVED)
    return not used and provider.kind != "static" and not _find_mismatch(provider, target)


def find_lists(provider: VariantProvider, target: Target) -> NamespaceSupport:
    """Read the lists that the target's virtual packages give for a provider that is not known.

    The features are sorted by name, as nothing else orders them.
    """
    prefix = package_name(provider.namespace, "")
    names = [package.name for package in target.virtual_packages if package.name.startswith(prefix)]
    features = sorted(name.removeprefix(prefix) for name in names)
    if features and takes_lists(provider, target):
        return find_listed(provider.namespace, features, provider.namespace, target)
    return absent(provider.namespace, _explain_unknown(provider, target))


def _list_packages(provider: VariantProvider, target: Target) -> Iterator[NormalizedName]:
    """Yield the packages that the provider comes from on *target*; a URL could stand for anything."""
    for text in provider.requires if provider.kind == "plugin" else ():
        requirement = _parse(text)
        if requirement and requirement.url is None and _holds(requirement, target):
            yield canonicalize_name(requirement.name)


@lru_cache(maxsize=256)
def _parse(text: str) -> Requirement | None:
    try:
        return Requirement(text)
    except (InvalidRequirement, RecursionError):
        return None


def _holds(requirement: Requirement, target: Target) -> bool:
    try:
        return requirement.marker is None or translate_marker(str(requirement.marker), target).base.value is True
    except MarkerNotExpressibleError:
        return False


def _find_mismatch(provider: VariantProvider, target: Target) -> NormalizedName | None:
    """Return the known package of which the release wants a plugin that is not known."""
    if find_known(provider, target):
        return None
    return next((package for package in _list_packages(provider, target) if package in _PACKAGES), None)


def _explain_unknown(provider: VariantProvider, target: Target) -> str:
    if package := _find_mismatch(provider, target):
        expected = " or ".join(_PACKAGES[package])
        return f"{package} is known with the plugin-api {expected}, not with {provider.plugin_api or 'none'}"
    if provider.kind == "static":
        return "the release lists no values"
    unknown = f"its provider is not known: {', '.join(provider.requires) or 'the release names none'}"
    if takes_lists(provider, target):
        example = package_name(provider.namespace, "FEATURE")
        return f"{unknown} (--virtual-package {example}=VALUE+VALUE gives its values)"
    return unknown
