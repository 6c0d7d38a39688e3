"""YAML with the place of every value: lines and columns for findings, spans for edits that keep all other bytes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from wheelbridge.mapping.linting.findings import Place
from wheelbridge.tables.documents import UnreadableTableError

_MOST = 1_000_000
"""Values whose places are kept; aliases of aliases could make more than memory holds."""


class InvalidYamlError(UnreadableTableError):
    """A YAML file breaks the rules of YAML; *line* and *column* say where, from 1."""

    code = "invalid-yaml"

    def __init__(self, path: Path, reason: str, line: int | None, column: int | None) -> None:
        super().__init__(path, reason)
        self.reason = reason
        self.line = line
        self.column = column


@dataclass(frozen=True, slots=True)
class Span:
    """The characters of a value in the text, counted from 0; *style* is the quote of a scalar, ``>`` or ``|``."""

    start: int
    end: int
    style: str | None


@dataclass(frozen=True, slots=True)
class Positioned:
    """The values of a YAML document, and where each of them stands.

    Attributes:
        text: the whole of it.
        data: its values, as YAML loads them.
        spans: place -> where the value stands.
        positions: place -> line and column, from 1: of the value, or of the field that has it.
    """

    text: str
    data: Any
    spans: Mapping[Place, Span]
    positions: Mapping[Place, tuple[int, int]]


def read_positions(text: str, path: Path) -> Positioned:
    """Read YAML; *path* is for messages.

    Raises:
        InvalidYamlError: if it is none.
    """
    from ruamel.yaml import YAML  # noqa: PLC0415 - other commands must not pay for it
    from ruamel.yaml.error import YAMLError  # noqa: PLC0415 - same

    yaml = YAML(typ="safe", pure=True)
    spans: dict[Place, Span] = {}
    positions: dict[Place, tuple[int, int]] = {}
    try:
        root = yaml.compose(text)
        for place, node, mark in islice(_walk(root, ()), _MOST):
            spans[place] = Span(node.start_mark.index, node.end_mark.index, getattr(node, "style", None))
            positions[place] = mark.line + 1, mark.column + 1
        data = None if root is None else yaml.constructor.construct_document(root)
    except (YAMLError, ValueError, RecursionError) as error:
        raise _invalid(path, error) from None
    return Positioned(text, data, spans, positions)


def _walk(node: Any, place: Place, mark: Any = None) -> Iterator[tuple[Place, Any, Any]]:  # noqa: ANN401 - no types there
    """Yield place, node and the mark that people look for: of a field rather than of its value on the next line."""
    if node is None:
        return
    yield place, node, mark or node.start_mark
    if node.id == "sequence":
        for number, item in enumerate(node.value):
            yield from _walk(item, (*place, number))
    elif node.id == "mapping":
        for key, value in node.value:
            yield from _walk(value, (*place, str(key.value)), key.start_mark)


def _invalid(path: Path, error: Exception) -> InvalidYamlError:
    mark = getattr(error, "problem_mark", None)
    reason = getattr(error, "problem", None) or " ".join(str(error).split())
    return InvalidYamlError(path, reason, mark.line + 1 if mark else None, mark.column + 1 if mark else None)
