"""Maps of somebody's own: what they may say, and where their layers go."""

from typing import Any

import pytest

from wheelbridge.mapping.external.layers import Mode
from wheelbridge.mapping.lookup import Layer, LayeredNameTable
from wheelbridge.mapping.overlays import InvalidMapError, Overlay, Stack, effective, parse_overlay, stack_overlays
from wheelbridge.mapping.rows import Relation, Role
from wheelbridge.model.name import CondaName, NormalizedName

EXTERNAL = {
    "id": "dep:generic/zlib",
    "relation": "library",
    "alternatives": [{"name": "default", "when": ["*"], "host": ["my-zlib"]}],
}
WHEEL = {"pypi": "a", "depends": ["b"]}


def said(data: object) -> dict[str, tuple[str | None, str]]:
    """Return project -> package and relation."""
    return {row.pypi: (row.conda, row.relation.value) for row in parse_overlay(data, "mine").rows}


class TestForms:
    """A list of rows, the short form, and both below ``names``."""

    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            pytest.param("pytorch", ("pytorch", "dist"), id="name"),
            pytest.param(None, (None, "none"), id="null"),
            pytest.param([], (None, "none"), id="empty list"),
            pytest.param(False, (None, "none"), id="false, for TOML"),
            pytest.param({"conda": "pytorch"}, ("pytorch", "dist"), id="row"),
            pytest.param({"conda": "pytorch", "relation": "tool"}, ("pytorch", "tool"), id="row with a relation"),
            pytest.param({"conda": None}, (None, "none"), id="row without a package"),
            pytest.param({"conda": False, "reason": "x"}, (None, "none"), id="row of TOML without a package"),
            pytest.param({"relation": "none"}, (None, "none"), id="relation alone"),
        ],
    )
    def test_a_line_of_the_short_form(self, value: object, expected: tuple[str | None, str]) -> None:
        """Null says that there is known to be none, as in pixi's ``conda-pypi-map``."""
        assert said({"torch": value}) == {"torch": expected}

    @pytest.mark.parametrize(
        "data",
        [
            {"Zope_Interface": "zope.interface"},
            {"names": {"Zope_Interface": "zope.interface"}},
            [{"pypi": "Zope_Interface", "conda": "zope.interface", "relation": "dist"}],
            {"names": [{"pypi": "Zope_Interface", "conda": "zope.interface", "relation": "dist"}]},
        ],
    )
    def test_every_form_says_the_same(self, data: object) -> None:
        """Names of projects are normalized in all of them."""
        assert said(data) == {"zope-interface": ("zope.interface", "dist")}

    @pytest.mark.parametrize("data", [None, [], {}, {"names": None}, {"names": {}, "external": None}, {"wheels": []}])
    def test_nothing_said_is_a_map(self, data: object) -> None:
        """A file whose lines were all taken away need not be taken away itself."""
        assert parse_overlay(data, "mine") == Overlay(name="mine")

    def test_a_row_says_all_that_a_curated_one_does(self) -> None:
        """And needs neither reason nor evidence."""
        row = {"conda": "cupy", "specs": ["cuda-version >=12,<13"], "not": ["cupy-core"], "reason": "a\n\tb"}
        (found,) = parse_overlay({"cupy-cuda12x": row}, "mine").rows

        assert (found.role, found.specs, found.rejected) == (Role.STAND_IN, ("cuda-version >=12,<13",), ("cupy-core",))
        assert (found.reason, found.evidence) == ("a b", ())

    def test_rows_need_no_order(self) -> None:
        """Only the tables of wheelbridge are sorted."""
        assert list(said({"b": "b", "a": "a"})) == ["b", "a"]

    def test_rows_of_external_ids(self) -> None:
        """They stand beside the names, and need no reason, either."""
        found = parse_overlay({"external": [EXTERNAL]}, "mine")

        assert [(row.id, row.alternatives[0].host) for row in found.external] == [("dep:generic/zlib", ("my-zlib",))]
        assert found.rows == ()

    def test_rows_of_wheels(self) -> None:
        """They stand beside the names, in any order, with any spelling, and need no reason, either."""
        wheels = [
            {"pypi": "Py_ODBC", "depends": ["unixodbc >=2.3"], "when": ["linux-*"]},
            {"pypi": "a", "one_of": ["b", "c"], "pypi_range": ">=2"},
            {"pypi": "a", "relation": "none", "pypi_range": "<2"},
        ]
        found = parse_overlay({"names": {"x": "y"}, "wheels": wheels}, "mine")

        assert [(row.pypi, row.depends, row.one_of) for row in found.wheels] == [
            ("py-odbc", ("unixodbc >=2.3",), ()),
            ("a", (), ("b", "c")),
            ("a", (), ()),
        ]
        assert [row.pypi for row in found.rows] == ["x"]

    @pytest.mark.parametrize("text", ["a\tb", "a\nb", "a\u2028b", "a\x1fb", "a\x0bb"])
    def test_no_text_breaks_a_line_of_the_look_up_files(self, text: str) -> None:
        """What separates fields, items and lines there is a blank like any other."""
        broken = {"conda": "c", "reason": text, "evidence": [text], "pypi_range": ">=1,\t<2"}
        (layer,) = parse_overlay({"p": broken}, "mine").layers()
        (fields,) = list(layer.projects)
        row = layer.row(NormalizedName("p"))

        assert row is not None
        assert (row.reason, row.evidence, row.pypi_range) == ("a b", ("a b",), ">=1, <2")
        assert fields[0] == "p"


