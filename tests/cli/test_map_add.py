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
        (("foo/bar[x]", *GIVEN), "usage", "cannot name a PyPI project"),
        (("", *GIVEN), "usage", "cannot name a PyPI project"),
        (("conda:foo", *GIVEN), "usage", "is no PyPI project"),
        (("dep:generic/zlib", *GIVEN), "usage", "is no PyPI project"),
        (("new", *GIVEN, "--channel", "https://host.example/x"), "invalid-override", "no name of a channel"),
        (("new", *GIVEN, "--channel", "a b/.."), "invalid-override", "no name of a channel"),
        (("new", *GIVEN, "--channel", ""), "invalid-override", "no name of a channel"),
        (("new", *GIVEN, "--evidence", " "), "invalid-override", "is blank"),
        (("new", *GIVEN, "--relation", "sister"), "invalid-override", "no relation"),
        (("new", *GIVEN, "--spec", "x >=>1"), "invalid-override", "no MatchSpec"),
        (("new", *GIVEN, "--range", "about 1"), "invalid-override", "PEP 440"),
        (("new", *GIVEN[:-3]), "usage", "'conda'"),
        (("new", *GIVEN[:4], "--yes"), "usage", "'reason'"),
        (("aaa-new", "--conda", "docker-py", "--relation", "dist", *GIVEN[4:]), "invalid-override", "two projects"),
    ],
    ids=[
        *("exists", "name", "project", "no-project", "package", "dep", "url", "folder", "no-channel", "blank"),
        *("relation", "spec", "range", "nothing", "reason", "identity"),
    ],
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


def test_a_row_for_another_channel_stands_beside_the_first(run: Run, mappings: Path) -> None:
    """Names are per channel: conda-forge's row stays, and each of the two can be replaced by itself."""
    docker = ("map", "add", "docker", *GIVEN, "--mappings", mappings, "--channel", "bioconda", "--relation", "dist")
    before = (mappings / "names" / "overrides.yaml").read_text(encoding="utf-8")

    added = run(*docker, "--conda", "docker-x")
    again = run(*docker, "--conda", "docker-y", "--json")
    replaced = run(*docker, "--conda", "docker-y", "--replace")

    assert (added.code, replaced.code) == (0, 0), added.err + replaced.err
    assert again.json["error"]["code"] == "row-exists"
    found = parse_overrides(load_document(mappings / "names" / "overrides.yaml"))
    assert [(row.conda, row.channels) for row in found if row.pypi == "docker"] == [
        ("docker-py", ("conda-forge",)),
        ("docker-y", ("bioconda",)),
    ]
    after = (mappings / "names" / "overrides.yaml").read_text(encoding="utf-8")
    assert after.replace(f"{replaced.out.strip()}\n\n", "", 1) == before


def test_two_rows_never_give_their_place_to_one(run: Run, mappings: Path) -> None:
    """And a row that held for more channels than the new one says what is lost."""
    docker = ("map", "add", "docker", *GIVEN, "--mappings", mappings, "--json")
    assert run(*docker, "--conda", "docker-x", "--channel", "bioconda").code == 0

    both = run(*docker, "--replace", "--channel", "bioconda", "--channel", "conda-forge")
    other = run(*docker, "--replace", "--channel", "bioconda", "--channel", "corp")
    less = run(*docker, "--replace", "--channel", "corp")

    assert both.json["error"]["code"] == "usage"
    assert "has 2 rows for 'docker'" in both.json["error"]["message"]
    assert other.code == 0
    assert less.json["warnings"] == ["the row that was there held for bioconda, too; nothing does now"]


def test_a_project_may_have_its_prefix(run: Run, mappings: Path) -> None:
    """As look-ups take it."""
    assert run("map", "add", "pypi:My.New", *GIVEN, "--mappings", mappings).code == 0

    assert "my-new" in curated(mappings)


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


