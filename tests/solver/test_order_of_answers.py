"""Answers come in any order, late or soon; what is solved does not depend on it."""

import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings
from packaging.utils import NormalizedName

from tests.fakes import FakeIndex
from tests.solver.scenario import Scenario, load_scenarios, run_scenario
from wheelbridge.model.distribution import CoreMetadata, DistributionFile, ProjectPage

SCENARIOS = {scenario.name: scenario for scenario in load_scenarios(Path(__file__).parent / "scenarios")}
MEETING = Scenario(
    name="meeting",
    description="Two wheels on two indexes ask with other extras for another version of what was asked for already.",
    sources=["one", "forge", "two"],
    request=["python", "pypi:left", "pypi:right", "pypi:core>=1"],
    channels={"forge": ["numbers 1", "numbers 2"]},
    names={"numbers": "numbers"},
    indexes={
        "one": [
            {"wheel": "left 1.0", "requires": ["core[fast]<3"]},
            "speed 1.0",
            {"wheel": "speed 2.0", "requires": ["numbers<2", "snail>0"]},
            *(
                {
                    "wheel": f"core {version}",
                    "requires": ["speed; extra == 'fast'", "snail<2; extra == 'slow'"],
                    "extras": ["fast", "slow"],
                }
                for version in range(1, 6)
            ),
        ],
        "two": [{"wheel": "right 1.0", "requires": ["core[slow]<3"]}, "snail 1.0", "snail 2.0", "core 6"],
    },
    expect={"core": "2 one", "speed": "2.0 one", "snail": "1.0 two", "numbers": "1 forge"},
)


@dataclass
class SlowIndex(FakeIndex):
    """An index whose every answer takes its own time, decided by *seed*."""

    seed: int = 0

    def project_page(self, project: NormalizedName) -> ProjectPage | None:
        """Return the page of a project, later."""
        self._wait(project)
        return super().project_page(project)

    def core_metadata(self, file: DistributionFile) -> CoreMetadata:
        """Return the metadata of a wheel, later."""
        self._wait(file.url)
        return super().core_metadata(file)

    def _wait(self, what: str) -> None:
        time.sleep((zlib.crc32(f"{self.seed} {self.name} {what}".encode()) % 4) ** 2 / 1000)


def solve(scenario: Scenario, folder: Path, new_index: Callable[[str], FakeIndex] = FakeIndex) -> object:
    """Return everything that a solution says, the times aside; the packages with the groups of their extras."""
    solution, _ = run_scenario(scenario, folder, new_index)
    chosen = {package.name: f"{package.version} {package.source}" for package in solution.packages}
    assert {name: chosen.get(name) for name in scenario.expect} == scenario.expect
    records = [(package.as_json(), package.wheel and package.wheel.as_json()) for package in solution.packages]
    return records, solution.refused, solution.specs, solution.statistics.rounds


@pytest.mark.parametrize(
    "scenario", [MEETING, SCENARIOS["widening"], SCENARIOS["refused-in-an-extra"]], ids=lambda scenario: scenario.name
)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(min_value=0, max_value=2**32))
def test_the_order_of_answers_decides_nothing(scenario: Scenario, tmp_path: Path, seed: int) -> None:
    """The same packages from the same sources, with the same dependencies, in as many rounds."""
    assert solve(scenario, tmp_path, lambda name: SlowIndex(name, seed=seed)) == solve(scenario, tmp_path)
