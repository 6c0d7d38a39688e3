"""A wheel out of a source distribution: fetched and checked, built in an environment of its own, kept for good."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from hashlib import file_digest, sha256
from pathlib import Path

from packaging.utils import NormalizedName

from wheelbridge.api.building.checks import Expected, check_built
from wheelbridge.api.building.environments import (
    BuildEnvironment,
    BuildPlan,
    Wishes,
    decide_asked,
    is_off,
    make_backend,
    make_build_environment,
    plan_build_environment,
)
from wheelbridge.api.building.errors import BuildFailedError, ForeignBuildError, InvalidSdistError
from wheelbridge.api.building.failures import BuildStory
from wheelbridge.api.building.needs import Linked
from wheelbridge.api.building.project import read_project
from wheelbridge.api.building.sdists import SdistName, unpack_sdist
from wheelbridge.api.building.store import BuiltWheel, BuiltWheels, describe_wheel
from wheelbridge.api.building.workshops import open_workshop, opened_log
from wheelbridge.api.external.rows import open_external
from wheelbridge.api.solving import Settings, Silent
from wheelbridge.errors import UsageError
from wheelbridge.index.protocol import Index
from wheelbridge.installer.reporter import Reporter
from wheelbridge.model.distribution import BuiltDistribution, DistributionFile
from wheelbridge.model.source import Source
from wheelbridge.solver.problem import Solution
from wheelbridge.target.detect import detect_target, is_this_machine
from wheelbridge.translate.pythons import Release

_COMMAND = ("wheelbridge", "build")


@dataclass(frozen=True, slots=True)
class SdistBuilder:
    """Builds source distributions of one index, under the settings of a command."""

    settings: Settings
    source: Source

    def __call__(
        self, index: Index, project: NormalizedName, sdist: DistributionFile, python: Release
    ) -> BuiltDistribution:
        """Return a wheel of *sdist*, built with a minor version of python, or built so before.

        What the build needs comes from the same sources under the same rules. There, *project* itself is not built:
        what needs itself gets a wheel of it, or nothing.

        Raises:
            ForeignBuildError: if the target is not this machine.
            InvalidSdistError: if the file is not what it says, or belongs to another project; nothing of it was run.
            BuildFailedError: if its code fails, or makes another wheel than that of this release.
            WheelbridgeError: if the file, or what its build needs, cannot be had.
        """
        self._check(project, sdist)
        settings = replace(self.settings, builds=self.settings.builds - {project}, links=())
        expected = Expected(project, SdistName.parse(sdist.filename).version)
        with settings.processes.awaited(), open_workshop(settings.caches.builds) as workshop:
            story = BuildStory(sdist.filename, project, workshop)
            with story.told():
                archive = _fetch(index, sdist, settings.caches.downloads)
                plan = _plan(archive, story, settings, python)
                build = WheelBuild(
                    settings=settings,
                    label=sdist.filename,
                    digest=_digest(archive),
                    plan=plan,
                    check=lambda wheel, log: check_built(wheel, expected, settings.target, python, log),
                    workshop=workshop,
                )
                return describe_build(sdist, plan, settings, build.get())

    def _check(self, project: NormalizedName, sdist: DistributionFile) -> None:
        if SdistName.parse(sdist.filename).project != project:
            raise InvalidSdistError(sdist.filename, f"it is on the page of {project!r}")
        if self.source.attestations is not None:
            raise UsageError(
                f"{sdist.filename} cannot be built: the files of {self.source.name} must be attested, and a wheel that "
                "is built here is not",
                hint=f"Take a wheel of it, or a conda package: leave out --build {project}.",
            )
        target = self.settings.target
        if not is_this_machine(target.subdir) or target.virtual_packages != detect_target().virtual_packages:
            raise ForeignBuildError(
                project,
                f"what is built runs on this machine, and the target is a {target.subdir} that is described otherwise",
            )


def _plan(archive: Path, story: BuildStory, settings: Settings, python: Release) -> BuildPlan:
    """Unpack *archive*, and decide what its build environment holds; nothing of it is run."""
    with story.own():
        tree = unpack_sdist(archive, story.workshop / "tree")
        project = replace(read_project(tree, story.project), name=story.project)
    wishes = Wishes(python=".".join(map(str, python)))
    prefix = story.workshop / "env"
    return plan_build_environment(project, prefix, settings, Silent(), wishes=wishes, command=_COMMAND)


@dataclass(frozen=True, slots=True, kw_only=True)
class WheelBuild:
    """One build, as planned.

    Attributes:
        label: what is built, for people.
        digest: what is built, to the byte: a hash (hexadecimal); None: the wheel is found again by no later build.
        check: refuses a wheel that cannot be used; it is given the log as well.
    """

    settings: Settings
    label: str
    digest: str | None
    plan: BuildPlan
    check: Callable[[Path, Path], None]
    workshop: Path

    def get(self) -> tuple[BuiltWheel, Path, Solution]:
        """Return the wheel, kept or built now, the folder that it is in, and what it was built with.

        It is found by the packages of the whole build environment. Which they are, the backend decides as well; what it
        asked for is kept, by the packages that it was asked among, and is solved for again.
        """
        asked = self._store.asked(self._place(self.digest, self.plan.prepared.solution)) if self.digest else None
        if self.digest and asked is not None:
            solution = decide_asked(self.plan, asked, self.settings)
            place = self._place(self.digest, solution)
            if (known := self._store.load(place)) is not None:
                return known, place, solution
        return self._make()

    def _make(self) -> tuple[BuiltWheel, Path, Solution]:
        settings, plan = self.settings, self.plan
        log = settings.caches.builds / f"{self.label}-{self.workshop.name[:8]}.log"
        with opened_log(log):
            made = make_build_environment(plan, settings, Silent(), Reporter(), log=log, command=_COMMAND)
            wheel = self._run(made, log)
            self.check(wheel, log)
        packages = tuple(sorted(one.fn for one in made.solution.packages))
        built = describe_wheel(wheel, sdist=self.label, environment=packages)
        place = self._find_place(made, built)
        return self._store.store(wheel.parent, built, place), place, made.solution

    def _find_place(self, made: BuildEnvironment, built: BuiltWheel) -> Path:
        """Return where *built* is kept, and keep what leads there; without a digest, nothing but the wheel itself."""
        if self.digest is None:
            return self._place(built.sha256, made.solution)
        solution = decide_asked(self.plan, made.asked, self.settings)
        if sorted(one.fn for one in solution.packages) != [*built.environment]:
            solution = made.solution
        self._store.keep_asked(self._place(self.digest, self.plan.prepared.solution), made.asked)
        return self._place(self.digest, solution)

    def _run(self, made: BuildEnvironment, log: Path) -> Path:
        """Build; return the wheel, alone in its folder."""
        folder = self.workshop / "wheel"
        folder.mkdir()
        wheel = make_backend(made.project, made.prefix, made.variables, self.settings, log).build_wheel(folder)
        for other in folder.iterdir():
            if other.name != wheel.name:
                raise BuildFailedError(made.project.name, f"its backend left {other.name!r} beside the wheel", log=log)
        return wheel

    def _place(self, digest: str, solution: Solution) -> Path:
        return self._store.place(digest, self.settings.target.subdir, solution.packages)

    @property
    def _store(self) -> BuiltWheels:
        return BuiltWheels(self.settings.caches.built)


def describe_build(
    sdist: DistributionFile, plan: BuildPlan, settings: Settings, found: tuple[BuiltWheel, Path, Solution]
) -> BuiltDistribution:
    """Say what a wheel is and what it needs; its time and its being withdrawn are those of *sdist*."""
    built, place, solution = found
    versions = {one.name: one.version for one in solution.packages if one.kind == "conda"}
    needs = Linked(settings.target, open_external(settings.maps), versions).needs_of(plan.project.external)
    notes = plan.notes if is_off(plan.project.name, settings.no_external) else (*plan.notes, *needs.notes)
    file = DistributionFile(
        filename=built.filename,
        url=(place / built.filename).as_uri(),
        hashes={"sha256": built.sha256},
        size=built.size,
        upload_time=sdist.upload_time,
        yanked=sdist.yanked,
    )
    return BuiltDistribution(
        file=file,
        requires_external=needs.requires,
        provides_external_extra=needs.extras,
        notes=tuple(f"{sdist.filename}: {note}" for note in dict.fromkeys(notes)),
    )


def _fetch(index: Index, sdist: DistributionFile, downloads: Path) -> Path:
    """Return the file, downloaded now or before; its hash is checked."""
    folder = downloads / (sdist.sha256 or sha256(sdist.url.encode()).hexdigest())
    path = folder / sdist.filename
    if sdist.sha256 and path.is_file() and _digest(path) == sdist.sha256:
        return path
    return index.download(sdist, folder)


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return file_digest(stream, "sha256").hexdigest()
