from datetime import date
from typing import Any

import pytest

from wheelbridge.mapping.overrides import InvalidOverrideError, compile_overrides, parse_overrides
from wheelbridge.mapping.rows import Confidence, Role

GOOD: dict[str, Any] = {
    "pypi": "tzdata",
    "conda": "python-tzdata",
    "relation": "dist",
    "not": ["tzdata"],
    "reason": "conda tzdata is the IANA database",
    "evidence": ["parselmouth issue 82"],
    "reviewed": "2026-11-21",
}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"pypi": "TzData"}, r"\[0\]: the project 'TzData' is not normalized"),
        ({"conda": None}, "null exactly where the relation is 'none'"),
        ({"relation": "none"}, "null exactly where the relation is 'none'"),
        ({"relation": "dits"}, "'dits' is no relation; there are dist, base"),
        ({"conda": "Python tzdata"}, "cannot name a conda package"),
        ({"conda": "python"}, "python comes from a channel only"),
        ({"not": ["python-tzdata"]}, "both the answer and rejected"),
        ({"not": "tzdata"}, "'not' must be a list of texts"),
        ({"pypi_range": "2"}, "is no version specifier"),
        ({"reviewed": "yesterday"}, "is no date"),
        ({"reviewed": "20261121"}, "is no date"),
        ({"confidence": "sure"}, "'sure' is no confidence; there are recipe"),
        ({"provenance": "hearsay"}, "is none of curated"),
        ({"pypi": ""}, r"\[0\]: '' cannot name a project \(PEP 508\)"),
        ({"pypi": "pypi:foo"}, "'pypi:foo' cannot name a project"),
        ({"pypi": "foo/bar[x]"}, "cannot name a project"),
        ({"channels": []}, "holds for no channel"),
        ({"conda": "pypi.docker"}, "kept for projects of an index"),
        ({"not": ["pypi.docker"]}, "kept for projects of an index"),
        ({"specs": ["pypi.docker >=1"]}, "kept for projects of an index"),
        ({"specs": ["corp::foo"]}, "name, version and build"),
        ({"specs": ["foo[build_number='<1']"]}, "name, version and build"),
        ({"specs": ["https://host.example/foo-1-0.conda"]}, "name, version and build"),
        ({"specs": ["-foo"]}, "name, version and build"),
        ({"channels": [""]}, "'' is no name of a channel"),
        ({"channels": ["conda-forge", "https://host.example/x"]}, "'https://host.example/x' is no name of a channel"),
        ({"channels": ["../x"]}, "is no name of a channel"),
        ({"channels": ["a b"]}, "is no name of a channel"),
        ({"channels": ["conda-forge.inverse"]}, "is no name of a channel"),
        ({"evidence": ["seen", " "]}, "an item of its evidence is blank"),
        ({"reason": " "}, "needs a reason"),
        ({"evidence": []}, "needs a reason and its evidence"),
        ({"evidnce": []}, "there is no field 'evidnce'"),
        ({"pypi": 3}, "'pypi' must be a text, got 3"),
        ({"conda": 3}, "'conda' must be a text or null, got 3"),
    ],
)
def test_a_row_that_breaks_a_rule_is_refused_with_its_place(change: dict[str, Any], message: str) -> None:
    """The message names the row and what is wrong."""
    with pytest.raises(InvalidOverrideError, match=message):
        parse_overrides([GOOD | change])


@pytest.mark.parametrize("field", ["pypi", "conda", "relation", "reason", "evidence", "reviewed"])
def test_a_field_may_not_be_missing(field: str) -> None:
    """Each required field is asked for by name."""
    with pytest.raises(InvalidOverrideError, match=f"the field '{field}' is missing"):
        parse_overrides([{key: value for key, value in GOOD.items() if key != field}])


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"tzdata": GOOD}, "expected a list of rows, got dict"),
        (["tzdata"], r"\[0\]: expected a mapping, got str"),
        ([GOOD, GOOD], "'tzdata' is there twice"),
        ([GOOD, GOOD | {"pypi": "zdata"}], "'python-tzdata' is the identity of two projects"),
        ([GOOD, GOOD | {"pypi": "a", "conda": "a"}], "not sorted"),
    ],
)
def test_a_file_that_breaks_a_rule_is_refused(data: object, message: str) -> None:
    """Some rules hold between the rows."""
    with pytest.raises(InvalidOverrideError, match=message):
        parse_overrides(data)


