"""What wheels need: the shipped rows, and those of maps, by their modes."""

import time
from pathlib import Path

import pytest
from packaging.version import Version

from wheelbridge.api.natives import CURATED, open_natives
from wheelbridge.mapping.external.layers import Mode
from wheelbridge.mapping.overlays import Overlay, parse_overlay
from wheelbridge.model.name import NormalizedName

PYODBC, OTHER = NormalizedName("pyodbc"), NormalizedName("no-such-project")
VERSION = Version("5.2")
ROWS = [{"pypi": "PyODBC", "depends": ["my-odbc"]}, {"pypi": "no-such-project", "depends": ["x"], "pypi_range": ">=2"}]


def mine(mode: Mode = Mode.PATCH, name: str = "mine") -> Overlay:
    """Make a map."""
    return parse_overlay({"wheels": ROWS}, name, mode)


@pytest.mark.parametrize(
    ("mode", "odbc", "weasyprint"),
    [
        (Mode.PATCH, ("my-odbc",), True),
        (Mode.EXTEND, ("unixodbc", "my-odbc"), True),
        (Mode.USE, ("my-odbc",), False),
    ],
)
def test_modes(mode: Mode, odbc: tuple[str, ...], weasyprint: bool) -> None:
    """PEP 804: "replace the matching keys … and append the non-matching ones", and so on."""
    natives = open_natives([mine(mode)])

    assert natives.find(PYODBC, VERSION, "linux-64").specs == odbc
    assert bool(natives.find(NormalizedName("weasyprint"), VERSION, "linux-64").specs) is weasyprint


def test_versions_of_a_row_of_a_map_count() -> None:
    """A row that replaces others replaces them for all versions."""
    natives = open_natives([mine()])

    assert natives.find(OTHER, Version("1"), "linux-64").rows == ()
    assert natives.find(OTHER, Version("2"), "linux-64").specs == ("x",)


def test_the_nearest_map_wins() -> None:
    """And what is behind one that is used alone does not count."""
    near = parse_overlay({"wheels": [{"pypi": "pyodbc", "depends": ["near"]}]}, "near")
    natives = open_natives([near, mine(Mode.USE)])

    assert [(one.layer, one.row.depends) for one in natives.rows(PYODBC)] == [("near", ("near",))]
    assert [one.layer for one in natives.rows(OTHER)] == ["mine"]
    assert [[one.layer for one in layer] for layer in natives.layers(PYODBC)] == [["near"], ["mine"], [CURATED]]


def test_without_maps_it_is_what_is_shipped() -> None:
    """A project that no row knows needs nothing."""
    natives = open_natives()

    assert natives.find(PYODBC, VERSION, "linux-64").specs == ("unixodbc",)
    assert natives.find(PYODBC, VERSION, "win-64").rows == ()
    assert natives.find(OTHER, VERSION, "linux-64").rows == ()


def test_a_row_without_a_reason_still_has_words() -> None:
    """Maps need give none; who is refused is told something all the same."""
    natives = open_natives([parse_overlay({"wheels": [{"pypi": "p", "relation": "none"}]}, "mine")])

    assert natives.find(NormalizedName("p"), VERSION, "linux-64").missing == (
        "needs something that the channel does not have",
    )


def test_the_table_is_opened_when_it_is_asked_for(tmp_path: Path) -> None:
    """Not before; and then it is kept, whatever becomes of the file."""
    path = tmp_path / "wheels" / "conda-forge.yaml"
    path.parent.mkdir()
    natives = open_natives(mappings=tmp_path)
    path.write_text(
        "- {pypi: a, depends: [b], provenance: generated}\n- {pypi: c, depends: [d], provenance: generated}\n"
    )
    first = natives.find(NormalizedName("a"), VERSION, "linux-64")
    path.write_text("[]\n")
    second = natives.find(NormalizedName("c"), VERSION, "linux-64")

    assert (first.specs, second.specs) == (("b",), ("d",))


def test_a_thousand_look_ups_take_next_to_no_time() -> None:
    """The table is opened once: 1,000 projects in less than 20 ms, here with room for a slow machine."""
    natives = open_natives([mine()])
    natives.find(PYODBC, VERSION, "linux-64")
    names = [NormalizedName(f"project-{number}") for number in range(1000)]

    begin = time.process_time()
    for name in names:
        natives.find(name, VERSION, "linux-64")

    assert time.process_time() - begin < 0.1
