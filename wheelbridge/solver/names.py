"""Solver names: identity between a PyPI project and a conda package is earned by a row, never guessed."""

from collections.abc import Container, Mapping

from packaging.utils import NormalizedName, canonicalize_name

from wheelbridge.mapping.rows import NameRow, NameTable, Relation, Role
from wheelbridge.model.name import PYPI_PREFIX, CondaName, is_conda_name, own_solver_name
from wheelbridge.solver.records import needed_name
from wheelbridge.translate.errors import NameNotExpressibleError

_NEVER_WHEELS = frozenset({"python", "python_abi"})


class SolverNames:
    """Decides the solver name of every project, and remembers which were asked for.

    A project that a row ties to a conda package has that package's name. One that no row maps has its own name,
    unless a conda package is called so: then it is ``pypi.<name>`` and never confused with it.
    """

    def __init__(
        self,
        table: NameTable,
        channel_names: Container[str] = frozenset(),
        installed: Mapping[NormalizedName, CondaName] | None = None,
    ) -> None:
        self._table = table
        self._channel_names = channel_names
        self._names: dict[NormalizedName, CondaName] = {}
        self._asked: dict[str, NormalizedName] = {}
        self._mapped: dict[str, NormalizedName | None] = {}
        self._rows: dict[NormalizedName, NameRow | None] = {}
        self._installed = installed or {}
        self._pinned = frozenset(self._installed.values())
        self._names.update(self._installed)

    def __call__(self, project: NormalizedName) -> CondaName:
        """Return the solver name of *project*.

        Raises:
            NameNotExpressibleError: if the name cannot be a conda package name.
        """
        name = self._names.get(project)
        if name is None:
            name = self._names[project] = self._decide(project)
        return name

    def ask(self, project: NormalizedName) -> None:
        """Remember that *project* was asked for: from now on an index may answer for its solver name."""
        self._asked[self(project)] = project

    def asked_project(self, name: str) -> NormalizedName | None:
        """Return the project that was asked for under the solver name *name*."""
        return self._asked.get(name)

    def mapped_project(self, name: str) -> NormalizedName | None:
        """Return the project that a row says the conda package *name* is."""
        if name not in self._mapped:
            self._mapped[name] = self._find_mapped(name)
        return self._mapped[name]

    def is_of_a_wheel(self, name: str) -> bool:
        """Tell whether *name* is that of an installed wheel that no row ties to the conda package of that name."""
        return name in self._pinned and self.mapped_project(name) is None

    def row_of(self, project: NormalizedName) -> NameRow | None:
        """Return what the tables say of *project*."""
        if project not in self._rows:
            self._rows[project] = next(iter(self._table.by_project(project).rows), None)
        return self._rows[project]

    def stand_in(self, project: NormalizedName) -> NameRow | None:
        """Return the row that lets conda packages stand for *project* without being it."""
        row = self.row_of(project)
        return row if row and row.role is Role.STAND_IN else None

    def undecided(self, project: NormalizedName) -> tuple[str, ...]:
        """Return the conda packages that may be *project*, though nobody decided which."""
        return self._table.by_project(project).ambiguous

    def rivals(self, project: NormalizedName) -> tuple[str, ...]:
        """Return the conda packages that carry the files of *project*, or may, and are not its alternatives here."""
        found = [*self.undecided(project)]
        row = self.stand_in(project)
        if row and row.conda and row.relation is not Relation.META:
            base = self.row_of(canonicalize_name(row.conda))
            found.append(row.conda)
            if base and base.conda and row.conda in map(needed_name, base.specs):
                found.append(base.conda)
        if double := self.double_of(project):
            found.append(double)
        return tuple(found)

    def double_of(self, project: NormalizedName) -> CondaName | None:
        """Return the package that a row says an installed wheel is, if the wheel was named before there was the row."""
        identity = self._identity(project) if project in self._installed else None
        return identity if identity != self._installed.get(project) else None

    def _find_mapped(self, name: str) -> NormalizedName | None:
        if name in _NEVER_WHEELS or name.startswith(("__", PYPI_PREFIX)):
            return None
        rows = self._table.by_conda(CondaName(name)).rows
        project = next((row.pypi for row in rows if row.is_identity), None)
        return project if project and self._identity(project) == name == self(project) else None

    def _decide(self, project: NormalizedName) -> CondaName:
        if (mapped := self._identity(project)) and mapped not in _NEVER_WHEELS and self._is_primary(project, mapped):
            return mapped
        if not is_conda_name(project):
            raise NameNotExpressibleError(f"The project name {project!r} cannot name a conda package (CEP 26)")
        taken = self._table.is_conda_name(project) or project in self._channel_names
        return own_solver_name(project) if taken else CondaName(project)

    def _identity(self, project: NormalizedName) -> CondaName | None:
        row = self.row_of(project)
        return row.conda if row and row.is_identity else None

    def _is_primary(self, project: NormalizedName, name: CondaName) -> bool:
        """Tell whether *project* is the one that *name* stands for; two projects are never one package."""
        first = next((row.pypi for row in self._table.by_conda(name).rows if row.is_identity), None)
        return first is None or canonicalize_name(first) == project
