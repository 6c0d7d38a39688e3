"""The tables of external dependencies, opened for translation: nothing is read before the first look-up."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from wheelbridge.mapping.external.ids import Registry, Resolution, resolve
from wheelbridge.mapping.external.layers import Mode, combine
from wheelbridge.model.external import DepURL
from wheelbridge.tables.locate import find_mappings
from wheelbridge.translate.external import ExternalRows, FoundExternal

if TYPE_CHECKING:
    from wheelbridge.mapping.external.rows import ExternalRow
    from wheelbridge.mapping.overlays import Overlay
    from wheelbridge.tables.natives import RowTable


def open_external(maps: "Sequence[Overlay]" = (), mappings: Path | None = None) -> ExternalRows:
    """Open the table of external dependencies; *maps*, the nearest first, are put over it.

    Args:
        maps: rows of somebody's own.
        mappings: the folder of the tables; by default the one that came with wheelbridge.

    Look-ups raise:
        MissingTableError: if a file is missing.
    """
    return _Tables(tuple(maps), mappings)


class _Tables:
    """The shipped table behind its look-up file, the registry behind its YAML, and maps."""

    def __init__(self, maps: "tuple[Overlay, ...]", mappings: Path | None) -> None:
        self._maps = maps
        self._mappings = mappings

    def find(self, url: DepURL) -> FoundExternal:
        """Return the rows for *url*."""
        resolution = self._resolve(url)
        return FoundExternal(resolution.id, self._rows(resolution.id), resolution.note)

    def _resolve(self, url: DepURL) -> Resolution:
        """Follow aliases; an id that has a row is none, so that the registry, which is YAML, need not be read.

        No row is of a part of something: what has a subpath has none.
        """
        if url.reference == url.id and self._shipped.find(url.id):
            return Resolution(url.id)
        if url.subpath:
            return Resolution(url.reference)
        return resolve(url.reference, self._registry)

    def _rows(self, name: str) -> "tuple[ExternalRow, ...]":
        own = [(one.mode, [row for row in one.external if row.id == name]) for one in self._maps]
        return combine([(Mode.USE, self._shipped.find(name)), *reversed(own)])

    @cached_property
    def _shipped(self) -> "RowTable[ExternalRow]":
        from wheelbridge.tables.natives import load_external  # noqa: PLC0415 - only where something external is needed

        return load_external(self._mappings)

    @cached_property
    def _registry(self) -> Registry:
        from wheelbridge.mapping.external.pep804 import parse_registry  # noqa: PLC0415 - few ids are not in the table
        from wheelbridge.tables.documents import load_document  # noqa: PLC0415 - as above

        return parse_registry(load_document((self._mappings or find_mappings()) / "external" / "registry.yaml"))
