"""What an environment remembers of where its packages came from, and what a later command may do about it."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.loopback import LoopbackIndex
from tests.real_python import RealChannel
from tests.solver.scenario import write_channel
from wheelbridge.api.demo import build_wheel
from wheelbridge.installer.origins import origins_path


@pytest.fixture
def corp(tmp_path: Path) -> Iterator[LoopbackIndex]:
    """A private index."""
    with LoopbackIndex({"corp-tool": [build_wheel(tmp_path, "corp_tool", "1.0", {"corp_tool.py": ""})]}) as index:
        yield index


@pytest.fixture
def public(tmp_path: Path) -> Iterator[LoopbackIndex]:
    """A public index where somebody took the private name, and has a package that asks for it."""
    folder = tmp_path / "public"
    folder.mkdir()
    wheels = {
        "corp-tool": [build_wheel(folder, "corp_tool", "99.0", {"corp_tool.py": "EVIL = True\n"})],
        "app": [build_wheel(folder, "app", "1.0", {"app.py": ""}, "Requires-Dist: corp-tool>=2\n")],
        "other": [build_wheel(folder, "other", "1.0", {"other.py": ""})],
    }
    with LoopbackIndex(wheels) as index:
        yield index


@pytest.fixture
def prefix(run: Run, tmp_path: Path, real_channel: RealChannel, corp: LoopbackIndex) -> Path:
    """An environment with the private package."""
    place = tmp_path / "env"
    options = ("-c", real_channel.url, "-i", f"corp={corp.url}")
    assert run("create", "-p", place, *options, "python", "pypi:corp-tool", "-y").code == 0
    return place


def test_why_knows_the_decision(run: Run, prefix: Path) -> None:
    """Owner, claim, tier and route, in text and as JSON."""
    why = run("why", "-p", prefix, "corp-tool", "--json").json

    assert why["decision"] == {
        "source": "corp",
        "kind": "index",
        "tier": 1,
        "owner": "corp",
        "claim": "strict",
        "route": None,
        "route_origin": None,
        "also": [],
    }
    said = run("why", "-p", prefix, "corp-tool").out
    assert "from index corp: the first source that has it (tier 1, its claim: strict)" in said


def test_a_private_package_is_not_replaced_by_a_public_one(
    run: Run, prefix: Path, real_channel: RealChannel, public: LoopbackIndex
) -> None:
    """Although the later command does not name the private index; what has nothing to do with it goes on."""
    options = ("-p", prefix, "-c", real_channel.url, "-i", f"pypi={public.url}")
    refused = run("install", *options, "pypi:app", "-y", "--json")
    (hidden,) = refused.json["error"]["hidden"]

    assert refused.code == 1
    assert (hidden["source"], hidden["versions"]) == ("pypi", ["99.0"])
    assert "it came from the private" in refused.json["error"]["message"]
    assert refused.json["error"]["hint"] == "If corp-tool of pypi is what you want: --route corp-tool=pypi."
    assert run("install", *options, "pypi:other", "-y").code == 0


def test_the_hint_is_followed(run: Run, prefix: Path, real_channel: RealChannel, public: LoopbackIndex) -> None:
    """The user's own word goes through, and the environment remembers that one."""
    options = ("-p", prefix, "-c", real_channel.url, "-i", f"pypi={public.url}", "--route", "corp-tool=pypi")
    assert run("install", *options, "pypi:app", "-y").code == 0
    decision = run("why", "-p", prefix, "corp-tool", "--json").json["decision"]

    assert (decision["source"], decision["route"]) == ("pypi", "corp-tool=pypi")
    assert decision["route_origin"] == "the command line"


def test_a_route_moves_what_is_installed(
    run: Run, prefix: Path, real_channel: RealChannel, public: LoopbackIndex
) -> None:
    """It is no wish."""
    options = ("-p", prefix, "-c", real_channel.url, "-i", f"pypi={public.url}")
    moved = run("install", *options, "pypi:corp-tool", "--route", "corp-tool=pypi", "-y", "--json").json

    assert [(r["version"], r["source"]) for r in moved["records"] if r["name"] == "corp-tool"] == [("99.0", "pypi")]


