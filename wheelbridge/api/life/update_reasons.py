"""Why a package that was to be updated stays as it is: no newer version, a pin, or what else is installed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from rattler import RepoDataRecord

from wheelbridge.api.life.pins import broken_pins, pin_name
from wheelbridge.api.life.site import Site
from wheelbridge.api.life.update_requests import ask_for, bounds, plain_version
from wheelbridge.api.life.wording import as_required, plain_spec
from wheelbridge.api.solving import Silent, solve_request
from wheelbridge.errors import WheelbridgeError
from wheelbridge.solver.problem import Standing
from wheelbridge.solver.records import needed_name, wheel_project
from wheelbridge.solver.soundness import active_needs, without_condition

_ELSEWHERE = "it came from no index or channel; to have it anew, install it again from where it is"
_NEWEST = "no source offers a newer version that this machine can run"
_TOGETHER = "a newer version does not go together with the rest of what was asked for"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """A package that does not move.

    Attributes:
        newest: the newest version that there is; None where there is none newer.
        reasons: what holds it, each as a clause.
    """

    name: str
    version: str
    newest: str | None
    reasons: tuple[str, ...]

    def describe(self) -> str:
        """Say it to people.

        >>> Stay(name="numpy", version="1.26", newest="2.1", reasons=("pinned: numpy<2 (.condarc)",)).describe()
        'numpy stays at 1.26; 2.1 is there, but: pinned: numpy<2 (.condarc)'
        """
        there = f"{self.newest} is there, but: " if self.newest else ""
        return f"{self.name} stays at {self.version}; {there}{'; '.join(self.reasons)}"

    def as_json(self) -> dict[str, object]:
        """Return the fields as JSON has them."""
        return {"name": self.name, "version": self.version, "newest": self.newest, "reasons": list(self.reasons)}


def explain_stay(site: Site, name: str, *, linked: bool = False) -> Stay:
    """Find out what holds the installed package *name*; *linked*: it came from no index."""
    version = str(site.records[name].version)
    if linked:
        return Stay(name=name, version=version, newest=None, reasons=(_ELSEWHERE,))
    fresh = _newer(site, name)
    if name not in fresh:
        return Stay(name=name, version=version, newest=None, reasons=(_NEWEST,))
    reasons = tuple(dict.fromkeys(_Holders(site, name, fresh).find()))
    return Stay(name=name, version=version, newest=str(fresh[name].version), reasons=reasons or (_TOGETHER,))


def _newer(site: Site, name: str) -> Mapping[str, RepoDataRecord]:
    """Return the packages of an environment of its own for a newer version, by name; none where there is none."""
    request = ask_for(site, [name], {name: plain_version(site.records[name])}, ">")
    settings = replace(site.settings, pins=(), builds=frozenset())
    try:
        solution = solve_request(request, settings, Silent(), Standing())
    except WheelbridgeError:
        return {}
    return {package.name: package.record for package in solution.packages}


@dataclass(frozen=True, slots=True)
class _Holders:
    """What stands against the newer version of *name* in *fresh*: name -> record."""

    site: Site
    name: str
    fresh: Mapping[str, RepoDataRecord]

    def find(self) -> Iterator[str]:
        yield from self._pins({self.name})
        yield from self._against(self.name)
        yield from self._limits()
        for need in active_needs(self.fresh, ()):
            if need.owner is not None and need.owner.name.normalized == self.name:
                yield from self._need(without_condition(need.spec))

    def _pins(self, names: set[str]) -> Iterator[str]:
        for pin in broken_pins(self.site.settings.pins, self.fresh.values()):
            if pin_name(pin) in names:
                yield f"pinned: {pin.spec} ({pin.place})"

    def _against(self, name: str) -> Iterator[str]:
        """Find the installed packages that need another version of *name* than the new one."""
        installed = self.site.records
        for need in active_needs(installed, self.site.requested.values()):
            owner = need.owner
            if owner is not None and needed_name(need.spec) == name and owner.name.normalized != self.name:
                spec = without_condition(need.spec)
                if not bounds(spec).matches(self.fresh[name]):
                    yield f"{owner.name.normalized} {owner.version} needs {self._said(owner, spec)}"

    def _said(self, owner: RepoDataRecord, spec: str) -> str:
        needed = self.site.records.get(needed_name(spec))
        return as_required(self.site.prefix, owner, spec, wheel_project(needed.file_name) if needed else None)

    def _limits(self) -> Iterator[str]:
        for record in self.site.installed:
            for spec in record.constrains:
                if needed_name(spec) == self.name and not bounds(spec).matches(self.fresh[self.name]):
                    yield f"{record.name.normalized} {record.version} allows only {plain_spec(spec)}"

    def _need(self, spec: str) -> Iterator[str]:
        """Find what keeps a dependency of the new version from being met."""
        name = needed_name(spec)
        there = self.site.records.get(name)
        if there is None or name not in self.fresh or bounds(spec).matches(there):
            return
        new = f"{self.name} {self.fresh[self.name].version} needs {plain_spec(spec)}"
        held = [*self._pins({name}), *self._against(name)]
        if name == "python":
            held.append(f"python {there.version} keeps its minor version unless it is named")
        elif (asked := self.site.requested.get(name)) and not bounds(asked).matches(self.fresh[name]):
            held.append(f"{plain_spec(asked)} was asked for")
        if self.site.settings.modifiers.freeze:
            held.append(f"--freeze-installed holds {name} {there.version}")
        yield from (f"{new}, and {reason}" for reason in held)
