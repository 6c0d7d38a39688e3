"""Made-up releases: the order is the one that variantlib and uv find."""

from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.variants.cases import Case, labels, make_abi_case, make_case, supported
from tests.variants.peers import order_by_resolver, order_by_uv, order_by_variantlib
from wheelbridge.translate.variant_order import Ranking


class Tally:
    """Counts what was tried, and what disagreed about compatibility, order and supported properties."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.tried = self.variants = self.compatible = 0
        self.compatibility: list[Any] = []
        self.order: list[Any] = []
        self.properties: list[Any] = []

    def compare(self, case: Case, ranking: Ranking, expected: dict[str, frozenset[str]]) -> None:
        """Count one release."""
        self.tried += 1
        self.variants += len(case.variants)
        self.compatible += len(expected)
        rejected = case.variants.keys() - expected.keys()
        if set(labels(ranking)) != expected.keys() or ranking.incompatible.keys() != rejected:
            self.compatibility.append(case)
        elif labels(ranking) != list(expected):
            self.order.append(case)
        elif supported(ranking) != expected:
            self.properties.append(case)

    def check(self, who: str) -> None:
        """Print the counts; fail if one of the disagreements is not 0, or too little was asked."""
        counts = {name: len(getattr(self, name)) for name in ("compatibility", "order", "properties")}
        share = f"{self.compatible} of {self.variants} variants compatible"
        print(f"{who}: seed {self.seed}, {self.tried} releases tried, {share}; disagreed: {counts}")

        assert not [*self.compatibility, *self.order, *self.properties], f"seed {self.seed}"
        assert 0 < self.compatible < self.variants


def test_variantlib_finds_the_same_order(seed: int, tries: int) -> None:
    """What the release lists itself: compatible labels, their order, and what of each is supported."""
    tally, random = Tally(seed), Random(seed)  # noqa: S311 - no secret
    for _ in range(tries):
        case = make_case(random)
        tally.compare(case, case.rank(), order_by_variantlib(case.document()))

    tally.check("variantlib")


def test_lists_of_the_target_order_as_those_of_the_release(seed: int, tries: int) -> None:
    """It is the lists that order, wherever they come from."""
    tally, random = Tally(seed), Random(seed)  # noqa: S311 - no secret
    for _ in range(tries):
        case = make_case(random)
        tally.compare(case, case.rank_by_given_lists(), supported(case.rank()))

    tally.check("given lists")


def test_variantlib_finds_the_same_order_by_what_is_installed(seed: int, tries: int) -> None:
    """``abi_dependency``: its reader refuses what the draft wants, its resolver does not."""
    tally, random = Tally(seed), Random(seed)  # noqa: S311 - no secret
    for _ in range(tries):
        case = make_abi_case(random)
        lists = [
            (namespace, feature, value)
            for namespace, features in case.supported.items()
            for feature, values in features.items()
            for value in values
        ]
        expected = order_by_resolver(case.variants, list(case.supported), lists, case.installed)
        tally.compare(case, case.rank(), expected)

    tally.check("variantlib, with what is installed")


@pytest.fixture
def uv() -> str:
    """The command of the pinned uv."""
    return str(pytest.importorskip("uv", reason="uv is not installed: nothing to compare with").find_uv_bin())


def test_uv_takes_the_same_wheels(uv: str, seed: int, tries_with_uv: int, tmp_path: Path) -> None:
    """It installs the wheel of the best label; without that, of the next; at last the one that is no variant."""
    random = Random(seed)  # noqa: S311 - no secret
    cases = {f"p{number}": make_case(random) for number in range(tries_with_uv)}
    orders = order_by_uv(uv, cases, tmp_path)
    ours = {project: labels(case.rank()) for project, case in cases.items()}
    first = [project for project in cases if orders[project][:1] != ours[project][:1]]
    whole = [project for project in cases if orders[project] != ours[project]]
    wheels = sum(map(len, orders.values()))
    print(f"uv: seed {seed}, {len(cases)} releases, {wheels} variants taken in turn")
    print(f"uv: disagreed: {len(first)} about the best variant, {len(whole)} about the whole order")

    assert not whole, f"seed {seed}"
    assert wheels
