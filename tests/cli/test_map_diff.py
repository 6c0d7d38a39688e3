import json
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from wheelbridge.mapping.generate import render_layer
from wheelbridge.mapping.lines import TableRow
from wheelbridge.mapping.rows import Confidence, Relation
from wheelbridge.model.name import CondaName, NormalizedName
from wheelbridge.tables import find_mappings

OVERRIDE = """- pypi: lmdb
  conda: {conda}
  relation: dist
  reason: conda lmdb is the C library
  evidence: [a test]
"""
SONAME = """- soname: libodbc.so.2
  when: ["linux-*"]
  conda: unixodbc
  relation: library
  reason: a test
  evidence: [this one]
"""


def generated(names: Mapping[str, str]) -> str:
    """Render a generated table: project -> package, or nothing for two candidates."""
    rows = [
        TableRow(
            pypi=NormalizedName(project),
            conda=CondaName(package),
            relation=Relation.DIST,
            confidence=Confidence.OBSERVED,
        )
        if package
        else TableRow(pypi=NormalizedName(project), alternatives=(CondaName("a"), CondaName("b")))
        for project, package in names.items()
    ]
    return render_layer(rows).projects


def write_tables(folder: Path, conda: str = "lmdb", names: Mapping[str, str] | None = None) -> Path:
    """Write tables: one curated row, and a generated table of each channel."""
    names = {"numpy": "numpy", "python-lmdb": "python-lmdb"} if names is None else names
    for path, text in {
        "names/overrides.yaml": OVERRIDE.format(conda=conda),
        "names/generated/conda-forge.tsv": generated(names),
        "sonames/conda-forge.yaml": SONAME,
    }.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """Write the older tables."""
    return write_tables(tmp_path / "old")


def test_the_same_tables_do_not_differ(run: Run, old: Path, tmp_path: Path) -> None:
    """Not even with --exit-code."""
    ran = run("map", "diff", old, write_tables(tmp_path / "new"), "--exit-code")

    assert (ran.code, ran.out) == (0, "No difference.\n")


def test_what_differs_is_the_effective_answer(run: Run, old: Path, tmp_path: Path) -> None:
    """A curated row takes the package that the generated table gives another project: its answer vanishes too."""
    new = write_tables(tmp_path / "new", conda="python-lmdb")

    told = run("map", "diff", old, new, "--json").json

    assert told["success"]
    assert told["counts"] == {"moved": 1, "vanished": 1}
    assert [(change["key"], change["old"], change["new"]) for change in told["changes"]] == [
        ("lmdb", "lmdb", "python-lmdb"),
        ("python-lmdb", "python-lmdb", None),
    ]


def test_people_see_changed_answers_first(run: Run, old: Path, tmp_path: Path) -> None:
    """And how many there are."""
    new = write_tables(tmp_path / "new", names={"numpy": "", "python-lmdb": "python-lmdb", "six": "six"})
    (new / "sonames" / "conda-forge.yaml").write_text(SONAME.replace("a test", "another"), encoding="utf-8")

    lines = run("map", "diff", old, new).out.splitlines()

    assert [" ".join(line.split()) for line in lines] == [
        "Answers that change (2)",
        "names/conda-forge appeared six nothing -> six (dist, observed, generated)",
        "names/conda-forge vanished numpy numpy (dist, observed, generated) -> undecided between a, b",
        "Other changes (1)",
        "sonames/conda-forge changed libodbc.so.2 [linux-*] reason a test -> another",
    ]


def test_many_changes_are_cut_and_counted(run: Run, old: Path, tmp_path: Path) -> None:
    """--all shows them all, and JSON always does."""
    new = write_tables(tmp_path / "new", names={f"x{number:03}": f"x{number:03}" for number in range(60)})

    assert "and 12 more; --all shows them" in run("map", "diff", old, new).out
    assert "x059" in run("map", "diff", old, new, "--all").out
    assert "more" not in run("map", "diff", old, new, "--all").out
    assert len(run("map", "diff", old, new, "--json").json["changes"]) == 62


