"""Wheels as conda packages: from a downloaded file to a directory that rattler links from.

An entry of the cache is ``<cache>/<sha256>-<flavour>/<name>-<version>-<build>/``: the inner name is the one by which
rattler looks a record up, the outer one tells apart what shares that name and differs in content. Each outer
directory is a layer of rattler's package cache of its own. *flavour* covers what the wheel alone does not decide:
where ``bin`` lies as seen from ``site-packages``, whether the user asked for the project, where it came from.
"""

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import installer
from rattler.repo_data import RepoDataRecord

from wheelbridge.installer.cache import load_files, make_workspace, publish, read_lock, write_lock
from wheelbridge.installer.errors import HashMismatchError, UnsafePathError, os_errors
from wheelbridge.installer.layout import PythonLayout, is_inside
from wheelbridge.installer.wheel_destination import PackageDestination
from wheelbridge.installer.wheel_source import CheckedWheel, open_wheel
from wheelbridge.model.name import CondaName
from wheelbridge.model.record import WheelRecord

INSTALLER = "wheelbridge"
_FORMAT = 1
_SHA256_SHOWN = 32
_FLAVOUR_SHOWN = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class WheelUse:
    """How a wheel is used by one environment: what its unpacked form depends on beside the wheel.

    Attributes:
        requested: the user asked for it by name (``REQUESTED``).
        direct_url: the contents of ``direct_url.json`` (PEP 610), for what came from no index.
    """

    layout: PythonLayout
    requested: bool = False
    direct_url: Mapping[str, object] | None = None

    def layer(self, cache: Path, sha256: str, *, headers: bool) -> Path:
        """Return the cache layer of the wheel with this hash (hexadecimal)."""
        include = self.layout.include if headers else None
        direct_url = None if self.direct_url is None else dict(self.direct_url)
        parts = [_FORMAT, self.layout.up, self.layout.scripts, include, self.requested, direct_url]
        flavour = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
        return cache / f"{sha256[:_SHA256_SHOWN]}-{flavour[:_FLAVOUR_SHOWN]}"

    def metadata(self) -> dict[str, bytes]:
        """Return the files that the installing tool adds to ``.dist-info``.

        Recording installed projects: "INSTALLER ... the name of the tool used to install the project"; REQUESTED
        "is created when the distribution was installed by direct user request".
        """
        files = {"INSTALLER": f"{INSTALLER}\n".encode()}
        if self.requested:
            files["REQUESTED"] = b""
        if self.direct_url is not None:
            files["direct_url.json"] = json.dumps(dict(self.direct_url), sort_keys=True).encode()
        return files


def is_wheel(record: RepoDataRecord) -> bool:
    """Tell whether *record* was made from a wheel."""
    return record.file_name.endswith(".whl")


def wheel_record(record: RepoDataRecord) -> WheelRecord:
    """Return the record of a wheel as our own value, from the solver's."""
    return WheelRecord(
        name=CondaName(record.name.normalized),
        version=str(record.version),
        build=str(record.build),
        build_number=record.build_number,
        subdir=record.subdir,
        fn=record.file_name,
        depends=tuple(record.depends),
        constrains=tuple(record.constrains),
        extra_depends={extra: tuple(specs) for extra, specs in record.extra_depends.items()},
        url=record.url,
        sha256=record.sha256.hex() if record.sha256 else None,
        size=record.size,
        timestamp=int(record.timestamp.timestamp() * 1000) if record.timestamp else None,
        track_features=tuple(record.track_features),
        flags=tuple(record.flags),
    )


def find_unpacked(record: WheelRecord, cache: Path, use: WheelUse) -> Path | None:
    """Return the directory of a wheel that was unpacked before, whole and for the same use; None if there is none."""
    if record.sha256 is None:
        return None
    for headers in (False, True):
        entry = use.layer(cache, record.sha256, headers=headers) / _entry_name(record)
        if _is_sound(entry, record.sha256):
            _write_index(entry, record)
            return entry
    return None


