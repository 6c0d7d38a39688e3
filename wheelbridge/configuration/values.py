"""What configurations say, as values: one `Configuration` for each place that was read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from wheelbridge.mapping.external.layers import Mode
from wheelbridge.model.attestation import AttestationPolicy
from wheelbridge.model.source import Claim, SourceKind

if TYPE_CHECKING:
    from wheelbridge.mapping.overlays import Overlay

COMMAND_LINE = "the command line"
"""The origin of what was given there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceEntry:
    """A channel or an index as a configuration names it; a setting that is None is left unsaid.

    Attributes:
        text: what ``-c`` or ``-i`` would take; folders are absolute. It may hold credentials and is never shown.
        name: None: what the channel or the index goes by.
        group: entries of one group are one tier.
        attestations: False: it says that none are required.
        origin: where the entry stands, for people.
        of_project: it stands in a project's file, which need not be the user's own.
        path: the way to the entry inside its file.
        variables: those of the process's environment that are in the path of its URL, which names nothing then.
    """

    kind: SourceKind
    text: str = field(repr=False)
    name: str | None = None
    claim: Claim | None = None
    explicit: bool | None = None
    group: str | None = None
    trusted_hosts: tuple[str, ...] | None = None
    exclude_newer: datetime | None = None
    missing_codes: frozenset[int] | None = None
    attestations: AttestationPolicy | Literal[False] | None = None
    origin: str = ""
    of_project: bool = False
    path: str = ""
    variables: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RouteChoice:
    """One source of a route, with the PEP 508 marker that must hold for it."""

    source: str
    marker: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteEntry:
    """A route as a configuration or a command line gives it: *choices* alone may serve what *pattern* names.

    Attributes:
        path: the way to the route inside its file; empty on a command line.
    """

    pattern: str
    choices: tuple[RouteChoice, ...]
    origin: str = ""
    path: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MapEntry:
    """A map of names as a configuration or a command line names it.

    Attributes:
        name: what people call it.
        mode: what becomes of the tables below.
        file: where it lies, an absolute path; None where it stands in the configuration itself, as *overlay*.
        origin: where the entry stands, for people.
        path: the way to the entry inside its file; empty on a command line.
    """

    name: str
    mode: Mode = Mode.PATCH
    file: Path | None = None
    overlay: "Overlay | None" = None
    origin: str = ""
    path: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """What one place says.

    Attributes:
        origin: what people call the place.
        priority: the claim of every source, here or elsewhere, that has none of its own.
        fallback: the claim of the sources of this place alone where nothing else says anything.
        channel_relations: None: it does not say.
        maps: names of projects and packages, those that win first.
        no_external: projects, normalized, whose wheels get nothing of conda; ``:all:`` for all.
        claims: name of a source, here or elsewhere -> its claim.
    """

    origin: str
    sources: tuple[SourceEntry, ...] = ()
    routes: tuple[RouteEntry, ...] = ()
    priority: Claim | None = None
    fallback: Claim | None = None
    exclude_newer: datetime | None = None
    channel_relations: bool | None = None
    maps: tuple[MapEntry, ...] = ()
    no_external: frozenset[str] = frozenset()
    claims: Mapping[str, Claim] = field(default_factory=dict)
