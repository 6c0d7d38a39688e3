"""What came from no index, as a lock has it: by where it is, never by the wheel that was built of it here."""

from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

from wheelbridge.api.locking.errors import UnhashedPackageError
from wheelbridge.api.locking.records import from_record
from wheelbridge.environment.lock import LockedFile, LockedPackage
from wheelbridge.environment.locks.repositories import repository_location
from wheelbridge.model.redaction import without_login
from wheelbridge.solver.problem import ResolvedPackage

_HASH_IN_BUILD = 8
_OF_THE_BUILD = frozenset({"md5", "sha256", "size", "timestamp"})
"""Fields of a record that are of a wheel, and not of what it was built of."""


def direct_url_of(package: ResolvedPackage) -> Mapping[str, object] | None:
    """Return the ``direct_url.json`` (PEP 610) that a lock has of a package; None where an index has its wheel.

    A wheel that was built of an index's source distribution is locked by the URL of this one: the next build need not
    have the same bytes, but it is a build of the same file.
    """
    if package.direct_url is not None or package.release is None or (sdist := package.release.sdist) is None:
        return package.direct_url
    return {"url": without_login(sdist.url), "archive_info": {"hashes": dict(sorted(sdist.hashes.items()))}}


def lock_direct(package: ResolvedPackage, direct: Mapping[str, object]) -> LockedPackage:
    """Return what a lock has of a package with the direct URL *direct*.

    Raises:
        UnhashedPackageError: if it is a file without a hash.
    """
    url, hashes = str(direct["url"]), _hashes(direct)
    if "archive_info" in direct and not hashes:
        raise UnhashedPackageError(urlsplit(url).path.rpartition("/")[2], package.source)
    is_wheel = "archive_info" in direct and package.fn.endswith(".whl") and urlsplit(url).path.endswith(".whl")
    record = from_record(package.record)
    record = record if is_wheel else without_build(record)
    metadata = package.release.metadata if package.release else None
    return LockedPackage(
        kind="wheel",
        name=package.name,
        version=package.version,
        file=LockedFile(
            filename=package.fn if is_wheel else unquote(urlsplit(url).path.rstrip("/").rpartition("/")[2]),
            url=repository_location(direct) or url,
            hashes=hashes,
            size=package.size if is_wheel else None,
        ),
        record=record,
        pypi_name=package.pypi_name,
        requires_dist=metadata.requires_dist if metadata else (),
        requires_python=metadata.requires_python if metadata else None,
        direct_url=direct,
    )


def without_build(record: Mapping[str, object]) -> dict[str, object]:
    """Return *record* without what is of the one wheel that was built here: the next build has other bytes.

    >>> without_build({"build": "py3_none_any_h0a1b2c3d", "sha256": "0a1b2c3d4e", "size": 5})
    {'build': 'py3_none_any'}
    """
    left = {key: value for key, value in record.items() if key not in _OF_THE_BUILD}
    digest = str(record.get("sha256", ""))[:_HASH_IN_BUILD]
    return {**left, "build": str(left["build"]).replace(f"_h{digest}", "", 1)} if digest and "build" in left else left


def _hashes(direct: Mapping[str, object]) -> dict[str, str]:
    archive = direct.get("archive_info")
    hashes = archive.get("hashes") if isinstance(archive, Mapping) else None
    return {str(name): str(digest) for name, digest in hashes.items()} if isinstance(hashes, Mapping) else {}
