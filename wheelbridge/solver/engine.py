"""The joint solve: channels and indexes in one call of py-rattler's solver, widened until it succeeds."""

import asyncio
import time
from collections.abc import Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from packaging.utils import NormalizedName
from packaging.version import Version
from rattler import ChannelPriority, MatchSpec, RepoDataRecord, solve
from rattler.exceptions import GatewayError, SolverError

from wheelbridge.mapping.rows import NameTable
from wheelbridge.model.record import WHEEL_FLAG
from wheelbridge.model.source import Source
from wheelbridge.solver.channels import Channels
from wheelbridge.solver.concessions import Concessions, spec_name
from wheelbridge.solver.demand import Demand
from wheelbridge.solver.errors import (
    IdentityConflictError,
    RepodataError,
    UnsatisfiableError,
    UnsoundSolutionError,
)
from wheelbridge.solver.explain import UNSPOKEN, explain, names_without_candidates
from wheelbridge.solver.names import SolverNames
from wheelbridge.solver.problem import Problem, Progress, Providers, Solution, Statistics
from wheelbridge.solver.records import (
    installed_names,
    record_channel,
    taken_names,
    to_rattler_virtual_packages,
    wheel_project,
)
from wheelbridge.solver.request import take_request
from wheelbridge.solver.solution import collect_packages
from wheelbridge.solver.soundness import asked_extras, find_unmet, without_their_extras
from wheelbridge.solver.variant_notes import note_idle_pins, note_idle_wishes, note_variants
from wheelbridge.solver.wheels import Context, WheelSource
from wheelbridge.translate.pythons import Release

_THREADS = 16
_CPYTHON_ONLY = 'python[build="^(?!.*(pypy|graalpy)).*$"]'
"""Wheels are translated for CPython; no other interpreter is chosen under them."""


