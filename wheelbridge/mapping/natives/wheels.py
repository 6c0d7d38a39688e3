"""Wheels that need what they neither carry nor ask for: native libraries they load, programs they run."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from wheelbridge.mapping.lines import join_items, split_items
from wheelbridge.mapping.natives.fields import (
    ACCOUNT,
    Accounted,
    Fields,
    check_once,
    check_order,
    matches_subdir,
    parse_rows,
    read_rows,
    render_rows,
)
from wheelbridge.mapping.rows import Relation
from wheelbridge.model.name import NormalizedName, canonicalize_name

FIELDS = ACCOUNT | {"pypi", "pypi_range", "depends", "one_of", "when"}
"""The fields of a row."""

_RELATIONS = (Relation.LIBRARY, Relation.TOOL, Relation.NONE)
_OWN = 4
"""Fields of a row in a line, besides its account."""
_UNSAID = "needs something that the channel does not have"
"""The reason of a row of somebody's own that gives none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WheelRow(Accounted):
    """What wheels of a project need besides what their metadata say.

    Attributes:
        pypi: the project.
        depends: MatchSpecs, all of which it needs.
        one_of: MatchSpecs of which any one does; the person who asks has to choose.
        pypi_range: the versions it holds for, a PEP 440 specifier; empty: all.
        when: globs over the subdirs it holds for.
        relation: `Relation.LIBRARY` for what is loaded, `Relation.TOOL` for programs, `Relation.NONE` for what the
            channel does not have: then there are no specs, and the reason names the thing.
    """

    pypi: NormalizedName
    depends: tuple[str, ...] = ()
    one_of: tuple[str, ...] = ()
    pypi_range: str = ""
    when: tuple[str, ...] = ("*",)

    @classmethod
    def parse(cls, data: object, path: str, *, own: bool = False) -> "WheelRow":
        """Read one entry of the file as YAML loads it; *path* is its place, for messages.

        With *own*, a row of somebody's own, reason, evidence and date may be missing.

        Raises:
            InvalidTableRowError: if it breaks a rule.
        """
        fields = Fields(data, path, FIELDS)
        row = fields.account(_RELATIONS, own=own).of(
            cls,
            pypi=fields.text("pypi"),
            depends=fields.specs("depends"),
            one_of=fields.specs("one_of"),
            pypi_range=fields.pypi_range(),
            when=fields.globs(),
        )
        if canonicalize_name(row.pypi) != row.pypi:
            fields.fail(f"the project {row.pypi!r} is not normalized (PEP 503)", "pypi")
        if (row.relation is Relation.NONE) != (not row.depends and not row.one_of):
            fields.fail("it names specs exactly where the relation is not 'none'")
        if len(row.one_of) == 1:
            fields.fail("one spec is no choice; write it under 'depends'", "one_of")
        return row

    def holds(self, version: Version, subdir: str) -> bool:
        """Tell whether the row is about a wheel of *version* on *subdir*."""
        fits = not self.pypi_range or SpecifierSet(self.pypi_range).contains(version, prereleases=True)
        return fits and matches_subdir(self.when, subdir)


@dataclass(frozen=True, slots=True)
class Natives:
    """What a wheel needs besides: nothing is known where there are no *rows*."""

    rows: tuple[WheelRow, ...] = ()

    @property
    def specs(self) -> tuple[str, ...]:
        """MatchSpecs, all of which it needs."""
        return tuple(dict.fromkeys(spec for row in self.rows for spec in row.depends))

    @property
    def choices(self) -> tuple[tuple[str, ...], ...]:
        """Lists of MatchSpecs: it needs one of each list, and nothing here says which."""
        return tuple(dict.fromkeys(row.one_of for row in self.rows if row.one_of))

    @property
    def missing(self) -> tuple[str, ...]:
        """Reasons why something that it needs comes from no channel."""
        return tuple(row.reason or _UNSAID for row in self.rows if row.relation is Relation.NONE)


def parse_wheel_rows(data: object, *, own: bool = False) -> tuple[WheelRow, ...]:
    """Read the file as YAML loads it: rows sorted by project, of which a project may have several.

    >>> row = {"pypi": "pyodbc", "depends": ["unixodbc"], "when": ["linux-*"]}
    >>> parse_wheel_rows([row], own=True)[0].depends
    ('unixodbc',)

    Raises:
        InvalidTableRowError: if a row breaks a rule.
    """
    rows = parse_rows(data, lambda item, path: WheelRow.parse(item, path, own=own))
    check_order([(row.pypi,) for row in rows], own=own)
    check_once((row.pypi, row.pypi_range, *row.when, "|", *row.channels) for row in rows)
    return rows


def natives_of(rows: Iterable[WheelRow], project: NormalizedName, version: Version, subdir: str) -> Natives:
    """Return what a wheel of *project* needs besides what its metadata say.

    >>> odbc = WheelRow(pypi="pyodbc", depends=("unixodbc",), when=("linux-*",), relation=Relation.LIBRARY)
    >>> natives_of([odbc], "pyodbc", Version("5.2"), "linux-64").specs
    ('unixodbc',)
    """
    return Natives(tuple(row for row in rows if row.pypi == project and row.holds(version, subdir)))


def render_line(rows: Sequence[WheelRow]) -> str:
    """Return the line of one project's *rows* in a look-up file, without its end."""
    own = ((join_items(row.depends), join_items(row.one_of), row.pypi_range, join_items(row.when)) for row in rows)
    return render_rows(rows[0].pypi, zip(own, rows, strict=True))


def parse_line(fields: Sequence[str]) -> tuple[WheelRow, ...]:
    """Read the fields of a line that `render_line` wrote."""
    return tuple(
        account.of(
            WheelRow,
            pypi=NormalizedName(fields[0]),
            depends=split_items(depends),
            one_of=split_items(one_of),
            pypi_range=limit,
            when=split_items(when),
        )
        for (depends, one_of, limit, when), account in read_rows(fields, _OWN)
    )
