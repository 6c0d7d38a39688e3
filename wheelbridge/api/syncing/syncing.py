"""An environment made exactly what a lock says: no solve, every file checked against its hash, one transaction."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from rattler import MatchSpec, PrefixRecord, RepoDataRecord

from wheelbridge.api.clients import check_records, open_client
from wheelbridge.api.installing import complete_hashes, download_wheels, package_caches
from wheelbridge.api.locking.completing import as_distribution
from wheelbridge.api.locking.links import discard_editable, is_changing
from wheelbridge.api.locking.records import to_record
from wheelbridge.api.locking.universal import choose_files
from wheelbridge.api.origins import remember_lock
from wheelbridge.api.running import run_to_end
from wheelbridge.api.syncing.attesting import check_attested
from wheelbridge.api.syncing.notes import notes_of
from wheelbridge.api.syncing.packages import Gathered, Reach, gather_packages
from wheelbridge.api.syncing.strays import Strays, find_strays
from wheelbridge.api.syncing.targets import check_completed, choose_target
from wheelbridge.environment.lock import Lock, LockedPackage, LockedTarget
from wheelbridge.environment.locks.pylock import ANY
from wheelbridge.errors import WheelbridgeError, shell_command
from wheelbridge.installer.errors import MissingWheelError
from wheelbridge.installer.history import load_history, requested_specs, spec_name
from wheelbridge.installer.listing import load_records
from wheelbridge.installer.plan import Plan, make_plan
from wheelbridge.installer.prefix import check_environment, check_new, is_environment
from wheelbridge.installer.reporter import Reporter
from wheelbridge.installer.state import check_variables, write_variables
from wheelbridge.installer.transaction import Outcome, run_transaction, wheels_to_fetch
from wheelbridge.installer.transaction import Request as Transaction
from wheelbridge.installer.wheel import is_wheel
from wheelbridge.model.target import Target
from wheelbridge.solver.records import needed_name


class NoPythonForWheelsError(WheelbridgeError):
    """A lock has wheels alone, and there is no python to put them to."""

    code = "no-python-for-wheels"

    def __init__(self, lock: str, prefix: Path) -> None:
        name = lock or "The lock"
        super().__init__(
            f"{name} has wheels and no python, and neither has {prefix}",
            hint="Let an environment with a python be solved for it: "
            f"{shell_command('wheelbridge', 'create', '-p', prefix, '-f', lock, 'python')}.",
        )
        self.prefix = str(prefix)


class WrongPythonError(WheelbridgeError):
    """A wheel of a lock is not for the environment's python."""

    code = "wrong-python"

    def __init__(self, filename: str, python: str, spec: str) -> None:
        super().__init__(
            f"{filename} is not for the environment's python {python}: it needs {spec}",
            hint="Sync it into an environment with that python, or make a lock for this one.",
        )
        self.filename = filename
        self.python = python


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedSync:
    """A sync, ready to be shown and carried out.

    Attributes:
        target: of the lock, as it is remembered: every package with its record.
        gathered: the same with what it takes to install it.
        strays: where the environment is not what its records say.
        notes: what a user should know.
    """

    lock: Lock
    target: LockedTarget
    gathered: Gathered
    transaction: Transaction
    plan: Plan
    strays: Strays = field(default_factory=Strays)
    notes: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether the environment is what the lock says."""
        return self.plan.is_empty and not self.strays.foreign

    @property
    def lasts(self) -> bool:
        """Whether the environment stays what the lock says until one of the two changes.

        A project in a folder changes by itself; and of what nobody can remove, it has to be said every time.
        """
        return not self.strays.unknown and not any(map(is_changing, self.target.packages))


def prepare_sync(
    prefix: Path,
    lock: Lock,
    machine: Target,
    reach: Reach,
    *,
    name: str | None = None,
    override: Collection[str] = (),
    command: Sequence[str] = ("wheelbridge",),
) -> PreparedSync:
    """Decide what makes the environment at *prefix*, which need not be there yet, the one that *lock* says.

    What the lock does not have goes, whoever put it there, and what is not there as its record says is linked anew. A
    lock without any package of conda, as ``pylock.toml`` files of others are, says nothing of those: then they stay.

    Args:
        prefix: the environment.
        lock: what it is to be.
        machine: where it is; decides which target of the lock it gets.
        reach: how files are reached.
        name: the target of the lock, where the user chose.
        override: codes of refusals the user overrides.
        command: the command line, for the history.

    Raises:
        NoLockedTargetError, UnfitMachineError: if the lock has no target for the machine.
        NoPythonForWheelsError, WrongPythonError: if its wheels have no python.
        WheelbridgeError: if the prefix may not be changed, or the lock does not tell enough.
    """
    installed = _check_place(prefix, override)
    check_variables(_variables(lock))
    chosen = choose_target(lock, machine, name)
    kept = _left_alone(chosen, installed or ())
    _check_python_there(lock, prefix, chosen, kept)
    target = _for_machine(chosen, machine, kept)
    gathered = gather_packages(lock, target, machine, reach, kept)
    records = (*map(to_record, gathered.packages), *kept)
    strays = Strays() if installed is None else find_strays(prefix, {package.name for package in gathered.packages})
    _check_pythons(records)
    check_completed(lock, chosen, gathered.packages, machine)
    requested = target.requested or _roots(records, gathered.packages)
    transaction = Transaction(
        prefix=prefix,
        subdir=machine.subdir,
        records=records,
        direct_urls={one.file.url: one.direct_url for one in gathered.packages if one.direct_url},
        requested=tuple(map(MatchSpec, requested)),
        removed=_no_longer_asked(prefix, chosen, installed or (), requested),
        command=tuple(command),
        create=installed is None,
        override=frozenset(override),
        reinstall=strays.broken,
        replaced=frozenset(one.project for one in strays.foreign),
        offline=reach.offline,
    )
    return PreparedSync(
        lock=lock,
        target=target,
        gathered=gathered,
        transaction=transaction,
        plan=make_plan(installed or (), records, machine.subdir, transaction.reinstall),
        strays=strays,
        notes=(*lock.notes, *notes_of(target.packages, records, requested), *strays.notes),
    )


def carry_out_sync(prepared: PreparedSync, reporter: Reporter) -> Outcome:
    """Fetch what is missing, link it all in one transaction, and write down what the lock says besides.

    Raises:
        WheelbridgeError: the environment is then as it was.
    """
    gathered, transaction = prepared.gathered, prepared.transaction
    settings = gathered.settings
    caches = package_caches(settings.caches)
    missing = [record.url for record in wheels_to_fetch(transaction, caches) if record.url not in gathered.wheels]
    files = {package.file.url: as_distribution(package) for package in gathered.packages}
    if unknown := [url for url in missing if url not in files]:
        raise MissingWheelError(unknown[0].rpartition("/")[2])
    tasks = [(url, gathered.providers[url], files[url]) for url in missing]
    wheels = {**gathered.wheels, **download_wheels(tasks, settings.caches, reporter)}
    complete_hashes(transaction, wheels)
    check_attested(gathered, transaction.records, prepared.plan)
    check, client = check_records(settings.sources), open_client(settings.sources)
    transaction = replace(transaction, wheels=wheels)
    outcome = run_to_end(run_transaction(transaction, caches, reporter=reporter, client=client, check=check))
    discard_editable(gathered.packages)
    write_variables(transaction.prefix, _variables(prepared.lock))
    there = (*transaction.records, *outcome.plan.keep)  # what stays keeps its record, whatever the lock says of it
    remember_lock(transaction.prefix, prepared.lock, prepared.target, gathered.packages, there)
    return outcome


def _check_place(prefix: Path, override: Collection[str]) -> tuple[PrefixRecord, ...] | None:
    """Return what is installed at *prefix*, which may be changed; None where there is nothing yet."""
    if not is_environment(prefix):
        check_new(prefix)
        return None
    check_environment(prefix, override=override)
    return load_records(prefix)


def _variables(lock: Lock) -> Mapping[str, str]:
    return lock.request.variables if lock.request else {}


def _left_alone(target: LockedTarget, installed: Iterable[PrefixRecord]) -> tuple[PrefixRecord, ...]:
    """Return what stays although the lock does not have it: conda's packages, where it says nothing of any."""
    if any(package.kind == "conda" for package in target.packages):
        return ()
    return tuple(record for record in installed if not is_wheel(record))