@pytest.mark.parametrize(
    ("data", "path", "problem"),
    [
        pytest.param("torch", "", "not 'torch'", id="a text"),
        pytest.param({"torch": 3}, "torch", "3 is no answer", id="a number"),
        pytest.param({"torch": True}, "torch", "True is no answer", id="true"),
        pytest.param({"torch": ["a", "b"]}, "torch", "is no answer", id="several"),
        pytest.param({"torch": "py torch"}, "torch", "cannot name a conda package", id="no package"),
        pytest.param({"torch": "__cuda"}, "torch", "cannot name a conda package", id="virtual package"),
        pytest.param({"torch": "python"}, "torch", "never mapped", id="python as a package"),
        pytest.param({"Python": "x"}, "Python", "never mapped", id="python as a project"),
        pytest.param({"torch": {}}, "torch", "names no conda package", id="empty row"),
        pytest.param({"torch": {"specs": ["x"]}}, "torch", "names no conda package", id="row without a package"),
        pytest.param({"torch": {"conda": "x", "pypi": "y"}}, "torch", "named twice", id="project in the row, too"),
        pytest.param({"torch": {"conda": "x", "cnda": "y"}}, "torch", "no field 'cnda'", id="unknown field"),
        pytest.param({"torch": {"conda": None, "relation": "dist"}}, "torch", "null exactly where", id="contradiction"),
        pytest.param({3: "x"}, "3", "3 is no project", id="a number as a project"),
        pytest.param({"to rch": "x"}, "to rch", "cannot name a project", id="no project"),
        pytest.param({"a\tb": "x"}, "a\tb", "cannot name a project", id="tab in a project"),
        pytest.param({"a": "x", "b": "x"}, "", "'x' is the identity of two projects", id="one package twice"),
        pytest.param({"A_b": "x", "a-b": "y"}, "", "'a-b' is there twice", id="one project twice"),
        pytest.param({"names": {"a": 3}}, "names.a", "3 is no answer", id="below names"),
        pytest.param({"names": "x"}, "names", "not 'x'", id="names is a text"),
        pytest.param({"names": {}, "torch": "x"}, "torch", "beside 'names'", id="beside names"),
        pytest.param([{"pypi": "a", "conda": "x"}], "[0]", "'relation' is missing", id="row of a list"),
        pytest.param({"names": [3]}, "names[0]", "expected a mapping", id="row is a number"),
        pytest.param([{"pypi": "a b", "conda": "x", "relation": "dist"}], "[0]", "cannot name a project", id="list"),
        pytest.param({"a": {"conda": "x", "reason": "\ud800"}}, "a.reason", "no text in UTF-8", id="half a character"),
        pytest.param({"external": {}}, "external", "a list of rows", id="external is no list"),
        pytest.param({"external": [{"id": "x"}]}, "external[0]", "is missing", id="external row"),
        pytest.param({"external": [EXTERNAL | {"id": "x"}]}, "external[0].id", "is no id", id="external id"),
        pytest.param({"external": [EXTERNAL, EXTERNAL]}, "external", "is there twice", id="external twice"),
        pytest.param({"wheels": {"a": ["b"]}}, "wheels", "a list of rows", id="wheels is no list"),
        pytest.param({"wheels": [3]}, "wheels[0]", "expected a mapping", id="wheel is a number"),
        pytest.param({"wheels": [{"depends": ["x"]}]}, "wheels[0]", "is missing", id="wheel of nothing"),
        pytest.param({"wheels": [WHEEL | {"pypi": "a b"}]}, "wheels[0].pypi", "cannot name a project", id="wheel"),
        pytest.param({"wheels": [WHEEL | {"depend": []}]}, "wheels[0]", "no field 'depend'", id="field of a wheel"),
        pytest.param({"wheels": [WHEEL | {"when": ["beos-*"]}]}, "wheels[0].when[0]", "is no glob", id="platform"),
        pytest.param({"wheels": [{"pypi": "a"}]}, "wheels[0]", "names specs exactly", id="wheel without specs"),
        pytest.param({"wheels": [WHEEL, WHEEL | {"pypi": "A"}]}, "wheels[1]", "is there twice", id="wheel twice"),
        pytest.param({"wheels": [WHEEL], "torch": "x"}, "torch", "beside 'names'", id="beside wheels"),
    ],
)
def test_a_map_that_breaks_a_rule_is_refused_with_its_place(data: Any, path: str, problem: str) -> None:
    """The message names the map, the place in it, and what is wrong."""
    with pytest.raises(InvalidMapError) as caught:
        parse_overlay(data, "mine")

    assert (caught.value.map, caught.value.path) == ("mine", path)
    assert problem in caught.value.problem
    assert caught.value.message.startswith("mine: ")
    assert set(caught.value.as_json()) == {"code", "message", "hint", "map", "path"}


