from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.solver.scenario import Scenario, load_table, run_scenario
from wheelbridge.errors import WheelbridgeError

TABLE = {path.stem: load_table(path) for path in sorted((Path(__file__).parent / "priorities").glob("*.toml"))}
ROWS = [(theme, scenario) for theme, scenarios in TABLE.items() for scenario in scenarios]


@pytest.fixture(scope="module")
def tally() -> Iterator[Counter[str]]:
    """Count the rows that held, and show them at the end (``-s``)."""
    held: Counter[str] = Counter()
    yield held
    print()
    for theme, scenarios in TABLE.items():
        print(f"{theme:10} {held[theme]} / {len(scenarios)}")
    print(f"{'all':10} {held.total()} / {len(ROWS)}")


@pytest.mark.parametrize(("theme", "scenario"), ROWS, ids=[f"{theme}-{scenario.name}" for theme, scenario in ROWS])
def test_row(theme: str, scenario: Scenario, tmp_path: Path, tally: Counter[str]) -> None:
    """Every package of an answer comes from where the row says, or the request is refused as it says."""
    if scenario.conflict:
        check_refusal(scenario, tmp_path)
    else:
        check_answer(scenario, tmp_path)
    tally[theme] += 1


def check_refusal(scenario: Scenario, folder: Path) -> None:
    """The error has its code, and says what the row wants said."""
    with pytest.raises(WheelbridgeError) as caught:
        run_scenario(scenario, folder)
    assert caught.value.code == scenario.error
    said = f"{caught.value.message} {caught.value.hint}"
    assert [text for text in scenario.conflict if text not in said] == [], said


def check_answer(scenario: Scenario, folder: Path) -> None:
    """All packages, python aside; what was refused and said; and what no index learnt."""
    solution, indexes = run_scenario(scenario, folder)
    chosen = {package.name: package for package in solution.packages}
    assert {n: f"{p.version} {p.source}" for n, p in chosen.items() if n != "python"} == scenario.expect
    for name, wanted in scenario.decisions.items():
        decision = chosen[name].as_json()["decision"]
        assert isinstance(decision, dict)
        assert {key: decision[key] for key in wanted} == wanted
    said = " ".join(solution.notes)
    assert [text for text in scenario.notes if text not in said] == [], said
    assert [text for text in scenario.silent if text in said] == []
    refused = {refusal.fn: refusal.reason for refusal in solution.refused}
    assert {fn: refused.get(fn) for fn in scenario.refused} == scenario.refused
    assert {name: set(indexes[name].asked) & set(projects) for name, projects in scenario.private.items()} == {
        name: set() for name in scenario.private
    }


def test_rows_are_told_apart() -> None:
    """No row hides another one of its name, and there are enough."""
    assert len({(theme, scenario.name) for theme, scenario in ROWS}) == len(ROWS) >= 90
