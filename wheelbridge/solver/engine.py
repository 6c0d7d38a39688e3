"""The joint solve: channels and indexes in one call of py-rattler's solver, widened until it succeeds."""

import asyncio
import time
from collections.abc import Collection
from concurrent.futures import Executor
from dataclasses import replace
from itertools import chain
from pathlib import Path

from packaging.utils import NormalizedName
from packaging.version import Version
from rattler import ChannelPriority, Client, MatchSpec, RepoDataRecord, Subdir, solve
from rattler.exceptions import GatewayError, SolverError

from wheelbridge.mapping.rows import NameTable
from wheelbridge.model.record import WHEEL_FLAG
from wheelbridge.solver.build_notes import note_builds
from wheelbridge.solver.catalogue import Catalogue
from wheelbridge.solver.channels import ChannelAccess, Channels, pythons_of
from wheelbridge.solver.concessions import Concessions, spec_name
from wheelbridge.solver.decisions import add_decisions, note_given_way, note_shadowed
from wheelbridge.solver.demand import Demand
from wheelbridge.solver.errors import (
    UNSPOKEN,
    IdentityConflictError,
    ReservedNameError,
    UnsatisfiableError,
)
from wheelbridge.solver.externals import CondaPackages, note_externals
from wheelbridge.solver.names import SolverNames
from wheelbridge.solver.owners import Owners
from wheelbridge.solver.ownership import Rule
from wheelbridge.solver.problem import Problem, Progress, Providers, Solution, Statistics
from wheelbridge.solver.records import (
    installed_names,
    needed_name,
    record_channel,
    taken_names,
    to_rattler_virtual_packages,
    wheel_project,
)
from wheelbridge.solver.refinements import Refinements
from wheelbridge.solver.request import take_request
from wheelbridge.solver.solution import collect_packages
from wheelbridge.solver.stand_ins import note_stand_ins, translate_specs
from wheelbridge.solver.threads import Threads
from wheelbridge.solver.undecided import note_undecided
from wheelbridge.solver.variant_notes import note_idle_pins, note_idle_wishes, note_variants
from wheelbridge.solver.wheels import Context, WheelSource
from wheelbridge.translate.pythons import Release

_THREADS = 16
_CPYTHON_ONLY = 'python[build="^(?!.*(pypy|graalpy)).*$"]'
"""Wheels are translated for CPython; no other interpreter is chosen under them."""


async def solve_jointly(
    problem: Problem,
    providers: Providers,
    table: NameTable,
    *,
    repodata_cache: Path,
    progress: Progress,
    client: Client | None = None,
) -> Solution:
    """Find the packages that meet *problem*, from channels and indexes together.

    Raises:
        UnsatisfiableError: if there are none; the message explains why.
        PackageNotFoundError: if no source has a requested package.
        NoWheelError: if a requested project has source distributions only.
        NoPythonError: if wheels are requested and no channel has a python.
        RepodataError: if a channel cannot be read.
        WheelbridgeError: what an index raised.
    """
    started = time.perf_counter()
    executor = Threads(_THREADS)
    access = ChannelAccess(repodata_cache, client)

    async def solve_once(problem: Problem) -> Solution:
        return await _solve_soundly(problem, providers, table, access, progress, executor)

    try:
        solution = await solve_once(problem)
    except UnsatisfiableError as error:
        from wheelbridge.solver.hidden import find_way_out  # noqa: PLC0415 - most requests can be met

        harmless = replace(problem, builds=frozenset())  # what is only tried out, by other rules, runs nobody's code
        error.hint = await find_way_out(harmless, error.kept_back, solve_once) or error.hint
        raise
    finally:
        executor.shutdown(wait=False, cancel_futures=True)
    solution.statistics.wall_seconds = time.perf_counter() - started
    return solution


async def _solve_soundly(
    problem: Problem,
    providers: Providers,
    table: NameTable,
    access: ChannelAccess,
    progress: Progress,
    executor: Executor,
) -> Solution:
    """Solve, and again where a name turns out to be conda's."""
    conda_names = taken_names(problem.standing.locked)
    while True:
        session = _Session(problem, providers, table, access, progress, conda_names)
        await session.open(executor)
        if (solution := await session.run()) is not None:
            return solution
        if kept := sorted(session.unearned & conda_names):
            raise ReservedNameError(
                f"A channel's package needs {kept[0]!r}; such names are kept for projects of an index"
            )
        conda_names |= session.unearned


