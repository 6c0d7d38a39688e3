"""What users should hear of the names in a solution: a new project is called almost like another one."""

from collections.abc import Callable, Collection, Container, Iterable
from typing import TYPE_CHECKING

from packaging.utils import NormalizedName

from wheelbridge.mapping.known_names import KnownNames
from wheelbridge.mapping.rows import NameTable
from wheelbridge.solver.problem import ResolvedPackage, Standing
from wheelbridge.solver.records import needed_name

if TYPE_CHECKING:
    from wheelbridge.mapping.lookalikes import Lookalike

_MOST = 2


def note_lookalikes(
    packages: Collection[ResolvedPackage],
    standing: Standing,
    *,
    public: Container[str],
    asked: Collection[NormalizedName],
    table: NameTable,
    known: Callable[[], KnownNames],
) -> list[str]:
    """Return a sentence for every new project of a public index whose name may be a slip for another one.

    Nothing is said of a project that the tables know, or that was there before. Beside the names of the tables count
    those that were *asked* for, and those of wheels that are no suspects: that are private, or were there before.

    Args:
        packages: the solution's.
        standing: what the environment had.
        public: the names of the sources that anybody can upload to.
        asked: the projects that the request names.
        table: tells what a project is in conda.
        known: reads the names of the tables; not called where there is nothing to compare with them.
    """
    there = {*standing.present, *(record.name.normalized for record in (*standing.locked, *standing.replaced))}
    wheels = {NormalizedName(package.pypi_name): package for package in packages if package.pypi_name}
    new = {name for name, wheel in wheels.items() if wheel.source in public and wheel.name not in there}
    suspects = [name for name in wheels if name in new and not _knows(table, name)]
    if not suspects:
        return []
    from wheelbridge.mapping.lookalikes import find_lookalikes  # noqa: PLC0415 - most solutions hold no suspect

    names = known().joined({*asked, *(wheels.keys() - new)}.difference(suspects))
    found = ((name, find_lookalikes(name, names)[:_MOST]) for name in suspects)
    return [
        _note(wheels[name], lookalikes, [] if name in asked else _needers(wheels[name], packages), table)
        for name, lookalikes in found
        if lookalikes
    ]


def _knows(table: NameTable, project: NormalizedName) -> bool:
    answer = table.by_project(project)
    return bool(answer.rows or answer.ambiguous)


def _needers(package: ResolvedPackage, packages: Iterable[ResolvedPackage]) -> list[str]:
    return [
        other.pypi_name or other.name
        for other in packages
        if any(needed_name(spec) == package.name for spec in other.depends)
    ]


def _note(package: ResolvedPackage, lookalikes: "tuple[Lookalike, ...]", needers: list[str], table: NameTable) -> str:
    names = " or ".join(lookalike.name for lookalike in lookalikes)
    source, advice = package.source, f"If you meant {names}, ask for that"
    if needers:
        source, advice = f"{source}, because {needers[0]} needs it", f"If {needers[0]} means {names}, install neither"
    differences = " and ".join(_describe(lookalike, table) for lookalike in lookalikes)
    return (
        f"{package.pypi_name} comes from {source}, and differs {differences}. "
        f"{advice}; otherwise nothing needs to change."
    )


def _describe(lookalike: "Lookalike", table: NameTable) -> str:
    row = table.by_project(lookalike.name).identity
    there = (
        "" if row is None else " (conda has it too)" if str(row.conda) == lookalike.name else f" (conda's {row.conda})"
    )
    return f"from {lookalike.name}{there} in {lookalike.likeness} alone"