def test_a_name_with_a_dot_that_toml_takes_for_a_table() -> None:
    """``ruamel.yaml = "x"`` is a table in a table."""
    with pytest.raises(InvalidMapError) as caught:
        parse_overlay({"ruamel": {"yaml": "ruamel.yaml"}}, "mine")

    assert "quotes" in str(caught.value.hint)


def overlay(name: str, rows: dict[str, str | None], mode: Mode = Mode.PATCH) -> Overlay:
    """Make a map."""
    return parse_overlay(rows, name, mode)


def look(stack: Stack, shipped: Layer, project: str) -> str | None:
    """Return the layer that answers for *project* where *shipped* stands for what comes with wheelbridge."""
    middle = () if stack.alone else (shipped,)
    rows = LayeredNameTable((*stack.above, *middle, *stack.below)).by_project(NormalizedName(project)).rows
    return rows[0].layer if rows else None


SHIPPED = next(overlay("shipped", {"both": "both", "only-shipped": "only-shipped"}).layers())


class TestModes:
    """PEP 804: "replace the matching keys in the canonical location and append the non-matching ones", and so on."""

    @pytest.mark.parametrize(
        ("mode", "expected"),
        [
            (Mode.PATCH, {"both": "mine", "only-mine": "mine", "only-shipped": "shipped"}),
            (Mode.EXTEND, {"both": "shipped", "only-mine": "mine", "only-shipped": "shipped"}),
            (Mode.USE, {"both": "mine", "only-mine": "mine", "only-shipped": None}),
        ],
    )
    def test_who_answers(self, mode: Mode, expected: dict[str, str | None]) -> None:
        """Over the tables, below them, or in their place."""
        stack = stack_overlays([overlay("mine", {"both": "x", "only-mine": "y"}, mode)])

        assert {project: look(stack, SHIPPED, project) for project in expected} == expected

    def test_one_that_is_used_alone_takes_nothing_from_a_nearer_one(self) -> None:
        """And everything from the farther ones, whatever their mode."""
        near, below = overlay("near", {"a": "x"}), overlay("below", {"a": "v", "b": "y"}, Mode.EXTEND)
        alone, far = overlay("alone", {"a": "u", "c": "z"}, Mode.USE), overlay("far", {"d": "w"})
        stack = stack_overlays([near, below, alone, far])

        found = {project: look(stack, SHIPPED, project) for project in ("a", "b", "c", "d", "both")}
        assert found == {"a": "near", "b": "below", "c": "alone", "d": None, "both": None}
        assert [one.name for one in effective([near, below, alone, far])] == ["near", "below", "alone"]

    def test_the_nearest_of_two_that_extend_wins(self) -> None:
        """Below the tables, the order is the same."""
        one, other = (overlay(name, {"p": name}, Mode.EXTEND) for name in ("one", "other"))

        assert look(stack_overlays([one, other]), SHIPPED, "p") == "one"

    def test_null_stops_the_search(self) -> None:
        """As in pixi's ``conda-pypi-map``."""
        table = LayeredNameTable((*stack_overlays([overlay("mine", {"both": None})]).above, SHIPPED))

        assert [row.relation for row in table.by_project(NormalizedName("both")).rows] == [Relation.NONE]
        assert table.by_conda(CondaName("both")).rows == ()


class TestChannels:
    """Rows for a channel count where the channel is among the sources."""

    MINE = parse_overlay(
        [
            {"pypi": "p", "conda": "everywhere", "relation": "dist"},
            {"pypi": "p", "conda": "here", "relation": "dist", "channels": ["corp"]},
        ],
        "mine",
    )

    def test_a_row_of_a_channel_that_is_not_there_does_not_count(self) -> None:
        """The other row of the project does."""
        assert [layer.name for layer in self.MINE.layers(["bioconda"])] == ["mine"]

    def test_a_row_of_a_channel_wins_over_one_for_all(self) -> None:
        """Its layer says which channel it is."""
        stack = stack_overlays([self.MINE], ["conda-forge", "corp", "corp"])

        assert [layer.name for layer in stack.above] == ["mine (corp)", "mine"]
        assert look(stack, SHIPPED, "p") == "mine (corp)"


class TestNativeSections:
    """The sections ``wheels`` and ``external``."""

    @pytest.mark.parametrize("section", ["wheels", "external"])
    def test_rows_hold_for_every_channel(self, section: str) -> None:
        """A field that would be passed over is refused, with its place."""
        with pytest.raises(InvalidMapError, match=rf"{section}\[0\].channels"):
            parse_overlay({section: [{"channels": ["bioconda"]}]}, "mine")
