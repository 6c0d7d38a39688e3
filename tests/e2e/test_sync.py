"""``wheelbridge sync`` and ``export`` from the command line: files in, environments, files out."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.cli.conftest import Run
from tests.e2e.conftest import Environment
from tests.loopback import LoopbackIndex
from tests.real_python import RealChannel
from wheelbridge.api.demo import build_wheel
from wheelbridge.cli import main
from wheelbridge.environment.locks.files import read_lock

HEAVY = {"rattler", "requests", "rich", "ruamel", "tomlkit"}


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache for all tests of this module."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def made(
    tmp_path_factory: pytest.TempPathFactory, real_channel: RealChannel, wheels: dict[str, list[Path]], cache: Path
) -> Iterator[Environment]:
    """An environment with python, an application with an extra, and what these need; the tests leave it as it is."""
    with LoopbackIndex(wheels) as index, pytest.MonkeyPatch.context() as patch:
        patch.setenv("WHEELBRIDGE_CACHE_DIR", str(cache))
        environment = Environment(tmp_path_factory.mktemp("made") / "env", real_channel.url, index.url)
        assert main(["create", *environment.options, "python", "pypi:app[more]", "pypi:lib<1.1", "-y"]) == 0
        yield environment


@pytest.fixture
def run(run: Run, cache: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command line with that cache."""
    monkeypatch.setenv("WHEELBRIDGE_CACHE_DIR", str(cache))
    return run


@pytest.fixture
def lock(run: Run, made: Environment, tmp_path: Path) -> Path:
    """A lock of the environment."""
    assert run("export", "-p", made.prefix, "-o", tmp_path / "pixi.lock").code == 0
    return tmp_path / "pixi.lock"


@pytest.fixture
def copy(run: Run, made: Environment, lock: Path, tmp_path: Path) -> Environment:
    """The same environment again, for tests that change it."""
    assert run("sync", "-p", tmp_path / "copy", lock, "-y").code == 0
    return replace(made, prefix=tmp_path / "copy")


def packages(run: Run, prefix: Path) -> set[tuple[str, str]]:
    """Return name and version of what is installed."""
    listed = run("list", "-p", prefix, "--json").json["packages"]
    return {(package["name"], package["version"]) for package in listed}


