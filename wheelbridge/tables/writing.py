"""Tables written: each file is there whole, or as it was."""

import errno
import os
import sys
from contextlib import suppress
from pathlib import Path


def write_file(path: Path, data: bytes) -> None:
    """Put a file in its place whole; one that was there keeps its permissions, a symbolic link leads to the new one.

    It keeps its owner and its group as well, as far as the process may give files away.

    Raises:
        OSError: if it cannot be written; its file name is that of *path*, and nothing is left beside it.
    """
    target = Path(os.path.realpath(path))
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        if target.exists() and not os.access(target, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        target.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(data)
        with suppress(FileNotFoundError):
            _keep_owner(part, target)
            part.chmod(target.stat().st_mode & 0o777)
        part.replace(target)
    except OSError as error:
        raise OSError(error.errno, error.strerror or str(error), str(path)) from error
    finally:
        with suppress(OSError):
            part.unlink()


def _keep_owner(new: Path, old: Path) -> None:
    """Give *new* to whom *old* belongs; Windows knows no such owners."""
    if sys.platform == "win32":
        return
    before, made = old.stat(), new.stat()
    if before.st_gid != made.st_gid:
        with suppress(PermissionError):
            os.chown(new, -1, before.st_gid)
    if before.st_uid != made.st_uid:
        with suppress(PermissionError):
            os.chown(new, before.st_uid, -1)
