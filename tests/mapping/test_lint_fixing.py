from io import StringIO
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from wheelbridge.mapping.linting.findings import DropRow, ReplaceText, SortRows
from wheelbridge.tables.fixing import UnsafeFixError, apply_fixes, mend_file
from wheelbridge.tables.positions import InvalidYamlError, read_positions

PATH = Path("table.yaml")
TEXT = """\
# The file, not the first row.

# about b
- pypi: "B_b"   # why B
  reason:   'it''s  two'
  not: [ x,  y ]


- pypi: a
  evidence:
    - >-
      folded
      text
    # inside a
    - plain  text

# a section

# about c,
# in two lines
- pypi: c
"""


def test_a_text_changes_and_nothing_else() -> None:
    """Comments, quotes, blanks and the order of fields stay byte for byte."""
    changed, made = apply_fixes(TEXT, [ReplaceText((0, "pypi"), "b-b"), SortRows((1, 0, 2))], PATH)

    assert changed == TEXT.replace('"B_b"', '"b-b"')
    assert made == (ReplaceText((0, "pypi"), "b-b"),)


@pytest.mark.parametrize(
    ("place", "text", "old", "new"),
    [
        ((0, "reason"), "it's two", "'it''s  two'", "'it''s two'"),
        ((1, "evidence", 1), "plain text", "plain  text", "plain text"),
        ((1, "pypi"), "a: b", "pypi: a", 'pypi: "a: b"'),
        ((1, "pypi"), "- é", "pypi: a", 'pypi: "- é"'),
        ((1, "pypi"), "null", "pypi: a", 'pypi: "null"'),
        ((1, "evidence", 1), ":", "plain  text", '":"'),
        ((0, "not", 1), "z", " y ]", " z ]"),
    ],
)
def test_a_text_is_written_as_the_one_before(place: tuple[str | int, ...], text: str, old: str, new: str) -> None:
    """In the same quotes; without any, in quotes only where it would be read as something else."""
    assert apply_fixes(TEXT, [ReplaceText(place, text)], PATH)[0] == TEXT.replace(old, new, 1)


def test_several_texts_change_at_once() -> None:
    """Their places are those of the text before."""
    fixes = [
        ReplaceText((0, "pypi"), "longer-than-before"),
        ReplaceText((2, "pypi"), "d"),
        ReplaceText((1, "pypi"), "e"),
    ]

    changed, made = apply_fixes(TEXT, fixes, PATH)

    assert changed == TEXT.replace("B_b", "longer-than-before").replace("pypi: c", "pypi: d").replace(
        "pypi: a", "pypi: e"
    )
    assert set(made) == set(fixes)


def test_windows_line_ends_stay() -> None:
    """Whatever ends the lines ends them afterwards."""
    text = TEXT.replace("\n", "\r\n")

    assert apply_fixes(text, [ReplaceText((0, "pypi"), "b-b")], PATH)[0] == text.replace("B_b", "b-b")
    assert apply_fixes(text, [SortRows((1, 0, 2))], PATH)[0] == SORTED.replace("\n", "\r\n")


SORTED = """\
# The file, not the first row.

- pypi: a
  evidence:
    - >-
      folded
      text
    # inside a
    - plain  text


# about b
- pypi: "B_b"   # why B
  reason:   'it''s  two'
  not: [ x,  y ]

# a section

# about c,
# in two lines
- pypi: c
"""


def test_rows_move_with_their_comments() -> None:
    """Those directly above a row are its own; blank lines and what stands alone stay where they are."""
    assert apply_fixes(TEXT, [SortRows((1, 0, 2))], PATH)[0] == SORTED


def test_a_row_goes_with_its_comments() -> None:
    """And with the blank lines behind it; a comment that stands alone stays."""
    first, _ = apply_fixes(TEXT, [DropRow(0)], PATH)
    middle, _ = apply_fixes(TEXT, [DropRow(1)], PATH)
    last, _ = apply_fixes(TEXT, [DropRow(2)], PATH)

    assert first == TEXT[: TEXT.index("# about b")] + TEXT[TEXT.index("- pypi: a") :]
    assert middle == TEXT[: TEXT.index("- pypi: a")] + TEXT[TEXT.index("\n# a section") :]
    assert last == TEXT[: TEXT.index("\n# about c")]


def test_the_last_row_takes_the_blank_line_before_it() -> None:
    """The file does not end in blank lines."""
    assert apply_fixes("- a: 1\n\n- a: 2\n", [DropRow(1)], PATH)[0] == "- a: 1\n"


def test_a_file_without_rows_is_an_empty_list() -> None:
    """Not nothing, which would be no table."""
    assert apply_fixes("# head\n\n- a: 1\n", [DropRow(0)], PATH)[0] == "# head\n\n[]\n"


def test_comments_at_the_very_top_are_the_files() -> None:
    """Also where no blank line parts them from the first row."""
    assert apply_fixes("# head\n- a: 2\n- a: 1\n", [SortRows((1, 0))], PATH)[0] == "# head\n- a: 1\n- a: 2\n"
    assert apply_fixes("- a: 2\n- a: 1", [SortRows((1, 0))], PATH)[0] == "- a: 1\n- a: 2\n"


