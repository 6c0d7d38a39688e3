"""The look-up files of a folder of tables, built while other processes build and read theirs."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from wheelbridge.mapping.generate import render_layer
from wheelbridge.mapping.overrides import InvalidOverrideError
from wheelbridge.model.name import CondaName
from wheelbridge.tables.locate import MissingTableError, find_built

PROCESSES = 8
ROW = """- pypi: zzz{number}
  conda: zzz
  relation: dist
  reason: a test
  evidence: [this one]
  reviewed: 2026-11-21
"""
LOOK_UP = """
import sys
from pathlib import Path
from wheelbridge.tables import load_names
folder, rounds, row = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
print("ready", flush=True)
sys.stdin.readline()
for number in range(rounds):
    if row:
        (folder / "names" / "overrides.yaml").write_text(row.replace("{number}", str(number)))
    assert load_names(folder).by_project(f"zzz{number}").identity.conda == "zzz"
"""
"""Looks up a name round after round; where a row is given, each round in tables that were just edited."""


def write_tables(folder: Path) -> Path:
    """Write small tables: a curated row, and a generated table without any."""
    generated = folder / "names" / "generated"
    generated.mkdir(parents=True)
    files = render_layer((), [CondaName("zzz")])
    for end, text in ((".tsv", files.projects), (".inverse.tsv", files.packages)):
        (generated / f"conda-forge{end}").write_text(text, encoding="utf-8")
    (folder / "names" / "overrides.yaml").write_text(ROW.format(number=0), encoding="utf-8")
    return folder


def edit(checkout: Path, number: int) -> Path:
    """Edit the table of a checkout, and build it."""
    (checkout / "mappings" / "names" / "overrides.yaml").write_text(ROW.format(number=number), encoding="utf-8")
    return find_built(checkout / "mappings", checkout / "wheelbridge")


def set_age(path: Path, seconds: float) -> None:
    """Make a file or a folder older."""
    then = time.time() - seconds
    os.utime(path, (then, then))


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Make a checkout with one row."""
    (tmp_path / "wheelbridge").mkdir()
    write_tables(tmp_path / "mappings")
    return tmp_path


@pytest.fixture
def home(tmp_path: Path) -> Mapping[str, str]:
    """Return the variables of a user with an empty cache."""
    return {**os.environ, "HOME": str(tmp_path / "home"), "XDG_CACHE_HOME": str(tmp_path / "home" / "cache")}


def run_at_once(commands: list[list[str]], variables: Mapping[str, str]) -> list[str]:
    """Start processes, let them go together when all are ready, and return what each of them said of errors."""
    pipe = subprocess.PIPE
    started = [
        subprocess.Popen(
            [sys.executable, "-c", LOOK_UP, *command], env=variables, stdin=pipe, stdout=pipe, stderr=pipe, text=True
        )
        for command in commands
    ]
    for process in started:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
    for process in started:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    return [process.communicate()[1] for process in started]


class TestSeveralProcesses:
    """None takes away what another one builds or reads."""

    def test_each_with_tables_of_its_own(self, tmp_path: Path, home: Mapping[str, str]) -> None:
        """They share the user's cache, where all of them build again and again."""
        folders = [write_tables(tmp_path / f"tables{number}") for number in range(PROCESSES)]

        said = run_at_once([[str(folder), "8", ROW] for folder in folders], home)

        assert said == [""] * PROCESSES
        built = list((tmp_path / "home" / "cache").rglob("complete"))
        assert len(built) == PROCESSES * 8
        assert not list((tmp_path / "home" / "cache" / "wheelbridge" / "tables").glob(".*"))

    def test_all_with_the_same_tables(self, tmp_path: Path, home: Mapping[str, str]) -> None:
        """Whoever is late uses what is there."""
        folder = write_tables(tmp_path / "tables")

        said = run_at_once([[str(folder), "1", ""]] * PROCESSES, home)

        assert said == [""] * PROCESSES
        (built,) = (tmp_path / "home" / "cache" / "wheelbridge" / "tables").iterdir()
        assert (built / "complete").exists()


class TestForgetting:
    """A maintainer's checkout does not grow with every edit."""

    def test_what_was_not_used_for_an_hour_goes(self, checkout: Path) -> None:
        """But for the newest."""
        built = [edit(checkout, number) for number in range(6)]
        for age, folder in enumerate(reversed(built)):
            set_age(folder / "complete", 3601 + age)

        newest = edit(checkout, 6)

        assert sorted((checkout / "wheelbridge" / "_data").iterdir()) == sorted([*built[3:], newest])

    def test_what_was_used_stays(self, checkout: Path) -> None:
        """Another process may be about to open it: a use counts, not only the building."""
        first, *others = [edit(checkout, number) for number in range(6)]
        for folder in (first, *others):
            set_age(folder / "complete", 7200)
        (checkout / "mappings" / "names" / "overrides.yaml").unlink()
        bare = find_built(checkout / "mappings", checkout / "wheelbridge")
        set_age(bare / "complete", 7200)

        assert find_built(checkout / "mappings", checkout / "wheelbridge") == bare
        edit(checkout, 10)
        edit(checkout, 11)
        edit(checkout, 12)
        edit(checkout, 13)
        assert bare.exists()
        assert not first.exists()

    def test_what_nobody_finishes_any_more_goes(self, checkout: Path) -> None:
        """A process was killed; one that is at work is left alone, and so is what comes with the package."""
        data = checkout / "wheelbridge" / "_data"
        for name in (".old.1.aa", ".new.2.bb", "built"):
            (data / name).mkdir(parents=True)
        set_age(data / ".old.1.aa", 90_000)
        set_age(data / "built", 90_000)

        built = edit(checkout, 1)

        assert {path.name for path in data.iterdir()} == {".new.2.bb", "built", built.name}

    def test_a_build_that_fails_leaves_nothing(self, checkout: Path) -> None:
        """Half of a table is none."""
        rows = checkout / "mappings" / "names" / "overrides.yaml"
        rows.write_text(ROW.format(number="_Z"), encoding="utf-8")

        with pytest.raises(InvalidOverrideError):
            find_built(checkout / "mappings", checkout / "wheelbridge")

        assert list((checkout / "wheelbridge" / "_data").iterdir()) == []

    def test_what_is_not_whole_is_built_again(self, checkout: Path) -> None:
        """Somebody deleted a part of it."""
        built = edit(checkout, 1)
        (built / "complete").unlink()
        (built / "curated.conda-forge.tsv").unlink()

        assert find_built(checkout / "mappings", checkout / "wheelbridge") == built
        assert (built / "curated.conda-forge.tsv").exists()


@pytest.mark.parametrize(
    ("path", "words"),
    [
        (Path(__file__).parents[1] / "wheelbridge" / "_data" / "x.tsv", "Reinstall"),
        (Path(__file__).parents[1] / "mappings" / "names" / "x.tsv", "Restore the folder 'mappings'"),
        (Path("nowhere") / "names", "Check the path"),
    ],
)
def test_a_missing_table_has_its_way_out(path: Path, words: str) -> None:
    """Reinstalling helps only where the package itself lacks a file."""
    assert str(MissingTableError(path).hint).startswith(words)
