"""Which of a lock's targets a machine is to get, and what keeps it from one."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from rattler import MatchSpec, PackageRecord, RepoDataRecord, Version
from rattler.package import BuildString

from wheelbridge.api.locking.records import described_record, find_needs
from wheelbridge.environment.lock import Lock, LockedPackage, LockedTarget
from wheelbridge.environment.locks.pylock import ANY
from wheelbridge.errors import WheelbridgeError
from wheelbridge.model.target import Target, VirtualPackage
from wheelbridge.solver.soundness import without_condition

_ANYWHERE = (ANY, "noarch")
"""Subdirs of what is locked for every machine."""


@dataclass(frozen=True, slots=True)
class Unmet:
    """What a package of a lock needs of a machine, as a MatchSpec, and what the machine has instead."""

    package: str
    spec: str
    found: str

    def __str__(self) -> str:
        """Say it to people.

        >>> str(Unmet("torch", "__cuda >=12.8", "12.2"))
        '__cuda >=12.8 (for torch; there is 12.2)'
        """
        return f"{self.spec} (for {self.package}; there is {self.found or 'none'})"


class NoLockedTargetError(WheelbridgeError):
    """A lock has no target for a machine's platform, or none of the name that was asked for."""

    code = "no-locked-target"

    def __init__(self, origin: str, wanted: str, targets: Sequence[str]) -> None:
        super().__init__(
            f"{origin or 'The lock'} has nothing for {wanted}; it is for {', '.join(targets) or 'no machine'}",
            hint="Lock for it, too: wheelbridge lock -f FILE --platform PLATFORM.",
        )
        self.wanted = wanted
        self.targets = tuple(targets)


class UnfitMachineError(WheelbridgeError):
    """The virtual packages of a machine do not suffice for any target of a lock."""

    code = "unfit-machine"

    def __init__(self, origin: str, unmet: Mapping[str, Sequence[Unmet]]) -> None:
        lines = (f"target {name} needs {', '.join(map(str, needs))}" for name, needs in unmet.items())
        super().__init__(
            f"This machine is not one that {origin or 'the lock'} is for: {'; '.join(lines)}",
            hint="Lock for this machine, too; or say with --virtual-package NAME=VERSION what it has.",
        )
        self.unmet = {name: [need.spec for need in needs] for name, needs in unmet.items()}


def choose_target(lock: Lock, machine: Target, name: str | None = None) -> LockedTarget:
    """Return the target of *lock* that *machine* is to get.

    Of those whose packages it can run, the one that fits best: whose own virtual packages the machine has, and of these
    the one that says most.

    Args:
        lock: what was locked.
        machine: where it is to be installed.
        name: the target's name, where the user chose.

    Raises:
        NoLockedTargetError: if there is none for the platform, or none of that name.
        UnfitMachineError: if the virtual packages of the machine do not suffice; it names them.
    """
    found = [target for target in lock.targets if name in (None, target.name)]
    found = [target for target in found if target.target.subdir in (machine.subdir, *_ANYWHERE)]
    if not found:
        wanted = machine.subdir if name is None else f"a target {name!r} of {machine.subdir}"
        raise NoLockedTargetError(lock.origin, wanted, [_named(target) for target in lock.targets])
    unmet = {target.name: find_unmet_needs(target, machine) for target in found}
    if not (fitting := [target for target in found if not unmet[target.name]]):
        raise UnfitMachineError(lock.origin, unmet)
    return max(fitting, key=lambda target: _fitness(target.target, machine))


class AmbiguousLockError(WheelbridgeError):
    """A lock has several packages of one name for one machine."""

    code = "ambiguous-lock"

    def __init__(self, name: str, files: Sequence[str]) -> None:
        super().__init__(
            f"The lock has {name!r} more than once for this machine: {', '.join(files)}",
            hint="The lock was changed after it was made, or two were merged: make it anew.",
        )
        self.name = name
        self.files = tuple(files)


def check_completed(lock: Lock, target: LockedTarget, packages: Sequence[LockedPackage], machine: Target) -> None:
    """See that *packages*, those of *target* with all that they lacked, are one environment that *machine* can have.

    Raises:
        AmbiguousLockError: if two have one name, the solver's or that of a project.
        UnfitMachineError: as `choose_target` does, by what the target did not tell.
    """
    for names in ([package.name for package in packages], [package.pypi_name for package in packages]):
        if name := next((name for name in names if name is not None and names.count(name) > 1), None):
            files = [package.file.filename for package in packages if name in (package.name, package.pypi_name)]
            raise AmbiguousLockError(name, files)
    if all(package.record is not None for package in target.packages):
        return
    if unmet := find_unmet_needs(replace(target, packages=tuple(packages)), machine):
        raise UnfitMachineError(lock.origin, {target.name: unmet})


def _named(target: LockedTarget) -> str:
    subdir = target.target.subdir
    return target.name if subdir in (target.name, *_ANYWHERE) else f"{target.name} ({subdir})"


def find_unmet_needs(target: LockedTarget, machine: Target) -> tuple[Unmet, ...]:
    """Return what the packages of *target* need of a machine that *machine* does not have, sorted, each spec once."""
    records = [described_record(package) for package in target.packages if package.record is not None]
    facts = {package.name: _as_record(package, machine.subdir) for package in machine.virtual_packages}
    found = {need.spec: need for need in _unmet(records, target.requested, facts)}
    return tuple(found[spec] for spec in sorted(found))


def _unmet(
    records: Iterable[RepoDataRecord], requested: Iterable[str], facts: Mapping[str, PackageRecord]
) -> Iterator[Unmet]:
    for need in find_needs(records, requested):
        if need.owner is None or not need.spec.startswith("__"):
            continue
        spec = MatchSpec(plain := without_condition(need.spec))
        fact = facts.get(spec.name.normalized or "")
        if fact is None or not spec.matches(fact):
            yield Unmet(need.owner.name.normalized, plain, _shown(fact))


def _shown(fact: PackageRecord | None) -> str:
    if fact is None:
        return ""
    return str(fact.version) if str(fact.build) in ("", "0") else f"{fact.version}={fact.build}"


def _as_record(package: VirtualPackage, subdir: str) -> PackageRecord:
    return PackageRecord(package.name, package.version, BuildString(package.build), 0, subdir)


def _fitness(target: Target, machine: Target) -> tuple[int, int, tuple[Version, ...]]:
    """Order targets, the best highest: what the machine lacks of one, how much one says, how new that is."""
    lacking = sum(not _has(machine.virtual_package(package.name), package) for package in target.virtual_packages)
    versions = tuple(Version(package.version) for package in target.virtual_packages)
    return -lacking, len(versions), versions


def _has(there: VirtualPackage | None, wanted: VirtualPackage) -> bool:
    if there is None or Version(there.version) < Version(wanted.version):
        return False
    return wanted.name != "__archspec" or _runs(there.build, wanted.build)


def _runs(cpu: str, wanted: str) -> bool:
    """Tell whether a CPU is of the microarchitecture *wanted*, or a later one of its line."""
    from archspec.cpu import TARGETS  # noqa: PLC0415 - read when a lock has several targets

    return cpu == wanted or (cpu in TARGETS and wanted in TARGETS and bool(TARGETS[cpu] > TARGETS[wanted]))
