"""``wheelbridge lock`` from the command line: real files, a channel in a folder, an index over HTTP."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api.locking.stage import Stage, fill_index, package
from tests.cli.conftest import Run
from tests.loopback import LoopbackIndex
from wheelbridge.environment.locks.files import read_lock

FILE = """\
name: work
channels:
  - ./channel
  - nodefaults
dependencies:
  - python=3.12
  - app
  - pip:
      - --index-url {index}
      - tool>=1
"""
pytestmark = pytest.mark.usefixtures("stage")
TWO = ("--platform", "linux-64", "--platform", "osx-arm64")


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheels, in a folder for each project."""
    return fill_index(tmp_path_factory.mktemp("wheels"))


@pytest.fixture
def index(wheels: Path) -> Iterator[LoopbackIndex]:
    """The wheels behind a real HTTP server."""
    with LoopbackIndex({place.name: sorted(place.iterdir()) for place in wheels.iterdir()}) as server:
        yield server


@pytest.fixture
def stage(tmp_path: Path, index: LoopbackIndex, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """A project with an environment file, its channel beside it; commands run in its folder."""
    folder = tmp_path / "project"
    stage = Stage(folder / "channel", index.url, tmp_path / "cache")
    stage.publish()
    (folder / "environment.yml").write_text(FILE.format(index=f"{index.url}/"), encoding="utf-8")
    monkeypatch.chdir(folder)
    return stage


def edit(before: str, after: str) -> None:
    """Change the environment file."""
    path = Path("environment.yml")
    path.write_text(path.read_text(encoding="utf-8").replace(before, after), encoding="utf-8")


class TestMaking:
    """The lock lies beside the file that it answers."""

    def test_pixi_lock_is_written(self, run: Run) -> None:
        """Named in the output, for as many targets as were asked for."""
        ran = run("lock", "-f", "environment.yml", *TWO)

        assert (ran.code, ran.err) == (0, "")
        assert ran.out.splitlines() == [
            "linux-64: 5 packages (2 wheels)",
            "osx-arm64: 5 packages (2 wheels)",
            "Written: pixi.lock",
        ]
        lock = read_lock(Path("pixi.lock"))
        assert [target.name for target in lock.targets] == ["linux-64", "osx-arm64"]
        assert package(lock, "tool", "osx-arm64").file.hashes

    def test_the_same_input_gives_the_same_bytes(self, run: Run) -> None:
        """With the earlier lock, without it, and the file is not even touched."""
        run("lock", "-f", "environment.yml", *TWO)
        first = Path("pixi.lock").read_bytes()
        touched = Path("pixi.lock").stat().st_mtime_ns

        again = run("lock", "-f", "environment.yml", *TWO)
        assert again.out.splitlines()[-1] == "Unchanged: pixi.lock"
        assert Path("pixi.lock").stat().st_mtime_ns == touched
        run("lock", "-f", "environment.yml", *TWO, "--upgrade")
        Path("pixi.lock").unlink()
        run("lock", "-f", "environment.yml", *TWO)
        assert Path("pixi.lock").read_bytes() == first

    def test_the_diff_of_a_small_change_is_small(self, run: Run, stage: Stage) -> None:
        """New releases came out since: only what is asked for is new."""
        run("lock", "-f", "environment.yml", *TWO)
        before = Path("pixi.lock").read_text(encoding="utf-8").splitlines()
        stage.publish("lib 2.0", {"package": "app 2.0", "depends": ["lib"]}, "more 1.0")
        edit("  - app\n", "  - app\n  - more\n")

        ran = run("lock", "-f", "environment.yml", *TWO)

        assert ran.out.splitlines()[:2] == ["+ more 1.0 0 (linux-64)", "+ more 1.0 0 (osx-arm64)"]
        after = Path("pixi.lock").read_text(encoding="utf-8").splitlines()
        assert not [line for line in before if line not in after]
        assert all("more" in line or "  " in line for line in after if line not in before)

    def test_targets_of_the_earlier_lock_stay(self, run: Run) -> None:
        """Who locks once more need not know for what."""
        facts = ("--platform", "gpu=linux-64", "--virtual-package", "gpu:__cuda=12.8")
        run("lock", "-f", "environment.yml", *facts)
        before = Path("pixi.lock").read_bytes()

        assert run("lock", "-f", "environment.yml").code == 0
        assert Path("pixi.lock").read_bytes() == before

    def test_facts_are_put_over_the_targets_of_the_earlier_lock(self, run: Run) -> None:
        """None of them goes for it; what goes because others are named is told."""
        run("lock", "-f", "environment.yml", *TWO)
        assert run("lock", "-f", "environment.yml", "--virtual-package", "linux-64:__cuda=12.9").code == 0
        linux, mac = read_lock(Path("pixi.lock")).targets

        assert linux.target.virtual_package("__cuda") is not None
        assert (mac.name, mac.target.virtual_package("__cuda")) == ("osx-arm64", None)
        told = run("lock", "-f", "environment.yml", "--platform", "linux-64", "--json").json
        assert "The lock is not for osx-arm64 any more." in told["notes"]

    def test_the_order_in_the_file_says_nothing(self, run: Run) -> None:
        """A line that moved changes no byte."""
        run("lock", "-f", "environment.yml")
        before = Path("pixi.lock").read_bytes()
        edit("  - python=3.12\n  - app\n", "  - app\n  - python=3.12\n")

        assert run("lock", "-f", "environment.yml").out.splitlines()[-1] == "Unchanged: pixi.lock"
        Path("pixi.lock").unlink()
        run("lock", "-f", "environment.yml")
        assert Path("pixi.lock").read_bytes() == before

    def test_platforms_of_the_file(self, run: Run) -> None:
        """CEP 24's ``platforms``."""
        edit("name: work\n", "name: work\nplatforms: [osx-arm64]\n")

        told = run("lock", "-f", "environment.yml", "--json").json
        assert [target["name"] for target in told["targets"]] == ["osx-arm64"]

    def test_the_name_says_the_format(self, run: Run) -> None:
        """PEP 751's name is PEP 751's format."""
        told = run("lock", "-f", "environment.yml", *TWO, "-o", "pylock.toml", "--json").json

        assert (told["lock"], told["written"]) == ("pylock.toml", True)
        assert 'lock-version = "1.0"' in Path("pylock.toml").read_text(encoding="utf-8")
        assert package(read_lock(Path("pylock.toml")), "tool").version == "1.0"

    def test_a_dry_run_writes_nothing(self, run: Run) -> None:
        """It tells what would change."""
        told = run("lock", "-f", "environment.yml", *TWO, "--dry-run", "--json").json

        assert told["written"] is False
        assert {"target": "linux-64", "name": "tool", "old": None, "new": "1.0"} in told["changes"]
        assert not Path("pixi.lock").exists()

    def test_no_login_and_no_folder_of_this_machine(self, run: Run, tmp_path: Path) -> None:
        """A lock goes to everybody."""
        edit("http://", "http://me:hunter2@")

        for name in ("pixi.lock", "pylock.toml"):
            run("lock", "-f", "environment.yml", *TWO, "-o", name)
            text = Path(name).read_text(encoding="utf-8")
            assert "hunter2" not in text
            assert str(tmp_path) not in text


class TestRefusals:
    """What has no meaning is said before anything is solved."""

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ((), "No file says what to lock"),
            (("-f", "environment.yml", "--format", "toml"), "'toml' is no format of a lock"),
            (("-f", "environment.yml", "--format", "pixi", "-o", "pylock.toml"), "pylock.toml is the name of"),
            (("-f", "environment.yml", "-o", "conda-lock.yml"), "conda-lock"),
            (("-f", "environment.yml", "--virtual-package", "win-64:__cuda=12"), "the targets are"),
            (("-f", "environment.yml", *TWO, "--variant-trust", "x"), "--variant-trust"),
            (("-f", "environment.yml", "--check"), "is not there"),
        ],
    )
    def test_wrong_usage(self, run: Run, arguments: tuple[str, ...], message: str) -> None:
        """Exit code 2, and the reason."""
        ran = run("lock", *arguments)

        assert ran.code == 2
        assert message in ran.err

    def test_a_file_that_asks_for_nothing(self, run: Run) -> None:
        """An empty lock would be one that answers everything."""
        Path("environment.yml").write_text("channels: [./channel]\ndependencies: []\n", encoding="utf-8")

        ran = run("lock", "-f", "environment.yml")
        assert (ran.code, "Nothing to lock" in ran.err) == (2, True)

    def test_a_lock_of_another_tool_is_not_written_over(self, run: Run) -> None:
        """Unless it is named."""
        foreign = "version: 6\nenvironments:\n  default:\n    channels: []\n    packages: {}\npackages: []\n"
        Path("pixi.lock").write_text(foreign, encoding="utf-8")

        ran = run("lock", "-f", "environment.yml")

        assert (ran.code, Path("pixi.lock").read_text(encoding="utf-8")) == (2, foreign)
        assert "another tool" in ran.err
        assert run("lock", "-f", "environment.yml", *TWO, "-o", "pixi.lock").code == 0


