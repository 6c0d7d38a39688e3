"""Small universes of wheels, solved by the real solver and checked by `packaging` alone."""

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory

import hypothesis.strategies as st
from hypothesis import HealthCheck, given, reject, settings
from packaging.requirements import Requirement

from tests.fakes import FakeIndex, FakeNames
from tests.oracle import evaluate
from tests.solver.scenario import TARGET, write_channel
from wheelbridge.api.solving import Silent
from wheelbridge.model.distribution import CoreMetadata
from wheelbridge.model.source import Source
from wheelbridge.model.target import Target
from wheelbridge.solver.engine import solve_jointly
from wheelbridge.solver.errors import PackageNotFoundError, UnsatisfiableError
from wheelbridge.solver.problem import Problem, Solution

_PROJECTS = [f"zzq{number}" for number in range(5)]
_VERSIONS = ["1.0", "1.1", "2.0", "2.1"]
_BOUNDS = st.sampled_from(["", "<2", ">=2", ">=1.1", "==2.1", "<=1.1", "!=2.0", "~=1.0"])
_MARKERS = st.sampled_from(
    [
        "",
        '; python_version >= "3.11"',
        '; python_version < "3.11"',
        '; extra == "e"',
        '; extra == "e" and python_version >= "3.11"',
        '; extra == "e" or python_version < "3.11"',
        '; sys_platform == "win32"',
    ]
)
_LINES = st.builds("{}{}{}{}".format, st.sampled_from(_PROJECTS), st.sampled_from(["", "", "[e]"]), _BOUNDS, _MARKERS)
_RELEASES = st.dictionaries(st.sampled_from(_VERSIONS), st.lists(_LINES, max_size=2), min_size=2)
_UNIVERSES = st.fixed_dictionaries(dict.fromkeys(_PROJECTS, _RELEASES)).map(
    lambda projects: {(name, version): lines for name in projects for version, lines in projects[name].items()}
)
_REQUESTS = st.lists(
    st.builds("{}{}{}".format, st.sampled_from(_PROJECTS), st.sampled_from(["", "[e]"]), _BOUNDS),
    min_size=1,
    max_size=3,
    unique_by=lambda text: text[:4],
)


class TestPep508:
    """PEP 508: what a requirement names is installed, whenever its marker holds."""

    @settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(universe=_UNIVERSES, request=_REQUESTS, python=st.sampled_from(["python", "python=3.10", "python=3.12"]))
    def test_every_chosen_wheel_has_what_it_requires(
        self, universe: dict[tuple[str, str], list[str]], request: list[str], python: str
    ) -> None:
        """Whatever the solver went through, its answer holds by `packaging`'s own evaluation."""
        try:
            solution = solve(universe, request, python)
        except (UnsatisfiableError, PackageNotFoundError):
            reject()  # hypothesis complains if that becomes the rule
        versions = {package.name: package.version for package in solution.packages}

        assert reach(versions, universe, request) | {"python"} == set(versions)


def solve(universe: dict[tuple[str, str], list[str]], request: list[str], python: str) -> Solution:
    """Solve *request* over an index of the universe's wheels."""
    index = FakeIndex("pypi")
    for (project, version), lines in universe.items():
        metadata = CoreMetadata(name=project, version=version, requires_dist=tuple(lines), provides_extra=("e",))
        index.add(f"{project}-{version}-py3-none-any.whl", metadata)
    with TemporaryDirectory() as folder:
        sources = (
            Source("forge", "channel", write_channel(Path(folder) / "forge", []), 0),
            Source("pypi", "index", "https://pypi.example/simple", 1),
        )
        target = Target(subdir="linux-64", virtual_packages=TARGET)
        problem = Problem(target=target, sources=sources, specs=(python,), requirements=tuple(request))
        cache = Path(folder) / "cache"
        work = solve_jointly(problem, {"pypi": index}, FakeNames(), repodata_cache=cache, progress=Silent())
        return asyncio.run(work)


def reach(versions: dict[str, str], universe: dict[tuple[str, str], list[str]], request: list[str]) -> set[str]:
    """Follow every requirement that holds, extras included, from the request on; return all the projects met."""
    todo = [Requirement(text) for text in request]
    seen: set[tuple[str, str]] = set()
    while todo:
        requirement = todo.pop()
        name = requirement.name
        assert name in versions, f"{requirement} is not met"
        assert requirement.specifier.contains(versions[name]), f"{requirement} is not met by {versions[name]}"
        for extra in {"", *requirement.extras} - {extra for known, extra in seen if known == name}:
            seen.add((name, extra))
            lines = map(Requirement, universe[name, versions[name]])
            todo.extend(
                line
                for line in lines
                if line.marker is None or evaluate(line.marker, "linux-64", versions["python"], extra)
            )
    return {name for name, _ in seen}