async def solve_jointly(
    problem: Problem, providers: Providers, table: NameTable, *, repodata_cache: Path, progress: Progress
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
    executor = ThreadPoolExecutor(_THREADS, thread_name_prefix="wheelbridge")
    conda_names = taken_names(problem.standing.locked)
    try:
        while True:
            session = _Session(problem, providers, table, repodata_cache, progress, conda_names)
            await session.open(executor)
            solution = await session.run()
            if not session.unearned:
                break
            conda_names |= session.unearned
    finally:
        executor.shutdown(wait=False, cancel_futures=True)
    solution.statistics.wall_seconds = time.perf_counter() - started
    return solution


class _Session:
    """The state of one joint solve over its rounds.

    *conda_names* are known to belong to conda packages; *unearned* are found to, once a solution used them otherwise.
    """

    def __init__(
        self,
        problem: Problem,
        providers: Providers,
        table: NameTable,
        repodata_cache: Path,
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
        self._channels = Channels(problem.sources, problem.target.subdir, repodata_cache, offline=problem.offline)
        self._installed = installed_names((*problem.standing.locked, *problem.standing.replaced))
        self._constraints = [*problem.standing.constraints]
        self._wheels: dict[str, WheelSource] = {}
        self._versions: dict[NormalizedName, Collection[Version]] = {}

    async def open(self, executor: ThreadPoolExecutor) -> None:
        """Read what the channels have, decide the names, and take in the request."""
        self._progress.step("Reading channels")
        for provider in self._providers.values() if self._problem.requirements else ():
            executor.submit(provider.prepare)
        await self._channels.open()
        if self._providers:
            self._constraints.append(_CPYTHON_ONLY)
        wanted = (spec for spec in (*self._problem.specs, *self._constraints) if spec_name(spec) == "python")
        self._context = self._make_context(await self._channels.pythons(wanted), executor)
        self._wheels = {
            source.name: WheelSource(
                source, self._providers[source.name], self._context, self._channels.names_of(self._above(source))
            )
            for source in self._problem.sources
            if source.kind == "index"
        }
        self._progress.step("Reading indexes")
        self._request = await take_request(
            self._problem, self._table, self._context, self._channels, list(self._wheels.values())
        )
        self._concessions = Concessions(
            self._problem, self._request, self._demand, list(self._wheels.values()), self._installed
        )

    def _above(self, index: Source) -> list[str]:
        return [s.url for s in self._problem.sources if s.kind == "channel" and s.tier < index.tier]

    def _make_context(self, pythons: Iterable[Release], executor: ThreadPoolExecutor) -> Context:
        names = SolverNames(self._table, self._channels.names | self._conda_names, self._installed)
        return Context(
            target=self._problem.target,
            demand=Demand(names),
            pythons=frozenset(pythons),
            executor=executor,
            statistics=self._statistics,
            versions_of=self._versions_of,
            policy=self._problem.variants,
            exclude_newer=self._problem.exclude_newer,
        )

    @property
    def _demand(self) -> Demand:
        return self._context.demand

    async def run(self) -> Solution:
        """Solve, widen and refine until nothing changes."""
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
                return self._solution(records)
            if await self._refine(records):
                continue
            if not self._problem.complete or await self._complete(records):
                return self._solution(records)

    async def _read_indexes(self) -> None:
        """Ask the indexes until nothing more is asked for; what is offered then depends on no order of answers."""
        while self._demand.changed:
            self._progress.step(f"Reading indexes ({self._statistics.metadata} wheels)")
            projects = sorted(self._demand.changed)
            self._demand.changed.clear()
            await asyncio.gather(*(source.update(p) for p in projects for source in self._wheels.values()))

    async def _solve(self) -> list[RepoDataRecord]:
        started = time.perf_counter()
        try:
            return await solve(
                [self._channels.by_url.get(s.url) or self._wheels[s.name] for s in self._problem.sources],
                self._concessions.specs,
                gateway=self._channels.gateway,
                platforms=self._channels.platforms,
                locked_packages=list(self._problem.standing.locked),
                virtual_packages=to_rattler_virtual_packages(self._problem.target),
                channel_priority=ChannelPriority.Flexible,
                exclude_newer=self._problem.exclude_newer,
                constraints=[MatchSpec(spec) for spec in (*self._constraints, *self._concessions.constraints)],
            )
        except GatewayError as error:
            raise RepodataError(f"A channel cannot be read: {error}") from error
        except Exception as error:
            if type(error).__name__ == "RustPanic":  # py-rattler 0.28.0 may fail to put a conflict into words
                raise SolverError(UNSPOKEN) from error
            raise
        finally:
            self._statistics.solve_seconds += time.perf_counter() - started

    async def _explain(self, conflict: str) -> UnsatisfiableError:
        available: dict[str, dict[str, Collection[Version]]] = {}
        for name in names_without_candidates(conflict):
            found: dict[str, Collection[Version]] = {"the channels": await self._channels.versions(name)}
            if project := self._demand.names.asked_project(name):
                offers = {source: await wheels.offer(project) for source, wheels in self._wheels.items()}
                found.update((source, tuple(offer.releases)) for source, offer in offers.items() if offer)
            available[name] = found
        return explain(conflict, self._wheels.values(), self._demand, self._problem, available)

    async def _refine(self, records: list[RepoDataRecord]) -> bool:
        """Tell whether the solution asks for another round."""
        if await self._serve_mapped_wheels(records) or self._insist_on_wheels(records):
            return True
        return self._ask_for_extras(records) or self._harden(records)

    def _ask_for_extras(self, records: list[RepoDataRecord]) -> bool:
        """Ask wheels for the extras that installed packages and earlier requests want of them."""
        chosen = {record.name.normalized: record for record in records}
        for name, extras in asked_extras(records, self._concessions.specs).items():
            source = self._source_of(chosen[name]) if name in chosen else None
            wheel = source.wheels[chosen[name].url] if source else None
            if wheel is not None and wheel.extras is not None and not wheel.extras >= extras:
                self._demand.add_extras(wheel.project, extras)
        return bool(self._demand.changed)

    def _find_unearned(self, records: list[RepoDataRecord]) -> bool:
        """Tell whether a wheel meets the dependency of a conda package without a row that says it may."""
        wheels = {record.name.normalized for record in records if WHEEL_FLAG in record.flags}
        needed = taken_names(records) & wheels
        self.unearned = frozenset(name for name in needed if not self._demand.names.mapped_project(name))
        if blocking := sorted(self.unearned & set(self._installed.values())):
            raise IdentityConflictError(blocking[0])
        return bool(self.unearned)

    def _harden(self, records: list[RepoDataRecord]) -> bool:
        """Where the solver lost what a condition or an extra asks for, ask for it unconditionally, and solve again."""
        unmet = find_unmet(records, self._concessions.specs)
        for need in unmet:
            owner = need.owner
            if owner is None:
                self._concessions.hard.append(need.spec)
            elif source := self._source_of(owner):
                source.harden(owner.url, need.spec)
            else:
                raise UnsoundSolutionError(owner.name.normalized, need.spec)
        return bool(unmet)

    def _source_of(self, record: RepoDataRecord) -> WheelSource | None:
        channel = record_channel(record)
        found = (source for source in self._wheels.values() if source.source.url == channel)
        return next((source for source in found if record.url in source.wheels), None)

    async def _serve_mapped_wheels(self, records: list[RepoDataRecord]) -> bool:
        """Let an index answer for chosen conda packages of lower sources that a row says are its projects."""
        tiers = {source.url: source.tier for source in self._problem.sources}
        wanted: list[tuple[NormalizedName, WheelSource]] = []
        for record in records:
            name, tier = record.name.normalized, tiers.get(record_channel(record))
            project = self._demand.names.mapped_project(name)
            if tier is None or project is None or self._demand.names.asked_project(name):
                continue
            above = [self._wheels[s.name] for s in self._problem.sources if s.kind == "index" and s.tier < tier]
            wanted.extend((project, source) for source in above)
        offers = await asyncio.gather(*(source.offer(project) for project, source in wanted))
        for (project, _), offer in zip(wanted, offers, strict=True):
            if offer:
                self._demand.serve(project)
        return bool(self._demand.changed)

    async def _complete(self, records: list[RepoDataRecord]) -> bool:
        """Put in place of each chosen wheel's record the one with all groups; False if one is refused only now."""
        for index, record in enumerate(records):
            if source := self._source_of(record):
                if wheel := await source.complete(record.url):
                    records[index] = wheel.solver_record
                elif project := wheel_project(record.file_name):
                    self._demand.changed.add(project)
        return not self._demand.changed

    def _insist_on_wheels(self, records: list[RepoDataRecord]) -> bool:
        """Where extras were asked of a conda package that does not know them, insist on the wheel."""
        found = False
        for name in without_their_extras(records, self._concessions.specs):
            constraint = f"{name}[flags=[{WHEEL_FLAG}]]"
            if constraint not in self._constraints:
                self._constraints.append(constraint)
                found = True
                if project := self._demand.names.asked_project(name):
                    self._demand.open(project)
        return found

    async def _versions_of(self, project: NormalizedName) -> Collection[Version]:
        if project not in self._versions:
            offers = await asyncio.gather(*(source.offer(project) for source in self._wheels.values()))
            versions = await self._channels.versions(self._demand.names(project))
            self._versions[project] = versions.union(*(offer.releases for offer in offers if offer))
        return self._versions[project]

    def _solution(self, records: list[RepoDataRecord]) -> Solution:
        refused = {refusal.fn: refusal for source in self._wheels.values() for refusal in source.refusals}
        releases = [release for source in self._wheels.values() for release in source.releases]
        packages = collect_packages(records, self._wheels.values(), self._problem)
        return Solution(
            packages=packages,
            refused=tuple(refused[fn] for fn in sorted(refused)),
            statistics=self._statistics,
            specs=(*self._request.specs, *self._concessions.loosened.values()),
            notes=(
                *self._request.notes,
                *(f"{old} was asked for earlier; it may move now." for old in self._concessions.loosened),
                *note_idle_pins(self._problem.variants, packages),
                *note_idle_wishes(self._problem.variants, releases),
                *note_variants(
                    records, self._wheels.values(), {record.url for record in self._problem.standing.locked}
                ),
            ),
        )
