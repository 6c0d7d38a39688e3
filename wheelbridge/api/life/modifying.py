"""What conda's modifiers make of a solution: nothing else of the environment changes, only dependencies come."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name
from rattler import MatchSpec, PrefixRecord

from wheelbridge.api.life.pins import PinConflictError, broken_pins, idle_pins, pin_name
from wheelbridge.api.mapping.maps import open_names
from wheelbridge.api.solving import Settings, Silent, solve_request
from wheelbridge.api.specs import Request
from wheelbridge.errors import WheelbridgeError
from wheelbridge.installer.history import spec_name
from wheelbridge.mapping.rows import NameTable
from wheelbridge.solver.errors import UnsatisfiableError
from wheelbridge.solver.problem import Progress, ResolvedPackage, Solution, Standing
from wheelbridge.solver.records import needed_name, wheel_project
from wheelbridge.solver.solution import collect_packages
from wheelbridge.solver.soundness import active_needs, without_condition
from wheelbridge.translate.requirement import parse_requirement

if TYPE_CHECKING:
    from wheelbridge.api.life.site import Site


class InstalledFrozenError(WheelbridgeError):
    """What is asked for cannot be had unless something else that is installed changes, and nothing else may."""

    code = "installed-frozen"

    def __init__(self, names: Iterable[str]) -> None:
        self.names = sorted(names)
        super().__init__(
            f"What is asked for does not go together with what is installed: {', '.join(self.names)} would have to go",
            hint="Leave out --freeze-installed, and let them change.",
        )


def solve_for(site: "Site", request: Request, standing: Standing, progress: Progress) -> Solution:
    """Solve *request* for *site* together with what is *standing*, as the modifiers and the pins want it.

    Raises:
        InstalledFrozenError: if something would change that may not.
        PinConflictError: if the pins alone stand in the way.
        WheelbridgeError: as `wheelbridge.api.solving.solve_request` does.
    """
    if not site.settings.modifiers.freeze:
        return modify(solve_pinned(request, site.settings, progress, standing), site, standing)
    free = names_asked(request, site)
    try:
        solution = solve_pinned(request, site.settings, progress, frozen(standing, site.installed, free))
    except UnsatisfiableError as error:
        error.hint = " ".join(filter(None, (error.hint, "What is installed may move without --freeze-installed.")))
        raise
    check_frozen(solution, site.installed, free)
    return modify(solution, site, standing)


def solve_pinned(
    request: Request, settings: Settings, progress: Progress, standing: Standing | None = None
) -> Solution:
    """Solve as `wheelbridge.api.solving.solve_request`; where only pins stand against an answer, name them.

    Which they are shows an answer without pins: those that it breaks.

    Raises:
        PinConflictError: if there is an answer without the pins.
        WheelbridgeError: as `solve_request` does.
    """
    try:
        solution = solve_request(request, settings, progress, standing)
    except UnsatisfiableError as error:
        if not settings.pins:
            raise
        try:  # a trial runs nobody's code
            free = solve_request(request, replace(settings, pins=(), builds=frozenset()), Silent(), standing)
        except WheelbridgeError:
            raise error from None
        broken = broken_pins(settings.pins, (package.record for package in free.packages))
        if not broken:
            raise
        names = {pin_name(pin) for pin in broken}
        asked = (*request.specs, *request.requirements)
        requested = [spec for spec in free.specs if spec_name(spec) in names] or [*asked]
        raise PinConflictError(requested, broken) from error
    idle = idle_pins(settings.pins, {one.name: one.pypi_name for one in solution.packages})
    return replace(solution, notes=(*solution.notes, *idle))


def named_packages(solution: Solution) -> frozenset[str]:
    """Return the solver names of what was asked for now."""
    return frozenset(map(spec_name, solution.specs)) - frozenset(map(spec_name, solution.loosened))


def names_asked(request: Request, site: "Site") -> frozenset[str]:
    """Return the solver names that *request* may mean, before it is solved."""
    table = open_names(site.settings.sources, site.settings.maps)
    names = {MatchSpec(spec).name.normalized or "" for spec in request.specs}
    for text in request.requirements:
        names |= _names_of_project(canonicalize_name(parse_requirement(text).name), table, site.installed)
    for link in (*request.links, *site.settings.links):
        names |= _names_of_project(link.project, table, site.installed) if link.project else set()
    for name in [*names]:  # a bare name may turn out to be a project's
        names |= _names_of_project(canonicalize_name(name), table, site.installed) if name else set()
    return frozenset(names)


def frozen(standing: Standing, installed: Iterable[PrefixRecord], free: Collection[str]) -> Standing:
    """Hold every package but those named *free* at its version and build."""
    held = (record for record in installed if record.name.normalized not in free)
    exact = (f"{record.name.normalized} =={record.version} {record.build}" for record in held)
    return replace(standing, constraints=(*standing.constraints, *exact))


def check_frozen(solution: Solution, installed: Iterable[PrefixRecord], free: Collection[str]) -> None:
    """Make sure that all of *installed* stays, but for those named *free*.

    Raises:
        InstalledFrozenError: if something would go.
    """
    there = {package.name for package in solution.packages}
    if gone := {record.name.normalized for record in installed} - there - set(free):
        raise InstalledFrozenError(gone)


def modify(solution: Solution, site: "Site", standing: Standing) -> Solution:
    """Take out of *solution* what the modifiers of *site* do not let change."""
    match site.settings.modifiers.deps:
        case "none":
            return _without_deps(solution, site, standing)
        case "only":
            return _only_deps(solution, site, standing)
    return solution


def _without_deps(solution: Solution, site: "Site", standing: Standing) -> Solution:
    """Start with what is installed, and put in what was asked for; conda's ``DepsModifier.NO_DEPS``."""
    named = named_packages(solution)
    chosen = {package.name: package for package in solution.packages if package.name in named}
    packages = {**_installed_packages(solution, site, standing), **chosen}
    specs = tuple(spec for spec in solution.specs if spec_name(spec) in named)
    return replace(solution, packages=_sorted(packages), specs=specs, loosened=())


