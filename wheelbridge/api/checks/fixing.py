"""Environments mended: damaged packages linked anew, remainders removed, the history completed; nothing is solved."""

import shutil
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import file_digest
from pathlib import Path

from rattler import PrefixRecord, RepoDataRecord

from wheelbridge.api.checks.findings import Environment, Finding
from wheelbridge.api.clients import check_records, open_client
from wheelbridge.api.installing import download_wheels, package_caches
from wheelbridge.api.listed_wheels import find_listed
from wheelbridge.api.providers import Provider
from wheelbridge.api.running import run_to_end
from wheelbridge.api.solving import Settings
from wheelbridge.api.sources import read_sources
from wheelbridge.errors import WheelbridgeError
from wheelbridge.index.local import url_to_path
from wheelbridge.installer.cache import discard, entry_name, is_intact
from wheelbridge.installer.conflicts import Conflict, find_conflicts, ignores_case
from wheelbridge.installer.errors import MissingWheelError, UnmanagedDistributionError
from wheelbridge.installer.fetch import check_cached, fetch_packages
from wheelbridge.installer.prefix import check_environment
from wheelbridge.installer.reporter import Reporter
from wheelbridge.installer.request import Request, uses_of
from wheelbridge.installer.transaction import run_transaction, wheels_to_fetch
from wheelbridge.installer.unmanaged import check_unmanaged, unmanaged
from wheelbridge.installer.wheel import find_unpacked, is_wheel, wheel_record
from wheelbridge.model.distribution import DistributionFile
from wheelbridge.solver.records import record_channel, wheel_project


@dataclass(frozen=True, slots=True, kw_only=True)
class Mending:
    """What is to be done about findings.

    Attributes:
        relinked: packages to link anew, by the solver's names, sorted.
        removed: paths in the environment that go, sorted.
        history: whether the history is to be completed.
    """

    relinked: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    history: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing that can be done."""
        return not (self.relinked or self.removed or self.history)

    def as_json(self) -> dict[str, object]:
        """Return the fields as JSON has them."""
        return {"relinked": list(self.relinked), "removed": list(self.removed), "history": self.history}


@dataclass(frozen=True, slots=True)
class Failure:
    """A package that could not be had again, and why."""

    package: str
    reason: str


def plan_mending(findings: Iterable[Finding]) -> Mending:
    """Gather what can be done about *findings*.

    >>> plan_mending([]).is_empty
    True
    """
    repairs = {finding.repair for finding in findings if finding.repair}
    return Mending(
        relinked=tuple(sorted(repair.subject for repair in repairs if repair.kind == "relink")),
        removed=tuple(sorted(repair.subject for repair in repairs if repair.kind == "remove")),
        history=any(repair.kind == "history" for repair in repairs),
    )


def mend(
    prefix: Path,
    mending: Mending,
    settings: Settings,
    reporter: Reporter,
    *,
    override: Collection[str] = (),
    command: Sequence[str] = ("wheelbridge",),
) -> tuple[Failure, ...]:
    """Carry out *mending*; return the packages that nobody has any more, which stay as they are.

    Packages come out of the caches, where these are sound, or from where they came from; each must be the file that is
    recorded, by its hash.

    Raises:
        WheelbridgeError: the packages are then as they were.
    """
    check_environment(prefix, override=override)
    environment = Environment(prefix)
    request = Request(
        prefix=prefix,
        subdir=environment.subdir,
        records=environment.records,
        direct_urls=_direct_urls(environment, mending.relinked),
        command=tuple(command),
        override=frozenset(override),
        reinstall=frozenset(mending.relinked),
        offline=settings.offline,
    )
    blocked = tuple(_blocked(environment, mending.relinked))
    free = request.reinstall - {failure.package for failure in blocked}
    request, failures = _Store(settings, reporter).fill(replace(request, reinstall=free))
    if request.reinstall or mending.history:
        run_to_end(run_transaction(request, package_caches(settings.caches), reporter=reporter))
    for path in mending.removed:
        _remove(prefix, path)
    return (*blocked, *failures)


class _Store:
    """Brings packages that are installed into the caches once more."""

    def __init__(self, settings: Settings, reporter: Reporter) -> None:
        self._settings = settings
        self._caches = package_caches(settings.caches)
        self._reporter = reporter

    def fill(self, request: Request) -> tuple[Request, tuple[Failure, ...]]:
        """Return *request* with its wheels, without the packages that cannot be had."""
        failures: list[Failure] = []
        wheels: dict[str, Path] = {}
        self._discard_damaged(request)
        missing = {record.url for record in wheels_to_fetch(request, self._caches)}
        for record in request.records:
            name = record.name.normalized
            if name not in request.reinstall:
                continue
            try:
                if not is_wheel(record):
                    self._fetch_package(record, request)
                elif record.url in missing:
                    wheels[record.url] = self._fetch_wheel(record)
            except WheelbridgeError as error:
                failures.append(Failure(name, error.message))
        lost = {failure.package for failure in failures}
        return replace(request, wheels=wheels, reinstall=request.reinstall - lost), tuple(failures)

    def _discard_damaged(self, request: Request) -> None:
        """Remove what is in the caches and not as it was: it has the same inode as the damaged file."""
        uses = uses_of(request)
        for record in request.records:
            if record.name.normalized not in request.reinstall:
                continue
            entry: Path | None = self._caches.packages / entry_name(record)
            if is_wheel(record):
                use = uses.get(record.url)
                entry = find_unpacked(wheel_record(record), self._caches.wheels, use) if use else None
            if entry is not None and entry.is_dir() and not is_intact(entry):
                discard(entry)

    def _fetch_package(self, record: RepoDataRecord, request: Request) -> None:
        """Fetch a channel's package, from where it came from, unless the cache has it."""
        channel = record_channel(record)
        sources = tuple(one for one in self._settings.sources if one.kind == "channel" and one.url == channel)
        if request.offline:
            check_cached([record], self._caches.packages, request.layout, self._caches.archives)
        run_to_end(
            fetch_packages(
                [record],
                self._caches.packages,
                layout=request.layout,
                client=open_client(sources),
                reporter=self._reporter,
                check=check_records(sources),
                archives=self._caches.archives,
            )
        )

    def _fetch_wheel(self, record: RepoDataRecord) -> Path:
        """Return a wheel as it was downloaded, once more if need be.

        Raises:
            MissingWheelError: if its index does not have it any more, or it came from no index.
        """
        if (kept := self._kept_wheel(record)) is not None:
            return kept
        if record.sha256 is None:
            raise MissingWheelError(record.file_name)  # nothing could tell whether it is the same file
        provider, file = self._find_file(record)
        return download_wheels([(record.url, provider, file)], self._settings.caches, self._reporter)[record.url]

    def _kept_wheel(self, record: RepoDataRecord) -> Path | None:
        """Return the wheel out of the cache of downloads, or from where it lies on this machine."""
        if record.sha256 is None:
            return None
        places = [self._settings.caches.downloads / record.sha256.hex() / record.file_name]
        if record.url.startswith("file:"):
            places.append(url_to_path(record.url))
        return next((place for place in places if _has_hash(place, record.sha256)), None)

    def _find_file(self, record: RepoDataRecord) -> tuple[Provider, DistributionFile]:
        settings = self._settings
        if listed := find_listed(record, settings.sources, settings.caches, offline=settings.offline):
            return listed
        channel, project = record_channel(record), wheel_project(record.file_name)
        if not project or "://" not in channel:
            raise MissingWheelError(record.file_name)
        known = tuple(one for one in self._settings.sources if one.kind == "index" and one.url.rstrip("/") == channel)
        sources = known or read_sources([("index", channel)], defaults=False)
        (provider, *_) = replace(self._settings, sources=sources).open_providers().values()
        page = provider.project_page(project)
        digest = record.sha256.hex() if record.sha256 else None
        for file in page.files if page else ():
            if file.url == record.url or (digest and file.sha256 == digest):
                return provider, file
        raise MissingWheelError(record.file_name)


