"""Extracted packages in a cache: what they hold, and the marks by which rattler knows them."""

import hashlib
import json
import os
import re
import shutil
import struct
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISREG
from typing import TYPE_CHECKING, Any

from wheelbridge.installer.errors import OtherPackageError, UnsafeNameError, UnsafePathError
from wheelbridge.installer.layout import PythonLayout, is_inside

if TYPE_CHECKING:
    from rattler.repo_data import PackageRecord, RepoDataRecord

_ENTRY = re.compile(r"[A-Za-z0-9_.+!-]+")
_BUILD = re.compile(r"[A-Za-z0-9_.+]+")
_REVISION = struct.Struct(">Q")
_SHA256_BYTES = 32


@dataclass(frozen=True, slots=True)
class PackageFile:
    """One file of a package, at the place it is linked to.

    Attributes:
        path: relative to the prefix, with ``/``.
        sha256: lower-case hexadecimal, before the prefix is written into it; None for what is made while linking.
        size: bytes.
        patched: the file is written anew into every prefix, never hard-linked.
        in_prefix: of an installed file, its hash as it was put there; None where it is not known, or may change.
    """

    path: str
    sha256: str | None = None
    size: int = 0
    patched: bool = False
    in_prefix: str | None = None


def entry_name(record: "PackageRecord") -> str:
    """Return the directory name by which rattler's package cache finds *record*.

    CEP 26: "Builds strings MUST only consist of ASCII letters, numbers, periods, plus symbols, and underscores."
    rattler reads any build string of a channel or a lock.

    Raises:
        UnsafeNameError: if it would be no name of one directory.
    """
    name = f"{record.name.normalized}-{record.version}-{record.build}"
    if _ENTRY.fullmatch(name) is None or _BUILD.fullmatch(str(record.build)) is None:
        raise UnsafeNameError(str(getattr(record, "url", name)), name)
    return name


def write_lock(directory: Path, sha256: bytes | None) -> None:
    """Write the mark that tells rattler which archive *directory* was extracted from.

    rattler_cache, ``cache_lock.rs``: "Layout of a cache metadata file: a big-endian ``u64`` revision, optionally
    followed by a 32-byte sha256." The revision grows, so that a process that validated the older contents looks again.
    """
    path = Path(f"{directory}.lock")
    before = path.read_bytes()[: _REVISION.size] if path.exists() else b""
    revision = _REVISION.unpack(before)[0] + 1 if len(before) == _REVISION.size else 1
    path.write_bytes(_REVISION.pack(revision) + (sha256 or b""))


def read_lock(directory: Path) -> bytes | None:
    """Return the sha256 of the archive that *directory* was extracted from, where it is recorded."""
    try:
        digest = Path(f"{directory}.lock").read_bytes()[_REVISION.size :]
    except OSError:
        return None
    return digest if len(digest) == _SHA256_BYTES else None


def write_origin(directory: Path, record: "RepoDataRecord", found: Mapping[str, object]) -> None:
    """Write what the archive was that *directory* was extracted from: its record, as conda does, with what was *found*.

    That is ``sha256``, ``md5`` and ``size``.
    """
    path = directory / "info/repodata_record.json"
    path.unlink(missing_ok=True)  # the archive may bring a link, which leads anywhere
    path.write_text(json.dumps({**json.loads(record.to_json()), **found}), encoding="utf-8")


def read_origin(directory: Path) -> Mapping[str, Any]:
    """Return the record of the archive that *directory* was extracted from; empty where nobody wrote it.

    What stands there counts where it names the archive's hash: an archive cannot hold its own.
    """
    digest = read_lock(directory)
    try:
        origin = json.loads((directory / "info/repodata_record.json").read_bytes())
        return origin if digest is not None and origin["sha256"] == digest.hex() else {}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def is_from(directory: Path, record: "RepoDataRecord") -> bool:
    """Tell whether *directory* was extracted from the archive of *record*: by sha256, else by MD5, else by URL."""
    if record.sha256 is not None:
        return read_lock(directory) == record.sha256
    key, wanted = ("url", record.url) if record.md5 is None else ("md5", record.md5.hex())
    return bool(read_origin(directory).get(key) == wanted)


def check_index(directory: Path, record: "RepoDataRecord") -> None:
    """Make sure that the extracted package in *directory* is by its own metadata the one that *record* is of.

    Raises:
        OtherPackageError: if it is not.
    """
    index = json.loads((directory / "info/index.json").read_bytes())
    actual = f"{str(index['name']).lower()}-{index['version']}-{index['build']}"
    if actual != (expected := entry_name(record)):
        raise OtherPackageError(record.file_name, expected=expected, actual=actual)


