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
"""The relations that can make a project and a package one thing."""


class Role(StrEnum):
    """What a row may do in a solve."""

    IDENTITY = "identity"
    """Wheel and conda package are alternatives under one solver name."""
    STAND_IN = "stand-in"
    """Conda specs may be put in the place of the requirement: another thing that serves for it."""
    EXPLANATION = "explanation"
    """Nothing: it tells people why there is no counterpart, or why that one is not taken."""


def role_of(relation: Relation, *, specs: bool, limited: bool) -> Role:
    """Return what a row may do: one with further *specs*, or *limited* to some versions, is no plain identity.

    What the specs of a `Relation.BASE` row ask for is what the metapackage adds, which the bare package can be without.

    >>> role_of(Relation.DIST, specs=False, limited=False), role_of(Relation.DIST, specs=False, limited=True)
    (<Role.IDENTITY: 'identity'>, <Role.STAND_IN: 'stand-in'>)
    """
    if relation in IDENTITIES:
        plain = not limited and (relation is Relation.BASE or not specs)
        return Role.IDENTITY if plain else Role.STAND_IN
    acts = relation is Relation.META or (relation is Relation.EQUIVALENT and (specs or limited))
    return Role.STAND_IN if acts else Role.EXPLANATION


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
    """One row.

    Attributes:
        conda: the package; None where the relation is `Relation.NONE`.
        layer: which of the layers says so.
        reason: one sentence for people.
        specs: MatchSpecs that must hold besides.
        pypi_range: the versions it holds for, a PEP 440 specifier; empty: all.
        rejected: packages that look right and are wrong.
        evidence: what shows it.
        reviewed: the day a person last looked, ISO 8601; empty where nobody did.
    """

    pypi: NormalizedName
    conda: CondaName | None
    relation: Relation
    confidence: Confidence
    layer: str
    reason: str = ""
    specs: tuple[str, ...] = ()
    pypi_range: str = ""
    rejected: tuple[CondaName, ...] = ()
    evidence: tuple[str, ...] = ()
    reviewed: str = ""

    @property
    def role(self) -> Role:
        """What the row may do in a solve."""
        return role_of(self.relation, specs=bool(self.specs), limited=bool(self.pypi_range))

    @property
    def is_identity(self) -> bool:
        """Whether the project and the package are the same thing, so that either may serve for the other."""
        return self.role is Role.IDENTITY


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