def _only_deps(solution: Solution, site: "Site", standing: Standing) -> Solution:
    """Leave out what was asked for and nothing else needs, and ask for its dependencies in its place.

    conda: "It's important to remove only the *youngest* child nodes, because a typical use might be ``conda install
    --only-deps python=2 flask``, and in that case we'd want to keep python." What is installed already stays as it is.
    """
    chosen = {package.name: package.record for package in solution.packages}
    needs = [need for need in active_needs(chosen, solution.specs) if need.owner is not None]
    owners = [(need.owner.name.normalized, without_condition(need.spec)) for need in needs if need.owner]
    needed = {needed_name(spec) for owner, spec in owners if owner != needed_name(spec)}
    youngest = named_packages(solution) - needed
    left = {package.name: package for package in solution.packages if package.name not in youngest}
    back = _installed_packages(solution, site, standing)
    packages = {**left, **{name: back[name] for name in youngest & back.keys()}}
    known = {*site.requested, *map(spec_name, solution.specs)}
    direct = (spec for owner, spec in owners if owner in youngest)
    fresh = [spec for spec in direct if needed_name(spec) in left and needed_name(spec) not in known]
    kept = [spec for spec in solution.specs if spec_name(spec) not in youngest]
    return replace(solution, packages=_sorted(packages), specs=tuple(dict.fromkeys((*kept, *fresh))))


def _installed_packages(solution: Solution, site: "Site", standing: Standing) -> dict[str, ResolvedPackage]:
    """Return name -> what is installed, as packages of a solution."""
    target, sources = site.settings.target, solution.sources
    found = collect_packages(site.installed, (), sources, standing, target)
    return {package.name: package for package in found}


def _sorted(packages: Mapping[str, ResolvedPackage]) -> tuple[ResolvedPackage, ...]:
    return tuple(packages[name] for name in sorted(packages))


def _names_of_project(project: str, table: NameTable, installed: Iterable[PrefixRecord]) -> set[str]:
    rows = table.by_project(canonicalize_name(project)).rows
    names = {record.name.normalized for record in installed if wheel_project(record.file_name) == project}
    return names | {row.conda for row in rows if row.conda}
