"""``wheelbridge map add``: rows out of options or answers, checked, and written in their place."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from wheelbridge.mapping.overrides import Override, parse_overrides
from wheelbridge.tables import find_mappings
from wheelbridge.tables.documents import load_document

GIVEN = ("--conda", "tzdata", "--relation", "tool", "--reason", "a: b", "--evidence", "seen", "--yes")


@pytest.fixture
def mappings(tmp_path: Path) -> Path:
    """Copy the tables."""
    folder = tmp_path / "mappings"
    shutil.copytree(find_mappings(), folder)
    return folder


def curated(mappings: Path) -> dict[str, Override]:
    """Read the curated rows."""
    return {row.pypi: row for row in parse_overrides(load_document(mappings / "names" / "overrides.yaml"))}


def test_a_row_out_of_options(run: Run, mappings: Path) -> None:
    """The name is normalized, the day is today's, everything else in the file stays."""
    path = mappings / "names" / "overrides.yaml"
    before = path.read_text(encoding="utf-8")

    ran = run("map", "add", "My_New.Project", *GIVEN, "--mappings", mappings)

    assert ran.code == 0, ran.err
    row = curated(mappings)["my-new-project"]
    assert (row.conda, row.relation, row.reason, row.evidence) == ("tzdata", "tool", "a: b", ("seen",))
    assert row.reviewed
    text = ran.out.strip()
    assert path.read_text(encoding="utf-8").replace(f"{text}\n\n", "", 1) == before


def test_a_dry_run_writes_nothing(run: Run, mappings: Path) -> None:
    """The row is shown."""
    path = mappings / "names" / "overrides.yaml"
    before = path.read_bytes()

    ran = run("map", "add", "new", *GIVEN, "--mappings", mappings, "--dry-run", "--json")

    assert ran.json["dry_run"] is True
    assert ran.json["row"].startswith("- pypi: new\n  conda: tzdata\n")
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("tzdata", *GIVEN), "row-exists", "'tzdata'"),
        (("new", *GIVEN, "--conda", "Not A Name"), "invalid-override", "CEP 26"),
        (("new", *GIVEN, "--relation", "sister"), "invalid-override", "no relation"),
        (("new", *GIVEN, "--spec", "x >=>1"), "invalid-override", "no MatchSpec"),
        (("new", *GIVEN, "--range", "about 1"), "invalid-override", "PEP 440"),
        (("new", *GIVEN[:-3]), "usage", "'conda'"),
        (("new", *GIVEN[:4], "--yes"), "usage", "'reason'"),
        (("aaa-new", "--conda", "docker-py", "--relation", "dist", *GIVEN[4:]), "invalid-override", "two projects"),
    ],
    ids=["exists", "name", "relation", "spec", "range", "nothing", "reason", "identity"],
)
def test_a_wrong_row_is_refused_and_nothing_written(
    run: Run, mappings: Path, arguments: tuple[str, ...], code: str, message: str
) -> None:
    """Each with its code; the table stays as it was."""
    path = mappings / "names" / "overrides.yaml"
    before = path.read_bytes()
    if code == "usage" and message == "'conda'":
        arguments = ("new", "--yes")

    ran = run("map", "add", *arguments, "--mappings", mappings, "--json")

    assert (ran.code, ran.json["error"]["code"]) == (2 if code == "usage" else 1, code)
    assert message in ran.json["error"]["message"]
    assert path.read_bytes() == before


def test_a_row_takes_the_place_of_another(run: Run, mappings: Path) -> None:
    """With --replace, and only with it."""
    assert run("map", "add", "docker", *GIVEN, "--mappings", mappings, "--replace").code == 0

    assert curated(mappings)["docker"].conda == "tzdata"
    assert len(curated(mappings)) == len(curated(find_mappings()))


def test_what_speaks_against_a_row_is_said(run: Run, mappings: Path) -> None:
    """An unknown package, a row that the generated table has too, and a project that loses its package."""
    unknown = run("map", "add", "new", *GIVEN, "--conda", "no-such-package", "--mappings", mappings, "--json")
    plain = run("map", "add", "rich", *GIVEN, "--conda", "rich", "--relation", "dist", "--mappings", mappings, "--json")
    taken = run(
        "map", "add", "mine", *GIVEN, "--conda", "numpy", "--relation", "dist", "--mappings", mappings, "--json"
    )

    assert unknown.json["warnings"] == ["no table knows a conda package called 'no-such-package'"]
    assert plain.json["warnings"] == ["the generated table says the same without it"]
    assert taken.json["warnings"] == ["numpy is numpy now; with this row it is not any more"]


def test_a_map_of_ones_own_needs_no_evidence(run: Run, tmp_path: Path) -> None:
    """It is made if it is not there, and then grows."""
    path = tmp_path / "mine.yaml"
    for name in ("b", "a"):
        assert run("map", "add", name, "--conda", "tzdata", "--relation", "tool", "--map", path, "--yes").code == 0

    assert [row["pypi"] for row in load_document(path)] == ["a", "b"]


ANSWERS = (
    "Python TZ",
    "python-tzdata",
    "sister",
    "dist",
    "",
    "1.0",
    "==1.*",
    "tzdata",
    "",
    "the IANA data",
    "seen",
    "",
)
"""Two answers that will not do among those that do."""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals for the test")
def test_what_is_not_given_is_asked_for(mappings: Path) -> None:
    """In a real terminal: wrong answers are asked for again, and the row is shown before it is written."""
    import pty  # noqa: PLC0415 - Windows has none

    parent, child = pty.openpty()
    command = [sys.executable, "-m", "wheelbridge", "map", "add", "zz-tz", "--mappings", str(mappings)]
    with subprocess.Popen(command, stdin=child, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        os.close(child)
        os.write(parent, "".join(f"{answer}\n" for answer in (*ANSWERS, "y")).encode())
        out, err = process.communicate(timeout=60)
    os.close(parent)

    assert process.returncode == 0, err
    assert "cannot name a conda package" in err
    assert "'sister' is no relation" in err
    assert "is no version specifier" in err
    row = curated(mappings)["zz-tz"]
    assert (row.conda, row.relation, row.pypi_range, row.rejected) == ("python-tzdata", "dist", "==1.*", ("tzdata",))
    assert (row.reason, row.evidence) == ("the IANA data", ("seen",))
    assert out.startswith("- pypi: zz-tz\n  conda: python-tzdata\n")
