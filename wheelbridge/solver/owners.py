"""Who has what, as far as it was found out: the rule applied to channels and indexes that are asked."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from packaging.utils import NormalizedName
from packaging.version import Version
from rattler import RepoDataRecord

from wheelbridge.errors import WheelbridgeError
from wheelbridge.model.name import CondaName
from wheelbridge.model.source import Source
from wheelbridge.solver.candidates import Offer
from wheelbridge.solver.channels import Channels, Records, versions_of
from wheelbridge.solver.choices import Choices
from wheelbridge.solver.demand import Demand
from wheelbridge.solver.ownership import Rule, Ruling, Tier, reachable
from wheelbridge.solver.records import wheel_project
from wheelbridge.solver.stand_ins import StandIns, is_within
from wheelbridge.solver.wheels import WheelSource


@dataclass(frozen=True, slots=True)
class Owners:
    """Applies the rule: which indexes are asked for a project, and whose records of a name the solver gets.

    An index is not asked for what a source above it owns, unless that one gives way: it learns of no private name.

    Attributes:
        native: names that wheels need of conda: no index serves them.
    """

    rule: Rule
    channels: Channels
    demand: Demand
    wheels: Mapping[str, WheelSource]
    stand_ins: StandIns = field(default_factory=StandIns)
    choices: Choices = field(default_factory=Choices)
    native: set[str] = field(default_factory=set)
    _within: dict[NormalizedName, frozenset[str]] = field(default_factory=dict)

    async def indexes(self, project: NormalizedName, *, opened: bool | None = None) -> list[WheelSource]:
        """Return the indexes that serve *project* by now, or once it is *opened*."""
        if opened is None:
            opened = project in self.demand.opened
        await self.prepare(project)
        tiers = self._tiers(project)
        has: set[str] = set()
        asked: list[WheelSource] = []
        for tier in reachable(tiers, has, opened=opened):
            asked += await self._ask(tier, project, has)
        return asked

    async def offers(self, project: NormalizedName, *, opened: bool = True) -> dict[str, Offer]:
        """Return source -> what it offers, of the indexes that may serve *project*, at once or ever."""
        sources = await self.indexes(project, opened=opened)
        found = {source.source.name: await source.offer(project) for source in sources}
        return {name: offer for name, offer in found.items() if offer}

    async def serves(self, source: Source, name: str, project: NormalizedName | None) -> bool:
        """Ask *source* whether it has *name*, or of an index, *project*."""
        if source.kind == "channel":
            return self._has(source, name, project)
        return project is not None and await self.wheels[source.name].offer(project) is not None

    def in_channels(self, project: NormalizedName) -> bool:
        """Tell whether a channel that may serve *project* has it."""
        listed = (source for tier in self._tiers(project) for source in tier)
        return any(source.kind == "channel" and self.has(source, project) for source in listed)

    def holds_back(self, project: NormalizedName) -> bool:
        """Tell whether indexes are left unasked for *project*, because a source above them has it and gives way."""
        has = {source.name for source in self.rule.sources if self.has(source, project)}
        asked = len(list(reachable(self._tiers(project), has, opened=False)))
        rest = list(reachable(self._tiers(project), has, opened=True))[asked:]
        return any(source.kind == "index" for tier in rest for source in tier)

    def has(self, source: Source, project: NormalizedName) -> bool:
        """Tell whether *source* has *project*, as far as is known."""
        return self._has(source, self.demand.names(project), project)

    def judge(self, name: str) -> Ruling:
        """Rule on a solver name, as far as is known; a package that stands for a project follows its route."""
        project = self.project_of(name)
        ruling = self.rule.judge(name, project, lambda source: self._has(source, name, project))
        stood_for = self.demand.stood_for.get(CondaName(name))
        if stood_for and not ruling.route:
            own = self.demand.names(stood_for)
            routed = self.rule.judge(own, stood_for, lambda source: self._has(source, name, project))
            if routed.route and any(source.kind == "channel" for source in routed.serving):
                return routed
        return ruling

    async def prepare(self, project: NormalizedName) -> None:
        """Find out which channels have *project*, where a package in some versions stands for it."""
        row = self.demand.names.stand_in(project)
        if row and row.conda and row.pypi_range and project not in self._within:
            records = await self.channels.records_of(row.conda)
            self._within[project] = frozenset(
                url for url, found in records.items() if any(is_within(row.pypi_range, record) for record in found)
            )

    def knows(self, name: str) -> bool:
        """Tell whether *name* is one that a channel has, or an index was asked for."""
        return name in self.channels.names or self.demand.names.asked_project(name) is not None

    def project_of(self, name: str) -> NormalizedName | None:
        """Return the project that goes by a solver name."""
        return self.demand.names.asked_project(name) or self.demand.names.mapped_project(name)

    async def find(self, name: str) -> tuple[Ruling, Mapping[str, Sequence[RepoDataRecord]]]:
        """Return the ruling on *name*, and source -> its records."""
        if self.choices.has(name):
            first = self.rule.sources[0]
            ruling = Ruling(owner=first, groups=((first,),), hidden=())
            return ruling, {first.name: self.choices.records(name, first.url)}
        if project := self.project_of(name):
            await self.prepare(project)
        conda = await self.conda_records(name)
        ruling = self.judge(name)
        found = {
            source.name: conda.get(source.url, ()) if source.kind == "channel" else self._wheels_of(source, name)
            for source in ruling.serving
        }
        return ruling, found

    def _wheels_of(self, source: Source, name: str) -> Sequence[RepoDataRecord]:
        return () if name in self.native else self.wheels[source.name].records_of(name)

    async def conda_records(self, name: str, project: NormalizedName | None = None) -> Records:
        """Return what each channel has under a solver name, or what it has stands for; that of *project*, if given."""
        project = project or self.project_of(name)
        row = self.demand.stand_in(project) if project else None
        if row and row.conda:
            return self.stand_ins.make(name, row, await self.channels.records_of(row.conda))
        records = await self.channels.records_of(name)
        base = self.demand.names.row_of(project) if project in self.demand.asked else None
        adds = base and base.specs and base.is_identity
        return self.stand_ins.complete(base, records, self.channels.names) if base and adds else records

    async def conda_versions(self, project: NormalizedName) -> set[Version]:
        """Return the versions that channels have of *project* and that are PEP 440 versions."""
        records = await self.conda_records(self.demand.names(project), project)
        return {version for same in records.values() for version in versions_of(same)}

    def completed(self, record: RepoDataRecord) -> RepoDataRecord:
        """Return an installed record as it takes part in the solve: needing what its metapackage adds, or no double."""
        names = self.demand.names
        if wheel := wheel_project(record.file_name):
            double = names.double_of(wheel)
            return self.stand_ins.keep_out(record, double) if double else record
        project = self.project_of(record.name.normalized)
        row = names.row_of(project) if project in self.demand.asked else None
        if row is None or not row.specs or not row.is_identity:
            return record
        (found,) = self.stand_ins.complete(row, {"": [record]}, self.channels.names)[""]
        return found

    async def above(self, name: str, project: NormalizedName, url: str) -> list[WheelSource]:
        """Return the indexes that have *project* and would come before, or beside, the source at *url*."""
        tiers = self.rule.tiers(name, project)
        if not any(source.url == url for tier in tiers for source in tier):
            return []
        has = {source.name for tier in tiers for source in tier if source.url == url}
        rivals = [
            self.wheels[s.name] for tier in reachable(tiers, has, opened=False) for s in tier if s.name in self.wheels
        ]
        offers = await asyncio.gather(*(source.offer(project) for source in rivals))
        return [source for source, offer in zip(rivals, offers, strict=True) if offer]

    async def survey(self, name: str) -> None:
        """Ask every index for *name*, even those that must not serve it; who does not answer has nothing to tell."""
        if project := self.project_of(name):
            await asyncio.gather(*(self._try(source, project) for source in self.wheels.values()))

    def known(self, name: str) -> list[Source]:
        """Return the sources that are known to have *name*."""
        project = self.project_of(name)
        return [source for source in self.rule.sources if self._has(source, name, project)]

    async def versions(self, source: Source, name: str) -> set[Version]:
        """Return the PEP 440 versions that *source* has of *name*; an index that cannot be asked has none."""
        if source.kind == "channel":
            return versions_of((await self.conda_records(name)).get(source.url, ()))
        project = self.project_of(name)
        offer = await self.wheels[source.name].offer(project) if project and self.has(source, project) else None
        return set(offer.releases) if offer else set()

    def newest(self, source: Source, name: str) -> str | None:
        """Return the newest version that *source* is known to have of *name*, None where it has not been asked."""
        project = self.project_of(name)
        if source.kind == "channel":
            row = self.demand.stand_in(project) if project else None
            return self.channels.newest(source, (row and row.conda) or name)
        return self.wheels[source.name].newest(project) if project else None

    @staticmethod
    async def _try(source: WheelSource, project: NormalizedName) -> None:
        with suppress(WheelbridgeError):
            await source.offer(project)

    def _tiers(self, project: NormalizedName) -> tuple[Tier, ...]:
        return self.rule.tiers(self.demand.names(project), project)

    async def _ask(self, tier: Iterable[Source], project: NormalizedName, has: set[str]) -> list[WheelSource]:
        """Find out which sources of a tier have *project*; return the indexes among them."""
        indexes = [self.wheels[source.name] for source in tier if source.kind == "index"]
        await asyncio.gather(*(source.offer(project) for source in indexes))
        has.update(source.name for source in tier if self.has(source, project))
        return [source for source in indexes if source.source.name in has]

    def _has(self, source: Source, name: str, project: NormalizedName | None) -> bool:
        if source.kind == "channel":
            row = self.demand.stand_in(project) if project else None
            if row and row.conda:
                within = source.url in self._within.get(row.pypi, (source.url,))
                return within and self.channels.has(source, row.conda)
            return self.channels.has(source, name) and not self.demand.names.is_of_a_wheel(name)
        return project is not None and self.wheels[source.name].has_page(project)
