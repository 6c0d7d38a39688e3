"""Packages moved to newer versions: those that are named, with little change of the rest, or all of them."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rattler import RepoDataRecord

from wheelbridge.api.installing import Prepared, conclude
from wheelbridge.api.life.modifying import frozen, solve_for
from wheelbridge.api.life.site import Site, open_site, standing_of
from wheelbridge.api.life.update_reasons import Stay, explain_stay
from wheelbridge.api.life.update_requests import ask_for, bounds, file_version, unbound
from wheelbridge.api.mapping.maps import open_names
from wheelbridge.api.removing import find_installed, needs_of, reachable
from wheelbridge.api.solving import Settings, Silent, solve_request
from wheelbridge.api.specs import Request
from wheelbridge.errors import UsageError, WheelbridgeError
from wheelbridge.installer.history import spec_name
from wheelbridge.installer.past import read_direct_url
from wheelbridge.installer.plan import Plan
from wheelbridge.solver.errors import NoWheelError, PackageNotFoundError
from wheelbridge.solver.problem import Progress, Solution, Standing
from wheelbridge.solver.records import record_channel, wheel_project

_NAME = re.compile(r"(?:pypi:)?[A-Za-z0-9._-]+")
_NOTHING = Request((), ())


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A package that changes: from *old* to *new*, each version and build; None where it comes or goes."""

    name: str
    old: tuple[str, str] | None
    new: tuple[str, str] | None

    def as_json(self) -> dict[str, object]:
        """Return the fields as JSON has them."""
        sides = {"old": self.old, "new": self.new}
        told = {key: {"version": side[0], "build": side[1]} if side else None for key, side in sides.items()}
        return {"name": self.name, **told}


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """An update, ready to be shown and carried out as *prepared* (`wheelbridge.api.installing.carry_out`).

    Attributes:
        moves: what changes, sorted by name.
        stays: of what was named, what does not move, and why.
    """

    prepared: Prepared
    moves: tuple[Move, ...]
    stays: tuple[Stay, ...]


def prepare_update(
    prefix: Path,
    names: Sequence[str],
    settings: Settings,
    progress: Progress,
    *,
    everything: bool = False,
    override: Collection[str] = (),
    command: Sequence[str] = ("wheelbridge",),
) -> Update:
    """Find newer versions of installed packages; as conda does, for wheels alike.

    What is *named*, by conda's name or PyPI's, goes to the newest version that fits, whatever version was asked for
    before; the rest changes where it must. With *everything* all of it moves, and what nobody needs any more goes.
    python keeps its minor version unless it is named. What came from no index stays as it is.

    Raises:
        UsageError: if nothing is named, or a name says more than a name.
        NotInstalledError: if one is not there.
        WheelbridgeError: if the environment may not be changed, or there is no answer.
    """
    _check_request(names, settings, everything=everything)
    site = open_site(prefix, settings, override=override, command=command)
    named = frozenset(find_installed(name, site.records, prefix) for name in names)
    linked = frozenset(record.name.normalized for record in site.installed if read_direct_url(prefix, record))
    update = Updating(site, named, linked)
    request, standing, solution = update.all(progress) if everything else update.named(progress)
    prepared = replace(conclude(site, request, solution, standing), wish=None)
    chosen = {package.name: package.record for package in solution.packages}
    still = sorted(name for name in named if _is_same(site, chosen.get(name), name))
    progress.step("Looking for newer versions")
    stays = tuple(explain_stay(site, name, linked=name in linked) for name in still)
    return Update(prepared=prepared, moves=_moves(prepared.plan), stays=stays)


def _check_request(names: Sequence[str], settings: Settings, *, everything: bool) -> None:
    """Refuse what has no meaning."""
    if not names and not everything:
        raise UsageError("Nothing to update", hint="Name packages, or say --all.")
    if everything and settings.modifiers.freeze:
        raise UsageError("--all moves everything, and --freeze-installed nothing", hint="Say one of the two.")
    for name in names:
        if not _NAME.fullmatch(name):
            raise UsageError(
                f"{name!r} is not the name of a package, which is all that update takes",
                hint=f"For a version of your choice: wheelbridge install '{name}'.",
            )


