"""A lock: for each of its targets every package, exactly; the one value that every format is read into."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from wheelbridge.model.source import Claim, SourceKind
from wheelbridge.model.target import Target
from wheelbridge.model.variant import WheelVariant


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedSource:
    """A channel or an index that the lock was solved over; its URL holds no login.

    Attributes:
        tier: its place in the list, 0 first.
        given: path relative to the lock's folder, with forward slashes; None where the URL is not of this machine.
        brought: nobody asked for it: a channel above brought it along (CEP 42).
    """

    name: str
    kind: SourceKind
    url: str
    tier: int
    claim: Claim
    given: str | None = None
    brought: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedFile:
    """A file of an index.

    Attributes:
        url: absolute; of a file on this machine ``file:``.
        given: what the lock says in the place of a ``file:`` URL: a path relative to its folder, with forward slashes.
        hashes: algorithm -> lower-case hexadecimal digest.
        size: bytes.
        upload_time: with a time zone; None where the index does not tell.
    """

    filename: str
    url: str
    given: str | None = None
    hashes: Mapping[str, str] = field(default_factory=dict)
    size: int | None = None
    upload_time: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedPackage:
    """One package on one target.

    Attributes:
        kind: ``conda`` or ``wheel``.
        name: the solver's name.
        version: as the record has it.
        file: what is fetched.
        record: the repodata record (CEP 36, CEP 48): field -> JSON value, without ``fn``, ``url`` and ``channel``.
            None in locks of others: then it is made anew of what the package says of itself.
        source: the name of its source; None where the lock does not tell, or it came from no source (*direct_url*).
        channel: the source's URL, as records have it.
        decision: why from there, as ``solve --json`` has it; None where nobody told.
        pypi_name: of a wheel, its project, normalized.
        requires_dist: of a wheel, its requirements as its metadata has them.
        requires_python: of a wheel.
        variant: what the chosen wheel is as a variant.
        variants_json: the combined variant metadata of the release (PEP 825, ``variants.json``), of a variant wheel.
        alternatives: the other variant wheels, and the plain one, of the same release that the target could run
            otherwise; they are locked, too.
        direct_url: contents of ``direct_url.json`` (PEP 610), for what came from no index; ``file:`` URLs as in *file*.
        marker: the PEP 508 marker under which it is installed, in locks of others that are for any machine.
    """

    kind: Literal["conda", "wheel"]
    name: str
    version: str
    file: LockedFile
    record: Mapping[str, object] | None = None
    source: str | None = None
    channel: str = ""
    decision: Mapping[str, object] | None = None
    pypi_name: str | None = None
    requires_dist: tuple[str, ...] = ()
    requires_python: str | None = None
    variant: WheelVariant | None = None
    variants_json: Mapping[str, object] | None = None
    alternatives: tuple[LockedFile, ...] = ()
    direct_url: Mapping[str, object] | None = None
    marker: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedTarget:
    """What is installed on one target.

    Attributes:
        name: what people call it; the subdir where nothing else tells targets apart.
        target: its machine; in a lock of others that tells no more, the subdir with no virtual packages.
        requested: MatchSpecs on solver names, for the history of environments made of it.
        packages: sorted by name.
    """

    name: str
    target: Target
    requested: tuple[str, ...] = ()
    packages: tuple[LockedPackage, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedRequest:
    """What the lock answers, as it was written; by it ``lock --check`` knows whether a file has moved on.

    Attributes:
        specs: conda MatchSpecs, sorted.
        requirements: PEP 508 requirements, sorted.
        constraints: PEP 508 requirements, sorted.
        links: what was asked for by where it is, as PEP 508 or pip would write it, paths relative to the lock; sorted.
        routes: as ``--route`` takes them, in order.
        variants: what the user said of variants: option -> values.
        prereleases: pre-releases are wanted.
        builds: projects that are built of source, sorted.
        no_external: projects whose wheels get nothing of conda for their external dependencies, sorted.
        exclude_newer: with a time zone.
        variables: environment variables to set on activation.
    """

    specs: tuple[str, ...] = ()
    requirements: tuple[str, ...] = ()
    constraints: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    routes: tuple[str, ...] = ()
    variants: Mapping[str, object] = field(default_factory=dict)
    prereleases: bool = False
    builds: tuple[str, ...] = ()
    no_external: tuple[str, ...] = ()
    exclude_newer: datetime | None = None
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """A whole lock; *origin* is the file it was read from, as named, empty for a new one.

    *request* is None in locks of others. *notes* are what a user should know of how it was read.
    """

    targets: tuple[LockedTarget, ...]
    sources: tuple[LockedSource, ...] = ()
    request: LockedRequest | None = None
    origin: str = ""
    notes: tuple[str, ...] = ()
