import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from packaging.utils import NormalizedName
from packaging.version import Version
from rattler import MatchSpec
from ruamel.yaml import YAML

from wheelbridge.mapping.external.rows import CONFIDENCES, PROVENANCES
from wheelbridge.mapping.lines import SortedLines
from wheelbridge.mapping.natives.fields import InvalidTableRowError
from wheelbridge.mapping.natives.wheels import (
    Natives,
    WheelRow,
    natives_of,
    parse_line,
    parse_wheel_rows,
    render_line,
)
from wheelbridge.mapping.rows import Relation

MAPPINGS = Path(__file__).parents[2] / "mappings"
NAMES = MAPPINGS.parents[1] / "shared" / "data" / "names" / "parselmouth-v0-conda-forge.json"
GOOD: dict[str, Any] = {
    "pypi": "pyodbc",
    "when": ["linux-*"],
    "depends": ["unixodbc"],
    "reason": "is linked with unixODBC",
    "evidence": ["the wheel needs libodbc.so.2"],
    "reviewed": date(2026, 11, 21),
}

TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=12)
LISTS = st.lists(TEXTS, unique=True, max_size=3).map(tuple)
ACCOUNTS = st.fixed_dictionaries(
    {
        "channels": st.lists(TEXTS, unique=True, min_size=1, max_size=2).map(tuple),
        "provenance": st.sampled_from(PROVENANCES),
        "confidence": st.sampled_from(CONFIDENCES),
        "reason": TEXTS,
        "evidence": LISTS,
        "reviewed": st.sampled_from(["", "2026-11-21"]),
        "relation": st.sampled_from(Relation),
    }
)


def load(name: str) -> list[dict[str, Any]]:
    """Read a table as it is shipped."""
    return list(YAML(typ="safe", pure=True).load((MAPPINGS / name).read_text(encoding="utf-8")))


class TestTheTable:
    """Every row as it is shipped."""

    def test_it_parses_and_follows_its_schema(self) -> None:
        """The parser and the published schema agree on it."""
        data = load("wheels/conda-forge.yaml")
        schema = json.loads((MAPPINGS / "schema" / "wheels.schema.json").read_text(encoding="utf-8"))
        plain = [row | {"reviewed": str(row["reviewed"])} for row in data]

        assert len(parse_wheel_rows(data)) >= 40
        Draft202012Validator.check_schema(schema)
        assert [error.message for error in Draft202012Validator(schema).iter_errors(plain)] == []

    def test_every_spec_is_strict(self) -> None:
        """Rattler reads each one as the solver will."""
        rows = parse_wheel_rows(load("wheels/conda-forge.yaml"))

        for spec in (spec for row in rows for spec in (*row.depends, *row.one_of)):
            assert str(MatchSpec(spec, strict=True)).startswith(spec.split()[0])

    @pytest.mark.shared_data
    @pytest.mark.skipif(not NAMES.is_file(), reason="the public tables are not beside the checkout")
    def test_every_package_exists(self) -> None:
        """Nobody is told to install what the channel never had."""
        known = json.loads(NAMES.read_bytes())
        rows = parse_wheel_rows(load("wheels/conda-forge.yaml"))
        names = {spec.split()[0] for row in rows for spec in (*row.depends, *row.one_of)}

        assert names - known.keys() == set()

    @pytest.mark.parametrize(
        ("project", "version", "subdir", "specs", "choices"),
        [
            ("pyodbc", "5.2.0", "linux-64", ("unixodbc",), 0),
            ("pyodbc", "5.2.0", "osx-arm64", (), 0),
            ("lightgbm", "4.7.0", "linux-aarch64", ("_openmp_mutex",), 0),
            ("lightgbm", "4.7.0", "osx-arm64", ("llvm-openmp",), 0),
            ("lightgbm", "4.7.0", "win-64", (), 0),
            ("mpi4py", "4.1.0", "linux-64", (), 3),
            ("mpi4py", "4.1.0", "osx-arm64", (), 2),
            ("mpi4py", "4.0.3", "linux-64", (), 0),
            ("numpy", "2.4", "linux-64", (), 0),
        ],
    )
    def test_answers(self, project: str, version: str, subdir: str, specs: tuple[str, ...], choices: int) -> None:
        """By project, version and platform; which MPI, nobody decides."""
        rows = parse_wheel_rows(load("wheels/conda-forge.yaml"))
        natives = natives_of(rows, NormalizedName(project), Version(version), subdir)

        assert natives.specs == specs
        assert sum(map(len, natives.choices)) == choices

    def test_what_no_channel_has_is_said(self) -> None:
        """An answer, too: it is known to be missing, and what."""
        rows = parse_wheel_rows(load("wheels/conda-forge.yaml"))
        natives = natives_of(rows, NormalizedName("python-vlc"), Version("3"), "linux-64")

        assert (natives.specs, natives.choices) == ((), ())
        assert "libvlc" in natives.missing[0]


