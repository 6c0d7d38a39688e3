"""Between the solver's records and the packages of a lock: nothing that a record says is lost on the way."""

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from packaging.utils import canonicalize_name
from rattler import MatchSpec, PackageRecord, RepoDataRecord
from rattler.exceptions import InvalidMatchSpecError

from wheelbridge.environment.lock import LockedPackage
from wheelbridge.environment.locks.pixi_entries import CONDA_ENDINGS
from wheelbridge.errors import WheelbridgeError
from wheelbridge.solver.soundness import Need, active_needs, without_condition
from wheelbridge.translate.versions import version_or_none

_PLACE = frozenset({"fn", "url", "channel"})
_OF_PREFIX = frozenset({"extracted_package_dir", "files", "link", "package_tarball_full_path", "paths_data"})
_NOWHERE = "file:///nowhere"
_REQUESTED = frozenset({"requested_spec", "requested_specs"})


class IncompleteLockError(WheelbridgeError):
    """A lock does not tell enough of a package to install it."""

    code = "incomplete-lock"

    def __init__(self, package: str, reason: str) -> None:
        super().__init__(f"The lock does not tell enough of {package!r}: {reason}", hint="Make the lock anew.")
        self.package = package
        self.reason = reason


class LockedSpecError(WheelbridgeError):
    """A lock has a MatchSpec that is none."""

    code = "invalid-locked-spec"

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"The lock has a spec that cannot be read: {reason}",
            hint="The lock was changed after it was made: make it anew.",
        )
        self.reason = reason


class LockMismatchError(WheelbridgeError):
    """A lock says of a package what its file cannot be."""

    code = "lock-mismatch"

    def __init__(self, filename: str, said: str) -> None:
        super().__init__(
            f"The lock says that {filename} is {said}, and its name says otherwise",
            hint="The lock was changed after it was made: do not trust it, and make it anew.",
        )
        self.filename = filename
        self.said = said


def from_record(record: PackageRecord) -> dict[str, object]:
    """Return what `LockedPackage.record` holds: the fields of *record* but those that say where its files are."""
    left_out = _PLACE | _OF_PREFIX | _REQUESTED
    return {key: value for key, value in json.loads(record.to_json()).items() if key not in left_out}


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
        LockMismatchError, UnsafeNameError: as `check_identity` does.
    """
    record = _to_record(package)
    check_identity(package, record)
    return record


def find_needs(records: Iterable[RepoDataRecord], requested: Iterable[str]) -> list[Need]:
    """Return all that holds of what locked *records* and *requested* specs need.

    Raises:
        LockedSpecError: if one of the specs is none.
    """
    try:
        return list(active_needs({record.name.normalized: record for record in records}, requested))
    except InvalidMatchSpecError as error:
        raise LockedSpecError(" ".join(str(error).split())) from error


def find_unmet(
    records: Iterable[RepoDataRecord], requested: Iterable[str], others: Collection[str] = ()
) -> Iterator[tuple[Need, str]]:
    """Yield what locked *records* do not have of what they and *requested* specs need, and what is there instead.

    What a machine must have is left aside, and so is what *others*, of which there are no records, may meet.

    Raises:
        LockedSpecError: if one of the specs is none.
    """
    by_name = {record.name.normalized: record for record in records}
    for need in find_needs(by_name.values(), requested):
        spec = MatchSpec(without_condition(need.spec))
        name = spec.name.normalized or ""
        if name.startswith("__") or name in others:
            continue
        if (record := by_name.get(name)) is None:
            yield need, "the lock has no such package"
        elif not spec.matches(record):
            yield need, f"the lock has {record.version}"


def check_identity(package: LockedPackage, record: RepoDataRecord) -> None:
    """Make sure that a lock says one thing of *package*: what it is called, its *record*, and the name of its file.

    CEP 26: "The filename of distributable conda artifacts is obtained by adding the artifact extension to its
    distribution string". Wheels are called as the solver calls them, so their file tells project and version alone.

    Raises:
        LockMismatchError: if it says two.
        UnsafeNameError: if no package may be called so.
    """
    from wheelbridge.installer.cache import entry_name  # noqa: PLC0415 - a fresh lock has no records to check

    name, filename = entry_name(record), package.file.filename
    if package.kind == "conda":
        is_same = filename.lower() in (f"{name}{ending}".lower() for ending in CONDA_ENDINGS)
    else:
        project, _, rest = filename.partition("-")
        version = version_or_none(rest.partition("-")[0])
        is_same = version is not None and version.public == str(record.version)
        is_same = is_same and canonicalize_name(project) == (package.pypi_name or canonicalize_name(project))
        name = f"{package.pypi_name or project} {record.version}"
    if not is_same:
        raise LockMismatchError(filename, name)
    if (package.name, package.version) != (record.name.normalized, str(record.version)):
        raise LockMismatchError(filename, f"{package.name} {package.version}")


def content_of(package: LockedPackage) -> dict[str, object]:
    """Return the record of *package* with the hashes and the size of its file.

    Raises:
        IncompleteLockError: if it has no record.
    """
    if package.record is None:
        raise IncompleteLockError(package.name, "it has no record")
    file = package.file
    known = {"size": file.size, "sha256": file.hashes.get("sha256"), "md5": file.hashes.get("md5")}
    return {**package.record, **{key: value for key, value in known.items() if value is not None}}


def _to_record(package: LockedPackage) -> RepoDataRecord:
    file, content = package.file, content_of(package)
    try:
        return RepoDataRecord(_read(content), file.filename, file.url, package.channel)
    except Exception as error:  # rattler raises many kinds, none of them with a common root
        raise IncompleteLockError(package.name, " ".join(str(error).split())) from error


def described_record(package: LockedPackage) -> RepoDataRecord:
    """Return the record of *package* for what it is and needs alone: of what is to be built, no file is there yet.

    Raises:
        IncompleteLockError: as `to_record` does.
    """
    if package.kind == "conda" or package.file.filename.endswith(".whl"):
        return to_record(package if "://" in package.channel else replace(package, channel=package.file.url))
    file = replace(package.file, filename="built-0-py3-none-any.whl", url=_NOWHERE)
    return _to_record(replace(package, file=file, channel=_NOWHERE))


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
