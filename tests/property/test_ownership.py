"""The rule of ownership over random lists of sources."""

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory

import hypothesis.strategies as st
from hypothesis import HealthCheck, given, settings
from packaging.utils import canonicalize_name

from tests.fakes import FakeIndex, FakeNames
from tests.solver.scenario import TARGET, write_channel
from wheelbridge.api.solving import Silent
from wheelbridge.errors import WheelbridgeError
from wheelbridge.model.distribution import CoreMetadata
from wheelbridge.model.source import CLAIMS, Route, Source
from wheelbridge.model.target import Target
from wheelbridge.solver.engine import solve_jointly
from wheelbridge.solver.ownership import Rule, reachable
from wheelbridge.solver.problem import Problem

_NAMES = ["zza", "zzb"]
_CLAIM = st.sampled_from(CLAIMS)
_KIND = st.sampled_from(["channel", "index"])
_VERSION = st.sampled_from(["1.0", "2.0", "3.0"])
_PACKAGES = st.dictionaries(st.sampled_from(_NAMES), _VERSION, min_size=1)
_SOURCE = st.tuples(_KIND, _CLAIM, _PACKAGES)
_SPEC = st.builds("{}{}".format, st.sampled_from(_NAMES), st.sampled_from(["", ">=2", "<3"]))
_TEMPTING = st.tuples(_KIND, _CLAIM, st.just(dict.fromkeys(_NAMES, "3.0")))
"""The newest version of everything."""
_LISTED = st.lists(_SOURCE, min_size=1, max_size=3)
_REQUEST = st.sets(_SPEC, min_size=1, max_size=3)
_Given = tuple[str, str, dict[str, str]]


class TestPep766:
    """PEP 766: index priority: what the first index has is not looked for in the next ones."""

    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(listed=_LISTED, lower=_TEMPTING, request=_REQUEST)
    def test_a_lower_source_takes_no_name_that_is_owned_strictly_above_it(
        self, listed: list[_Given], lower: _Given, request: set[str]
    ) -> None:
        """Whatever claims the other sources make, and whatever version is asked for."""
        origins = solve([*listed, lower], sorted(request))
        owned = {name for name in _NAMES if any(claim == "strict" and name in has for _, claim, has in listed)}

        assert {name for name in owned if origins.get(name) == f"s{len(listed)}"} == set()

    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(listed=_LISTED, lower=_TEMPTING, request=_REQUEST)
    def test_a_lower_source_moves_nothing_where_all_above_claim_strictly(
        self, listed: list[_Given], lower: _Given, request: set[str]
    ) -> None:
        """What is there comes from where it came from before, in the same request and a longer list."""
        strict = [(kind, "strict", packages) for kind, _, packages in listed]
        before = solve(strict, sorted(request))
        after = solve([*strict, lower], sorted(request))

        assert {name: after.get(name) for name in before} == before


def solve(listed: list[_Given], request: list[str]) -> dict[str, str]:
    """Return name -> the source it comes from; empty where the request cannot be met."""
    with TemporaryDirectory() as folder:
        forge = write_channel(Path(folder) / "forge", [])
        indexes: dict[str, FakeIndex] = {}
        sources = []
        for tier, (kind, claim, packages) in enumerate(listed):
            name = f"s{tier}"
            if kind == "index":
                indexes[name] = fill(name, packages)
                url = f"https://{name}.example/simple"
            else:
                url = write_channel(Path(folder) / name, [f"{key} {version}" for key, version in packages.items()])
            sources.append(Source(name, kind, url, tier, claim=claim))  # type: ignore[arg-type]
        sources.append(Source("forge", "channel", forge, len(sources)))
        problem = Problem(
            target=Target(subdir="linux-64", virtual_packages=TARGET),
            sources=tuple(sources),
            specs=("python",),
            requirements=tuple(request),
        )
        table, cache = FakeNames({name: name for name in _NAMES}), Path(folder) / "cache"
        try:
            solution = asyncio.run(solve_jointly(problem, indexes, table, repodata_cache=cache, progress=Silent()))
        except WheelbridgeError:
            return {}
        return {package.name: package.source for package in solution.packages if package.name in _NAMES}


def fill(name: str, packages: dict[str, str]) -> FakeIndex:
    """Make an index of *packages*."""
    index = FakeIndex(name)
    for project, version in packages.items():
        metadata = CoreMetadata(name=project, version=version)
        index.add(f"{canonicalize_name(project)}-{version}-py3-none-any.whl", metadata)
    return index


class TestRule:
    """The rule on values: what it says holds for every list."""

    @given(
        claims=st.lists(_CLAIM, min_size=1, max_size=6),
        having=st.sets(st.integers(0, 5)),
        explicit=st.sets(st.integers(0, 5)),
        routed=st.lists(st.integers(0, 5), max_size=3, unique=True),
    )
    def test_every_source_that_has_the_name_serves_or_is_hidden(
        self, claims: list[str], having: set[int], explicit: set[int], routed: list[int]
    ) -> None:
        """And an explicit source serves nothing without a route, and what is asked is what may serve."""
        sources = [
            Source(f"s{n}", "index", "", n, claim=claim, explicit=n in explicit)  # type: ignore[arg-type]
            for n, claim in enumerate(claims)
        ]
        routes = [Route(pattern="foo", sources=tuple(f"s{number}" for number in routed))] if routed else []
        rule = Rule(sources, routes)
        has = {f"s{number}" for number in having if number < len(sources)}
        ruling = rule.judge("foo", "foo", lambda source: source.name in has)
        serving = [source.name for source in ruling.serving]

        assert sorted([*serving, *(source.name for source in ruling.hidden)]) == sorted(has)
        assert routed or not any(source.explicit for source in ruling.serving)
        assert all(source.claim != "strict" for source in ruling.serving[:-1])
        asked = [source.name for tier in reachable(rule.tiers("foo", "foo"), has, opened=True) for source in tier]
        assert [name for name in asked if name in has] == serving
