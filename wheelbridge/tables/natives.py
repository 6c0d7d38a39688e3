"""The tables of native things, opened for look-up: external dependencies, what wheels need, shared libraries."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

from wheelbridge.mapping.external.rows import ExternalRow
from wheelbridge.mapping.lines import SortedLines
from wheelbridge.mapping.natives.sonames import SonameAnswer, SonameRow, key_of, package_of_soname
from wheelbridge.mapping.natives.sonames import parse_line as parse_sonames
from wheelbridge.mapping.natives.variants import RuntimeRow
from wheelbridge.mapping.natives.wheels import WheelRow
from wheelbridge.mapping.natives.wheels import parse_line as parse_wheels
from wheelbridge.tables.load import CHANNEL, map_file
from wheelbridge.tables.locate import find_built, find_mappings

if TYPE_CHECKING:
    from wheelbridge.mapping.external.ids import Registry

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


def load_registry(mappings: Path | None = None) -> "Registry":
    """Read the ids of external dependencies that are known (PEP 804), with their aliases; YAML takes a while.

    Raises:
        InvalidExternalError: if the registry breaks a rule.
        MissingTableError: if there is none.
        UnreadableTableError: if it is not YAML.
    """
    from wheelbridge.mapping.external.pep804 import parse_registry  # noqa: PLC0415 - few ids are not in the table
    from wheelbridge.tables.reading import read_rows  # noqa: PLC0415 - as above

    return read_rows((mappings or find_mappings()) / "external" / "registry.yaml", parse_registry)


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


def open_sonames(mappings: Path | None = None) -> Callable[[str, str], SonameAnswer]:
    """Open the packages of shared libraries for many look-ups: `find_soname`, with the table read once.

    Raises:
        MissingTableError: if a file is missing.
    """
    table = load_sonames(mappings)
    return lambda soname, subdir: package_of_soname(table.find(key_of(soname, subdir)), soname, subdir)


def find_soname(soname: str, subdir: str, *, mappings: Path | None = None) -> SonameAnswer:
    """Return which conda package has the shared library *soname* on *subdir*: one, none, or several.

    Who asks more than once opens the table: `open_sonames`.

    Raises:
        MissingTableError: if a file is missing.
    """
    return open_sonames(mappings)(soname, subdir)


def _open(table: str, mappings: Path | None) -> SortedLines:
    return SortedLines(map_file(find_built(mappings or find_mappings()) / f"{table}.{CHANNEL}.tsv"))
