"""Needs: where the libraries come from that a wheel loads and does not carry, and the row that it ought to have."""

import posixpath
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, Protocol, TypeAlias, get_args

from wheelbridge.mapping.external.rows import package_of
from wheelbridge.mapping.natives.fields import matches_subdir
from wheelbridge.mapping.natives.sonames import SonameAnswer
from wheelbridge.mapping.natives.variants import RuntimeRow, runtimes_of_file
from wheelbridge.mapping.natives.wheels import WheelRow
from wheelbridge.mapping.rows import Relation
from wheelbridge.model.name import NormalizedName

State: TypeAlias = Literal["package", "ambiguous", "unknown", "sibling", "python", "system"]
STATES: tuple[State, ...] = get_args(State)
"""In the order that matters to people."""

PROMISED = frozenset({"libatomic.so.1", "libgcc_s.so.1", "libnsl.so.1", "libstdc++.so.6"})
"""What manylinux wheels may need of every Linux besides glibc, and what every Linux with a python then has.

PEP 600: the wheel "will work on any mainstream Linux distro that uses glibc ``{major}.{minor}`` or later". The lists
behind it name X11, OpenGL and GLib, too; containers and servers lack those.
"""

_OF_PYTHON = {
    "linux": frozenset({"libgcc", "libzlib"}),
    "osx": frozenset({"libzlib"}),
    "win": frozenset({"libzlib", "ucrt", "vc14_runtime"}),
}
"""What every CPython since 3.10 on conda-forge depends on, by its records: who runs one has that."""

_TOOLKITS: Mapping[NormalizedName, str] = {NormalizedName("cuda-toolkit"): "cuda"}
"""Projects that are nothing themselves: they ask for the projects that have the runtimes of a kind."""

_NAMED = 3
"""Files that evidence names before it counts the others."""

_OUT_OF_REACH = "its RUNPATH keeps conda's library from it; the system must have it"
_NOBODYS = "nobody's"
"""How a row of the table begins its reason where a library is neither a package's nor the system's."""