def load_files(directory: Path, layout: PythonLayout | None) -> tuple[PackageFile, ...] | None:
    """Return what the extracted package in *directory* links into an environment with *layout*.

    Return None where the package is not whole: metadata that cannot be read, a file that is gone or has
    another size. Contents are not hashed: the archive was, before it was extracted.

    Raises:
        UnsafePathError: if a file would be linked outside the environment; rattler does as it is told.
    """
    try:
        entries = _file_entries(directory)
        return _linked(directory, entries, layout) if all(_is_whole(directory, entry) for entry in entries) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def list_files(directory: Path, layout: PythonLayout | None) -> tuple[PackageFile, ...]:
    """Return what the extracted package in *directory* links into an environment with *layout*, be it whole or not.

    Raises:
        UnsafePathError: if a file would be linked outside the environment.
    """
    return _linked(directory, _file_entries(directory), layout)


def _linked(directory: Path, entries: Iterable[dict[str, Any]], layout: PythonLayout | None) -> tuple[PackageFile, ...]:
    index = json.loads((directory / "info/index.json").read_bytes())
    if index.get("noarch") != "python" or layout is None:
        return tuple(_package_file(entry, str(entry["_path"])) for entry in entries)
    linked = [_package_file(entry, layout.target_path(str(entry["_path"]))) for entry in entries]
    made = [path for command in _commands(directory) for path in layout.entry_point_paths(command)]
    _check_inside(directory, made)
    return (*linked, *(PackageFile(path, patched=True) for path in made))


def is_intact(directory: Path) -> bool:
    """Tell whether every file of the extracted package is what its metadata says, by hash.

    Environments have hard links to these files: who writes into one there writes into the cache.
    """
    try:
        entries = [entry for entry in _path_entries(directory) if entry.get("path_type", "hardlink") == "hardlink"]
        return all(_has_hash(directory / entry["_path"], entry.get("sha256")) for entry in entries)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _has_hash(path: Path, digest: str | None) -> bool:
    with path.open("rb") as stream:
        return digest is None or hashlib.file_digest(stream, "sha256").hexdigest() == digest


def _path_entries(directory: Path) -> Iterable[dict[str, Any]]:
    """Yield the path entries of ``info/paths.json`` (CEP 34), or of the older ``info/files``."""
    paths = directory / "info/paths.json"
    if paths.exists():
        yield from json.loads(paths.read_bytes())["paths"]
        return
    for line in (directory / "info/files").read_text(encoding="utf-8").splitlines():
        if line.strip():
            kind = "softlink" if (directory / line).is_symlink() else "hardlink"
            yield {"_path": line, "path_type": kind}


def _file_entries(directory: Path) -> list[dict[str, Any]]:
    entries = list(_path_entries(directory))
    _check_inside(directory, [str(entry["_path"]) for entry in entries])
    return [entry for entry in entries if entry.get("path_type") != "directory"]


def _check_inside(directory: Path, paths: Iterable[str]) -> None:
    """Refuse paths that lead out of the package; a backslash means something on Windows alone."""
    for path in paths:
        if not is_inside(path if os.name == "nt" else path.replace("\\", "_")):
            raise UnsafePathError(directory.name, path, "leads outside the environment")


def _is_whole(directory: Path, entry: dict[str, Any]) -> bool:
    status = os.lstat(directory / entry["_path"])
    if entry.get("path_type", "hardlink") != "hardlink" or entry.get("size_in_bytes") is None:
        return True
    return S_ISREG(status.st_mode) and status.st_size == entry["size_in_bytes"]


def _package_file(entry: dict[str, Any], path: str) -> PackageFile:
    patched = bool(entry.get("prefix_placeholder"))
    return PackageFile(path, entry.get("sha256"), int(entry.get("size_in_bytes") or 0), patched)


def _commands(directory: Path) -> Iterator[str]:
    link = directory / "info/link.json"
    if link.exists():
        for line in json.loads(link.read_bytes()).get("noarch", {}).get("entry_points", ()):
            yield str(line).partition("=")[0].strip()


def make_workspace(parent: Path) -> Path:
    """Make a new directory beside cache entries: on their file system, and readable for whom the mask allows."""
    workspace = parent / f".wheelbridge-{uuid.uuid4().hex}"
    workspace.mkdir(parents=True)
    return workspace


def publish(built: Path, place: Path, is_sound: Callable[[], bool]) -> None:
    """Move the finished directory *built* to *place* in one step.

    What another process put at *place* meanwhile is kept if it *is_sound*, and replaced if not, so that readers see
    a whole directory or none; no lock is needed.
    """
    for _ in range(3):
        try:
            built.rename(place)
        except OSError:
            if not place.is_dir():
                raise
        else:
            return
        if is_sound():
            break
        discard(place)
    discard(built)


def discard(directory: Path) -> None:
    """Remove *directory* so that no reader finds half of it."""
    grave = directory.parent / f".wheelbridge-{uuid.uuid4().hex}"
    try:
        directory.rename(grave)
    except FileNotFoundError:
        return
    shutil.rmtree(grave, ignore_errors=True)
