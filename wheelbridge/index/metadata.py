"""Core metadata: the few fields a resolution needs, out of METADATA, kept on disk for good."""

import json
import re
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from threading import Lock

from packaging.metadata import parse_email
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from wheelbridge.index.errors import InvalidMetadataError
from wheelbridge.index.transfer import write_atomically
from wheelbridge.model.distribution import CoreMetadata, DistributionFile

_END_OF_HEADERS = re.compile(rb"\r?\n\r?\n").search
_EXTERNAL = ("requires-external-dep", "provides-external-extra")
"""PEP 725: "Two new fields are added to Core Metadata"; `packaging` does not know them yet, and keeps them apart."""
_DECISIVE = frozenset({"name", "version", "requires-dist", "requires-python", "provides-extra"})


def parse_metadata(text: bytes, filename: str) -> CoreMetadata:
    r"""Read the fields of METADATA that decide a resolution; the description is not even looked at.

    >>> parse_metadata(b"Metadata-Version: 2.1\nName: a\nVersion: 1\n\nDescription", "a-1-py3-none-any.whl").name
    'a'

    Raises:
        InvalidMetadataError: if one of them is missing, repeated or unreadable; *filename* names the wheel.
    """
    end = _END_OF_HEADERS(text)
    fields, unparsed = parse_email(text[: end.start()] if end else text)
    if lost := sorted(_DECISIVE & unparsed.keys()):
        raise InvalidMetadataError(filename, f"the field {lost[0]!r} cannot be read")
    if missing := [key for key in ("name", "version") if not fields.get(key)]:
        raise InvalidMetadataError(filename, f"it has no field {missing[0]!r}")
    dependencies, extras = (tuple(unparsed.get(key, ())) for key in _EXTERNAL)
    return CoreMetadata(
        name=fields["name"],
        version=fields["version"],
        requires_dist=tuple(fields.get("requires_dist", ())),
        requires_python=fields.get("requires_python") or None,
        provides_extra=tuple(fields.get("provides_extra", ())),
        requires_external=dependencies,
        provides_external_extra=extras,
    )


def check_identity(metadata: CoreMetadata, filename: str) -> CoreMetadata:
    """Return *metadata* if it is that of the wheel *filename*.

    Raises:
        InvalidMetadataError: if the name or the version differs, compared as PEP 503 and PEP 440 say.
    """
    name, version = filename.split("-")[:2]
    if canonicalize_name(metadata.name) != canonicalize_name(name):
        raise InvalidMetadataError(filename, f"it is that of {metadata.name!r}")
    if metadata.version != version and not _is_same_version(metadata.version, version.replace("_", "-")):
        raise InvalidMetadataError(filename, f"it is that of version {metadata.version!r}")
    return metadata


def _is_same_version(left: str, right: str) -> bool:
    try:
        return Version(left) == Version(right)
    except InvalidVersion:
        return False


class MetadataCache:
    """Core metadata on disk, for good: what a hash names never changes.

    An entry is found by what was checked when it was made: the hash of the METADATA where the index publishes
    it, so that the wheels of a release share one entry; else the wheel's hash together with its URL, so that no index
    can put words into the mouth of another one's file.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._guard = Lock()
        self._busy: dict[str, Lock] = {}

    def get(self, file: DistributionFile, fetch: Callable[[], bytes]) -> CoreMetadata:
        """Return the core metadata of *file*; ask *fetch* for the METADATA only if it never was here.

        Several threads that want the same entry wait for the first one.

        Raises:
            InvalidMetadataError: if METADATA cannot be read, or is that of another distribution.
        """
        if (key := _cache_key(file)) is None:
            return check_identity(parse_metadata(fetch(), file.filename), file.filename)
        path = self._folder / key[:2] / f"{key}.json"
        if (known := _load(path)) is None:
            with self._busy_lock(key):
                known = _load(path) or _store(path, parse_metadata(fetch(), file.filename))
        return check_identity(known, file.filename)

    def peek(self, file: DistributionFile) -> CoreMetadata | None:
        """Return the core metadata of *file* if it is here.

        Raises:
            InvalidMetadataError: if it is that of another distribution.
        """
        key = _cache_key(file)
        known = _load(self._folder / key[:2] / f"{key}.json") if key else None
        return None if known is None else check_identity(known, file.filename)

    def _busy_lock(self, key: str) -> Lock:
        with self._guard:
            return self._busy.setdefault(key, Lock())


def _cache_key(file: DistributionFile) -> str | None:
    if file.core_metadata and (digest := file.core_metadata.get("sha256")):
        return digest
    if file.sha256 is None:
        return None
    return sha256(f"{file.sha256} {file.url.partition('?')[0]}".encode()).hexdigest()


def _load(path: Path) -> CoreMetadata | None:
    try:
        with path.open("rb") as stream:
            data = json.load(stream)
        return CoreMetadata(
            name=data["name"],
            version=data["version"],
            requires_dist=tuple(data["requires_dist"]),
            requires_python=data["requires_python"],
            provides_extra=tuple(data["provides_extra"]),
            requires_external=tuple(data["requires_external"]),
            provides_external_extra=tuple(data["provides_external_extra"]),
        )
    except (OSError, ValueError, KeyError, TypeError):  # absent, or damaged and to be replaced
        return None


def _store(path: Path, metadata: CoreMetadata) -> CoreMetadata:
    data = {key: getattr(metadata, key) for key in CoreMetadata.__slots__}
    write_atomically(path, json.dumps(data, ensure_ascii=False).encode())
    return metadata
