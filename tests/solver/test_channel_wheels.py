"""Channels that list wheels beside their packages, as conda-pypi makes them."""

import asyncio
import json
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name
from rattler import RepoDataRecord

from tests.condapackages import index_channel, make_conda
from tests.wheelchannel import list_wheels
from wheelbridge.api.demo import build_wheel
from wheelbridge.model.source import Source
from wheelbridge.model.target import Target, VirtualPackage
from wheelbridge.solver.channels import ChannelAccess, Channels
from wheelbridge.solver.names import SolverNames
from wheelbridge.tables.load import load_names
from wheelbridge.target.detect import detect_target

LINUX = Target(subdir="linux-64", virtual_packages=(VirtualPackage("__glibc", "2.28", "0"),))


class Quiet(SimpleHTTPRequestHandler):
    """Python's own server, which writes nothing."""

    def log_message(self, *_: object) -> None:
        """Write nothing."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A channel with a wheel that runs anywhere, one of another python, one of another system, and a pre-release."""
    place = tmp_path / "files"
    place.mkdir()
    wheels = [
        build_wheel(place, "two_words", "1.0", {"two_words.py": ""}),
        build_wheel(place, "two_words", "2.0.dev1", {"two_words.py": ""}),
        build_wheel(place, "fast", "1.0", {"fast.py": ""}, tag="cp312-cp312-manylinux_2_17_x86_64"),
        build_wheel(place, "elsewhere", "1.0", {"elsewhere.py": ""}, tag="cp312-cp312-win_amd64"),
        build_wheel(place, "chip", "1.0", {"chip.py": ""}, label="x86_64_v3", variant_json={}),
    ]
    list_wheels(tmp_path / "channel", wheels)
    return tmp_path / "channel"


async def read(url: str, cache: Path, names: Sequence[str], cutoff: datetime | None = None) -> "Answers":
    """Return what a channel answers, as a new process reads it."""
    source = Source("here", "channel", url, 0)
    channels = Channels([source], "linux-64", ChannelAccess(cache), offline=False, exclude_newer=cutoff, target=LINUX)
    await channels.open()
    return channels, {name: (await channels.records_of(name)).get(url, []) for name in names}


Answers = tuple[Channels, dict[str, list[RepoDataRecord]]]


def answers(folder: Path, *names: str, cutoff: datetime | None = None) -> Answers:
    """Return what the channel in a folder answers."""
    return asyncio.run(read(folder.as_uri(), folder.parent / "cache", names, cutoff))


class TestCep48:
    """CEP 48: each key of ``v3`` "SHOULD represent the file extension … of the included artifacts"."""

    def test_a_wheel_goes_by_its_own_name(self, folder: Path) -> None:
        """The record of a channel is called otherwise, and its project cannot be read out of that."""
        channels, found = answers(folder, "two-words")

        assert channels.names == {"two-words", "fast", "elsewhere", "chip"}
        assert {record.file_name for record in found["two-words"]} == {
            "two_words-1.0-py3-none-any.whl",
            "two_words-2.0.dev1-py3-none-any.whl",
        }

    def test_over_http_as_in_a_folder(self, folder: Path) -> None:
        """py-rattler's gateway drops the wheels of a plain ``repodata.json``: they are read out of its cache."""
        with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
            threading.Thread(target=server.serve_forever).start()
            try:
                url = f"http://127.0.0.1:{server.server_port}"
                channels, found = asyncio.run(read(url, folder.parent / "cache", ["two-words"]))
            finally:
                server.shutdown()

        assert "two-words" in channels.names
        assert sorted(str(record.version) for record in found["two-words"]) == ["1.0", "2.0.dev1"]

    def test_beside_packages_of_the_same_name(self, tmp_path: Path) -> None:
        """A name that a channel has as a package, too, is no project's name."""
        wheels = [build_wheel(tmp_path, name, "1.0", {f"{name}.py": ""}) for name in ("both", "lone")]
        list_wheels(tmp_path / "listed", wheels)
        make_conda(tmp_path / "plain", "both", "2.0", {"share/both": ""})
        index_channel(tmp_path / "plain")
        sources = [Source(name, "channel", (tmp_path / name).as_uri(), 0) for name in ("listed", "plain")]
        channels = Channels(sources, "linux-64", ChannelAccess(tmp_path / "cache"), offline=False, target=LINUX)
        asyncio.run(channels.open())

        assert channels.projects == {"lone"}


