"""Layers of what is said of ids, put over each other as PEP 804 proposes it for clients."""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Protocol, TypeVar


class Mode(StrEnum):
    """What a layer does to those below it."""

    USE = "use"
    """PEP 804: "Use the given … mapping instead of the … canonical location"."""
    PATCH = "patch"
    """PEP 804: "replace the matching keys in the canonical location and append the non-matching ones"."""
    EXTEND = "extend"
    """PEP 804: "append its contents to the canonical one"."""


class _HasId(Protocol):
    @property
    def id(self) -> str: ...


_Row = TypeVar("_Row", bound=_HasId)


def combine(layers: Iterable[tuple[Mode, Sequence[_Row]]]) -> tuple[_Row, ...]:
    """Put layers over each other, the lowest first; rows that stay keep their order, new ones come last.

    Two rows of one id are a choice; only `Mode.EXTEND`, or a layer that has two itself, makes one.
    """
    below: list[_Row] = []
    for mode, rows in layers:
        if mode is Mode.USE:
            below = list(rows)
        elif mode is Mode.EXTEND:
            below += rows
        else:
            below = _patch(below, rows)
    return tuple(below)


def _patch(below: Sequence[_Row], rows: Sequence[_Row]) -> list[_Row]:
    """Put each replacement where the first row of its id stood."""
    replacing: dict[str, list[_Row]] = {}
    for row in rows:
        replacing.setdefault(row.id, []).append(row)
    patched: list[_Row] = []
    known = set(replacing)
    for row in below:
        patched += replacing.pop(row.id, []) if row.id in known else [row]
    return [*patched, *(row for group in replacing.values() for row in group)]
