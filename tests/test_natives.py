"""The look-up files of native things say what the tables say, row by row."""

from pathlib import Path

import pytest
from packaging.version import Version

from wheelbridge.api.natives import open_natives
from wheelbridge.mapping.external.parsing import parse_external
from wheelbridge.mapping.natives.sonames import parse_soname_rows
from wheelbridge.mapping.natives.wheels import parse_wheel_rows
from wheelbridge.model.name import NormalizedName
from wheelbridge.tables import MissingTableError, find_mappings
from wheelbridge.tables.build import make_packages_module
from wheelbridge.tables.documents import load_document
from wheelbridge.tables.natives import find_soname, load_external

MAPPINGS = find_mappings()
PACKAGE = Path(__file__).parents[1] / "wheelbridge"


def load(table: str) -> object:
    """Load a table of conda-forge."""
    return load_document(MAPPINGS / table / "conda-forge.yaml")


def test_every_external_id_is_found() -> None:
    """The whole row survives its line."""
    table, rows = load_external(), parse_external(load("external"))

    assert len(rows) > 50
    assert [table.find(row.id) for row in rows] == [(row,) for row in rows]
    assert table.find("dep:generic/no-such-thing") == ()


def test_every_wheel_is_found() -> None:
    """All rows of a project stand in one line; where they hold is asked of them."""
    rows, natives = parse_wheel_rows(load("wheels")), open_natives()

    for row in rows:
        subdirs = [subdir for subdir in ("linux-64", "osx-arm64", "win-64") if row.holds(Version("9999"), subdir)]
        for subdir in subdirs:
            assert row in natives.find(row.pypi, Version("9999"), subdir).rows
    assert natives.find(NormalizedName("pyodbc"), Version("5.2"), "linux-64").specs == ("unixodbc",)
    assert natives.find(NormalizedName("pyodbc"), Version("5.2"), "win-64").specs == ()
    assert natives.find(NormalizedName("no-such-project"), Version("1"), "linux-64").rows == ()


def test_every_soname_is_found() -> None:
    """One package, several, the system's, or nothing."""
    rows = parse_soname_rows(load("sonames"))

    for row in rows:
        for subdir in ("linux-64", "linux-aarch64", "osx-arm64", "win-64"):
            if row in find_soname(row.soname, subdir).rows:
                break
        else:
            pytest.fail(f"{row.soname} is found nowhere")
    found = find_soname("libodbc.so.2", "linux-64").row
    assert found is not None
    assert found.conda == "unixodbc"
    assert find_soname("libmpi.so.12", "linux-64").is_ambiguous
    assert find_soname("libmpi.so.12", "linux-64").row is None
    assert find_soname("libnothing.so.1", "linux-64").rows == ()


def test_a_folder_without_the_tables_knows_nothing(tmp_path: Path) -> None:
    """A folder of names alone is a folder of tables; one that is not there is none."""
    (tmp_path / "names").mkdir()

    assert load_external(tmp_path).find("dep:generic/zlib") == ()
    with pytest.raises(MissingTableError):
        find_mappings(tmp_path / "elsewhere")


def test_the_module_of_providers_is_made_from_the_table() -> None:
    """What the translator goes by is what people read; after an edit, `wheelbridge map sync` writes it."""
    committed = PACKAGE / "translate" / "providers" / "packages.py"

    assert make_packages_module(MAPPINGS) == committed.read_text(encoding="utf-8")
