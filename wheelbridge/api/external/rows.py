"""The tables of external dependencies, opened for look-up: nothing is read before the first one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from wheelbridge.mapping.external.ids import Registry, Resolution, resolve
from wheelbridge.mapping.external.layers import Mode, combine
from wheelbridge.model.external import DepURL
from wheelbridge.translate.external_dependency import FoundExternal

if TYPE_CHECKING:
    from wheelbridge.mapping.external.rows import ExternalRow
    from wheelbridge.mapping.overlays import Overlay

CURATED = "curated"
"""The layer of the tables that came with wheelbridge."""


@dataclass(frozen=True, slots=True)
class LayeredRow:
    """A row, and the layer that has it."""

    layer: str
    row: "ExternalRow"

    @property
    def id(self) -> str:
        """The id that the row is for."""
        return self.row.id


class LayeredRows:
    """The shipped table with maps of somebody's own, the nearest first, put over it; rows for translation, too.

    *shipped* returns the table's rows of a normalized id, and *registry* reads the ids that are known.
    """

    def __init__(
        self,
        shipped: "Callable[[str], Sequence[ExternalRow]]",
        registry: Callable[[], Registry] = Registry,
        maps: "Sequence[Overlay]" = (),
    ) -> None:
        self._shipped = shipped
        self._read_registry = registry
        self._maps = tuple(maps)

    def find(self, url: DepURL) -> FoundExternal:
        """Return the rows for *url*."""
        resolution = self.resolve(url)
        return FoundExternal(resolution.id, tuple(one.row for one in self.rows(resolution.id)), resolution.note)

    def resolve(self, url: DepURL) -> Resolution:
        """Follow aliases; an id that has a row is none, so that the registry, which is YAML, need not be read.

        No row is of a part of something: what has a subpath has none.
        """
        if url.reference == url.id and self.layers(url.id):
            return Resolution(url.id)
        if url.subpath:
            return Resolution(url.reference)
        return resolve(url.reference, self._registry)

    def rows(self, name: str) -> tuple[LayeredRow, ...]:
        """Return the rows of a normalized id that hold, the first one before the others."""
        *own, (_, shipped) = self._by_layer(name)
        return combine([(Mode.USE, shipped), *reversed(own)])

    def layers(self, name: str) -> tuple[LayeredRow, ...]:
        """Return what every layer says of a normalized id, the nearest first."""
        return tuple(one for _, rows in self._by_layer(name) for one in rows)

    def _by_layer(self, name: str) -> list[tuple[Mode, list[LayeredRow]]]:
        own = [(one.mode, [LayeredRow(one.name, row) for row in one.external if row.id == name]) for one in self._maps]
        return [*own, (Mode.USE, [LayeredRow(CURATED, row) for row in self._shipped(name)])]

    @cached_property
    def _registry(self) -> Registry:
        return self._read_registry()


def open_external(maps: "Sequence[Overlay]" = (), mappings: Path | None = None) -> LayeredRows:
    """Open the table of external dependencies; *maps*, the nearest first, are put over it.

    Args:
        maps: rows of somebody's own.
        mappings: the folder of the tables; by default the one that came with wheelbridge.

    Look-ups raise:
        MissingTableError: if a file is missing.
        InvalidExternalError: if a table that has to be built first breaks a rule.
    """
    shipped = _Shipped(mappings)
    return LayeredRows(shipped.find, shipped.read_registry, maps)


@dataclass(frozen=True)
class _Shipped:
    """The table in the folder *mappings* behind its look-up file, and the registry behind its YAML."""

    mappings: Path | None

    def find(self, name: str) -> "tuple[ExternalRow, ...]":
        return self._find(name)

    def read_registry(self) -> Registry:
        from wheelbridge.tables.natives import load_registry  # noqa: PLC0415 - few ids are not in the table

        return load_registry(self.mappings)

    @cached_property
    def _find(self) -> "Callable[[str], tuple[ExternalRow, ...]]":
        from wheelbridge.tables.natives import load_external  # noqa: PLC0415 - only where something external is needed

        return load_external(self.mappings).find
