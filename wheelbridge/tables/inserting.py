"""A row put into a sorted YAML list; every other byte stays as it is."""

from pathlib import Path
from typing import Any

from wheelbridge.tables.fixing import Block, UnsafeFixError, join_rows, split_rows
from wheelbridge.tables.positions import InvalidYamlError, read_positions

_KEY = "pypi"


def insert_row(text: str, row: str, key: str, path: Path) -> str:
    """Return the YAML list *text* with *row*, a text itself, before the first one with a higher key.

    A row of the same *key* gives its place to it, with the comments inside. *path* is for messages.

    Raises:
        UnsafeFixError: if *text* is no list of one row a line, or more would change than the row.
    """
    document = read_positions(text, path)
    before: list[Any] = document.data or []
    if not before:
        changed = f"{text}{'' if not text or text.endswith(chr(10)) else chr(10)}{row}".replace("[]\n", "", 1)
        return _checked(changed, [read_positions(row, path).data[0]], path)
    header, blocks = split_rows(document, path)
    keys = [str(entry[_KEY]) for entry in before]
    new = read_positions(row, path).data[0]
    if key in keys:
        place = keys.index(key)
        blocks[place] = Block(_comments(blocks[place]) + tuple(row.splitlines(keepends=True)), blocks[place].between)
        expected = [*before[:place], new, *before[place + 1 :]]
    else:
        place = next((number for number, other in enumerate(keys) if other > key), len(keys))
        expected = [*before[:place], new, *before[place:]]
        _insert(blocks, place, row)
    return _checked(join_rows(header, blocks), expected, path)


def _insert(blocks: list[Block], place: int, row: str) -> None:
    """Put a row between others, as far from them as they are from each other."""
    gap = next((block.between for block in blocks if _is_blank(block.between)), ())
    body = tuple(row.splitlines(keepends=True))
    if place < len(blocks):
        blocks.insert(place, Block(body, gap))
        return
    last = blocks[-1]
    ended = (*last.body[:-1], last.body[-1] if last.body[-1].endswith("\n") else f"{last.body[-1]}\n")
    blocks[-1] = Block(ended, gap)
    blocks.append(Block(body, last.between))


def _is_blank(lines: tuple[str, ...]) -> bool:
    return bool(lines) and not any(line.strip() for line in lines)


def _comments(block: Block) -> tuple[str, ...]:
    """Return the comments above a row that belong to it."""
    number = next(number for number, line in enumerate(block.body) if line.lstrip().startswith("-"))
    return block.body[:number]


def _checked(changed: str, expected: list[Any], path: Path) -> str:
    try:
        found = read_positions(changed, path).data
    except InvalidYamlError as error:
        raise UnsafeFixError(path, error.reason) from None
    if found != expected:
        raise UnsafeFixError(path, "other values would change with it")
    return changed