def _blocked(environment: Environment, names: Collection[str]) -> Iterator[Failure]:
    """Yield the packages that cannot be linked without damage to what another tool put there."""
    others = unmanaged(environment.distributions)
    conflicts = tuple(_conflicts(environment, names))
    for name in names:
        try:
            check_unmanaged(others, {name: environment.files[name]}, {}, environment.layout)
        except UnmanagedDistributionError as error:
            yield Failure(name, error.message)
            continue
        if conflict := next((one for one in conflicts if name in one.packages), None):
            yield Failure(name, f"{conflict} has other contents in each of them")


def _conflicts(environment: Environment, names: Collection[str]) -> Iterator[Conflict]:
    """Yield the files of *names* that others have with other contents, where one of them is a wheel: no link writes it.

    What two packages of channels have may be either one's.
    """
    linked = {name: environment.files[name] for name in names}
    kept = {name: files for name, files in environment.files.items() if name not in linked}
    for conflict in find_conflicts(linked, kept, fold=ignores_case(environment.subdir)):
        if not conflict.identical and any(map(environment.is_wheel, conflict.packages)):
            yield conflict


def _direct_urls(environment: Environment, names: Collection[str]) -> dict[str, Mapping[str, object]]:
    """Return URL of a record -> ``direct_url.json``, so that what came from no index keeps saying so."""
    urls: dict[str, PrefixRecord] = {record.name.normalized: record for record in environment.records}
    return {
        urls[one.owner].url: one.direct_url
        for one in environment.distributions
        if one.owner in names and one.owner in urls and one.direct_url is not None
    }


def _remove(prefix: Path, path: str) -> None:
    """Remove a remainder, which is never anything outside of the environment."""
    place = prefix / path
    if place.is_symlink() or place.is_file():
        place.unlink()
    elif place.is_dir() and place.resolve().is_relative_to(prefix.resolve()):
        shutil.rmtree(place)


def _has_hash(path: Path, digest: bytes) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as stream:
        return file_digest(stream, "sha256").digest() == digest
