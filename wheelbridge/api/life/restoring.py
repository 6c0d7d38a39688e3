"""Packages put where they were once, or are elsewhere: exactly those files, found again, and no solve."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from rattler import MatchSpec, RepoDataRecord

from wheelbridge.api.clients import check_records, open_client
from wheelbridge.api.installing import complete_hashes, download_wheels, package_caches
from wheelbridge.api.providers import Provider, open_providers
from wheelbridge.api.running import run_to_end
from wheelbridge.api.solving import Settings
from wheelbridge.errors import WheelbridgeError
from wheelbridge.installer.errors import MissingWheelError
from wheelbridge.installer.origins import Memory, load_memory, write_memory
from wheelbridge.installer.past import Past
from wheelbridge.installer.plan import Plan
from wheelbridge.installer.reporter import Reporter
from wheelbridge.installer.transaction import Outcome, run_transaction, wheels_to_fetch
from wheelbridge.installer.transaction import Request as Transaction
from wheelbridge.model.distribution import DistributionFile
from wheelbridge.model.source import Source
from wheelbridge.solver.records import record_channel

_REQUESTED = "requested"


class UnavailableError(WheelbridgeError):
    """Packages that an environment is to have again cannot be found."""

    code = "packages-unavailable"

    def __init__(self, what: str, missing: Mapping[str, str]) -> None:
        told = "; ".join(f"{name} ({reason})" for name, reason in missing.items())
        super().__init__(
            f"{what} cannot be restored, since packages of it cannot be found: {told}",
            hint="Name the channels and indexes that have them with -c and -i. The environment is as it was.",
        )
        self.missing = dict(missing)


@dataclass(frozen=True, slots=True, kw_only=True)
class Restoration:
    """A change of an environment to packages that are known exactly, ready to be shown and carried out.

    Attributes:
        packages: all that it is to have.
        requested: MatchSpecs of all that is asked for from then on.
        settings: says where files may be fetched from, with which logins.
    """

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
    wheels = _fetch(missing, settings, reporter)
    complete_hashes(transaction, wheels)
    check, client = check_records(settings.sources), open_client(settings.sources)
    work = run_transaction(replace(transaction, wheels=wheels), caches, reporter=reporter, client=client, check=check)
    outcome = run_to_end(work)
    _remember(restoration)
    return outcome


def direct_urls(packages: Iterable[Past]) -> dict[str, Mapping[str, object]]:
    """Return URL -> contents of ``direct_url.json``, of packages that came from no index."""
    return {past.record.url: past.direct_url for past in packages if past.direct_url is not None}


def _fetch(missing: Sequence[RepoDataRecord], settings: Settings, reporter: Reporter) -> dict[str, Path]:
    """Bring the wheels that are in no cache; URL -> file.

    Raises:
        MissingWheelError: if the file is gone, or nothing tells which file it was.
    """
    local = {record.url: path for record in missing if (path := _local(record)) is not None}
    remote = [record for record in missing if record.url not in local]
    for record in remote:
        if urlsplit(record.url).scheme == "file" or record.sha256 is None:
            raise MissingWheelError(record.file_name)
    providers = _providers(remote, settings)
    tasks = [(record.url, providers[record.url], _as_file(record)) for record in remote]
    return {**local, **download_wheels(tasks, settings.caches, reporter)}


def _local(record: RepoDataRecord) -> Path | None:
    """Return the file of a wheel on this machine; its hash is checked when it is unpacked."""
    parts = urlsplit(record.url)
    path = Path(url2pathname(parts.path)) if parts.scheme == "file" else None
    return path if path is not None and path.is_file() else None


def _as_file(record: RepoDataRecord) -> DistributionFile:
    digest = {"sha256": record.sha256.hex()} if record.sha256 else {}
    return DistributionFile(filename=record.file_name, url=record.url, hashes=digest, size=record.size)


def _providers(records: Iterable[RepoDataRecord], settings: Settings) -> dict[str, Provider]:
    """Return URL -> the index that the file is fetched from: a configured one of its URL, or one made for it.

    The latter may lead to the host of the file, which it led to when the file was taken first.
    """
    known = {source.url: source for source in settings.sources if source.kind == "index"}
    providers: dict[str, Provider] = {}
    for record in records:
        url = record_channel(record)
        host = urlsplit(record.url).netloc
        source = known.get(url) or Source(url, "index", url, 0, trusted_hosts=(host,))
        opened = open_providers((source,), settings.caches, offline=settings.offline)
        providers[record.url] = opened[source.name]
    return providers


def _remember(restoration: Restoration) -> None:
    """Write down where the packages are from, as far as anybody knows."""
    prefix = restoration.transaction.prefix
    memory = load_memory(prefix)
    urls = {past.record.name.normalized: past.record.url for past in restoration.packages}
    origins = {name: origin for name, origin in memory.origins.items() if urls.get(name) == origin.url}
    origins |= {past.record.name.normalized: past.origin for past in restoration.packages if past.origin is not None}
    lock = {**memory.lock, _REQUESTED: list(restoration.requested)} if memory.lock else {}
    write_memory(prefix, Memory(origins=origins, lock=lock))
