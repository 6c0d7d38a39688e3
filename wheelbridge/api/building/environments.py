"""The environment that a project is built in: one joint solve, one transaction, and what the backend asks for."""

import re
import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from packaging.utils import canonicalize_name
from packaging.version import Version
from rattler import Subdir

from wheelbridge.api.building.activation import activated_variables
from wheelbridge.api.building.backend import Backend, find_python
from wheelbridge.api.building.errors import ForeignBuildError, UnmappedExternalsError
from wheelbridge.api.building.needs import describe_missing
from wheelbridge.api.building.project import BuildProject
from wheelbridge.api.external.rows import open_external
from wheelbridge.api.installing import Prepared, carry_out, prepare
from wheelbridge.api.solving import Settings, Silent, solve_request
from wheelbridge.api.specs import InvalidSpecError, Request, check_spec, read_request
from wheelbridge.errors import UsageError
from wheelbridge.installer.prefix import LOCK
from wheelbridge.installer.reporter import Reporter
from wheelbridge.model.name import ALL_PROJECTS
from wheelbridge.solver.problem import Progress, Solution, Standing
from wheelbridge.translate.external import ExternalEnvironment, translate_external
from wheelbridge.translate.external_table import ExternalTable
from wheelbridge.translate.pythons import translate_python_requirement, translate_python_tags
from wheelbridge.translate.requirement import parse_requirement

