"""A wheel of a source tree: built in an environment of its own, as that of a source distribution is."""

from dataclasses import dataclass, field, replace
from threading import Lock

from packaging.utils import NormalizedName, canonicalize_name, parse_wheel_filename
from packaging.version import Version
from rattler import Subdir

from wheelbridge.api.building.checks import Expected, check_built
from wheelbridge.api.building.environments import BuildPlan, Wishes, plan_build_environment
from wheelbridge.api.building.errors import ForeignBuildError
from wheelbridge.api.building.failures import BuildStory
from wheelbridge.api.building.project import BuildProject
from wheelbridge.api.building.wheels import WheelBuild, describe_build
from wheelbridge.api.building.workshops import open_workshop
from wheelbridge.api.direct.trees import Stated
from wheelbridge.api.solving import Settings, Silent
from wheelbridge.model.distribution import BuiltDistribution, DistributionFile
from wheelbridge.model.target import Target
from wheelbridge.target.detect import detect_target
from wheelbridge.translate.pythons import Release

_COMMAND = ("wheelbridge", "build")


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeBuilder:
    """Builds one tree, once for each python that is asked for.

    Attributes:
        label: what is built, for people.
        digest: what is in the tree; None: it is built anew in each command.
        stated: what the tree says that it is; a wheel that is something else is refused.
        built: python -> what was built with it; filled as builds are asked for.
    """

    settings: Settings
    project: BuildProject
    label: str
    digest: str | None
    stated: Stated
    built: dict[str | None, BuiltDistribution] = field(default_factory=dict)
    _guard: Lock = field(default_factory=Lock, repr=False, compare=False)

    def build(self, python: str | None) -> BuiltDistribution:
        """Return a wheel, built with a *python* (a version spec; None: any), or built so before.

        What the build needs comes from the same sources under the same rules, and from no link. For another target than
        this machine, a wheel is built here, and refused unless it runs everywhere.

        Raises:
            ForeignBuildError: if the wheel is for this machine, and the target is another one.
            NotEditableError: if it is to be editable, and the backend makes no such wheels.
            BuildFailedError: if the project's code fails, or makes another wheel than it should.
            WheelbridgeError: if what the build needs cannot be had.
        """
        with self._guard:
            if python not in self.built:
                made, minor = self._build(python)
                self.built[python] = self.built[minor] = made
            return self.built[python]

    def _build(self, python: str | None) -> tuple[BuiltDistribution, str]:
        """Build; return what came of it, and the version of python that it was built with."""
        settings, name = self._build_settings(), self._name
        with open_workshop(settings.caches.builds) as workshop, BuildStory(self.label, name, workshop).told():
            wishes, env = Wishes(python=python), workshop / "env"
            plan = plan_build_environment(self.project, env, settings, Silent(), wishes=wishes, command=_COMMAND)
            release = _release_of(plan)
            expected = Expected(self.stated.project, self.stated.version)
            build = WheelBuild(
                settings=settings,
                label=name,
                digest=self.digest,
                plan=plan,
                check=lambda wheel, log: check_built(wheel, expected, settings.target, release, log),
                workshop=workshop,
            )
            source = DistributionFile(filename=self.label, url=self.project.folder.as_uri())
            made = describe_build(source, plan, self.settings, build.get())
        self._check_target(made)
        return made, ".".join(map(str, release))

    @property
    def _name(self) -> NormalizedName:
        return self.stated.project or canonicalize_name(self.project.name)

    def _build_settings(self) -> Settings:
        """Return the settings of the build: for this machine, and the project itself is not built for its own build."""
        settings = self.settings
        here = settings.target if _is_here(settings.target) else detect_target(str(Subdir.current()))
        return replace(settings, target=here, builds=settings.builds - {self._name}, links=())

    def _check_target(self, made: BuiltDistribution) -> None:
        _, _, _, tags = parse_wheel_filename(made.file.filename)
        if not _is_here(self.settings.target) and any(tag.platform != "any" for tag in tags):
            reason = f"{made.file.filename} runs on this machine, and the target is another one"
            raise ForeignBuildError(self._name, reason)


def _is_here(target: Target) -> bool:
    """Tell whether what is built on this machine is built for *target*."""
    subdir = str(Subdir.current())
    return target.subdir == subdir and target.virtual_packages == detect_target(subdir).virtual_packages


def _release_of(plan: BuildPlan) -> Release:
    """Return the minor version of the python of a build environment."""
    version = Version(next(one.version for one in plan.prepared.solution.packages if one.name == "python"))
    return version.major, version.minor
