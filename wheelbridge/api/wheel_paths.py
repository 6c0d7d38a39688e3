"""Files of wheels that people name: opened, or refused with what to do instead."""

import re
from pathlib import Path

from wheelbridge.errors import UsageError
from wheelbridge.index.errors import InvalidMetadataError, NotAWheelError
from wheelbridge.index.metadata import check_identity, parse_metadata
from wheelbridge.index.wheelfile import METADATA, read_member
from wheelbridge.model.distribution import CoreMetadata
from wheelbridge.translate.errors import InvalidWheelNameError
from wheelbridge.translate.wheel import WheelName

_SUFFIX = ".whl"
_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+:)/+(.+)")
_PROJECT = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?")
_DAMAGED = "Get the file anew, or tell its author."


def parse_wheel_path(path: Path) -> WheelName:
    """Return what the name of a wheel says; whether there is such a file comes first.

    Raises:
        UsageError: if there is none.
        InvalidWheelNameError: if it is not called as wheels are.
    """
    if not path.is_file():
        raise _absent(path)
    try:
        return WheelName.parse(path.name)
    except InvalidWheelNameError as error:
        error.hint = "Name a wheel: NAME-VERSION-PYTHON-ABI-PLATFORM.whl, as the index calls it."
        raise


def read_wheel_metadata(path: Path) -> tuple[bytes, CoreMetadata]:
    """Return the METADATA of a wheel, and what they say.

    Raises:
        UsageError: if the file cannot be opened.
        NotAWheelError, InvalidMetadataError: if it is no wheel.
    """
    try:
        text = read_wheel_member(path, METADATA)
        return text, check_identity(parse_metadata(text, path.name), path.name)
    except (NotAWheelError, InvalidMetadataError) as error:
        error.hint = _DAMAGED  # who names a file has no other version to go to
        raise


def read_wheel_member(path: Path, member: str) -> bytes:
    """Return a file of the ``.dist-info`` of a wheel.

    Raises:
        UsageError: if the wheel cannot be opened.
        NotAWheelError: if it has no such file.
    """
    try:
        with path.open("rb") as stream:
            return read_member(stream, path.name, member)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error


def _absent(path: Path) -> UsageError:
    """Say what a path is that is no file: a folder, the address or the name of something to download, or nothing."""
    if path.is_dir():
        return UsageError(f"{path} is a folder, not a wheel", hint=f"Name the wheels in it: {path / '*'}{_SUFFIX}")
    if found := _URL.fullmatch(path.as_posix()):
        url = f"{found[1]}//{found[2]}"  # a path has one slash of several
        return UsageError(f"{url} is a URL, not a file", hint=f"Download it first: pip download --no-deps {url}")
    if path.suffix != _SUFFIX and _PROJECT.fullmatch(str(path)):
        hint = f"If you mean the project, download it first: pip download --no-deps {path}"
        return UsageError(f"There is no file {str(path)!r}", hint=hint)
    return UsageError(f"There is no file {str(path)!r}", hint="Check the path.")
