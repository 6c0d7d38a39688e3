"""The rules of pip, uv and rattler as rows: what the sources have, what is asked for, and what each of them takes."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias

Meaning = Literal["strict", "flexible", "disabled"]
MEANINGS: tuple[Meaning, ...] = ("strict", "flexible", "disabled")
World = Literal["indexes", "channels", "channel above", "index above"]
"""What the sources of a row are made into: all one kind, or the first one kind and all others the other kind."""

UV: Mapping[str, Meaning] = {
    "uv.first-index": "strict",
    "uv.unsafe-first-match": "flexible",
    "uv.unsafe-best-match": "disabled",
}
RATTLER: Mapping[str, Meaning] = {f"rattler.{meaning}": meaning for meaning in MEANINGS}
PEERS: Mapping[str, Meaning] = {"pip": "disabled", **UV, **RATTLER}
"""Peer -> the claim that means the same."""
_OURS = tuple(f"wheelbridge.{meaning}" for meaning in MEANINGS)
_KEYS = frozenset({*PEERS, *_OURS, *MEANINGS, "uv", "rattler", "wheelbridge", "all"})

Pick: TypeAlias = tuple[str, str, str]
"""Name, version, and the source it came from."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was taken, or why nothing was."""

    picks: frozenset[Pick] = frozenset()
    refusal: str | None = None

    @classmethod
    def of(cls, found: Mapping[str, tuple[str, str]]) -> "Outcome":
        """Make one of name -> version and source."""
        return cls(frozenset((name, *pick) for name, pick in found.items()))

    def same_as(self, other: "Outcome") -> bool:
        """Tell whether both took the same from the same sources, or nothing."""
        return self.picks == other.picks and (self.refusal is None) == (other.refusal is None)

    def __str__(self) -> str:
        """Write it as rows have it."""
        return "refused" if self.refusal is not None else ", ".join(" ".join(pick) for pick in sorted(self.picks))


