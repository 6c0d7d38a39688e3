from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wheelbridge.mapping.difference import (
    Difference,
    Entry,
    Kind,
    difference,
    kind_of_rows,
    name_entry,
    plain_entries,
)
from wheelbridge.mapping.rows import Confidence, NameAnswer, NameRow, Relation
from wheelbridge.model.name import CondaName, NormalizedName


def says(
    conda: str | None,
    *,
    relation: Relation = Relation.DIST,
    confidence: Confidence = Confidence.OBSERVED,
    layer: str = "generated",
    reason: str = "",
    specs: tuple[str, ...] = (),
    pypi_range: str = "",
) -> Entry:
    """Make the entry of a project that has one row."""
    row = NameRow(
        pypi=NormalizedName("x"),
        conda=CondaName(conda) if conda else None,
        relation=relation,
        confidence=confidence,
        layer=layer,
        reason=reason,
        specs=specs,
        pypi_range=pypi_range,
    )
    return name_entry(NameAnswer((row,)))


UNDECIDED = name_entry(NameAnswer(ambiguous=("a", "b")))


def compare(old: Entry | None, new: Entry | None) -> Difference:
    """Compare two states of one project."""
    return difference({"names": {"x": old} if old else {}}, {"names": {"x": new} if new else {}})


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        pytest.param(says("a"), says("a"), None, id="the-same"),
        pytest.param(says("a"), says("b"), Kind.MOVED, id="another-package"),
        pytest.param(None, says("a"), Kind.APPEARED, id="new-project"),
        pytest.param(UNDECIDED, says("a"), Kind.APPEARED, id="decided"),
        pytest.param(says("a"), None, Kind.VANISHED, id="gone"),
        pytest.param(says("a"), UNDECIDED, Kind.VANISHED, id="undecided-now"),
        pytest.param(says("a"), says("a", relation=Relation.TOOL), Kind.VANISHED, id="explains-only"),
        pytest.param(says("a"), says("a", relation=Relation.BASE), Kind.CHANGED, id="base-is-an-identity-too"),
        pytest.param(says("a"), says("a", pypi_range=">=2"), Kind.MOVED, id="identity-becomes-stand-in"),
        pytest.param(
            says("a", relation=Relation.META, specs=("b >=1",)),
            says("a", relation=Relation.META, specs=("b >=2",)),
            Kind.MOVED,
            id="stand-in-of-other-specs",
        ),
        pytest.param(
            says("a", relation=Relation.BASE), says("a", relation=Relation.BASE, specs=("c",)), Kind.CHANGED, id="base"
        ),
        pytest.param(None, UNDECIDED, Kind.ADDED, id="candidates"),
        pytest.param(None, says(None, relation=Relation.NONE), Kind.ADDED, id="known-to-have-none"),
        pytest.param(says("a", relation=Relation.LIBRARY), None, Kind.REMOVED, id="explanation-gone"),
        pytest.param(says("a"), says("a", confidence=Confidence.VERIFIED), Kind.CONFIDENCE, id="surer"),
        pytest.param(
            says("a"), says("a", confidence=Confidence.CURATED, layer="curated"), Kind.CONFIDENCE, id="another-layer"
        ),
        pytest.param(says("a", reason="one"), says("a", reason="two"), Kind.CHANGED, id="reason"),
    ],
)
def test_what_happened_to_a_name(old: Entry | None, new: Entry | None, kind: Kind | None) -> None:
    """What a solve would do differently is told from what is merely said differently."""
    assert [change.kind for change in compare(old, new).changes] == ([] if kind is None else [kind])


def test_the_dangerous_changes_come_first() -> None:
    """Whoever reads only the first lines reads the ones that count."""
    old = {"names": {"a": says("a", reason="old"), "b": says("b"), "c": says("c"), "z": says("z")}}
    new = {"names": {"a": says("a", reason="new"), "b": UNDECIDED, "c": says("d"), "n": says("n"), "z": says("z")}}

    found = difference(old, new)

    assert [(change.key, change.kind) for change in found.changes] == [
        ("c", Kind.MOVED),
        ("n", Kind.APPEARED),
        ("b", Kind.VANISHED),
        ("a", Kind.CHANGED),
    ]
    assert [change.key for change in found.answers] == ["c", "n", "b"]
    assert found.counts() == {"moved": 1, "appeared": 1, "vanished": 1, "changed": 1}


