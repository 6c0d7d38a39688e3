"""Environment variables of files are a part of the plan: shown, asked for, and written only after consent."""

from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.condapackages import index_channel, make_conda
from tests.ran import Ran
from wheelbridge.installer.state import load_variables, state_path, write_variables


class Stage:
    """An environment that has all that its file asks for, but the variables."""

    def __init__(self, run: Run, folder: Path) -> None:
        self.folder, self.prefix, self._run = folder, folder / "env", run
        make_conda(folder / "channel", "one", "1.0", {"share/one": "1"})
        index_channel(folder / "channel")
        self.file("")
        self.call("create", "-y", new=True)

    def file(self, more: str) -> None:
        """Write the file."""
        (self.folder / "env.yml").write_text(f"dependencies: [one]\n{more}")

    def call(self, command: str, *arguments: str, new: bool = False) -> Ran:
        """Run a command on the file."""
        place = ("-p", self.prefix, "-f", self.folder / "env.yml")
        ran = self._run(command, *place, "-O", "--no-config", "-c", self.folder / "channel", *arguments)
        assert not new or ran.code == 0, ran.err
        return ran


@pytest.fixture
def stage(run: Run, tmp_path: Path) -> Stage:
    """Make the environment."""
    return Stage(run, tmp_path)


def test_there_may_be_no_input_at_all(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that was started with its standard input closed has nobody to ask, and says that."""
    stage.file("variables: {DEBUG: '1'}\n")
    monkeypatch.setattr("sys.stdin", None)  # what python makes of it

    asked = stage.call("install")

    assert asked.code == 2
    assert "There is nobody to ask" in asked.err


def test_nothing_is_written_without_consent(stage: Stage) -> None:
    """No package changes, and yet there is something to ask for; a dry run tells of it."""
    stage.file("variables: {DEBUG: '1'}\n")

    asked, dry = stage.call("install"), stage.call("install", "-d")

    assert "There is nobody to ask" in asked.err
    assert dry.code == 0
    assert "Nothing to do" not in asked.out + dry.out
    assert "+ DEBUG is set to '1' on activation" in dry.out
    assert load_variables(stage.prefix) == {}


def test_what_is_overwritten_is_told(stage: Stage) -> None:
    """To people, and to programs; other variables stay, and what is so already is no change."""
    write_variables(stage.prefix, {"DEBUG": "0", "KEPT": "x", "SAME": "y"})
    stage.file("variables: {DEBUG: '1', NEW: '2', SAME: y}\n")

    dry = stage.call("install", "-d")
    done = stage.call("install", "-y", "--json")

    assert "~ DEBUG is set to '1' on activation, which was '0'" in dry.out
    assert done.json["variables"] == [
        {"name": "DEBUG", "old": "0", "new": "1"},
        {"name": "NEW", "old": None, "new": "2"},
    ]
    assert load_variables(stage.prefix) == {"DEBUG": "1", "KEPT": "x", "NEW": "2", "SAME": "y"}
    assert "Nothing to do" in stage.call("install").out


def test_a_broken_state_file_stops_it_before_anything_is_linked(stage: Stage) -> None:
    """Otherwise the environment would have the packages, and not the variables."""
    make_conda(stage.folder / "channel", "two", "1.0", {"share/two": "2"})
    index_channel(stage.folder / "channel")
    state_path(stage.prefix).write_text("{")
    (stage.folder / "env.yml").write_text("dependencies: [one, two]\nvariables: {DEBUG: '1'}\n")

    ran = stage.call("install", "-y")

    assert ran.code == 1
    assert "mend it, or move it away" in ran.err
    assert not (stage.prefix / "share" / "two").exists()


def test_a_platform_that_the_file_does_not_name_is_told(stage: Stage) -> None:
    """``platforms`` is for locks; who makes an environment elsewhere hears of it."""
    stage.file("platforms: [emscripten-wasm32]\n")

    ran = stage.call("install", "-d")

    assert ran.code == 0
    assert "the platforms are emscripten-wasm32, and this is for " in ran.err


def test_the_place_comes_of_the_file_as_it_is_read(run: Run, tmp_path: Path) -> None:
    """Without -p, the file tells the prefix; what is chosen of a project beside it is known by then."""
    make_conda(tmp_path / "channel", "one", "1.0", {"share/one": "1"})
    index_channel(tmp_path / "channel")
    (tmp_path / "env.yml").write_text(f"prefix: {tmp_path / 'made'}\ndependencies: [one]\n")
    (tmp_path / "pyproject.toml").write_text("[dependency-groups]\nnone = []\n")

    files = ("-f", tmp_path / "env.yml", "-f", tmp_path / "pyproject.toml", "--group", "none")
    ran = run("create", *files, "-y", "-O", "--no-config", "-c", tmp_path / "channel")

    assert ran.code == 0, ran.err
    assert (tmp_path / "made" / "share" / "one").exists()


def test_a_value_in_a_path_is_not_exported(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a lock nor an export has it, for both are shared; messages name the variable."""
    monkeypatch.setenv("PART", "s3cretPART")
    make_conda(tmp_path / "s3cretPART", "one", "1.0", {"share/one": "1"})
    index_channel(tmp_path / "s3cretPART")
    (tmp_path / "env.yml").write_text(f"channels: ['{tmp_path.as_uri()}/${{PART}}', nodefaults]\ndependencies: [one]\n")
    made = run("create", "-p", tmp_path / "env", "-f", tmp_path / "env.yml", "-y", "--no-config")

    exported = run("export", "-p", tmp_path / "env", "--json")
    locked = run("lock", "-f", tmp_path / "env.yml", "-o", tmp_path / "pixi.lock", "--no-config", "--json")

    assert made.code == 0, made.err
    for ran in (exported, locked):
        assert ran.json["error"]["code"] == "secret-in-lock"
        assert "${PART}" in ran.json["error"]["message"]
        assert "s3cretPART" not in ran.out + ran.err
    assert not (tmp_path / "pixi.lock").exists()
