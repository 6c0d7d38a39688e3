"""What to ask for instead, where two runtimes can meet: only what the tables and the solve know to be there."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from packaging.utils import canonicalize_name

from wheelbridge.mapping.natives.clashes import Clash, Copy, name_some
from wheelbridge.mapping.rows import NameTable
from wheelbridge.model.name import CondaName
from wheelbridge.solver.problem import Solution
from wheelbridge.solver.records import needed_name
from wheelbridge.tables.load import CHANNEL

_MUTEX = "_openmp_mutex"
_GNU = f"'{_MUTEX} * *_gnu'"
_LLVM = "llvm-openmp"
_INDEX = "pypi"
"""The index whose projects the tables are about."""
_MOST = 3
"""Packages that one piece of advice moves; to move more is no small change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Advisor:
    """What can be asked for instead.

    Attributes:
        open_names: opens the tables of names; called where something is wrong only.
        channels: names of the channels of the request.
        indexes: names of its indexes.
        elsewhere: package, by the solver's name and the project's -> sources that are known to have it, too.
        depends: package, by the solver's name -> the MatchSpecs of what it needs.
        command: what to run, up to the options; empty: the command that is running, with more options.
    """

    open_names: Callable[[], NameTable]
    channels: tuple[str, ...] = ()
    indexes: tuple[str, ...] = ()
    elsewhere: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    depends: Mapping[str, Sequence[str]] = field(default_factory=dict)
    command: str = ""

    @classmethod
    def of_solution(cls, solution: Solution, open_names: Callable[[], NameTable]) -> "Advisor":
        """Return who knows what a solve came across."""
        elsewhere: dict[str, tuple[str, ...]] = {}
        for package in solution.packages:
            if package.decision:
                names = tuple(name for name, _ in package.decision.also)
                elsewhere |= {package.name: names, package.pypi_name or package.name: names}
        return cls(
            open_names=open_names,
            channels=tuple(source.name for source in solution.sources if source.kind == "channel"),
            indexes=tuple(source.name for source in solution.sources if source.kind == "index"),
            elsewhere=elsewhere,
            depends={package.name: package.depends for package in solution.packages},
        )

    def advise(self, clash: Clash) -> Clash:
        """Return *clash* with what avoids it, the least change first."""
        wheels = [copy for copy in clash.copies if copy.origin == "wheel"]
        others = [copy for copy in clash.copies if copy.origin == "conda"]
        advice = (*self._other_build(wheels, others), *self._other_source(wheels, others), *_leave_out(clash))
        return replace(clash, advice=advice)

    def _other_build(self, wheels: Sequence[Copy], others: Sequence[Copy]) -> Iterator[str]:
        """Advise GCC's OpenMP for conda's packages, where the wheels carry that and nobody insists on LLVM's."""
        if {copy.runtime for copy in wheels} != {"libgomp"} or {copy.runtime for copy in others} != {_LLVM}:
            return
        users = {user for copy in others for user in copy.users}
        direct = any(needed_name(spec) == _LLVM for user in users for spec in self.depends.get(user, ()))
        specs = (spec for needs in self.depends.values() for spec in needs if needed_name(spec) == _MUTEX)
        if not direct and _MUTEX in self.depends and not any("llvm" in spec for spec in specs):
            yield f"Try to have conda's packages use GCC's OpenMP, as the wheels do: {self._run(_GNU)}"

    def _other_source(self, wheels: Sequence[Copy], others: Sequence[Copy]) -> Iterator[str]:
        """Advise to take from one kind of source what loads the runtimes."""
        projects = {project: self._channel_of(project) for project in _movable(wheels)}
        if others and _are_all_known(projects):
            yield self._route(projects, "built for conda's libraries")
        packages = {name: self._index_of(name) for copy in others for name in copy.users}
        if wheels and _are_all_known({name: found and found[1] for name, found in packages.items()}):
            routes = dict(found for found in packages.values() if found)
            yield self._route(routes, "with libraries of their own" if len(routes) > 1 else "with libraries of its own")

    def _route(self, routes: Mapping[str, str | None], how: str) -> str:
        options = " ".join(f"--route {project}={source}" for project, source in routes.items())
        sources = name_some(sorted({source for source in routes.values() if source}))
        names = " ".join(f"'pypi:{project}'" for project in routes) if self.command else ""
        return f"Take {name_some(sorted(routes))} from {sources}, {how}: {self._run(options, names)}"

    def _run(self, *options: str) -> str:
        return " ".join(filter(None, (self.command, *options)))

    def _channel_of(self, project: str) -> str | None:
        """Return a channel that has the package which *project* is: seen there, or in the tables of that channel."""
        for source in self.elsewhere.get(project, ()):
            if source in self.channels:
                return source
        named = next((name for name in self.channels if name == CHANNEL), None)
        return named if named and self.open_names().by_project(canonicalize_name(project)).identity else None

    def _index_of(self, name: str) -> tuple[str, str] | None:
        """Return the project that the conda package *name* is, and an index that has it."""
        identity = self.open_names().by_conda(CondaName(name)).identity
        if identity is None:
            return None
        known = [source for source in self.elsewhere.get(name, ()) if source in self.indexes]
        index = known[0] if known else next((name for name in self.indexes if name == _INDEX), None)
        return (identity.pypi, index) if index else None


def _movable(wheels: Iterable[Copy]) -> list[str]:
    """Return the projects to take from elsewhere: who carries a copy; of a wheel that is one, who asked for it."""
    return sorted({name for copy in wheels for name in (copy.users if copy.version else ()) or (copy.package,)})


def _are_all_known(places: Mapping[str, str | None]) -> bool:
    return 0 < len(places) <= _MOST and all(places.values())


def _leave_out(clash: Clash) -> Iterator[str]:
    sides: dict[str, list[str]] = {}
    for copy in clash.copies:
        side = copy.origin if len({other.origin for other in clash.copies}) > 1 else copy.runtime
        sides.setdefault(side, []).extend(copy.users or (copy.package,))
    groups = [name_some(sorted(set(names))) for names in sides.values()]
    yield f"Leave out {', or '.join(groups)}, or let no process load both"