def _for_machine(target: LockedTarget, machine: Target, kept: Iterable[RepoDataRecord]) -> LockedTarget:
    """Return *target* as it is for *machine*, where the lock is for any."""
    python = next((record for record in kept if record.name.normalized == "python"), None)
    return choose_files(target, machine, python) if target.name == ANY and python is not None else target


def _check_python_there(lock: Lock, prefix: Path, target: LockedTarget, kept: Iterable[RepoDataRecord]) -> None:
    names = {package.name for package in target.packages} | {record.name.normalized for record in kept}
    if "python" not in names and any(package.kind == "wheel" for package in target.packages):
        raise NoPythonForWheelsError(lock.origin, prefix)


def _check_pythons(records: Sequence[RepoDataRecord]) -> None:
    """See whether the wheels are for the python that is there: who locked them may have meant another."""
    by_name = {record.name.normalized: record for record in records}
    for record in records:
        for text in record.depends if is_wheel(record) else ():
            if needed_name(text) == "python" and not MatchSpec(text).matches(by_name["python"]):
                raise WrongPythonError(record.file_name, str(by_name["python"].version), text)


def _roots(records: Iterable[RepoDataRecord], packages: Iterable[LockedPackage]) -> tuple[str, ...]:
    """Return what to write into the history where the lock does not tell what was asked for: what nothing else needs.

    With no requested specs, conda takes everything for an orphan.
    """
    needs = {
        record.name.normalized: {needed_name(text) for text in record.depends} - {record.name.normalized}
        for record in records
    }
    needed = set[str]().union(*needs.values())
    roots, reached = list[str](), set[str]()
    for start in sorted(needs, key=lambda name: (name in needed, name)):  # the last ones stand in circles
        if start not in reached:
            roots.append(start)
        todo = [start]
        while todo:
            name = todo.pop()
            if name in needs and name not in reached:
                reached.add(name)
                todo.extend(needs[name])
    names = {package.name for package in packages}
    return tuple(name for name in roots if name in names)


def _no_longer_asked(
    prefix: Path, target: LockedTarget, installed: Iterable[PrefixRecord], requested: Iterable[str]
) -> tuple[str, ...]:
    """Return the names that the history says were asked for, and the lock does not; of what it speaks of at all."""
    speaks_of_conda = any(package.kind == "conda" for package in target.packages)
    names = [record.name.normalized for record in installed if speaks_of_conda or is_wheel(record)]
    before = requested_specs(load_history(prefix), names, exact=True)
    return tuple(sorted(before.keys() - set(map(spec_name, requested))))
