"""The tables of native things, opened for look-up: external dependencies, what wheels need, shared libraries."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from packaging.utils import NormalizedName
from packaging.version import Version

from wheelbridge.mapping.external.rows import ExternalRow
from wheelbridge.mapping.lines import SortedLines
from wheelbridge.mapping.natives.sonames import SonameAnswer, SonameRow, key_of, package_of_soname
from wheelbridge.mapping.natives.sonames import parse_line as parse_sonames
from wheelbridge.mapping.natives.variants import RuntimeRow
from wheelbridge.mapping.natives.wheels import Natives, WheelRow, natives_of
from wheelbridge.mapping.natives.wheels import parse_line as parse_wheels
from wheelbridge.tables.load import CHANNEL, map_file
from wheelbridge.tables.locate import find_built, find_mappings

_Row = TypeVar("_Row")


@dataclass(frozen=True, slots=True)
class RowTable(Generic[_Row]):
    """Rows by a key; several rows of one key stand in one line."""

    lines: SortedLines
    parse: Callable[[Sequence[str]], tuple[_Row, ...]]

    def find(self, key: str) -> tuple[_Row, ...]:
        """Return the rows of *key*; none where no row speaks of it."""
        fields = self.lines.find(key)
        return () if fields is None else self.parse(fields)


def load_external(mappings: Path | None = None) -> RowTable[ExternalRow]:
    """Open the external dependencies, by their normalized ids.

    Raises:
        MissingTableError: if a file is missing.
    """
    return RowTable(_open("external", mappings), lambda fields: (ExternalRow.parse_line(fields),))


def load_wheels(mappings: Path | None = None) -> RowTable[WheelRow]:
    """Open what wheels need besides what their metadata say, by their projects.

    Raises:
        MissingTableError: if a file is missing.
    """
    return RowTable(_open("wheels", mappings), parse_wheels)


def load_sonames(mappings: Path | None = None) -> RowTable[SonameRow]:
    """Open the packages of shared libraries, by `wheelbridge.mapping.natives.sonames.key_of`.

    Raises:
        MissingTableError: if a file is missing.
    """
    return RowTable(_open("sonames", mappings), parse_sonames)


def load_runtimes(mappings: Path | None = None) -> tuple[RuntimeRow, ...]:
    """Read the runtime libraries that wheels carry or are; it takes about a millisecond.

    Raises:
        MissingTableError: if a file is missing.
    """
    lines = SortedLines(map_file(find_built(mappings or find_mappings()) / "variants.runtimes.tsv"))
    return tuple(map(RuntimeRow.parse_line, lines))


def find_natives(project: NormalizedName, version: Version, subdir: str, *, mappings: Path | None = None) -> Natives:
    """Return what wheels of *project* need of conda and do not name; who asks more than once opens the table.

    Raises:
        MissingTableError: if a file is missing.
    """
    return natives_of(load_wheels(mappings).find(project), project, version, subdir)


def find_soname(soname: str, subdir: str, *, mappings: Path | None = None) -> SonameAnswer:
    """Return which conda package has the shared library *soname* on *subdir*: one, none, or several.

    Who asks more than once opens the table.

    Raises:
        MissingTableError: if a file is missing.
    """
    return package_of_soname(load_sonames(mappings).find(key_of(soname, subdir)), soname, subdir)


def _open(table: str, mappings: Path | None) -> SortedLines:
    return SortedLines(map_file(find_built(mappings or find_mappings()) / f"{table}.{CHANNEL}.tsv"))