@dataclass(frozen=True, slots=True)
class Updating:
    """Packages of a *site* to be moved, by their solver *names*; *linked* are those that came from no index."""

    site: Site
    names: frozenset[str]
    linked: frozenset[str]

    def named(self, progress: Progress) -> tuple[Request, Standing, Solution]:
        """Move what is named: to its newest version if all else can stay or move, too; else as far as possible."""
        moving = self.names - self.linked
        request = ask_for(self.site, moving)
        standing = let_move(self.site, standing_of(self.site, request.specs), moving)
        newest = self._newest(request, standing)
        if newest and (solution := self._reach(newest, standing, progress)):
            return request, standing, self._recorded(solution)
        return request, standing, self._recorded(solve_for(self.site, request, standing, progress))

    def all(self, progress: Progress, also: Request = _NOTHING) -> tuple[Request, Standing, Solution]:
        """Move everything that was asked for, *also* now, or that nothing asked for needs, and what those need.

        conda: "This lets UPDATE_ALL drop dependencies if they're no longer needed, and their presence would otherwise
        prevent the updated solution the user most likely wants." Wheels of an index that is not among the sources stay.
        """
        try:
            return self._all(self.linked, progress, also)
        except (PackageNotFoundError, NoWheelError):
            if not (lost := self._unserved() - self.linked - self.names):
                raise
        request, standing, solution = self._all(self.linked | lost, progress, also)
        notes = tuple(f"{name} stays as it is: its index is not among the sources." for name in sorted(lost))
        return request, standing, replace(solution, notes=(*solution.notes, *notes))

    def _all(self, staying: frozenset[str], progress: Progress, also: Request) -> tuple[Request, Standing, Solution]:
        asked = set(self.site.requested)
        needs = needs_of(self.site.records, self.site.requested.values())
        roots = asked | (set(self.site.records) - reachable(needs, asked))
        request = ask_for(self.site, (roots | self.names) - staying)
        python = (
            request.specs
            if "python" in self.names
            else tuple(spec for spec in request.specs if spec_name(spec) != "python")
        )
        standing = standing_of(self.site, (*python, *also.specs))
        request = Request((*request.specs, *also.specs), (*request.requirements, *also.requirements))
        held = tuple(record for record in self.site.installed if _name(record) in staying)
        standing = let_move(self.site, standing, set(self.site.records) - staying)
        standing = frozen(
            replace(standing, kept=(), present=tuple(sorted(staying)), locked=held, replaced=()), held, ()
        )
        return request, standing, self._recorded(solve_for(self.site, request, standing, progress))

    def _unserved(self) -> frozenset[str]:
        """Return the names of the wheels whose index is not among the sources."""
        urls = {source.url for source in self.site.settings.sources}
        wheels = (record for record in self.site.installed if wheel_project(record.file_name))
        return frozenset(_name(record) for record in wheels if record_channel(record) not in urls)

    def _newest(self, request: Request, standing: Standing) -> dict[str, str]:
        """Return name -> the newest version there would be without the rest of the environment, where it is another."""
        alone = Standing(constraints=standing.constraints, moving=standing.moving)
        try:
            solution = solve_request(request, self.site.settings, Silent(), alone)
        except WheelbridgeError:
            return {}
        return {
            package.name: file_version(package.fn) or package.version
            for package in solution.packages
            if package.name in self.names and package.url != self.site.records[package.name].url
        }

    def _reach(self, versions: dict[str, str], standing: Standing, progress: Progress) -> Solution | None:
        """Solve for these *versions*; None where something would have to go for it, or was asked for otherwise."""
        request = ask_for(self.site, self.names - self.linked, versions)
        try:
            solution = solve_for(self.site, request, standing, progress)
        except WheelbridgeError:
            return None
        there = {package.name for package in solution.packages}
        return None if solution.loosened or set(self.site.records) - there else solution

    def _recorded(self, solution: Solution) -> Solution:
        """Write down what was named, as conda does; and let go of earlier bounds that no longer hold."""
        chosen = {package.name: package.record for package in solution.packages}
        before = self.site.requested
        outgrown = [name for name in before if name in chosen and not bounds(before[name]).matches(chosen[name])]
        fresh = [spec for spec in solution.specs if spec_name(spec) not in self.site.records]
        names = [name for name in dict.fromkeys((*sorted(self.names), *outgrown)) if name in chosen]
        specs = (*(unbound(before.get(name, name)) for name in names), *fresh)
        notes = tuple(
            f"{before[name]} was asked for earlier; it is let go of." for name in outgrown if name not in self.names
        )
        return replace(solution, specs=specs, loosened=(), notes=(*solution.notes, *notes))


def let_move(site: Site, standing: Standing, names: Collection[str]) -> Standing:
    """Return *standing* without a preference for what is installed of *names*.

    A wheel keeps the name that it was given, whatever channels have come to have by now; unless its project turns out
    to be a conda package of another name, and no route holds it where it came from.
    """
    table = open_names(site.settings.sources, site.settings.maps)
    routed = {route.pattern for route in site.settings.routes}

    def keeps_name(record: RepoDataRecord) -> bool:
        project = wheel_project(record.file_name)
        if project is None or _name(record) not in names:
            return False
        return f"conda:{_name(record)}" in routed or not any(row.is_identity for row in table.by_project(project).rows)

    locked = tuple(record for record in standing.locked if _name(record) not in names)
    return replace(standing, locked=locked, moving=tuple(filter(keeps_name, site.installed)))


def _is_same(site: Site, record: RepoDataRecord | None, name: str) -> bool:
    """Tell whether what was installed is what was chosen."""
    old = site.records[name]
    return record is not None and (str(record.version), str(record.build)) == (str(old.version), str(old.build))


def _name(record: RepoDataRecord) -> str:
    return record.name.normalized


def _moves(plan: Plan) -> tuple[Move, ...]:
    pairs: Mapping[str, tuple[RepoDataRecord | None, RepoDataRecord | None]] = {
        **{_name(record): (None, record) for record in plan.link},
        **{_name(record): (record, None) for record in plan.unlink},
        **{_name(change.new): (change.old, change.new) for change in plan.change},
    }
    return tuple(Move(name=name, old=_side(old), new=_side(new)) for name, (old, new) in sorted(pairs.items()))


def _side(record: RepoDataRecord | None) -> tuple[str, str] | None:
    return None if record is None else (str(record.version), str(record.build))
