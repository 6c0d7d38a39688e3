"""What an answer of the solver still lacks: more to be asked of the indexes, or of the solver, in another round."""

import asyncio
from collections.abc import Container, Mapping

from packaging.utils import NormalizedName
from rattler import RepoDataRecord

from wheelbridge.model.record import WHEEL_FLAG
from wheelbridge.solver.concessions import Concessions
from wheelbridge.solver.demand import Demand
from wheelbridge.solver.errors import UnsoundSolutionError
from wheelbridge.solver.owners import Owners
from wheelbridge.solver.records import needed_name, record_channel
from wheelbridge.solver.soundness import asked_extras, find_unmet, without_their_extras
from wheelbridge.solver.wheels import WheelSource


class Refinements:
    """Looks at an answer, and asks for what would make it right; each answers whether there is more to do.

    Attributes:
        constraints: MatchSpecs that hold for the rest of the session.
    """

    def __init__(self, owners: Owners, concessions: Concessions, kept: Container[str]) -> None:
        self.constraints: list[str] = []
        self._owners = owners
        self._demand: Demand = owners.demand
        self._wheels: Mapping[str, WheelSource] = owners.wheels
        self._concessions = concessions
        self._kept = kept

    async def find(self, records: list[RepoDataRecord]) -> bool:
        """Tell whether the answer asks for another round."""
        if await self._ask_above(records) or self._insist_on_wheels(records):
            return True
        if await self._use_up_owners(records):
            return True
        return self._ask_for_extras(records) or self._harden(records) or self._choose(records)

    def _choose(self, records: list[RepoDataRecord]) -> bool:
        """Let channels alone serve what wheels need of conda; of several packages that would do, take what is there."""
        return self._insist_on_conda(records) or self._owners.choices.prefer(records)

    def source_of(self, record: RepoDataRecord) -> WheelSource | None:
        """Return the index that offered a record, None for any other record."""
        channel = record_channel(record)
        found = (source for source in self._wheels.values() if source.source.url == channel)
        return next((source for source in found if record.url in source.wheels), None)

    async def _ask_above(self, records: list[RepoDataRecord]) -> bool:
        """Ask the indexes that come before the source of a record, where a source above those kept them from it.

        What has a project and stands above may own it; a conda package is met by its project where a row says so.
        """
        named = [(one, project) for one in records if (project := self._owners.project_of(one.name.normalized))]
        fresh = [(one, project) for one, project in named if project not in self._demand.opened]
        above = (self._owners.above(one.name.normalized, project, record_channel(one)) for one, project in fresh)
        for (record, project), indexes in zip(fresh, await asyncio.gather(*above), strict=True):
            if indexes and not self._demand.names.asked_project(record.name.normalized):
                self._demand.serve(project)
            if indexes and not {*indexes} <= {*await self._owners.indexes(project)}:
                self._demand.open(project)
        return bool(self._demand.changed)

    def _insist_on_wheels(self, records: list[RepoDataRecord]) -> bool:
        """Where extras were asked of a conda package that does not know them, insist on the wheel."""
        found = False
        for name in without_their_extras(records, self._concessions.specs):
            constraint = f"{name}[flags=[{WHEEL_FLAG}]]"
            if constraint not in self.constraints:
                self.constraints.append(constraint)
                found = True
                if project := self._demand.names.asked_project(name):
                    self._demand.open(project)
        return found

    async def _use_up_owners(self, records: list[RepoDataRecord]) -> bool:
        """Offer more of the indexes above the source of a record: it may serve only where no version of theirs fits."""
        for record in records:
            project = self._owners.project_of(record.name.normalized)
            if project and record.url not in self._kept and await self._has_more_above(record, project):
                self._demand.widen(project)
        return bool(self._demand.changed)

    async def _has_more_above(self, record: RepoDataRecord, project: NormalizedName) -> bool:
        specifiers, window = self._demand.specifiers_of(project), self._demand.window_of(project)
        groups = self._owners.judge(record.name.normalized).groups
        own = next((n for n, group in enumerate(groups) if any(s.url == record_channel(record) for s in group)), 0)
        above = (source for group in groups[:own] for source in group if source.kind == "index")
        offers = [await self._wheels[source.name].offer(project) for source in above]
        return any(offer is not None and not offer.exhausted(specifiers, window) for offer in offers)

    def _insist_on_conda(self, records: list[RepoDataRecord]) -> bool:
        """Where a wheel is what another one needs of conda, let channels alone serve the name.

        A row may say that a project is the package; a library of the system is no Python distribution all the same.
        """
        chosen = {record.name.normalized: record for record in records}
        taken = self._owners.choices.taken(records)
        found = False
        for record in records:
            source = self.source_of(record)
            for spec in source.wheels[record.url].externals.specs if source else ():
                name = needed_name(taken.get(spec, spec))
                if name in chosen and WHEEL_FLAG in chosen[name].flags and name not in self._owners.native:
                    self._owners.native.add(name)
                    found = True
        return found

    def _ask_for_extras(self, records: list[RepoDataRecord]) -> bool:
        """Ask wheels for the extras that installed packages and earlier requests want of them."""
        chosen = {record.name.normalized: record for record in records}
        for name, extras in asked_extras(records, self._concessions.specs).items():
            source = self.source_of(chosen[name]) if name in chosen else None
            wheel = source.wheels[chosen[name].url] if source else None
            if wheel is not None and wheel.extras is not None and not wheel.extras >= extras:
                self._demand.add_extras(wheel.project, extras)
        return bool(self._demand.changed)

    def _harden(self, records: list[RepoDataRecord]) -> bool:
        """Where the solver lost what a condition or an extra asks for, ask for it unconditionally, and solve again."""
        unmet = find_unmet(records, self._concessions.specs)
        for need in unmet:
            owner = need.owner
            if owner is None:
                self._concessions.hard.append(need.spec)
            elif source := self.source_of(owner):
                source.harden(owner.url, need.spec)
            else:
                raise UnsoundSolutionError(owner.name.normalized, need.spec)
        return bool(unmet)