class FindSoname(Protocol):
    """The table of sonames."""

    def __call__(self, soname: str, subdir: str, /) -> SonameAnswer:
        """Return what the table says of a name without its folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """A library that a wheel loads and does not carry.

    Attributes:
        soname: as the loader is asked for it, a DLL in lower case.
        needed_by: the files that ask.
        subdir: the platform of those files.
        state: where it comes from: a conda ``package``; the ``system``; ``python`` itself; a ``sibling``, another
            project that the wheel requires; one of several packages, ``ambiguous``; ``unknown``.
        conda: the MatchSpecs that bring it.
        candidates: MatchSpecs of which any one may bring it.
        reason: why, for people.
        brought: why nobody has to ask for it; empty where somebody has to.
        out_of_reach: those of *needed_by* that do not find what conda's packages have.
        plugins_only: whether nobody but plugins would get it from a package.
    """

    soname: str
    needed_by: tuple[str, ...]
    subdir: str
    state: State
    conda: tuple[str, ...] = ()
    candidates: tuple[str, ...] = ()
    reason: str = ""
    brought: str = ""
    out_of_reach: tuple[str, ...] = ()
    plugins_only: bool = False

    @property
    def name(self) -> str:
        """The name without its folder."""
        return posixpath.basename(self.soname)

    @property
    def served(self) -> tuple[str, ...]:
        """Those of the files that a package would help."""
        return tuple(path for path in self.needed_by if path not in self.out_of_reach)

    def as_json(self) -> dict[str, object]:
        """Return what ``wheelbridge inspect --json`` prints of it."""
        return {
            "soname": self.soname,
            "needed_by": list(self.needed_by),
            "out_of_reach": list(self.out_of_reach),
            "plugins_only": self.plugins_only,
            "subdir": self.subdir,
            "state": self.state,
            "conda": list(self.conda),
            "candidates": list(self.candidates),
            "reason": "; ".join(filter(None, (self.reason, self.brought))),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """Says where libraries come from.

    Attributes:
        find_soname: the table of sonames.
        runtimes: the table of runtimes.
        requires: the projects that the wheel requires on the platform, with no extra asked for.
        promised: whether the wheel's tags promise that the system has certain libraries (PEP 600).
        out_of_reach: the files that do not find what conda's packages have, see
            `wheelbridge.mapping.natives.linkage.reaches_environment`.
        plugins: the files that are plugins, see `wheelbridge.mapping.natives.linkage.Linkage`.
    """

    find_soname: FindSoname
    runtimes: Sequence[RuntimeRow] = ()
    requires: frozenset[NormalizedName] = frozenset()
    promised: bool = False
    out_of_reach: frozenset[str] = frozenset()
    plugins: frozenset[str] = frozenset()

    def judge(self, soname: str, needed_by: Sequence[str], subdir: str) -> Need:
        """Say where a library comes from that is neither in the wheel nor the system's by its name alone."""
        need = self._by_tables(soname, needed_by, subdir)
        if need.state not in {"package", "ambiguous"}:
            return need
        need = replace(need, out_of_reach=tuple(path for path in needed_by if path in self.out_of_reach))
        if need.served or not needed_by:
            return replace(need, plugins_only=bool(need.served) and self.plugins.issuperset(need.served))
        if self._is_promised(need):
            return need
        candidates = need.conda or need.candidates
        return replace(need, state="unknown", conda=(), candidates=candidates, reason=_OUT_OF_REACH, brought="")

    def _by_tables(self, soname: str, needed_by: Sequence[str], subdir: str) -> Need:
        need = Need(soname=soname, needed_by=tuple(needed_by), subdir=subdir, state="unknown")
        answer = self.find_soname(need.name, subdir)
        if "/" in soname and not soname.startswith("@rpath/"):
            found = tuple(spec for row in answer.rows for spec in row.depends)
            return replace(need, candidates=found, reason="it is asked for by a place, where no package puts it")
        if brings := self._siblings(need.name, subdir):
            return replace(need, state="sibling", reason=f"{' or '.join(brings)}, which the wheel requires, brings it")
        if answer.is_ambiguous:
            candidates = tuple(dict.fromkeys(spec for row in answer.rows for spec in row.depends))
            return replace(need, state="ambiguous", candidates=candidates, reason="several packages have it")
        if (row := answer.row) is None:
            return replace(need, reason=self._looked_for())
        if row.conda is None:
            return replace(need, state="unknown" if row.reason.startswith(_NOBODYS) else "system", reason=row.reason)
        brought = self._brought(need, row.conda)
        return replace(need, state="package", conda=row.depends, reason=row.reason, brought=brought)

    def _siblings(self, name: str, subdir: str) -> tuple[str, ...]:
        """Return the projects among the required ones that have a runtime with this soname."""
        rows = [row for row in runtimes_of_file(self.runtimes, name) if matches_subdir(row.when, subdir)]
        own = [project for row in rows for project in row.pypi if project in self.requires]
        kinds = {row.kind for row in rows if row.pypi}
        kits = [project for project, kind in _TOOLKITS.items() if kind in kinds and project in self.requires]
        return tuple(dict.fromkeys(own or kits))

    def _looked_for(self) -> str:
        among = ", ".join(sorted(self.requires)) or "none"
        return f"in no row of sonames, and no runtime of what the wheel requires ({among})"

    def _brought(self, need: Need, package: str) -> str:
        if self._is_promised(need):
            return "the manylinux tag promises it (PEP 600)"
        if package in _OF_PYTHON.get(need.subdir.partition("-")[0], ()):
            return "python itself depends on it"
        return ""

    def _is_promised(self, need: Need) -> bool:
        return self.promised and need.name in PROMISED


