"""An index as a source of the solver: it answers for projects that were asked for, and for nothing else."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import TypeVar

from packaging.utils import NormalizedName
from packaging.version import Version
from rattler import RepoDataRecord

from wheelbridge.errors import TranslationError, WheelbridgeError
from wheelbridge.model.distribution import CoreMetadata, DistributionFile
from wheelbridge.model.record import Refusal, WheelRecord
from wheelbridge.model.source import Source
from wheelbridge.model.target import Target
from wheelbridge.model.variant import ReleaseVariants
from wheelbridge.model.variant_policy import VariantPolicy
from wheelbridge.solver.admission import admission_of, only_hashed
from wheelbridge.solver.builds import Builds, not_unasked
from wheelbridge.solver.candidates import Offer
from wheelbridge.solver.choices import Choices
from wheelbridge.solver.demand import Demand
from wheelbridge.solver.errors import NoWheelError
from wheelbridge.solver.problem import Progress, Statistics, WheelProvider
from wheelbridge.solver.records import no_version_of, to_rattler_record
from wheelbridge.solver.variant_choice import Candidate, VariantChoice, ask_plugins, is_about_variants, read_own_variant
from wheelbridge.translate.pythons import Release
from wheelbridge.translate.requirement import KnownVersions, RequirementTranslation
from wheelbridge.translate.variant_documents import combine_own_variants
from wheelbridge.translate.wheel import Scope, compose_wheel
from wheelbridge.translate.wheel_externals import ExternalTables, WheelExternals, translate_wheel_externals

_Argument = TypeVar("_Argument")
_Result = TypeVar("_Result")

_REFUSED = frozenset({"file-not-on-index", "invalid-metadata", "invalid-wheel"})
"""Codes of an index that speak against one wheel; any other, such as a wrong hash, speaks against the index."""

VersionsOf = Callable[[NormalizedName], Awaitable[Collection[Version]]]
"""Tells the versions that all sources together have of a project."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What all indexes of one solve share.

    Attributes:
        pythons: the minor versions of Python that can occur.
        executor: runs what waits for the network.
        versions_of: tells the versions that all sources together have of a project.
        policy: what the user says of variants.
        externals: what is known of external dependencies.
        choices: dependencies on one of several packages.
        progress: is told of builds, which take their time.
        builds: projects of which a wheel is built, and none of an index taken.
        hashes: project -> the hashes of the files that alone may be taken of it.
        require_hashes: of other projects, nothing is taken.
    """

    target: Target
    demand: Demand
    pythons: frozenset[Release]
    executor: Executor
    statistics: Statistics
    versions_of: VersionsOf
    policy: VariantPolicy
    progress: Progress
    exclude_newer: datetime | None = None
    externals: ExternalTables = field(default_factory=ExternalTables)
    choices: Choices = field(default_factory=Choices)
    builds: frozenset[NormalizedName] = frozenset()
    hashes: Mapping[NormalizedName, frozenset[str]] = field(default_factory=dict)
    require_hashes: bool = False


@dataclass(frozen=True, slots=True)
class OfferedWheel:
    """A wheel as it is offered to the solver; *extras* are those whose groups it has, None for all."""

    project: NormalizedName
    candidate: Candidate
    extras: frozenset[str] | None
    record: WheelRecord
    requirements: tuple[RequirementTranslation, ...]
    externals: WheelExternals
    solver_record: RepoDataRecord

    @property
    def file(self) -> DistributionFile:
        """The file that the index has."""
        return self.candidate.file


class WheelSource:
    """The wheels of one index: filled by `update`, and the solver gets what is there by then.

    Attributes:
        wheels: URL -> what is offered.
    """

    def __init__(self, source: Source, provider: WheelProvider, context: Context) -> None:
        self.source = source
        self.wheels: dict[str, OfferedWheel] = {}
        self._provider = provider
        self._context = context
        self._offers: dict[NormalizedName, asyncio.Future[Offer | None]] = {}
        self._refused: dict[NormalizedName, dict[str, Refusal]] = {}
        self._answers: dict[str, list[OfferedWheel]] = {}
        self._metadata: dict[str, CoreMetadata] = {}
        self._builds: dict[NormalizedName, Builds] = {}

    def records_of(self, name: str) -> list[RepoDataRecord]:
        """Return the records for the solver name *name*."""
        return [wheel.solver_record for wheel in self._answers.get(name, ())]

    async def update(self, project: NormalizedName) -> None:
        """Offer of *project* all that is asked for by now, and pass on what its wheels ask for."""
        demand = self._context.demand
        offer = await self.offer(project)
        if offer is None:
            return
        if project in self._context.builds or offer.builds:
            offer = await self._build(project, offer)
        elif offer.only_sdists:
            self._refuse_sdists(project, offer)
        candidates = [item for version in await self._select(offer) for item in offer.candidates(version)]
        extras = demand.extras_of(project)
        found = await asyncio.gather(*(self._wheel(project, candidate, extras) for candidate in candidates))
        wheels = self._answers[demand.names(project)] = [wheel for wheel in found if wheel]
        for wheel in wheels:
            demand.follow(project, wheel.requirements)

    async def _build(self, project: NormalizedName, offer: Offer) -> Offer:
        """Let wheels be built of what is asked for by now; return what is offered in the place of the index's wheels.

        Only `update` may come here: it is called for the indexes that may serve a project, and a build runs its code.
        """
        builds = self._builds.setdefault(project, Builds(offer))
        for sdist, python in builds.choose(self._context.demand.specifiers_of(project)):
            self._context.progress.step(f"Building {sdist.filename}")
            call = partial(self._provider.build, project, sdist)
            builds.add(sdist, await self._in_thread(call, python))
        built = builds.make_offer()
        self._offers[project] = asyncio.get_running_loop().create_future()
        self._offers[project].set_result(built)
        return built

    def _refuse_sdists(self, project: NormalizedName, offer: Offer) -> None:
        """Say of the newest one, for all, that they are not built unasked."""
        newest = next(iter(offer.sdists.values()), offer.page.files[-1]).filename
        refusal = Refusal(newest, NoWheelError.code, not_unasked(project))
        self._refused.setdefault(project, {})[newest] = refusal

    @property
    def built(self) -> Mapping[str, tuple[str, ...]]:
        """The URLs of the wheels that were built -> what people should know of each."""
        return {url: notes for builds in self._builds.values() for url, notes in builds.notes.items()}

    async def _select(self, offer: Offer) -> list[Version]:
        """Select the versions to offer, with the variant metadata of each read."""
        demand, project = self._context.demand, offer.page.project
        while True:
            versions = offer.select(demand.specifiers_of(project), demand.window_of(project))
            unread = [version for version in versions if offer.unread(version)]
            if not unread:
                return versions
            choices = await asyncio.gather(*(self._judge_variants(offer, version) for version in unread))
            for version, choice in zip(unread, choices, strict=True):
                offer.set_variants(version, choice)

    async def _judge_variants(self, offer: Offer, version: Version) -> VariantChoice:
        """Read the variant metadata of a release; where it cannot be used, the non-variant wheels still can."""
        project, policy, target = offer.page.project, self._context.policy, self._context.target
        try:
            release = await self._read_variants(offer, version)
            if plugins := self._provider.plugins:
                target = await self._in_thread(partial(ask_plugins, release, target, policy), plugins)
            return VariantChoice.judge(release, project, policy, target)
        except WheelbridgeError as error:
            if not is_about_variants(error):
                raise
            return VariantChoice(project, policy, target, problem=error.message)

    async def _read_variants(self, offer: Offer, version: Version) -> ReleaseVariants:
        """Read the index's file for the release, or, where the index has none, one wheel of each label.

        PEP 825: "tools SHOULD prefer the index-level metadata file where it is available".
        """
        if file := offer.variants_file(version):
            return await self._in_thread(self._provider.variants, file)
        wheels = {str(candidate.name.label): candidate.file for candidate in offer.unread(version)}
        read = partial(read_own_variant, self._provider.variants)
        asked = (self._in_thread(partial(read, file), label) for label, file in wheels.items())
        return combine_own_variants(dict(zip(wheels, await asyncio.gather(*asked), strict=True)))

    async def complete(self, url: str) -> OfferedWheel | None:
        """Return a wheel with the groups of all its extras; None, and a refusal kept, if one cannot be said."""
        wheel = self.wheels[url]
        return await self._wheel(wheel.project, wheel.candidate, None)

    def harden(self, url: str, spec: str) -> None:
        """Let a wheel need *spec* under all circumstances, for the rest of this solve."""
        wheel = self.wheels[url]
        record = replace(wheel.record, depends=(*wheel.record.depends, spec))
        hard = replace(wheel, record=record, solver_record=to_rattler_record(record, self.source.url))
        self.wheels[url] = hard
        name = self._context.demand.names(wheel.project)
        self._answers[name] = [hard if one.file.url == url else one for one in self._answers[name]]

    async def offer(self, project: NormalizedName) -> Offer | None:
        """Return what the index has of *project*, None where it has nothing."""
        if project not in self._offers:
            self._offers[project] = asyncio.ensure_future(self._read_offer(project))
        return await self._offers[project]

    def has_page(self, project: NormalizedName) -> bool:
        """Tell whether the index is known to have *project*; a page without a file counts."""
        future = self._offers.get(project)
        return bool(future and future.done() and not future.exception() and future.result())

    def newest(self, project: NormalizedName) -> str | None:
        """Return the newest version of *project*, None where it has no wheel or was not asked for."""
        future = self._offers.get(project)
        offer = future.result() if future and future.done() and not future.exception() else None
        return next((str(version) for version in offer.releases), None) if offer else None

    def rivals(self, wheel: OfferedWheel) -> tuple[VariantChoice | None, tuple[Candidate, ...]]:
        """Return how the variants of a wheel's release were judged, and the wheels that were to choose from."""
        future = self._offers.get(wheel.project)
        offer = future.result() if future and future.done() else None
        version = wheel.candidate.name.version
        return (offer.variants.get(version), offer.candidates(version)) if offer else (None, ())

    def release(self, wheel: OfferedWheel) -> tuple[CoreMetadata, ReleaseVariants | None, Sequence[DistributionFile]]:
        """Return what an offered wheel says of itself, the variants of its release, and the wheels that this has."""
        offer, version = self._offers[wheel.project].result(), wheel.candidate.name.version
        metadata = self._metadata[wheel.file.url]
        if offer is None or (choice := offer.variants.get(version)) is None:
            return metadata, None, ()
        return metadata, choice.release, offer.files(version)

    def built_of(self, wheel: OfferedWheel) -> DistributionFile | None:
        """Return the source distribution that a wheel was built of; None where the index has the wheel."""
        builds = self._builds.get(wheel.project)
        return builds.made_of(wheel.file.url) if builds else None

    @property
    def releases(self) -> list[ReleaseVariants]:
        """The variant metadata of every release that was looked at."""
        offers = [future.result() for future in self._offers.values() if future.done() and not future.exception()]
        return [choice.release for offer in offers if offer for choice in offer.variants.values() if choice.release]

    @property
    def refusals(self) -> list[Refusal]:
        """Every file that was looked at and not offered, with the reason."""
        return [refusal for project in self._offers for refusal in self.refusals_of(project)]

    def refusals_of(self, project: NormalizedName) -> list[Refusal]:
        """Return the refusals of one project's files."""
        future = self._offers.get(project)
        offer = future.result() if future and future.done() and not future.exception() else None
        return [*(offer.refused.values() if offer else ()), *self._refused.get(project, {}).values()]

    def has_wheels(self, project: NormalizedName) -> bool:
        """Tell whether wheels of *project* were offered."""
        return bool(self._answers.get(self._context.demand.names(project)))

    async def _read_offer(self, project: NormalizedName) -> Offer | None:
        page = await self._in_thread(self._provider.project_page, project)
        context = self._context
        context.statistics.pages += page is not None
        if page is None:
            return None
        cutoff = None if self.source.linked else self.source.exclude_newer or context.exclude_newer
        admit = admission_of(self.source, page)
        if not self.source.linked and (project in context.hashes or context.require_hashes):
            admit = only_hashed(admit, context.hashes.get(project, frozenset()))
        offer = Offer(page, context.target, context.pythons, cutoff, context.policy, admit)
        return replace(offer, builds=True) if self.source.linked and offer.only_sdists else offer

    async def _wheel(
        self, project: NormalizedName, candidate: Candidate, extras: frozenset[str] | None
    ) -> OfferedWheel | None:
        """Return one wheel as it is offered; None, and a refusal kept, where it cannot be."""
        file = candidate.file
        known = self.wheels.get(file.url)
        refused = self._refused.setdefault(project, {})
        if file.url not in refused and (known is None or known.extras != extras):
            self.wheels.pop(file.url, None)
            try:
                self.wheels[file.url] = await self._translate(project, candidate, extras)
            except WheelbridgeError as error:
                if not isinstance(error, TranslationError) and error.code not in _REFUSED:
                    raise
                refused[file.url] = Refusal(file.filename, error.code, error.message)
        return self.wheels.get(file.url)

    async def _translate(
        self, project: NormalizedName, candidate: Candidate, extras: frozenset[str] | None
    ) -> OfferedWheel:
        file = candidate.file
        metadata = await self._read_metadata(file)
        names, known = self._context.demand.names, KnownVersions()
        compose = partial(
            compose_wheel,
            file,
            metadata,
            self._context.target,
            names,
            scope=None if extras is None else Scope(extras, self._context.pythons),
            variant=candidate.variant,
        )
        record, requirements = compose(known)
        if known.wanted:
            versions = {wanted: await self._context.versions_of(wanted) for wanted in sorted(known.wanted)}
            record, requirements = compose(KnownVersions(versions))
        rivals = tuple(no_version_of(name) for name in names.rivals(project) if name != record.name)
        externals = self._externals(candidate, metadata, extras)
        record = replace(
            externals.add_to(record),
            build_number=candidate.rank,
            constrains=record.constrains + rivals,
            track_features=self._weights(project, file, record),
        )
        solver_record = to_rattler_record(record, self.source.url)
        return OfferedWheel(project, candidate, extras, record, tuple(requirements), externals, solver_record)

    def _externals(self, candidate: Candidate, metadata: CoreMetadata, extras: frozenset[str] | None) -> WheelExternals:
        context, minors = self._context, candidate.support.minors
        pythons = [minor for minor in minors if minor in context.pythons] or minors
        version, tables = candidate.name.version, context.externals
        found = translate_wheel_externals(metadata, version, context.target, tables, pythons=pythons, extras=extras)
        return replace(found, depends=(*found.depends, *map(context.choices.name, found.choices)))

    def _weights(self, project: NormalizedName, file: DistributionFile, record: WheelRecord) -> tuple[str, ...]:
        """Return what sinks a record below all others: that it is yanked, or a pre-release nobody asked for."""
        asked = self._context.demand.prereleases or project in self._context.demand.direct
        return (() if asked else record.track_features) + (("yanked",) if file.yanked is not None else ())

    async def _read_metadata(self, file: DistributionFile) -> CoreMetadata:
        if file.url not in self._metadata:
            self._context.statistics.metadata += 1
            known = self._provider.known_metadata(file)
            if known is None:
                known = await self._in_thread(self._provider.core_metadata, file)
            self._metadata[file.url] = known
        return self._metadata[file.url]

    async def _in_thread(self, call: Callable[[_Argument], _Result], argument: _Argument) -> _Result:
        return await asyncio.get_running_loop().run_in_executor(self._context.executor, call, argument)
