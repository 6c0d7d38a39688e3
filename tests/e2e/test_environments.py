"""The whole job with a real interpreter, a real index over HTTP and the real solver and linker."""

import json
import socket
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.e2e.conftest import Environment
from tests.real_python import RealChannel
from wheelbridge.api.demo import build_wheel
from wheelbridge.index.client import resolve_index_url


def test_create_use_repeat_install_remove(run: Run, environment: Environment) -> None:
    """The life of an environment, as pip, importlib.metadata and the shell see it."""
    created = run("create", *environment.options, "python", "pypi:app", "pypi:pip", "--json", "-y").json
    kinds = {record["name"]: record["kind"] for record in created["records"]}
    assert kinds == {"app": "wheel", "lib": "wheel", "pip": "wheel", "python": "conda"}
    assert environment.command("run-app") == "app on lib 1.1\n"
    assert environment.python("-m", "pip", "check").strip() == "No broken requirements found."
    code = "from importlib.metadata import distribution as d; print(d('app').version, d('app').read_text('INSTALLER'))"
    assert environment.python("-c", code).split() == ["1.0", "wheelbridge"]
    listed = {item["name"] for item in json.loads(environment.python("-m", "pip", "list", "--format=json"))}
    assert listed == {"app", "lib", "pip"}

    before = _snapshot(environment.prefix)
    again = run("create", *environment.options, "python", "pypi:app", "pypi:pip", "-y")
    assert (again.code, "Nothing to do" in again.out) == (0, True)
    assert _snapshot(environment.prefix) == before

    assert run("install", *environment.options, "pypi:app[more]", "-y").code == 0
    environment.python("-c", "import extra_thing, app")
    packages = run("list", "-p", environment.prefix, "--json").json["packages"]
    assert {p["name"]: p["kind"] for p in packages} == {**kinds, "extra-thing": "wheel"}

    assert run("remove", "-p", environment.prefix, "app", "-y").code == 0
    left = {p["name"] for p in run("list", "-p", environment.prefix, "--json").json["packages"]}
    assert left == {"pip", "python"}
    assert not (environment.prefix / "bin" / "run-app").exists()
    assert not list(environment.prefix.rglob("*extra_thing*"))


def test_pip_can_uninstall(run: Run, environment: Environment) -> None:
    """RECORD lists every file, console scripts included, so that pip removes them all."""
    run("create", *environment.options, "python", "pypi:app", "pypi:pip", "-y")

    environment.python("-m", "pip", "uninstall", "-y", "app")
    assert not (environment.prefix / "bin" / "run-app").exists()
    assert not list((environment.prefix / "lib").rglob("app"))


def test_extras_survive_the_next_install(run: Run, environment: Environment) -> None:
    """What an extra brought is still wanted when something else is installed later."""
    assert run("create", *environment.options, "python", "pypi:app[more]", "-y").code == 0
    assert run("install", *environment.options, "pypi:pip", "-y").code == 0

    environment.python("-c", "import extra_thing, pip")


def test_the_record_that_stays_has_every_group(run: Run, environment: Environment) -> None:
    """CEP 44: what is in ``conda-meta`` knows the extras nobody asked for yet, and a later request finds them."""
    run("create", *environment.options, "python", "pypi:app", "-y")
    (path,) = environment.prefix.glob("conda-meta/app-1.0-*.json")
    assert json.loads(path.read_text())["extra_depends"] == {"more": ["extra-thing"]}

    run("install", *environment.options, "pypi:app[more]", "-y")
    environment.python("-c", "import extra_thing")


def test_what_is_there_is_kept(run: Run, environment: Environment) -> None:
    """An older version stays while it fits, and moves when it must."""
    run("create", *environment.options, "python", "pypi:lib==1.0", "-y")
    plan = run("install", *environment.options, "pypi:app", "--json", "-d").json
    assert {r["name"]: r["version"] for r in plan["records"]}["lib"] == "1.0"

    moved = run("install", *environment.options, "pypi:lib>=1.1", "--json", "-y").json
    assert {r["name"]: r["version"] for r in moved["records"]}["lib"] == "1.1"


def test_a_dry_run_touches_nothing(run: Run, environment: Environment) -> None:
    """``-d`` shows the plan; not even the folder appears."""
    ran = run("create", *environment.options, "python", "pypi:app", "-d")

    assert ran.code == 0
    assert "lib" in ran.out
    assert not environment.prefix.exists()


def test_a_folder_is_an_index(run: Run, environment: Environment, wheels: dict[str, list[Path]]) -> None:
    """A folder of wheels needs no server."""
    folder = wheels["app"][0].parent
    options = ("-p", environment.prefix, "-c", environment.channel, "-i", folder)
    ran = run("create", *options, "python", "pypi:app", "-y")

    assert ran.code == 0, ran.err
    assert environment.command("run-app") == "app on lib 1.1\n"


def test_without_an_answer_nothing_happens(run: Run, environment: Environment) -> None:
    """Nobody to ask and no ``-y``: wrong usage, nothing done."""
    ran = run("create", *environment.options, "python", "pypi:app")

    assert ran.code == 2
    assert "--yes" in ran.err
    assert not (environment.prefix / "conda-meta" / "history").exists()


@pytest.mark.network
def test_from_the_public_index(run: Run, tmp_path: Path, real_channel: RealChannel) -> None:
    """Numpy and rich off the public index, python off a channel: one environment that pip finds sound."""
    host = resolve_index_url("pypi").split("/")[2]
    try:
        socket.create_connection((host, 443), timeout=5).close()
    except OSError as error:
        pytest.skip(f"the public index cannot be reached: {error}")
    environment = Environment(tmp_path / "env", real_channel.url, "pypi")
    ran = run("create", *environment.options, "python", "pypi:numpy", "pypi:rich", "pypi:pip", "-y")

    assert ran.code == 0, ran.err
    environment.python("-c", "import numpy, rich; assert numpy.ones(3).sum() == 3")
    assert "No broken requirements" in environment.python("-m", "pip", "check")
    assert "Nothing to do" in run("install", *environment.options, "pypi:numpy", "-y").out


def _snapshot(prefix: Path) -> dict[str, int]:
    """Return path -> modification time of everything but byte code."""
    paths = (path for path in prefix.rglob("*") if "__pycache__" not in path.parts and path.is_file())
    return {str(path): path.stat().st_mtime_ns for path in paths if path.name != ".wheelbridge.lock"}


def test_the_extras_that_installed_wheels_ask_for_arrive(run: Run, tmp_path: Path, real_channel: RealChannel) -> None:
    """A wheel that moves brings what its new version needs for the extra that a wheel which stays wants of it."""
    extra = "Provides-Extra: opt\nRequires-Dist: {0}; extra == 'opt'\n"
    build_wheel(tmp_path, "app", "1.0", {"app.py": ""}, "Requires-Dist: lib[opt]\n")
    for project in ("one", "two"):
        build_wheel(tmp_path, project, "1.0", {f"{project}.py": ""})
    build_wheel(tmp_path, "lib", "1.0", {"lib.py": ""}, extra.format("one"))
    place = Environment(tmp_path / "env", real_channel.url, str(tmp_path))
    assert run("create", *place.options, "python", "pypi:app", "-y").code == 0
    build_wheel(tmp_path, "lib", "2.0", {"lib.py": ""}, extra.format("two"))

    assert run("install", *place.options, "pypi:lib>=2", "-y").code == 0

    place.python("-c", "import app, lib, two")
