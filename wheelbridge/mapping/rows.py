"""Rows of the name tables: what ties a PyPI project to a conda package, and how sure that is."""

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Protocol

from wheelbridge.model.name import CondaName, NormalizedName


class Relation(StrEnum):
    """What the conda package is to the PyPI project."""

    DIST = "dist"
    """The same distribution; either may stand for the other."""
    NONE = "none"
    """Known to have no counterpart."""


class Confidence(IntEnum):
    """How a row was established; higher beats lower."""

    RECIPE = 2
    """The recipe's source is the project's file."""
    OBSERVED = 3
    """The project's dist-info was seen in builds of the package."""
    VERIFIED = 4
    """Both of the above agree."""
    CURATED = 6
    """A person looked and gave evidence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NameRow:
    """One row; *conda* is None where the relation is `Relation.NONE`."""

    pypi: NormalizedName
    conda: CondaName | None
    relation: Relation
    confidence: Confidence
    layer: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class NameAnswer:
    """What the tables say of a name: rows, or nothing; *ambiguous* lists candidates nobody decided between."""

    rows: tuple[NameRow, ...] = ()
    ambiguous: tuple[str, ...] = ()


class NameTable(Protocol):
    """The name tables, asked in either direction."""

    def by_project(self, project: NormalizedName) -> NameAnswer:
        """Answer for a PyPI project: at most one row whose relation is `Relation.DIST`."""

    def by_conda(self, name: CondaName) -> NameAnswer:
        """Answer for a conda package: the projects that it is."""

    def is_conda_name(self, name: str) -> bool:
        """Tell whether a conda package called *name* is known at all."""
