import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from rattler import MatchSpec
from ruamel.yaml import YAML

from wheelbridge.mapping.external.rows import CONFIDENCES, PROVENANCES
from wheelbridge.mapping.natives.fields import InvalidTableRowError
from wheelbridge.mapping.natives.sonames import (
    SonameRow,
    key_of,
    package_of_soname,
    parse_line,
    parse_soname_rows,
    render_line,
)
from wheelbridge.mapping.rows import Relation
from wheelbridge.model.name import CondaName

MAPPINGS = Path(__file__).parents[2] / "mappings"
NAMES = MAPPINGS.parents[1] / "shared" / "data" / "names" / "parselmouth-v0-conda-forge.json"
GOOD: dict[str, Any] = {
    "soname": "libodbc.so.2",
    "when": ["linux-*"],
    "conda": "unixodbc",
    "reason": "the driver manager",
    "evidence": ["a test of the recipe"],
    "reviewed": "2026-11-21",
}
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=12)
LISTS = st.lists(TEXTS, unique=True, max_size=3).map(tuple)


@pytest.fixture(scope="module")
def data() -> list[dict[str, Any]]:
    """Read the table as it is shipped."""
    path = MAPPINGS / "sonames" / "conda-forge.yaml"
    return list(YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def rows(data: list[dict[str, Any]]) -> tuple[SonameRow, ...]:
    """Parse it."""
    return parse_soname_rows(data)


class TestTheTable:
    """Every row as it is shipped."""

    def test_it_follows_its_schema(self, data: list[dict[str, Any]], rows: tuple[SonameRow, ...]) -> None:
        """The parser and the published schema agree on it."""
        schema = json.loads((MAPPINGS / "schema" / "sonames.schema.json").read_text(encoding="utf-8"))
        plain = [row | {"reviewed": str(row["reviewed"])} for row in data]

        assert len(rows) >= 200
        Draft202012Validator.check_schema(schema)
        assert [error.message for error in Draft202012Validator(schema).iter_errors(plain)] == []

    def test_every_spec_is_strict_and_of_the_package(self, rows: tuple[SonameRow, ...]) -> None:
        """A spec of another package would install another library."""
        for row in rows:
            for spec in row.depends:
                name = MatchSpec(spec, strict=True).name
                assert name is not None
                assert name.normalized == row.conda

    @pytest.mark.shared_data
    @pytest.mark.skipif(not NAMES.is_file(), reason="the public tables are not beside the checkout")
    def test_every_package_exists(self, rows: tuple[SonameRow, ...]) -> None:
        """Nobody is told to install what the channel never had."""
        assert {row.conda for row in rows if row.conda} - json.loads(NAMES.read_bytes()).keys() == set()

    @pytest.mark.parametrize(
        ("soname", "subdir", "depends"),
        [
            ("libodbc.so.2", "linux-64", ("unixodbc",)),
            ("libgomp.so.1", "linux-aarch64", ("_openmp_mutex",)),
            ("libomp.dylib", "osx-arm64", ("llvm-openmp",)),
            ("libjpeg.so.8", "linux-64", ("libjpeg-turbo",)),
            ("libxml2.so.2", "linux-64", ("libxml2 >=2.10.3,<2.14",)),
            ("libxml2.so.16", "linux-64", ("libxml2-16",)),
            ("libcudart.so.13", "linux-64", ("cuda-cudart >=13,<14",)),
            ("libmpi.so.12", "linux-aarch64", ("mpich",)),
            ("VCOMP140.DLL", "win-64", ("vcomp14",)),
        ],
    )
    def test_answers(self, rows: tuple[SonameRow, ...], soname: str, subdir: str, depends: tuple[str, ...]) -> None:
        """One package, with the versions that have the soname."""
        row = package_of_soname(rows, soname, subdir).row

        assert row is not None
        assert row.depends == depends

    @pytest.mark.parametrize(
        ("soname", "subdir"),
        [("libc.so.6", "linux-64"), ("libjpeg.so.62", "linux-64"), ("KERNEL32.dll", "win-64")],
    )
    def test_what_is_known_to_come_from_no_package(self, rows: tuple[SonameRow, ...], soname: str, subdir: str) -> None:
        """That is an answer with a reason, other than knowing nothing."""
        row = package_of_soname(rows, soname, subdir).row

        assert row is not None
        assert (row.relation, row.conda, row.depends) == (Relation.NONE, None, ())

    @pytest.mark.parametrize(
        ("soname", "subdir"),
        [("libodbc.so.2", "osx-arm64"), ("libodbc.so", "linux-64"), ("LIBODBC.so.2", "linux-64"), ("x", "win-64")],
    )
    def test_nothing_is_guessed(self, rows: tuple[SonameRow, ...], soname: str, subdir: str) -> None:
        """Not by another platform, another version or another spelling."""
        answer = package_of_soname(rows, soname, subdir)

        assert (answer.row, answer.is_ambiguous) == (None, False)

    def test_two_packages_are_no_answer(self, rows: tuple[SonameRow, ...]) -> None:
        """MPICH's ABI is Intel's, too: the person decides."""
        answer = package_of_soname(rows, "libmpi.so.12", "linux-64")

        assert (answer.row, answer.is_ambiguous) == (None, True)
        assert {row.conda for row in answer.rows} == {"impi_rt", "mpich"}


@pytest.mark.parametrize(
    ("change", "path", "problem"),
    [
        ({"soname": "lib/libodbc.so.2"}, "[0].soname", "is no name of a file"),
        ({"soname": "ODBC32.dll", "when": ["win-*"]}, "[0].soname", "write that"),
        ({"soname": "ODBC32.dll", "when": ["*"]}, "[0].soname", "write that"),
        ({"conda": None}, "[0].conda", "null exactly where the relation is 'none'"),
        ({"relation": "none"}, "[0].conda", "null exactly where the relation is 'none'"),
        ({"conda": "unixODBC"}, "[0].conda", "'unixODBC' cannot name a conda package"),
        ({"conda": None, "relation": "none", "specs": ["a"]}, "[0].specs", "nothing is to be installed"),
        ({"relation": "tool"}, "[0].relation", "'tool' is none of library, none"),
        ({"specs": ["libodbc", 2]}, "[0].specs[1]", "expected a text, got int"),
    ],
)
def test_a_row_that_breaks_a_rule_is_refused_with_its_place(change: dict[str, Any], path: str, problem: str) -> None:
    """The error says where in the file, and what is wrong there."""
    with pytest.raises(InvalidTableRowError) as caught:
        parse_soname_rows([GOOD | change])

    assert (caught.value.path, problem in caught.value.problem) == (path, True)


def test_a_row_may_not_be_without_an_answer() -> None:
    """A package that is left out by mistake is not taken for none."""
    with pytest.raises(InvalidTableRowError, match="'conda' is missing"):
        parse_soname_rows([{key: value for key, value in GOOD.items() if key != "conda"}])


@pytest.mark.parametrize(
    ("change", "refused"),
    [
        ({}, True),
        ({"when": ["linux-64"]}, True),
        ({"when": ["linux-64"], "conda": None, "relation": "none"}, True),
        ({"when": ["osx-*"]}, False),
        ({"conda": "other"}, False),
        ({"channels": ["bioconda"]}, False),
    ],
)
def test_two_rows_for_one_soname(change: dict[str, Any], refused: bool) -> None:
    """They may name two packages, which is ambiguous, but not say one thing twice or the opposite."""
    between = GOOD | {"conda": "between", "when": ["win-64"]}
    if refused:
        with pytest.raises(InvalidTableRowError, match="cannot both hold") as caught:
            parse_soname_rows([GOOD, between, GOOD | change])
        assert caught.value.path == "[2].when"
    else:
        assert len(parse_soname_rows([GOOD, between, GOOD | change])) == 3


def test_rows_come_sorted() -> None:
    """A new one has its place; in somebody's own file it has not."""
    data = [GOOD, GOOD | {"soname": "liba.so"}]

    with pytest.raises(InvalidTableRowError, match=r"'liba[.]so' comes after"):
        parse_soname_rows(data)
    assert len(parse_soname_rows(data, own=True)) == 2


@given(
    st.lists(
        st.builds(
            SonameRow,
            soname=st.just("libx.so.1"),
            conda=st.none() | TEXTS.map(CondaName),
            specs=LISTS,
            when=LISTS,
            relation=st.sampled_from(Relation),
            channels=LISTS,
            provenance=st.sampled_from(PROVENANCES),
            confidence=st.sampled_from(CONFIDENCES),
            reason=TEXTS | st.just(""),
            evidence=LISTS,
            reviewed=st.sampled_from(["", "2026-11-21"]),
        ),
        min_size=1,
        max_size=3,
    )
)
def test_lines_round_trip(rows: list[SonameRow]) -> None:
    """All rows of a soname are in one line, under its key."""
    line = render_line(rows)

    assert parse_line(line.split("\t")) == tuple(rows)
    assert line.splitlines() == [line]
    assert line.startswith(f"{key_of('libx.so.1', 'linux-64')}\t")