@pytest.mark.parametrize(
    ("change", "path", "problem"),
    [
        ({"pypi": "PyODBC"}, "[0].pypi", "'PyODBC' is not normalized"),
        ({"pypi": 3}, "[0].pypi", "expected a text, got int"),
        ({"depends": "unixodbc"}, "[0].depends", "expected a list, got str"),
        ({"depends": ["unixodbc", ""]}, "[0].depends[1]", "the text is empty"),
        ({"depends": ["unixodbc", "UnixODBC"]}, "[0].depends[1]", "'UnixODBC' is no MatchSpec of a conda package"),
        ({"depends": ["{{ compiler('c') }}"]}, "[0].depends[0]", "is no MatchSpec"),
        ({"depends": ["a", "a"]}, "[0].depends[1]", "'a' is there twice"),
        ({"depends": []}, "[0]", "it names specs exactly where"),
        ({"relation": "none"}, "[0]", "it names specs exactly where"),
        ({"relation": "dist"}, "[0].relation", "'dist' is none of library, tool, none"),
        ({"one_of": ["mpich"]}, "[0].one_of", "one spec is no choice"),
        ({"pypi_range": "five"}, "[0].pypi_range", "'five' is no version specifier"),
        ({"when": ["linux64"]}, "[0].when[0]", "'linux64' is no glob"),
        ({"when": ["LINUX-*"]}, "[0].when[0]", "'LINUX-*' is no glob"),
        ({"when": []}, "[0].when", "it is for no subdir"),
        ({"channels": []}, "[0].channels", "it holds for no channel"),
        ({"provenance": "guessed"}, "[0].provenance", "'guessed' is none of"),
        ({"confidence": "high"}, "[0].confidence", "'high' is none of"),
        ({"reviewed": "21.11.2026"}, "[0].reviewed", "is no date; write it like"),
        ({"reason": "a\u0007b"}, "[0].reason", "has a control character"),
        ({"evidence": []}, "[0]", "'evidence' is missing"),
        ({"dependz": []}, "[0]", "there is no field 'dependz'"),
    ],
)
def test_a_row_that_breaks_a_rule_is_refused_with_its_place(change: dict[str, Any], path: str, problem: str) -> None:
    """The error says where in the file, and what is wrong there."""
    with pytest.raises(InvalidTableRowError) as caught:
        parse_wheel_rows([GOOD | change])

    assert caught.value.path == path
    assert problem in caught.value.problem
    assert (caught.value.code, bool(caught.value.hint)) == ("invalid-table-row", True)


@pytest.mark.parametrize("field", ["pypi", "reason", "evidence", "reviewed"])
def test_a_curated_row_gives_its_account(field: str) -> None:
    """Others are to believe it; somebody's own row owes nobody a reason."""
    row = {key: value for key, value in GOOD.items() if key != field}

    with pytest.raises(InvalidTableRowError, match=f"'{field}'"):
        parse_wheel_rows([row])
    if field != "pypi":
        assert parse_wheel_rows([row], own=True)
        assert parse_wheel_rows([row | {"provenance": "generated"}])


@pytest.mark.parametrize(
    ("data", "path", "problem"),
    [
        ({"pyodbc": GOOD}, "[]", "expected a list of rows, got dict"),
        (["pyodbc"], "[0]", "expected a mapping, got str"),
        ([GOOD, GOOD | {"pypi": "aa"}], "[1]", "'aa' comes after 'pyodbc'"),
        ([GOOD, GOOD | {"depends": ["x"]}], "[1]", "is there twice"),
    ],
)
def test_a_file_that_breaks_a_rule_is_refused(data: object, path: str, problem: str) -> None:
    """Some rules hold between the rows."""
    with pytest.raises(InvalidTableRowError) as caught:
        parse_wheel_rows(data)

    assert (caught.value.path, problem in caught.value.problem) == (path, True)


def test_an_empty_file_has_no_rows() -> None:
    """YAML reads it as nothing at all."""
    assert parse_wheel_rows(None) == ()


def test_several_rows_add_up() -> None:
    """A project may need one thing everywhere and another on one platform."""
    rows = parse_wheel_rows([GOOD, GOOD | {"depends": ["unixodbc", "b"], "when": ["*-64"]}], own=True)

    assert natives_of(rows, NormalizedName("pyodbc"), Version("5"), "linux-64").specs == ("unixodbc", "b")
    assert natives_of(rows, NormalizedName("other"), Version("5"), "linux-64") == Natives()


def test_a_pre_release_is_a_version_of_the_range() -> None:
    """The range says which wheels were looked at, not which of them to choose."""
    rows = parse_wheel_rows([GOOD | {"pypi_range": ">=5"}])

    assert natives_of(rows, NormalizedName("pyodbc"), Version("6.0rc1"), "linux-64").specs == ("unixodbc",)
    assert natives_of(rows, NormalizedName("pyodbc"), Version("4.9"), "linux-64").specs == ()


class TestLines:
    """Look-up files are read without YAML: what is written is what is read."""

    @given(
        st.lists(
            st.builds(
                lambda account, **own: WheelRow(pypi=NormalizedName("a"), **own, **account),
                account=ACCOUNTS,
                depends=LISTS,
                one_of=LISTS,
                pypi_range=st.sampled_from(["", ">=1,<2"]),
                when=LISTS,
            ),
            min_size=1,
            max_size=3,
        )
    )
    def test_round_trip(self, rows: list[WheelRow]) -> None:
        """All rows of a project are in one line, however it is cut into lines."""
        line = render_line(rows)

        assert parse_line(line.split("\t")) == tuple(rows)
        assert line.splitlines() == [line]

    def test_the_table_is_found_by_bisection(self) -> None:
        """As the look-up files are searched."""
        rows = parse_wheel_rows(load("wheels/conda-forge.yaml"))
        projects = sorted({row.pypi for row in rows})
        lines = [render_line([row for row in rows if row.pypi == project]) for project in projects]
        found = SortedLines("".join(f"{line}\n" for line in sorted(lines)).encode()).find("mpi4py")

        assert parse_line(found or []) == tuple(row for row in rows if row.pypi == "mpi4py")
