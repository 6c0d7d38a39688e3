"""Identity is earned in the prefix too; and what is there is kept."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from rattler.index import index_fs

from tests.cli.conftest import Run
from tests.e2e.conftest import Environment
from tests.installer.wheelmaker import make_package
from tests.loopback import LoopbackIndex
from wheelbridge.api.demo import build_wheel


@pytest.fixture
def private(tmp_path: Path) -> str:
    """A channel with a native package, one that needs it, and one that stands alone."""
    folder = tmp_path / "private"
    make_package(folder, "acmelib", {"share/acmelib/data": "native"})
    make_package(folder, "other", {"share/other/data": "x"}, depends=["acmelib"])
    make_package(folder, "loose", {"share/loose/data": "x"})
    asyncio.run(index_fs(folder))
    return folder.as_uri()


@pytest.fixture
def impostor(tmp_path: Path) -> Iterator[str]:
    """An index with an unrelated project of the native package's name, and a wheel that needs that project."""
    folder = tmp_path / "impostor"
    folder.mkdir()
    wheels = {
        "acmelib": [build_wheel(folder, "acmelib", "9.0", {"acmelib.py": ""})],
        "needsacme": [build_wheel(folder, "needsacme", "1.0", {"needsacme.py": ""}, "Requires-Dist: acmelib\n")],
    }
    with LoopbackIndex(wheels) as index:
        yield index.url


@pytest.fixture
def native(run: Run, environment: Environment, private: str) -> Environment:
    """An environment with the native packages, from a channel that later commands do not name."""
    options = ("-p", environment.prefix, "-c", environment.channel, "-c", private)
    assert run("create", *options, "python", "other", "loose", "-y", "-O").code == 0
    return environment


def names(run: Run, prefix: Path) -> dict[str, str]:
    """Return name -> kind of what is installed."""
    return {p["name"]: p["kind"] for p in run("list", "-p", prefix, "--json").json["packages"]}


@pytest.mark.parametrize("wanted", ["pypi:acmelib>=9", "pypi:needsacme"])
def test_a_wheel_does_not_take_the_place_of_a_conda_package(
    run: Run, native: Environment, impostor: str, wanted: str
) -> None:
    """The project gets a name of its own, although this command names no channel that has the package."""
    options = ("-p", native.prefix, "-c", native.channel, "-i", impostor)
    ran = run("install", *options, wanted, "-y", "-O")

    assert ran.code == 0, ran.err
    found = names(run, native.prefix)
    assert found["acmelib"] == found["other"] == "conda"
    assert found["pypi.acmelib"] == "wheel"
    assert (native.prefix / "share" / "acmelib" / "data").read_text() == "native"


def test_a_wheel_does_not_meet_a_conda_dependency_later(
    run: Run, environment: Environment, private: str, impostor: str
) -> None:
    """A wheel installed under its own name stops a conda package that means another thing, with a way out."""
    options = ("-p", environment.prefix, "-c", environment.channel)
    run("create", *options, "-i", impostor, "python", "pypi:acmelib", "-y", "-O")
    refused = run("install", *options, "-c", private, "other", "-y", "-O", "--json")

    assert refused.json["error"]["code"] == "identity-conflict"
    assert "pypi:acmelib" in refused.json["error"]["hint"]


@pytest.mark.parametrize("history", ["without specs", "empty"])
def test_what_the_history_does_not_know_is_kept(run: Run, native: Environment, impostor: str, history: str) -> None:
    """Explicit installs leave no specs: an install adds, it never prunes."""
    path = native.prefix / "conda-meta" / "history"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("" if history == "empty" else "".join(line for line in lines if "specs:" not in line))
    options = ("-p", native.prefix, "-c", native.channel, "-i", impostor)
    assert run("install", *options, "pypi:needsacme", "-y", "-O").code == 0

    assert {"acmelib", "other", "loose", "python"} <= set(names(run, native.prefix))


def test_an_earlier_pin_gives_way_with_a_note(run: Run, environment: Environment) -> None:
    """What was asked for earlier is loosened where it stands in the way of what is asked for now."""
    run("create", *environment.options, "python", "pypi:lib==1.0", "-y")
    wheel = build_wheel(environment.prefix.parent, "newapp", "1.0", {"newapp.py": ""}, "Requires-Dist: lib>=1.1\n")
    ran = run("install", *environment.options, "-i", wheel.parent, "pypi:newapp", "-y")

    assert ran.code == 0, ran.err
    assert "may move" in ran.err
    assert {p["name"]: p["version"] for p in run("list", "-p", environment.prefix, "--json").json["packages"]}[
        "lib"
    ] == "1.1"
