"""What a user should know of a lock before it is carried out."""

from collections.abc import Iterable, Iterator

from rattler import RepoDataRecord

from wheelbridge.api.locking.links import is_link
from wheelbridge.api.locking.records import find_unmet
from wheelbridge.environment.lock import LockedPackage
from wheelbridge.index.transfer import pick_hash


def notes_of(
    packages: Iterable[LockedPackage], records: Iterable[RepoDataRecord], requested: Iterable[str]
) -> Iterator[str]:
    """Yield a note on the files that cannot be checked, and one for each need that nothing meets.

    A lock is carried out as it is: it may be of an environment that lacks something.
    """
    unchecked = [package.file.filename for package in packages if not is_link(package) and not _is_checked(package)]
    if unchecked:
        yield f"The lock has no hash of {', '.join(unchecked)}: what comes is not checked"
    for need, reason in find_unmet(records, requested):
        owner = f"{need.owner.name.normalized} needs" if need.owner else "It is to have"
        yield f"{owner} {need.spec}: {reason}"


def _is_checked(package: LockedPackage) -> bool:
    """Tell whether there is a hash of a kind that can be computed; channels have two of them."""
    hashes = package.file.hashes
    if package.kind == "conda":
        return bool(hashes.get("sha256") or hashes.get("md5"))
    return pick_hash(hashes) is not None
