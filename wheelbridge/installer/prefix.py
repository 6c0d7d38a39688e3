"""What is checked before a prefix is touched, and the lock that keeps others away meanwhile."""

import json
import os
from collections.abc import Collection, Iterator
from configparser import ConfigParser
from configparser import Error as ConfigError
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

from filelock import BaseFileLock, FileLock, Timeout

from wheelbridge.errors import shell_command
from wheelbridge.installer.errors import (
    ExternallyManagedError,
    FrozenEnvironmentError,
    NotAnEnvironmentError,
    PrefixLockedError,
    PrefixNotEmptyError,
    PrefixNotWritableError,
    from_os_error,
    os_errors,
)
from wheelbridge.installer.history import history_path
from wheelbridge.installer.journal import JOURNAL, recover
from wheelbridge.installer.layout import PythonLayout

LOCK = ".wheelbridge.lock"
_OURS = frozenset({LOCK, JOURNAL})


def is_environment(prefix: Path) -> bool:
    """Tell whether conda would take *prefix* for an environment."""
    return history_path(prefix).is_file()


def check_new(prefix: Path) -> None:
    """Make sure that an environment may be created at *prefix*.

    Raises:
        PrefixNotEmptyError: if something is there; an empty directory is nothing.
        PrefixNotWritableError: if it cannot be made.
    """
    if is_environment(prefix):
        command = shell_command("wheelbridge", "install", "-p", prefix)
        raise PrefixNotEmptyError(prefix, f"It is an environment: change it ({command} ...), or remove it first.")
    if prefix.exists() and (not prefix.is_dir() or _foreign_entries(prefix)):
        raise PrefixNotEmptyError(prefix, "Choose another place, or remove what is there.")
    _check_writable(prefix)


def check_environment(prefix: Path, *, override: Collection[str] = ()) -> None:
    """Make sure that the environment at *prefix* may be changed.

    CEP 22: "Tools MUST respect the presence of ``frozen`` in the environment and error out".

    Args:
        prefix: the environment.
        override: codes of errors the user chose to override: ``frozen``.

    Raises:
        NotAnEnvironmentError: if there is no ``conda-meta/history``.
        FrozenEnvironmentError: if it is marked as frozen.
        PrefixNotWritableError: if it cannot be written to.
    """
    if not is_environment(prefix):
        raise NotAnEnvironmentError(prefix)
    marker = prefix / "conda-meta" / "frozen"
    if marker.exists() and FrozenEnvironmentError.code not in override:
        raise FrozenEnvironmentError(prefix, _frozen_message(marker))
    _check_writable(prefix)


def check_wheels_allowed(prefix: Path, layout: PythonLayout, *, override: Collection[str] = ()) -> None:
    """Make sure that wheels may be put into the environment's python.

    PEP 668: "a Python-specific package installer ... should check for the presence of a file named
    EXTERNALLY-MANAGED in the directory identified by ``sysconfig.get_path("stdlib")``". Packages of channels are not
    asked about: for them the environment's manager is conda, and so are we.

    Raises:
        ExternallyManagedError: if the file is there, with the message it holds.
    """
    marker = prefix / layout.stdlib / "EXTERNALLY-MANAGED"
    if marker.exists() and ExternallyManagedError.code not in override:
        raise ExternallyManagedError(marker, _managed_message(marker))


@contextmanager
def hold_prefix(prefix: Path, *, timeout: float = 60.0) -> Iterator[None]:
    """Hold *prefix* alone, and whole: what an interrupted run left behind is put right first.

    The lock lies in ``conda-meta``, where everybody who can change the environment finds it. Directories made for it
    go again if no environment comes into being. A process may hold a prefix that it holds already.

    Raises:
        PrefixLockedError: if another process did not let go within *timeout* seconds.
    """
    _check_writable(prefix)
    meta = prefix / "conda-meta"
    made = [path for path in (meta, prefix, *prefix.parents) if not path.exists()]
    with os_errors(prefix):
        meta.mkdir(parents=True, exist_ok=True)
    lock = FileLock(meta / LOCK, is_singleton=True, thread_local=False)
    try:
        with _acquire(lock, prefix, timeout):
            if lock.lock_counter == 1:
                recover(prefix)
            yield
    finally:
        if not lock.is_locked and not is_environment(prefix):
            _forget(meta, made)


def _acquire(lock: BaseFileLock, prefix: Path, timeout: float) -> AbstractContextManager[object]:
    try:
        return lock.acquire(timeout=timeout)
    except Timeout as error:
        raise PrefixLockedError(prefix, timeout) from error
    except OSError as error:
        raise from_os_error(error, prefix) from error


def _forget(meta: Path, made: list[Path]) -> None:
    with suppress(OSError):
        (meta / LOCK).unlink()
    for path in made:
        with suppress(OSError):
            path.rmdir()


def _foreign_entries(prefix: Path) -> bool:
    """Tell whether there is more than what our own lock made."""
    meta = prefix / "conda-meta"
    if any(path != meta for path in prefix.iterdir()):
        return True
    return meta.exists() and any(path.name not in _OURS for path in meta.iterdir())


def _check_writable(prefix: Path) -> None:
    there = next(path for path in (prefix / "conda-meta", prefix, *prefix.absolute().parents) if path.exists())
    if not os.access(there, os.W_OK):
        raise PrefixNotWritableError(prefix)


def _frozen_message(marker: Path) -> str:
    """Return the reason.

    CEP 22: "The marker file can be empty. It MAY contain a JSON document with schema ``{"message": str}``."
    """
    try:
        message = json.loads(marker.read_text(encoding="utf-8"))["message"]
    except (OSError, ValueError, KeyError, TypeError):
        return "no reason is given"
    return str(message)


def _managed_message(marker: Path) -> str:
    """Return the text under ``Error``.

    PEP 668: "EXTERNALLY-MANAGED ... an INI-style metadata file ... a section named ``[externally-managed]``".
    """
    parser = ConfigParser(interpolation=None)
    try:
        parser.read_string(marker.read_text(encoding="utf-8"))
    except (OSError, ValueError, ConfigError):
        return "no reason is given"
    return " ".join(parser.get("externally-managed", "Error", fallback="no reason is given").split())
