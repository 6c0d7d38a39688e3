"""What to ask for instead, where two runtimes can meet: only what is there, and where it can be tried, what helps."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from packaging.utils import canonicalize_name

from wheelbridge.api.natives import NativeRows
from wheelbridge.api.runtimes import Part
from wheelbridge.configuration.values import COMMAND_LINE
from wheelbridge.mapping.natives.clashes import Clash, Copy, name_some
from wheelbridge.mapping.natives.fields import matches_subdir
from wheelbridge.mapping.rows import NameTable
from wheelbridge.model.name import CondaName
from wheelbridge.model.source import Route
from wheelbridge.solver.problem import Solution
from wheelbridge.solver.records import needed_name
from wheelbridge.tables.load import CHANNEL

_MUTEX = "_openmp_mutex"
_GNU = f"{_MUTEX} * *_gnu"
_LLVM = "llvm-openmp"
_INDEX = "pypi"
"""The index whose projects the tables are about."""
_MOST = 3
"""Packages that one piece of advice moves; to move more is no small change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change of a request that may keep two runtimes apart.

    Attributes:
        what: it does, for people; begins with a verb.
        routes: more of them, before all others.
        specs: more MatchSpecs.
        no_external: projects whose wheels are to get nothing of conda.
    """

    what: str
    routes: tuple[Route, ...] = ()
    specs: tuple[str, ...] = ()
    no_external: tuple[str, ...] = ()

    @property
    def options(self) -> str:
        """The change as it is written behind a command."""
        specs = (f"'{spec}'" for spec in self.specs)
        off = (f"--no-external {project}" for project in self.no_external)
        return " ".join([_options(self.routes), *off, *specs]).strip()


@dataclass(frozen=True, kw_only=True)
class Advisor:
    """What can be asked for instead.

    Attributes:
        open_names: opens the tables of names; called where something is wrong only.
        natives: what wheels need of conda without a word in their metadata.
        parts: the packages of the environment.
        subdir: its platform.
        requested: names of those that somebody asked for, as the solver has them.
        channels: names of the channels of the request.
        indexes: names of its indexes.
        routes: its routes.
        elsewhere: package, by the solver's name and the project's -> sources that are known to have it, too.
        helps: tries a change of the request; None: nothing can be tried.
        command: what to run, up to the options; empty: the command that is running, with more options.
    """

    open_names: Callable[[], NameTable]
    natives: NativeRows = field(default_factory=NativeRows)
    parts: Sequence[Part] = ()
    subdir: str
    requested: frozenset[str] = frozenset()
    channels: tuple[str, ...] = ()
    indexes: tuple[str, ...] = ()
    routes: tuple[Route, ...] = ()
    elsewhere: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    helps: Callable[[Clash, Change], bool] | None = None
    command: str = ""

    @classmethod
    def of_solution(
        cls, solution: Solution, parts: Sequence[Part], subdir: str, open_names: Callable[[], NameTable]
    ) -> "Advisor":
        """Return who knows what a solve came across; its answer are the *parts*."""
        elsewhere: dict[str, tuple[str, ...]] = {}
        for package in solution.packages:
            if package.decision:
                names = tuple(name for name, _ in package.decision.also)
                elsewhere |= {package.name: names, package.pypi_name or package.name: names}
        return cls(
            open_names=open_names,
            parts=parts,
            subdir=subdir,
            requested=frozenset(map(needed_name, solution.specs)),
            channels=tuple(source.name for source in solution.sources if source.kind == "channel"),
            indexes=tuple(source.name for source in solution.sources if source.kind == "index"),
            elsewhere=elsewhere,
        )

    def advise(self, clash: Clash) -> Clash:
        """Return *clash* with what avoids it, the least change first."""
        wheels = [copy for copy in clash.copies if copy.origin == "wheel"]
        others = [copy for copy in clash.copies if copy.origin == "conda"]
        changes = (
            *self._other_build(wheels, others),
            *self._no_external(wheels, others),
            *self._other_source(wheels, others),
        )
        advice = [self._write(change) for change in changes if self.helps is None or self.helps(clash, change)]
        return replace(clash, advice=(*advice, self._leave_out(clash)))

    def _other_build(self, wheels: Sequence[Copy], others: Sequence[Copy]) -> Iterator[Change]:
        """Advise GCC's OpenMP for conda's packages, where the wheels carry that and nobody insists on LLVM's."""
        if {copy.runtime for copy in wheels} != {"libgomp"} or {copy.runtime for copy in others} != {_LLVM}:
            return
        users = {user for copy in others for user in copy.users}
        direct = any(needed_name(spec) == _LLVM for user in users for spec in self._needs.get(user, ()))
        specs = (spec for needs in self._needs.values() for spec in needs if needed_name(spec) == _MUTEX)
        if not direct and _MUTEX in self._needs and not any("llvm" in spec for spec in specs):
            yield Change(what="have conda's packages use GCC's OpenMP, as the wheels do", specs=(_GNU,))

    def _no_external(self, wheels: Sequence[Copy], others: Sequence[Copy]) -> Iterator[Change]:
        """Advise to have wheels get nothing of conda, where conda's runtimes came for them alone, by the tables."""
        users = sorted({user for copy in others for user in copy.users})
        packages = sorted({copy.package for copy in others})
        by_tables = all(self._is_wheel(user) and self._gets(user, packages) for user in users)
        if wheels and users and by_tables and not self.command:
            what = f"do without conda's {name_some(packages)}, which came for {name_some(users)}"
            yield Change(what=what, no_external=tuple(users))

    def _other_source(self, wheels: Sequence[Copy], others: Sequence[Copy]) -> Iterator[Change]:
        """Advise to take from one kind of source what loads the runtimes."""
        projects = {project: self._channel_of(project) for project in self._movable(wheels)}
        if others and _are_all_known(projects):
            yield _take(projects, "built for conda's libraries")
        packages = {name: self._index_of(name, others) for copy in others for name in copy.users}
        if wheels and _are_all_known({name: found and found[1] for name, found in packages.items()}):
            routes = dict(found for found in packages.values() if found)
            yield _take(routes, "with libraries of their own" if len(routes) > 1 else "with libraries of its own")

    def _write(self, change: Change) -> str:
        """Write a change with its options, and with the routes that stand in its way: the first one decides."""
        names = " ".join(f"'pypi:{route.pattern}'" for route in change.routes) if self.command else ""
        given = dict.fromkeys(
            old
            for new in change.routes
            for old in self.routes
            if old.origin == COMMAND_LINE and old.matches(new.pattern, new.pattern)
        )
        exact = {old for old in given if canonicalize_name(old.pattern) in {new.pattern for new in change.routes}}
        instead = f", {'in the place of' if exact == set(given) else 'before'} {_options(given)}" if given else ""
        what = change.what[0].upper() + change.what[1:] if self.helps else f"Try to {change.what}"
        return f"{what}: {' '.join(filter(None, (self.command, change.options, names)))}{instead}"

    def _channel_of(self, project: str) -> str | None:
        """Return a channel that has the package which *project* is: seen there, or in the tables of that channel."""
        if not self._is_wheel(project):
            return None
        for source in self.elsewhere.get(project, ()):
            if source in self.channels:
                return source
        named = next((name for name in self.channels if name == CHANNEL), None)
        return named if named and self.open_names().by_project(canonicalize_name(project)).identity else None

    def _index_of(self, name: str, others: Iterable[Copy]) -> tuple[str, str] | None:
        """Return the project that the conda package *name* is, and an index that has it.

        A project whose wheels get one of *others*, too, changes nothing.
        """
        if self._is_wheel(name):
            return None
        identity = self.open_names().by_conda(CondaName(name)).identity
        if identity is None or self._gets(identity.pypi, [copy.package for copy in others]):
            return None
        known = [source for source in self.elsewhere.get(name, ()) if source in self.indexes]
        index = known[0] if known else next((name for name in self.indexes if name == _INDEX), None)
        return (identity.pypi, index) if index else None

    def _gets(self, project: str, packages: Iterable[str]) -> bool:
        """Tell whether the table of wheels says that those of *project* need one of *packages*."""
        rows = (one.row for one in self.natives.rows(canonicalize_name(project)))
        specs = (spec for row in rows if matches_subdir(row.when, self.subdir) for spec in (*row.depends, *row.one_of))
        return not set(packages).isdisjoint(map(needed_name, specs))

    def _movable(self, wheels: Iterable[Copy]) -> list[str]:
        """Return the projects to take from elsewhere: who carries a copy; of a wheel that is one, who wants it."""
        return sorted(
            {
                name
                for copy in wheels
                for name in (self._wanting(copy.users or (copy.package,)) if copy.version else (copy.package,))
            }
        )

    def _leave_out(self, clash: Clash) -> str:
        """Name what was asked for and brings the copies; what brings several of them once."""
        sides: dict[str, set[str]] = {}
        for copy in clash.copies:
            side = copy.origin if len({other.origin for other in clash.copies}) > 1 else copy.runtime
            asked = {copy.package} & self._asked if copy.kind == "mpi" else set()  # one that nobody loads counts, too
            sides.setdefault(side, set()).update(self._wanting(copy.users or (copy.package,)) | asked)
        groups: list[str] = []
        named: set[str] = set()
        for names in sides.values():
            if more := sorted(names - named):
                groups.append(name_some(more))
            named |= names
        return f"Leave out {', or '.join(groups)}, or let no process load both"

    def _wanting(self, names: Iterable[str]) -> set[str]:
        """Return what somebody asked for and brings *names*, the nearest; *names* where nobody knows."""
        todo, seen, found = list(names), set[str](), set[str]()
        while todo:
            name = todo.pop()
            if name in self._asked:
                found.add(name)
            elif name not in seen:
                todo.extend(self._dependents.get(name, ()))
            seen.add(name)
        return found or set(names)

    def _is_wheel(self, shown: str) -> bool:
        return shown in self._wheels

    @cached_property
    def _wheels(self) -> frozenset[str]:
        return frozenset(part.shown for part in self.parts if part.project)

    @cached_property
    def _asked(self) -> frozenset[str]:
        return frozenset(part.shown for part in self.parts if part.name in self.requested)

    @cached_property
    def _needs(self) -> Mapping[str, Sequence[str]]:
        return {part.shown: part.depends for part in self.parts}

    @cached_property
    def _dependents(self) -> Mapping[str, Sequence[str]]:
        shown = {part.name: part.shown for part in self.parts}
        found: dict[str, list[str]] = {}
        for part in self.parts:
            for name in map(needed_name, part.depends):
                found.setdefault(shown.get(name, name), []).append(part.shown)
        return found


def _options(routes: Iterable[Route]) -> str:
    return " ".join(f"--route {route}" for route in routes)


def _take(places: Mapping[str, str | None], how: str) -> Change:
    sources = sorted({source for source in places.values() if source})
    routes = (
        Route(pattern=project, sources=(source,), origin=COMMAND_LINE) for project, source in places.items() if source
    )
    return Change(what=f"take {name_some(sorted(places))} from {name_some(sources)}, {how}", routes=tuple(routes))


def _are_all_known(places: Mapping[str, str | None]) -> bool:
    return 0 < len(places) <= _MOST and all(places.values())
