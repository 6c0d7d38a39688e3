"""What an earlier lock brings into a solve, so that a lock changes no more than what it answers."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from packaging.utils import canonicalize_name

from wheelbridge.api.locking.asked import Asked
from wheelbridge.api.locking.batches import to_records
from wheelbridge.environment.lock import Lock, LockedPackage, LockedRequest, LockedTarget
from wheelbridge.errors import UsageError
from wheelbridge.model.redaction import without_login
from wheelbridge.model.target import Target
from wheelbridge.solver.problem import Standing

_MILLISECONDS = 1000
_HARMLESS = frozenset({"__linux"})
"""Virtual packages that move with every update of a machine, and decide next to nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """An earlier lock, and what of it is not to be kept.

    Attributes:
        lock: the lock; None where there is none.
        upgrade: nothing of it is kept.
        packages: names, conda's or PyPI's, of which nothing is kept.
    """

    lock: Lock | None = None
    upgrade: bool = False
    packages: Collection[str] = ()

    def check(self) -> None:
        """Check that the packages to upgrade are there.

        Raises:
            UsageError: if the lock has none of a name.
        """
        locked = [package for target in self.lock.targets for package in target.packages] if self.lock else []
        for name in self.packages:
            if not any(is_called(package, name) for package in locked):
                raise UsageError(f"The lock has no {name!r} to upgrade", hint="Check the name, or leave it out.")


@dataclass(frozen=True, slots=True)
class Kept:
    """What a solve gets of an earlier lock: preferred records, and URL -> what is known of their files.

    *note* says why there is nothing, though there is a lock; empty where there is nothing to say.
    """

    standing: Standing = field(default_factory=Standing)
    known: Mapping[str, LockedPackage] = field(default_factory=dict)
    note: str = ""


def keep(asked: Asked, earlier: Earlier, request: LockedRequest) -> Kept:
    """Return what of *earlier* is preferred in the solve of *asked*; *request* is that of all targets.

    That is nothing where what decides between sources or variants has changed: what was best then need not be now.
    """
    lock = earlier.lock
    target = next((one for one in lock.targets if one.name == asked.name), None) if lock else None
    if lock is None or target is None or earlier.upgrade:
        return Kept()
    if reason := _why_anew(asked, lock, target, request):
        return Kept(note=f"Nothing of the earlier lock is preferred for {asked.name}: {reason}.")
    kept = [package for package in target.packages if _stays(package, asked, earlier.packages)]
    variants = {package.file.url: package.variant for package in kept if package.variant}
    standing = Standing(locked=to_records(kept), variants=variants)
    return Kept(standing, {package.file.url: package for package in kept})


def is_called(package: LockedPackage, name: str) -> bool:
    """Tell whether *name*, conda's or PyPI's, is that of a package."""
    return name.lower() == package.name or (
        package.pypi_name is not None and canonicalize_name(name) == package.pypi_name
    )


def published(package: LockedPackage) -> datetime | None:
    """Return when a file was published; None where nobody tells."""
    if package.file.upload_time is not None:
        return package.file.upload_time
    record = package.record or {}
    stamp = record.get("indexed_timestamp") or record.get("timestamp")
    return datetime.fromtimestamp(stamp / _MILLISECONDS, UTC) if isinstance(stamp, int | float) else None


def same_machine(one: Target, other: Target) -> bool:
    """Tell whether two targets decide alike."""
    return _facts(one) == _facts(other)


def _why_anew(asked: Asked, lock: Lock, target: LockedTarget, request: LockedRequest) -> str | None:
    """Return why an earlier lock says nothing about what is best now, a clause for people; None where it does."""
    settings = asked.settings
    if lock.request is None:
        return "it does not say what it answers"
    before = [(source.kind, source.name, source.url, source.claim) for source in lock.sources]
    now = [(source.kind, source.name, without_login(source.url), source.claim) for source in settings.sources]
    if [source for source in before if source in now] != now:
        return "the sources, their order or their claims are others now"
    if lock.request.routes != request.routes:
        return "the routes are others now"
    if lock.request.variants != request.variants:
        return "other variants are wanted now"
    if any(getattr(lock.request, name) != getattr(request, name) for name in ("prereleases", "builds", "no_external")):
        return "what may be taken of projects is something else now"
    return None if same_machine(target.target, settings.target) else "its virtual packages are others now"


def _stays(package: LockedPackage, asked: Asked, upgraded: Collection[str]) -> bool:
    """Tell whether a locked package is preferred: not what is to be upgraded, built here, late, or of another hash."""
    if package.record is None or package.source is None or any(is_called(package, name) for name in upgraded):
        return False
    cutoff = asked.settings.exclude_newer
    if cutoff is not None and ((time := published(package)) is None or time > cutoff):
        return False
    if package.pypi_name is None:
        return True
    listed = asked.request.hashes.get(canonicalize_name(package.pypi_name))
    return not listed or any(f"{name}:{digest}" in listed for name, digest in package.file.hashes.items())


def _facts(target: Target) -> object:
    facts = {fact for fact in target.virtual_packages if fact.name not in _HARMLESS}
    return target.subdir, facts, {name: dict(features) for name, features in target.variants.items()}
