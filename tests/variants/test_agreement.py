"""Made-up releases: the order is the one that variantlib and uv find."""

from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from tests.variants.cases import Case, labels, make_abi_case, make_case, supported
from tests.variants.peers import order_by_resolver, order_by_uv, order_by_variantlib
from wheelbridge.translate.variant_order import Ranking

Order = dict[str, frozenset[str]]
"""The compatible labels in their order, with what of each is supported."""


class Tally:
    """Counts what was tried, and keeps what disagreed about compatibility, order and supported properties."""

    def __init__(self) -> None:
        self.tried = self.variants = self.compatible = 0
        self.disagreed: dict[str, list[Case]] = {"compatibility": [], "order": [], "properties": []}

    def compare(self, case: Case, ranking: Ranking, expected: Order) -> None:
        """Count one release."""
        self.tried += 1
        self.variants += len(case.variants)
        self.compatible += len(expected)
        rejected = case.variants.keys() - expected.keys()
        if set(labels(ranking)) != expected.keys() or ranking.incompatible.keys() != rejected:
            self.disagreed["compatibility"].append(case)
        elif labels(ranking) != list(expected):
            self.disagreed["order"].append(case)
        elif supported(ranking) != expected:
            self.disagreed["properties"].append(case)

    def __str__(self) -> str:
        """Show the counts."""
        counts = {what: len(cases) for what, cases in self.disagreed.items()}
        share = f"{self.compatible} of {self.variants} variants compatible"
        return f"{self.tried} releases tried, {share}; disagreed: {counts}"


def ask_variantlib(case: Case) -> tuple[Ranking, Order]:
    """What the release lists itself."""
    return case.rank(), order_by_variantlib(case.document())


def give_lists(case: Case) -> tuple[Ranking, Order]:
    """It is the lists that order, wherever they come from: the target's are those of the release."""
    return case.rank_by_given_lists(), supported(case.rank())


def ask_resolver(case: Case) -> tuple[Ranking, Order]:
    """``abi_dependency``: variantlib's reader refuses what the draft wants, its resolver does not."""
    lists = [
        (namespace, feature, value)
        for namespace, features in case.supported.items()
        for feature, values in features.items()
        for value in values
    ]
    return case.rank(), order_by_resolver(case.variants, list(case.supported), lists, case.installed)


@pytest.mark.parametrize(
    ("who", "make", "ask"),
    [
        pytest.param("variantlib", make_case, ask_variantlib, id="variantlib"),
        pytest.param("given lists", make_case, give_lists, id="given"),
        pytest.param("variantlib, with what is installed", make_abi_case, ask_resolver, id="installed"),
    ],
)
def test_others_find_the_same_order(
    who: str,
    make: Callable[[Random], Case],
    ask: Callable[[Case], tuple[Ranking, Order]],
    seed: int,
    tries: int,
) -> None:
    """The same labels are compatible, in the same order, with the same properties supported."""
    tally, random = Tally(), Random(seed)
    for _ in range(tries):
        case = make(random)
        tally.compare(case, *ask(case))
    print(f"{who}: seed {seed}, {tally}")

    assert not any(tally.disagreed.values()), f"seed {seed}: {tally.disagreed}"
    assert 0 < tally.compatible < tally.variants


@pytest.fixture
def uv() -> str:
    """The command of the pinned uv."""
    return str(pytest.importorskip("uv", reason="uv is not installed: nothing to compare with").find_uv_bin())


def test_uv_takes_the_same_wheels(uv: str, seed: int, tries_with_uv: int, tmp_path: Path) -> None:
    """It installs the wheel of the best label; without that, of the next; at last the one that is no variant."""
    random = Random(seed)
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
