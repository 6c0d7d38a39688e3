"""What the sources offer, laid out for the solver so that the order it knows is the one that the rule gives."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from rattler import Channel, PackageName, RepoDataRecord, Subdir

from wheelbridge.model.record import Refusal
from wheelbridge.model.source import Source
from wheelbridge.solver.ownership import Ruling, Tier

Find = Callable[[str], Awaitable[tuple[Ruling, Mapping[str, Sequence[RepoDataRecord]]]]]
"""Returns the ruling on a name, and source name -> its records of that name."""


_ABOVE_ANY_BUILD = 1_000_000_000


@dataclass
class Catalogue:
    """The records of one call of the solver, one `rattler.RepoDataSource` a place.

    py-rattler's flexible mode goes by the channel of a record, in the order in which channels are met: "candidates from
    higher-priority channels are exhausted before falling back to the next channel". So every place in the order has one
    channel, that of the first source there. The records of a name stand at their source's own place, unless a route or
    a claim gives the name another order; a record at another place has that place's channel, until `restore`.
    """

    sources: Sequence[Source]
    find: Find
    refusals: dict[str, Refusal] = field(default_factory=dict)
    failure: Exception | None = None
    _laid_out: dict[str, list[list[RepoDataRecord]]] = field(default_factory=dict)
    _originals: dict[tuple[str, str], RepoDataRecord] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Find the places: one a tier."""
        tiers: dict[int, Source] = {}
        for source in self.sources:
            tiers.setdefault(source.tier, source)
        self._places = {tier: place for place, tier in enumerate(sorted(tiers))}
        self._channels = {source.name: _channel_of(source) for source in self.sources}
        self._labels = [self._channels[tiers[tier].name] for tier in sorted(tiers)]

    @property
    def places(self) -> list["Place"]:
        """The sources for the solver, in order."""
        return [Place(self, number) for number in range(len(self._labels))]

    async def records(self, name: str, place: int) -> list[RepoDataRecord]:
        """Return the records of *name* at one place."""
        try:
            if name not in self._laid_out:
                ruling, records = await self.find(name)
                self._laid_out[name] = self._lay_out(ruling.groups, records)
            return self._laid_out[name][place]
        except Exception as error:
            self.failure = error
            raise

    def restore(self, records: Iterable[RepoDataRecord]) -> list[RepoDataRecord]:
        """Return the records of an answer as their sources have them."""
        return [self._originals.get((record.channel or "", record.url), record) for record in records]

    def _lay_out(
        self, groups: Sequence[Tier], records: Mapping[str, Sequence[RepoDataRecord]]
    ) -> list[list[RepoDataRecord]]:
        own = [self._places[group[0].tier] for group in groups]
        natural = own == sorted(own)
        places: list[list[RepoDataRecord]] = [[] for _ in self._labels]
        for number, group in enumerate(groups):
            place = own[number] if natural else number
            if len(group) == 1 and self._channels[group[0].name] == self._labels[place]:
                places[place] = list(records.get(group[0].name, ()))
            else:
                places[place] = self._join(group, records, self._labels[place])
        return places

    def _join(self, group: Tier, records: Mapping[str, Sequence[RepoDataRecord]], label: str) -> list[RepoDataRecord]:
        """Return the records of *group* under the channel *label*; of equal versions, the upper tier's comes first."""
        offered = [(source, record) for source in group for record in records.get(source.name, ())]
        tiers = list(dict.fromkeys(source.tier for source in group))
        joined = []
        for source, record in _without_twins(offered, self.refusals):
            twin = RepoDataRecord(record, record.file_name, record.url, label)
            twin.build_number = record.build_number + _ABOVE_ANY_BUILD * (len(tiers) - 1 - tiers.index(source.tier))
            self._originals[label, record.url] = record
            joined.append(twin)
        return joined


@dataclass(frozen=True, slots=True)
class Place:
    """A `rattler.RepoDataSource`: one place in the order of a catalogue.

    The solver is told of one platform only; each place answers with the records of all, at half the turns.
    """

    catalogue: Catalogue
    number: int

    def package_names(self, platform: Subdir) -> list[str]:
        """Return nothing: names are asked for, not listed."""
        del platform
        return []

    async def fetch_package_records(self, platform: Subdir, name: PackageName) -> list[RepoDataRecord]:
        """Return the records of *name*, of all subdirs."""
        del platform
        return await self.catalogue.records(name.normalized, self.number)


def _channel_of(source: Source) -> str:
    """Return what the records of *source* say where they are from."""
    return Channel(source.url).base_url if source.kind == "channel" else source.url


def _without_twins(
    offered: Sequence[tuple[Source, RepoDataRecord]], refusals: dict[str, Refusal]
) -> list[tuple[Source, RepoDataRecord]]:
    """Keep the first of the files with one name; refuse both where they are not the same file, and should be.

    Mirrors have the same files. So have indexes: a wheel's name is unique, where channels may build alike.
    """
    first: dict[tuple[str, str], tuple[Source, RepoDataRecord]] = {}
    for source, record in offered:
        owner, twin = first.setdefault((record.subdir, record.file_name), (source, record))
        comparable = owner.tier == source.tier or source.kind == owner.kind == "index"
        if comparable and twin.sha256 and record.sha256 and twin.sha256 != record.sha256:
            reason = f"{owner.name} and {source.name} have different files of this name (by their sha256)"
            refusals[record.file_name] = Refusal(record.file_name, "hash-disagreement", reason)
    return [pair for pair in first.values() if pair[1].file_name not in refusals]
