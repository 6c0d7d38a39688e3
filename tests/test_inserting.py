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
from wheelbridge.tables.inserting import UnsafeInsertError, insert_entry, insert_row

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


def test_a_row_gives_its_place() -> None:
    """Its comments above stay, the other rows do not move."""
    changed = insert_row(TABLE, NEW.format("ff"), "ff", HERE, replace=2)

    assert changed == TABLE[: TABLE.index("- pypi: ff")] + NEW.format("ff")


def test_a_row_of_the_same_key_stays() -> None:
    """It may be for another channel; the new one stands behind it."""
    changed = insert_row(TABLE, NEW.format("dd"), "dd", HERE)

    assert [(row["pypi"], row["conda"]) for row in rows(changed)][1:3] == [("dd", "dd"), ("dd", "x")]
    assert changed.replace(f"{NEW.format('dd')}\n", "", 1) == TABLE


@pytest.mark.parametrize("replace", [None, 0])
@pytest.mark.parametrize("key", ["aa", "cc", "gg"])
def test_the_ends_of_lines_are_those_of_the_file(key: str, replace: int | None) -> None:
    """An editor of Windows may have made it; with or without an end of the last line."""
    for text in (TABLE, TABLE.removesuffix("\n")):
        changed = insert_row(text.replace("\n", "\r\n"), NEW.format(key), key, HERE, replace=replace)

        assert changed == insert_row(text, NEW.format(key), key, HERE, replace=replace).replace("\n", "\r\n")


@pytest.mark.parametrize("replace", [None, 0])
@pytest.mark.parametrize("key", ["aa", "cc", "gg"])
def test_a_mark_of_the_byte_order_stays_in_front(key: str, replace: int | None) -> None:
    """Whether a comment follows it, or the first row."""
    for text in (TABLE, TABLE[TABLE.index("- pypi: bb") :]):
        changed = insert_row(f"\ufeff{text}", NEW.format(key), key, HERE, replace=replace)

        assert changed == f"\ufeff{insert_row(text, NEW.format(key), key, HERE, replace=replace)}"


@pytest.mark.parametrize("replace", [None, 0])
@pytest.mark.parametrize("key", ["aa", "cc", "gg"])
def test_a_row_is_as_deep_as_the_others(key: str, replace: int | None) -> None:
    """YAML lets a list stand deeper."""
    deep = "".join(f"  {line}" if line.strip() else line for line in TABLE.splitlines(keepends=True))

    changed = insert_row(deep, NEW.format(key), key, HERE, replace=replace)

    plain = insert_row(TABLE, NEW.format(key), key, HERE, replace=replace)
    assert changed == "".join(f"  {line}" if line.strip() else line for line in plain.splitlines(keepends=True))


@pytest.mark.parametrize("text", ["# [] stands for nothing\n[]\n# end\n", "[]", "\ufeff[]\r\n", "\ufeff", "---\n"])
def test_brackets_with_nothing_between_give_their_place(text: str) -> None:
    """Not those in a comment, and nothing else."""
    changed = insert_row(text, NEW.format("aa"), "aa", HERE)

    assert rows(changed) == rows(NEW.format("aa"))
    assert changed.replace("\r\n", "\n").replace(NEW.format("aa").rstrip(), "[]").rstrip() in {
        text.replace("\r\n", "\n").rstrip(),
        f"{text}[]",
    }


SHORT = "# mine\nb: bb # the name\n# of nothing\n'Ee': null\nf:\ng: [] # none\n"


@pytest.mark.parametrize("text", [SHORT, f"\ufeff{SHORT}", SHORT.replace("\n", "\r\n"), "a: a", "  a: a\n  b: b\n", ""])
def test_a_short_map_gets_an_entry_at_its_end(text: str) -> None:
    """Before it stands the file as it was."""
    changed = insert_entry(text, "new: x\n", HERE)

    assert changed.startswith(text)
    assert changed.removeprefix(text).split() == ["new:", "x"]
    assert changed.count("\n") - changed.count("\r\n") == (0 if "\r" in text else changed.count("\n"))


@pytest.mark.parametrize(("key", "before", "after"), [("b", "b: bb", "b: x"), ("Ee", "null", "x")])
@pytest.mark.parametrize("text", [SHORT, f"\ufeff{SHORT}"])
def test_an_entry_gives_its_value(text: str, key: str, before: str, after: str) -> None:
    """Its key and its comment stay."""
    assert insert_entry(text, "new: x\n", HERE, replace=key) == text.replace(before, after, 1)


@pytest.mark.parametrize(
    ("text", "replace"),
    [
        ("{a: b}\n", None),
        ("a: b\n...\n", None),
        (SHORT, "f"),
        (SHORT, "g"),
        ("a:\n  conda: b\n  relation: dist\n", "a"),
    ],
)
def test_a_map_of_another_form_is_refused(text: str, replace: str | None) -> None:
    """The message says that it is about a row, not about lint's --fix."""
    with pytest.raises(UnsafeInsertError, match=r"overrides\.yaml cannot take the row: ") as caught:
        insert_entry(text, "new: x\n", HERE, replace=replace)
    assert caught.value.hint == "Write the row by hand; the file was left as it was."


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
    with pytest.raises(UnsafeInsertError, match="cannot take the row: its rows are not a list"):
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
    specs=st.lists(st.sampled_from(["bar", "x >=1", "foo * *cuda", "cuda-version >=12,<13"]), max_size=2).map(tuple),
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
