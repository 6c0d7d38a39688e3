"""Rows of shared libraries that packages tell of, sifted by what the table says already."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from wheelbridge.mapping.external.rows import SUBDIRS
from wheelbridge.mapping.natives.fields import matches_subdir
from wheelbridge.mapping.natives.sonames import SonameRow
from wheelbridge.tables.natives import RowTable


@dataclass(frozen=True, slots=True)
class SiftedSonames:
    """What is left of rows, and what became of the others.

    Attributes:
        rows: those that the table lacks, for the platforms that it lacks them for.
        known: number of rows of which the table has all.
        denied: sonames that the table says no package has.
    """

    rows: tuple[dict[str, Any], ...]
    known: int = 0
    denied: tuple[str, ...] = ()


def sift_soname_rows(rows: Iterable[Mapping[str, Any]], table: RowTable[SonameRow]) -> SiftedSonames:
    """Leave out of *rows* what *table* says already, so that what remains can be put into it.

    A row for another package of the same soname remains: then several have it, and nobody decided.
    """
    kept: list[dict[str, Any]] = []
    known, denied = 0, dict[str, None]()
    for row in rows:
        told = table.find(row["soname"])
        wanted = _subdirs(row["when"])
        missing = wanted - _covered(told, row["conda"])
        open_ = missing - _covered(told, None)
        if missing != open_:
            denied[row["soname"]] = None
        if open_:
            kept.append({**row, "when": row["when"] if open_ == wanted else sorted(open_)})
        elif not missing:
            known += 1
    return SiftedSonames(tuple(kept), known, tuple(denied))


def _covered(told: Sequence[SonameRow], package: str | None) -> frozenset[str]:
    """Return the subdirs for which the rows *told* name *package*."""
    return frozenset(subdir for row in told if row.conda == package for subdir in _subdirs(row.when))


def _subdirs(globs: Iterable[str]) -> frozenset[str]:
    globs = tuple(globs)
    return frozenset(subdir for subdir in SUBDIRS if matches_subdir(globs, subdir))