def test_another_private_index_may_go_on_where_one_ended(
    run: Run, prefix: Path, tmp_path: Path, real_channel: RealChannel
) -> None:
    """An index may move to another address."""
    folder = tmp_path / "moved"
    folder.mkdir()
    newer = build_wheel(folder, "corp_tool", "2.0", {"corp_tool.py": ""})
    with LoopbackIndex({"corp-tool": [newer]}) as index:
        options = ("-p", prefix, "-c", real_channel.url, "-i", f"moved={index.url}")
        moved = run("install", *options, "pypi:corp-tool>=2", "-y", "--json").json

    assert [(r["version"], r["source"]) for r in moved["records"] if r["name"] == "corp-tool"] == [("2.0", "moved")]


def test_a_conda_package_of_its_name_does_not_take_its_place(
    run: Run, tmp_path: Path, real_channel: RealChannel
) -> None:
    """An installed wheel keeps its name, which no row ties to the package that a channel has by now."""
    corp, prefix = tmp_path / "corp", tmp_path / "env"
    corp.mkdir()
    build_wheel(corp, "corp_tool", "1.0", {"corp_tool.py": ""})
    options = ("-p", prefix, "-c", real_channel.url, "-i", corp, "-y", "--json")
    assert run("create", *options, "python", "pypi:corp-tool").code == 0
    build_wheel(corp, "corp_tool", "2.0", {"corp_tool.py": ""})
    forge = write_channel(tmp_path / "conda-forge", ["corp-tool 99.0"])
    moved = run("install", "-c", forge, *options, "pypi:corp-tool>=2").json

    assert [(r["kind"], r["version"]) for r in moved["records"] if r["name"] == "corp-tool"] == [("wheel", "2.0")]


def test_what_is_removed_or_replaced_is_forgotten(run: Run, prefix: Path) -> None:
    """An origin counts only while the very file is installed."""
    path = origins_path(prefix)
    content = json.loads(path.read_text(encoding="utf-8"))
    content["origins"]["corp-tool"]["url"] = "https://host.example/another.whl"
    path.write_text(json.dumps(content), encoding="utf-8")

    assert run("why", "-p", prefix, "corp-tool", "--json").json["decision"] is None


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        '{"version": 1}',
        '{"version": 3, "origins": {}}',
        '{"version": 1, "origins": {"a": {"b": 1}}}',
        '{"version": 1, "origins": {"a": {"url": "u", "source_url": [], "private": true, "decision": {}}}}',
        '{"version": 1, "origins": {"a": {"url": "u", "source_url": "s", "private": true, "decision": "strict"}}}',
    ],
)
def test_a_damaged_file_is_not_passed_over(run: Run, prefix: Path, real_channel: RealChannel, text: str) -> None:
    """It keeps names from being taken over; it says how to go on."""
    origins_path(prefix).write_text(text, encoding="utf-8")
    refused = run("install", "-p", prefix, "-c", real_channel.url, "-O", "python", "-y", "--json")

    assert refused.json["error"]["code"] == "broken-record"


def test_conda_sees_no_record_in_it(prefix: Path) -> None:
    """Only ``*.json`` files of ``conda-meta`` are records."""
    assert origins_path(prefix).is_file()
    assert {path.name.partition("-")[0] for path in (prefix / "conda-meta").glob("*.json")} == {"corp", "python"}


def test_a_damaged_decision_is_said(run: Run, prefix: Path) -> None:
    """`why` does not leave out what it cannot read."""
    path = origins_path(prefix)
    content = json.loads(path.read_text(encoding="utf-8"))
    del content["origins"]["corp-tool"]["decision"]["owner"]
    path.write_text(json.dumps(content), encoding="utf-8")

    assert run("why", "-p", prefix, "corp-tool", "--json").json["error"]["code"] == "broken-record"
