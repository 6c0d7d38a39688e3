"""From a solution to what a lock has of it."""

from collections.abc import Container, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from hashlib import file_digest
from pathlib import Path
from tempfile import TemporaryDirectory

from wheelbridge.api.locking.direct import direct_url_of, lock_direct
from wheelbridge.api.locking.errors import UnhashedPackageError
from wheelbridge.api.locking.records import from_record
from wheelbridge.api.solving import Settings
from wheelbridge.environment.lock import LockedFile, LockedPackage, LockedSource
from wheelbridge.model.distribution import DistributionFile
from wheelbridge.model.redaction import without_login
from wheelbridge.solver.problem import Decision, ResolvedPackage, Solution
from wheelbridge.solver.records import record_channel

_READERS = 8
_NOTHING_KNOWN: Mapping[str, LockedPackage] = {}


def lock_solution(
    solution: Solution,
    settings: Settings,
    known: Mapping[str, LockedPackage] = _NOTHING_KNOWN,
    *,
    all_variants: bool = False,
) -> tuple[LockedPackage, ...]:
    """Return the packages of *solution* as a lock has them, sorted by name.

    A file of which nobody publishes a hash is fetched, and its hash computed.

    Args:
        solution: what was solved, with the records of wheels complete.
        settings: what it was solved under.
        known: URL -> what an earlier lock or an environment has of that file; it is taken where the file is the same.
        all_variants: lock the other variant wheels of a chosen release, too.

    Raises:
        UnhashedPackageError: if nobody has a hash of a package.
        WheelbridgeError: if a file that must be hashed cannot be read.
    """
    names = frozenset(source.name for source in solution.sources)
    fresh = partial(_lock_package, settings=settings, sources=names, all_variants=all_variants)
    locked = [_reuse(package, known.get(package.url), all_variants=all_variants) for package in solution.packages]
    missing = [package for package, one in zip(solution.packages, locked, strict=True) if one is None]
    with ThreadPoolExecutor(_READERS) as executor:  # to hash a file takes a while; most have a hash
        made = iter([*executor.map(fresh, missing)] if any(map(_lacks_hash, missing)) else [*map(fresh, missing)])
    return tuple(one if one is not None else next(made) for one in locked)


def lock_sources(solution: Solution, listed: Container[str]) -> tuple[LockedSource, ...]:
    """Return the sources of *solution* as a lock has them; those that are not *listed* were brought along by others."""
    return tuple(
        LockedSource(
            name=source.name,
            kind=source.kind,
            url=without_login(source.url),
            tier=source.tier,
            claim=source.claim,
            brought=source.name not in listed,
        )
        for source in solution.sources
        if not source.linked
    )


def note_weak_hashes(packages: Sequence[LockedPackage]) -> tuple[str, ...]:
    """Return a sentence if the lock has to trust MD5, which can be forged, for some of *packages*."""
    weak = [package.name for package in packages if package.file.hashes.keys() == {"md5"}]
    return (f"Only an MD5 hash, which can be forged, is published of: {', '.join(weak)}",) if weak else ()


def _reuse(package: ResolvedPackage, known: LockedPackage | None, *, all_variants: bool) -> LockedPackage | None:
    """Return what is known of a package's file, None where it is another file, or is to be locked otherwise."""
    if known is None or direct_url_of(package) or not _is_same_file(package, known):
        return None
    if package.release and package.release.variants and bool(known.alternatives) != all_variants:
        return None
    record = from_record(package.record)
    if "sha256" not in record and (digest := known.file.hashes.get("sha256")):
        record["sha256"] = digest
    others = known.alternatives if all_variants else ()
    decision = _portable(package.decision) or known.decision
    return replace(known, record=record, name=package.name, decision=decision, alternatives=others)


def _is_same_file(package: ResolvedPackage, known: LockedPackage) -> bool:
    own = {"sha256": package.sha256, "md5": package.record.md5.hex() if package.record.md5 else None}
    shared = [name for name, digest in own.items() if digest and name in known.file.hashes]
    if any(own[name] != known.file.hashes[name] for name in shared):
        return False
    return bool(shared) or not any(own.values())


def _lock_package(
    package: ResolvedPackage, *, settings: Settings, sources: frozenset[str], all_variants: bool
) -> LockedPackage:
    if direct := direct_url_of(package):
        return lock_direct(package, direct)
    file, record = _locked_file(package, settings), from_record(package.record)
    if "sha256" in file.hashes:
        record["sha256"] = file.hashes["sha256"]
    locked = LockedPackage(
        kind=package.kind,
        name=package.name,
        version=package.version,
        file=file,
        record=dict(sorted(record.items())),
        source=package.source if package.source in sources else None,
        channel=without_login(record_channel(package.record)),
        decision=_portable(package.decision),
        pypi_name=package.pypi_name,
        variant=package.variant,
    )
    return _add_release(locked, package, settings, all_variants=all_variants)


def _add_release(
    locked: LockedPackage, package: ResolvedPackage, settings: Settings, *, all_variants: bool
) -> LockedPackage:
    """Add what the index says of the wheel and its release."""
    if (release := package.release) is None:
        return locked
    others = sorted(release.others, key=lambda file: file.filename) if all_variants else ()
    return replace(
        locked,
        requires_dist=release.metadata.requires_dist,
        requires_python=release.metadata.requires_python,
        variants_json=release.variants.document if release.variants and package.variant else None,
        alternatives=tuple(_of_index(file, package.source, settings) for file in others),
    )


def _locked_file(package: ResolvedPackage, settings: Settings) -> LockedFile:
    """Return what is fetched.

    Raises:
        UnhashedPackageError: if a channel has no hash of it.
    """
    if package.file is not None:
        return _of_index(package.file, package.source, settings)
    record = package.record
    digests = {"md5": record.md5, "sha256": record.sha256}
    hashes = {name: digest.hex() for name, digest in digests.items() if digest}
    if not hashes:
        raise UnhashedPackageError(package.fn, package.source)
    return LockedFile(filename=package.fn, url=without_login(package.url), hashes=hashes, size=package.size)


def _of_index(file: DistributionFile, source: str, settings: Settings) -> LockedFile:
    hashes, size = dict(sorted(file.hashes.items())), file.size
    if not hashes:
        hashes, size = _hash(file, source, settings)
    return LockedFile(
        filename=file.filename, url=without_login(file.url), hashes=hashes, size=size, upload_time=file.upload_time
    )


def _hash(file: DistributionFile, source: str, settings: Settings) -> tuple[dict[str, str], int]:
    """Fetch a file of which the index publishes no hash; return its hash and its size."""
    with TemporaryDirectory(prefix="wheelbridge-") as folder:
        path = settings.open_providers()[source].download(file, Path(folder))
        with path.open("rb") as stream:
            return {"sha256": file_digest(stream, "sha256").hexdigest()}, path.stat().st_size


def _lacks_hash(package: ResolvedPackage) -> bool:
    return package.file is not None and not package.file.hashes


def _portable(decision: Decision | None) -> dict[str, object] | None:
    """Return a decision as JSON, without the folder of the file that a route stands in: it means nothing elsewhere."""
    if decision is None:
        return None
    origin = decision.route_origin.replace("\\", "/").rpartition("/")[2]
    return replace(decision, route_origin=origin).as_json()
