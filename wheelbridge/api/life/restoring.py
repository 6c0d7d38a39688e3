"""Packages put where they were once, or are elsewhere: exactly those files, found again, and no solve."""

import shutil
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from packaging.utils import parse_wheel_filename
from rattler import MatchSpec, RepoDataRecord

from wheelbridge.api.clients import check_records, open_client
from wheelbridge.api.direct.direct_urls import folder_of, read_direct_url
from wheelbridge.api.installing import complete_hashes, download_wheels, package_caches
from wheelbridge.api.life.finding import find_file
from wheelbridge.api.listed_wheels import find_listed
from wheelbridge.api.providers import Provider, open_providers
from wheelbridge.api.running import run_to_end
from wheelbridge.api.solving import Settings
from wheelbridge.environment.manifest import Link
from wheelbridge.errors import WheelbridgeError
from wheelbridge.index.errors import FileNotOnIndexError, IndexUnavailableError
from wheelbridge.index.local import url_to_path
from wheelbridge.installer.errors import NoPythonError
from wheelbridge.installer.origins import Memory, load_memory, write_memory
from wheelbridge.installer.past import Past
from wheelbridge.installer.plan import Plan
from wheelbridge.installer.reporter import Reporter
from wheelbridge.installer.transaction import Outcome, run_transaction, wheels_to_fetch
from wheelbridge.installer.transaction import Request as Transaction
from wheelbridge.model.distribution import DistributionFile
from wheelbridge.model.source import Source
from wheelbridge.solver.records import record_channel, wheel_project

_REQUESTED = "requested"


class UnavailableError(WheelbridgeError):
    """Packages that an environment is to have again cannot be found."""

    code = "packages-unavailable"

    def __init__(
        self,
        what: str,
        missing: Mapping[str, str],
        hint: str = "Name the channels and indexes that have them with -c and -i.",
    ) -> None:
        told = "; ".join(f"{name} ({reason})" for name, reason in missing.items())
        super().__init__(
            f"{what} cannot be restored, since packages of it cannot be found: {told}",
            hint=f"{hint} The environment is as it was.",
        )
        self.missing = dict(missing)


@dataclass(frozen=True, slots=True, kw_only=True)
class Restoration:
    """A change of an environment to packages that are known exactly, ready to be shown and carried out.

    Attributes:
        what: it is called in messages, such as ``Revision 3``.
        packages: all that it is to have.
        requested: MatchSpecs of all that is asked for from then on.
        settings: says where files may be fetched from, with which logins.
    """

    what: str
    packages: tuple[Past, ...]
    requested: tuple[str, ...]
    settings: Settings
    transaction: Transaction
    plan: Plan


def specs_to_write(requested: Mapping[str, str], known: Mapping[str, str]) -> tuple[MatchSpec, ...]:
    """Return the specs among *requested* that the history does not have yet; both are name -> MatchSpec."""
    return tuple(MatchSpec(spec) for name, spec in requested.items() if known.get(name) != spec)


def carry_out_restoration(restoration: Restoration, reporter: Reporter) -> Outcome:
    """Find the files again, and link them in one transaction; then remember where they are from.

    They come from the caches, or from where they came from before, checked against their hashes.

    Raises:
        WheelbridgeError: the environment is then as it was.
    """
    settings, transaction = restoration.settings, restoration.transaction
    caches = package_caches(settings.caches)
    missing = wheels_to_fetch(transaction, caches)
    wheels = _fetch(missing, restoration, reporter)
    complete_hashes(transaction, wheels)
    check, client = check_records(settings.sources), open_client(settings.sources)
    work = run_transaction(replace(transaction, wheels=wheels), caches, reporter=reporter, client=client, check=check)
    outcome = run_to_end(work)
    _remember(restoration)
    for url, link in _links(missing, restoration.packages).items():
        if link.editable and url in wheels:  # PEP 660: "The wheel must be discarded after installation"
            shutil.rmtree(wheels[url].parent, ignore_errors=True)
    return outcome


def direct_urls(packages: Iterable[Past]) -> dict[str, Mapping[str, object]]:
    """Return URL -> contents of ``direct_url.json``, of packages that came from no index."""
    return {past.record.url: past.direct_url for past in packages if past.direct_url is not None}


def check_links(restoration: Restoration) -> None:
    """Make sure that what has to be built anew, as every editable project, is where it was.

    Raises:
        UnavailableError: if its folder is gone.
    """
    missing = wheels_to_fetch(restoration.transaction, package_caches(restoration.settings.caches))
    links = _links(missing, restoration.packages).values()
    lost = [(link, folder_of(link)) for link in links if link.kind == "folder" and not folder_of(link).is_dir()]
    if lost:
        told = {str(link.project): f"it was built of {folder}, which is not there" for link, folder in lost}
        raise UnavailableError(restoration.what, told, hint="Put it back there, or leave the package out.")


