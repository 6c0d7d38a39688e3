"""Is an environment sound? Each check looks at what is there, and returns findings."""

from collections.abc import Callable, Collection, Iterator
from functools import cached_property, partial
from pathlib import Path

from wheelbridge.api.checks import drift, files, records, requirements
from wheelbridge.api.checks.contests import OVERWRITTEN, check_contests
from wheelbridge.api.checks.findings import Environment, Finding, Repair
from wheelbridge.api.checks.tags import WRONG_TAGS, check_tags
from wheelbridge.api.life.displaced import DISPLACED, UNINSTALLED, Displacements
from wheelbridge.api.mapping.maps import open_names
from wheelbridge.api.runtime_advice import Advisor
from wheelbridge.api.runtimes import runtime_clashes
from wheelbridge.environment.lock import Lock
from wheelbridge.index.client import resolve_index_url
from wheelbridge.installer.errors import NotAnEnvironmentError
from wheelbridge.installer.journal import is_interrupted
from wheelbridge.installer.prefix import is_environment
from wheelbridge.mapping.natives.clashes import CODE as TWO_RUNTIMES
from wheelbridge.solver.records import record_channel
from wheelbridge.tables.load import CHANNEL

INTERRUPTED = "interrupted-change"

_INDEX = "pypi"


def check_environment(prefix: Path, *, lock: Lock | None = None, notes: bool = False) -> tuple[Finding, ...]:
    """Look for what is wrong with the environment at *prefix*.

    Args:
        prefix: its folder.
        lock: what it should be, where that matters.
        notes: tell of what works and no record has, and of what a package's own script changed, too.

    Raises:
        NotAnEnvironmentError: if it is none.
        WheelbridgeError: if its records or the tables cannot be read.
    """
    return Examination(prefix, lock=lock, notes=notes).find()


class Examination:
    """The checks of one environment, to be made at once or little by little; what one of them read serves the next."""

    def __init__(self, prefix: Path, *, lock: Lock | None = None, notes: bool = False) -> None:
        """Begin to look at *prefix*; see `check_environment`, which also says what this raises."""
        if not is_environment(prefix):
            raise NotAnEnvironmentError(prefix)
        self.environment = Environment(prefix)
        self._lock = lock
        self._notes = notes

    def find(self, codes: Collection[str] | None = None) -> tuple[Finding, ...]:
        """Return the findings; with *codes*, those alone. Of a change that was interrupted, it is told in any case."""
        if is_interrupted(self.environment.prefix):
            return (_interrupted(self.environment),)
        checks = (one for one in self._checks if codes is None or not one.codes.isdisjoint(codes))
        found = (finding for one in checks for finding in one.find() if codes is None or finding.code in codes)
        return tuple(finding for finding in found if self._notes or finding.severity != "note")

    @property
    def codes(self) -> frozenset[str]:
        """The codes of all that may be found."""
        return frozenset({INTERRUPTED}).union(*(one.codes for one in self._checks))

    @cached_property
    def _checks(self) -> tuple["_Check", ...]:
        return tuple(_checks(self.environment, self._lock, notes=self._notes))


def _interrupted(environment: Environment) -> Finding:
    """Say that nothing else can be said: what is there is neither the old environment nor the new one."""
    return Finding(
        code=INTERRUPTED,
        severity="error",
        message="A change of this environment was interrupted, or is being made: not all of it is there.",
        hint=f"Every command that changes it undoes or completes that first, and so does {environment.fixing}.",
        repair=Repair("recover"),
    )


class _Check:
    """A check, and the codes of what it may find."""

    def __init__(self, find: Callable[[], Iterator[Finding]], *codes: str) -> None:
        self.find = find
        self.codes = frozenset(codes)


def _checks(environment: Environment, lock: Lock | None, *, notes: bool) -> Iterator[_Check]:
    displaced = Displacements(environment)
    of_files = files.FileChecks(environment, displaced)
    of_records = records.RecordChecks(environment, displaced)
    of_requirements = requirements.RequirementChecks(environment)
    yield _Check(partial(check_runtimes, environment), TWO_RUNTIMES)
    yield _Check(partial(check_contests, environment, displaced), OVERWRITTEN)
    yield _Check(displaced.check, DISPLACED, UNINSTALLED)
    yield _Check(of_files.missing, files.MISSING_FILE)
    yield _Check(of_files.damaged, files.DAMAGED_LIBRARY)
    yield _Check(of_files.libraries, files.MISSING_LIBRARY)
    yield _Check(of_files.altered, files.ALTERED_FILE)
    yield _Check(of_records.records, records.RECORD_DIFFERS)
    yield _Check(of_records.duplicates, records.DUPLICATE)
    yield _Check(of_records.twice, records.TWICE)
    yield _Check(of_records.leftovers, records.LEFTOVER)
    yield _Check(of_records.stranded, records.STRANDED)
    yield _Check(of_requirements.requirements, requirements.UNMET)
    yield _Check(of_requirements.unreadable, requirements.UNREADABLE)
    yield _Check(of_requirements.dependencies, requirements.UNMET_DEPENDENCY, requirements.VIOLATED)
    yield _Check(partial(check_tags, environment), WRONG_TAGS)
    yield _Check(partial(drift.check_history, environment), drift.HISTORY, drift.UNFULFILLED)
    if lock is not None:
        yield _Check(partial(drift.check_lock, environment, lock), drift.LOCK)
    if notes:
        yield _Check(of_records.unknown, records.UNMANAGED, records.UNOWNED)


def check_runtimes(environment: Environment) -> Iterator[Finding]:
    """Find runtimes that should not meet in one process."""
    for clash in map(_advisor(environment).advise, runtime_clashes(environment.parts, environment.subdir)):
        content = clash.as_json()
        details = {name: content[name] for name in ("kind", "copies", "consequence", "advice")}
        hint = f"{'; or: '.join(clash.advice)}."
        yield Finding(code=TWO_RUNTIMES, severity="warning", message=clash.message, hint=hint, details=details)


def _advisor(environment: Environment) -> Advisor:
    sources = {record_channel(record) for record in environment.records}
    channels = {source.rpartition("/")[2] for source in sources}
    by_pip = {part.name for part in environment.parts if part.record is None}
    return Advisor(
        open_names=partial(open_names, ()),
        parts=environment.parts,
        subdir=environment.subdir,
        requested=frozenset(environment.requested) | by_pip,
        channels=(CHANNEL,) if CHANNEL in channels else (),
        indexes=(_INDEX,) if resolve_index_url(_INDEX).rstrip("/") in sources else (),
        command=environment.command,
    )
