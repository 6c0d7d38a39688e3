"""Is an environment sound? Each check looks at what is there, and returns findings."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from wheelbridge.api.file_checks import FileChecks
from wheelbridge.api.findings import Environment, Finding
from wheelbridge.api.mapping.maps import open_names
from wheelbridge.api.runtime_advice import Advisor
from wheelbridge.api.runtimes import runtime_clashes
from wheelbridge.index.client import resolve_index_url
from wheelbridge.installer.errors import NotAnEnvironmentError
from wheelbridge.installer.prefix import is_environment
from wheelbridge.mapping.natives.clashes import CODE as TWO_RUNTIMES
from wheelbridge.solver.records import record_channel
from wheelbridge.tables.load import CHANNEL

_INDEX = "pypi"


def check_environment(prefix: Path) -> tuple[Finding, ...]:
    """Look for what is wrong with the environment at *prefix*: its runtimes, and the files of its packages.

    Raises:
        NotAnEnvironmentError: if it is none.
        WheelbridgeError: if its records or the tables cannot be read.
    """
    if not is_environment(prefix):
        raise NotAnEnvironmentError(prefix)
    environment = Environment(prefix)
    files = FileChecks(environment)
    checks: tuple[Callable[[], Iterator[Finding]], ...] = (
        partial(check_runtimes, environment),
        files.missing,
        files.damaged,
        files.libraries,
    )
    return tuple(finding for check in checks for finding in check())


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
