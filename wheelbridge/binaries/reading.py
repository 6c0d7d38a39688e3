"""Binaries found by how they begin, in a wheel or in a folder; one at a time, so that size costs no memory."""

import shutil
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

from wheelbridge.binaries.errors import DamagedBinaryError, NotAnArchiveError
from wheelbridge.model.binary import Binary, Damaged, Format

Report = Callable[[Damaged], object]
"""Is told of each file that cannot be read."""

_LARGEST = 8 * 2**30
"""Bytes of a binary; what announces more is not unpacked."""
_BEGINNING = 8
_MOST_SLICES = 30
"""Java's class files begin like Mach-O files with several slices; what stands there is their version, 45 and up."""
_MACHO = frozenset({b"\xfe\xed\xfa\xce", b"\xfe\xed\xfa\xcf", b"\xce\xfa\xed\xfe", b"\xcf\xfa\xed\xfe"})
_FAT = {b"\xca\xfe\xba\xbe": struct.Struct(">8xI"), b"\xca\xfe\xba\xbf": struct.Struct(">8xQ")}
"""How such a file begins, and where in an entry of its table the place of the slice stands."""
_FAT_TABLE = 8
_STATIC = b"!<arch>\n"
_PE_PLACE = 0x3C
_UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError)


def read_binary(file: Path, name: str) -> Binary | None:
    """Read what a file loads, which messages call *name*; None if it is no ELF, Mach-O or PE file.

    Raises:
        DamagedBinaryError: if it begins like one and cannot be read.
        OSError: if there is no such file.
    """
    with file.open("rb") as stream:
        kind = _recognize(stream)
    if kind is None:
        return None
    try:
        return _read(kind, file, name)
    except Exception as error:  # over damaged files, these libraries fail in any way
        reason = " ".join(str(error).split()) or type(error).__name__
        raise DamagedBinaryError(name, f"it begins like {_WORDS[kind]} and is none ({reason})") from error


def read_wheel_binaries(wheel: Path, report: Report | None = None) -> tuple[Binary, ...]:
    """Read every binary of a wheel, sorted by path; *report* is told of what cannot be read.

    Each is unpacked into one temporary file, in the place of the one before.

    Raises:
        NotAnArchiveError: if *wheel* is no zip archive.
    """
    try:
        with zipfile.ZipFile(wheel) as archive, TemporaryDirectory(prefix="wheelbridge-") as folder:
            members = sorted((item for item in archive.infolist() if not item.is_dir()), key=lambda item: item.filename)
            place = Path(folder) / "binary"
            return tuple(_collect((_read_member(archive, item, place) for item in members), report))
    except zipfile.BadZipFile as error:
        raise NotAnArchiveError(wheel.name, str(error)) from error


def read_tree_binaries(root: Path, paths: Iterable[str], report: Report | None = None) -> tuple[Binary, ...]:
    """Read the binaries among *paths*, which are below *root*; links are passed over, as what they lead to is read.

    *report* is told of what cannot be read, a file that is not there included.
    """
    return tuple(_collect((_read_path(root / path, path) for path in paths), report))


def _collect(found: Iterable[Binary | Damaged | None], report: Report | None) -> Iterator[Binary]:
    for one in found:
        if isinstance(one, Damaged):
            if report is not None:
                report(one)
        elif one is not None:
            yield one


def _read_member(archive: zipfile.ZipFile, item: zipfile.ZipInfo, place: Path) -> Binary | Damaged | None:
    """Read one member by way of the file *place*; no more is unpacked than the archive announces."""
    try:
        with archive.open(item) as stream:
            if not _looks_binary(stream.read(_BEGINNING)):
                return None
        if item.file_size > _LARGEST:
            return Damaged(item.filename, f"it announces {item.file_size} bytes")
        with archive.open(item) as stream, place.open("wb") as copy:
            shutil.copyfileobj(stream, copy, 2**20)
    except _UNREADABLE as error:
        return Damaged(item.filename, f"it cannot be unpacked ({error})")
    try:
        return read_binary(place, item.filename)
    except DamagedBinaryError as error:
        return Damaged(item.filename, error.reason)


def _read_path(file: Path, name: str) -> Binary | Damaged | None:
    if file.is_symlink():
        return None
    try:
        return read_binary(file, name)
    except DamagedBinaryError as error:
        return Damaged(name, error.reason)
    except OSError as error:
        return Damaged(name, error.strerror or str(error))


_WORDS: dict[Format, str] = {"elf": "an ELF file", "macho": "a Mach-O file", "pe": "a PE file"}


def _read(kind: Format, file: Path, name: str) -> Binary:
    """Read a file of a kind; its library is imported where there is a file to read."""
    if kind == "elf":
        from wheelbridge.binaries.elf import read_elf  # noqa: PLC0415 - start-up stays fast

        return read_elf(file, name)
    if kind == "macho":
        from wheelbridge.binaries.macho import read_macho  # noqa: PLC0415 - same

        return read_macho(file, name)
    from wheelbridge.binaries.pe import read_pe  # noqa: PLC0415 - same

    return read_pe(file, name)


def _looks_binary(beginning: bytes) -> bool:
    """Tell whether a file that begins so is worth unpacking."""
    magic = beginning[:4]
    return magic == b"\x7fELF" or magic in _MACHO or magic in _FAT or magic[:2] == b"MZ"


def _recognize(stream: IO[bytes]) -> Format | None:
    beginning = stream.read(_BEGINNING)
    magic = beginning[:4]
    if magic == b"\x7fELF":
        return "elf"
    if magic in _MACHO or (magic in _FAT and _has_slices(stream, beginning)):
        return "macho"
    return "pe" if magic[:2] == b"MZ" and _has_pe_header(stream) else None


def _has_slices(stream: IO[bytes], beginning: bytes) -> bool:
    """Tell files with several slices from Java's class files, and from static libraries with several slices."""
    if not 0 < int.from_bytes(beginning[4:8], "big") <= _MOST_SLICES:
        return False
    entry = _FAT[beginning[:4]]
    stream.seek(_FAT_TABLE)
    data = stream.read(entry.size)
    if len(data) == entry.size:
        stream.seek(entry.unpack(data)[0])
        return stream.read(len(_STATIC)) != _STATIC
    return True


def _has_pe_header(stream: IO[bytes]) -> bool:
    """Tell programs for Windows from those for DOS."""
    stream.seek(_PE_PLACE)
    stream.seek(int.from_bytes(stream.read(4), "little"))
    return stream.read(4) == b"PE\0\0"