def test_the_difference_as_markdown(run: Run, old: Path, tmp_path: Path) -> None:
    """For a pull request."""
    ran = run("map", "diff", old, write_tables(tmp_path / "new", names={"numpy": "numpy"}), "--markdown")

    assert ran.out == (
        "### \N{WARNING SIGN} Answers that vanished (1)\n"
        "\n"
        "- `python-lmdb`: python-lmdb (dist, observed, generated) -> nothing\n"
    )


@pytest.mark.parametrize("options", [[], ["--markdown"]])
def test_nothing_of_a_table_is_a_line_or_a_command_of_its_own(
    run: Run, old: Path, tmp_path: Path, options: list[str]
) -> None:
    """A reviewer reads what changed, and not what the change has to say of itself."""
    new = write_tables(tmp_path / "new")
    row = {"runtime": "a` <b>x</b>\n\n# Approved by maintainers\n", "kind": "blas", "reason": "x\x1b[2J\r\u202e\ny"}
    (new / "variants").mkdir()
    (new / "variants" / "runtimes.yaml").write_text(json.dumps([row]), encoding="utf-8")

    ran = run("map", "diff", old, new, *options)

    assert "Approved by maintainers" in ran.out
    assert not [line for line in ran.out.splitlines() if not line.isprintable() or line.startswith(("# ", "y"))]


@pytest.mark.parametrize(("option", "code"), [([], 0), (["--exit-code"], 1)])
def test_the_exit_code_is_asked_for(run: Run, old: Path, tmp_path: Path, option: list[str], code: int) -> None:
    """As with git diff."""
    assert run("map", "diff", old, write_tables(tmp_path / "new", conda="x"), *option).code == code


def test_single_tables_are_compared(run: Run, old: Path, tmp_path: Path) -> None:
    """Look-up files, overrides, the YAML of other tables, documents of PEP 804."""
    new = write_tables(tmp_path / "new", conda="python-lmdb", names={"numpy": "numpy-base"})
    soname = new / "sonames" / "conda-forge.yaml"
    soname.write_text(SONAME.replace("unixodbc", "odbc"), encoding="utf-8")
    for side, specs in ((old, "zlib"), (new, "libzlib")):
        document = {"name": "x", "mappings": [{"id": "dep:generic/zlib", "specs": specs}]}
        (side / "x.mapping.json").write_text(json.dumps(document), encoding="utf-8")

    def changes(file: str) -> list[tuple[str, str]]:
        told = run("map", "diff", old / file, new / file, "--json").json
        return [(change["key"], change["kind"]) for change in told["changes"]]

    assert changes("names/generated/conda-forge.tsv") == [("numpy", "moved"), ("python-lmdb", "vanished")]
    assert changes("names/overrides.yaml") == [("lmdb", "moved")]
    assert changes("sonames/conda-forge.yaml") == [("libodbc.so.2 [linux-*]", "moved")]
    assert changes("x.mapping.json") == [("dep:generic/zlib", "moved")]


def test_the_tables_of_another_channel_stand_below_ours(run: Run, old: Path, tmp_path: Path) -> None:
    """What bioconda's table says of numpy is not what a look-up gives."""
    new = write_tables(tmp_path / "new")
    bulk = new / "names" / "generated" / "bioconda.tsv"
    bulk.write_text(generated({"numpy": "bio-numpy", "pysam": "pysam"}), encoding="utf-8")

    told = run("map", "diff", old, new, "--json").json

    assert [(change["table"], change["key"], change["new"]) for change in told["changes"]] == [
        ("names/bioconda", "numpy", "numpy"),
        ("names/bioconda", "pysam", "pysam"),
    ]