class TestShortMaps:
    """Maps that say ``project: package`` only, as docs/how-to/correct-a-mapping.md has them."""

    SHORT = "my-tool: my_tool\ninternal-only: null\n"

    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        """Write one."""
        path = tmp_path / "names.yaml"
        path.write_text(self.SHORT, encoding="utf-8")
        return path

    def test_a_row_is_an_entry(self, run: Run, path: Path) -> None:
        """Where it says no more than that; nothing else is asked for."""
        first = run("map", "add", "new", "--conda", "tzdata", "--map", path, "--yes")
        second = run("map", "add", "none", "--conda", "", "--map", path, "--yes", "--json")

        assert (first.code, second.json["row"]) == (0, "none: null\n"), first.err
        assert path.read_text(encoding="utf-8") == f"{self.SHORT}new: tzdata\nnone: null\n"

    def test_an_entry_gives_its_place(self, run: Run, path: Path) -> None:
        """With --replace, whatever the spelling."""
        tool = ("map", "add", "My_Tool", "--conda", "tzdata", "--map", path, "--yes", "--json")

        assert run(*tool).json["error"]["code"] == "row-exists"
        assert run(*tool, "--replace").code == 0
        assert path.read_text(encoding="utf-8") == self.SHORT.replace("my_tool", "tzdata")

    @pytest.mark.parametrize(
        "more",
        [("--relation", "tool"), ("--reason", "x"), ("--spec", "x >=1"), ("--range", ">=1"), ("--channel", "corp")],
    )
    def test_a_row_that_says_more_is_refused(self, run: Run, path: Path, more: tuple[str, ...]) -> None:
        """The message names the file, the hint both forms."""
        ran = run("map", "add", "new", "--conda", "tzdata", "--map", path, "--yes", "--json", *more)

        assert ran.json["error"]["code"] == "invalid-map"
        assert f"{path}: new: a short map cannot hold" in ran.json["error"]["message"]
        assert "`project: package`" in ran.json["error"]["hint"]
        assert "a list of rows" in ran.json["error"]["hint"]
        assert path.read_text(encoding="utf-8") == self.SHORT

    def test_a_map_with_sections_is_refused(self, run: Run, path: Path) -> None:
        """A row at its end would be no row."""
        path.write_text("names:\n  a: b\n", encoding="utf-8")

        ran = run("map", "add", "new", "--conda", "tzdata", "--map", path, "--yes", "--json")

        assert ran.json["error"]["code"] == "invalid-map"
        assert "below 'names'" in ran.json["error"]["message"]

    def test_what_is_wrong_in_the_map_is_named(self, run: Run, path: Path) -> None:
        """With its file."""
        path.write_text("a: [b]\n", encoding="utf-8")

        ran = run("map", "add", "new", "--conda", "tzdata", "--map", path, "--yes", "--json")

        assert ran.json["error"]["message"].startswith(f"{path}: a: ")

    @pytest.mark.parametrize("name", ["names.json", "names.toml", "names"])
    def test_rows_are_written_into_yaml_only(self, run: Run, tmp_path: Path, name: str) -> None:
        """Said before anything is asked, and nothing is made."""
        ran = run("map", "add", "new", "--conda", "tzdata", "--map", tmp_path / name, "--yes", "--json")

        assert (ran.code, ran.json["error"]["code"]) == (2, "usage")
        assert f"{name} is not YAML" in ran.json["error"]["message"]
        assert not (tmp_path / name).exists()


def test_a_folder_that_is_not_there_is_not_made(run: Run, tmp_path: Path) -> None:
    """It is a slip more often than a wish."""
    ran = run("map", "add", "new", "--conda", "", "--map", tmp_path / "nmaes" / "my.yaml", "--yes", "--json")

    assert (ran.code, ran.json["error"]["code"]) == (2, "usage")
    assert not (tmp_path / "nmaes").exists()


def test_a_link_to_the_map_stays_one(run: Run, tmp_path: Path) -> None:
    """Maps are kept where other settings are."""
    (tmp_path / "kept").mkdir()
    real, link = tmp_path / "kept" / "names.yaml", tmp_path / "names.yaml"
    real.write_bytes(b"\xef\xbb\xbf  - pypi: a\r\n    conda: b\r\n    relation: dist\r\n")
    try:
        link.symlink_to(real)
    except OSError:
        pytest.skip("links cannot be made here")

    ran = run("map", "add", "b", "--conda", "", "--map", link, "--yes")

    assert (ran.code, link.is_symlink()) == (0, True), ran.err
    added = b"  - pypi: b\r\n    conda: null\r\n    relation: none\r\n    reviewed: "
    assert added in real.read_bytes()
    assert real.read_bytes().startswith(b"\xef\xbb\xbf  - pypi: a\r\n")


ANSWERS = (
    "Python TZ",
    "python-tzdata",
    "sister",
    "dist",
    "numpy >=1, scipy",
    "cuda-version >=12,<13",
    "scipy >=1",
    "",
    "1.0",
    "==1.*",
    "tzdata",
    "",
    "the IANA data",
    "seen",
    "",
)
"""Four answers that will not do among those that do."""


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
    assert "'numpy >=1, scipy' is no MatchSpec" in err
    row = curated(mappings)["zz-tz"]
    assert (row.conda, row.relation, row.pypi_range, row.rejected) == ("python-tzdata", "dist", "==1.*", ("tzdata",))
    assert row.specs == ("cuda-version >=12,<13", "scipy >=1")
    assert (row.reason, row.evidence) == ("the IANA data", ("seen",))
    assert out.startswith("- pypi: zz-tz\n  conda: python-tzdata\n")