class _Session:
    """The state of one joint solve over its rounds.

    *conda_names* are known to belong to conda packages; *unearned* are found to, once a solution used them otherwise.
    """

    def __init__(
        self,
        problem: Problem,
        providers: Providers,
        table: NameTable,
        access: ChannelAccess,
        progress: Progress,
        conda_names: frozenset[str],
    ) -> None:
        self._conda_names = conda_names
        self.unearned: frozenset[str] = frozenset()
        self._problem = problem
        self._providers = providers
        self._table = table
        self._progress = progress
        self._statistics = Statistics()
        self._channels = Channels(
            problem.sources,
            problem.target.subdir,
            access,
            offline=problem.offline,
            exclude_newer=problem.exclude_newer,
            target=problem.target,
        )
        listing = {source.url for source in problem.sources if source.kind == "channel"}
        there = (*problem.standing.locked, *problem.standing.replaced, *problem.standing.moving)
        self._installed = installed_names(record for record in there if record_channel(record) not in listing)
        self._kept = {record.url for record in problem.standing.locked}
        self._constraints = [*problem.standing.constraints]
        self._versions: dict[NormalizedName, Collection[Version]] = {}

    async def open(self, executor: Executor) -> None:
        """Read what the channels have, decide the names, and take in the request."""
        self._progress.step("Reading channels")
        for provider in self._providers.values() if self._problem.requirements else ():
            executor.submit(provider.prepare)
        if self._problem.relations:
            await self._channels.follow(self._problem.claim)
        await self._channels.open()
        if self._providers:
            self._constraints.append(_CPYTHON_ONLY)
        conda_names = self._channels.names - self._channels.projects | self._conda_names
        self._demand = Demand(SolverNames(self._table, conda_names, self._installed))
        self._demand.prereleases = self._problem.prereleases
        self._wheels: dict[str, WheelSource] = {}
        self._rule = Rule(self._channels.sources, self._problem.routes)
        self._owners = Owners(self._rule, self._channels, self._demand, self._wheels)
        context = self._make_context(await self._pythons(), executor)
        self._wheels.update(
            (source.name, WheelSource(source, self._providers[source.name], context))
            for source in self._channels.sources
            if source.kind == "index"
        )
        self._progress.step("Reading indexes")
        self._request = await take_request(self._problem, self._table, context, self._owners)
        self._constraints += self._request.limits
        self._concessions = Concessions(self._problem, self._request, self._demand, self._owners, self._installed)
        self._refinements = Refinements(self._owners, self._concessions, self._kept)

    async def _pythons(self) -> frozenset[Release]:
        """Return the minor versions of the pythons that may be chosen."""
        _, records = await self._owners.find("python")
        wanted = (spec for spec in (*self._problem.specs, *self._constraints) if spec_name(spec) == "python")
        return pythons_of((record for found in records.values() for record in found), wanted)

    def _make_context(self, pythons: frozenset[Release], executor: Executor) -> Context:
        known = CondaPackages(self._owners, self._problem.standing.locked)
        return Context(
            target=self._problem.target,
            demand=self._demand,
            pythons=pythons,
            executor=executor,
            statistics=self._statistics,
            versions_of=self._versions_of,
            policy=self._problem.variants,
            progress=self._progress,
            builds=self._problem.builds,
            exclude_newer=self._problem.exclude_newer,
            externals=replace(self._problem.externals, known=known),
            choices=self._owners.choices,
            hashes=self._problem.hashes,
            require_hashes=self._problem.require_hashes,
        )

    async def run(self) -> Solution | None:
        """Solve, widen and refine until nothing changes; None where names turn out to be `unearned`."""
        while True:
            await self._read_indexes()
            self._statistics.rounds += 1
            again = f" (round {self._statistics.rounds})" if self._statistics.rounds > 1 else ""
            self._progress.step(f"Solving{again}")
            try:
                records = await self._solve()
            except SolverError as error:
                if not await self._concessions.make(str(error)):
                    raise await self._explain(str(error)) from None
                continue
            if self._find_unearned(records):
                return None
            if await self._refinements.find(records):
                continue
            if not self._problem.complete or await self._complete(records):
                return await self._solution(records)

    async def _read_indexes(self) -> None:
        """Ask the indexes until nothing more is asked for; what is offered then depends on no order of answers."""
        while self._demand.changed:
            self._progress.step(f"Reading indexes ({self._statistics.metadata} wheels)")
            projects = sorted(self._demand.changed)
            self._demand.changed.clear()
            await asyncio.gather(*map(self._read_project, projects))

    async def _read_project(self, project: NormalizedName) -> None:
        for source in await self._owners.indexes(project):
            await source.update(project)

    async def _solve(self) -> list[RepoDataRecord]:
        started = time.perf_counter()
        specs = self._concessions.specs
        await self._channels.prefetch([*specs, *self._needs_of_wheels()])
        self._catalogue = Catalogue(self._channels.sources, self._owners.find)
        try:
            records = await solve(
                self._catalogue.places,
                [MatchSpec(spec) for spec in specs],  # of texts, rattler reads the strict form alone
                platforms=[Subdir(self._problem.target.subdir)],
                locked_packages=[self._owners.completed(record) for record in self._problem.standing.locked],
                virtual_packages=to_rattler_virtual_packages(self._problem.target),
                channel_priority=ChannelPriority.Flexible,
                constraints=[MatchSpec(spec) for spec in self._all_constraints],
            )
        except GatewayError as error:
            raise self._catalogue.failure or error from None  # the solver reads nothing but the catalogue
        except Exception as error:
            if type(error).__name__ == "RustPanic":  # py-rattler 0.28.0 may fail to put a conflict into words
                raise SolverError(UNSPOKEN) from error
            raise
        finally:
            self._statistics.solve_seconds += time.perf_counter() - started
        return self._catalogue.restore(records)

    @property
    def _all_constraints(self) -> tuple[str, ...]:
        return (*self._constraints, *self._refinements.constraints, *self._concessions.constraints)

    def _needs_of_wheels(self) -> frozenset[str]:
        """Return the names of channels that the wheels on offer ask for."""
        needs = (
            need
            for source in self._wheels.values()
            for wheel in source.wheels.values()
            for need in (*wheel.record.depends, *chain(*wheel.externals.choices))
        )
        return self._channels.names.intersection(map(needed_name, needs))

    async def _explain(self, conflict: str) -> UnsatisfiableError:
        from wheelbridge.solver.explain import (  # noqa: PLC0415 - most requests can be met
            Evidence,
            explain,
            names_without_candidates,
            words_of,
        )
        from wheelbridge.solver.hidden import find_hidden  # noqa: PLC0415 - same

        available: dict[str, dict[str, Collection[Version]]] = {}
        for name in names_without_candidates(conflict):
            serving = self._owners.judge(name).serving
            available[name] = {source.name: await self._owners.versions(source, name) for source in serving}
        named = {name for name in words_of(conflict) if self._owners.knows(name)}
        hidden = await find_hidden(named, self._owners)
        evidence = Evidence(
            available=available,
            hidden=tuple(hidden),
            refused=(*self._catalogue.refusals.values(), *self._channels.refusals.values()),
            late={name: count for name in sorted(named) if (count := self._channels.late(name))},
        )
        return explain(conflict, self._wheels.values(), self._demand, self._problem, evidence)

    def _find_unearned(self, records: list[RepoDataRecord]) -> bool:
        """Tell whether a wheel meets the dependency of a conda package without a row that says it may."""
        stand_ins = self._owners.stand_ins.taken(records)
        wheels = {record.name.normalized for record in records if WHEEL_FLAG in record.flags}
        needed = taken_names(self._owners.stand_ins.without(records)) & (wheels | stand_ins.keys())
        self.unearned = frozenset(name for name in needed if not self._demand.names.mapped_project(name))
        if blocking := sorted(self.unearned & set(self._installed.values())):
            raise IdentityConflictError(blocking[0])
        return bool(self.unearned)

    async def _complete(self, records: list[RepoDataRecord]) -> bool:
        """Put in place of each chosen wheel's record the one with all groups; False if one is refused only now.

        What is installed stays as it is.
        """
        for index, record in enumerate(records):
            if record.url not in self._kept and (source := self._refinements.source_of(record)):
                if wheel := await source.complete(record.url):
                    records[index] = wheel.solver_record
                elif project := wheel_project(record.file_name):
                    self._demand.changed.add(project)
        return not self._demand.changed

    async def _versions_of(self, project: NormalizedName) -> Collection[Version]:
        if project not in self._versions:
            offers = await self._owners.offers(project)
            versions = await self._owners.conda_versions(project)
            for offer in offers.values():
                versions.update(offer.releases)
                versions.update(offer.sdists if project in self._problem.builds or offer.builds else ())
            self._versions[project] = versions
        return self._versions[project]

    async def _solution(self, records: list[RepoDataRecord]) -> Solution:
        taken = self._owners.stand_ins.taken(records)
        records = self._owners.choices.resolve(self._owners.stand_ins.resolve(records))
        self._channels.check_hashes(record for record in records if record.url not in self._kept)
        refused = {refusal.fn: refusal for source in self._wheels.values() for refusal in source.refusals}
        releases = [release for source in self._wheels.values() for release in source.releases]
        packages = collect_packages(
            records, self._wheels.values(), self._channels.sources, self._problem.standing, self._problem.target
        )
        packages = add_decisions(packages, self._owners, self._kept)
        refused.update(self._catalogue.refusals | self._channels.refusals)
        return Solution(
            packages=packages,
            refused=tuple(refused[fn] for fn in sorted(refused)),
            statistics=self._statistics,
            sources=self._channels.sources,
            loosened=tuple(self._concessions.loosened),
            specs=translate_specs((*self._request.specs, *self._concessions.loosened.values()), taken),
            notes=(
                *self._request.notes,
                *note_stand_ins(taken),
                *note_externals(records, self._wheels.values(), self._kept),
                *note_builds(self._problem.builds, packages, self._wheels.values()),
                *note_undecided(packages, self._demand.names, self._channels.names),
                *(f"{old} was asked for earlier; it may move now." for old in self._concessions.loosened),
                *note_idle_pins(self._problem.variants, packages),
                *note_idle_wishes(self._problem.variants, releases),
                *note_variants(records, self._wheels.values(), self._kept),
                *note_given_way(packages),
                *await note_shadowed(packages, self._owners),
            ),
        )