_ANY_PYTHON = translate_python_tags([("py3", "none")], pure=True)
_CLAUSE = re.compile(r"\s*(?P<operator>[=!~<>]=|[=<>]|)\s*(?P<version>\d+(\.\d+)*((a|b|rc)\d+)?(\.?\*)?)\s*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What is wanted of a build environment besides what the project asks for.

    Attributes:
        python: a version spec; None: any that the project runs on.
        packages: more of them, as `read_request` takes them.
        allow_unmapped: what no conda package is known for is there already, on the system.

    Raises:
        UsageError: if *python* is no version spec.
    """

    python: str | None = None
    packages: tuple[str, ...] = ()
    allow_unmapped: bool = False

    def __post_init__(self) -> None:
        """Refuse a *python* that would be glued to the name of another package."""
        if self.python is not None:
            _python_spec(self.python)


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
    if missing and not (wishes.allow_unmapped or is_off(project.name, settings.no_external)):
        raise UnmappedExternalsError(project.name, missing)
    request = _make_request(project, external, wishes)
    prepared = prepare(prefix, request, settings, progress, create=True, command=command)
    notes = (*external.notes, *describe_missing(missing), *prepared.solution.notes)
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

    The backend is code of the project; its output goes to *log*. A prefix that is new goes again if this fails.

    Raises:
        ForeignBuildError: if the environment is not for this machine; nothing was made.
        BuildFailedError: if the backend fails.
        WheelbridgeError: if something cannot be had or linked.
    """
    check_platform(plan.project, settings.target.subdir)
    with _gone_if_it_fails(plan):
        carry_out(plan.prepared, settings, reporter)
        prefix, solution = plan.prefix, plan.prepared.solution
        variables = activated_variables(prefix)
        asked = make_backend(plan.project, prefix, variables, settings, log).requires()
        if asked:
            more = prepare(
                prefix, read_request((), _without_urls(asked)), settings, progress, create=False, command=command
            )
            if not more.plan.is_empty:
                carry_out(more, settings, reporter)
                variables = activated_variables(prefix)
            solution = more.solution
    return BuildEnvironment(project=plan.project, prefix=prefix, solution=solution, variables=variables, asked=asked)


def decide_asked(plan: BuildPlan, asked: Sequence[str], settings: Settings) -> Solution:
    """Return what the environment of *plan* holds with what its backend *asked* for besides; nothing is touched.

    Raises:
        WheelbridgeError: if not all of it can be had.
    """
    first = plan.prepared.solution
    if not asked:
        return first
    standing = Standing(
        kept=first.specs,
        present=tuple(one.name for one in first.packages),
        locked=tuple(one.record for one in first.packages),
        variants={one.url: one.variant for one in first.packages if one.variant},
        constraints=(f"python {_minor_of(first)}.*",),
    )
    return solve_request(read_request((), _without_urls(asked)), settings, Silent(), standing)


def make_backend(
    project: BuildProject, prefix: Path, variables: Mapping[str, str], settings: Settings, log: Path
) -> Backend:
    """Return the backend of a project, to be run in the environment at *prefix*."""
    return Backend(
        project=project, python=find_python(prefix), variables=variables, log=log, processes=settings.processes
    )


def check_platform(project: BuildProject, subdir: str) -> None:
    """Make sure that what is for *subdir* runs here.

    Raises:
        ForeignBuildError: if it does not.
    """
    if subdir != str(Subdir.current()):
        raise ForeignBuildError(project.name, f"the target is {subdir}, this machine is {Subdir.current()}")


def is_off(project: str, no_external: Collection[str]) -> bool:
    """Tell whether what *project* needs besides Python packages is not to come from conda."""
    return ALL_PROJECTS in no_external or canonicalize_name(project) in no_external


@contextmanager
def _gone_if_it_fails(plan: BuildPlan) -> Iterator[None]:
    """Take away a new prefix if the block fails; whoever holds its lock takes that away."""
    try:
        yield
    except BaseException:
        if plan.prepared.transaction.create:
            meta = plan.prefix / "conda-meta"
            for path in (*plan.prefix.glob("*"), *meta.glob("*")):
                if path.is_dir() and path != meta:
                    shutil.rmtree(path, ignore_errors=True)
                elif path.name != LOCK and path != meta:
                    path.unlink(missing_ok=True)
        raise


def _to_build(table: ExternalTable) -> ExternalTable:
    """Return what is needed to build; what is needed to run is the matter of whom the wheel is for."""
    return replace(table, requires={**table.requires, "run": ()})


def _make_request(project: BuildProject, external: ExternalEnvironment, wishes: Wishes) -> Request:
    python = [translate_python_requirement(_ANY_PYTHON, project.requires_python)]
    python += [_python_spec(wishes.python)] if wishes.python is not None else []
    specs = (*python, *external.build, *external.host, *wishes.packages)
    return read_request(specs, _without_urls(project.requires))


def _without_urls(requirements: Sequence[str]) -> Sequence[str]:
    """Return what a project asks for to be built; a URL is for users to name, and not for it.

    Raises:
        UrlRequirementError: if it asks for one.
    """
    for text in requirements:
        parse_requirement(text)
    return requirements


def _python_spec(text: str) -> str:
    """Write a version spec as a MatchSpec of python; a bare version means all that begin with it.

    >>> _python_spec("3.12"), _python_spec("3.12.*"), _python_spec(">=3.11, <3.13")
    ('python=3.12', 'python=3.12.*', 'python>=3.11,<3.13')

    Raises:
        UsageError: if it is none, or says more than versions.
    """
    spec = "".join(map(_clause, re.split("([,|])", text)))
    if "" not in re.split("[,|]", spec):
        with suppress(InvalidSpecError):
            check_spec(f"python{spec}")
            return f"python{spec}"
    raise UsageError(
        f"--python {text!r} is no version of python",
        hint="Write a version or a range, such as 3.12 or '>=3.11,<3.13'; name other packages with --with.",
    )


def _clause(text: str) -> str:
    """Return one clause, or what stands between two, in its plain form; an empty text where it is none."""
    if text in {",", "|"}:
        return text
    found = _CLAUSE.fullmatch(text)
    return f"{found['operator'] or '='}{found['version']}" if found else ""


def _minor_of(environment: Solution) -> str:
    """Return the minor version of the python in a solution that has one."""
    version = Version(next(one.version for one in environment.packages if one.name == "python"))
    return f"{version.major}.{version.minor}"
