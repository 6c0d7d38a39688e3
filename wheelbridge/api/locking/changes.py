"""What is different between two locks, for people."""

from collections.abc import Iterator
from dataclasses import dataclass

from wheelbridge.environment.lock import Lock, LockedPackage


@dataclass(frozen=True, slots=True)
class Change:
    """What became of a package on a target; *old* and *new* are versions with builds, None where it is not there."""

    target: str
    name: str
    old: str | None
    new: str | None

    def as_json(self) -> dict[str, object]:
        """Return the four fields."""
        return {"target": self.target, "name": self.name, "old": self.old, "new": self.new}


def compare_locks(old: Lock | None, new: Lock) -> tuple[Change, ...]:
    """Return what changed of the packages of each target of *new*, by name."""
    return tuple(_compare(old, new))


def _compare(old: Lock | None, new: Lock) -> Iterator[Change]:
    known = {target.name: target.packages for target in old.targets} if old else {}
    for target in new.targets:
        before = {package.name: package for package in known.get(target.name, ())}
        after = {package.name: package for package in target.packages}
        for name in sorted(before.keys() | after.keys()):
            was, now = before.get(name), after.get(name)
            if was is None or now is None or was.file.filename != now.file.filename or not _same_hash(was, now):
                yield Change(target.name, name, _describe(was), _describe(now))


def _same_hash(one: LockedPackage, other: LockedPackage) -> bool:
    shared = one.file.hashes.keys() & other.file.hashes.keys()
    return all(one.file.hashes[name] == other.file.hashes[name] for name in shared)


def _describe(package: LockedPackage | None) -> str | None:
    """Return version and build; of a wheel, the label of its variant in the build's place."""
    if package is None:
        return None
    if package.kind == "wheel":
        return f"{package.version} {package.variant.label}" if package.variant else package.version
    build = (package.record or {}).get("build")
    return f"{package.version} {build}" if build else package.version
