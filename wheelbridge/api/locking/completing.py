"""Locks of others: what they do not tell of a package is read out of the package itself."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from packaging.utils import NormalizedName, canonicalize_name
from rattler import RepoDataRecord

from wheelbridge.api.clients import check_records, open_client
from wheelbridge.api.external.tables import open_externals
from wheelbridge.api.locking.records import IncompleteLockError, LockMismatchError, from_record, to_record
from wheelbridge.api.mapping.maps import open_names
from wheelbridge.api.providers import Provider
from wheelbridge.api.running import run_to_end
from wheelbridge.api.solving import Settings
from wheelbridge.environment.lock import LockedPackage, LockedTarget
from wheelbridge.errors import WheelbridgeError
from wheelbridge.installer.cache import entry_name, read_origin
from wheelbridge.installer.fetch import check_cached, fetch_packages
from wheelbridge.installer.reporter import Reporter
from wheelbridge.model.distribution import DistributionFile
from wheelbridge.model.name import ALL_PROJECTS
from wheelbridge.model.record import Refusal
from wheelbridge.model.variant import WheelVariant
from wheelbridge.solver.names import SolverNames
from wheelbridge.solver.records import to_rattler_record, wheel_project
from wheelbridge.solver.threads import Threads
from wheelbridge.translate.errors import InvalidWheelNameError
from wheelbridge.translate.variant_order import rank_variants
from wheelbridge.translate.variant_wheel import describe_variant
from wheelbridge.translate.versions import version_or_none
from wheelbridge.translate.wheel import split_label, translate_wheel

_READERS = 8


class UnfitWheelError(WheelbridgeError):
    """A wheel that a lock names is none for the target."""

    code = "unfit-wheel"

    def __init__(self, filename: str, reason: str) -> None:
        super().__init__(
            f"{filename}, which the lock names, is none for this machine: {reason}",
            hint="Sync another target of the lock, or make a lock for this machine.",
        )
        self.filename = filename
        self.reason = reason


def as_distribution(package: LockedPackage) -> DistributionFile:
    """Return the file of a wheel as an index has it."""
    file = package.file
    return DistributionFile(
        filename=file.filename,
        url=file.url,
        hashes=file.hashes,
        core_metadata={} if urlsplit(file.url).scheme != "file" else None,
        size=file.size,
        upload_time=file.upload_time,
    )


def complete_target(
    target: LockedTarget, settings: Settings, providers: Mapping[str, Provider], kept: Iterable[RepoDataRecord] = ()
) -> LockedTarget:
    """Return *target* with a record of every package, sorted by name.

    What is there stays. A package of a channel is fetched and read; of a wheel, its metadata is read and translated for
    the target of *settings*.

    Args:
        target: what is to be completed.
        settings: the machine, the sources, the caches.
        providers: URL of each wheel -> its index.
        kept: records beside the lock's, whose names stay theirs.

    Raises:
        IncompleteLockError: if a package does not have what belongs into a record.
        LockMismatchError: if one is another than the lock says.
        UnfitWheelError: if a wheel is none for the target.
        WheelbridgeError: if a file cannot be had.
    """
    lacking = [package for package in target.packages if package.record is None]
    if not lacking:
        return target
    there = [package for package in target.packages if package.record is not None]
    there += _complete_conda([package for package in lacking if package.kind == "conda"], settings)
    taken = {package.name for package in there if package.kind == "conda"} | {record.name.normalized for record in kept}
    wheels = [package for package in lacking if package.kind == "wheel"]
    there += _complete_wheels(wheels, settings, providers, taken)
    return replace(target, packages=tuple(sorted(there, key=lambda package: package.name)))


def _complete_conda(packages: Sequence[LockedPackage], settings: Settings) -> list[LockedPackage]:
    """Fetch packages of channels, and read what they say of themselves."""
    if not packages:
        return []
    drafts = [to_record(replace(package, record=_draft(package))) for package in packages]
    cache, sources = settings.caches.packages, settings.sources
    if settings.offline:
        check_cached(drafts, cache, None, settings.caches.archives)
    run_to_end(
        fetch_packages(
            drafts,
            cache,
            layout=None,
            client=open_client(sources),
            reporter=Reporter(),
            check=check_records(sources),
            archives=settings.caches.archives,
        )
    )
    found = []
    for package, draft in zip(packages, drafts, strict=True):
        entry = cache / entry_name(draft)
        origin = read_origin(entry)
        archive = {key: origin[key] for key in ("sha256", "md5", "size") if key in origin}
        index = json.loads((entry / "info" / "index.json").read_bytes())
        record = from_record(to_record(replace(package, record={**index, "subdir": draft.subdir, **archive})))
        found.append(replace(package, record=record))
    return found


def _draft(package: LockedPackage) -> dict[str, object]:
    """Return what the name and the place of a file say of a conda package.

    CEP 26: a package's file is "``<name>-<version>-<build>.<extension>``", in a folder called as the subdir.
    """
    stem = package.file.filename.removesuffix(".conda").removesuffix(".tar.bz2")
    name, version, build = ([*stem.rsplit("-", 2), "", ""])[:3]
    if not build:
        raise IncompleteLockError(package.name, f"{package.file.filename} is no name of a conda package")
    subdir = urlsplit(package.file.url).path.split("/")[-2]
    return {"name": name, "version": version, "build": build, "build_number": 0, "subdir": subdir, "depends": []}


def _complete_wheels(
    packages: Sequence[LockedPackage], settings: Settings, providers: Mapping[str, Provider], taken: Collection[str]
) -> list[LockedPackage]:
    if not packages:
        return []
    names = SolverNames(open_names(settings.sources, settings.maps), taken)
    externals = open_externals(settings.maps, frozenset({ALL_PROJECTS}))

    def complete(package: LockedPackage) -> LockedPackage:
        file, provider = as_distribution(package), providers[package.file.url]
        metadata = provider.core_metadata(file)
        variant = package.variant or _variant_of(package, file, provider, settings)
        record = translate_wheel(file, metadata, settings.target, names, variant=variant, externals=externals)
        if isinstance(record, Refusal):
            raise UnfitWheelError(file.filename, record.reason)
        _check_version(package, record.version)
        made = to_rattler_record(record, package.channel)
        return replace(
            package,
            name=record.name,
            version=record.version,
            record=from_record(made),
            pypi_name=package.pypi_name or _project_of(file),
            requires_dist=package.requires_dist or metadata.requires_dist,
            requires_python=package.requires_python or metadata.requires_python,
            variant=variant,
        )

    with Threads(_READERS) as executor:
        return [*executor.map(complete, packages)]


def _check_version(package: LockedPackage, actual: str) -> None:
    """Make sure that a wheel of an index is of the version that the lock says; not every format must say one."""
    if package.version and package.direct_url is None:
        said = version_or_none(package.version)
        if said is None or said.public != actual:
            raise LockMismatchError(package.file.filename, f"{package.name} {package.version}")


def _project_of(file: DistributionFile) -> NormalizedName:
    return wheel_project(file.filename) or canonicalize_name(file.filename)


def _variant_of(
    package: LockedPackage, file: DistributionFile, provider: Provider, settings: Settings
) -> WheelVariant | None:
    """Return what a wheel is as a variant by its own metadata; None of a plain one."""
    try:
        label = split_label(file.filename)[1]
    except InvalidWheelNameError as error:
        raise IncompleteLockError(package.name, error.message) from error
    if label is None:
        return None
    release = provider.variants(file)
    ranking = rank_variants(release, settings.target)
    if (ranked := ranking.variant(label)) is None:
        raise UnfitWheelError(file.filename, f"it {ranking.reason(label)}")
    return describe_variant(ranked, release, settings.target)