def test_a_comment_inside_a_row_is_the_rows() -> None:
    """Also as its last line, which the depth tells."""
    text = "- a: 2\n  # two\n- a: 1\n  # one\n"

    assert apply_fixes(text, [SortRows((1, 0))], PATH)[0] == "- a: 1\n  # one\n- a: 2\n  # two\n"
    assert apply_fixes(text, [DropRow(0)], PATH)[0] == "- a: 1\n  # one\n"


def test_a_mark_of_the_byte_order_stays_in_front() -> None:
    """It belongs to the file, not to the row behind it."""
    text = "\ufeff- a: 2\n- a: 1\n"

    assert apply_fixes(text, [SortRows((1, 0))], PATH)[0] == "\ufeff- a: 1\n- a: 2\n"
    assert apply_fixes(text, [DropRow(0)], PATH)[0] == "\ufeff- a: 1\n"


@pytest.mark.parametrize(
    ("text", "fix"),
    [
        ("- a: &x b\n- a: *x\n", ReplaceText((1, "a"), "c")),
        ("- a: >-\n    b\n    c\n", ReplaceText((0, "a"), "c")),
        ("[{a: 2}, {a: 1}]\n", SortRows((1, 0))),
        ("- a: &x b\n- c: *x\n", SortRows((1, 0))),
        ("- a: &x b\n- c: *x\n", DropRow(0)),
    ],
)
def test_what_would_change_more_is_refused(text: str, fix: ReplaceText | SortRows | DropRow) -> None:
    """A fix that cannot be proved is none."""
    with pytest.raises(UnsafeFixError, match=r"table\.yaml cannot be mended"):
        apply_fixes(text, [fix], PATH)


def test_a_file_that_cannot_be_mended_stays_as_it_was(tmp_path: Path) -> None:
    """Nothing is written before all of it is proved."""
    path = tmp_path / "table.yaml"
    path.write_text("- a: &x b\n- a: *x\n", encoding="utf-8")

    with pytest.raises(UnsafeFixError):
        mend_file(path, [ReplaceText((1, "a"), "c")])

    assert path.read_text(encoding="utf-8") == "- a: &x b\n- a: *x\n"
    assert [file.name for file in tmp_path.iterdir()] == ["table.yaml"]


def test_a_file_keeps_its_permissions(tmp_path: Path) -> None:
    """It is written anew beside itself, and put in its place."""
    path = tmp_path / "table.yaml"
    path.write_text(TEXT, encoding="utf-8")
    path.chmod(0o640)

    mend_file(path, [ReplaceText((0, "pypi"), "b-b")])

    assert path.stat().st_mode & 0o777 == 0o640
    assert path.read_text(encoding="utf-8") == TEXT.replace("B_b", "b-b")


_WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=8)


@settings(deadline=None)
@given(
    rows=st.lists(st.tuples(_WORDS, _WORDS), min_size=1, max_size=5),
    number=st.integers(0),
    text=_WORDS,
    order=st.randoms(),
)
def test_any_texts_are_kept(rows: list[tuple[str, str]], number: int, text: str, order: Random) -> None:
    """Whatever stands in a table, an edit gives the wanted values."""
    buffer = StringIO()
    YAML().dump([{"a": first, "b": [second]} for first, second in rows], buffer)
    document = buffer.getvalue()
    places = list(range(len(rows)))
    order.shuffle(places)
    wanted = [{"a": first, "b": [second]} for first, second in rows]
    sorted_text, _ = apply_fixes(document, [SortRows(tuple(places))], PATH)
    replaced, _ = apply_fixes(document, [ReplaceText((number % len(rows), "b", 0), text)], PATH)
    assert read_positions(sorted_text, PATH).data == [wanted[place] for place in places]
    wanted[number % len(rows)]["b"] = [text]
    assert read_positions(replaced, PATH).data == wanted


class TestPositions:
    """Every value has a line and a column."""

    def test_fields_and_items(self) -> None:
        """A field's value is where the field is, also when it stands on the next line."""
        positions = read_positions(TEXT, PATH).positions

        assert positions[(0,)] == (4, 3)
        assert positions[(0, "reason")] == (5, 3)
        assert positions[(0, "not", 1)] == (6, 14)
        assert positions[(1, "evidence")] == (10, 3)
        assert positions[(1, "evidence", 1)] == (15, 7)

    def test_spans_hold_the_text_of_the_value(self) -> None:
        """Quotes included, comments not."""
        spans = read_positions(TEXT, PATH).spans

        assert TEXT[spans[(0, "pypi")].start : spans[(0, "pypi")].end] == '"B_b"'
        assert TEXT[spans[(1, "evidence", 1)].start : spans[(1, "evidence", 1)].end] == "plain  text"

    @pytest.mark.parametrize(
        ("text", "line"),
        [("- a: 1\n  b: [\n", 3), ("- a: 1\n- a: 'x\n", 3), ("- a: 1\n  a: 2\n", 2), ("- a: 1\n\tb: 2\n", 2)],
    )
    def test_no_yaml_says_where(self, text: str, line: int) -> None:
        """The line of the parser's complaint; a field that is there twice is one."""
        with pytest.raises(InvalidYamlError) as caught:
            read_positions(text, PATH)

        assert caught.value.line == line

    def test_an_empty_file_is_nothing(self) -> None:
        """Comments alone, too."""
        assert read_positions("# nothing\n", PATH).data is None

    def test_what_contains_itself_is_refused(self) -> None:
        """And does not hang."""
        with pytest.raises(InvalidYamlError):
            read_positions("&a [*a]", PATH)
