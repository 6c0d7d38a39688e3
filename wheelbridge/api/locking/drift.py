"""Whether a lock still answers what is asked for: by comparing, without a solve and without a network."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import InvalidVersion, Version
from rattler import MatchSpec

from wheelbridge.api.locking.asked import Asked
from wheelbridge.api.locking.earlier import published, same_machine
from wheelbridge.api.locking.records import described_record, find_unmet
from wheelbridge.api.locking.request import lock_request
from wheelbridge.environment.lock import Lock, LockedRequest, LockedSource, LockedTarget
from wheelbridge.errors import WheelbridgeError
from wheelbridge.model.redaction import without_login
from wheelbridge.model.source import Source, SourceKind


class LockDriftError(WheelbridgeError):
    """A lock does not answer any more what is asked for."""

    code = "lock-drift"

    def __init__(self, lock: str, moved: Sequence["Moved"], command: str) -> None:
        lines = "".join(f"\n  {one}" for one in moved)
        super().__init__(f"{lock} does not answer what is asked for now:{lines}", hint=f"Make it anew: {command}")
        self.lock = lock
        self.moved = [one.as_json() for one in moved]


@dataclass(frozen=True, slots=True)
class Moved:
    """One thing that differs: *what* kind of thing, *text* says which; *target* None where it is about all."""

    what: str
    text: str
    target: str | None = None

    def __str__(self) -> str:
        """Say it to people."""
        return f"{f'{self.target}: ' if self.target else ''}{self.what}: {self.text}"

    def as_json(self) -> dict[str, object]:
        """Return the three fields."""
        return {"what": self.what, "text": self.text, "target": self.target}


def find_drift(asked: Sequence[Asked], lock: Lock, folder: Path) -> tuple[Moved, ...]:
    """Return what has moved since *lock* was made, in the order in which people would look.

    A lock of another tool, which does not say what it answers, is only asked whether it has what is asked for.

    Args:
        asked: one for each target.
        lock: what is to answer it.
        folder: where the lock lies.
    """
    locked = {target.name: target for target in lock.targets}
    found = [*_targets(asked, locked)]
    if lock.request is not None:
        found += _request(lock_request(asked, folder), lock.request)
        found += _sources(asked, lock.sources)
    for one in asked:
        if target := locked.get(one.name):
            found += _unmet(one, target, lock.request)
            found += _late(one, target)
            found += _other_files(one, target)
    return tuple(dict.fromkeys(found))


def _targets(asked: Sequence[Asked], locked: Mapping[str, LockedTarget]) -> Iterator[Moved]:
    for one in asked:
        if one.name not in locked:
            yield Moved("target", "the lock has none of that name", one.name)
        elif locked[one.name].target.virtual_packages and not same_machine(
            one.settings.target, locked[one.name].target
        ):
            yield Moved("target", "its platform or its virtual packages are others now", one.name)
    for name in locked.keys() - {one.name for one in asked}:
        yield Moved("target", "nobody asks for it any more", name)


def _request(now: LockedRequest, before: LockedRequest) -> Iterator[Moved]:
    texts = {
        "spec": (now.specs, before.specs),
        "requirement": (now.requirements, before.requirements),
        "constraint": (now.constraints, before.constraints),
        "link": (now.links, before.links),
        "variable": (_items(now.variables), _items(before.variables)),
        "variant option": (_items(now.variants), _items(before.variants)),
        "build": (now.builds, before.builds),
        "no-external": (now.no_external, before.no_external),
    }
    for what, (new, old) in texts.items():
        yield from _changes(what, new, old)
    if now.routes != before.routes:
        same = sorted(now.routes) == sorted(before.routes)
        yield from (
            [Moved("route", "they stand in another order")] if same else _changes("route", now.routes, before.routes)
        )
    if now.prereleases != before.prereleases:
        yield Moved("pre", "pre-releases are wanted now" if now.prereleases else "pre-releases are not wanted any more")
    if (now.exclude_newer is None) != (before.exclude_newer is None):
        yield Moved("exclude-newer", "it is given now" if now.exclude_newer else "it is not given any more")


def _changes(what: str, now: Iterable[str], before: Iterable[str]) -> Iterator[Moved]:
    now, before = set(now), set(before)
    yield from (Moved(what, f"{text} is new") for text in sorted(now - before))
    yield from (Moved(what, f"{text} is gone") for text in sorted(before - now))


def _items(values: Mapping[str, object]) -> list[str]:
    return [f"{name}={value}" for name, value in values.items()]


def _sources(asked: Sequence[Asked], locked: Sequence[LockedSource]) -> Iterator[Moved]:
    """Compare the lists of sources, without what channels bring along: only the network knows that."""
    now: dict[tuple[SourceKind, str], Source] = {}
    for one in asked:
        for source in one.settings.sources:
            now.setdefault((source.kind, source.name), source)
    before = {(source.kind, source.name): source for source in locked if not source.brought}
    yield from _changes("source", (name for _, name in now), (name for _, name in before))
    for key in now.keys() & before.keys():
        if without_login(now[key].url) != before[key].url:
            yield Moved("source", f"{key[1]} is at another URL")
        if now[key].claim != before[key].claim:
            yield Moved("source", f"{key[1]} claims {now[key].claim}, and claimed {before[key].claim}")
    if now.keys() == before.keys() and [*now] != [*before]:
        yield Moved("source", "they stand in another order")


def _unmet(asked: Asked, target: LockedTarget, before: LockedRequest | None) -> Iterator[Moved]:
    """Find what the packages of a target do not meet."""
    records = [described_record(package) for package in target.packages if package.record is not None]
    others = {package.name for package in target.packages if package.record is None}
    specs = target.requested if before is not None else asked.request.specs
    for need, reason in find_unmet(records, specs, others):
        if need.owner is None:
            yield Moved("spec", f"{need.spec}: {reason}", asked.name)
        else:
            yield Moved("need", f"{need.owner.name.normalized} needs {need.spec}: {reason}", asked.name)
    for text in asked.request.specs if before is not None else ():
        name = MatchSpec(text).name.normalized
        if text not in target.requested and not _has(name, target) and not text.startswith("__"):
            yield Moved("spec", f"{text}: the lock has no such package", asked.name)
    if before is not None:
        gone = (text for text in target.requested if text in before.specs and text not in asked.request.specs)
        yield from (Moved("spec", f"{text} is not asked for any more", asked.name) for text in gone)
    else:
        yield from _unmet_requirements(asked, target)


def _has(name: str | None, target: LockedTarget) -> bool:
    return any(name in (package.name, package.pypi_name) for package in target.packages)


def _unmet_requirements(asked: Asked, target: LockedTarget) -> Iterator[Moved]:
    """Ask a lock of another tool for what it has as wheels; which conda package is a project, it does not say."""
    wheels = {package.pypi_name: package for package in target.packages if package.pypi_name}
    for text in asked.request.requirements:
        requirement = Requirement(text)
        package = wheels.get(canonicalize_name(requirement.name))
        if package is None or not package.version:  # of a folder, a lock need not tell it
            continue
        try:
            met = requirement.specifier.contains(Version(package.version), prereleases=True)
        except InvalidVersion:
            met = False
        if not met:
            yield Moved("requirement", f"{text}: the lock has {package.version}", asked.name)


def _late(asked: Asked, target: LockedTarget) -> Iterator[Moved]:
    """Find files that are newer than ``exclude-newer`` allows now."""
    if (cutoff := asked.settings.exclude_newer) is None:
        return
    for package in target.packages:
        if (time := published(package)) is not None and time > cutoff:
            yield Moved("exclude-newer", f"{package.file.filename} was published {time.isoformat()}", asked.name)


def _other_files(asked: Asked, target: LockedTarget) -> Iterator[Moved]:
    """Find wheels that have none of the hashes that the request lists for their project."""
    for package in target.packages:
        listed = asked.request.hashes.get(NormalizedName(package.pypi_name)) if package.pypi_name else None
        if listed and not any(f"{name}:{digest}" in listed for name, digest in package.file.hashes.items()):
            yield Moved("hash", f"{package.file.filename} has none of the listed ones", asked.name)