def _links(missing: Iterable[RepoDataRecord], packages: Iterable[Past]) -> dict[str, Link]:
    """Return URL -> where a package is to be had that came from no index."""
    urls = {record.url for record in missing}
    return {
        past.record.url: read_direct_url(
            past.direct_url, wheel_project(past.record.file_name), place=past.record.name.normalized
        )
        for past in packages
        if past.direct_url is not None and past.record.url in urls
    }


def _fetch(missing: Sequence[RepoDataRecord], restoration: Restoration, reporter: Reporter) -> dict[str, Path]:
    """Bring the wheels that are in no cache; URL -> file.

    Raises:
        UnavailableError: if a file is gone, or nothing tells which file it was.
        WheelbridgeError: if what came from no index cannot be had, or built, any more.
    """
    settings = restoration.settings
    wheels = {record.url: path for record in missing if (path := _local(record)) is not None}
    links = _links((record for record in missing if record.url not in wheels), restoration.packages)
    found: dict[str, tuple[Provider, DistributionFile]] = {}
    lost: dict[str, str] = {}
    providers = settings.open_indexes()
    for record in missing:
        if link := links.get(record.url):
            wheels[record.url] = _take(record, link, restoration)
        elif record.url not in wheels:
            place = _find(record, settings, providers)
            if place is None:
                lost[record.name.normalized] = f"no source has {record.file_name} with the hash that it had"
            else:
                found[record.url] = place
    if lost:
        raise UnavailableError(restoration.what, lost)
    tasks = [(url, *place) for url, place in found.items()]
    try:
        return {**wheels, **download_wheels(tasks, settings.caches, reporter)}
    except (FileNotOnIndexError, IndexUnavailableError) as error:
        raise UnavailableError(restoration.what, {error.url: error.message}) from error


def _take(record: RepoDataRecord, link: Link, restoration: Restoration) -> Path:
    """Build, or fetch, what came from no index.

    A build need not come out the same twice, so that *record* gets the new hash.
    """
    from wheelbridge.api.direct.taking import take_wheel  # noqa: PLC0415 - it builds, and so installs: a circle

    python = next((one.version for one in restoration.transaction.records if one.name.normalized == "python"), None)
    release = python.as_major_minor() if python else None
    if release is None:
        raise NoPythonError((record.name.normalized,))
    _, version, _, _ = parse_wheel_filename(record.file_name)
    taken = take_wheel(link, restoration.settings, python=".".join(map(str, release)), version=version)
    if link.kind != "file":
        record.sha256, record.md5, record.size = bytes.fromhex(taken.hashes["sha256"]), None, taken.size
    return url_to_path(taken.url)


def _local(record: RepoDataRecord) -> Path | None:
    """Return the file of a wheel on this machine; its hash is checked when it is unpacked."""
    parts = urlsplit(record.url)
    path = Path(url2pathname(parts.path)) if parts.scheme == "file" else None
    return path if path is not None and path.is_file() else None


def _find(
    record: RepoDataRecord, settings: Settings, providers: Mapping[str, Provider]
) -> tuple[Provider, DistributionFile] | None:
    if listed := find_listed(record, settings.sources, settings.caches, offline=settings.offline):
        return listed
    with suppress(WheelbridgeError):  # the file may be there although no index tells
        if found := find_file(record, settings.sources, providers):
            return found
    return _own_place(record, settings)


def _own_place(record: RepoDataRecord, settings: Settings) -> tuple[Provider, DistributionFile] | None:
    """Return the file at its own URL, which leads to the host that it led to when the file was taken first."""
    parts = urlsplit(record.url)
    if parts.scheme not in {"http", "https"} or record.sha256 is None:
        return None
    url = record_channel(record)
    known = (source for source in settings.sources if source.kind == "index" and source.url == url)
    source = next(known, None) or Source(url, "index", url, 0, trusted_hosts=(parts.netloc,))
    opened = open_providers((source,), settings.caches, offline=settings.offline)
    return opened[source.name], _as_file(record)


def _as_file(record: RepoDataRecord) -> DistributionFile:
    digest = {"sha256": record.sha256.hex()} if record.sha256 else {}
    return DistributionFile(filename=record.file_name, url=record.url, hashes=digest, size=record.size)


def _remember(restoration: Restoration) -> None:
    """Write down where the packages are from, as far as anybody knows."""
    prefix = restoration.transaction.prefix
    memory = load_memory(prefix)
    urls = {past.record.name.normalized: past.record.url for past in restoration.packages}
    origins = {name: origin for name, origin in memory.origins.items() if urls.get(name) == origin.url}
    origins |= {past.record.name.normalized: past.origin for past in restoration.packages if past.origin is not None}
    lock = {**memory.lock, _REQUESTED: list(restoration.requested)} if memory.lock else {}
    write_memory(prefix, Memory(origins=origins, lock=lock))
