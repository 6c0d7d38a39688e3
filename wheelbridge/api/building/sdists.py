"""Source distributions unpacked: into a folder of their own, and nowhere else."""

import lzma
import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Self

from packaging.utils import InvalidSdistFilename, NormalizedName, canonicalize_name, parse_sdist_filename
from packaging.version import InvalidVersion, Version

from wheelbridge.api.building.errors import InvalidSdistError
from wheelbridge.errors import WheelbridgeError
from wheelbridge.index.metadata import parse_metadata

_BROKEN = (
    *(tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError),
    *(NotImplementedError, RuntimeError, ValueError, KeyError, OverflowError),
)
"""What the libraries raise of an archive that breaks the rules; the last three of names, links and times in it."""
_METADATA = "PKG-INFO"
_COMPRESSIONS = {".bz2": "bz2", ".xz": "xz"}
"""Of archives that are no source distributions by name: those are gzipped (PEP 625)."""
_LARGE = 2**30
"""Bytes. What is not larger than that when unpacked harms nobody."""
_MOST_DENSE = 100
"""How many times as large an archive may become that is large; sources become 3 to 10 times, and zeros 1000 times."""


@dataclass(frozen=True, slots=True)
class SdistName:
    """What the name of a source distribution says."""

    project: NormalizedName
    version: Version

    @classmethod
    def parse(cls, filename: str) -> Self:
        """Read a file name.

        >>> SdistName.parse("Greet-1.0.tar.gz")
        SdistName(project='greet', version=<Version('1.0')>)

        Raises:
            InvalidSdistError: if it is not that of a source distribution.
        """
        try:
            return cls(*parse_sdist_filename(filename))
        except InvalidSdistFilename as error:
            raise InvalidSdistError(filename, "its name is not {name}-{version}.tar.gz") from error


def unpack_archive(archive: Path, folder: Path) -> Path:
    """Unpack *archive*, of whatever name, into *folder*, which is empty; return the one folder at its top.

    Raises:
        InvalidSdistError: if it is something else, would write outside *folder*, or is there to fill the disk.
    """
    _unpack(archive, folder)
    return _find_top(archive.name, folder)


def unpack_sdist(archive: Path, folder: Path) -> Path:
    """Unpack *archive* into *folder*, which is empty; return the folder of the project in it.

    Source distribution format: "contains a single top-level directory called ``{name}-{version}`` (e.g. ``foo-1.0``),
    containing the source files of the package", and its PKG-INFO is that of the same name and version.

    Raises:
        InvalidSdistError: if it is something else, would write outside *folder*, or is there to fill the disk.
    """
    name = SdistName.parse(archive.name)
    _unpack(archive, folder)
    return _check_metadata(archive.name, _find_top(archive.name, folder), name)


def _unpack(archive: Path, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    try:
        if archive.name.endswith(".zip"):
            _unpack_zip(archive, folder)
        else:
            _unpack_tar(archive, folder)
    except _BROKEN as error:
        reason = str(error.args[0]) if isinstance(error, KeyError) and error.args else str(error)
        raise InvalidSdistError(archive.name, f"it cannot be unpacked: {reason}") from error


def _unpack_tar(archive: Path, folder: Path) -> None:
    """Unpack with the filter.

    Source distribution format: "When extracting a source distribution, tools MUST either use
    ``tarfile.data_filter()`` …, OR follow the *Unpacking without the data filter* section".
    """
    if not hasattr(tarfile, "data_filter"):
        raise InvalidSdistError(archive.name, "this Python has no safe way to unpack it; 3.11.4 and newer have")
    room = _Room(archive, folder)

    def admit(member: tarfile.TarInfo, path: str) -> tarfile.TarInfo:
        room.take(member.size)
        return tarfile.data_filter(member, path)

    compression = _COMPRESSIONS.get(archive.suffix, "gz")
    with tarfile.open(archive, f"r:{compression}") as tar:  # type: ignore[call-overload] # of literals alone
        tar.extractall(folder, filter=admit)  # noqa: S202 - with the filter, and a bound on the size


def _unpack_zip(archive: Path, folder: Path) -> None:
    with zipfile.ZipFile(archive) as packed:
        _check_names(archive.name, packed.namelist())
        _Room(archive, folder).take(sum(member.file_size for member in packed.infolist()))
        packed.extractall(folder)  # noqa: S202 - checked above, one by one; what is a link becomes a plain file


def _check_names(filename: str, members: Iterable[str]) -> None:
    for member in members:
        path = PurePosixPath(member)
        if path.is_absolute() or ".." in path.parts or "\\" in member or ":" in member:
            raise InvalidSdistError(filename, f"its member {member!r} would be written elsewhere")


class _Room:
    """What an archive may become: not more than the disk has, and nothing that is made to fill it."""

    def __init__(self, archive: Path, folder: Path) -> None:
        self._name = archive.name
        self._most = max(_LARGE, archive.stat().st_size * _MOST_DENSE)
        self._free = shutil.disk_usage(folder).free
        self._taken = 0

    def take(self, size: int) -> None:
        """Count *size* bytes, before they are written."""
        self._taken += size
        if self._taken > self._most:
            raise InvalidSdistError(self._name, f"it unpacks to more than {self._most} bytes, as no project does")
        if self._taken > self._free:
            reason = f"it unpacks to more than {self._free} bytes, and the disk has no room for more"
            raise InvalidSdistError(self._name, reason, hint="Make room, or name another disk: WHEELBRIDGE_CACHE_DIR.")


def _find_top(filename: str, folder: Path) -> Path:
    top = [*folder.iterdir()]
    if len(top) != 1 or not top[0].is_dir() or top[0].is_symlink():
        raise InvalidSdistError(filename, f"it has {len(top)} entries at its top, not one folder")
    return top[0]


def _check_metadata(filename: str, folder: Path, name: SdistName) -> Path:
    """Make sure that *folder* is of the release *name*; return it."""
    metadata = folder / _METADATA
    if not metadata.is_file():
        raise InvalidSdistError(filename, f"it has no {_METADATA}")
    try:
        said = parse_metadata(metadata.read_bytes(), filename)
        same = (canonicalize_name(said.name), Version(said.version)) == (name.project, name.version)
    except (WheelbridgeError, InvalidVersion) as error:
        raise InvalidSdistError(filename, f"its {_METADATA} cannot be read: {error}") from error
    if not same:
        raise InvalidSdistError(filename, f"its {_METADATA} is that of {said.name} {said.version}")
    return folder
