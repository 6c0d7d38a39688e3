"""Releases with variants and machines that support some of them: recorded ones, and others made up at random."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, TypeVar

import pytest
from packaging.utils import canonicalize_name
from packaging.version import Version

from wheelbridge.model.target import Target
from wheelbridge.model.variant import ReleaseVariants
from wheelbridge.model.variant_policy import VariantPolicy
from wheelbridge.translate.variant_documents import parse_variants
from wheelbridge.translate.variant_order import Ranking, rank_variants

_Value = TypeVar("_Value")

Properties = Mapping[str, Mapping[str, list[str]]]
"""Namespace -> feature -> values, as JSON has the properties of a label."""

SHARED = Path(__file__).parents[3] / "shared"
SCHEMA = "https://variants-schema.wheelnext.dev/v0.2.0.json"
LINUX = Target(subdir="linux-64")

NAMESPACES = ("alpha", "beta", "blas_lapack", "nvidia", "x86_64")
FEATURES = ("f0", "f1", "level", "order", "9")
VALUES = ("v1", "v2", "v10", "1.0", "12", "12.8", "on")
LABELS = ("a", "ab", "b", "cu12.8", "0", "00", "10", "_", "x86_64_v3", "z.z", "y")
VERSIONS = ("2", "2.8", "2.9", "2.8.0", "2.9.0", "2.9.1", "2.10", "3")


def read_shared(*path: str) -> Any:
    """Read one of the shared JSON files; without it, skip the test."""
    place = SHARED.joinpath(*path)
    if not place.is_file():
        pytest.skip(f"the shared data are not at {place}")
    return json.loads(place.read_text(encoding="utf-8"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """The variants of a release, and what a machine supports of it.

    Attributes:
        supported: namespace -> feature -> values; all three in their order of priority.
        variants: label -> properties.
        installed: project, as features write it -> version; decides ``abi_dependency``.
    """

    supported: Properties
    variants: Mapping[str, Properties]
    installed: Mapping[str, str] = field(default_factory=dict)

    def document(self, labels: Iterable[str] | None = None) -> dict[str, Any]:
        """Write metadata in which the release itself lists what is supported; of *labels* only, None for all."""
        providers = {
            namespace: {"static-properties": dict(features), "feature-order": list(features)}
            for namespace, features in self.supported.items()
        }
        wanted = self.variants if labels is None else labels
        return {
            "$schema": SCHEMA,
            "default-priorities": {"namespace": list(self.supported)},
            "providers": providers,
            "variants": {label: self.variants[label] for label in wanted},
        }

    def release(self) -> ReleaseVariants:
        """Read the document."""
        return parse_variants(self.document())

    def rank(self, policy: VariantPolicy | None = None) -> Ranking:
        """Rank the variants by the lists in the document."""
        installed = {canonicalize_name(name): Version(version) for name, version in self.installed.items()}
        return rank_variants(self.release(), LINUX, policy or VariantPolicy(), installed=installed)

    def rank_by_given_lists(self) -> Ranking:
        """Rank the variants where the release names no provider, and the target is given the lists."""
        document = {key: value for key, value in self.document().items() if key != "providers"}
        given = {
            namespace: {feature: tuple(values) for feature, values in features.items()}
            for namespace, features in self.supported.items()
        }
        installed = {canonicalize_name(name): Version(version) for name, version in self.installed.items()}
        return rank_variants(parse_variants(document), Target(subdir="linux-64", variants=given), installed=installed)


def labels(ranking: Ranking) -> list[str]:
    """Return the labels to choose from, the best first."""
    return [variant.label for variant in ranking.order]


def supported(ranking: Ranking) -> dict[str, frozenset[str]]:
    """Return label -> supported properties, the best label first."""
    return {variant.label: frozenset(map(str, variant.supported)) for variant in ranking.order}


def make_case(random: Random) -> Case:
    """Make up a release: most of its variants are compatible, some differ by their labels alone."""
    lists = {
        namespace: {feature: pick(random, VALUES, 4) for feature in pick(random, FEATURES, 3)}
        for namespace in pick(random, NAMESPACES, 4)
    }
    variants: dict[str, Properties] = {}
    for label in random.sample(LABELS, random.randint(0, 9)):
        twin = random.choice([*variants.values(), {}]) if random.random() < 0.1 else {}
        variants[label] = twin or _make_properties(random, lists)
    if random.random() < 0.5:
        variants = dict(_shuffled(random, {**variants, "null": {}}))
    return Case(supported=lists, variants=variants)


def make_abi_case(random: Random) -> Case:
    """Make up a release of which some variants need one series of versions of another project."""
    case = make_case(random)
    projects = ("flash_attn", "numpy", "torch")
    variants = {
        label: {**properties, "abi_dependency": {name: pick(random, VERSIONS, 3) for name in pick(random, projects, 2)}}
        if properties and random.random() < 0.6
        else properties
        for label, properties in case.variants.items()
    }
    versions = random.choices(("2.8.0", "2.9.1", "2.10.0", "3.0.2", "2.9.0rc1"), k=len(projects))
    installed = {name: version for name, version in zip(projects, versions, strict=True) if random.random() < 0.8}
    return Case(supported=case.supported, variants=variants, installed=installed)


def pick(random: Random, values: Iterable[_Value], most: int) -> list[_Value]:
    """Pick at least one of *values*, in any order."""
    choice = tuple(values)
    return random.sample(choice, random.randint(1, min(most, len(choice))))


def _make_properties(random: Random, lists: Properties) -> Properties:
    return {
        namespace: {
            feature: pick(random, lists[namespace].get(feature, VALUES) if random.random() < 0.6 else VALUES, 3)
            for feature in pick(random, lists[namespace] if random.random() < 0.95 else FEATURES, 2)
        }
        for namespace in pick(random, lists, 3)
    }


def _shuffled(random: Random, variants: Mapping[str, Properties]) -> Iterator[tuple[str, Properties]]:
    items = list(variants.items())
    random.shuffle(items)
    yield from items
