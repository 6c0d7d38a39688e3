"""External dependencies (PEP 725) in the tables: what the packages are that an id such as ``dep:generic/zlib`` is."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from wheelbridge.mapping.external.ids import Registry, Resolution, resolve
from wheelbridge.mapping.external.layers import Mode, combine
from wheelbridge.mapping.external.parsing import CATEGORIES, Alternative, ExternalRow, parse_external
from wheelbridge.mapping.external.pep804 import parse_registry
from wheelbridge.mapping.overlays import Overlay
from wheelbridge.tables import find_mappings
from wheelbridge.tables.documents import load_document

CURATED = "curated"


@dataclass(frozen=True, slots=True)
class LayeredRow:
    """A row, and the layer that has it."""

    layer: str
    row: ExternalRow

    @property
    def id(self) -> str:
        """The id that the row is for."""
        return self.row.id


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependency:
    """What the tables say of an external dependency.

    Attributes:
        text: what was asked for.
        resolution: the id that the tables answer for.
        rows: those that hold, the first one before the others.
        layers: every layer that speaks of it, the nearest first.
    """

    text: str
    resolution: Resolution
    rows: tuple[LayeredRow, ...]
    layers: tuple[LayeredRow, ...]

    def as_json(self) -> dict[str, object]:
        """Return it in the shape of the answers for names, with an answer for each alternative."""
        return {
            "input": self.text,
            "name": self.resolution.id,
            "answers": [answer for one in self.rows for answer in _answers(one)],
            "ambiguous": False,
            "candidates": [],
            "known": bool(self.layers),
            "guesses": [],
            "note": self.resolution.note or None,
        }

    def explain_json(self) -> dict[str, object]:
        """Return it with every layer's word."""
        winner = self.rows[0].layer if self.rows else None
        layers = [{"layer": one.layer, "row": _answers(one), "decides": one in self.rows} for one in self.layers]
        return {**self.as_json(), "winner": winner, "why": self.why, "layers": layers}

    @property
    def why(self) -> str:
        """One sentence."""
        if not self.rows:
            return "no layer speaks of it"
        layer = self.rows[0].layer
        if not self.rows[0].row.alternatives:
            return f"{layer}, the first layer that speaks of it, says that it is not packaged"
        return f"{layer} is the first layer that speaks of it"


class Dependencies:
    """The table of external dependencies, with maps of somebody's own put over it."""

    def __init__(
        self, shipped: Iterable[ExternalRow], maps: Sequence[Overlay] = (), registry: Registry | None = None
    ) -> None:
        self._registry = registry or Registry()
        own = [(one.mode, tuple(LayeredRow(one.name, row) for row in one.external)) for one in maps]
        table = tuple(LayeredRow(CURATED, row) for row in shipped)
        self._layers = (*(rows for _, rows in own), table)
        self._rows = combine([(Mode.USE, table), *reversed(own)])

    def look_up(self, text: str) -> Dependency:
        """Return what the tables say of the id *text*.

        Raises:
            InvalidExternalIdError: if it is none.
        """
        found = resolve(text, self._registry)
        return Dependency(
            text=text,
            resolution=found,
            rows=tuple(one for one in self._rows if one.id == found.id),
            layers=tuple(one for layer in self._layers for one in layer if one.id == found.id),
        )


def load_dependencies(mappings: Path | None = None, maps: Sequence[Overlay] = ()) -> Dependencies:
    """Read the table of external dependencies; *maps*, the nearest first, are put over it.

    Raises:
        MissingTableError: if it is not there.
        InvalidExternalError: if a row breaks a rule.
    """
    folder = (mappings or find_mappings()) / "external"
    rows = parse_external(load_document(folder / "conda-forge.yaml"))
    return Dependencies(rows, maps, parse_registry(load_document(folder / "registry.yaml")))


def _answers(one: LayeredRow) -> list[dict[str, object]]:
    row = one.row
    account: dict[str, object] = {
        "relation": row.relation.value,
        "confidence": row.confidence,
        "layer": one.layer,
        "reason": row.reason,
        "evidence": list(row.evidence),
        "reviewed": row.reviewed or None,
    }
    return [{**_alternative(item), **account} for item in row.alternatives] or [{"name": None, **account}]


def _alternative(item: Alternative) -> dict[str, object]:
    return {"name": item.name, "when": list(item.when), **{key: list(item.of(key)) for key in CATEGORIES}}
