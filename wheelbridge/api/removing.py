"""Packages removed: with them what depends on them, and what nobody needs any more, as conda does."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.utils import canonicalize_name
from rattler import MatchSpec, PrefixRecord, RepoDataRecord

from wheelbridge.errors import WheelbridgeError, shell_command
from wheelbridge.installer.history import load_history, requested_specs
from wheelbridge.installer.listing import load_records
from wheelbridge.installer.plan import Plan, make_plan
from wheelbridge.installer.prefix import check_environment
from wheelbridge.installer.transaction import Request as Transaction
from wheelbridge.solver.records import wheel_project
from wheelbridge.solver.soundness import active_needs


class NotInstalledError(WheelbridgeError):
    """A package that was named is not there."""

    code = "not-installed"

    def __init__(self, name: str, prefix: Path) -> None:
        command = shell_command("wheelbridge", "list", "-p", prefix)
        super().__init__(f"{name!r} is not installed in {prefix}", hint=f"See what is: {command}.")
        self.name = name


@dataclass(frozen=True, slots=True)
class Removal:
    """A removal, ready to be shown and carried out."""

    transaction: Transaction
    plan: Plan


def prepare_removal(
    prefix: Path, names: Sequence[str], *, override: Collection[str] = (), command: Sequence[str] = ("wheelbridge",)
) -> Removal:
    """Decide what goes when the packages *names*, conda's or PyPI's, are removed.

    Raises:
        NotInstalledError: if one of them is not there.
        WheelbridgeError: if the prefix may not be changed.
    """
    check_environment(prefix, override=override)
    installed = {record.name.normalized: record for record in load_records(prefix)}
    removed = {find_installed(name, installed, prefix) for name in names}
    requested = requested_specs(load_history(prefix), installed, exact=True)
    left = _left(needs_of(installed, requested.values()), removed, requested)
    transaction = Transaction(
        prefix=prefix,
        subdir=_subdir(installed.values()),
        records=tuple(installed[name] for name in sorted(left)),
        removed=tuple(sorted(removed | (requested.keys() - left))),  # what went along is not asked for any more either
        command=tuple(command),
        override=frozenset(override),
    )
    return Removal(transaction, make_plan(installed.values(), transaction.records, transaction.subdir))


def find_installed(name: str, installed: Mapping[str, PrefixRecord], prefix: Path) -> str:
    """Return the solver name of an installed package by conda's name or PyPI's; behind ``pypi:``, by PyPI's alone.

    Raises:
        NotInstalledError: if it is not there.
    """
    text = name.removeprefix("pypi:")
    if not name.startswith("pypi:") and text.lower() in installed:
        return text.lower()
    project = canonicalize_name(text)
    for solver_name, record in installed.items():
        if wheel_project(record.file_name) == project:
            return solver_name
    raise NotInstalledError(name, prefix)


def _left(needs: Mapping[str, set[str]], removed: set[str], requested: Iterable[str]) -> set[str]:
    """Return the names that stay.

    What depends on *removed* goes with it, and so does what only they needed and nobody asked for. A package that has
    nothing to do with them stays, whoever put it there.
    """
    going = set(removed)
    while more := {name for name, needed in needs.items() if needed & going} - going:
        going |= more
    unrelated = set(needs) - reachable(needs, going)
    return reachable(needs, unrelated | (set(requested) & set(needs) - going)) - going


def reachable(needs: Mapping[str, set[str]], roots: Iterable[str]) -> set[str]:
    """Return *roots* with what they need, near and far."""
    found: set[str] = set()
    todo = set(roots)
    while todo:
        found |= todo
        todo = set().union(*(needs[name] for name in todo)) - found
    return found


def needs_of(installed: Mapping[str, RepoDataRecord], requested: Iterable[str]) -> dict[str, set[str]]:
    """Return name -> what it needs of the *installed* packages, or of those that will be."""
    needs: dict[str, set[str]] = {name: set() for name in installed}
    for need in active_needs(installed, requested):
        name = MatchSpec(need.spec).name.normalized or ""
        if need.owner is not None and name in installed:
            needs[need.owner.name.normalized].add(name)
    return {name: found - {name} for name, found in needs.items()}


def _subdir(records: Iterable[PrefixRecord]) -> str:
    return next((record.subdir for record in records if record.subdir != "noarch"), "noarch")
