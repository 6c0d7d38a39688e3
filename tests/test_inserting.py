"""Rows put into YAML lists: what was there stays byte for byte."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from wheelbridge.mapping.overrides import Override, parse_overrides
from wheelbridge.mapping.row_text import render_row
from wheelbridge.mapping.rows import Relation
from wheelbridge.model.name import CondaName, NormalizedName
from wheelbridge.tables.fixing import UnsafeFixError
from wheelbridge.tables.inserting import insert_row

HERE = Path("overrides.yaml")
TABLE = """\
# The header of the file.

# about bb
- pypi: bb # the name
  conda: "bb"   # quoted
  relation: dist

- {pypi: dd, conda: dd, relation: dist}

# about ff
- pypi: ff
  conda: ff
  # inside
  relation: dist
"""
NEW = "- pypi: {}\n  conda: x\n  relation: dist\n"


def rows(text: str) -> list[dict[str, object]]:
    """Load YAML."""
    loaded: list[dict[str, object]] = YAML(typ="safe", pure=True).load(text)
    return loaded


@pytest.mark.parametrize("key", ["aa", "cc", "ee", "gg"])
def test_a_row_goes_between_and_nothing_else_moves(key: str) -> None:
    """Taking the new row out again gives the file as it was."""
    row = NEW.format(key)

    changed = insert_row(TABLE, row, key, HERE)

    assert [entry["pypi"] for entry in rows(changed)] == sorted(["bb", "dd", "ff", key])
    assert changed.replace(f"{row}\n", "", 1).replace(f"\n{row}", "", 1) in {TABLE, TABLE.rstrip("\n")}
    assert changed.count(row) == 1


def test_a_row_of_the_same_key_gives_its_place(tmp_path: Path) -> None:
    """Its comments above stay, the other rows do not move."""
    changed = insert_row(TABLE, NEW.format("ff"), "ff", tmp_path)

    assert changed == TABLE[: TABLE.index("- pypi: ff")] + NEW.format("ff")


@pytest.mark.parametrize("text", ["", "[]\n", "# only a comment\n", "# no end"])
def test_an_empty_file_gets_its_first_row(text: str) -> None:
    """Comments stay."""
    changed = insert_row(text, NEW.format("aa"), "aa", HERE)

    assert rows(changed) == rows(NEW.format("aa"))
    assert changed.startswith(text.replace("[]\n", ""))


def test_a_file_without_an_end_of_line_gets_one() -> None:
    """The new row must not be glued to the last one."""
    changed = insert_row(TABLE.rstrip("\n"), NEW.format("zz"), "zz", HERE)

    assert [entry["pypi"] for entry in rows(changed)] == ["bb", "dd", "ff", "zz"]


@pytest.mark.parametrize("text", ["[{pypi: bb, conda: b, relation: dist}, {pypi: dd, conda: d, relation: dist}]\n"])
def test_a_list_on_one_line_is_refused(text: str) -> None:
    """Nothing is guessed about a file of another form."""
    with pytest.raises(UnsafeFixError):
        insert_row(text, NEW.format("cc"), "cc", HERE)


TEXTS = st.text(st.characters(exclude_categories=["C", "Z"], include_characters=" "), max_size=30).map(
    lambda text: " ".join(text.split())
)
NAMES = st.from_regex(r"[a-z0-9]{1,4}(-[a-z0-9]{1,3})?", fullmatch=True).filter(lambda name: name != "python")
OVERRIDES = st.builds(
    Override,
    pypi=NAMES.map(NormalizedName),
    conda=NAMES.map(lambda name: CondaName(f"{name}-x")),
    relation=st.sampled_from([relation for relation in Relation if relation is not Relation.NONE]),
    reason=TEXTS.filter(bool),
    evidence=st.lists(TEXTS.filter(bool), min_size=1, max_size=2).map(tuple),
    specs=st.lists(TEXTS.filter(bool), max_size=2).map(tuple),
    rejected=st.lists(NAMES.map(CondaName), max_size=2).map(tuple),
    pypi_range=st.sampled_from(["", ">=1,<2", "==1.*", "!=1.5"]),
    channels=st.sampled_from([("conda-forge",), ("bioconda", "conda-forge")]),
    reviewed=st.sampled_from(["2026-11-21", "2024-02-29"]),
)


@settings(deadline=None)
@given(row=OVERRIDES)
def test_a_row_survives_its_text(row: Override) -> None:
    """Whatever is in its texts: YAML reads back the very row, and the line of each field is plain where it can be."""
    assert parse_overrides(rows(render_row(row))) == (row,)


@settings(max_examples=25, deadline=None)
@given(added=st.lists(OVERRIDES, unique_by=lambda row: row.pypi, max_size=4))
def test_rows_added_in_any_order_are_a_sorted_table(added: list[Override]) -> None:
    """One by one, into a file with comments: the file has them all, and its comments."""
    text = "# The header.\n"
    for row in added:
        text = insert_row(text, render_row(row), row.pypi, HERE)

    assert [row["pypi"] for row in rows(text) or []] == sorted(row.pypi for row in added)
    assert text.startswith("# The header.\n")
