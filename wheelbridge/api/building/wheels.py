"""A wheel out of a source distribution: fetched and checked, built in an environment of its own, kept for good."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from hashlib import file_digest, sha256
from pathlib import Path
from uuid import uuid4

from packaging.utils import InvalidWheelFilename, NormalizedName, parse_wheel_filename

from wheelbridge.api.building.backend import Backend, opened_log
from wheelbridge.api.building.environments import (
    BuildPlan,
    Wishes,
    make_build_environment,
    plan_build_environment,
)
from wheelbridge.api.building.errors import BuildFailedError, ForeignBuildError, InvalidSdistError
from wheelbridge.api.building.project import BuildProject, read_project
from wheelbridge.api.building.sdists import SdistName, unpack_sdist
from wheelbridge.api.building.store import BuiltWheel, BuiltWheels, describe_wheel
from wheelbridge.api.solving import Settings, Silent
from wheelbridge.errors import UsageError
from wheelbridge.index.protocol import Index
from wheelbridge.installer.reporter import Reporter
from wheelbridge.model.distribution import DistributionFile
from wheelbridge.model.source import Source
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
    ) -> DistributionFile:
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
        with _workshop(self.settings.caches.builds) as folder:
            archive = _fetch(index, sdist, self.settings.caches.downloads)
            digest = _digest(archive)
            tree = read_project(unpack_sdist(archive, folder / "tree"), project)
            built, place = self._build(tree, sdist, digest, folder, python)
        return DistributionFile(
            filename=built.filename,
            url=(place / built.filename).as_uri(),
            hashes={"sha256": built.sha256},
            size=built.size,
            upload_time=sdist.upload_time,
            yanked=sdist.yanked,
        )

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

    def _build(
        self, tree: BuildProject, sdist: DistributionFile, digest: str, folder: Path, python: Release
    ) -> tuple[BuiltWheel, Path]:
        """Return the wheel, and the folder that it is in."""
        wanted = Wishes(python=".".join(map(str, python)))
        settings = replace(self.settings, builds=self.settings.builds - {SdistName.parse(sdist.filename).project})
        plan = plan_build_environment(tree, folder / "env", settings, Silent(), wishes=wanted, command=_COMMAND)
        store = BuiltWheels(settings.caches.built)
        place = store.place(digest, settings.target.subdir, plan.prepared.solution.packages)
        if (known := store.load(place)) is not None:
            return known, place
        log = settings.caches.builds / f"{sdist.filename}-{folder.name[:8]}.log"
        with opened_log(log):
            wheel, environment = _run_build(plan, settings, folder / "wheel", log)
            _check_wheel(wheel, sdist, tree.name, log)
        needs = tuple(str(one) for name in ("host", "run") for one in tree.external.requires[name])
        built = describe_wheel(wheel, requires_external=needs, sdist=sdist.filename, environment=environment)
        return store.store(wheel.parent, built, place), place


def _run_build(plan: BuildPlan, settings: Settings, folder: Path, log: Path) -> tuple[Path, tuple[str, ...]]:
    """Return the wheel, alone in *folder*, and what it was built with."""
    environment = make_build_environment(plan, settings, Silent(), Reporter(), log=log, command=_COMMAND)
    backend = Backend(project=plan.project, python=environment.python, variables=environment.variables, log=log)
    folder.mkdir()
    wheel = backend.build_wheel(folder)
    for other in folder.iterdir():
        if other.name != wheel.name:
            raise BuildFailedError(plan.project.name, f"its backend left {other.name!r} beside the wheel", log=log)
    return wheel, tuple(sorted(one.fn for one in environment.solution.packages))


def _check_wheel(wheel: Path, sdist: DistributionFile, project: str, log: Path) -> None:
    """Make sure that a wheel is of the release that was asked for."""
    wanted = SdistName.parse(sdist.filename)
    try:
        name, version, _, _ = parse_wheel_filename(wheel.name)
    except InvalidWheelFilename as error:
        raise BuildFailedError(project, f"{wheel.name!r} is no name of a wheel", log=log) from error
    if name != wanted.project or version != wanted.version:
        reason = f"out of {sdist.filename} came {wheel.name}, which is another release"
        raise BuildFailedError(project, reason, log=log)


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


@contextmanager
def _workshop(folder: Path) -> Iterator[Path]:
    """Make a folder of its own for one build, gone with all that is in it when the block ends."""
    workshop = folder / uuid4().hex
    workshop.mkdir(parents=True)
    try:
        yield workshop
    finally:
        shutil.rmtree(workshop, ignore_errors=True)
