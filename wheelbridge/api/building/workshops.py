"""Where builds go on: a folder each, known by a lock to be in use, and the logs of those that failed."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

from filelock import FileLock, Timeout

from wheelbridge.api.building.errors import BuildFailedError

_KEPT_LOGS = 10


@contextmanager
def open_workshop(folder: Path) -> Iterator[Path]:
    """Make a folder of its own below *folder*, gone with all that is in it when the block ends.

    What builds left behind that were killed goes, too: nobody holds their locks.
    """
    folder.mkdir(parents=True, exist_ok=True)
    clear_workshops(folder)
    workshop = folder / uuid4().hex
    try:
        with FileLock(_lock_of(workshop)):  # before there is a folder that could be found without one
            workshop.mkdir()
            try:
                yield workshop
            finally:
                shutil.rmtree(workshop, ignore_errors=True)
    finally:
        _lock_of(workshop).unlink(missing_ok=True)


def clear_workshops(folder: Path) -> None:
    """Remove the folders of builds that are no more, and all logs but the newest."""
    for path in [*folder.iterdir()]:
        if path.is_dir():
            _clear(path)
    for log in sorted(folder.glob("*.log"), key=_time, reverse=True)[_KEPT_LOGS:]:
        with suppress(OSError):
            log.unlink()


@contextmanager
def opened_log(path: Path) -> Iterator[Path]:
    """Begin a log of its own at *path*; it goes where all went well or was interrupted, and stays to be read else."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"")
    try:
        yield path
    except BuildFailedError as error:
        if not (path.exists() and path.stat().st_size):
            path.write_text(f"{error.message}\n", encoding="utf-8")  # which names this file
        raise
    except Exception:
        if path.exists() and not path.stat().st_size:
            path.unlink()
        raise
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    path.unlink(missing_ok=True)


def _clear(workshop: Path) -> None:
    lock = FileLock(_lock_of(workshop))
    try:
        with lock.acquire(timeout=0):
            shutil.rmtree(workshop, ignore_errors=True)
    except (Timeout, OSError):
        return
    _lock_of(workshop).unlink(missing_ok=True)


def _lock_of(workshop: Path) -> Path:
    return workshop.with_name(f"{workshop.name}.lock")


def _time(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
