"""Is an environment sound? Each check looks at what is there, and returns findings."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from wheelbridge.api.checks.contests import check_contests
from wheelbridge.api.checks.drift import check_history, check_lock
from wheelbridge.api.checks.files import FileChecks
from wheelbridge.api.checks.findings import Environment, Finding, Repair
from wheelbridge.api.checks.records import RecordChecks
from wheelbridge.api.checks.requirements import RequirementChecks
from wheelbridge.api.checks.tags import check_tags
from wheelbridge.api.life.displaced import Displacements
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
    if not is_environment(prefix):
        raise NotAnEnvironmentError(prefix)
    environment = Environment(prefix)
    if is_interrupted(prefix):
        return (_interrupted(environment),)
    found = (finding for check in _checks(environment, lock, notes=notes) for finding in check())
    return tuple(finding for finding in found if notes or finding.severity != "note")


def _interrupted(environment: Environment) -> Finding:
    """Say that nothing else can be said: what is there is neither the old environment nor the new one."""
    return Finding(
        code=INTERRUPTED,
        severity="error",
        message="A change of this environment was interrupted, or is being made: not all of it is there.",
        hint=f"Every command that changes it undoes or completes that first, and so does {environment.fixing}.",
        repair=Repair("recover"),
    )


def _checks(environment: Environment, lock: Lock | None, *, notes: bool) -> Iterator[Callable[[], Iterator[Finding]]]:
    displaced = Displacements(environment)
    files = FileChecks(environment, displaced)
    records = RecordChecks(environment, displaced)
    requirements = RequirementChecks(environment)
    yield partial(check_runtimes, environment)
    yield partial(check_contests, environment, displaced)
    yield from (displaced.check, files.missing, files.damaged, files.libraries, files.altered)
    yield from (records.records, records.duplicates, records.twice, records.leftovers, records.stranded)
    yield from (requirements.requirements, requirements.unreadable, requirements.dependencies)
    yield from (partial(check_tags, environment), partial(check_history, environment))
    if lock is not None:
        yield partial(check_lock, environment, lock)
    if notes:
        yield records.unknown


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
