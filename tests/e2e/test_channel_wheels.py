"""Wheels that a channel lists, as conda-pypi makes such channels: solved, linked, locked and exported."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.real_python import RealChannel
from tests.wheelchannel import list_wheels
from wheelbridge.api.demo import build_wheel
from wheelbridge.cli import main


@dataclass(frozen=True)
class Stage:
    """An environment out of a channel with wheels and one with a real python."""

    prefix: Path
    listed: Path
    cache: Path
    channels: tuple[str, ...]


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory, real_channel: RealChannel) -> Iterator[Stage]:
    """The environment; the tests leave it as it is."""
    folder = tmp_path_factory.mktemp("listed")
    files = folder / "files"
    files.mkdir()
    scripts = {"long_name-1.0.dist-info/entry_points.txt": "[console_scripts]\nlong-name = long_name:main\n"}
    code = {"long_name.py": "def main() -> None:\n    print('it runs')\n", **scripts}
    wheels = [
        build_wheel(files, "long_name", "1.0", code),
        build_wheel(files, "long_name", "2.0.dev1", code),
        build_wheel(files, "extra", "1.0", {"extra.py": ""}),
        build_wheel(files, "other_python", "1.0", {"other_python.py": ""}, tag="cp39-none-any"),
        build_wheel(files, "other_system", "1.0", {"other_system.py": ""}, tag="py3-none-freebsd_14_0_release_amd64"),
    ]
    list_wheels(folder / "channel", wheels, extra_depends={"more": ["extra"]})
    channels = ("-c", (folder / "channel").as_uri(), "-c", real_channel.url, "-O")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WHEELBRIDGE_CACHE_DIR", str(folder / "cache"))
        specs = ("python", "long-name[extras=[more]]")
        assert main(["create", "-p", str(folder / "env"), *channels, *specs, "-y"]) == 0
        yield Stage(folder / "env", folder / "channel", folder / "cache", channels)


@pytest.fixture
def run(run: Run, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command line with the cache of the environment."""
    monkeypatch.setenv("WHEELBRIDGE_CACHE_DIR", str(stage.cache))
    return run


def versions(run: Run, prefix: Path) -> dict[str, tuple[str, str, str]]:
    """Return name -> version, kind and source of what is installed."""
    packages = run("list", "-p", prefix, "--json").json["packages"]
    return {one["name"]: (one["version"], one["kind"], one["channel"]) for one in packages}


def test_the_channel_serves_them(run: Run, stage: Stage) -> None:
    """A wheel with an extra comes with what that needs; the pre-release stays behind."""
    found = versions(run, stage.prefix)

    assert found["long-name"] == ("1.0", "wheel", stage.listed.as_uri())
    assert found["extra"] == ("1.0", "wheel", stage.listed.as_uri())
    assert run("check", "-p", stage.prefix).code == 0


def test_a_project_is_the_wheel_of_that_name(run: Run, stage: Stage) -> None:
    """Whom an index is asked for by its project is what the channel lists."""
    solved = run("solve", *stage.channels, "python", "pypi:long_name", "--json").json

    assert {one["name"]: one["source"] for one in solved["records"]}["long-name"] == "channel"


def test_a_wheel_for_another_python(run: Run, stage: Stage) -> None:
    """Whatever its record says, it is not put beside a python that cannot run it."""
    ran = run("install", "-p", stage.prefix, *stage.channels, "other-python", "-y", "--json")

    assert ran.code == 1
    assert ran.json["error"]["code"] == "unsatisfiable"
    assert "3.9" in ran.json["error"]["message"]


def test_a_wheel_for_another_system(run: Run, stage: Stage) -> None:
    """It is refused, and the message says which file and why."""
    ran = run("solve", *stage.channels, "python", "other-system", "--json")

    assert ran.code == 1
    assert "other_system-1.0-py3-none-freebsd_14_0_release_amd64.whl: " in ran.json["error"]["message"]


@pytest.mark.parametrize("name", ["environment.yml", "pixi.lock", "pylock.toml"])
def test_made_again_from_a_file(run: Run, stage: Stage, tmp_path: Path, name: str) -> None:
    """What is exported makes the same environment, from the same channel, also without a cache of wheels."""
    assert run("export", "-p", stage.prefix, "--format", name, "-o", tmp_path / name).code == 0
    for folder in ("wheels", "unpacked"):
        shutil.rmtree(stage.cache / folder, ignore_errors=True)
    made = tmp_path / "env"
    command = ("create", "-f") if name == "environment.yml" else ("sync",)
    ran = run(*command, tmp_path / name, "-p", made, "-y")

    assert ran.code == 0, ran.err
    assert versions(run, made) == versions(run, stage.prefix)


def test_what_conda_wrote(run: Run, stage: Stage, tmp_path: Path) -> None:
    """Its records call the file as the channel does, and have the subdir behind the channel; they are read."""
    shutil.copytree(stage.prefix, tmp_path / "env", symlinks=True)
    shutil.rmtree(tmp_path / "env" / "conda-meta" / "wheelbridge", ignore_errors=True)
    record = tmp_path / "env" / "conda-meta" / "long-name-1.0-py3_none_any_0.json"
    listed = stage.listed.as_uri()
    content = json.loads(record.read_text(encoding="utf-8"))
    content |= {"fn": "long-name-1.0-py3_none_any_0.whl", "channel": f"{listed}/noarch"}
    record.write_text(json.dumps(content), encoding="utf-8")

    package = {one["name"]: one for one in run("list", "-p", tmp_path / "env", "--json").json["packages"]}["long-name"]

    assert (package["fn"], package["channel"]) == ("long_name-1.0-py3-none-any.whl", listed)
    said = run("export", "-p", tmp_path / "env", "--format", "environment.yml").out
    assert f"- {listed}\n" in said
    assert "noarch\n" not in said
    assert "- pip:" not in said
