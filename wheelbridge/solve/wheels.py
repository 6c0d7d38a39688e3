"""An index as a source of the solver: it answers for projects that were asked for, and for nothing else."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar

from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName
from packaging.version import Version
from rattler import PackageName, RepoDataRecord, Subdir

from wheelbridge.errors import TranslationError, WheelbridgeError
from wheelbridge.model.distribution import CoreMetadata, DistributionFile
from wheelbridge.model.record import Refusal, WheelRecord
from wheelbridge.model.source import Source
from wheelbridge.model.target import Target
from wheelbridge.solve.candidates import Offer
from wheelbridge.solve.names import SolverNames
from wheelbridge.solve.problem import Statistics, WheelProvider
from wheelbridge.solve.records import to_rattler_record
from wheelbridge.translate.pythons import Release
from wheelbridge.translate.requirement import KnownVersions, RequirementTranslation
from wheelbridge.translate.specifiers import exact_versions
from wheelbridge.translate.wheel import compose_wheel

_Argument = TypeVar("_Argument")
_Result = TypeVar("_Result")

FIRST_WINDOW = 2
"""How many versions of a project are offered at first, for each specifier seen."""
_WIDENING = 4
_REFUSED = frozenset({"file-not-on-index", "invalid-metadata", "invalid-wheel"})
"""Codes of an index that speak against one wheel; any other, such as a wrong hash, speaks against the index."""
_NO_VERSION = exact_versions(SpecifierSet(), ())


@dataclass
class Demand:
    """What has been asked of the indexes so far, by the user and by wheels.

    Attributes:
        names: decides solver names, and remembers which projects were asked for.
        specifiers: project -> the specifiers seen, in the order seen.
        direct: projects that the user asked for with a specifier that names a pre-release.
        served: solver names that an index may answer for though nobody asked for the project: rows map them.
        serve_mapped: every mapped name is served.
        windows: project -> how many versions are offered for each specifier.
    """

    names: SolverNames
    specifiers: dict[NormalizedName, dict[str, SpecifierSet]] = field(default_factory=dict)
    direct: set[NormalizedName] = field(default_factory=set)
    served: set[str] = field(default_factory=set)
    serve_mapped: bool = False
    windows: dict[NormalizedName, int] = field(default_factory=dict)

    def add(self, requirements: Iterable[RequirementTranslation], *, direct: bool = False) -> None:
        """Remember what *requirements* ask for; those that never hold on the target ask for nothing."""
        for requirement in requirements:
            if requirement.base or requirement.groups:
                self.names.ask(requirement.project)
                seen = self.specifiers.setdefault(requirement.project, {})
                seen.setdefault(str(requirement.specifier), requirement.specifier)
                if direct and requirement.specifier.prereleases:
                    self.direct.add(requirement.project)

    def project_of(self, name: str) -> NormalizedName | None:
        """Return the project that an index may answer with for the solver name *name*."""
        if project := self.names.asked_project(name):
            return project
        return self.names.mapped_project(name) if self.serve_mapped or name in self.served else None

    def specifiers_of(self, project: NormalizedName) -> list[SpecifierSet]:
        """Return the specifiers seen for *project*; one that allows all where there are none."""
        return list(self.specifiers.get(project, {}).values()) or [SpecifierSet()]

    def window_of(self, project: NormalizedName) -> int:
        """Return how many versions to offer for each specifier of *project*."""
        return self.windows.get(project, FIRST_WINDOW)

    def widen(self, project: NormalizedName) -> None:
        """Offer more versions of *project* from the next round on."""
        self.windows[project] = self.window_of(project) * _WIDENING


VersionsOf = Callable[[NormalizedName], Awaitable[Collection[Version]]]
"""Tells the versions that all sources together have of a project."""


class WheelSource:
    """A `rattler.RepoDataSource` over one index.

    Pages and metadata are read once and kept for the following rounds; records are made anew when the window or the
    demand has grown.
    """

    def __init__(  # noqa: PLR0913
        self,
        source: Source,
        provider: WheelProvider,
        *,
        target: Target,
        demand: Demand,
        pythons: Sequence[Release],
        executor: Executor,
        statistics: Statistics,
        versions_of: VersionsOf,
        exclude_newer: datetime | None = None,
    ) -> None:
        self.source = source
        self._provider = provider
        self._target = target
        self._demand = demand
        self._pythons = frozenset(pythons)
        self._executor = executor
        self._statistics = statistics
        self._exclude_newer = exclude_newer
        self._offers: dict[NormalizedName, asyncio.Future[Offer | None]] = {}
        self._metadata: dict[str, CoreMetadata] = {}
        self._translated: dict[str, WheelRecord | Refusal] = {}
        self._built: dict[str, RepoDataRecord] = {}
        self._round: dict[str, asyncio.Future[list[RepoDataRecord]]] = {}
        self.wheels: dict[str, tuple[DistributionFile, WheelRecord, NormalizedName]] = {}
        self.failure: WheelbridgeError | None = None
        self.versions_of = versions_of

    def package_names(self, platform: Subdir) -> list[str]:
        """Return nothing: an index does not list what it could answer for (design D3)."""
        del platform
        return []

    async def fetch_package_records(self, platform: Subdir, name: PackageName) -> list[RepoDataRecord]:
        """Return the records for the solver name *name* in one subdir."""
        project = self._demand.project_of(name.normalized)
        if project is None:
            return []
        key = name.normalized
        if key not in self._round:
            self._round[key] = asyncio.ensure_future(self._records(project))
        try:
            records = await self._round[key]
        except WheelbridgeError as error:
            self.failure = error
            raise
        return [record for record in records if record.subdir == str(platform)]

    def start_round(self) -> None:
        """Forget the answers of the last round; pages, metadata and translations are kept."""
        self._round.clear()

    async def offer(self, project: NormalizedName) -> Offer | None:
        """Return what the index has of *project*, None where it has nothing."""
        if project not in self._offers:
            self._offers[project] = asyncio.ensure_future(self._read_offer(project))
        return await self._offers[project]

    @property
    def refusals(self) -> list[Refusal]:
        """Every file that was looked at and not offered, with the reason."""
        offers = [future.result() for future in self._offers.values() if future.done() and not future.exception()]
        listed = [refusal for offer in offers if offer for refusal in offer.refused.values()]
        return listed + [value for value in self._translated.values() if isinstance(value, Refusal)]

    def refusals_of(self, project: NormalizedName) -> list[Refusal]:
        """Return the refusals of one project's files."""
        prefix = re.compile(rf"{re.escape(project).replace(re.escape('-'), '[-_.]+')}-", re.IGNORECASE)
        return [refusal for refusal in self.refusals if prefix.match(refusal.fn)]

    async def _read_offer(self, project: NormalizedName) -> Offer | None:
        page = await self._in_thread(self._provider.project_page, project)
        self._statistics.pages += 1
        return None if page is None else Offer(page, self._target, self._pythons, self._exclude_newer)

    async def _records(self, project: NormalizedName) -> list[RepoDataRecord]:
        offer = await self.offer(project)
        if offer is None:
            return []
        versions = offer.select(self._demand.specifiers_of(project), self._demand.window_of(project))
        candidates = [candidate for version in versions for candidate in offer.candidates(version)]
        await asyncio.gather(*(self._read_metadata(candidate.file) for candidate in candidates))
        return [record for candidate in candidates if (record := await self._record(candidate.file, project))]

    async def _read_metadata(self, file: DistributionFile) -> None:
        if file.url not in self._metadata and file.url not in self._translated:
            try:
                self._metadata[file.url] = await self._in_thread(self._provider.core_metadata, file)
            except WheelbridgeError as error:
                if error.code not in _REFUSED:
                    raise
                self._translated[file.url] = Refusal(file.filename, error.code, error.message)
            self._statistics.metadata += 1

    async def _record(self, file: DistributionFile, project: NormalizedName) -> RepoDataRecord | None:
        if file.url not in self._translated:
            try:
                self._translated[file.url] = await self._compose(file, project)
            except TranslationError as error:
                self._translated[file.url] = Refusal(file.filename, error.code, error.message)
        record = self._translated[file.url]
        if isinstance(record, Refusal):
            return None
        if file.url not in self._built:
            if record.track_features and project in self._demand.direct:
                record = replace(record, track_features=())
            self.wheels[file.url] = (file, record, project)
            self._built[file.url] = to_rattler_record(record, self.source.url)
        return self._built[file.url]

    async def _compose(self, file: DistributionFile, project: NormalizedName) -> WheelRecord:
        metadata, names = self._metadata[file.url], self._demand.names
        known = KnownVersions()
        record, requirements = compose_wheel(file, metadata, self._target, names, known)
        if known.wanted:
            versions = {wanted: await self.versions_of(wanted) for wanted in sorted(known.wanted)}
            record, requirements = compose_wheel(file, metadata, self._target, names, KnownVersions(versions))
        self._demand.add(requirements)
        rivals = tuple(f'{name}[version="{_NO_VERSION}"]' for name in names.lookalikes(project) if name != record.name)
        return replace(record, constrains=record.constrains + rivals)

    async def _in_thread(self, call: Callable[[_Argument], _Result], argument: _Argument) -> _Result:
        return await asyncio.get_running_loop().run_in_executor(self._executor, call, argument)
