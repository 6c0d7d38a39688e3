"""The channels of a problem, read through py-rattler's gateway."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

from packaging.version import InvalidVersion, Version
from rattler import Channel, Client, Gateway, MatchSpec, RepoDataRecord, SourceConfig, Subdir
from rattler.exceptions import GatewayError
from rattler.networking.fetch_repo_data import CacheAction

from wheelbridge.model.boundaries import check_channel_url
from wheelbridge.model.name import PYPI_PREFIX
from wheelbridge.model.record import Refusal
from wheelbridge.model.redaction import redact_text
from wheelbridge.model.source import Claim, Source
from wheelbridge.model.target import Target
from wheelbridge.solver.channel_wheels import ListedWheels, first_of_each, is_listed_wheel, read_listed
from wheelbridge.solver.errors import HashMissingError, RepodataError, ReservedNameError
from wheelbridge.solver.records import record_channel
from wheelbridge.solver.relations import Relations, follow_relations
from wheelbridge.translate.pythons import Release

Answer = TypeVar("Answer")
Records = dict[str, list[RepoDataRecord]]
"""URL of a channel -> its records of one name."""


@dataclass(frozen=True, slots=True)
class ChannelAccess:
    """How channels are read: where repodata is kept, and with which client; None: rattler's default one."""

    cache: Path
    client: Client | None = None


class Channels:
    """What the channels of one solve have; repodata is fetched once.

    Attributes:
        sources: all sources of the solve, with the channels that others brought along once `follow` was called.
        names: the names that any channel has, once it is open.
        projects: those of them that channels have as wheels alone: a project's names, and no conda package's.
        refusals: file name -> why a wheel that a channel lists cannot be had.
    """

    def __init__(
        self,
        sources: Iterable[Source],
        subdir: str,
        access: ChannelAccess,
        *,
        offline: bool,
        exclude_newer: datetime | None = None,
        target: Target | None = None,
    ) -> None:
        self.sources = tuple(sources)
        self.names: frozenset[str] = frozenset()
        self.projects: frozenset[str] = frozenset()
        self.refusals: dict[str, Refusal] = {}
        self._target = target
        self._platforms = [Subdir(subdir), Subdir("noarch")]
        self._access = access
        self._gateway = self._open_gateway("force-cache-only" if offline else "cache-or-fetch")
        self._wheels = ListedWheels(self._platforms, access.cache, access.client)
        self._exclude_newer = exclude_newer
        self._names_of: dict[str, frozenset[str]] = {}
        self._records: dict[str, Records] = {}
        self._late: dict[str, int] = {}

    async def follow(self, claim: Claim | None = None) -> None:
        """Take in the channels that others bring along (CEP 42); *claim* is theirs where their name says nothing.

        Raises:
            BreachError: if a channel is reached without TLS, and may not be.
            ChannelRelationError: if what they say of each other makes no order.
            RepodataError: if one cannot be read.
        """
        for source in self._channels:
            check_channel_url(source)
        try:
            self.sources = await follow_relations(self.sources, self._read_relations, claim)
        except GatewayError as error:
            raise _unreadable(error) from error

    async def open(self) -> None:
        """Read the names that the channels have.

        Raises:
            BreachError: if a channel is reached without TLS, and may not be.
            RepodataError: if a channel cannot be read.
            ReservedNameError: if a channel serves a name that is kept for projects of an index.
        """
        for source in self._channels:
            check_channel_url(source)
        try:
            for source in self._channels:
                self._names_of[source.url] = await self._read_names(source.url)
        except GatewayError as error:
            raise _unreadable(error) from error
        await self._open_wheels()
        self.names = frozenset().union(*self._names_of.values())
        if reserved := sorted(name for name in self.names if name.startswith(PYPI_PREFIX)):
            raise ReservedNameError(f"A channel serves {reserved[0]!r}; such names are kept for projects of an index")

    def has(self, source: Source, name: str) -> bool:
        """Tell whether the channel *source* has *name*."""
        return name in self._names_of[source.url]

    async def prefetch(self, specs: Iterable[str]) -> None:
        """Read the records that *specs* lead to, all at once: each name alone would take a turn of the event loop.

        Of the names in *specs* themselves, py-rattler returns what matches; these are read once more, in all versions.
        """
        unread = {name: spec for spec in specs if (name := MatchSpec(spec).name.normalized or "") not in self._records}
        if unread:
            found = await self._query(list(unread.values()), recursive=True)
            narrowed = {name for name, spec in unread.items() if spec.strip() != name}
            whole = await self._query(sorted(self.names & narrowed), recursive=False)
            self._records = {**found, **whole, **self._records}

    async def records_of(self, name: str) -> Records:
        """Return what each channel has of *name*, published in time."""
        if name in self.names and name not in self._records:
            self._records[name] = (await self._query([name], recursive=False)).get(name, {})
        return self._records.get(name, {})

    def newest(self, source: Source, name: str) -> str | None:
        """Return the newest version that a channel has of *name*, None where nobody asked for it yet."""
        records = self._records.get(name, {}).get(source.url)
        return str(max(record.version for record in records)) if records else None

    def check_hashes(self, records: Iterable[RepoDataRecord]) -> None:
        """Refuse a record without a hash where its channel has hashes for others.

        Raises:
            HashMissingError: for the first one.
        """
        for record in records:
            url = record_channel(record)
            if not _has_hash(record) and any(map(_has_hash, self._read_of(url))):
                raise HashMissingError(record.file_name, url)

    def _read_of(self, url: str) -> Iterator[RepoDataRecord]:
        return (record for by_url in self._records.values() for record in by_url.get(url, ()))

    def late(self, name: str) -> int:
        """Return how many records of *name* were left out for their time."""
        return self._late.get(name, 0)

    @property
    def _channels(self) -> list[Source]:
        return [source for source in self.sources if source.kind == "channel"]

    async def _open_wheels(self) -> None:
        """Add the names of the wheels that channels list beside their packages."""
        urls = [source.url for source in self._channels]
        listed = dict(zip(urls, await asyncio.gather(*map(self._wheels.open, urls)), strict=True))
        conda = frozenset().union(*self._names_of.values())
        self.projects = frozenset().union(*listed.values()) - conda
        self._names_of = {url: names | listed[url] for url, names in self._names_of.items()}

    async def _read_relations(self, url: str) -> list[Relations]:
        ask = partial(Gateway.channel_relations, channel=Channel(url))
        found = [await self._ask(partial(ask, platform=platform)) for platform in self._platforms]
        return [Relations(one.base, one.overrides) for one in found if one]

    async def _read_names(self, url: str) -> frozenset[str]:
        names = await self._ask(
            lambda gateway: gateway.names([Channel(url)], self._platforms, channel_relations="disabled")
        )
        return frozenset(name.normalized for name in names)

    def _open_gateway(self, action: CacheAction) -> Gateway:
        config = SourceConfig(cache_action=action)
        return Gateway(cache_dir=self._access.cache, default_config=config, client=self._access.client)

    async def _ask(self, question: Callable[[Gateway], Awaitable[Answer]]) -> Answer:
        """Put a *question* to the gateway.

        py-rattler 0.28.0 takes a 304 that repeats no validator, as python's http.server answers, for an error; such a
        server is asked once more, without what is in the cache.
        """
        try:
            return await question(self._gateway)
        except GatewayError as error:
            if "304 Not Modified" not in str(error):
                raise
        self._gateway = self._open_gateway("no-cache")
        return await question(self._gateway)

    async def _query(self, specs: Sequence[str], *, recursive: bool) -> dict[str, Records]:
        """Return name -> what each channel has of it, published in time."""
        channels, fresh = self._channels, dict[str, Records]()
        if not specs:
            return fresh
        try:
            answer = await self._ask(
                lambda gateway: gateway.query(
                    [Channel(source.url) for source in channels],
                    self._platforms,
                    [MatchSpec(spec) for spec in specs],
                    recursive=recursive,
                    channel_relations="disabled",
                )
            )
        except GatewayError as error:
            raise _unreadable(error) from error
        for records in filter(None, answer):
            url = record_channel(records[0])
            for record in records:
                fresh.setdefault(record.name.normalized, {}).setdefault(url, []).append(record)
        for name in {*fresh, *(MatchSpec(spec).name.normalized or "" for spec in specs)}:
            for url, record in self._wheels.records_of(name):
                fresh.setdefault(name, {}).setdefault(url, []).append(record)
        return self._leave_out_late(self._take_wheels(fresh))

    def _take_wheels(self, found: dict[str, Records]) -> dict[str, Records]:
        """Make the records of wheels what the wheels are, without those that the target cannot have."""
        for by_url in found.values():
            for url, records in by_url.items():
                if any(map(is_listed_wheel, records)):
                    by_url[url] = first_of_each(self._runnable(records))
        return found

    def _runnable(self, records: Iterable[RepoDataRecord]) -> Iterator[RepoDataRecord]:
        for record in records:
            taken = read_listed(record, self._target) if is_listed_wheel(record) else record
            if isinstance(taken, Refusal):
                self.refusals[taken.fn] = taken
            else:
                yield taken

    def _leave_out_late(self, found: dict[str, Records]) -> dict[str, Records]:
        """Leave out what was published later than its source's time, or the solve's, allows, or who knows when."""
        cutoffs = {source.url: source.exclude_newer or self._exclude_newer for source in self._channels}
        if not any(cutoffs.values()):
            return found
        in_time = {
            name: {url: list(_in_time(records, cutoffs[url])) for url, records in by_url.items()}
            for name, by_url in found.items()
        }
        self._late |= {name: _count(found[name]) - _count(in_time[name]) for name in found}
        return in_time