class TestChecking:
    """``--check`` compares, for CI."""

    def test_a_lock_that_answers(self, run: Run, stage: Stage, index: LoopbackIndex) -> None:
        """Exit code 0; the index is not asked."""
        run("lock", "-f", "environment.yml", *TWO)
        asked = len(index.requests)
        stage.publish("lib 2.0")

        ran = run("lock", "-f", "environment.yml", "--check")

        assert (ran.code, ran.out) == (0, "pixi.lock answers environment.yml\n")
        assert len(index.requests) == asked

    @pytest.mark.parametrize("name", ["pixi.lock", "pylock.toml"])
    def test_a_lock_that_does_not(self, run: Run, name: str) -> None:
        """Exit code 1, and what moved, for people and programs."""
        run("lock", "-f", "environment.yml", *TWO, "-o", name)
        edit("tool>=1", "tool>=2")

        ran = run("lock", "-f", "environment.yml", "-o", name, "--check", "--json")

        assert ran.code == 1
        assert ran.json["error"]["code"] == "lock-drift"
        assert [(one["what"], one["text"]) for one in ran.json["error"]["moved"]] == [
            ("requirement", "tool>=2 is new"),
            ("requirement", "tool>=1 is gone"),
        ]
        assert "requirement: tool>=2 is new" in run("lock", "-f", "environment.yml", "-o", name, "--check").err

    def test_json(self, run: Run) -> None:
        """One object, and nothing else."""
        run("lock", "-f", "environment.yml", *TWO)

        told = json.loads(run("lock", "-f", "environment.yml", "--check", "--json").out)
        assert told == {"success": True, "lock": "pixi.lock", "moved": []}
