"""Rows of the name tables: what ties a PyPI project to a conda package, and how sure that is."""

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Protocol

from wheelbridge.model.name import CondaName, NormalizedName


class Relation(StrEnum):
    """What the conda package is to the PyPI project."""

    DIST = "dist"
    """The same distribution: its builds carry the project's dist-info; either may stand for the other."""
    BASE = "base"
    """As `DIST`; the package of the project's own name only adds dependencies to this one."""
    PART = "part"
    """The package carries the project's dist-info beside another one that it is known by."""
    EQUIVALENT = "equivalent"
    """The same software under another distribution name: it imports, `importlib.metadata` does not find it."""
    META = "meta"
    """The package only pulls others in; it carries no dist-info."""
    TOOL = "tool"
    """The same program without its Python distribution: fit to build with, not to depend on."""
    LIBRARY = "library"
    """The native library that the project wraps or ships."""
    NONE = "none"
    """Known to have no counterpart."""


IDENTITIES = frozenset({Relation.DIST, Relation.BASE})
"""The relations that make a project and a package one thing; all others never satisfy a run requirement."""


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

    @property
    def is_identity(self) -> bool:
        """Whether the project and the package are the same thing, so that either may serve for the other."""
        return self.relation in IDENTITIES


@dataclass(frozen=True, slots=True)
class NameAnswer:
    """What the tables say of a name: rows, or nothing.

    *ambiguous* lists names of the other world that nobody decided between: conda packages for a project, projects
    for a conda package.
    """

    rows: tuple[NameRow, ...] = ()
    ambiguous: tuple[str, ...] = ()

    @property
    def identity(self) -> NameRow | None:
        """The row that makes two names one thing, if there is one."""
        return next((row for row in self.rows if row.is_identity), None)


class NameTable(Protocol):
    """The name tables, asked in either direction.

    The two directions agree: ``by_conda(name)`` holds the identity row of a project exactly if that row is the
    identity of ``by_project(project)``. No conda package is the identity of two projects.
    """

    def by_project(self, project: NormalizedName) -> NameAnswer:
        """Answer for a PyPI project: at most one row, which need not be an identity."""

    def by_conda(self, name: CondaName) -> NameAnswer:
        """Answer for a conda package: the projects that it is, identity rows only."""

    def is_conda_name(self, name: str) -> bool:
        """Tell whether a conda package called *name* is known at all."""
