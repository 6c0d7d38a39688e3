"""Names that nobody decided about: said with the candidates and with what decides, and no reason to stop."""

from collections.abc import Container, Iterable, Sequence

from packaging.utils import canonicalize_name

from wheelbridge.mapping.rows import Role
from wheelbridge.solver.names import SolverNames
from wheelbridge.solver.problem import ResolvedPackage


def note_undecided(packages: Iterable[ResolvedPackage], names: SolverNames, there: Container[str]) -> tuple[str, ...]:
    """Return a sentence for every wheel whose project may be one of several conda packages that are *there*."""
    found = ((package, find_undecided(package.pypi_name or "", names, there)) for package in packages)
    return tuple(_note(package, candidates) for package, candidates in found if candidates)


def find_undecided(project: str, names: SolverNames, there: Container[str]) -> Sequence[str]:
    """Return the conda packages that are *there* and may be *project*."""
    return [name for name in names.undecided(canonicalize_name(project)) if name in there]


def explain_absence(project: str, names: SolverNames, there: Container[str]) -> str | None:
    """Say what the tables know of a project that no source has: who may be it, or what there is in its place."""
    if candidates := find_undecided(project, names, there):
        return f"It may be conda's {' or '.join(candidates)}. {tell_deciders(project, candidates)}"
    row = names.row_of(canonicalize_name(project))
    if row is None or row.role is not Role.EXPLANATION:
        return None
    known = f"What is known of it: {row.reason}." if row.reason else ""
    instead = f"To take the conda package, ask for {row.conda}." if row.conda in there else ""
    return " ".join(filter(None, (known, instead))) or None


def tell_deciders(project: str, candidates: Sequence[str]) -> str:
    """Say what decides between *candidates*.

    >>> tell_deciders("foo", ["foo-base", "libfoo"])
    'To decide: --map with a row such as "foo: foo-base", or wheelbridge map add foo.'
    """
    return f'To decide: --map with a row such as "{project}: {candidates[0]}", or wheelbridge map add {project}.'


def _note(package: ResolvedPackage, candidates: Sequence[str]) -> str:
    kept_out = "none of them is" if candidates[1:] else "that is not"
    return (
        f"{package.pypi_name} {package.version} comes as a wheel: it may be conda's {' or '.join(candidates)}, and "
        f"nobody decided which, so that {kept_out} installed beside it. "
        f"{tell_deciders(package.pypi_name or package.name, candidates)}"
    )
