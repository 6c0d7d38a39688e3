"""Environments with wheels that may not be changed, or are not there: conda and wheelbridge refuse alike."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.conda_plugin.everydaystage import CONDA, WHEELS, Everyday, everyday
from tests.real_python import RealChannel
from tests.realconda import NEEDS_CONDA

pytestmark = [pytest.mark.conda, NEEDS_CONDA]
EVERYTHING = WHEELS | CONDA
CHANGES = [
    pytest.param(("install", "other"), id="install"),
    pytest.param(("install", "--revision", "0"), id="revision"),
    pytest.param(("update", "--all"), id="update"),
    pytest.param(("remove", "old"), id="remove"),
]
"""Commands that would change the environment; ``conda`` and ``conda wheelbridge`` have them both."""
POWERS = "-dac_override,-dac_read_search,-fowner"
"""What lets root write where the owner may not, as Linux calls it."""


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory, real_channel: RealChannel) -> Iterator[Everyday]:
    """The environment that all tests share."""
    with everyday(tmp_path_factory.mktemp("frozen"), real_channel) as made:
        yield made


@pytest.fixture
def frozen(stage: Everyday) -> Iterator[Everyday]:
    """CEP 22: "The marker file ... MAY contain a JSON document with schema ``{"message": str}``."."""
    marker = stage.prefix / "conda-meta" / "frozen"
    marker.write_text('{"message": "it belongs to the lab"}')
    yield stage
    stage.restore()


@pytest.fixture
def read_only(stage: Everyday) -> Iterator[Everyday]:
    """An environment of somebody else's: nothing can be put into it, and no history written."""
    command = [*powerless(), *stage.conda.command]
    closed = [stage.prefix / "conda-meta" / "history", stage.prefix / "conda-meta", stage.prefix]
    for path in closed:
        path.chmod(path.stat().st_mode & ~0o222)
    yield replace(stage, conda=replace(stage.conda, command=command))
    for path in reversed(closed):
        path.chmod(path.stat().st_mode | 0o200)


def powerless() -> list[str]:
    """Return the command in front of another one that keeps root from writing where nobody may."""
    if os.name == "nt":
        pytest.skip("folders of Windows are not closed by a mode; read-only environments were not tried")
    if os.geteuid() != 0:
        return []
    if (setpriv := shutil.which("setpriv")) is None:
        pytest.skip("root may write everywhere, and there is no setpriv to stop it; nothing was tried")
    return [setpriv, f"--bounding-set={POWERS}", f"--inh-caps={POWERS}"]


class TestFrozen:
    """CEP 22: "Tools MUST respect the presence of ``frozen`` in the environment and error out"."""

    @pytest.mark.parametrize("command", CHANGES)
    def test_conda_refuses(self, frozen: Everyday, command: tuple[str, ...]) -> None:
        """And says why; nothing has changed."""
        verb, *rest = command
        said = frozen.conda(verb, "-p", frozen.prefix, *rest, "-y", code=1)

        assert "EnvironmentIsFrozenError" in said.err
        assert "it belongs to the lab" in said.err
        assert frozen.names() == EVERYTHING

    @pytest.mark.parametrize("command", CHANGES)
    def test_wheelbridge_refuses(self, frozen: Everyday, plugin: None, command: tuple[str, ...]) -> None:
        """For the same reason, with the same way out."""
        del plugin
        verb, *rest = command
        sources = frozen.sources if verb != "remove" else ()
        said = frozen.conda("wheelbridge", verb, "-p", frozen.prefix, *sources, *rest, "-y", code=1)

        assert "it belongs to the lab" in said.err
        assert "--override-frozen" in said.err
        assert frozen.names() == EVERYTHING

    def test_both_can_be_told_to(self, frozen: Everyday, plugin: None) -> None:
        """``--override-frozen`` is the same word for both."""
        del plugin
        frozen.conda("remove", "-p", frozen.prefix, "old", "--override-frozen", "-y")
        frozen.conda("wheelbridge", "remove", "-p", frozen.prefix, "chip", "--override-frozen", "-y")

        assert frozen.names() == EVERYTHING - {"old", "chip"}

    def test_it_can_be_used(self, frozen: Everyday) -> None:
        """It is run, listed and exported as before."""
        assert frozen.conda("run", "-p", frozen.prefix, "run-app").out == "app on lib 1.1\n"
        assert "app=1.0" in frozen.conda("export", "-p", frozen.prefix).out
        assert frozen.names() == EVERYTHING


class TestReadOnly:
    """An environment that the user may not write to."""

    @pytest.mark.parametrize("command", CHANGES)
    def test_conda_refuses(self, read_only: Everyday, command: tuple[str, ...]) -> None:
        """Before or behind its solve."""
        verb, *rest = command
        said = read_only.conda(verb, "-p", read_only.prefix, *rest, "-y", code=1)

        assert "EnvironmentNotWritableError" in said.err
        assert read_only.names() == EVERYTHING

    @pytest.mark.parametrize("command", CHANGES)
    def test_wheelbridge_refuses(self, read_only: Everyday, plugin: None, command: tuple[str, ...]) -> None:
        """Before anything is fetched."""
        del plugin
        verb, *rest = command
        sources = read_only.sources if verb != "remove" else ()
        arguments = ("wheelbridge", verb, "-p", read_only.prefix, *sources, *rest, "--json", "-y")
        said = read_only.conda(*arguments, code=1).json

        assert said["error"]["code"] == "prefix-not-writable"

    def test_it_can_be_looked_at(self, read_only: Everyday, plugin: None) -> None:
        """By both."""
        del plugin
        assert read_only.names() == EVERYTHING
        listed = read_only.conda("wheelbridge", "list", "-p", read_only.prefix, "--json").json["packages"]
        assert {package["name"] for package in listed} == EVERYTHING


class TestNowhere:
    """An environment that is not there."""

    @pytest.mark.parametrize("verb", ["install", "update", "remove", "list"])
    def test_both_refuse(self, stage: Everyday, plugin: None, tmp_path: Path, verb: str) -> None:
        """And make none."""
        del plugin
        place, names = tmp_path / "nowhere", () if verb == "list" else ("other",)

        said = stage.conda(verb, "-p", place, *names, "--json", code=1).json
        assert said["exception_name"] == "EnvironmentLocationNotFound"
        said = stage.conda("wheelbridge", verb, "-p", place, *names, "--json", code=1).json
        assert said["error"]["code"] == "not-an-environment"
        assert not place.exists()

    def test_a_copy_of_nothing(self, stage: Everyday, plugin: None, tmp_path: Path) -> None:
        """``create --clone`` of both."""
        del plugin
        arguments = ("-p", tmp_path / "new", "--clone", tmp_path / "nowhere", "--json", "-y")
        said = stage.conda("create", *arguments, code=1).json
        assert said["exception_name"] == "EnvironmentLocationNotFound"
        said = stage.conda("wheelbridge", "create", *arguments, code=1).json
        assert said["error"]["code"] == "not-an-environment"
        assert not (tmp_path / "new" / "conda-meta" / "history").exists()
