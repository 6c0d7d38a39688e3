"""Sonames: which conda package has the shared library that a wheel loads and does not carry."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

from wheelbridge.mapping.lines import join_items, split_items
from wheelbridge.mapping.natives.fields import (
    ACCOUNT,
    Accounted,
    Fields,
    InvalidTableRowError,
    check_order,
    common_subdirs,
    matches_subdir,
    parse_rows,
    read_rows,
    render_rows,
)
from wheelbridge.mapping.rows import Relation
from wheelbridge.model.name import CondaName, is_conda_name

FIELDS = ACCOUNT | {"soname", "when", "conda", "specs"}
"""The fields of a row."""

_RELATIONS = (Relation.LIBRARY, Relation.NONE)
_SONAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]*")
_WINDOWS = "win-*"
_OWN = 3
"""Fields of a row in a line, besides its account."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SonameRow(Accounted):
    """The package that has a shared library.

    Attributes:
        soname: the name that is loaded, no path: ``libodbc.so.2``, ``libomp.dylib``; a DLL in lower case.
        conda: the package; None where the relation is `Relation.NONE`.
        specs: MatchSpecs of the versions that have this soname; the package as it comes where there are none.
        when: globs over the subdirs it holds for.
        relation: `Relation.LIBRARY`, or `Relation.NONE` for what comes from no package: the system has it, or nobody.
    """

    soname: str
    conda: CondaName | None
    specs: tuple[str, ...] = ()
    when: tuple[str, ...] = ("*",)

    @property
    def depends(self) -> tuple[str, ...]:
        """MatchSpecs that bring the library."""
        return self.specs or ((self.conda,) if self.conda else ())

    @classmethod
    def parse(cls, data: object, path: str, *, own: bool = False) -> "SonameRow":
        """Read one entry of the file as YAML loads it; *path* is its place, for messages.

        With *own*, a row of somebody's own, reason, evidence and date may be missing.

        Raises:
            InvalidTableRowError: if it breaks a rule.
        """
        fields = Fields(data, path, FIELDS)
        row = fields.account(_RELATIONS, own=own).of(
            cls,
            soname=fields.text("soname"),
            conda=None if fields.value("conda") is None else fields.text("conda"),
            specs=fields.specs("specs"),
            when=fields.globs(),
        )
        if _SONAME.fullmatch(row.soname) is None:
            fields.fail(f"{row.soname!r} is no name of a file", "soname")
        if common_subdirs(row.when, [_WINDOWS]) and row.soname != row.soname.lower():
            fields.fail(f"Windows does not tell {row.soname!r} from {row.soname.lower()!r}; write that", "soname")
        if (row.conda is None) != (row.relation is Relation.NONE):
            fields.fail("'conda' is null exactly where the relation is 'none'", "conda")
        if row.conda is not None and not is_conda_name(row.conda):
            fields.fail(f"{row.conda!r} cannot name a conda package (CEP 26)", "conda")
        if row.conda is None and row.specs:
            fields.fail("nothing is to be installed where the relation is 'none'", "specs")
        return row


@dataclass(frozen=True, slots=True)
class SonameAnswer:
    """What the rows say of a soname: nothing, one row, or several that nobody decided between."""

    rows: tuple[SonameRow, ...] = ()

    @property
    def row(self) -> SonameRow | None:
        """The row that answers, if it is the only one."""
        return self.rows[0] if len(self.rows) == 1 else None

    @property
    def is_ambiguous(self) -> bool:
        """Whether several packages have the library."""
        return len(self.rows) > 1


def parse_soname_rows(data: object, *, own: bool = False) -> tuple[SonameRow, ...]:
    """Read the file as YAML loads it: rows sorted by soname, of which a soname may have several.

    >>> row = {"soname": "libodbc.so.2", "conda": "unixodbc", "when": ["linux-*"]}
    >>> parse_soname_rows([row], own=True)[0].conda
    'unixodbc'

    Raises:
        InvalidTableRowError: if a row breaks a rule.
    """
    rows = parse_rows(data, lambda item, path: SonameRow.parse(item, path, own=own))
    check_order([(row.soname,) for row in rows], own=own)
    _check_overlap(rows)
    return rows


def package_of_soname(rows: Iterable[SonameRow], soname: str, subdir: str) -> SonameAnswer:
    """Return which package has the library called *soname*, a name without its folder.

    A name with a folder that is the system's own, ``/usr/lib/libz.1.dylib``, is not asked for: no package serves it.

    >>> omp = SonameRow(soname="libomp.dylib", conda="llvm-openmp", when=("osx-*",), relation=Relation.LIBRARY)
    >>> package_of_soname([omp], "libomp.dylib", "osx-arm64").row.depends
    ('llvm-openmp',)
    """
    name = key_of(soname, subdir)
    return SonameAnswer(tuple(row for row in rows if row.soname == name and matches_subdir(row.when, subdir)))


def key_of(soname: str, subdir: str) -> str:
    """Return the key of the line that speaks of *soname* on *subdir*.

    >>> key_of("KERNEL32.dll", "win-64"), key_of("libGL.so.1", "linux-64")
    ('kernel32.dll', 'libGL.so.1')
    """
    return soname.lower() if matches_subdir([_WINDOWS], subdir) else soname


def render_line(rows: Sequence[SonameRow]) -> str:
    """Return the line of one soname's *rows* in a look-up file, without its end."""
    own = ((row.conda or "", join_items(row.specs), join_items(row.when)) for row in rows)
    return render_rows(rows[0].soname, zip(own, rows, strict=True))


def parse_line(fields: Sequence[str]) -> tuple[SonameRow, ...]:
    """Read the fields of a line that `render_line` wrote."""
    return tuple(
        account.of(
            SonameRow,
            soname=fields[0],
            conda=CondaName(conda) if conda else None,
            specs=split_items(specs),
            when=split_items(when),
        )
        for (conda, specs, when), account in read_rows(fields, _OWN)
    )


def _check_overlap(rows: Sequence[SonameRow]) -> None:
    """Check that where a soname has several rows for a subdir, they name different packages: then a person chooses.

    Raises:
        InvalidTableRowError: if they name one package, or if one says that there is none.
    """
    for (_, first), (number, second) in combinations(enumerate(rows), 2):
        if first.soname != second.soname or not set(first.channels) & set(second.channels):
            continue
        shared = common_subdirs(first.when, second.when)
        if shared and (first.conda == second.conda or None in {first.conda, second.conda}):
            problem = f"{second.soname!r} has two rows for {shared[0]} that cannot both hold"
            raise InvalidTableRowError(f"[{number}].when", problem)
