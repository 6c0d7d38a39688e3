"""``translate external``: a DepURL taken apart, the ``[external]`` table of a project translated."""

import json
from typing import Any

import pytest

import wheelbridge
from wheelbridge.api.translating import Translator
from wheelbridge.mapping.external.layers import Mode
from wheelbridge.mapping.external.rows import Alternative, ExternalRow
from wheelbridge.mapping.overlays import Overlay
from wheelbridge.mapping.rows import Relation
from wheelbridge.model.target import Target

LINUX = Target(subdir="linux-64")
PROJECT = {
    "external": {
        "build-requires": ["dep:virtual/compiler/c"],
        "host-requires": ["dep:generic/zlib@>=1.2"],
        "dependencies": ["dep:generic/nonsense"],
        "optional-dependencies": {"x": ["dep:generic/tk"]},
        "dependency-groups": {"test": ["dep:generic/ninja"]},
    }
}


def translate(value: object, **options: Any) -> dict[str, Any]:
    """Return the answer without the input, as JSON has it."""
    answer = Translator(LINUX, **options).translate("external", value)
    assert answer.pop("input") == value
    return dict(json.loads(json.dumps(answer)))


def test_a_specifier_is_taken_apart() -> None:
    """Part by part; normalized is the DepURL, without the marker."""
    assert translate("dep:npm/%40Angular/cli@%3E%3D1.0.0?b=1&A=x#sub/path ; sys_platform=='win32'") == {
        "type": "npm",
        "namespace": "@Angular",
        "name": "cli",
        "version": ">=1.0.0",
        "qualifiers": {"a": "x", "b": "1"},
        "subpath": "sub/path",
        "marker": 'sys_platform == "win32"',
        "normalized": "dep:npm/%40Angular/cli@>=1.0.0?a=x&b=1#sub/path",
    }


def test_a_project_is_translated() -> None:
    """What has no package has a reason."""
    assert translate({"pyproject": PROJECT}) == {
        "build": ["c-compiler"],
        "host": ["zlib >=1.2", "python"],
        "run": [],
        "unmapped": ["dep:generic/nonsense"],
        "reasons": {"dep:generic/nonsense": "the tables have no row for 'dep:generic/nonsense'."},
        "notes": [],
    }


def test_extras_and_groups_are_added_where_they_are_asked_for() -> None:
    """Groups count as needed to run."""
    assert translate({"pyproject": PROJECT, "extras": ["X"], "groups": ["Test"]})["run"] == ["tk", "ninja"]


def test_a_project_without_a_table_needs_nothing() -> None:
    """PEP 725: "the package either does not have any external dependencies", or they "are assumed to be present"."""
    answer = translate({"pyproject": {"project": {"name": "x"}}})

    assert answer == {"build": [], "host": [], "run": [], "unmapped": [], "reasons": {}, "notes": []}


def test_maps_of_ones_own_count() -> None:
    """As for names."""
    own = ExternalRow(
        id="dep:generic/nonsense",
        relation=Relation.TOOL,
        alternatives=(Alternative(name="all", when=("*",), run=("sense",)),),
    )
    answer = translate({"pyproject": PROJECT}, maps=[Overlay(name="mine", external=(own,), mode=Mode.PATCH)])

    assert (answer["run"], answer["unmapped"]) == (["sense"], [])


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("pkg:generic/x", "outdated-dep-url"),
        ("x", "invalid-dep-url"),
        (1, "invalid-input"),
        ({}, "invalid-input"),
        ({"pyproject": []}, "invalid-input"),
        ({"pyproject": PROJECT, "extra": []}, "invalid-input"),
        ({"pyproject": PROJECT, "extras": "x"}, "invalid-input"),
        ({"pyproject": PROJECT, "extras": ["y"]}, "unknown-external-group"),
        ({"pyproject": {"external": []}}, "invalid-external-table"),
        ({"pyproject": {"external": {"build-host-requires": []}}}, "outdated-external-table"),
    ],
)
def test_an_input_that_is_wrong_is_an_error_in_the_answer(value: object, code: str) -> None:
    """With a code and a message, as for the other kinds."""
    error = translate(value)["error"]

    assert error["code"] == code
    assert error["message"]


def test_the_public_function_takes_a_table() -> None:
    """The same answer as a value."""
    found = wheelbridge.translate_external(PROJECT["external"], LINUX, extras=["x"])

    assert found.host == ("zlib >=1.2", "python")
    assert found.run == ("tk",)
    assert [one.dependency for one in found.unmapped] == ["dep:generic/nonsense"]