@dataclass(frozen=True, slots=True)
class Expectation:
    """``foo 1.0 upper, bar 2.0 lower``; ``refused`` for want of packages; ``refused: what the message has``."""

    picks: frozenset[Pick] = frozenset()
    refusal: str | None = None

    @classmethod
    def parse(cls, text: str) -> "Expectation":
        """Read it as rows have it."""
        verdict, _, reason = text.partition(":")
        if verdict == "refused":
            return cls(refusal=reason.strip())
        picks = (entry.split() for entry in text.split(","))
        return cls(frozenset((name, version, source) for name, version, source in picks))

    def meets(self, found: Outcome, unsatisfiable: str) -> bool:
        """Tell whether *found* is it; *unsatisfiable* matches how the peer says that no package fits."""
        if self.refusal is None or found.refusal is None:
            return self.refusal == found.refusal and self.picks == found.picks
        if self.refusal:
            return self.refusal in found.refusal
        return re.search(unsatisfiable, found.refusal) is not None

    def __str__(self) -> str:
        """Write it as rows have it."""
        reason = f": {self.refusal}" if self.refusal else ""
        return f"{Outcome(self.picks, self.refusal)}{reason}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RowPackage:
    """One package of a source: a wheel on an index, a record on a channel.

    Attributes:
        depends: requirements that mean the same in PEP 508 and as MatchSpecs.
        build: the build number, a wheel's build tag.
        sdist: a source distribution instead of a wheel.
        salt: files of one salt are the same bytes wherever they lie; else each source has bytes of its own.
    """

    package: str
    depends: tuple[str, ...] = ()
    yanked: str | None = None
    python: str | None = None
    tag: str = "py3-none-any"
    build: int = 0
    sdist: bool = False
    salt: str | None = None

    @property
    def name(self) -> str:
        """The name alone."""
        return self.package.split()[0]

    @property
    def version(self) -> str:
        """The version alone."""
        return self.package.split()[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class RowSource:
    """One source.

    Attributes:
        kind: None makes it an index for the peers of indexes, and a channel for those of channels.
        tier: sources of one tier count as one; None: a tier of its own. Of indexes, only wheelbridge is told.
        status: what it answers to every page: an HTTP status.
        unreachable: nobody listens there.
        redirect: the source that all its pages lead to.
        empty: projects that it has a page of, without files.
        links: a folder for ``--find-links``.
        flat: a folder, which uv takes as an index of the format ``flat``, and pip for ``--find-links``.
        explicit: uv's and our ``explicit``.
        default: uv's ``default``: the source comes last, wherever it stands.
        missing: uv's ``ignore-error-codes``.
        trusts: wheelbridge lets it lead to these sources.
        extra: pip and uv get it as ``--extra-index-url``, and the one other as ``--index-url``.
    """

    name: str
    kind: Literal["index", "channel"] | None = None
    packages: tuple[RowPackage, ...] = ()
    tier: int | None = None
    status: int | None = None
    unreachable: bool = False
    redirect: str | None = None
    empty: tuple[str, ...] = ()
    links: bool = False
    flat: bool = False
    explicit: bool = False
    default: bool = False
    missing: tuple[int, ...] = ()
    trusts: tuple[str, ...] = ()
    extra: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RowRoute:
    """Uv's ``tool.uv.sources``: *package* comes from *source*, where *marker* holds."""

    package: str
    source: str
    marker: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One rule.

    Attributes:
        expect: peer, ``uv``, ``rattler``, a meaning or ``all`` -> what is taken, the nearest key first;
            ``wheelbridge`` and ``wheelbridge.MEANING`` where that is not what uv or rattler take.
        only: the peers that it is for; empty: all that know the kinds of its sources.
        only_binary: no source distributions.
        order: wheelbridge's order of the sources, where a peer's options say it otherwise; empty: as they stand.
        differs: peer, ``uv``, ``rattler`` or ``all`` -> why wheelbridge takes something else on purpose.
    """

    name: str
    description: str
    sources: tuple[RowSource, ...]
    request: tuple[str, ...]
    expect: Mapping[str, Expectation]
    routes: tuple[RowRoute, ...] = ()
    only: tuple[str, ...] = ()
    only_binary: bool = False
    order: tuple[str, ...] = ()
    differs: Mapping[str, str] = field(default_factory=dict)

    @property
    def peers(self) -> tuple[str, ...]:
        """The peers that it says something of."""
        return tuple(peer for peer in PEERS if self.expected(peer) and self._is_for(peer))

    def worlds(self, peer: str) -> tuple[World, ...]:
        """Return what its sources are made into for *peer*."""
        if peer not in RATTLER:
            return ("indexes",)
        can_mix = len(self.sources) > 1 and all(source.kind is None for source in self.sources)
        return ("channels", "channel above", "index above") if can_mix else ("channels",)

    def expected(self, peer: str) -> Expectation | None:
        """Return what *peer* takes."""
        keys = (peer, peer.partition(".")[0], PEERS[peer], "all")
        return next((self.expect[key] for key in keys if key in self.expect), None)

    def expected_of_us(self, peer: str, world: World) -> Expectation | None:
        """Return what wheelbridge takes where it is told what *peer* is: what uv or rattler take, if not said."""
        meaning = PEERS[peer]
        for key in (f"wheelbridge.{meaning}", "wheelbridge"):
            if key in self.expect:
                return self.expect[key]
        family = UV if world == "indexes" else RATTLER
        return self.expected(next(peer for peer, means in family.items() if means == meaning))

    def difference(self, peer: str) -> str | None:
        """Return why wheelbridge differs from *peer* on purpose, None where it does not."""
        keys = (peer, peer.partition(".")[0], "all")
        return next((self.differs[key] for key in keys if key in self.differs), None)

    def names(self) -> frozenset[str]:
        """Return the names of all packages."""
        return frozenset(package.name for source in self.sources for package in source.packages)

    def _is_for(self, peer: str) -> bool:
        kinds = {source.kind for source in self.sources}
        knows = "channel" in kinds or kinds == {None} if peer in RATTLER else "channel" not in kinds
        return knows and (not self.only or peer in self.only or peer.partition(".")[0] in self.only)


def load_rows(path: Path) -> list[Row]:
    """Read the rows of a file."""
    tables = tomllib.loads(path.read_text(encoding="utf-8"))
    return [_read_row(name, table) for name, table in tables.items()]


def _read_row(name: str, table: dict[str, Any]) -> Row:
    expect = {key: Expectation.parse(text) for key, text in table.pop("expect").items()}
    differs = table.pop("differs", {})
    if unknown := {*expect, *differs} - _KEYS:
        raise ValueError(f"{name} says something of {sorted(unknown)}")
    sources = tuple(_read_source(source) for source in table.pop("sources"))
    routes = tuple(RowRoute(**route) for route in table.pop("routes", ()))
    table |= {key: tuple(table.get(key, ())) for key in ("request", "only", "order")}
    return Row(name=name, expect=expect, differs=differs, sources=sources, routes=routes, **table)


def _read_source(table: dict[str, Any]) -> RowSource:
    packages = tuple(_read_package(entry) for entry in table.get("packages", ()))
    lists = {key: tuple(table.get(key, ())) for key in ("empty", "missing", "trusts")}
    return RowSource(**{**table, **lists, "packages": packages})


def _read_package(entry: str | dict[str, Any]) -> RowPackage:
    table = {"package": entry} if isinstance(entry, str) else entry
    return RowPackage(**{**table, "depends": tuple(table.get("depends", ()))})
