"""Rows out of packages, sifted by what the table of sonames says."""

from collections.abc import Sequence
from typing import Any

import pytest

from wheelbridge.api.mapping.soname_rows import SiftedSonames, sift_soname_rows
from wheelbridge.mapping.lines import SortedLines
from wheelbridge.mapping.natives.sonames import SonameRow, parse_line, parse_soname_rows, render_line
from wheelbridge.tables.natives import RowTable


def table(*rows: dict[str, Any]) -> RowTable[SonameRow]:
    """Make a table of one soname."""
    parsed = parse_soname_rows(list(rows), own=True)
    lines = f"{render_line(parsed)}\n" if parsed else ""
    return RowTable(SortedLines(lines.encode()), parse_line)


def found(conda: str, *when: str) -> dict[str, Any]:
    """Make a row as packages tell of it."""
    return {"soname": "libwb.so.1", "when": list(when), "conda": conda, "relation": "library"}


NONE = {"soname": "libwb.so.1", "conda": None, "relation": "none", "when": ["linux-64"]}


@pytest.mark.parametrize(
    ("rows", "known", "expected"),
    [
        pytest.param([], "libwb linux-64", (["linux-64"], 0, ()), id="nothing known"),
        pytest.param([found("libwb", "linux-*")], "libwb linux-64", (None, 1, ()), id="known"),
        pytest.param(
            [found("libwb", "linux-64")], "libwb linux-64 linux-aarch64", (["linux-aarch64"], 0, ()), id="half"
        ),
        pytest.param([found("other", "linux-*")], "libwb linux-64", (["linux-64"], 0, ()), id="another package"),
        pytest.param([NONE], "libwb linux-64", (None, 0, ("libwb.so.1",)), id="denied"),
        pytest.param([NONE], "libwb linux-*", "the rest", id="denied for one platform"),
    ],
)
def test_what_is_left(rows: Sequence[dict[str, Any]], known: str, expected: Any) -> None:
    """Platforms that the table has are left out; a word against a row is told."""
    conda, *when = known.split()
    sifted = sift_soname_rows([found(conda, *when)], table(*rows))

    if expected == "the rest":
        (row,) = sifted.rows
        assert "linux-64" not in row["when"]
        assert "linux-aarch64" in row["when"]
        assert sifted.denied == ("libwb.so.1",)
        return
    left, count, denied = expected
    assert [row["when"] for row in sifted.rows] == ([] if left is None else [left])
    assert (sifted.known, sifted.denied) == (count, denied)


def test_nothing_found() -> None:
    """Packages without libraries."""
    assert sift_soname_rows([], table()) == SiftedSonames(())
