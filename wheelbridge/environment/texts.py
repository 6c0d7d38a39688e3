"""The text of a file, every byte of it: what cannot be read, or is no UTF-8, is told with what to do."""

import contextlib
import os
import shutil
import tempfile
from pathlib import Path

from wheelbridge.environment.errors import InvalidEnvironmentFileError


def read_text(path: Path) -> str:
    """Return the text of the file *path* with its ends of lines, and with its byte order mark, if it has one.

    Raises:
        InvalidEnvironmentFileError: if it is not there, cannot be read, or is not UTF-8.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise InvalidEnvironmentFileError(str(path), "", "there is no such file", hint="Check its name.") from None
    except OSError as error:
        raise InvalidEnvironmentFileError(
            str(path), "", error.strerror or str(error), hint="Check that it is a file that you may read."
        ) from None
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InvalidEnvironmentFileError(
            f"{path}:{line}", "", f"the byte 0x{data[error.start]:02x} is not UTF-8", hint="Save the file as UTF-8."
        ) from None


def write_text(path: Path, text: str) -> None:
    """Put *text* in the place of what the file *path* holds, whole or not at all; links and modes stay."""
    real = Path(os.path.realpath(path))
    handle, name = tempfile.mkstemp(prefix=f".{real.name}.", dir=real.parent)
    draft = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode("utf-8"))
        shutil.copymode(real, draft)
        draft.replace(real)
    except BaseException:
        with contextlib.suppress(OSError):
            draft.unlink()
        raise
