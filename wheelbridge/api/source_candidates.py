"""Which of all the sources that are known make the list of a command."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from wheelbridge.api.source_places import SourcePlace, read_channel, read_index
from wheelbridge.configuration.conda_channels import CondaChannels
from wheelbridge.configuration.errors import InvalidConfigurationError
from wheelbridge.configuration.values import COMMAND_LINE, Configuration, RouteEntry, SourceEntry
from wheelbridge.errors import UsageError, WheelbridgeError
from wheelbridge.model.source import Claim, Source, SourceKind

_KINDS: tuple[SourceKind, ...] = ("channel", "index")


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A source that may come into the list.

    Attributes:
        group: sources of one group and one origin are one tier.
        fallback: the claim where nothing else says anything.
    """

    place: SourcePlace
    entry: SourceEntry
    group: str | None = None
    fallback: Claim | None = None

    @property
    def kind(self) -> SourceKind:
        """A channel or an index."""
        return self.entry.kind

    @property
    def tier_key(self) -> object:
        """What neighbours of one tier have in common."""
        return (self.group, self.kind, self.entry.origin) if self.group else self.place

    def answers_to(self, name: str) -> bool:
        """Tell whether *name* means it, alone or with its group."""
        return name in (self.place.name, self.group)

    def as_source(self, *, name: str, tier: int, claim: Claim, hosts: tuple[str, ...]) -> Source:
        """Return the source; *hosts* are trusted beside those that a configuration names."""
        entry, place = self.entry, self.place
        return Source(
            name=name,
            kind=place.kind,
            url=place.url,
            tier=tier,
            login_url=place.login_url,
            claim=claim,
            explicit=entry.explicit,
            trusted_hosts=("*",) if place.is_public else tuple(dict.fromkeys((*entry.trusted_hosts, *hosts))),
            exclude_newer=entry.exclude_newer,
            missing_codes=entry.missing_codes,
            attestations=entry.attestations,
            origin=entry.origin,
        )


Level = Sequence[Candidate]
"""The sources of one place, in their order."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Turns what was written into candidates; *windows* says what ``defaults`` stands for."""

    channels: CondaChannels
    windows: bool = False

    def read_place(self, place: Configuration) -> Level:
        """Return the sources of a configuration.

        Raises:
            InvalidConfigurationError: with the path to a source that cannot be read.
        """
        found: list[Candidate] = []
        for entry in place.sources:
            try:
                found += self._expand(entry, place.fallback)
            except WheelbridgeError as error:
                raise InvalidConfigurationError(entry.origin, entry.path, error.message, hint=error.hint) from error
        return found

    def read_given(self, given: Iterable[tuple[SourceKind, str]], configured: Sequence[Level]) -> Level:
        """Return the sources of a command line; the name of a *configured* one means that one, settings and all.

        Raises:
            UsageError: if one cannot be read, or has the name of a configured source of the other kind.
        """
        found: list[Candidate] = []
        for kind, text in dict.fromkeys(given):
            found += find(text, configured, kind) or self._read_text(kind, text, configured)
        return found

    def _read_text(self, kind: SourceKind, text: str, configured: Sequence[Level]) -> Level:
        if others := find(text, configured):
            kind_there, option = others[0].kind, "-i" if others[0].kind == "index" else "-c"
            raise UsageError(
                f"{text} is no {kind}, but the {kind_there} of {others[0].entry.origin}", hint=f"Say {option} {text}."
            )
        return self._expand(SourceEntry(kind=kind, text=text, origin=COMMAND_LINE), None)

    def _expand(self, entry: SourceEntry, fallback: Claim | None) -> list[Candidate]:
        if entry.kind == "index":
            places: tuple[SourcePlace, ...] = (read_index(entry.text),)
        else:
            places = read_channel(entry.text, self.channels, windows=self.windows)
        group = entry.group
        if len(places) > 1:
            group = group or entry.name or entry.text
        elif entry.name:
            places = (replace(places[0], name=entry.name),)
        return [Candidate(place=place, entry=entry, group=group, fallback=fallback) for place in places]


def find(name: str, levels: Iterable[Level], kind: SourceKind | None = None) -> Level:
    """Return what *name* means at the nearest of *levels* that has it; several of a group."""
    for level in levels:
        if found := [c for c in level if c.answers_to(name) and kind in (None, c.kind)]:
            return found
    return ()


def choose(levels: Sequence[Level]) -> list[Candidate]:
    """Return the list: of each kind from the nearest level that has it, and after that all explicit ones.

    Explicit sources stand for themselves alone: they neither make a level the one that decides, nor go when another
    one does. One whose name is taken stays out.
    """
    deciding = {kind: _deciding(levels, kind) for kind in _KINDS}
    if deciding["channel"] == deciding["index"]:
        chosen = list(levels[deciding["channel"]])
    else:
        chosen = [c for kind in _KINDS for c in levels[deciding[kind]] if c.kind == kind]
    for candidate in (c for level in levels for c in level if c.entry.explicit):
        if all(candidate.place.name != other.place.name for other in chosen):
            chosen.append(candidate)
    return chosen


def add_routed(chosen: list[Candidate], routes: Iterable[RouteEntry], levels: Sequence[Level]) -> list[Candidate]:
    """Return *chosen* with the sources that routes lead to and that the list does not have; they serve nothing else."""
    complete = list(chosen)
    for name in dict.fromkeys(choice.source for route in routes for choice in route.choices):
        if not find(name, [complete]):
            found = (replace(c, entry=replace(c.entry, explicit=True)) for c in find(name, levels))
            complete += [c for c in found if all(c.place.name != other.place.name for other in complete)]
    return complete


def name_all(chosen: Iterable[Candidate]) -> dict[str, Candidate]:
    """Return name -> source: two never share a name, the second is called by its URL; the same again is left out."""
    named: dict[str, Candidate] = {}
    for candidate in chosen:
        place = candidate.place
        twin = named.get(place.name)
        name = place.name if twin is None else place.url
        if name not in named and (twin is None or (twin.kind, twin.place.url) != (place.kind, place.url)):
            named[name] = candidate
    return named


def _deciding(levels: Sequence[Level], kind: SourceKind) -> int:
    having = (
        place for place, level in enumerate(levels) if any(c.kind == kind and not c.entry.explicit for c in level)
    )
    return next(having, 0)