def test_one_file_is_listed_once(tmp_path: Path) -> None:
    """Of two records of one file the solver would make an error: the higher build counts."""
    wheel = build_wheel(tmp_path, "twice", "1.0", {"twice.py": ""})
    list_wheels(tmp_path / "channel", [wheel])
    place = tmp_path / "channel" / "noarch" / "repodata.json"
    repodata = json.loads(place.read_text(encoding="utf-8"))
    listed = repodata["v3"]["whl"]
    listed["twice-1.0-py3_none_any_1"] = {**listed["twice-1.0-py3_none_any_0"], "build": "py3_none_any_1"}
    listed["twice-1.0-py3_none_any_1"]["build_number"] = 1
    place.write_text(json.dumps(repodata), encoding="utf-8")

    assert [str(record.build) for record in answers(tmp_path / "channel", "twice")[1]["twice"]] == ["py3_none_any_1"]


def test_a_wheel_of_another_version(tmp_path: Path) -> None:
    """What a channel calls by another version than its file has is refused: both would be written down."""
    wheel = build_wheel(tmp_path, "late", "1.0", {"late.py": ""})
    list_wheels(tmp_path / "channel", [wheel], version="2.0")
    channels, found = answers(tmp_path / "channel", "late")

    assert found["late"] == []
    assert [refusal.code for refusal in channels.refusals.values()] == ["inconsistent-metadata"]


class TestTags:
    """A channel says of no wheel for which python it is: the wheel's name does."""

    def test_another_python(self, folder: Path) -> None:
        """The record, which calls itself noarch, needs the python that the wheel was built for."""
        (record,) = answers(folder, "fast")[1]["fast"]

        assert record.subdir == "linux-64"
        assert 'python[version="3.12.*"]' in record.depends
        assert '__glibc[version=">=2.17"]' in record.depends

    @pytest.mark.parametrize(
        ("name", "code"), [("elsewhere", "other-platform"), ("chip", "variant-in-channel")], ids=["platform", "variant"]
    )
    def test_what_cannot_be_had_is_refused(self, folder: Path, name: str, code: str) -> None:
        """It is left out, with a reason that people can read."""
        channels, found = answers(folder, name)

        assert found[name] == []
        assert [refusal.code for refusal in channels.refusals.values()] == [code]

    def test_a_tag_that_is_too_new(self, tmp_path: Path) -> None:
        """A wheel for a newer glibc than the target's is none for it."""
        wheel = build_wheel(tmp_path, "new", "1.0", {"new.py": ""}, tag="cp312-cp312-manylinux_2_99_x86_64")
        list_wheels(tmp_path / "channel", [wheel])
        channels, found = answers(tmp_path / "channel", "new")

        assert found["new"] == []
        assert "2.99" in channels.refusals[wheel.name].reason


def test_pre_releases_stand_behind_releases(folder: Path) -> None:
    """PEP 440: pre-releases are excluded by default; the solver ranks a tracked feature below all that have none."""
    found = answers(folder, "two-words")[1]["two-words"]

    assert {str(record.version): record.track_features for record in found} == {"1.0": [], "2.0.dev1": ["prerelease"]}


def test_of_which_nobody_knows_when_it_came(folder: Path) -> None:
    """conda-pypi writes the time 0 where it knows none: that is no time before all others."""
    channels, found = answers(folder, "fast", cutoff=datetime(2030, 1, 1, tzinfo=UTC))

    assert found["fast"] == []
    assert channels.late("fast") == 1


def test_a_project_has_the_name_of_its_wheel() -> None:
    """An unmapped project that a channel has as a wheel is that wheel; a package of its name is another thing."""
    project = canonicalize_name("a-project-that-no-row-maps")
    table = load_names()

    assert str(SolverNames(table, frozenset())(project)) == project
    assert SolverNames(table, frozenset({project}))(project) == f"pypi.{project}"


def test_a_target_of_this_machine_reads_its_own_wheels(folder: Path) -> None:
    """A wheel that runs anywhere stays as the channel lists it."""
    source = Source("here", "channel", folder.as_uri(), 0)
    target = detect_target()
    access = ChannelAccess(folder.parent / "cache")
    channels = Channels([source], target.subdir, access, offline=True, target=target)

    async def ask() -> list[RepoDataRecord]:
        await channels.open()
        return (await channels.records_of("two-words"))[source.url]

    assert {tuple(record.depends) for record in asyncio.run(ask())} == {("python >=3.8",)}
