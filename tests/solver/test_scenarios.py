from pathlib import Path
from typing import Any

import pytest

from tests.solver.scenario import Scenario, load_scenarios, run_scenario
from wheelbridge.errors import WheelbridgeError

SCENARIOS = load_scenarios(Path(__file__).parent / "scenarios")


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_scenario(scenario: Scenario, tmp_path: Path) -> None:
    """What each file describes happens: packages with version and origin, or an error that says why."""
    if scenario.conflict:
        with pytest.raises(WheelbridgeError) as caught:
            run_scenario(scenario, tmp_path)
        assert caught.value.code == scenario.error
        for text in scenario.conflict:
            assert text in f"{caught.value.message} {caught.value.hint}"
        return
    solution, indexes = run_scenario(scenario, tmp_path)
    chosen = {package.name: f"{package.version} {package.source}" for package in solution.packages}
    assert {name: chosen.get(name) for name in scenario.expect} == scenario.expect
    builds = {package.name: package.build for package in solution.packages}
    assert {name: builds.get(name) for name in scenario.builds} == scenario.builds
    labels = {
        package.name: package.wheel.variant.label
        for package in solution.packages
        if package.wheel and package.wheel.variant
    }
    assert {name: labels.get(name, "") for name in scenario.labels} == scenario.labels
    said = " ".join(solution.notes)
    assert [text for text in scenario.notes if text not in said] == []
    assert [text for text in scenario.silent if text in said] == []
    refused = {refusal.fn: refusal.reason for refusal in solution.refused}
    assert {fn: refused.get(fn) for fn in scenario.refused} == scenario.refused
    assert not set(scenario.absent) & set(chosen)
    needs = {
        package.name: [spec for spec in package.depends if not spec.startswith(("python", "__"))]
        for package in solution.packages
    }
    assert {name: needs.get(name) for name in scenario.depends} == scenario.depends
    assert scenario.specs in ([], list(solution.specs))
    asked = {project for index in indexes.values() for project in index.asked}
    assert not set(scenario.unasked) & asked
    assert scenario.rounds in (None, solution.statistics.rounds)
    assert scenario.metadata_at_most is None or solution.statistics.metadata <= scenario.metadata_at_most


def test_there_are_scenarios() -> None:
    """A folder that cannot be read does not pass for one without failures."""
    assert len(SCENARIOS) >= 20


@pytest.mark.parametrize("said", [{"expect": {"foo": "1 pypi"}}, {"absent": ["foo"]}, {"conflict": ["foo"]}])
def test_a_scenario_says_what_must_happen(said: dict[str, Any]) -> None:
    """One that nothing can fail is no test."""
    given: dict[str, Any] = {"name": "empty", "description": "", "sources": [], "request": ["foo"]}

    Scenario(**given, **said)
    with pytest.raises(ValueError, match="empty says neither"):
        Scenario(**given, builds={"foo": "0"}, unasked=["bar"])
