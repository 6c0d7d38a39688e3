"""Which of all the sources that are known make the list of a command."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from wheelbridge.api.source_places import SourcePlace
from wheelbridge.configuration.values import COMMAND_LINE, RouteEntry, SourceEntry
from wheelbridge.errors import UsageError
from wheelbridge.model.source import Claim, Source, SourceKind

_KINDS: tuple[SourceKind, ...] = ("channel", "index")


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A source that may come into the list.

    Attributes:
        entry: what is said of it; what one place leaves unsaid, farther ones may have said of the same source.
        group: sources of one group and one origin are one tier.
        fallback: the claim where nothing else says anything.
        aliases: what else the same source is called.
        claimed_by: where its claim stands; empty: where the entry does.
        settings_of: farther places that its settings come from.
        is_given: on the command line, by its URL.
    """

    place: SourcePlace
    entry: SourceEntry
    group: str | None = None
    fallback: Claim | None = None
    aliases: frozenset[str] = frozenset()
    claimed_by: str = ""
    settings_of: tuple[str, ...] = ()
    is_given: bool = False

    @property
    def kind(self) -> SourceKind:
        """A channel or an index."""
        return self.entry.kind

    @property
    def tier_key(self) -> object:
        """What neighbours of one tier have in common."""
        return (self.group, self.kind, self.entry.origin) if self.group else self.place

    @property
    def origins(self) -> tuple[str, ...]:
        """The places that say something of it, the nearest first."""
        given = (COMMAND_LINE,) if self.is_given else ()
        return tuple(dict.fromkeys((*given, self.entry.origin, *self.settings_of)))

    def answers_to(self, name: str) -> bool:
        """Tell whether *name* means it, alone or with its group."""
        return name in (self.place.name, self.group)

    def as_source(self, *, name: str, tier: int, claim: Claim, hosts: tuple[str, ...]) -> Source:
        """Return the source; *hosts* are trusted beside those that a configuration names."""
        entry, place = self.entry, self.place
        origin, *others = self.origins
        return Source(
            name=name,
            kind=place.kind,
            url=place.url,
            tier=tier,
            login_url=place.login_url,
            claim=claim,
            explicit=bool(entry.explicit),
            trusted_hosts=("*",) if place.is_public else tuple(dict.fromkeys((*(entry.trusted_hosts or ()), *hosts))),
            exclude_newer=entry.exclude_newer,
            missing_codes=place.missing_codes if entry.missing_codes is None else entry.missing_codes,
            attestations=entry.attestations or None,
            origin=f"{origin}, with settings of {', '.join(others)}" if others else origin,
            named=place.named_by_user or (place.kind == "index" and place.name == place.public_name),
        )


Level = Sequence[Candidate]
"""The sources of one place, in their order."""


def find(name: str, levels: Iterable[Level], kind: SourceKind | None = None) -> Level:
    """Return what *name* means at the nearest of *levels* that has it; several of a group."""
    for level in levels:
        known = [c for c in level if kind in (None, c.kind)]
        if found := [c for c in known if c.answers_to(name)] or [c for c in known if name in c.aliases]:
            return found
    return ()


def find_twin(candidate: Candidate, levels: Iterable[Level]) -> Candidate | None:
    """Return the same source, by its kind and its URL, as the nearest of *levels* has it."""
    return next((other for level in levels for other in level if other.place.key == candidate.place.key), None)


def choose(levels: Sequence[Level]) -> list[Candidate]:
    """Return the list: of each kind from the nearest level that has it, and after that all explicit ones.

    Explicit sources stand for themselves alone: they neither make a level the one that decides, nor go when another
    one does. One whose name is taken stays out. What a nearer level calls explicit is so.
    """
    deciding = {kind: _deciding(levels, kind) for kind in _KINDS}
    kinds: Sequence[tuple[SourceKind, ...]] = [(kind,) for kind in _KINDS]
    if deciding["channel"] == deciding["index"]:
        kinds = [_KINDS]
    chosen: list[Candidate] = []
    for some in kinds:
        nearer, level = levels[: deciding[some[0]]], levels[deciding[some[0]]]
        chosen += [find_twin(c, nearer) or c for c in level if c.kind in some]
    for candidate in (c for level in levels for c in level if c.entry.explicit):
        if _is_new(candidate, chosen):
            chosen.append(candidate)
    return chosen


def append_configured(given: Level, kinds: Iterable[SourceKind], levels: Sequence[Level]) -> Level:
    """Return *given* with the sources of *kinds* that are configured, behind the last one given of their kind.

    conda's documentation of ``-c``: "These are URLs searched in the order they are given […]. Then, the defaults or
    channels from .condarc are searched (unless --override-channels is given)." What is given of no kind stays so.
    """
    complete = list(given)
    for kind in kinds:
        places = [number for number, candidate in enumerate(complete, 1) if candidate.kind == kind]
        level = levels[_deciding(levels, kind)] if places and levels else ()
        more = [c for c in level if c.kind == kind and not c.entry.explicit and find_twin(c, [given]) is None]
        complete[max(places, default=0) : max(places, default=0)] = more
    return complete


def add_routed(chosen: list[Candidate], routes: Iterable[RouteEntry], levels: Sequence[Level]) -> list[Candidate]:
    """Return *chosen* with the sources that routes lead to and that the list does not have; they serve nothing else."""
    complete = list(chosen)
    for name in dict.fromkeys(choice.source for route in routes for choice in route.choices):
        if not find(name, [complete]):
            found = (replace(c, entry=replace(c.entry, explicit=True)) for c in find(name, levels))
            complete += [c for c in found if _is_new(c, complete)]
    return complete


def name_all(chosen: Iterable[Candidate]) -> dict[str, Candidate]:
    """Return name -> source: two never share a name, the second is called by its URL, and an alias means one alone.

    Raises:
        UsageError: if the name and the URL of one are taken.
    """
    named: dict[str, Candidate] = {}
    for candidate in chosen:
        place = candidate.place
        name = place.name if place.name not in named else place.url
        if name in named:
            raise UsageError(f"Two sources are called {name}", hint="Name one of them: -i NAME=URL.")
        named[name] = candidate
    taken = {*named, *(candidate.group for candidate in named.values() if candidate.group)}
    return {name: replace(c, aliases=c.aliases - taken) for name, c in named.items()}


def _is_new(candidate: Candidate, chosen: Sequence[Candidate]) -> bool:
    names = {other.place.name for other in chosen}
    return candidate.place.name not in names and find_twin(candidate, [chosen]) is None


def _deciding(levels: Sequence[Level], kind: SourceKind) -> int:
    having = (
        place for place, level in enumerate(levels) if any(c.kind == kind and not c.entry.explicit for c in level)
    )
    return next(having, 0)
