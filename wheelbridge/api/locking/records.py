"""Between the solver's records and the packages of a lock: nothing that a record says is lost on the way."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from rattler import PackageRecord, RepoDataRecord

from wheelbridge.environment.lock import LockedPackage
from wheelbridge.errors import WheelbridgeError

_PLACE = frozenset({"fn", "url", "channel"})


class IncompleteLockError(WheelbridgeError):
    """A lock does not tell enough of a package to install it."""

    code = "incomplete-lock"

    def __init__(self, package: str, reason: str) -> None:
        super().__init__(f"The lock does not tell enough of {package!r}: {reason}", hint="Make the lock anew.")
        self.package = package
        self.reason = reason


def from_record(record: PackageRecord) -> dict[str, object]:
    """Return what `LockedPackage.record` holds: the fields of *record* but those that say where its file is."""
    return {key: value for key, value in json.loads(record.to_json()).items() if key not in _PLACE}


def clean_record(content: Mapping[str, object]) -> dict[str, object]:
    """Return the fields of a record in *content*, as rattler writes them: those of no record are left out.

    Raises:
        Exception: what rattler raises if there is no record in it.
    """
    return from_record(_read(content))


def to_record(package: LockedPackage) -> RepoDataRecord:
    """Return the solver's record of *package*.

    The hashes and the size of its file count; those of the record where the file has none.

    Raises:
        IncompleteLockError: if it has no record, or one that rattler does not take.
    """
    if package.record is None:
        raise IncompleteLockError(package.name, "it has no record")
    file, content = package.file, package.record
    known = {"size": file.size, "sha256": file.hashes.get("sha256"), "md5": file.hashes.get("md5")}
    told = {**content, **{key: value for key, value in known.items() if value is not None}}
    try:
        return RepoDataRecord(_read(told), file.filename, file.url, package.channel)
    except Exception as error:  # rattler raises many kinds, none of them with a common root
        raise IncompleteLockError(package.name, " ".join(str(error).split())) from error


def _as_time(milliseconds: object) -> datetime:
    return datetime.fromtimestamp(float(str(milliseconds)) / 1000, UTC)


def _as_digest(text: object) -> bytes:
    return bytes.fromhex(str(text))


_BEYOND_INDEX: Mapping[str, Callable[[object], object]] = {
    "arch": str,
    "attestations_sha256": _as_digest,
    "indexed_timestamp": _as_time,
    "legacy_bz2_md5": _as_digest,
    "legacy_bz2_size": lambda value: value,
    "md5": _as_digest,
    "sha256": _as_digest,
    "size": lambda value: value,
}
"""Fields of a record that a package's own index does not have -> what py-rattler wants of each."""


def _read(content: Mapping[str, object]) -> PackageRecord:
    """Read a record as py-rattler reads a package's own index, then add what an index does not have."""
    with TemporaryDirectory(prefix="wheelbridge-") as folder:
        path = Path(folder) / "index.json"
        path.write_text(json.dumps(dict(content)), encoding="utf-8")
        record = PackageRecord.from_index_json(path)
    for name, read in _BEYOND_INDEX.items():
        if content.get(name) is not None:
            setattr(record, name, read(content[name]))
    return record
