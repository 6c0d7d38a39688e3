"""Which variants of a release a target runs, and in which order they are preferred (PEP 825)."""

import math
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from wheelbridge.model.target import Target
from wheelbridge.model.variant import (
    ABI_DEPENDENCY,
    Features,
    NamespaceSupport,
    Properties,
    ReleaseVariants,
    Support,
    VariantProperty,
    group_by_feature,
)
from wheelbridge.model.variant_policy import VariantPattern, VariantPin, VariantPolicy
from wheelbridge.translate.providers import explain_unsupported, find_support

Key = tuple[tuple[float, ...], ...]
"""Sorts variants, the best first: the user's preferences, then PEP 825's list of indices, closed by infinity."""

_END = (math.inf,)
_NUMBER = re.compile(r"\d{1,18}")
_NO_POLICY = VariantPolicy()


@dataclass(frozen=True, slots=True, kw_only=True)
class RankedVariant:
    """A variant that the target runs.

    Attributes:
        best: of each feature the value that counts, the most important feature first.
        supported: every property that the target supports.
        key: what orders it, the label left out.
    """

    label: str
    properties: Properties
    best: tuple[VariantProperty, ...]
    supported: Properties
    key: Key


@dataclass(frozen=True, kw_only=True)
class Ranking:
    """The variants of one release on one target.

    Attributes:
        order: the variants to choose from, the best first.
        incompatible: label -> why the target does not run it, a clause for people.
        excluded: label -> why the user does not want it.
        support: what the ranking goes by.
        ambiguous: namespaces whose features the release does not order although it must.
    """

    order: tuple[RankedVariant, ...]
    incompatible: Mapping[str, str]
    excluded: Mapping[str, str]
    support: Support
    ambiguous: frozenset[str] = frozenset()

    @cached_property
    def positions(self) -> Mapping[str, int]:
        """Label -> place in the order, 0 for the best."""
        return {variant.label: index for index, variant in enumerate(self.order)}

    def variant(self, label: str) -> RankedVariant | None:
        """Return the variant called *label* if it can be chosen."""
        position = self.positions.get(label)
        return None if position is None else self.order[position]

    def knows(self, label: str) -> bool:
        """Tell whether the release's metadata know *label*."""
        return label in self.positions or label in self.incompatible or label in self.excluded

    def ties(self, label: str) -> tuple[str, ...]:
        """Return the labels that only the alphabet orders against *label*."""
        variant = self.variant(label)
        return tuple(v.label for v in self.order if variant and v.label != label and v.key == variant.key)

    def reason(self, label: str) -> str | None:
        """Return why *label* cannot be chosen, None if it can."""
        if label in self.positions:
            return None
        if reason := self.incompatible.get(label):
            return reason
        if reason := self.excluded.get(label):
            return f"is not taken: {reason}"
        return "is unknown to the release's variant metadata"


def rank_variants(
    release: ReleaseVariants,
    target: Target,
    policy: VariantPolicy = _NO_POLICY,
    *,
    project: NormalizedName | None = None,
    installed: Mapping[NormalizedName, Version] | None = None,
) -> Ranking:
    """Filter and order the variants of *release* for *target*, exactly as PEP 825 says, under the user's *policy*.

    Args:
        release: its variant metadata.
        target: the machine.
        policy: what the user prefers, bans and pins.
        project: whose release it is; pins for it hold.
        installed: decides ``abi_dependency``; without it every such property is supported, for it is a dependency.

    >>> from wheelbridge.translate.variant_documents import parse_variants
    >>> document = {
    ...     "default-priorities": {"namespace": ["blas"]},
    ...     "providers": {"blas": {"static-properties": {"library": ["mkl", "openblas"]}}},
    ...     "variants": {"null": {}, "o": {"blas": {"library": ["openblas"]}}, "m": {"blas": {"library": ["mkl"]}}},
    ... }
    >>> [variant.label for variant in rank_variants(parse_variants(document), Target(subdir="linux-64")).order]
    ['m', 'o', 'null']
    """
    support = find_all_support(release, target, policy, installed)
    judge = _Judge(release, target, policy, support)
    ranked: list[RankedVariant] = []
    incompatible = {label: f"cannot be read: {reason}" for label, reason in release.invalid.items()}
    excluded: dict[str, str] = {}
    for label, properties in release.variants.items():
        if reason := judge.why_not(properties):
            incompatible[label] = reason
        elif reason := judge.why_banned(properties):
            excluded[label] = reason
        else:
            ranked.append(judge.rank(label, properties))
    kept = _keep_pinned(ranked, policy, project, excluded)
    return Ranking(
        order=tuple(sorted(kept, key=lambda variant: (variant.key, variant.label))),
        incompatible=incompatible,
        excluded=excluded,
        support=support,
        ambiguous=frozenset(name for name, provider in release.providers.items() if provider.ambiguous),
    )


def find_all_support(
    release: ReleaseVariants,
    target: Target,
    policy: VariantPolicy = _NO_POLICY,
    installed: Mapping[NormalizedName, Version] | None = None,
) -> Support:
    """Say what *target* supports of every namespace of *release*."""
    support = {
        name: find_support(provider, target, enabled=policy.enabled) for name, provider in release.providers.items()
    }
    if ABI_DEPENDENCY in release.namespaces:
        used = [item for properties in release.variants.values() for item in properties]
        support[ABI_DEPENDENCY] = NamespaceSupport(
            namespace=ABI_DEPENDENCY,
            features=_abi_features(used, installed),
            read_from="the dependencies of the solution" if installed is None else "what is installed",
        )
    return support


