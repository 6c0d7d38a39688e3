"""The environment that a project is built in: one joint solve, one transaction, and what the backend asks for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from packaging.version import Version
from rattler import Subdir

from wheelbridge.api.building.activation import activated_variables
from wheelbridge.api.building.backend import Backend, find_python
from wheelbridge.api.building.errors import ForeignBuildError, UnmappedExternalsError
from wheelbridge.api.building.project import BuildProject
from wheelbridge.api.external.rows import open_external
from wheelbridge.api.installing import Prepared, carry_out, prepare
from wheelbridge.api.solving import Settings
from wheelbridge.api.specs import Request, read_request
from wheelbridge.installer.reporter import Reporter
from wheelbridge.solver.problem import Progress, Solution
from wheelbridge.translate.external import ExternalEnvironment, translate_external
from wheelbridge.translate.external_table import ExternalTable
from wheelbridge.translate.pythons import translate_python_requirement, translate_python_tags

_ANY_PYTHON = translate_python_tags([("py3", "none")], pure=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What is wanted of a build environment besides what the project asks for.

    Attributes:
        python: a version spec; None: any that the project runs on.
        packages: more of them, as `read_request` takes them.
        allow_unmapped: what no conda package is known for is there already, on the system.
    """

    python: str | None = None
    packages: tuple[str, ...] = ()
    allow_unmapped: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildPlan:
    """A build environment, ready to be shown and made.

    Attributes:
        external: what the project needs besides Python packages, to be built on the target.
        notes: for people.
    """

    project: BuildProject
    prefix: Path
    external: ExternalEnvironment
    prepared: Prepared
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildEnvironment:
    """A build environment that was made.

    Attributes:
        solution: what is in it.
        variables: of its activation; a build gets these and no others.
        asked: what the backend asked for besides ``[build-system] requires``.
        commands: what builds the project, out of what is in the environment.
    """

    project: BuildProject
    prefix: Path
    solution: Solution
    variables: Mapping[str, str]
    asked: tuple[str, ...]

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return find_python(self.prefix)

    @property
    def names(self) -> frozenset[str]:
        """What is in it, by the names of conda and of PyPI."""
        return frozenset(name for one in self.solution.packages for name in (one.name, one.pypi_name) if name)


def plan_build_environment(
    project: BuildProject,
    prefix: Path,
    settings: Settings,
    progress: Progress,
    *,
    wishes: Wishes | None = None,
    command: Sequence[str] = ("wheelbridge",),
) -> BuildPlan:
    """Decide what the environment to build *project* in holds; nothing is touched.

    Wheels and conda packages are decided in one solve: what is needed of conda to be built and to be linked with, a
    python, and ``[build-system] requires``, each of which a wheel may meet, or the conda package it is mapped to.

    Raises:
        UnmappedExternalsError: if no package is known for something, unless that is allowed.
        WheelbridgeError: if the prefix may not be made, or not all of it can be had.
    """
    wishes = wishes or Wishes()
    external = translate_external(_to_build(project.external), settings.target, open_external(settings.maps))
    missing = [(one.dependency, one.reason) for one in external.unmapped]
    if missing and not wishes.allow_unmapped:
        raise UnmappedExternalsError(project.name, missing)
    request = _make_request(project, external, wishes)
    prepared = prepare(prefix, request, settings, progress, create=True, command=command)
    found_there = (f"{dependency} is taken to be on the system: {reason}" for dependency, reason in missing)
    notes = (*external.notes, *found_there, *prepared.solution.notes)
    return BuildPlan(project=project, prefix=prefix, external=external, prepared=prepared, notes=notes)


def make_build_environment(
    plan: BuildPlan,
    settings: Settings,
    progress: Progress,
    reporter: Reporter,
    *,
    log: Path,
    command: Sequence[str] = ("wheelbridge",),
) -> BuildEnvironment:
    """Make the environment of *plan*, ask the project's backend what else it needs, and install that, too.

    The backend is code of the project; its output goes to *log*.

    Raises:
        ForeignBuildError: if the environment is not for this machine; nothing was made.
        BuildFailedError: if the backend fails.
        WheelbridgeError: if something cannot be had or linked.
    """
    check_platform(plan.project, settings.target.subdir)
    carry_out(plan.prepared, settings, reporter)
    project, prefix, solution = plan.project, plan.prefix, plan.prepared.solution
    variables = activated_variables(prefix)
    asked = Backend(project=project, python=find_python(prefix), variables=variables, log=log).requires()
    if asked:
        more = prepare(prefix, read_request((), asked), settings, progress, create=False, command=command)
        if not more.plan.is_empty:
            carry_out(more, settings, reporter)
            variables = activated_variables(prefix)
        solution = more.solution
    return BuildEnvironment(project=project, prefix=prefix, solution=solution, variables=variables, asked=asked)


def check_platform(project: BuildProject, subdir: str) -> None:
    """Make sure that what is for *subdir* runs here.

    Raises:
        ForeignBuildError: if it does not.
    """
    if subdir != str(Subdir.current()):
        raise ForeignBuildError(project.name, f"the target is {subdir}, this machine is {Subdir.current()}")


def _to_build(table: ExternalTable) -> ExternalTable:
    """Return what is needed to build; what is needed to run is the matter of whom the wheel is for."""
    return replace(table, requires={**table.requires, "run": ()})


def _make_request(project: BuildProject, external: ExternalEnvironment, wishes: Wishes) -> Request:
    python = [translate_python_requirement(_ANY_PYTHON, project.requires_python)]
    python += [_python_spec(wishes.python)] if wishes.python else []
    specs = (*python, *external.build, *external.host, *wishes.packages)
    return read_request(specs, project.requires)


def _python_spec(text: str) -> str:
    """Write a version, or a version spec, as a MatchSpec of python.

    >>> _python_spec("3.12"), _python_spec(">=3.11,<3.13")
    ('python=3.12', 'python>=3.11,<3.13')
    """
    return f"python={text}" if text[:1].isdigit() else f"python{text}"


def python_release(environment: Solution) -> Version:
    """Return the version of the python in a solution that has one."""
    return Version(next(one.version for one in environment.packages if one.name == "python"))
