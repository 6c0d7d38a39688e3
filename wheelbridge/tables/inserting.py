"""A row put into a YAML table; every other byte stays as it is."""

from pathlib import Path
from typing import Any

from wheelbridge.tables.fixing import Block, UnsafeFixError, join_rows, split_rows
from wheelbridge.tables.positions import InvalidYamlError, Positioned, read_positions

_KEY = "pypi"


class UnsafeInsertError(UnsafeFixError):
    """A file is written in a way that no row can be put into without changing more."""

    _refusal = "cannot take the row"
    _hint = "Write the row by hand; the file was left as it was."


def insert_row(text: str, row: str, key: str, path: Path, replace: int | None = None) -> str:
    """Return the YAML list *text* with *row*, a text itself, before the first one with a higher key.

    The row with the number *replace* gives its place to it, with the comments above. The row gets the depth and the
    ends of lines that the file has. *path* is for messages.

    Raises:
        UnsafeInsertError: if *text* is no list of one row a line, or more would change than the row.
    """
    document = read_positions(text, path)
    before: list[Any] = document.data or []
    new = read_positions(row, path).data
    if not before:
        return _checked(_fill(document, _ended_as(row, text)), new, path)
    try:
        header, blocks = split_rows(document, path)
    except UnsafeFixError as error:
        raise UnsafeInsertError(path, error.problem) from None
    lines = tuple(f"{_indent(blocks[0])}{line}" for line in _ended_as(row, text).splitlines(keepends=True))
    if replace is not None:
        blocks[replace] = Block(_comments(blocks[replace]) + lines, blocks[replace].between)
        return _checked(join_rows(header, blocks), [*before[:replace], *new, *before[replace + 1 :]], path)
    place = next((number for number, other in enumerate(before) if str(other[_KEY]) > key), len(before))
    _insert(blocks, place, lines)
    return _checked(join_rows(header, blocks), [*before[:place], *new, *before[place:]], path)


def insert_entry(text: str, entry: str, path: Path, replace: str | None = None) -> str:
    """Return the YAML mapping *text* with *entry*, a line ``key: value``, at its end.

    With the key *replace*, the value there gives its place to the one of *entry*. *path* is for messages.

    Raises:
        UnsafeInsertError: if *text* is no mapping of one entry a line, or more would change than the entry.
    """
    document = read_positions(text, path)
    before: dict[str, Any] = document.data or {}
    added = read_positions(entry, path)
    if not before:
        return _checked(_fill(document, _ended_as(entry, text)), added.data, path)
    if replace is not None:
        return _replace_value(document, added, replace, path)
    indent = " " * (document.positions[(next(iter(before)),)][1] - 1)
    return _checked(f"{_ended(text)}{indent}{_ended_as(entry, text)}", before | added.data, path)


def _replace_value(document: Positioned, added: Positioned, key: str, path: Path) -> str:
    ((name, value),) = added.data.items()
    written, span = added.spans[(name,)], document.spans[(key,)]
    if isinstance(document.data[key], dict | list) or span.start == span.end:
        raise UnsafeInsertError(path, f"what it says of {key!r} is no name and no 'null'")
    changed = document.text[: span.start] + added.text[written.start : written.end] + document.text[span.end :]
    return _checked(changed, document.data | {key: value}, path)


def _fill(document: Positioned, row: str) -> str:
    """Write the first row: in the place of brackets with nothing between, else behind what comments there are."""
    text = document.text
    if document.data is None:
        return f"{_ended(text)}{row}" if text.strip("\ufeff") else f"{text}{row}"
    span = document.spans[()]
    rest = text[span.end :]
    return text[: span.start] + (row.rstrip("\r\n") if rest else row) + rest


def _insert(blocks: list[Block], place: int, body: tuple[str, ...]) -> None:
    """Put a row between others, as far from them as they are from each other."""
    gap = next((block.between for block in blocks if _is_blank(block.between)), ())
    if place < len(blocks):
        blocks.insert(place, Block(body, gap))
        return
    last = blocks[-1]
    end = body[-1].removeprefix(body[-1].rstrip("\r\n"))
    ended = (*last.body[:-1], last.body[-1] if last.body[-1].endswith("\n") else f"{last.body[-1]}{end}")
    blocks[-1] = Block(ended, gap)
    blocks.append(Block(body, last.between))


def _is_blank(lines: tuple[str, ...]) -> bool:
    return bool(lines) and not any(line.strip() for line in lines)


def _comments(block: Block) -> tuple[str, ...]:
    """Return the comments above a row that belong to it."""
    return block.body[: _hyphen(block)]


def _indent(block: Block) -> str:
    """Return what stands before the hyphen of a row."""
    return block.body[_hyphen(block)].partition("-")[0]


def _hyphen(block: Block) -> int:
    """Return the line where a row begins."""
    return next(number for number, line in enumerate(block.body) if line.lstrip().startswith("-"))


def _ended(text: str) -> str:
    """Return *text* with an end of its last line, if it has one."""
    return text if not text or text.endswith("\n") else f"{text}{_ended_as(chr(10), text)}"


def _ended_as(row: str, text: str) -> str:
    r"""Return *row* with the ends of lines that most lines of *text* have.

    >>> _ended_as("a\nb\n", "x\r\n")
    'a\r\nb\r\n'
    """
    return row.replace("\n", "\r\n") if text.count("\r\n") * 2 > text.count("\n") else row


def _checked(changed: str, expected: Any, path: Path) -> str:  # noqa: ANN401 - whatever the document holds
    try:
        found = read_positions(changed, path).data
    except InvalidYamlError as error:
        raise UnsafeInsertError(path, error.reason) from None
    if found != expected:
        raise UnsafeInsertError(path, "other values would change with it")
    return changed
