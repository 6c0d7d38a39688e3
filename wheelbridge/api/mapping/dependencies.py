"""External dependencies (PEP 725) in the tables: what the packages are that an id such as ``dep:generic/zlib`` is."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from wheelbridge.api.external.rows import LayeredRow, LayeredRows, open_external
from wheelbridge.mapping.external.ids import Resolution, normalize_alias
from wheelbridge.mapping.external.rows import CATEGORIES, Alternative
from wheelbridge.mapping.overlays import Overlay
from wheelbridge.model.external import DepURL


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
    """The table of external dependencies, with maps of somebody's own put over it, asked by people."""

    def __init__(self, rows: LayeredRows) -> None:
        self._rows = rows

    def look_up(self, text: str) -> Dependency:
        """Return what the tables say of the id *text*.

        Raises:
            InvalidExternalIdError: if it is none.
            MissingTableError: if a file is missing.
            InvalidExternalError: if a table breaks a rule.
        """
        found = self._rows.resolve(DepURL.parse(normalize_alias(text)))
        return Dependency(
            text=text, resolution=found, rows=self._rows.rows(found.id), layers=self._rows.layers(found.id)
        )


def open_dependencies(mappings: Path | None = None, maps: Sequence[Overlay] = ()) -> Dependencies:
    """Open the table of external dependencies; *maps*, the nearest first, are put over it."""
    return Dependencies(open_external(maps, mappings))


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