class TestSync:
    """One lock, one environment."""

    def test_make_again_and_nothing(self, run: Run, made: Environment, lock: Path, tmp_path: Path) -> None:
        """The first time all is linked, the second time nothing is asked for; JSON tells."""
        place = tmp_path / "again"
        first = run("sync", "-p", place, lock, "--json").json
        second = run("sync", "-p", place, lock, "--json").json

        assert first["added"] == ["app", "extra-thing", "lib", "python"]
        assert (first["up_to_date"], second["up_to_date"], second["target"]) == (False, True, first["target"])
        assert packages(run, place) == packages(run, made.prefix)
        assert "Nothing to do" in run("sync", "-p", place, lock).out

    def test_a_dry_run_touches_nothing(self, run: Run, lock: Path, tmp_path: Path) -> None:
        """The plan is shown, and no folder made."""
        shown = run("sync", "-p", tmp_path / "again", lock, "--dry-run")

        assert (shown.code, "app" in shown.out) == (0, True)
        assert not (tmp_path / "again").exists()

    def test_what_was_added_goes(self, run: Run, copy: Environment, lock: Path) -> None:
        """An environment that moved on is brought back."""
        before = packages(run, copy.prefix)
        assert run("install", *copy.options, "pypi:pip", "-y").code == 0
        done = run("sync", "-p", copy.prefix, lock, "-y", "--json").json

        assert done["removed"] == ["pip"]
        assert packages(run, copy.prefix) == before

    def test_nothing_heavy_for_nothing(self, copy: Environment, lock: Path) -> None:
        """Libraries that take time to import stay out where there is nothing to do."""
        code = (
            "import json, sys; from wheelbridge.cli import main; "
            f"main(['sync', '-p', {str(copy.prefix)!r}, {str(lock)!r}]); "
            "print(json.dumps([name.partition('.')[0] for name in sys.modules]))"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        said, loaded = done.stdout.splitlines()

        assert said.startswith("Nothing to do")
        assert HEAVY.isdisjoint(json.loads(loaded))

    def test_no_lock(self, run: Run, tmp_path: Path) -> None:
        """A file that is not there, and one that is no lock."""
        (tmp_path / "some.txt").write_text("numpy\n", encoding="utf-8")

        assert run("sync", "-p", tmp_path / "e", tmp_path / "none.lock", "--json").json["error"]["code"] == "usage"
        refused = run("sync", "-p", tmp_path / "e", tmp_path / "some.txt", "--json")
        assert refused.json["error"]["code"] == "invalid-environment-file"
        assert not (tmp_path / "e").exists()


class TestExport:
    """An environment as a file that makes it anew."""

    def test_an_environment_file_makes_it_anew(self, run: Run, made: Environment, tmp_path: Path) -> None:
        """Conda's packages as conda says them, wheels in the section of pip, with channel and index."""
        assert run("export", "-p", made.prefix, "-o", tmp_path / "environment.yml").code == 0
        text = (tmp_path / "environment.yml").read_text(encoding="utf-8")

        assert "  - app[more]==1.0\n" in text
        assert f"  - --index-url {made.index.rstrip('/')}\n" in text
        assert run("create", "-p", tmp_path / "anew", "-f", tmp_path / "environment.yml", "-y").code == 0
        assert packages(run, tmp_path / "anew") == packages(run, made.prefix)

    def test_only_what_was_asked_for(self, run: Run, made: Environment) -> None:
        """In the words of the request."""
        text = run("export", "-p", made.prefix, "--from-history").out

        assert text.splitlines()[4:] == [
            "dependencies:",
            "- python",
            "- pip:",
            f"  - --index-url {made.index.rstrip('/')}",
            "  - app[more]",
            "  - lib<1.1",
        ]

    def test_a_lock_of_it_answers_the_file_it_was_made_of(self, run: Run, made: Environment, tmp_path: Path) -> None:
        """The request is remembered in the words of the file; what is asked for later joins it."""
        pip = [f"--index-url {made.index}", "app[more]>=1", "lib<1.1"]
        file, lock = tmp_path / "environment.yml", tmp_path / "pixi.lock"
        content = {"channels": [made.channel, "nodefaults"], "dependencies": ["python >=3", {"pip": pip}]}
        file.write_text(json.dumps(content), encoding="utf-8")
        assert run("create", "-p", tmp_path / "new", "-f", file, "-y").code == 0
        assert run("export", "-p", tmp_path / "new", "-o", lock).code == 0

        assert run("lock", "--check", "-f", file, "-o", lock).code == 0
        more = replace(made, prefix=tmp_path / "new")
        assert run("install", *more.options, "python", "-y").code == 0
        assert run("export", "-p", tmp_path / "new", "-o", lock).code == 0
        request = read_lock(lock).request
        assert request is not None
        assert (request.specs, request.requirements) == (("python",), ("app[more]>=1", "lib<1.1"))

    def test_without_builds(self, run: Run, made: Environment) -> None:
        """A version is enough where builds differ from channel to channel."""
        exact, loose = run("export", "-p", made.prefix).out, run("export", "-p", made.prefix, "--no-builds").out

        (line,) = (line for line in exact.splitlines() if line.startswith("- python="))
        assert f"\n{line.rpartition('=')[0]}\n" in loose

    def test_variables(self, run: Run, copy: Environment) -> None:
        """Those that activation sets, whoever wrote them."""
        (copy.prefix / "conda-meta/state").write_text('{"env_vars": {"MODE": "on"}}', encoding="utf-8")

        assert "variables:\n  MODE: on\n" in run("export", "-p", copy.prefix).out

    def test_what_pip_put_there_is_told(self, run: Run, copy: Environment, tmp_path: Path) -> None:
        """A lock cannot hold what no record has; an environment file asks pip for it."""
        stray = {"stray.py": "", "stray-2.0.dist-info/INSTALLER": "pip\n"}
        with ZipFile(build_wheel(tmp_path, "stray", "2.0", stray)) as archive:
            archive.extractall(next(copy.prefix.glob("lib/python*/site-packages")))
        said = run("export", "-p", copy.prefix, "--json").json

        assert "- stray==2.0" in said["content"]
        assert any(note.startswith("stray 2.0 was put there by pip") for note in said["notes"])
        assert "stray" not in run("export", "-p", copy.prefix, "--format", "pixi.lock", "--json").json["content"]

    def test_wheels_are_not_explicit(self, run: Run, made: Environment) -> None:
        """An explicit file has conda packages alone, and says so."""
        refused = run("export", "-p", made.prefix, "--format", "explicit", "--json")

        assert refused.code != 0
        assert "wheels" in refused.json["error"]["message"]

    @pytest.mark.parametrize(
        "arguments",
        [
            ("--format", "docx"),
            ("-o", "some.txt"),
            ("--format", "pixi.lock", "--from-history"),
            ("--no-builds", "-o", "pixi.lock"),
        ],
    )
    def test_wrong_usage(self, run: Run, made: Environment, arguments: tuple[str, ...]) -> None:
        """Formats that there are not, and what a lock cannot leave out."""
        assert run("export", "-p", made.prefix, *arguments, "--json").json["error"]["code"] == "usage"