def find_member(sha256: str, cache: Path, name: str) -> Path | None:
    """Return a file of an unpacked wheel's ``.dist-info``, by the wheel's hash (hexadecimal); None if there is none."""
    return next(cache.glob(f"{sha256[:_SHA256_SHOWN]}-*/*/site-packages/*.dist-info/{name}"), None)


def unpack_wheel(wheel: Path, record: WheelRecord, cache: Path, *, use: WheelUse) -> Path:
    """Unpack *wheel* into the wheel cache as a conda package; return its directory, ready to be linked.

    The directory appears in one step and is never half there; processes that unpack the same wheel at the same time
    do not disturb each other. An entry that is there already is returned.

    Raises:
        HashMismatchError: if the file is not the one *record* announces; nothing is unpacked then.
        RecordMismatchError: if RECORD does not describe the wheel's files.
        UnsafePathError: if a file would land outside its place.
        InvalidWheelError: if it cannot be installed for another reason.
        NoSpaceError: if the disk is full.
    """
    with os_errors(cache), wheel.open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
        if record.sha256 not in (None, sha256):
            raise HashMismatchError(record.fn, expected=str(record.sha256), actual=sha256)
        known = replace(record, sha256=sha256)
        if found := find_unpacked(known, cache, use):
            return found
        stream.seek(0)
        with open_wheel(stream, record.fn) as source:
            return _unpack(source, known, cache, use)


def write_package(source: CheckedWheel, record: WheelRecord, directory: Path, use: WheelUse) -> None:
    """Write the contents of a wheel into the folder *directory*, as an extracted conda package (CEP 34) has them.

    Raises:
        InvalidWheelError: if two of its files belong at one place.
    """
    destination = PackageDestination(directory, use.layout, fn=record.fn, project=source.project)
    installer.install(source, destination, use.metadata())
    _write_info(directory, record, destination)


def _unpack(source: CheckedWheel, record: WheelRecord, cache: Path, use: WheelUse) -> Path:
    workspace = make_workspace(cache)
    try:
        entry = workspace / _entry_name(record)
        write_package(source, record, entry, use)
        sha256 = str(record.sha256)
        write_lock(entry, bytes.fromhex(sha256))
        layer = use.layer(cache, sha256, headers=source.has_headers)
        publish(workspace, layer, lambda: _is_sound(layer / entry.name, sha256))
    finally:
        shutil.rmtree(workspace, ignore_errors=True)
    return layer / entry.name


def _write_info(entry: Path, record: WheelRecord, destination: PackageDestination) -> None:
    """Write the metadata files of a conda package (CEP 34)."""
    (entry / "info").mkdir(parents=True, exist_ok=True)
    points = [destination.entry_points[name] for name in sorted(destination.entry_points)]
    link = {"package_metadata_version": 1, "noarch": {"type": "python", "entry_points": points}}
    (entry / "info/link.json").write_text(json.dumps(link, indent=2), encoding="utf-8")
    paths = {"paths_version": 1, "paths": sorted(destination.paths, key=lambda item: str(item["_path"]))}
    (entry / "info/paths.json").write_text(json.dumps(paths, indent=2), encoding="utf-8")
    _write_index(entry, record)


def _write_index(entry: Path, record: WheelRecord) -> None:
    """Write ``info/index.json``, unless it is there: a new mapping may change what the same wheel depends on."""
    path = entry / "info/index.json"
    text = json.dumps({"schema_version": 2, **record.as_json()}, indent=2, sort_keys=True)
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        fresh = make_workspace(path.parent) / path.name
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(path)
        fresh.parent.rmdir()


def _entry_name(record: WheelRecord) -> str:
    name = f"{record.name}-{record.version}-{record.build}"
    if "/" in name or not is_inside(name):
        raise UnsafePathError(record.fn, name, "is no name for a directory")
    return name


def _is_sound(entry: Path, sha256: str) -> bool:
    return read_lock(entry) == bytes.fromhex(sha256) and load_files(entry, None) is not None