def test_two_projects_may_point_at_one_package_if_only_one_is_it() -> None:
    """The other one explains."""
    rows = parse_overrides([GOOD, GOOD | {"pypi": "zdata", "relation": "equivalent"}])

    assert [row.is_identity for row in rows] == [True, False]


@pytest.mark.parametrize(
    ("change", "role"),
    [
        ({}, Role.IDENTITY),
        ({"pypi_range": "<2"}, Role.STAND_IN),
        ({"specs": ["x >=1"]}, Role.STAND_IN),
        ({"relation": "base", "specs": ["x >=1"]}, Role.IDENTITY),
        ({"relation": "base", "pypi_range": "<2"}, Role.STAND_IN),
        ({"relation": "equivalent"}, Role.EXPLANATION),
        ({"relation": "equivalent", "specs": ["x >=1"]}, Role.STAND_IN),
        ({"relation": "meta"}, Role.STAND_IN),
        ({"relation": "part"}, Role.EXPLANATION),
        ({"relation": "tool", "specs": ["x >=1"]}, Role.EXPLANATION),
        ({"relation": "library", "specs": ["x >=1"]}, Role.EXPLANATION),
        ({"relation": "none", "conda": None}, Role.EXPLANATION),
    ],
)
def test_what_a_row_may_do(change: dict[str, Any], role: Role) -> None:
    """A relation decides; a row that is limited, or needs more, is no plain identity."""
    (row,) = parse_overrides([GOOD | change])

    assert row.role is role
    assert row.is_identity == row.as_row().is_identity == (role is Role.IDENTITY)


def test_a_row_of_ones_own_needs_no_evidence() -> None:
    """Nobody else has to be convinced; the order does not matter either."""
    rows = parse_overrides([{"pypi": name, "conda": name, "relation": "dist"} for name in ("b", "a")], own=True)

    assert [(row.pypi, row.reason, row.evidence) for row in rows] == [("b", "", ()), ("a", "", ())]


@pytest.mark.parametrize("channel", ["corp", "Corp.Team/dev_1"])
def test_a_row_of_ones_own_may_be_for_any_channel(channel: str) -> None:
    """No file is named after it."""
    row = {"pypi": "a", "conda": "a", "relation": "dist", "channels": [channel]}

    assert parse_overrides([row], own=True)[0].channels == (channel,)
    with pytest.raises(InvalidOverrideError, match="is no name of a channel") as caught:
        parse_overrides([row | {"channels": ["https://u:s3cret@host.example/x"]}], own=True)
    assert "s3cret" not in caught.value.message


def test_a_spec_is_one_line() -> None:
    """The fields of a look-up file stand between tabs."""
    (row,) = parse_overrides([GOOD | {"specs": ["x\t>=1\n"]}])

    assert row.specs == ("x >=1",)


def test_a_day_may_be_written_as_yaml_has_days() -> None:
    """YAML reads 2026-11-21 as a date; the row keeps the text."""
    (row,) = parse_overrides([GOOD | {"reviewed": date(2026, 11, 21)}])

    assert row.as_row().reviewed == "2026-11-21"


def test_a_row_holds_for_its_channels() -> None:
    """Names are per channel."""
    rows = parse_overrides([GOOD, GOOD | {"pypi": "zdata", "conda": "z", "channels": ["bioconda"]}])

    assert [(row.pypi, row.confidence) for row in compile_overrides(rows, "conda-forge")] == [
        ("tzdata", Confidence.CURATED)
    ]
