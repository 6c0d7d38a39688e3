"""External dependencies in the tables and in maps of somebody's own."""

from typing import Any

import pytest

from wheelbridge.api.mapping.dependencies import Dependencies, load_dependencies
from wheelbridge.mapping.external.ids import InvalidExternalIdError
from wheelbridge.mapping.external.layers import Mode
from wheelbridge.mapping.external.parsing import parse_external
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
    table = Dependencies(SHIPPED, [overlay("mine", mode, row("dep:generic/one", "x"))])

    assert packages(table, "dep:generic/one") == one
    assert packages(table, "dep:generic/two") == two


def test_the_nearest_wins() -> None:
    """Whatever is replaced is still explained."""
    near, far = (overlay(name, Mode.PATCH, row("dep:generic/one", name)) for name in ("near", "far"))
    found = json_of(Dependencies(SHIPPED, [near, far]), "DEP:Generic/one")

    assert found["winner"] == "near"
    assert [(one["layer"], one["decides"]) for one in found["layers"]] == [
        ("near", True),
        ("far", False),
        ("curated", False),
    ]


def test_not_packaged_is_an_answer() -> None:
    """And nothing known is none."""
    table = Dependencies(parse_external([row("dep:generic/gone")]))
    gone, other = json_of(table, "dep:generic/gone"), json_of(table, "dep:generic/other")

    assert packages(table, "dep:generic/gone") == [("curated", None)]
    assert (gone["known"], other["known"]) == (True, False)
    assert ("not packaged" in gone["why"], other["why"]) == (True, "no layer speaks of it")


def test_another_word_for_an_id() -> None:
    """It is followed, and people are told."""
    found = json_of(Dependencies(parse_external([row("dep:virtual/compiler/cxx", "g")])), "dep:virtual/compiler/cpp")

    assert found["name"] == "dep:virtual/compiler/cxx"
    assert "compiler/cpp" in found["note"]


def test_no_id() -> None:
    """The id's own error says what is wrong."""
    with pytest.raises(InvalidExternalIdError):
        Dependencies(()).look_up("dep:generic/zlib@1.2")


def test_the_tables_as_they_are_shipped() -> None:
    """They can be read, and zlib is a library."""
    found = json_of(load_dependencies(), "dep:generic/zlib")

    assert {one["relation"] for one in found["answers"]} == {"library"}
