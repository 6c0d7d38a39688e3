"""Stacks of maps against the simplest model of them: dictionaries, asked one after the other."""

from hypothesis import given
from hypothesis import strategies as st
from packaging.version import Version

from wheelbridge.api.natives import open_natives
from wheelbridge.mapping.external.layers import Mode
from wheelbridge.mapping.lookup import Layer, LayeredNameTable
from wheelbridge.mapping.overlays import Overlay, parse_overlay, stack_overlays
from wheelbridge.mapping.rows import NameAnswer
from wheelbridge.model.name import CondaName, NormalizedName

PROJECTS = [NormalizedName(name) for name in "pqrs"]
PACKAGES = [CondaName(name) for name in "abcd"]
Rows = dict[str, str | None]


@st.composite
def tables(draw: st.DrawFn) -> Rows:
    """Project -> package or None; no package twice."""
    projects = draw(st.lists(st.sampled_from(PROJECTS), unique=True))
    packages = draw(st.permutations(PACKAGES))
    return {
        project: draw(st.sampled_from([package, None])) for project, package in zip(projects, packages, strict=False)
    }


stacks = st.lists(st.tuples(st.sampled_from(Mode), tables()), max_size=4)


def overlays(stack: list[tuple[Mode, Rows]]) -> list[Overlay]:
    """Make maps, the nearest first."""
    return [parse_overlay(rows, f"map {number}", mode) for number, (mode, rows) in enumerate(stack)]


def layer_of(rows: Rows) -> Layer:
    """Make what comes with wheelbridge."""
    return next(parse_overlay(rows, "shipped").layers())


def make(stack: list[tuple[Mode, Rows]], shipped: Rows) -> LayeredNameTable:
    """Put maps over the tables as `wheelbridge.tables.load_names` does."""
    found, middle = stack_overlays(overlays(stack)), (layer_of(shipped),)
    layers = (*found.above, *(() if found.alone else middle), *found.below)
    return LayeredNameTable(layers, middle if found.alone else ())


def model(stack: list[tuple[Mode, Rows]], shipped: Rows) -> list[Rows]:
    """Return the dictionaries in the order that they are asked in."""
    asked: list[Rows] = []
    last: list[Rows] = []
    for mode, rows in stack:
        (last if mode == "extend" else asked).append(rows)
        if mode == "use":
            return asked + last
    return [*asked, shipped, *last]


class TestFirstHitWins:
    """Precedence: "first hit wins per key"."""

    @given(stack=stacks, shipped=tables())
    def test_the_answer_is_that_of_the_first_dictionary(self, stack: list[tuple[Mode, Rows]], shipped: Rows) -> None:
        """A package that a dictionary before it gives to another project is a candidate only."""
        table, asked = make(stack, shipped), model(stack, shipped)

        for project in PROJECTS:
            answer = table.by_project(project)
            depth = next((number for number, rows in enumerate(asked) if project in rows), None)
            if depth is None:
                assert answer == NameAnswer()
                continue
            package = asked[depth][project]
            taken = package is not None and any(package in rows.values() for rows in asked[:depth])
            assert [row.conda for row in answer.rows] == ([] if taken else [package])
            assert answer.ambiguous == ((package,) if taken else ())

    @given(stack=stacks, shipped=tables())
    def test_the_layer_is_named(self, stack: list[tuple[Mode, Rows]], shipped: Rows) -> None:
        """Whoever asks why is told whose word it is."""
        table = make(stack, shipped)
        own = {f"map {number}": rows for number, (_, rows) in enumerate(stack)} | {"shipped": shipped}

        for project in PROJECTS:
            for row in table.by_project(project).rows:
                assert own[row.layer][project] == row.conda


class TestInvariants:
    """`NameTable`: "The two directions agree … No conda package is the identity of two projects"."""

    @given(stack=stacks, shipped=tables())
    def test_both_directions_agree(self, stack: list[tuple[Mode, Rows]], shipped: Rows) -> None:
        """Whatever the maps say, and however they contradict each other."""
        table = make(stack, shipped)
        forward = {(p, found.conda) for p in PROJECTS if (found := table.by_project(p).identity) is not None}
        backward = {(found.pypi, package) for package in PACKAGES for found in table.by_conda(package).rows}

        assert forward == backward
        assert all(len(table.by_conda(package).rows) <= 1 for package in PACKAGES)

    @given(stack=stacks, shipped=tables())
    def test_what_is_known_stays_known(self, stack: list[tuple[Mode, Rows]], shipped: Rows) -> None:
        """A project without a row is never called like a conda package, also where a map replaces the tables."""
        table = make(stack, shipped)

        assert all(table.is_conda_name(package) for package in shipped.values() if package)

    @given(stack=stacks, shipped=tables(), data=st.data())
    def test_a_map_that_does_not_speak_of_a_name_changes_nothing(
        self, stack: list[tuple[Mode, Rows]], shipped: Rows, data: st.DataObject
    ) -> None:
        """Neither for the project nor for its package, wherever the map stands; unless it replaces what is below."""
        mode = data.draw(st.sampled_from([Mode.PATCH, Mode.EXTEND]))
        place = data.draw(st.integers(0, len(stack)))
        silent: Rows = {"other": "elsewhere"}
        changed = make([*stack[:place], (mode, silent), *stack[place:]], shipped)
        table = make(stack, shipped)

        assert [_plain(changed.by_project(p)) for p in PROJECTS] == [_plain(table.by_project(p)) for p in PROJECTS]
        assert [_plain(changed.by_conda(p)) for p in PACKAGES] == [_plain(table.by_conda(p)) for p in PACKAGES]


def _plain(answer: NameAnswer) -> tuple[object, ...]:
    """Return an answer without the names of layers, which count the maps."""
    return ([(row.pypi, row.conda, row.relation) for row in answer.rows], answer.ambiguous)


wheels = st.lists(
    st.tuples(st.sampled_from(PROJECTS), st.sampled_from(PACKAGES)),
    unique_by=lambda row: row[0],
    max_size=len(PROJECTS),
)
"""Rows of what wheels need: project and package."""


class TestWheels:
    """PEP 804, for what wheels need: patch replaces, extend appends, use stands alone."""

    @given(stack=st.lists(st.tuples(st.sampled_from(Mode), wheels), max_size=4), project=st.sampled_from(PROJECTS))
    def test_against_the_model(
        self, stack: list[tuple[Mode, list[tuple[NormalizedName, CondaName]]]], project: NormalizedName
    ) -> None:
        """Of each project by itself, from the farthest to the nearest; nothing is shipped for these."""
        maps = [
            parse_overlay({"wheels": [{"pypi": name, "depends": [package]} for name, package in rows]}, "map", mode)
            for mode, rows in stack
        ]
        expected: list[str] = []
        for mode, rows in reversed(stack):
            own = [package for name, package in rows if name == project]
            if mode is Mode.USE or (mode is Mode.PATCH and own):
                expected = []
            expected += own

        specs = open_natives(maps).find(project, Version("1"), "linux-64").specs
        assert specs == tuple(dict.fromkeys(expected))
