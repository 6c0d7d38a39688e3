from hypothesis import given
from hypothesis import strategies as st

from wheelbridge.mapping.lines import SortedLines, TableRow, render_packages, render_projects
from wheelbridge.mapping.lookup import Layer, LayeredNameTable
from wheelbridge.mapping.rows import IDENTITIES, Confidence, NameAnswer, NameTable, Relation
from wheelbridge.model.name import CondaName, NormalizedName

PROJECTS = [NormalizedName(name) for name in "pqrs"]
PACKAGES = [CondaName(name) for name in "abcd"]


def row(project: str, package: str | None, relation: Relation = Relation.DIST, *, others: str = "") -> TableRow:
    """Make a row; *others* holds its candidates, a letter each."""
    return TableRow(
        pypi=NormalizedName(project),
        conda=CondaName(package) if package else None,
        relation=relation,
        confidence=Confidence.OBSERVED,
        alternatives=tuple(map(CondaName, others)),
    )


def layer(name: str, *rows: TableRow, known: str = "") -> Layer:
    """Make a layer of rows that knows further packages, a letter each."""
    return Layer(
        name,
        SortedLines(render_projects(rows, []).encode()),
        SortedLines(render_packages(rows, map(CondaName, known), []).encode()),
    )


@st.composite
def layers(draw: st.DrawFn) -> Layer:
    """A layer as the makers of tables leave it: one row for a project, no package twice an identity."""
    projects = draw(st.lists(st.sampled_from(PROJECTS), unique=True))
    packages = draw(st.permutations(PACKAGES))
    rows = []
    for project, package in zip(projects, packages, strict=False):
        relation = draw(st.sampled_from([*Relation, None]))
        others = tuple(draw(st.lists(st.sampled_from([name for name in PACKAGES if name != package]), unique=True)))
        conda = None if relation in {None, Relation.NONE} else package
        confidence = Confidence.OBSERVED if relation else None
        rows.append(TableRow(pypi=project, conda=conda, relation=relation, confidence=confidence, alternatives=others))
    return layer(f"layer {draw(st.integers())}", *rows)


class TestConsistency:
    """A conda package is a project exactly if the project's answer is that package (design, D3)."""

    @given(stack=st.lists(layers(), max_size=3))
    def test_both_directions_agree(self, stack: list[Layer]) -> None:
        """Each direction is derived alone here and compared."""
        table = LayeredNameTable(tuple(stack))
        forward = {
            (found.pypi, found.conda)
            for project in PROJECTS
            if (found := table.by_project(project).identity) is not None
        }
        backward = {(found.pypi, package) for package in PACKAGES for found in table.by_conda(package).rows}

        assert forward == backward

    @given(stack=st.lists(layers(), max_size=3))
    def test_no_package_is_two_projects(self, stack: list[Layer]) -> None:
        """Whatever the layers say, and however they contradict each other."""
        table = LayeredNameTable(tuple(stack))

        assert all(len(table.by_conda(package).rows) <= 1 for package in PACKAGES)

    @given(stack=st.lists(layers(), max_size=3))
    def test_candidates_are_candidates_from_either_side(self, stack: list[Layer]) -> None:
        """A package that might be a project names that project."""
        table = LayeredNameTable(tuple(stack))
        forward = {(project, name) for project in PROJECTS for name in table.by_project(project).ambiguous}

        assert {(project, name) for name in PACKAGES for project in table.by_conda(name).ambiguous} == forward


class TestPrecedence:
    """The first layer that speaks of a project decides."""

    @given(top=layers(), rest=st.lists(layers(), max_size=2))
    def test_the_highest_layer_wins(self, top: Layer, rest: list[Layer]) -> None:
        """What lies below changes no answer of the layer on top."""
        alone, table = LayeredNameTable((top,)), LayeredNameTable((top, *rest))

        assert all(table.by_project(name) == alone.by_project(name) for name in PROJECTS if top.row(name))

    def test_no_counterpart_is_an_answer_that_stops_the_search(self) -> None:
        """A user can take a wrong row away without naming another package."""
        table = LayeredNameTable((layer("top", row("p", None, Relation.NONE)), layer("bottom", row("p", "a"))))

        assert [found.relation for found in table.by_project(PROJECTS[0]).rows] == [Relation.NONE]
        assert table.by_conda(PACKAGES[0]) == NameAnswer()

    def test_a_package_that_a_higher_layer_gives_away_is_only_a_candidate_below(self) -> None:
        """The lower row is silenced, its package stays visible."""
        table = LayeredNameTable((layer("top", row("q", "a")), layer("bottom", row("p", "a", others="b"))))

        assert table.by_project(PROJECTS[0]) == NameAnswer(ambiguous=("a", "b"))
        assert [found.pypi for found in table.by_conda(PACKAGES[0]).rows] == ["q"]

    def test_a_higher_layer_that_only_explains_claims_nothing(self) -> None:
        """A row that is no identity leaves the package to others."""
        table = LayeredNameTable((layer("top", row("q", "a", Relation.TOOL)), layer("bottom", row("p", "a"))))

        assert [found.pypi for found in table.by_conda(PACKAGES[0]).rows] == ["p"]


def test_only_identities_are_identities() -> None:
    """Every other relation never satisfies a requirement."""
    table: NameTable = LayeredNameTable((layer("one", *(row(name, "a", name) for name in Relation)),))

    answers = {name: table.by_project(NormalizedName(name)).identity for name in Relation}
    assert {name for name, found in answers.items() if found} == IDENTITIES == {Relation.DIST, Relation.BASE}


def test_a_package_is_known_if_some_layer_knows_it() -> None:
    """Rows and the list of known packages both count."""
    table = LayeredNameTable((layer("top", row("p", "a")), layer("bottom", known="b")))

    assert [name for name in "abc" if table.is_conda_name(name)] == ["a", "b"]


def test_rows_are_all_answers_sorted() -> None:
    """Bulk work sees what single look-ups see."""
    table = LayeredNameTable(
        (layer("top", row("q", "a")), layer("bottom", row("r", "b"), row("q", "c"), row("p", "a")))
    )

    assert [(found.pypi, found.conda, found.layer) for found in table.rows()] == [
        ("q", "a", "top"),
        ("r", "b", "bottom"),
    ]
