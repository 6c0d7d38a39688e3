"""All records of a lock at once: py-rattler reads a repodata file twenty times as fast as one index after the other."""

import json
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from rattler import Channel, RepoDataRecord, SparseRepoData

from wheelbridge.api.locking.records import IncompleteLockError, check_identity, content_of, to_record
from wheelbridge.environment.lock import LockedPackage

_CHANNEL = "https://records.invalid"


def to_records(packages: Sequence[LockedPackage]) -> tuple[RepoDataRecord, ...]:
    """Return the solver's records of *packages*, in their order, as `to_record` makes them.

    Raises:
        IncompleteLockError: if one has no record, or one that rattler does not take.
        LockMismatchError, UnsafeNameError: as `to_record` does.
    """
    try:
        found = _read([content_of(package) for package in packages])
    except IncompleteLockError:
        raise
    except Exception:  # noqa: BLE001 - rattler raises many kinds; one by one, the package is named that is to blame
        return tuple(map(to_record, packages))
    for package, record in zip(packages, found, strict=True):
        record.file_name, record.url, record.channel = package.file.filename, package.file.url, package.channel
        check_identity(package, record)
    return tuple(found)


def _read(contents: Sequence[dict[str, object]]) -> list[RepoDataRecord]:
    """Read records as those of a channel, under names that tell their places."""
    entries = {f"{number}-0-0.conda": content for number, content in enumerate(contents)}
    repodata = {"info": {"subdir": "noarch"}, "packages": {}, "packages.conda": entries}
    with TemporaryDirectory(prefix="wheelbridge-") as folder:
        path = Path(folder) / "repodata.json"
        path.write_text(json.dumps(repodata), encoding="utf-8")
        with SparseRepoData(Channel(_CHANNEL), "noarch", path) as sparse:
            by_place = {record.file_name: record for record in sparse.load_all_records()}
    return [by_place[name] for name in entries]
