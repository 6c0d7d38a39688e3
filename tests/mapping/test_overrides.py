from typing import Any

import pytest

from wheelbridge.mapping.overrides import InvalidOverrideError, compile_overrides, parse_overrides
from wheelbridge.mapping.rows import Confidence

GOOD: dict[str, Any] = {
    "pypi": "tzdata",
    "conda": "python-tzdata",
    "relation": "dist",
    "not": ["tzdata"],
    "reason": "conda tzdata is the IANA database",
    "evidence": ["parselmouth issue 82"],
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
        ({"specs": ["x >=1"]}, "is no identity"),
        ({"pypi_range": "<2"}, "is no identity"),
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


@pytest.mark.parametrize("field", ["pypi", "conda", "relation", "reason", "evidence"])
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


def test_a_row_holds_for_its_channels() -> None:
    """Names are per channel."""
    rows = parse_overrides([GOOD, GOOD | {"pypi": "zdata", "conda": "z", "channels": ["bioconda"]}])

    assert [(row.pypi, row.confidence) for row in compile_overrides(rows, "conda-forge")] == [
        ("tzdata", Confidence.CURATED)
    ]
