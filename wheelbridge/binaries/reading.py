"""Binaries found by how they begin, in a wheel or in a folder; one at a time, so that size costs no memory."""

import os
import shutil
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

from wheelbridge.binaries.errors import DamagedBinaryError, NotAnArchiveError
from wheelbridge.model.binary import Binary, Damaged, Format

Report = Callable[[Damaged], object]
"""Is told of each file that cannot be read."""

_ALLOWANCE = 256 * 2**20
_RATIO = 20
_LARGEST = 8 * 2**30
"""Bytes of binaries that are unpacked of a wheel: so many, for each byte of the wheel so many more, and never more.

Code takes up two to five times its packed size, a bomb a thousand times; so a small wheel costs seconds at most.
"""
_BEGINNING = 8
_MOST_SLICES = 30
"""Java's class files begin like Mach-O files with several slices; what stands there is their version, 45 and up."""
_MACHO = frozenset({b"\xfe\xed\xfa\xce", b"\xfe\xed\xfa\xcf", b"\xce\xfa\xed\xfe", b"\xcf\xfa\xed\xfe"})
_FAT = {b"\xca\xfe\xba\xbe": struct.Struct(">8xI"), b"\xca\xfe\xba\xbf": struct.Struct(">8xQ")}
"""How such a file begins, and where in an entry of its table the place of the slice stands."""
_FAT_TABLE = 8
_STATIC = b"!<arch>\n"
_PE_PLACE = 0x3C
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
"""How wheels are packed. Of the others, the standard library unpacks all that it has read, whatever is asked for:
four kilobytes of bzip2 are two gigabytes of zeros."""
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
        said = str(error).replace(str(file), name)  # some name the temporary copy
        reason = " ".join(said.split()) or type(error).__name__
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
            allowed = min(_ALLOWANCE + _RATIO * wheel.stat().st_size, _LARGEST)
            unpacking = _Unpacking(archive, Path(folder) / "binary", allowed)
            return tuple(_collect(map(unpacking.read, members), report))
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


@dataclass(slots=True)
class _Unpacking:
    """Members of an archive read by way of the file *place*; *left* is how many bytes may be unpacked still."""

    archive: zipfile.ZipFile
    place: Path
    left: int

    def read(self, item: zipfile.ZipInfo) -> Binary | Damaged | None:
        """Read one member; no more is unpacked than the archive announces."""
        if item.compress_type not in _METHODS:
            return Damaged(item.filename, f"it is not unpacked: wheels have no files of method {item.compress_type}")
        try:
            with self.archive.open(item) as stream:
                if not _looks_binary(stream.read(_BEGINNING)):
                    return None
            if item.file_size > self.left:
                return Damaged(item.filename, _too_large(item))
            self.left -= item.file_size
            with self.archive.open(item) as stream, self.place.open("wb") as copy:
                shutil.copyfileobj(stream, copy, 2**20)
        except _UNREADABLE as error:
            return Damaged(item.filename, f"it cannot be unpacked ({error})")
        try:
            return read_binary(self.place, item.filename)
        except DamagedBinaryError as error:
            return Damaged(item.filename, error.reason)


def _too_large(item: zipfile.ZipInfo) -> str:
    return f"it was not unpacked: with its {item.file_size} bytes, the wheel takes more than wheels of its size do"


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
    place = entry.unpack(data)[0] if len(data) == entry.size else 0
    if place >= stream.seek(0, os.SEEK_END):  # no system can seek to some of these places
        return True
    stream.seek(place)
    return stream.read(len(_STATIC)) != _STATIC


def _has_pe_header(stream: IO[bytes]) -> bool:
    """Tell programs for Windows from those for DOS."""
    stream.seek(_PE_PLACE)
    stream.seek(int.from_bytes(stream.read(4), "little"))
    return stream.read(4) == b"PE\0\0"
