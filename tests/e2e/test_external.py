"""External dependencies that arrive: native libraries of a channel beneath wheels of an index, in one solve."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.compiled import TAG, compile_library, compile_module, needs_compiler
from tests.condapackages import index_channel, make_conda
from tests.e2e.conftest import Environment
from tests.loopback import LoopbackIndex
from wheelbridge.api.demo import build_wheel

pytestmark = needs_compiler

_MAP = """\
external:
- id: dep:generic/greet
  relation: library
  alternatives:
  - {name: default, when: ["*"], build: [], host: [libgreet], run: [libgreet]}
  version: {scheme: pep440, apply_to: [libgreet]}
"""
_LOADED = """\
import json, pathlib, sys
import talk._native
maps = pathlib.Path("/proc/self/maps").read_text().splitlines()
found = sorted({line.split()[-1] for line in maps if "libgreet" in line})
print(json.dumps([talk._native.tell(), found]))
"""


@pytest.fixture
def native(tmp_path: Path) -> str:
    """A channel with the shared library in two versions that say different things, and unixodbc."""
    channel, folder = tmp_path / "native", tmp_path / "build"
    for version, words in (("1.0", "old"), ("1.2", "hello of conda"), ("2.0", "too new")):
        files = compile_library(folder / version, "greet", words)
        make_conda(channel, "libgreet", version, files, subdir="linux-64")
    make_conda(channel, "unixodbc", "2.3.12", {"lib/odbc.txt": "x"}, subdir="linux-64")
    index_channel(channel)
    return channel.as_uri()


@pytest.fixture
def wheels_of_talk(tmp_path: Path, native: str) -> Iterator[str]:
    """An index with a compiled wheel that declares what it needs, and one that only the tables know about."""
    assert native
    folder = tmp_path / "wheels"
    folder.mkdir()
    module = compile_module(tmp_path / "build" / "1.2", "_native", "greet", ["$ORIGIN/../../.."])
    needs = 'Requires-External-Dep: dep:generic/greet@>=1.1,<2; sys_platform == "linux"\n'
    files: dict[str, str | bytes] = {"talk/__init__.py": "", f"talk/_native.{_suffix()}": module}
    talk = build_wheel(folder, "talk", "1.0", files, needs, tag=f"{TAG}-{TAG}-linux_x86_64")
    odbc = build_wheel(folder, "pyodbc", "5.2", {"pyodbc.py": ""})
    with LoopbackIndex({"talk": [talk], "pyodbc": [odbc]}) as index:
        yield index.url


@pytest.fixture
def options(environment: Environment, tmp_path: Path, native: str, wheels_of_talk: str) -> tuple[str, ...]:
    """The channels above the index, and the map."""
    table = tmp_path / "map.yaml"
    table.write_text(_MAP, encoding="utf-8")
    place = ("-p", str(environment.prefix), "-c", environment.channel, "-c", native, "-i", wheels_of_talk)
    return (*place, "--map", str(table), "-y", "-O")


def test_the_library_arrives_and_is_loaded_out_of_the_environment(
    run: Run, environment: Environment, options: tuple[str, ...]
) -> None:
    """One solve takes the version within the bounds; the extension module loads that file and no other."""
    ran = run("create", *options, "python", "pypi:talk")

    assert ran.code == 0, ran.err
    said, loaded = json.loads(environment.python("-c", _LOADED))
    assert said == "hello of conda"
    assert loaded == [str(environment.prefix.resolve() / "lib" / "libgreet.so.1")]
    (talk,) = environment.prefix.glob("conda-meta/talk-1.0-*.json")
    assert 'libgreet[version=">=1.1,<2dev0"]' in json.loads(talk.read_text(encoding="utf-8"))["depends"]


def test_removing_the_wheel_removes_what_came_for_it(
    run: Run, environment: Environment, options: tuple[str, ...]
) -> None:
    """What only the wheel needed goes with it; what it needs is not taken from under it."""
    assert run("create", *options, "python", "pypi:talk").code == 0
    why = run("why", "-p", environment.prefix, "libgreet").out
    removed = run("remove", "-p", environment.prefix, "talk", "-y", "--json").json

    assert "talk needs libgreet" in why
    assert removed["success"]
    assert not [*environment.prefix.glob("conda-meta/libgreet-*.json")]


def test_what_the_tables_know_of_a_wheel_comes_with_a_note(
    run: Run, environment: Environment, options: tuple[str, ...]
) -> None:
    """The wheel of pyodbc says nothing of unixODBC; the row does, and --no-external leaves it out."""
    solved = run("solve", *options[2:-2], "-O", "python", "pypi:pyodbc", "--json").json
    without = run("solve", *options[2:-2], "-O", "python", "pypi:pyodbc", "--no-external", "PyODBC", "--json").json

    assert {record["name"] for record in solved["records"]} >= {"pyodbc", "unixodbc"}
    assert any("pyodbc gets unixodbc" in note for note in solved["notes"])
    assert "unixodbc" not in {record["name"] for record in without["records"]}
    assert any("pyodbc gets nothing of conda" in note for note in without["notes"])
    assert environment.prefix.exists() is False


def test_what_is_installed_without_stays_so_and_the_notes_say_it(
    run: Run, environment: Environment, options: tuple[str, ...]
) -> None:
    """Another command without --no-external changes nothing in silence; naming the package brings it."""
    assert run("create", *options, "python", "pypi:pyodbc", "--no-external", ":all:").code == 0

    again = run("install", *options, "pypi:pyodbc")
    named = run("install", *options, "pypi:pyodbc", "unixodbc")

    assert "pyodbc was installed without unixodbc, and stays so" in again.err
    assert named.code == 0
    assert [*environment.prefix.glob("conda-meta/unixodbc-*.json")]


def test_the_configuration_switches_it_off_too(
    run: Run, tmp_path: Path, options: tuple[str, ...], environment: Environment
) -> None:
    """``no-external`` stands in wheelbridge.toml; a name that is none is an error with its place."""
    del environment
    config = tmp_path / "own.toml"
    config.write_text('no-external = ["pyodbc"]\n', encoding="utf-8")
    solved = run("solve", *options[2:-2], "-O", "python", "pypi:pyodbc", "--config", config, "--json").json
    config.write_text('no-external = ["pyodbc", "a b"]\n', encoding="utf-8")
    refused = run("solve", *options[2:-2], "-O", "python", "pypi:pyodbc", "--config", config, "--json").json

    assert "unixodbc" not in {record["name"] for record in solved["records"]}
    assert "no-external[1]" in refused["error"]["message"]


def test_a_wheel_that_no_package_serves_for_is_refused_with_the_way_out(
    run: Run, options: tuple[str, ...], environment: Environment
) -> None:
    """Without the map, nobody knows what dep:generic/greet is."""
    del environment
    plain = [text for text in options[2:-2] if text != "--map" and not text.endswith("map.yaml")]
    refused = run("solve", *plain, "-O", "python", "pypi:talk", "--json").json
    taken = run("solve", *plain, "-O", "python", "pypi:talk", "--no-external", "talk", "--json").json

    assert "dep:generic/greet" in refused["error"]["message"]
    assert "--no-external PROJECT" in f"{refused['error']['message']} {refused['error']['hint']}"
    assert "talk" in {record["name"] for record in taken["records"]}


def _suffix() -> str:
    return f"cpython-{TAG[2:]}-x86_64-linux-gnu.so"
