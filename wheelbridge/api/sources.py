"""The ordered list of sources: from the command line, from configurations, and from defaults."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import groupby
from typing import TypeVar

from wheelbridge.api.external.tables import read_no_external
from wheelbridge.api.mapping.maps import read_maps
from wheelbridge.api.routes import keep_known, read_routes, resolve_routes
from wheelbridge.api.source_candidates import Candidate, add_routed, append_configured, choose, name_all
from wheelbridge.api.source_claims import Ruling, check_names, general_ruling, read_priorities, rule_claims
from wheelbridge.api.source_names import guard_names
from wheelbridge.api.source_reading import Reader
from wheelbridge.configuration.conda_channels import CondaChannels
from wheelbridge.configuration.levels import Levels
from wheelbridge.configuration.texts import is_host
from wheelbridge.configuration.values import Configuration, MapEntry, RouteEntry, SourceEntry
from wheelbridge.errors import UsageError
from wheelbridge.index.client import PYPI
from wheelbridge.index.variables import check_variables
from wheelbridge.model.pin import Pin
from wheelbridge.model.redaction import redact_argument
from wheelbridge.model.source import Claim, Route, Source, SourceKind
from wheelbridge.model.target import Target

DEFAULT_CHANNEL = "conda-forge"
_T = TypeVar("_T")
DEFAULTS = Configuration(
    origin="default",
    sources=(
        SourceEntry(kind="channel", text=DEFAULT_CHANNEL, origin="default"),
        SourceEntry(kind="index", text=PYPI, origin="default"),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceChoice:
    """What a command line says of sources, as it was written.

    Attributes:
        sources: channels and indexes in the order given.
        defaults: False: the list has nothing but *sources*.
        priorities: ``CLAIM`` or ``SOURCE=CLAIM``.
        routes: ``PATTERN=SOURCE[,SOURCE...][; MARKER]``.
        trusted_hosts: ``SOURCE=HOST``.
        relations: False: channels may not say what belongs below them.
        maps: ``[MODE=]FILE``, those that win first.
        no_external: projects whose wheels get nothing of conda for their external dependencies; ``:all:`` for all.
    """

    sources: tuple[tuple[SourceKind, str], ...] = ()
    defaults: bool = True
    priorities: tuple[str, ...] = ()
    routes: tuple[str, ...] = ()
    trusted_hosts: tuple[str, ...] = ()
    relations: bool = True
    maps: tuple[str, ...] = ()
    no_external: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceList:
    """The sources of a command, and the rules they go by.

    Attributes:
        sources: in order of priority; those that are there for routes alone stand behind the others.
        routes: those that hold on the target; the first one that matches decides.
        idle_routes: those that do not hold on the target.
        relations: whether channels may say what belongs to them (CEP 42).
        claim: of all sources that have none of their own; None: what their names say.
        exclude_newer: for the whole solve; None where no configuration says anything.
        reasons: the name of each source -> why it has its claim.
        notes: what was configured and is not followed.
        maps: what is put over the tables of names, the nearest first.
        no_external: projects, normalized, whose wheels get nothing of conda for their external dependencies.
        pins: what conda is configured to hold wherever it installs.
        disallowed: what conda is configured to keep out.
        names: what conda's names of channels mean, and which channels may be used.
    """

    sources: tuple[Source, ...]
    routes: tuple[Route, ...] = ()
    idle_routes: tuple[Route, ...] = ()
    relations: bool = True
    claim: Claim | None = None
    exclude_newer: datetime | None = None
    reasons: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    maps: tuple[MapEntry, ...] = ()
    no_external: frozenset[str] = frozenset()
    pins: tuple[Pin, ...] = ()
    disallowed: tuple[Pin, ...] = ()
    names: CondaChannels = field(default_factory=CondaChannels)


def read_sources(given: Iterable[tuple[SourceKind, str]], *, defaults: bool = True) -> tuple[Source, ...]:
    """Return the sources in order of priority; no configuration is read, so that a call means the same everywhere.

    *given* are channels (a URL, a folder or a name) and indexes (``URL``, ``NAME``, a folder, or ``NAME=URL``) in the
    order given. With *defaults*, a kind that is missing comes from the default list: channels before indexes.

    Raises:
        WheelbridgeError: if one cannot be read.
    """
    return gather_sources(SourceChoice(sources=tuple(given), defaults=defaults), Levels()).sources


def gather_sources(choice: SourceChoice, levels: Levels, target: Target | None = None) -> SourceList:
    """Merge the command line and the configurations, the nearest first.

    Of each kind, the list comes from the nearest place that has sources of that kind. Where one place gives both kinds
    their order there holds, otherwise channels come before indexes.

    Args:
        choice: the command line.
        levels: what was configured.
        target: decides which routes hold, and what ``defaults`` stands for; None: no route has a marker.

    Raises:
        WheelbridgeError: if something cannot be read, is not allowed, or names a source that is not there.
    """
    if not choice.defaults and not levels.override_allowed:
        raise UsageError("conda's configuration does not allow --override-channels (override_channels_enabled)")
    reader = Reader(levels.channels, windows=target is not None and target.subdir.startswith("win-"))
    configured = guard_names(reader.read_places((*levels.places, _without(DEFAULTS, levels.closed))))
    given = reader.read_given(choice.sources, configured[:-1])
    guard_names([given, *configured])
    chosen = list(given)
    if choice.defaults:
        chosen = choose([append_configured(given, levels.appended, configured[:-1]), *configured])
    own_routes = read_routes(choice.routes)
    chosen = add_routed(chosen, own_routes, configured)
    routes: Sequence[RouteEntry] = [route for place in levels.places for route in place.routes]
    left_out: Sequence[str] = ()
    if choice.defaults:
        chosen = add_routed(chosen, routes, configured)
    if levels.closed or not choice.defaults:
        routes, left_out = keep_known(routes, _members(name_all(chosen)))
    named = name_all(chosen)
    _check_allowed(named, levels)
    held, idle = resolve_routes([*own_routes, *routes], _members(named), target)
    priorities = read_priorities(choice.priorities)
    rulings, general = rule_claims(named, priorities, levels.places), general_ruling(priorities, levels.places)
    sources = _make_sources(named, rulings, _read_hosts(choice.trusted_hosts, named))
    return SourceList(
        sources=sources,
        routes=held,
        idle_routes=idle,
        relations=choice.relations and _first(place.channel_relations for place in levels.places) is not False,
        claim=general.claim if general else None,
        exclude_newer=_first(place.exclude_newer for place in levels.places),
        reasons={name: ruling.reason for name, ruling in rulings.items()},
        notes=(*levels.notes, *left_out, *check_variables(sources)),
        maps=(*read_maps(choice.maps), *(entry for place in levels.places for entry in place.maps)),
        no_external=read_no_external(choice.no_external).union(*(place.no_external for place in levels.places)),
        pins=levels.pins,
        disallowed=levels.disallowed,
        names=levels.channels,
    )


def _without(place: Configuration, kinds: Collection[SourceKind]) -> Configuration:
    return replace(place, sources=tuple(entry for entry in place.sources if entry.kind not in kinds))


def _check_allowed(named: Mapping[str, Candidate], levels: Levels) -> None:
    for name, candidate in named.items():
        if candidate.kind == "channel":
            levels.channels.check(name, candidate.place.url)


def _make_sources(
    named: Mapping[str, Candidate], rulings: Mapping[str, Ruling], hosts: Mapping[str, tuple[str, ...]]
) -> tuple[Source, ...]:
    """Number the tiers: neighbours of one group share theirs."""
    tiers = [list(tier) for _, tier in groupby(named, key=lambda name: named[name].tier_key)]
    return tuple(
        named[name].as_source(name=name, tier=number, claim=rulings[name].claim, hosts=hosts.get(name, ()))
        for number, tier in enumerate(tiers)
        for name in tier
    )


def _members(named: Mapping[str, Candidate]) -> dict[str, list[str]]:
    """Return what a name means: a source, whatever else that is called, or those of a group."""
    groups: dict[str, list[str]] = defaultdict(list)
    aliases: dict[str, list[str]] = defaultdict(list)
    for name, candidate in named.items():
        if candidate.group:
            groups[candidate.group].append(name)
        for alias in candidate.aliases:
            aliases[alias].append(name)
    return {**aliases, **{name: [name] for name in named}, **groups}


def _read_hosts(texts: Iterable[str], named: Mapping[str, Candidate]) -> dict[str, tuple[str, ...]]:
    """Read ``SOURCE=HOST``, and return the name of each source -> the hosts that it may lead to."""
    members = _members(named)
    found: dict[str, tuple[str, ...]] = {}
    for text in texts:
        name, _, host = text.rpartition("=")
        if not name or not is_host(host):
            hint = "Write it like --trusted-host corp=files.host.example; http://HOST lets it go without TLS."
            raise UsageError(f"{redact_argument(text)!r} is no source and host", hint=hint)
        check_names("--trusted-host", [name], named)
        for member in members[name]:
            found[member] = (*found.get(member, ()), host)
    return found


def _first(values: Iterable[_T | None]) -> _T | None:
    return next((value for value in values if value is not None), None)
