"""Changes of YAML tables that leave every other byte alone: comments, quotes, the order of fields.

The text is edited, not written anew; then it is read again, and if anything but the wanted values changed, refused.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wheelbridge.errors import WheelbridgeError
from wheelbridge.mapping.linting.findings import DropRow, Fix, ReplaceText, SortRows
from wheelbridge.tables.positions import InvalidYamlError, Positioned, Span, read_positions
from wheelbridge.tables.writing import write_file

BOM = "\ufeff"
"""What some editors put before a text; YAML does not count it."""


class UnsafeFixError(WheelbridgeError):
    """A file is written in a way that cannot be changed without changing more than was asked for."""

    code = "unsafe-fix"
    _refusal = "cannot be mended by --fix"
    _hint = "Mend it by hand; it was left as it was."

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(f"{path} {self._refusal}: {problem}", hint=self._hint)
        self.path = str(path)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Block:
    """The lines of a row with the comments that belong to it, and what stands between it and the next one."""

    body: tuple[str, ...]
    between: tuple[str, ...]


def mend_file(path: Path, fixes: Iterable[Fix]) -> tuple[Fix, ...]:
    """Make as many of the *fixes* as can be made at once in a file; return those.

    Raises:
        UnsafeFixError: if more than the wanted values would change, or the file cannot be written.
    """
    try:
        text = path.read_bytes().decode("utf-8")
        changed, made = apply_fixes(text, fixes, path)
        if made:
            write_file(path, changed.encode())
    except OSError as error:
        raise UnsafeFixError(path, error.strerror or str(error)) from None
    return made


def apply_fixes(text: str, fixes: Iterable[Fix], path: Path) -> tuple[str, tuple[Fix, ...]]:
    """Return *text* with as many of the *fixes* as can be made at once, and those: texts, else rows, else their order.

    Raises:
        UnsafeFixError: if more than the wanted values would change.
    """
    document = read_positions(text, path)
    wanted = tuple(dict.fromkeys(fixes))
    for kind in (ReplaceText, DropRow, SortRows):
        if chosen := tuple(fix for fix in wanted if isinstance(fix, kind)):
            changed = _edit(document, chosen, path)
            _check(document, changed, chosen, path)
            return changed, chosen
    return text, ()


def _edit(document: Positioned, fixes: Sequence[Fix], path: Path) -> str:
    first = fixes[0]
    if isinstance(first, ReplaceText):
        return _replace(document, [fix for fix in fixes if isinstance(fix, ReplaceText)], path)
    header, blocks = split_rows(document, path)
    if isinstance(first, DropRow):
        return join_rows(header, _without(blocks, {fix.number for fix in fixes if isinstance(fix, DropRow)}))
    return join_rows(header, _reorder(blocks, first.order))


def _replace(document: Positioned, fixes: Iterable[ReplaceText], path: Path) -> str:
    text = document.text
    for fix in sorted(fixes, key=lambda fix: document.spans[fix.place].start, reverse=True):
        span = document.spans[fix.place]
        text = text[: span.start] + _quote(fix.text, span, path) + text[span.end :]
    return text


def _quote(value: str, span: Span, path: Path) -> str:
    """Write a text as the one before it was written, or in double quotes where that cannot be."""
    if span.style in {">", "|"}:
        raise UnsafeFixError(path, f"{value!r} is a block of lines")
    if span.style == "'":
        return "'" + value.replace("'", "''") + "'"
    if span.style is None and _is_plain(value, path):
        return value
    return json.dumps(value, ensure_ascii=False)


def _is_plain(value: str, path: Path) -> bool:
    """Tell whether a text is read as itself without quotes, wherever it stands."""
    around = {f"- [{value}]\n": [[value]], f"- {value}\n": [value], f"- x: {value}\n": [{"x": value}]}
    try:
        return all(read_positions(text, path).data == wanted for text, wanted in around.items())
    except InvalidYamlError:
        return False


def split_rows(document: Positioned, path: Path) -> tuple[list[str], list[Block]]:
    """Cut the text of a list into what stands before the first row, and the rows.

    Raises:
        UnsafeFixError: if it does not have one row a line.
    """
    lines = document.text.removeprefix(BOM).splitlines(keepends=True)
    starts = [_start(document, number, lines) for number in range(len(document.data))]
    if not all(starts[number] < starts[number + 1] for number in range(len(starts) - 1)):
        raise UnsafeFixError(path, "its rows are not a list of one row a line")
    firsts = [_header(lines, starts[0]), *(_first(lines, start) for start in starts[1:])]
    ends = [*firsts[1:], len(lines)]
    cuts = zip(firsts, starts, ends, strict=True)
    header = [BOM] if document.text.startswith(BOM) else []
    return header + lines[: firsts[0]], [_block(lines[first:end], _depth(lines[start])) for first, start, end in cuts]


def _header(lines: Sequence[str], start: int) -> int:
    """Return where the first row begins: comments directly above it are its own only if a blank line parts them off."""
    first = _first(lines, start)
    return first if first and not lines[first - 1].strip() else start


def _start(document: Positioned, number: int, lines: Sequence[str]) -> int:
    """Return the line of the hyphen of a row."""
    line = document.positions[(number,)][0] - 1
    while line > 0 and not lines[line].lstrip().startswith("-"):
        line -= 1
    return line


def _first(lines: Sequence[str], start: int) -> int:
    """Return the first of the comment lines that stand directly above the line *start*, at its depth or less."""
    line = start
    while line > 0 and lines[line - 1].strip() and _is_between(lines[line - 1], _depth(lines[start])):
        line -= 1
    return line


def _block(lines: Sequence[str], depth: int) -> Block:
    end = len(lines)
    while end and _is_between(lines[end - 1], depth):
        end -= 1
    return Block(tuple(lines[:end]), tuple(lines[end:]))


def _is_between(line: str, depth: int) -> bool:
    """Tell whether a line is blank, or a comment that no row at *depth* holds."""
    return not line.strip() or (line.lstrip().startswith("#") and _depth(line) <= depth)


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip())


def _without(blocks: Sequence[Block], dropped: set[int]) -> list[Block]:
    """Leave rows out, with the blank lines behind them; at the end of the file, with those before them."""
    kept: list[Block] = []
    for number, block in enumerate(blocks):
        if number not in dropped:
            kept.append(block)
        elif _rstrip(block.between):
            kept.append(Block((), block.between))
    if kept and len(blocks) - 1 in dropped:
        kept[-1] = Block(kept[-1].body, (*_rstrip(kept[-1].between), *_rstrip(blocks[-1].between)))
    return kept if len(dropped) < len(blocks) else [*kept, Block(("[]\n",), ())]


def _rstrip(lines: Sequence[str]) -> tuple[str, ...]:
    """Leave out the blank lines at the end."""
    end = len(lines)
    while end and not lines[end - 1].strip():
        end -= 1
    return tuple(lines[:end])


def _reorder(blocks: Sequence[Block], order: Sequence[int]) -> list[Block]:
    """Put rows into another order; what stands between them stays where it is."""
    bodies = [list(block.body) for block in blocks]
    if not bodies[-1][-1].endswith("\n"):
        bodies[-1][-1] += "\n"
    return [Block(tuple(bodies[old]), block.between) for old, block in zip(order, blocks, strict=True)]


def join_rows(header: Iterable[str], blocks: Iterable[Block]) -> str:
    """Return the text that `split_rows` cut."""
    return "".join([*header, *(line for block in blocks for line in (*block.body, *block.between))])


def _check(document: Positioned, changed: str, fixes: Sequence[Fix], path: Path) -> None:
    try:
        found = read_positions(changed, path).data
    except InvalidYamlError as error:
        raise UnsafeFixError(path, error.reason) from None
    if found != _expect(document.data, fixes):
        raise UnsafeFixError(path, "other values would change with it")


def _expect(data: Any, fixes: Sequence[Fix]) -> Any:  # noqa: ANN401 - whatever the document holds
    dropped = {fix.number for fix in fixes if isinstance(fix, DropRow)}
    for fix in fixes:
        if isinstance(fix, SortRows):
            data = [data[number] for number in fix.order]
        elif isinstance(fix, ReplaceText):
            data = _put(data, list(fix.place), fix.text)
    return [row for number, row in enumerate(data) if number not in dropped]


def _put(value: Any, steps: list[str | int], text: str) -> Any:  # noqa: ANN401 - as above
    if not steps:
        return text
    copy = list(value) if isinstance(value, list) else dict(value)
    copy[steps[0]] = _put(copy[steps[0]], steps[1:], text)  # type: ignore[index] # a list by number, a mapping by name
    return copy
