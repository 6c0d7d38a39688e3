"""What wheels need besides what their metadata say: the table of wheels, with maps of somebody's own put over it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.version import Version

from wheelbridge.mapping.external.layers import Mode, combine
from wheelbridge.mapping.natives.wheels import Natives, WheelRow, natives_of
from wheelbridge.model.name import NormalizedName

if TYPE_CHECKING:
    from wheelbridge.mapping.overlays import Overlay
    from wheelbridge.tables.natives import RowTable

CURATED = "curated"
"""The layer that comes with wheelbridge."""


@dataclass(frozen=True, slots=True)
class LayeredWheelRow:
    """A row, and the layer that has it."""

    layer: str
    row: WheelRow

    @property
    def id(self) -> str:
        """The project that the row is for."""
        return self.row.pypi

    def as_json(self) -> dict[str, object]:
        """Return the fields as JSON has them."""
        row = self.row
        return {
            "layer": self.layer,
            "depends": list(row.depends),
            "one_of": list(row.one_of),
            "pypi_range": row.pypi_range,
            "when": list(row.when),
            "relation": row.relation.value,
            "confidence": row.confidence,
            "reason": row.reason,
            "evidence": list(row.evidence),
            "reviewed": row.reviewed or None,
        }


class NativeRows:
    """Rows of wheels: the shipped ones, and those of maps by their modes."""

    def __init__(self, maps: "Sequence[Overlay]" = (), mappings: Path | None = None) -> None:
        """Take *maps*, the nearest first; nothing is opened before the first look-up."""
        self._maps = tuple(maps)
        self._mappings = mappings
        self._found: dict[NormalizedName, tuple[LayeredWheelRow, ...]] = {}

    def find(self, project: NormalizedName, version: Version, subdir: str) -> Natives:
        """Return what a wheel of *project* needs besides what its metadata say.

        Raises:
            MissingTableError: if the table is missing.
        """
        return natives_of((one.row for one in self.rows(project)), project, version, subdir)

    def rows(self, project: NormalizedName) -> tuple[LayeredWheelRow, ...]:
        """Return the rows of *project* that count, for whatever versions and subdirs.

        Of a map that patches, they stand in the place of the shipped ones; of one that extends, beside them.

        Raises:
            MissingTableError: if the table is missing.
        """
        if project not in self._found:
            *own, shipped = self.layers(project)
            modes = [one.mode for one in self._maps]
            layers = [(Mode.USE, shipped), *reversed(list(zip(modes, own, strict=True)))]
            self._found[project] = combine(layers)
        return self._found[project]

    def layers(self, project: NormalizedName) -> tuple[tuple[LayeredWheelRow, ...], ...]:
        """Return every layer's rows of *project*, the nearest first, the shipped ones last.

        Raises:
            MissingTableError: if the table is missing.
        """
        own = [tuple(LayeredWheelRow(one.name, row) for row in one.wheels if row.pypi == project) for one in self._maps]
        shipped = tuple(LayeredWheelRow(CURATED, row) for row in self._shipped.find(project))
        return (*own, shipped)

    @cached_property
    def _shipped(self) -> "RowTable[WheelRow]":
        from wheelbridge.tables.natives import load_wheels  # noqa: PLC0415 - only what is looked up is opened

        return load_wheels(self._mappings)


def open_natives(maps: "Sequence[Overlay]" = (), mappings: Path | None = None) -> NativeRows:
    """Open the table of wheels with *maps*, the nearest first, put over it; the first look-up reads it.

    Args:
        maps: see `wheelbridge.api.mapping.maps.load_maps`.
        mappings: the folder of the tables; by default the one that came with wheelbridge.
    """
    return NativeRows(maps, mappings)
