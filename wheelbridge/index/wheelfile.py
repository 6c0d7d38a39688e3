"""METADATA and variant.json out of a wheel, local or remote."""

import zipfile
import zlib
from lzma import LZMAError
from typing import IO

from packaging.utils import canonicalize_name

from wheelbridge.index.errors import NotAWheelError

_LARGEST = 16 * 2**20
_DAMAGED = (zipfile.BadZipFile, zlib.error, LZMAError, EOFError)
_BROKEN = (*_DAMAGED, NotImplementedError, RuntimeError, UnicodeDecodeError, ValueError)


METADATA = "METADATA"
VARIANT_JSON = "variant.json"


def read_member(stream: IO[bytes], filename: str, member: str) -> bytes:
    """Return *member* of the ``.dist-info`` folder of the wheel that *stream* holds; *filename* is the wheel's.

    Binary distribution format: "``{distribution}-{version}.dist-info/`` contains metadata."

    Raises:
        NotAWheelError: if it is no zip archive, or has not exactly one fitting ``.dist-info`` with *member*.
    """
    try:
        with zipfile.ZipFile(stream) as archive:
            info = archive.getinfo(f"{_dist_info(archive.namelist(), filename)}/{member}")
            if info.file_size > _LARGEST:
                raise NotAWheelError(filename, f"its {member} has {info.file_size} bytes")
            with archive.open(info) as packed:  # the size that is announced may be false
                return packed.read(_LARGEST)
    except KeyError:
        raise NotAWheelError(filename, f"its .dist-info folder has no {member}") from None
    except _BROKEN as error:
        raise NotAWheelError(filename, f"the archive cannot be read ({error})") from error


def _dist_info(names: list[str], filename: str) -> str:
    """Return the one ``.dist-info`` folder, whose name must be that of the project in *filename*."""
    folders = sorted({name.partition("/")[0] for name in names if ".dist-info/" in name})
    found = [folder for folder in folders if folder.endswith(".dist-info")]
    if len(found) != 1:
        raise NotAWheelError(filename, f"it has {len(found)} .dist-info folders, not one")
    project = found[0].removesuffix(".dist-info").rpartition("-")[0]
    if canonicalize_name(project) != canonicalize_name(filename.partition("-")[0]):
        raise NotAWheelError(filename, f"its .dist-info folder is {found[0]!r}")
    return found[0]
