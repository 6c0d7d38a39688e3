"""Who serves a name: the one rule for channels and indexes, on values alone."""

from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from packaging.version import Version

from wheelbridge.model.name import PYPI_PREFIX
from wheelbridge.model.source import Claim, Route, Source

Tier = tuple[Source, ...]
"""Sources that count as one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """Who serves one name.

    Attributes:
        owner: the first source that has it; None where none may serve it.
        groups: the sources that serve it; a later group only where no version of an earlier one fits, the sources of
            one group by version.
        hidden: sources that have it, and must not serve it.
        route: the route that decided, None where the list did.
    """

    owner: Source | None
    groups: tuple[Tier, ...]
    hidden: tuple[Source, ...]
    route: Route | None = None

    @property
    def claim(self) -> Claim | None:
        """The owner's claim."""
        return self.owner.claim if self.owner else None

    @property
    def serving(self) -> Tier:
        """All sources that serve the name."""
        return tuple(source for group in self.groups for source in group)


@dataclass(frozen=True)
class Rule:
    """The list of sources and the routes that hold on the target, nearest first.

    The first source that has a name owns it, and the owner's claim says who else may serve it; so does the claim of
    each source after it, for those below. PEP 766 calls this "index priority". A source that claims strictly is thus
    the last one, whatever stands above it.
    """

    sources: Sequence[Source]
    routes: Sequence[Route] = ()
    _tiers: dict[tuple[str, str | None], tuple[tuple[Tier, ...], Route | None]] = field(default_factory=dict)

    def tiers(self, name: str, project: str | None) -> tuple[Tier, ...]:
        """Return the tiers that may serve *name*, which *project* goes by, in order."""
        return self._find(name, project)[0]

    def judge(self, name: str, project: str | None, has: Callable[[Source], bool]) -> Ruling:
        """Rule on *name*; *has* tells whether a source has it.

        >>> corp, forge = Source("corp", "index", "", 0, claim="strict"), Source("forge", "channel", "", 1)
        >>> Rule((corp, forge)).judge("a", "a", lambda source: True).hidden == (forge,)
        True
        """
        tiers, route = self._find(name, project)
        having = [found for tier in tiers if (found := tuple(filter(has, tier)))]
        groups = tuple(_group(having))
        serving = {source.name for group in groups for source in group}
        hidden = tuple(source for source in self.sources if source.name not in serving and has(source))
        return Ruling(owner=groups[0][0] if groups else None, groups=groups, hidden=hidden, route=route)

    def _find(self, name: str, project: str | None) -> tuple[tuple[Tier, ...], Route | None]:
        key = (name, project)
        if key not in self._tiers:
            route = next((route for route in self.routes if route.matches(name, project)), None)
            listed = self._routed(route) if route else [source for source in self.sources if not source.explicit]
            self._tiers[key] = tuple(_tiers(listed)), route
        return self._tiers[key]

    def _routed(self, route: Route) -> list[Source]:
        """Return the sources of all routes of one place for one pattern: they may be given one by one."""
        by_name = {source.name: source for source in self.sources}
        same = (one for one in self.routes if (one.pattern, one.origin) == (route.pattern, route.origin))
        names = dict.fromkeys(name for one in same for name in one.sources)
        return [by_name[name] for name in names if name in by_name]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hidden:
    """A source that has *name*, and must not serve it.

    Attributes:
        project: the PyPI project that goes by the name, None for a conda package alone.
        versions: what it has, oldest first.
    """

    name: str
    project: str | None
    source: Source
    ruling: Ruling
    versions: tuple[Version, ...]

    @property
    def route(self) -> Route:
        """The route that would let it serve."""
        own = self.name.startswith(PYPI_PREFIX)
        pattern = f"pypi:{self.project}" if own else self.project or self.name
        return Route(pattern=pattern, sources=(self.source.name,))

    @property
    def claimant(self) -> Source | None:
        """The source whose strict claim hides it, None where something else does."""
        decided = self.ruling.route or self.ruling.owner is None or self.source.explicit
        return None if decided else self.ruling.groups[-1][-1]

    def describe(self) -> str:
        """Say who has it, and why that does not count."""
        newest = [self.versions[0], self.versions[-1]] if self.versions[1:] else self.versions
        has = f"{self.source.name} has {self.project or self.name}"
        return f"{has}{' ' if newest else ''}{' to '.join(map(str, newest))}, but {self._reason()}."

    def _reason(self) -> str:
        if route := self.ruling.route:
            return f"the route {route}{f' ({route.origin})' if route.origin else ''} leaves it out"
        if self.ruling.owner is None or self.source.explicit:
            return "serves only what is routed to it"
        return f"{self.ruling.groups[-1][-1].name}, which has it too, stands above and claims it strictly"

    def as_json(self) -> dict[str, object]:
        """Return the fields as JSON has them."""
        return {
            "name": self.name,
            "pypi_name": self.project,
            "source": self.source.name,
            "versions": [str(version) for version in self.versions],
            "owner": self.ruling.owner.name if self.ruling.owner else None,
            "claim": self.ruling.claim,
            "route": str(self.ruling.route) if self.ruling.route else None,
        }


def reachable(tiers: Iterable[Tier], has: Container[str], *, opened: bool) -> Iterator[Tier]:
    """Yield the tiers that are asked for a name, down to where a claim ends it.

    *has* are the names of the sources that have it. What lies below an owner that gives way is asked once it has to,
    when the name is *opened*.
    """
    for tier in tiers:
        yield tier
        found = any(source.name in has for source in tier)
        if found and (tier[0].claim == "strict" or (tier[0].claim == "flexible" and not opened)):
            return


def _tiers(sources: Iterable[Source]) -> Iterator[Tier]:
    """Yield the sources by tier, each where the first of it stands."""
    found: dict[int, Tier] = {}
    for source in sources:
        found[source.tier] = (*found.get(source.tier, ()), source)
    yield from found.values()


def _group(tiers: Iterable[Tier]) -> Iterator[Tier]:
    """Join what competes by version, and end at the first strict claim."""
    group: Tier = ()
    for tier in tiers:
        group += tier
        if tier[0].claim != "disabled":
            yield group
            group = ()
        if tier[0].claim == "strict":
            return
    if group:
        yield group