def _in_time(records: Iterable[RepoDataRecord], cutoff: datetime | None) -> Iterator[RepoDataRecord]:
    for record in records:
        if cutoff is None or ((time := record.indexed_timestamp or record.timestamp) and time <= cutoff):
            yield record


def _count(by_url: Records) -> int:
    return sum(map(len, by_url.values()))


def versions_of(records: Iterable[RepoDataRecord]) -> set[Version]:
    """Return the versions among *records* that are PEP 440 versions."""
    found = set()
    for record in records:
        with suppress(InvalidVersion):
            found.add(Version(str(record.version)))
    return found


def pythons_of(records: Iterable[RepoDataRecord], specs: Iterable[str]) -> frozenset[Release]:
    """Return the minor versions of the pythons among *records* that match every one of *specs*."""
    matches = [MatchSpec(spec) for spec in specs]
    fitting = (record for record in records if all(match.matches(record) for match in matches))
    return frozenset(release for record in fitting if (release := record.version.as_major_minor()))


def _has_hash(record: RepoDataRecord) -> bool:
    return record.sha256 is not None or record.md5 is not None


def _unreadable(error: GatewayError) -> RepodataError:
    return RepodataError(
        f"A channel cannot be read: {redact_text(str(error))}",
        hint="Check the channel's URL; it must have a noarch folder.",
    )
