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


def dropped_targets(old: Lock | None, new: Lock) -> tuple[str, ...]:
    """Return the names of the targets that *old* has, and *new* has not."""
    there = {target.name for target in new.targets}
    return tuple(target.name for target in (old.targets if old else ()) if target.name not in there)


def _compare(old: Lock | None, new: Lock) -> Iterator[Change]:
    known = {target.name: target.packages for target in old.targets} if old else {}
    for target in new.targets:
        before = {package.name: package for package in known.get(target.name, ())}
        after = {package.name: package for package in target.packages}
        for name in sorted(before.keys() | after.keys()):
            was, now = before.get(name), after.get(name)
            if was is None or now is None or not _same_file(was, now):
                yield Change(target.name, name, _describe(was), _describe(now))


def _same_file(one: LockedPackage, other: LockedPackage) -> bool:
    """Tell whether two are one file, by name and hash; of what came from no index, by its place, too."""
    if one.file.filename != other.file.filename or (one.direct_url and one.file.url != other.file.url):
        return False
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