def test_what_git_recorded_is_compared(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`map diff HEAD: .` is what a commit would change."""
    checkout = tmp_path / "checkout"
    tables = write_tables(checkout / "mappings")
    git = ["git", "-C", str(checkout), "-c", "user.name=x", "-c", "user.email=x@host.example"]
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "tables"]):
        subprocess.run([*git, *arguments], check=True)
    write_tables(tables, conda="elsewhere")
    monkeypatch.chdir(tables)

    told = run("map", "diff", "HEAD:", checkout, "--json").json

    assert [(change["key"], change["old"], change["new"]) for change in told["changes"]] == [
        ("lmdb", "lmdb", "elsewhere")
    ]


def test_a_folder_of_a_revision_without_tables_is_named(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is no fault of the installation."""
    checkout = tmp_path / "checkout"
    write_tables(checkout / "mappings")
    (checkout / "docs").mkdir()
    (checkout / "docs" / "x.md").touch()
    git = ["git", "-C", str(checkout), "-c", "user.name=x", "-c", "user.email=x@host.example"]
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "tables"]):
        subprocess.run([*git, *arguments], check=True)
    monkeypatch.chdir(checkout)

    error = run("map", "diff", "HEAD:docs", "mappings", "--json").json["error"]

    assert (error["code"], error["revision"]) == ("unknown-revision", "HEAD:docs")
    assert "no folder of tables" in error["message"]
    assert "HEAD~5:mappings" in error["hint"]


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        pytest.param("nowhere", ("missing-table", "Name a folder"), id="no-such-path"),
        pytest.param("empty", ("missing-table", "Name a folder"), id="no-tables-in-it"),
        pytest.param("HEAD:", ("unknown-revision", "Write REV:"), id="no-checkout"),
        pytest.param("old/names/overrides.yaml", ("not-comparable", "Compare two"), id="folder-and-table"),
        pytest.param("old/names/generated/x.inverse.tsv", ("unreadable-table", ""), id="an-index"),
        pytest.param("old/names/generated/odd.tsv", ("unreadable-table", ""), id="no-look-up-file"),
        pytest.param("old/odd.yaml", ("unreadable-table", ""), id="no-list"),
    ],
)
def test_what_cannot_be_compared_is_refused(
    run: Run, old: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, new: str, expected: tuple[str, str]
) -> None:
    """With a code, what to do, and nothing on standard output but that."""
    (tmp_path / "empty").mkdir()
    for path, text in {"x.inverse.tsv": "a\tb\n", "odd.tsv": "a\tb\tno-relation\n"}.items():
        (tmp_path / path).write_text(text, encoding="utf-8")
        (tmp_path / path).rename(old / "names" / "generated" / path)
    (old / "odd.yaml").write_text("odd", encoding="utf-8")
    clean = write_tables(tmp_path / "clean")
    monkeypatch.chdir(tmp_path)

    ran = run("map", "diff", clean, new, "--json")

    code, hint = expected
    assert ran.json["error"]["code"] == code
    assert ran.json["error"]["hint"].startswith(hint)
    assert ran.code != 0


def test_tables_of_different_kinds_are_not_compared(run: Run, old: Path) -> None:
    """Names and sonames have nothing in common."""
    ran = run("map", "diff", old / "names" / "overrides.yaml", old / "sonames" / "conda-forge.yaml", "--json")

    assert ran.json["error"]["code"] == "not-comparable"


def test_a_broken_row_is_named_with_its_file(run: Run, tmp_path: Path) -> None:
    """Two folders are compared; the message says in which file of tables the row stands."""
    (tmp_path / "names").mkdir()
    (tmp_path / "names" / "overrides.yaml").write_text("- {pypi: Not_Normal, conda: x, relation: dist}\n", "utf-8")

    ran = run("map", "diff", find_mappings(), tmp_path, "--json")

    assert (ran.code, ran.json["error"]["code"]) == (1, "invalid-override")
    assert ran.json["error"]["path"] == "names/overrides.yaml [0]"
