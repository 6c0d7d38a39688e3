"""What is known of external dependencies, opened for a solve."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from packaging.utils import InvalidName, canonicalize_name

from wheelbridge.api.external.rows import open_external
from wheelbridge.api.natives import open_natives
from wheelbridge.errors import UsageError
from wheelbridge.model.name import ALL_PROJECTS
from wheelbridge.translate.wheel_externals import ExternalTables

if TYPE_CHECKING:
    from wheelbridge.mapping.overlays import Overlay


def open_externals(maps: "Sequence[Overlay]" = (), off: frozenset[str] = frozenset()) -> ExternalTables:
    """Open the tables with *maps*, the nearest first, put over them; wheels of the projects *off* get nothing."""
    return ExternalTables(rows=open_external(maps), natives=open_natives(maps), off=off)


def read_no_external(projects: Iterable[str]) -> frozenset[str]:
    """Return the projects, normalized, whose wheels get nothing of conda.

    >>> sorted(read_no_external(["PyODBC", ":all:"]))
    [':all:', 'pyodbc']

    Raises:
        UsageError: if one is no name of a project.
    """
    return frozenset(project if project == ALL_PROJECTS else _read(project) for project in projects)


def _read(project: str) -> str:
    try:
        return canonicalize_name(project, validate=True)
    except InvalidName as error:
        raise UsageError(
            f"{project!r} is no name of a project", hint=f"Write it like pyodbc; {ALL_PROJECTS} means all."
        ) from error
