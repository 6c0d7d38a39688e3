"""The channels of a problem, read through py-rattler's gateway."""

from collections.abc import Iterable
from pathlib import Path

from packaging.version import InvalidVersion, Version
from rattler import Channel, Gateway, MatchSpec, RepoDataRecord, SourceConfig, Subdir
from rattler.exceptions import GatewayError
from rattler.networking.fetch_repo_data import CacheAction

from wheelbridge.model.name import PYPI_PREFIX
from wheelbridge.model.source import Source
from wheelbridge.solver.errors import RepodataError, ReservedNameError
from wheelbridge.translate.pythons import Release


class Channels:
    """What the channels of one solve have; repodata is fetched once."""

    def __init__(self, sources: Iterable[Source], subdir: str, cache: Path, *, offline: bool) -> None:
        self.by_url = {source.url: Channel(source.url) for source in sources if source.kind == "channel"}
        self.platforms = [Subdir(subdir), Subdir("noarch")]
        action: CacheAction = "force-cache-only" if offline else "cache-or-fetch"
        self.gateway = Gateway(cache_dir=cache, default_config=SourceConfig(cache_action=action))
        self.names: frozenset[str] = frozenset()
        self._names_of: dict[str, frozenset[str]] = {}

    async def open(self) -> None:
        """Read the names that the channels have.

        Raises:
            RepodataError: if a channel cannot be read.
            ReservedNameError: if a channel serves a name that is kept for projects of an index.
        """
        try:
            for url, channel in self.by_url.items():
                names = await self.gateway.names([channel], self.platforms)
                self._names_of[url] = frozenset(name.normalized for name in names)
        except GatewayError as error:
            raise RepodataError(
                f"A channel cannot be read: {error}", hint="Check the channel's URL; it must have a noarch folder."
            ) from error
        self.names = self.names_of(self.by_url)
        if reserved := sorted(name for name in self.names if name.startswith(PYPI_PREFIX)):
            raise ReservedNameError(f"A channel serves {reserved[0]!r}; such names are kept for projects of an index")

    def names_of(self, urls: Iterable[str]) -> frozenset[str]:
        """Return the names that the channels at *urls* have."""
        return frozenset().union(*(self._names_of[url] for url in urls))

    async def records(self, spec: str) -> list[RepoDataRecord]:
        """Return the records of one package that match *spec*, dependencies aside."""
        if not self.by_url:
            return []
        match = MatchSpec(spec)
        found = await self.gateway.query(self.by_url.values(), self.platforms, [match], recursive=False)
        return [record for records in found for record in records if match.matches(record)]

    async def versions(self, name: str) -> set[Version]:
        """Return the versions of the package *name* that are PEP 440 versions."""
        if name not in self.names:
            return set()
        found = set()
        for record in await self.records(name):
            try:
                found.add(Version(str(record.version)))
            except InvalidVersion:
                continue
        return found

    async def pythons(self, specs: Iterable[str]) -> tuple[Release, ...]:
        """Return the minor versions of the pythons that match every one of *specs*, ascending."""
        matches = [MatchSpec(spec) for spec in specs]
        records = await self.records("python")
        found = {
            record.version.as_major_minor() for record in records if all(match.matches(record) for match in matches)
        }
        return tuple(sorted(release for release in found if release))
