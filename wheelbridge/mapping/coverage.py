"""Coverage: how much of what people ask for the tables answer, and what they miss most."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from wheelbridge.mapping.rows import NameAnswer, NameTable, Role
from wheelbridge.model.name import CondaName, canonicalize_name

World = Literal["pypi", "conda", "external"]


class Status(StrEnum):
    """What the tables have for a name, the best first."""

    CURATED = "curated"
    VERIFIED = "verified"
    OBSERVED = "observed"
    RECIPE = "recipe"
    STAND_IN = "stand-in"
    """It is no conda package, and specs serve for it."""
    EXPLAINED = "explained"
    """A row says why there is no counterpart."""
    NO_PROJECT = "no project"
    """A conda package that is known, and known to be no PyPI project."""
    AMBIGUOUS = "ambiguous"
    UNMAPPED = "unmapped"


@dataclass(frozen=True, slots=True, order=True)
class Mention:
    """One place where a name is asked for."""

    world: World
    name: str
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NameCoverage:
    """What the tables have for one name; *mentions* counts the places, *candidates* are those of an ambiguous name."""

    world: World
    name: str
    status: Status
    mentions: int
    answer: str | None = None
    candidates: tuple[str, ...] = ()

    def as_json(self) -> dict[str, object]:
        """Return the fields as JSON has them."""
        return {
            "world": self.world,
            "name": self.name,
            "status": self.status.value,
            "mentions": self.mentions,
            "answer": self.answer,
            "candidates": list(self.candidates),
        }


@dataclass(frozen=True, slots=True)
class Coverage:
    """The coverage of every distinct name, the most mentioned first."""

    names: tuple[NameCoverage, ...]

    def counts(self, world: World) -> Mapping[Status, tuple[int, int]]:
        """Return status -> distinct names and mentions, in the order of `Status`."""
        found: dict[Status, list[int]] = {status: [0, 0] for status in Status}
        for name in self.names:
            if name.world == world:
                found[name.status][0] += 1
                found[name.status][1] += name.mentions
        return {status: (count, mentions) for status, (count, mentions) in found.items() if count}

    def wanted(self, status: Status, world: World = "pypi") -> tuple[NameCoverage, ...]:
        """Return the names of one status, the most mentioned first."""
        return tuple(name for name in self.names if name.status is status and name.world == world)


def measure(mentions: Iterable[Mention], table: NameTable, externals: Mapping[str, str | None]) -> Coverage:
    """Look every mentioned name up; a place counts once for a name.

    Args:
        mentions: what is asked for, where.
        table: the name tables.
        externals: id of an external dependency -> what serves for it, None where a row says that nothing does.
    """
    places: dict[tuple[World, str], set[str]] = defaultdict(set)
    for mention in mentions:
        places[mention.world, mention.name].add(mention.place)
    counts = Counter({key: len(found) for key, found in places.items()})
    names = (_cover(world, name, counts[world, name], table, externals) for world, name in places)
    return Coverage(tuple(sorted(names, key=lambda one: (one.world, -one.mentions, one.name))))


def _cover(
    world: World, name: str, mentions: int, table: NameTable, externals: Mapping[str, str | None]
) -> NameCoverage:
    if world == "external":
        known = externals.get(name)
        status = Status.UNMAPPED if name not in externals else Status.CURATED if known else Status.EXPLAINED
        return NameCoverage(world=world, name=name, status=status, mentions=mentions, answer=known)
    answer = table.by_project(canonicalize_name(name)) if world == "pypi" else table.by_conda(CondaName(name))
    row = next(iter(answer.rows), None)
    return NameCoverage(
        world=world,
        name=name,
        status=_status(world, name, answer, table),
        mentions=mentions,
        answer=(row.conda if world == "pypi" else row.pypi) if row else None,
        candidates=answer.ambiguous,
    )


def _status(world: World, name: str, answer: NameAnswer, table: NameTable) -> Status:
    if row := next(iter(answer.rows), None):
        if row.is_identity:
            return Status(row.confidence.name.lower())
        return Status.STAND_IN if row.role is Role.STAND_IN else Status.EXPLAINED
    if answer.ambiguous:
        return Status.AMBIGUOUS
    return Status.NO_PROJECT if world == "conda" and table.is_conda_name(name) else Status.UNMAPPED