def test_a_change_tells_which_fields() -> None:
    """Fields that are the same are left out; a missing one is null."""
    (change,) = compare(says("a"), says("b", reason="a test")).changes

    assert change.as_json() == {
        "table": "names",
        "key": "x",
        "kind": "moved",
        "dangerous": True,
        "old": "a",
        "new": "b",
        "fields": {"conda": {"old": "a", "new": "b"}, "reason": {"old": None, "new": "a test"}},
    }


ROW: Mapping[str, object] = {"pypi": "h5py", "depends": ["hdf5"], "when": ["linux-*"], "reason": "a test"}


@pytest.mark.parametrize(
    ("rows", "changed", "kind"),
    [
        pytest.param([ROW], [{**ROW, "depends": ["hdf5 >=1"]}], Kind.MOVED, id="other-specs"),
        pytest.param([ROW], [{**ROW, "reviewed": "2026-11-21"}], Kind.CHANGED, id="looked-at"),
        pytest.param([ROW], [{**ROW, "confidence": "verified"}], Kind.CONFIDENCE, id="surer"),
        pytest.param([], [ROW], Kind.APPEARED, id="new"),
        pytest.param([ROW], [], Kind.VANISHED, id="gone"),
        pytest.param([], [{"id": "dep:generic/a", "urls": []}], Kind.ADDED, id="a-fact-of-the-registry"),
        pytest.param([{"conda": "finesse"}], [], Kind.REMOVED, id="a-bundler"),
    ],
)
def test_what_happened_to_a_row(
    rows: list[Mapping[str, object]], changed: list[Mapping[str, object]], kind: Kind
) -> None:
    """Rows of the other tables act through all their fields but the ones that account for them."""
    found = difference({"t": plain_entries(rows)}, {"t": plain_entries(changed)})

    assert [change.kind for change in found.changes] == [kind]


def test_rows_of_one_key_are_kept_apart() -> None:
    """PEP 804 lists alternatives under one id."""
    entries = plain_entries([{"id": "a", "specs": ["x"]}, {"id": "a", "specs": ["y"]}, {"strange": True}])

    assert {key: entry.effect for key, entry in entries.items()} == {
        "a": "specs: [x]",
        "a (2)": "specs: [y]",
        "[3]": "strange: True",
    }


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        ({"pypi": "a", "conda": None, "relation": "none"}, "names"),
        ({"pypi": "a", "depends": []}, "wheels"),
        ({"soname": "a.so", "conda": "a"}, "sonames"),
        ({"id": "a", "alternatives": []}, "external"),
        ({"id": "a", "specs": []}, "pep804"),
        ({"id": "a", "urls": []}, "registry"),
        ({"package": "a", "namespace": "a"}, "providers"),
        ({"runtime": "a", "pypi": [], "conda": []}, "runtimes"),
        ({"conda": "a"}, "bundlers"),
        ({"odd": 1}, ""),
    ],
)
def test_the_kind_of_a_table(row: Mapping[str, object], kind: str) -> None:
    """Told by the fields, so that a file may have any name."""
    assert kind_of_rows([row]) == kind


_ENTRIES = st.builds(
    Entry,
    st.dictionaries(st.sampled_from(["conda", "confidence", "reason"]), st.sampled_from(["a", "b"])),
    st.sampled_from(["", "a", "b"]),
)
_TABLES = st.dictionaries(st.sampled_from("tu"), st.dictionaries(st.sampled_from("xyz"), _ENTRIES))


class TestProperties:
    """What holds for any two states."""

    @given(tables=_TABLES)
    def test_nothing_differs_from_itself(self, tables: Mapping[str, Mapping[str, Entry]]) -> None:
        """No change is made up."""
        assert difference(tables, tables).changes == ()

    @given(old=_TABLES, new=_TABLES)
    def test_every_entry_that_differs_is_told_once(
        self, old: Mapping[str, Mapping[str, Entry]], new: Mapping[str, Mapping[str, Entry]]
    ) -> None:
        """No change is lost either."""
        keys = {(table, key) for side in (old, new) for table in side for key in side[table]}
        expected = [at for at in keys if old.get(at[0], {}).get(at[1]) != new.get(at[0], {}).get(at[1])]

        assert sorted((change.table, change.key) for change in difference(old, new).changes) == sorted(expected)

    @given(old=_TABLES, new=_TABLES)
    def test_backwards_the_same_answers_change(
        self, old: Mapping[str, Mapping[str, Entry]], new: Mapping[str, Mapping[str, Entry]]
    ) -> None:
        """What appeared one way vanishes the other way."""
        there, back = difference(old, new).counts(), difference(new, old).counts()

        assert there.get("appeared") == back.get("vanished")
        assert there.get("added") == back.get("removed")
        assert there.get("moved") == back.get("moved")
