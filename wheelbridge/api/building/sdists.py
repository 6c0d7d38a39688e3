"""Source distributions unpacked: into a folder of their own, and nowhere else."""

import tarfile
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Self

from packaging.utils import InvalidSdistFilename, NormalizedName, canonicalize_name, parse_sdist_filename
from packaging.version import InvalidVersion, Version

from wheelbridge.api.building.errors import InvalidSdistError
from wheelbridge.errors import WheelbridgeError
from wheelbridge.index.metadata import parse_metadata

_BROKEN = (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError)
_METADATA = "PKG-INFO"


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


def unpack_sdist(archive: Path, folder: Path) -> Path:
    """Unpack *archive* into *folder*, which is empty; return the folder of the project in it.

    Source distribution format: "contains a single top-level directory called ``{name}-{version}`` (e.g. ``foo-1.0``),
    containing the source files of the package", and its PKG-INFO is that of the same name and version.

    Raises:
        InvalidSdistError: if it is something else, or would write outside *folder*.
    """
    name = SdistName.parse(archive.name)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        if archive.name.endswith(".zip"):
            _unpack_zip(archive, folder)
        else:
            _unpack_tar(archive, folder)
    except _BROKEN as error:
        raise InvalidSdistError(archive.name, f"it cannot be unpacked: {error}") from error
    return _find_project(archive.name, folder, name)


def _unpack_tar(archive: Path, folder: Path) -> None:
    """Unpack with the filter.

    Source distribution format: "When extracting a source distribution, tools MUST either use
    ``tarfile.data_filter()`` …, OR follow the *Unpacking without the data filter* section".
    """
    if not hasattr(tarfile, "data_filter"):
        raise InvalidSdistError(archive.name, "this Python has no safe way to unpack it; 3.11.4 and newer have")
    with tarfile.open(archive, "r:gz") as tar:
        tar.extractall(folder, filter="data")


def _unpack_zip(archive: Path, folder: Path) -> None:
    with zipfile.ZipFile(archive) as packed:
        for member in packed.namelist():
            path = PurePosixPath(member)
            if path.is_absolute() or ".." in path.parts or "\\" in member or ":" in member:
                raise InvalidSdistError(archive.name, f"its member {member!r} would be written elsewhere")
        packed.extractall(folder)  # noqa: S202 - checked above, one by one; what is a link becomes a plain file


def _find_project(filename: str, folder: Path, name: SdistName) -> Path:
    top = [*folder.iterdir()]
    if len(top) != 1 or not top[0].is_dir() or top[0].is_symlink():
        raise InvalidSdistError(filename, f"it has {len(top)} entries at its top, not one folder")
    metadata = top[0] / _METADATA
    if not metadata.is_file():
        raise InvalidSdistError(filename, f"it has no {_METADATA}")
    try:
        said = parse_metadata(metadata.read_bytes(), filename)
        same = (canonicalize_name(said.name), Version(said.version)) == (name.project, name.version)
    except (WheelbridgeError, InvalidVersion) as error:
        raise InvalidSdistError(filename, f"its {_METADATA} cannot be read: {error}") from error
    if not same:
        raise InvalidSdistError(filename, f"its {_METADATA} is that of {said.name} {said.version}")
    return top[0]
