"""What every test of a build begins with: a channel to build with, an index, a map, a place for an environment."""

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.buildmaker import MAP, Project, make_build_channel
from tests.cli.conftest import Run
from tests.installer.wheelmaker import clean_env, make_wheel


@pytest.fixture(scope="session")
def build_channel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A channel with python, a compiler, and a library to link with."""
    folder = tmp_path_factory.mktemp("build-channel") / "channel"
    make_build_channel(folder)
    return folder


@dataclass(frozen=True)
class Stage:
    """A folder as an index, with what builds need; a map; a prefix."""

    run: Run
    folder: Path
    channel: Path
    more: tuple[str, ...] = ()

    @property
    def index(self) -> Path:
        """The index."""
        return self.folder / "index"

    @property
    def prefix(self) -> Path:
        """The environment that is made."""
        return self.folder / "env"

    @property
    def sources(self) -> tuple[str, ...]:
        """The options of all commands."""
        maps = ("--map", str(self.folder / "map.yaml"))
        return ("-c", str(self.channel), *self.more, "-i", str(self.index), *maps)

    def project(self, **fields: object) -> Project:
        """Describe a project."""
        return replace(Project(marker=self.folder / "ran"), **fields)  # type: ignore[arg-type] # as the class has them

    def create(self, *arguments: str) -> "Mapping[str, object]":
        """Create the environment, and return what the command prints."""
        ran = self.run("create", "-p", self.prefix, *self.sources, "-y", "--json", *arguments)
        found: Mapping[str, object] = ran.json
        assert found["success"] is (ran.code == 0)
        return found

    def error(self, *arguments: str) -> "Mapping[str, object]":
        """Create the environment in vain, and return the error."""
        found = self.create(*arguments)
        assert found["success"] is False
        error: Mapping[str, object] = found["error"]  # type: ignore[assignment] # of what is an object by contract
        return error

    def python(self, code: str) -> str:
        """Run *code* in the environment."""
        command = [str(self.prefix / "bin" / "python"), "-c", code]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=clean_env())
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()


@pytest.fixture
def stage(run: Run, tmp_path: Path, build_channel: Path) -> Stage:
    """What every test begins with."""
    (tmp_path / "map.yaml").write_text(MAP)
    make_wheel(tmp_path / "index", "build_helper")
    make_wheel(tmp_path / "index", "more_help")
    return Stage(run, tmp_path, build_channel)


def names(found: Mapping[str, object]) -> dict[str, str]:
    """Return name -> file of the records."""
    records: list[dict[str, str]] = found["records"]  # type: ignore[assignment] # by contract
    return {record["name"]: record["fn"] for record in records}
