"""Findings of the lint of the tables: what is wrong, where it stands, and what would mend it."""

import re
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import TypeAlias

Place: TypeAlias = tuple[str | int, ...]
"""The way to a value in a document: fields and numbers of rows, from the outside in."""

_STEP = re.compile(r"\[(\d+)\]|([^.\[\]]+)")


class Severity(StrEnum):
    """How much a finding weighs."""

    ERROR = "error"
    """The table must not be shipped like that."""
    WARNING = "warning"
    """A person should look; it may be right."""


@dataclass(frozen=True, slots=True)
class ReplaceText:
    """Put another text in the place of one."""

    place: Place
    text: str


@dataclass(frozen=True, slots=True)
class DropRow:
    """Take a row out."""

    number: int


@dataclass(frozen=True, slots=True)
class SortRows:
    """Put the rows into another order: the old number of each, in the new one."""

    order: tuple[int, ...]


Fix: TypeAlias = ReplaceText | DropRow | SortRows
"""A change of a document that needs nobody's judgement."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that a rule has found.

    Attributes:
        code: the rule, such as ``WB101``.
        file: the file as its reader named it.
        place: the way to the value.
        line: where it stands, from 1; None where that is not known.
        column: as *line*.
        key: what the row is called: its project, id or soname; empty for what concerns the file.
        message: one sentence with the offending value.
        hint: what to do about it.
        fix: the change that mends it, where that needs nobody's judgement.
    """

    code: str
    severity: Severity
    file: str
    message: str
    hint: str = ""
    place: Place = ()
    line: int | None = None
    column: int | None = None
    key: str = ""
    fix: Fix | None = None

    @property
    def path(self) -> str:
        """The place in the file as people write it."""
        return render_place(self.place)

    @property
    def fixable(self) -> bool:
        """Whether `--fix` mends it."""
        return self.fix is not None

    def as_json(self) -> dict[str, object]:
        """Return the finding with *path* and *fixable* in the place of *place* and *fix*, ready for ``json.dumps``."""
        fields = asdict(self)
        del fields["place"], fields["fix"]
        return {**fields, "severity": str(self.severity), "path": self.path, "fixable": self.fixable}


def render_place(place: Place) -> str:
    """Return a place as text.

    >>> render_place((3, "alternatives", 0, "host"))
    '[3].alternatives[0].host'
    """
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place).removeprefix(".")


def parse_place(text: str) -> Place:
    """Read what `render_place` wrote.

    >>> parse_place("[3].alternatives[0].host")
    (3, 'alternatives', 0, 'host')
    """
    return tuple(int(step[1]) if step[1] else step[2] for step in _STEP.finditer(text))
