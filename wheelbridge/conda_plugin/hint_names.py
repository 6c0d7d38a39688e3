"""What else a package that conda did not find is called, as the tables that come with wheelbridge have it."""

from collections.abc import Iterator

from wheelbridge.mapping.lookup import LayeredNameTable
from wheelbridge.mapping.rows import Relation
from wheelbridge.model.name import CondaName, canonicalize_name, own_solver_name
from wheelbridge.tables import CHANNEL, load_known_names, load_names

__all__ = ["CHANNEL", "find_project", "load_names", "other_name", "say", "tell", "write_requirement", "written_names"]


def write_requirement(project: str, version: str) -> str | None:
    """Write a requirement of *project*, with conda's *version*, empty for any; None where no index reads that so.

    >>> write_requirement("rich", "13.*"), write_requirement("rich", "1|2")
    ('pypi:rich==13.*', None)
    """
    from packaging.requirements import InvalidRequirement, Requirement

    comparison = "" if version.startswith((">", "<", "=", "!", "~")) else "=="
    try:
        return f"pypi:{Requirement(f'{project}{comparison}{version}')}" if version else f"pypi:{project}"
    except InvalidRequirement:
        return None


def other_name(name: str, table: LayeredNameTable) -> str | None:
    """Return what conda calls the project *name*, if it is something else."""
    row = table.by_project(canonicalize_name(name)).identity
    return row.conda if row and row.conda != name and row.relation is not Relation.BASE else None


def say(name: str, table: LayeredNameTable) -> str:
    """Write the name of a project, so that nobody takes it for conda's package of that name."""
    return f"the Python project {name}" if table.is_conda_name(name) else name


def find_project(name: str, table: LayeredNameTable) -> str | None:
    """Return the project that serves for conda's package *name*, or what only indexes call so.

    A package of conda's that is no project is left alone: what an index has by its name is something else.
    """
    if row := table.by_conda(CondaName(name)).identity:
        return row.pypi
    project = canonicalize_name(name)
    row = next(iter(table.by_project(project).rows), None)
    if row is None or row.relation is Relation.NONE:
        return None
    return project if row.relation is Relation.BASE or not table.is_conda_name(name) else None


def written_names(name: str, table: LayeredNameTable) -> Iterator[str]:
    """Yield what else the project *name* may be called in an environment."""
    project = canonicalize_name(name)
    row = table.by_project(project).identity
    known = (row.conda if row else None, project, own_solver_name(project))
    return (text for text in dict.fromkeys(known) if text and text != name)


def tell(name: str, table: LayeredNameTable) -> str | None:
    """Return why no channel has a package: people noted it, or the name is almost another one; None: one may."""
    if table.is_conda_name(name):
        return None
    project = canonicalize_name(name)
    if row := next(iter(table.by_project(project).rows), None):
        return f"{name}: {row.reason}" if row.relation is Relation.NONE and row.reason else None
    from wheelbridge.mapping.lookalikes import find_lookalikes  # only a name that nobody knows needs it

    alike = [found.name for found in find_lookalikes(project, load_known_names()) if found.prominent]
    return f"{name} is not known; did you mean {alike[0]}?" if alike else None