def _abi_features(used: Iterable[VariantProperty], installed: Mapping[NormalizedName, Version] | None) -> Features:
    """Order the values of ``abi_dependency``: projects by name, newer versions first, less specific ones before."""
    groups = group_by_feature(item for item in used if item.namespace == ABI_DEPENDENCY)
    features = {feature: sorted(values, key=_newest_first) for (_, feature), values in groups.items()}
    if installed is not None:
        features = {
            feature: [value for value in values if _begins(installed.get(canonicalize_name(feature)), value)]
            for feature, values in features.items()
        }
    return {feature: tuple(values) for feature, values in features.items() if values}


def _newest_first(value: str) -> tuple[tuple[float, str], ...]:
    return tuple((-int(part), "") if _NUMBER.fullmatch(part) else (math.inf, part) for part in value.split("."))


def _begins(version: Version | None, value: str) -> bool:
    """Tell whether *version* matches ``==value.*`` (PEP 440)."""
    if version is None or not all(map(_NUMBER.fullmatch, value.split("."))):
        return False
    if version.epoch:
        return False
    prefix = [int(part) for part in value.split(".")]
    release = [*version.release, *[0] * len(prefix)]
    return release[: len(prefix)] == prefix


class _Judge:
    """Judges the variants of one release, with the indices of all supported properties at hand."""

    def __init__(self, release: ReleaseVariants, target: Target, policy: VariantPolicy, support: Support) -> None:
        self._release = release
        self._target = target
        self._policy = policy
        self._support = support
        self._features: dict[tuple[str, str], tuple[float, float]] = {}
        self._values: dict[VariantProperty, float] = {}
        for place, namespace in enumerate(release.namespaces):
            features = support[namespace].features if namespace in support else {}
            for index, (feature, values) in enumerate(features.items()):
                self._features[namespace, feature] = (place, index)
                for rank, value in enumerate(values):
                    self._values[VariantProperty(namespace, feature, value)] = rank
        self._wanted = {item: rank for item, rank in self._values.items() if not policy.is_banned(item)}

    def why_not(self, properties: Properties) -> str:
        """Return the first reason why the target does not run a wheel with *properties*, empty if it does.

        PEP 825: "at least one value for every feature listed in its properties MUST be compatible with the system".
        """
        for (namespace, feature), values in self._release.in_order(properties):
            if not any(VariantProperty(namespace, feature, value) in self._values for value in values):
                return self._explain(namespace, feature, values)
        return ""

    def why_banned(self, properties: Properties) -> str:
        """Return why the user does not want a wheel with *properties*, empty if nothing speaks against it."""
        for (namespace, feature), values in self._release.in_order(properties):
            if not any(VariantProperty(namespace, feature, value) in self._wanted for value in values):
                return f"you banned {namespace} :: {feature} :: {' and '.join(values)}"
        return ""

    def rank(self, label: str, properties: Properties) -> RankedVariant:
        """Compute what orders a wheel with *properties* (PEP 825, steps 4 to 6)."""
        wanted = frozenset(item for item in properties if item in self._wanted)
        best: dict[tuple[str, str], VariantProperty] = {}
        for item in sorted(wanted, key=self._wanted.__getitem__, reverse=True):
            best[item.namespace, item.feature] = item
        keyed = sorted((self._index(item), item) for item in best.values())
        indices = tuple(index for index, _ in keyed)
        return RankedVariant(
            label=label,
            properties=properties,
            best=tuple(item for _, item in keyed),
            supported=frozenset(item for item in properties if item in self._values),
            key=(
                *(self._preference(pattern, best.values(), wanted) for pattern in self._policy.prefer),
                *indices,
                _END,
            ),
        )

    def _index(self, item: VariantProperty) -> tuple[float, ...]:
        return (*self._features[item.namespace, item.feature], self._wanted[item])

    def _preference(
        self, pattern: VariantPattern, best: Collection[VariantProperty], wanted: Properties
    ) -> tuple[float, ...]:
        """Return how well a wheel meets one preference: a property is there or not; else the best of it decides."""
        if pattern.value is not None:
            return (0.0,) if any(map(pattern.matches, wanted)) else _END
        indices = sorted(self._index(item) for item in best if pattern.matches(item))
        return (*(number for index in indices for number in index), math.inf)

    def _explain(self, namespace: str, feature: str, values: tuple[str, ...]) -> str:
        if namespace == ABI_DEPENDENCY:
            return f"needs {feature} {' or '.join(values)}, which is not installed"
        provider = self._release.providers[namespace]
        return explain_unsupported(provider, feature, values, self._support[namespace], self._target)


def _keep_pinned(
    ranked: list[RankedVariant],
    policy: VariantPolicy,
    project: NormalizedName | None,
    excluded: dict[str, str],
) -> list[RankedVariant]:
    """Keep the variants that are pinned; a pin for all leaves alone what has no such variant."""
    kept = ranked
    own = policy.pins.get(project) if project else None
    for pin, everywhere in ((policy.pin_all, True), (own, False)):
        if pin is None or (everywhere and own is not None):
            continue
        found = [variant for variant in kept if is_pinned(variant, pin)]
        if found or not everywhere:
            labels = {variant.label for variant in found}
            excluded.update((v.label, f"you pinned {pin}") for v in kept if v.label not in labels)
            kept = found
    return kept


def is_pinned(variant: RankedVariant, pin: VariantPin) -> bool:
    """Tell whether *variant* is one that *pin* means; only what the target supports of it counts."""
    return pin.means(variant.label, variant.supported)