def propose_row(
    project: NormalizedName, title: str, needs: Iterable[Need], covered: Collection[str], when: Sequence[str]
) -> dict[str, object] | None:
    """Return the row that ``mappings/wheels`` ought to have for a wheel, as YAML would load it; None where it has all.

    The day of the review is left to the person who reviews it.

    Args:
        project: the wheel's.
        title: the wheel for the evidence: ``pyodbc 5.5.0, manylinux wheel``.
        needs: what it loads and does not carry.
        covered: the conda packages that its metadata or an existing row ask for.
        when: the subdirs that the row is for.

    >>> odbc = Need(soname="libodbc.so.2", needed_by=("a.so",), subdir="linux-64", state="package", conda=("unixodbc",))
    >>> row = propose_row("pyodbc", "pyodbc 5.5.0, manylinux wheel", [odbc], [], ["linux-64"])
    >>> row["depends"], row["evidence"]
    (['unixodbc'], ['pyodbc 5.5.0, manylinux wheel: needs libodbc.so.2 and does not carry it'])
    """
    open_needs = [need for need in needs if not need.brought and not need.plugins_only]
    plain = [need for need in open_needs if need.conda and not _is_covered(need.conda, covered)]
    choices = {need.candidates for need in open_needs if _is_choice(need, covered)}
    choice = next(iter(choices)) if len(choices) == 1 else ()  # a row has one list of which any one does
    shown = [need for need in open_needs if need in plain or (choice and need.candidates == choice)]
    if not shown:
        return None
    row: dict[str, object] = {
        "pypi": project,
        "when": list(when),
        "depends": _merge(spec for need in plain for spec in need.conda),
        "one_of": list(choice),
        "relation": str(Relation.LIBRARY),
        "reason": _say(need.name for need in shown),
        "evidence": list(dict.fromkeys(f"{title}: {_evidence(need)}" for need in shown)),
    }
    return {field: value for field, value in row.items() if value}


def list_optional(needs: Iterable[Need], covered: Collection[str]) -> tuple[Need, ...]:
    """Return what plugins alone would get from a package that nothing asks for yet: it is left to a person.

    >>> odbc = Need(soname="libodbc.so.2", needed_by=("a.so",), subdir="linux-64", state="package", conda=("unixodbc",))
    >>> list_optional([odbc], []), len(list_optional([replace(odbc, plugins_only=True)], []))
    ((), 1)
    """
    found = (need for need in needs if need.plugins_only and not need.brought)
    return tuple(
        need for need in found if (need.conda and not _is_covered(need.conda, covered)) or _is_choice(need, covered)
    )


def packages_of(rows: Iterable[WheelRow]) -> frozenset[str]:
    """Return the conda packages that rows speak of, those of which any one will do included."""
    return frozenset(package_of(spec) for row in rows for spec in (*row.depends, *row.one_of))


def _evidence(need: Need) -> str:
    """Say what a wheel lacks; where only some of the files that ask would get it, which."""
    if not need.out_of_reach:
        return f"needs {need.name} and does not carry it"
    more = f" and {len(need.served) - _NAMED} more" if len(need.served) > _NAMED else ""
    return f"needs {need.name} in {', '.join(need.served[:_NAMED])}{more}, and does not carry it"


def _is_choice(need: Need, covered: Collection[str]) -> bool:
    return need.state == "ambiguous" and not any(package_of(spec) in covered for spec in need.candidates)


def _is_covered(specs: Iterable[str], covered: Collection[str]) -> bool:
    return all(package_of(spec) in covered for spec in specs)


def _merge(specs: Iterable[str]) -> list[str]:
    """Return *specs* sorted; of a package that comes in several versions, the name alone.

    A wheel with one module for each version of a library needs any one of them.
    """
    found: dict[str, set[str]] = {}
    for spec in specs:
        found.setdefault(package_of(spec), set()).add(spec)
    return sorted(next(iter(said)) if len(said) == 1 else package for package, said in found.items())


def _say(names: Iterable[str]) -> str:
    match list(dict.fromkeys(names)):
        case [only]:
            return f"is linked with {only} and does not carry it"
        case [first, second]:
            return f"is linked with {first} and {second}, and carries neither"
        case [*most, last]:
            return f"is linked with {', '.join(most)} and {last}, and carries none of them"
    raise ValueError(names)
