import bisect

from hypothesis import given
from hypothesis import strategies as st

from wheelbridge.mapping.lines import SortedLines, TableRow, render_packages, render_projects
from wheelbridge.mapping.rows import Confidence, Relation
from wheelbridge.model.name import CondaName, NormalizedName

NAMES = st.from_regex(r"[a-z0-9_]{1,3}([._-][a-z0-9]{1,2})?", fullmatch=True)


class TestSortedLines:
    """A look-up finds every line that is there, and none that is not."""

    @given(names=st.sets(NAMES), other=NAMES)
    def test_it_agrees_with_a_dict(self, names: set[str], other: str) -> None:
        """The oracle is a dict of the same lines, whatever the length of the comments."""
        lines = sorted(f"{name}\t{name * 2}" for name in names)
        table = SortedLines("\n".join(["# one", "# two", *lines, ""]).encode())

        assert {name: table.find(name) for name in names} == {name: [name, name * 2] for name in names}
        assert (table.find(other) is not None) == (other in names)
        assert [fields[0] for fields in table] == [line.split("\t")[0] for line in lines]

    @given(names=st.sets(NAMES, min_size=1))
    def test_whole_lines_sort_as_their_keys_do(self, names: set[str]) -> None:
        """A tab is lower than every character of a name, else `a-b` would come before `a`."""
        keys = [line.split("\t")[0] for line in sorted(f"{name}\tx" for name in names)]

        assert keys == sorted(names)
        assert all(bisect.bisect_left(keys, name) < len(keys) for name in names)


def test_an_empty_table_has_no_line() -> None:
    """A layer may have no rows at all."""
    assert SortedLines(b"# only a header\n").find("a") is None


TEXTS = st.text(st.characters(exclude_categories=["C", "Z"]))
ROWS = st.builds(
    TableRow,
    pypi=NAMES.map(NormalizedName),
    conda=st.none() | NAMES.map(CondaName),
    relation=st.none() | st.sampled_from(Relation),
    confidence=st.none() | st.sampled_from(Confidence),
    alternatives=st.lists(NAMES.map(CondaName)).map(tuple),
    reason=TEXTS,
    specs=st.lists(TEXTS.filter(bool)).map(tuple),
    pypi_range=TEXTS,
    rejected=st.lists(NAMES.map(CondaName)).map(tuple),
    evidence=st.lists(TEXTS.filter(bool)).map(tuple),
    reviewed=st.sampled_from(["", "2026-11-21"]),
)


@given(row=ROWS)
def test_a_row_survives_its_line(row: TableRow) -> None:
    """Reading what was rendered gives the same row."""
    assert TableRow.parse(row.render().split("\t")) == row


def test_packages_name_the_projects_that_speak_of_them() -> None:
    """Known packages are there even if no row speaks of them."""
    rows = [TableRow(pypi=NormalizedName("x"), conda=CondaName("x-base"), alternatives=(CondaName("x"),))]

    assert render_packages(rows, [CondaName("libz")], ["title"]) == (
        "# title\n# columns: conda projects\nlibz\t\nx\tx\nx-base\tx\n"
    )
    assert render_projects(rows, []).splitlines()[1] == "x\tx-base\tambiguous\t\tx"
