"""External dependencies in the tables and in maps of somebody's own."""

from collections.abc import Sequence
from typing import Any

import pytest

from wheelbridge.api.external.rows import LayeredRows
from wheelbridge.api.mapping.dependencies import Dependencies, open_dependencies
from wheelbridge.mapping.external.ids import InvalidExternalIdError, Registry
from wheelbridge.mapping.external.layers import Mode
from wheelbridge.mapping.external.parsing import ExternalRow, parse_external
from wheelbridge.mapping.external.pep804 import parse_registry
from wheelbridge.mapping.overlays import Overlay, parse_overlay


def row(name: str, *packages: str) -> dict[str, Any]:
    """Make a row; without packages, one that says that there are none."""
    alternatives = [{"name": "default", "when": ["*"], "host": list(packages)}] if packages else []
    relation = "library" if packages else "none"
    account = {"reason": "because", "evidence": ["a look"], "reviewed": "2026-11-21"}
    return {"id": name, "relation": relation, "alternatives": alternatives, **account}


SHIPPED = parse_external([row("dep:generic/one", "one"), row("dep:generic/two", "two")])


def overlay(name: str, mode: Mode, *rows: dict[str, Any]) -> Overlay:
    """Make a map of external ids."""
    return parse_overlay({"external": list(rows)}, name, mode)


def open_rows(
    shipped: Sequence[ExternalRow], maps: Sequence[Overlay] = (), registry: Registry | None = None
) -> Dependencies:
    """Open a table of these rows."""
    find = {row.id: (row,) for row in shipped}
    return Dependencies(LayeredRows(lambda name: find.get(name, ()), lambda: registry or Registry(), maps))


def json_of(table: Dependencies, name: str) -> dict[str, Any]:
    """Return what ``map explain --json`` has of an id."""
    return table.look_up(name).explain_json()


def packages(table: Dependencies, name: str) -> list[tuple[object, object]]:
    """Return layer and packages of every answer."""
    return [(one["layer"], one.get("host")) for one in json_of(table, name)["answers"]]


@pytest.mark.parametrize(
    ("mode", "one", "two"),
    [
        (Mode.PATCH, [("mine", ["x"])], [("curated", ["two"])]),
        (Mode.EXTEND, [("curated", ["one"]), ("mine", ["x"])], [("curated", ["two"])]),
        (Mode.USE, [("mine", ["x"])], []),
    ],
)
def test_modes(mode: Mode, one: object, two: object) -> None:
    """PEP 804: what extends "enriches the set of options without complete overrides"."""
    table = open_rows(SHIPPED, [overlay("mine", mode, row("dep:generic/one", "x"))])

    assert packages(table, "dep:generic/one") == one
    assert packages(table, "dep:generic/two") == two


def test_the_nearest_wins() -> None:
    """Whatever is replaced is still explained."""
    near, far = (overlay(name, Mode.PATCH, row("dep:generic/one", name)) for name in ("near", "far"))
    found = json_of(open_rows(SHIPPED, [near, far]), "DEP:Generic/one")

    assert found["winner"] == "near"
    assert [(one["layer"], one["decides"]) for one in found["layers"]] == [
        ("near", True),
        ("far", False),
        ("curated", False),
    ]


def test_not_packaged_is_an_answer() -> None:
    """And nothing known is none."""
    table = open_rows(parse_external([row("dep:generic/gone")]))
    gone, other = json_of(table, "dep:generic/gone"), json_of(table, "dep:generic/other")

    assert packages(table, "dep:generic/gone") == [("curated", None)]
    assert (gone["known"], other["known"]) == (True, False)
    assert ("not packaged" in gone["why"], other["why"]) == (True, "no layer speaks of it")


def test_another_word_for_an_id() -> None:
    """It is followed, and people are told."""
    found = json_of(open_rows(parse_external([row("dep:virtual/compiler/cxx", "g")])), "dep:virtual/compiler/cpp")

    assert found["name"] == "dep:virtual/compiler/cxx"
    assert "compiler/cpp" in found["note"]


def test_no_id() -> None:
    """The id's own error says what is wrong."""
    with pytest.raises(InvalidExternalIdError):
        open_rows(()).look_up("dep:generic/zlib@1.2")


def test_the_tables_as_they_are_shipped() -> None:
    """They can be read, and zlib is a library."""
    found = json_of(open_dependencies(), "dep:generic/zlib")

    assert {one["relation"] for one in found["answers"]} == {"library"}


def test_a_row_for_an_alias_answers_for_it() -> None:
    """Somebody's own row is never passed over; without one, the alias is followed, in look-ups and translations."""
    registry = parse_registry([{"id": "dep:generic/one"}, {"id": "dep:generic/uno", "provides": "dep:generic/one"}])
    plain = open_rows(SHIPPED, registry=registry)
    own = open_rows(SHIPPED, [overlay("mine", Mode.PATCH, row("dep:generic/uno", "x"))], registry)

    assert packages(plain, "dep:generic/uno") == [("curated", ["one"])]
    assert packages(own, "dep:generic/uno") == [("mine", ["x"])]
