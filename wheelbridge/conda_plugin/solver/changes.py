"""What conda asks of a solve, by its modifiers, as changes of an environment."""

from collections.abc import Collection
from dataclasses import dataclass, replace

from conda.base.constants import DepsModifier, UpdateModifier

from wheelbridge.api.life.modifiers import Deps, Modifiers
from wheelbridge.api.life.modifying import named_packages, solve_for
from wheelbridge.api.life.site import Site, standing_of
from wheelbridge.api.life.update_requests import ask_for
from wheelbridge.api.life.updating import Updating, let_move
from wheelbridge.api.removing import needs_of, reachable
from wheelbridge.api.specs import Request
from wheelbridge.installer.history import spec_name
from wheelbridge.installer.past import read_direct_url
from wheelbridge.solver.problem import Progress, Solution, Standing
from wheelbridge.solver.records import wheel_project

_DEPS: dict[DepsModifier, Deps] = {DepsModifier.NO_DEPS: "none", DepsModifier.ONLY_DEPS: "only"}
Solved = tuple[Request, Standing, Solution]
"""What was asked in the end, beside what, and the answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How conda wants an environment changed.

    Attributes:
        frozen: the user said ``--freeze-installed``. conda says so in the first try of every install, too, and takes it
            back in a second one; here what is installed stays where it can, in one solve.
        prune: what nobody asks for now goes, as if the environment were new.
        aggressive: names of conda packages that are to be as new as can be whenever something is installed.
    """

    update: UpdateModifier = UpdateModifier.UPDATE_SPECS
    deps: DepsModifier = DepsModifier.NOT_SET
    frozen: bool = False
    prune: bool = False
    pins: bool = True
    aggressive: frozenset[str] = frozenset()

    @property
    def modifiers(self) -> Modifiers:
        """What of it our solve knows by that name."""
        return Modifiers(freeze=self.frozen, deps=_DEPS.get(self.deps, "all"), pins=self.pins)


def solve_change(site: Site, asked: Request, manner: Manner, progress: Progress) -> Solved:
    """Solve for what is *asked* of the environment, in conda's *manner*.

    Raises:
        WheelbridgeError: if there is no answer.
    """
    if manner.prune:
        standing = let_move(site, standing_of(site, asked.specs), site.records.keys())
        return _solve(site, asked, replace(standing, kept=(), present=(), replaced=()), progress)
    linked = frozenset(record.name.normalized for record in site.installed if read_direct_url(site.prefix, record))
    if manner.update is UpdateModifier.UPDATE_ALL and site.installed:
        return Updating(site, frozenset(), linked).all(progress, asked)
    if manner.update is UpdateModifier.UPDATE_DEPS:
        return _with_dependencies(site, asked, manner, progress)
    moving = _names_alone(site, asked) - linked if manner.update is UpdateModifier.UPDATE_SPECS else frozenset()
    rest = replace(asked, specs=tuple(spec for spec in asked.specs if spec not in moving))
    if moving and rest.is_empty:
        return Updating(site, moving, linked).named(progress)
    return _move(site, rest, moving, manner, progress)


def _move(site: Site, asked: Request, moving: Collection[str], manner: Manner, progress: Progress) -> Solved:
    """Solve for what is *asked*, while *moving* packages, by their solver names, go to what is newest."""
    again = ask_for(site, moving)
    request = Request((*asked.specs, *again.specs), (*asked.requirements, *again.requirements))
    free = {*moving, *(() if manner.frozen else _channel_packages(site, manner.aggressive))}
    return _solve(site, request, let_move(site, standing_of(site, request.specs), free), progress)


def _solve(site: Site, request: Request, standing: Standing, progress: Progress) -> Solved:
    return request, standing, solve_for(site, request, standing, progress)


def _with_dependencies(site: Site, asked: Request, manner: Manner, progress: Progress) -> Solved:
    """Move what is asked for and all that it needs, near and far.

    conda: "UPDATE_DEPS is effectively making each spec in the dependency chain a user-requested spec."
    """
    modifiers = replace(site.settings.modifiers, deps="all")
    whole = replace(site, settings=replace(site.settings, modifiers=modifiers))
    _, _, first = _move(whole, asked, frozenset(), manner, progress)
    chosen = {package.name: package.record for package in first.packages}
    needed = reachable(needs_of(chosen, first.specs), named_packages(first)) & set(site.records)
    pinned = {"python", *(spec_name(pin.spec) for pin in site.settings.pins)}
    own = {*map(spec_name, asked.specs)}
    request, standing, solution = _move(site, asked, needed - pinned - own, manner, progress)
    named = named_packages(first)
    kept = tuple(spec for spec in solution.specs if spec_name(spec) in named or spec_name(spec) not in needed)
    return request, standing, replace(solution, specs=kept)


def _channel_packages(site: Site, names: Collection[str]) -> set[str]:
    return {name for name, record in site.records.items() if name in names and not wheel_project(record.file_name)}


def _names_alone(site: Site, asked: Request) -> frozenset[str]:
    """Return the installed packages that are asked for by nothing but their name."""
    return frozenset(spec for spec in asked.specs if spec in site.records)
