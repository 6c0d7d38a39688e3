"""One wheel of a release as a variant: what it requires of a machine, and the flags it is found by."""

import re
from collections.abc import Iterator

from wheelbridge.model.target import Target
from wheelbridge.model.variant import (
    ABI_DEPENDENCY,
    Properties,
    ReleaseVariants,
    WheelVariant,
)
from wheelbridge.translate.providers import require_feature
from wheelbridge.translate.variant_order import RankedVariant

_FLAG = re.compile(r"[a-z0-9_]+:[a-z0-9_]+")


def describe_variant(ranked: RankedVariant, release: ReleaseVariants, target: Target) -> WheelVariant:
    """Say what a wheel of *release* with the label of *ranked* is on *target*."""
    return WheelVariant(
        label=ranked.label,
        properties=ranked.properties,
        supported=ranked.supported,
        depends=require_properties(ranked.properties, release, target),
        flags=tuple(_flags(ranked.properties)),
    )


def require_properties(properties: Properties, release: ReleaseVariants, target: Target) -> tuple[str, ...]:
    """Return what *properties* require of a machine, as MatchSpecs of virtual packages.

    PEP 825: "at least one value for every feature"; hence one any-of MatchSpec for each feature. ``abi_dependency`` is
    no fact of a machine and left out; namespaces that the release lists itself need nothing.
    """
    specs: dict[str, None] = {}
    for (namespace, feature), values in release.in_order(properties):
        if namespace != ABI_DEPENDENCY:
            specs.update(dict.fromkeys(require_feature(release.providers[namespace], feature, values, target)))
    return tuple(specs)


def _flags(properties: Properties) -> Iterator[str]:
    """Yield ``namespace:feature`` and ``namespace:value``; a flag has no ``.`` (CEP 45), so such values have none."""
    flags = (f"{item.namespace}:{text}" for item in sorted(properties) for text in (item.feature, item.value))
    yield from (flag for flag in dict.fromkeys(flags) if _FLAG.fullmatch(flag))
