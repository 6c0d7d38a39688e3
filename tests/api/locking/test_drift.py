"""Whether a lock still answers what is asked for: only compared, nothing is solved, nobody is asked."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from packaging.utils import canonicalize_name

from tests.api.locking.stage import Stage
from tests.loopback import LoopbackIndex
from wheelbridge.api.locking.asked import Asked
from wheelbridge.api.locking.drift import LockDriftError, Moved, find_drift
from wheelbridge.environment.lock import Lock, LockedFile, LockedPackage
from wheelbridge.environment.manifest import Link
from wheelbridge.model.source import Route
from wheelbridge.model.variant_policy import VariantPolicy

SPECS = ("python=3.12", "app", "pypi:tool>=1")
LATE = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def lock(stage: Stage) -> Lock:
    """A lock for two targets."""
    return stage.lock(stage.ask(*SPECS, platforms=("linux-64", "osx-arm64"))).lock


@pytest.fixture
def moved(stage: Stage, lock: Lock) -> Callable[..., list[str]]:
    """Ask for something, and tell what has moved."""

    def ask(*specs: str, platforms: Sequence[str] = ("linux-64", "osx-arm64"), **changes: Any) -> list[str]:
        asked = stage.ask(*(specs or SPECS), platforms=platforms, **changes)
        return [str(one) for one in find_drift(asked, lock, stage.channel.parent)]

    return ask


Ask = Callable[..., list[str]]


class TestNothingMoved:
    """The same request is answered, whatever came out since."""

    def test_the_same_is_answered(self, moved: Ask) -> None:
        """Nothing moved."""
        assert moved() == []

    def test_a_new_release_is_no_drift(self, stage: Stage, moved: Ask) -> None:
        """A lock answers its request; that it could be newer is another question."""
        stage.publish("lib 2.0")

        assert moved() == []

    def test_nobody_is_asked(self, stage: Stage, moved: Ask, index: LoopbackIndex) -> None:
        """Neither the index nor the channel."""
        asked = len(index.requests)
        for file in stage.channel.glob("*/repodata.json"):
            file.unlink()

        assert moved() == []
        assert len(index.requests) == asked

    def test_an_age_that_moves_is_no_drift(self, stage: Stage) -> None:
        """A later moment forbids nothing that an earlier one allowed."""
        lock = stage.lock(stage.ask("app", exclude_newer=LATE)).lock

        assert not find_drift(stage.ask("app", exclude_newer=LATE.replace(year=2027)), lock, stage.channel.parent)


class TestWhatMoved:
    """Each thing that moved is named."""

    def test_specs_and_requirements(self, moved: Ask) -> None:
        """What is new, and what is gone."""
        found = moved("python=3.12", "lib", "pypi:tool>=1.0")

        assert found[:4] == [
            "spec: lib is new",
            "spec: app is gone",
            "requirement: tool>=1.0 is new",
            "requirement: tool>=1 is gone",
        ]

    def test_a_spec_of_one_target(self, stage: Stage, lock: Lock) -> None:
        """Of selectors, only one target may hear."""
        asked = stage.ask(*SPECS, platforms=("linux-64", "osx-arm64"))
        asked[1] = replace(asked[1], request=replace(asked[1].request, specs=("python=3.12",)))

        found = find_drift(asked, lock, stage.channel.parent)
        assert found == (Moved("spec", "app is not asked for any more", "osx-arm64"),)

    def test_a_spec_that_another_target_has_already(self, stage: Stage) -> None:
        """It is in the lock, but not for this target."""
        targets = ("linux-64", "osx-arm64")
        asked = stage.ask("python=3.12", "app", platforms=targets)
        without = replace(asked[1], request=replace(asked[1].request, specs=("python=3.12",)))
        lock = stage.lock([asked[0], without]).lock

        found = find_drift(asked, lock, stage.channel.parent)
        assert found == (Moved("spec", "app: the lock has no such package", "osx-arm64"),)

    def test_targets(self, moved: Ask) -> None:
        """One that is new, one that is gone, one that is another machine."""
        found = moved(platforms=("linux-64", "win-64"), facts=["linux-64:__cuda=12.8"])

        assert found == [
            "linux-64: target: its platform or its virtual packages are others now",
            "win-64: target: the lock has none of that name",
            "osx-arm64: target: nobody asks for it any more",
        ]

    def test_sources(self, stage: Stage, moved: Ask) -> None:
        """A source that came, one that went, another URL, another claim, another order."""
        channel, index = stage.settings.sources
        assert moved(sources=(channel,)) == ["source: here is gone"]
        assert moved(sources=(channel, index, replace(index, name="more"))) == ["source: more is new"]
        assert moved(sources=(channel, replace(index, url="https://host.example"))) == [
            "source: here is at another URL"
        ]
        assert moved(sources=(channel, replace(index, claim="disabled"))) == [
            "source: here claims disabled, and claimed strict"
        ]
        assert moved(sources=(index, channel)) == ["source: they stand in another order"]

    def test_a_channel_that_came_along_is_not_missed(self, stage: Stage, lock: Lock) -> None:
        """Only the network knows what channels bring along (CEP 42)."""
        brought = replace(lock.sources[0], name="brought", url="https://host.example/brought", brought=True)
        longer = replace(lock, sources=(*lock.sources, brought))

        asked = stage.ask(*SPECS, platforms=("linux-64", "osx-arm64"))
        assert find_drift(asked, longer, stage.channel.parent) == ()

    def test_routes_and_variants(self, moved: Ask) -> None:
        """What decides between sources, and between wheels."""
        assert moved(routes=(Route(pattern="tool", sources=("here",)),)) == ["route: tool=here is new"]
        assert moved(variants=VariantPolicy(disabled=True)) == ["variant option: no-variants=True is new"]

    def test_what_may_be_taken_of_projects(self, stage: Stage, moved: Ask, lock: Lock) -> None:
        """``--pre``, ``--build`` and ``--no-external`` decide what an answer is made of."""
        assert moved(builds=frozenset({canonicalize_name("tool")})) == ["build: tool is new"]
        assert moved(no_external=frozenset({"tool"})) == ["no-external: tool is new"]
        asked = stage.ask(*SPECS, platforms=("linux-64", "osx-arm64"))
        pre = [replace(one, request=replace(one.request, prereleases=True)) for one in asked]
        assert find_drift(pre, lock, stage.channel.parent) == (Moved("pre", "pre-releases are wanted now"),)

    def test_what_was_built_of_a_folder_is_met(self, stage: Stage, lock: Lock) -> None:
        """No file of it is there yet, and its record tells all the same what it is."""
        folder = LockedFile(filename="projx", url="file:///there/projx")
        record = {"name": "projx", "version": "1.0", "build": "py3_none_any", "build_number": 0, "subdir": "noarch"}
        direct = {"url": folder.url, "dir_info": {}}
        here, there = lock.targets
        projx = LockedPackage(kind="wheel", name="projx", version="1.0", file=folder, record=record, direct_url=direct)
        locked = replace(here, requested=(*here.requested, "projx >=1"), packages=(*here.packages, projx))

        asked = stage.ask(*SPECS, platforms=("linux-64", "osx-arm64"))
        assert find_drift(asked, replace(lock, targets=(locked, there)), stage.channel.parent) == ()
        newer = replace(locked, requested=("projx >=2",))
        assert find_drift(asked, replace(lock, targets=(newer, there)), stage.channel.parent) == (
            Moved("spec", "projx >=2: the lock has 1.0", "linux-64"),
        )

    def test_links_are_relative_to_the_lock(self, moved: Ask, tmp_path: Path) -> None:
        """A path is told as it would be written beside the lock."""
        link = Link(kind="folder", url=(tmp_path / "mine").as_uri(), editable=True)

        assert moved(links=(link,)) == ["link: -e ./mine is new"]

    def test_a_cutoff_that_came_or_forbids(self, moved: Ask) -> None:
        """A package that was published later is named."""
        found = moved(exclude_newer=datetime(2019, 1, 1, tzinfo=UTC))

        assert found[0] == "exclude-newer: it is given now"
        assert "linux-64: exclude-newer: app-1.0-0.conda was published 2020-01-01T00:00:00+00:00" in found

    def test_hashes_that_are_listed(self, stage: Stage, lock: Lock) -> None:
        """A wheel must have one of them."""
        asked = stage.ask(*SPECS, platforms=("linux-64", "osx-arm64"))
        listed = {canonicalize_name("tool"): frozenset({f"sha256:{'0' * 64}"})}
        hashed = [replace(one, request=replace(one.request, hashes=listed)) for one in asked]

        assert {one.what for one in find_drift(hashed, lock, stage.channel.parent)} == {"hash"}


class TestWhatTheLockHas:
    """A lock that was edited, or is another tool's, must have what is asked for."""

    def test_a_package_that_was_taken_out(self, stage: Stage, lock: Lock) -> None:
        """A merge may lose one."""
        first = lock.targets[0]
        broken = replace(first, packages=tuple(one for one in first.packages if one.name != "app"))
        asked = stage.ask(*SPECS, platforms=("linux-64", "osx-arm64"))

        found = find_drift(asked, replace(lock, targets=(broken, lock.targets[1])), stage.channel.parent)
        assert found == (Moved("spec", "app: the lock has no such package", "linux-64"),)

    def test_a_need_of_a_package(self, stage: Stage, lock: Lock) -> None:
        """Nobody asked for it by name."""
        first = lock.targets[0]
        broken = replace(first, packages=tuple(one for one in first.packages if one.name != "lib"))
        asked = stage.ask(*SPECS, platforms=("linux-64", "osx-arm64"))

        found = find_drift(asked, replace(lock, targets=(broken, lock.targets[1])), stage.channel.parent)
        assert {(one.what, one.target) for one in found} == {("need", "linux-64")}
        assert "needs lib" in found[0].text

    def test_a_lock_of_another_tool(self, stage: Stage, lock: Lock) -> None:
        """It does not say what it answers; what it has is compared with what is asked for."""
        foreign = replace(lock, request=None)
        asked: list[Asked] = stage.ask("python=3.12", "app >=2", "pypi:tool>=2", platforms=("linux-64", "osx-arm64"))

        found = find_drift(asked, foreign, stage.channel.parent)
        assert found[:2] == (
            Moved("spec", "app >=2: the lock has 1.0", "linux-64"),
            Moved("requirement", "tool>=2: the lock has 1.0", "linux-64"),
        )

    def test_the_error_names_all(self) -> None:
        """For people in lines, for programs as data."""
        error = LockDriftError("pixi.lock", [Moved("spec", "app is new")], "wheelbridge lock -f environment.yml")

        assert error.message == "pixi.lock does not answer what is asked for now:\n  spec: app is new"
        assert error.as_json()["moved"] == [{"what": "spec", "text": "app is new", "target": None}]
