"""What two places say of one source, as one entry."""

from dataclasses import replace
from typing import Literal

from wheelbridge.configuration.errors import InvalidConfigurationError
from wheelbridge.configuration.values import SourceEntry
from wheelbridge.model.attestation import AttestationPolicy

_ANYBODY = AttestationPolicy()


def inherit(near: SourceEntry, far: SourceEntry, *, ordering: bool = True) -> SourceEntry:
    """Return *near* with the settings that it leaves unsaid and *far*, an entry of the same source, says.

    Without *ordering*, *near* keeps its claim, and whether it is explicit: those are its group's.

    >>> near = SourceEntry(kind="index", text="https://host.example/simple", missing_codes=frozenset())
    >>> far = SourceEntry(kind="index", text=near.text, missing_codes=frozenset({403}), claim="flexible")
    >>> inherit(near, far).missing_codes, inherit(near, far).claim
    (frozenset(), 'flexible')

    Raises:
        InvalidConfigurationError: if *near* requires less, or other attestations, than *far*.
    """
    return replace(
        near,
        claim=far.claim if near.claim is None and ordering else near.claim,
        explicit=far.explicit if near.explicit is None and ordering else near.explicit,
        trusted_hosts=far.trusted_hosts if near.trusted_hosts is None else near.trusted_hosts,
        exclude_newer=far.exclude_newer if near.exclude_newer is None else near.exclude_newer,
        missing_codes=far.missing_codes if near.missing_codes is None else near.missing_codes,
        attestations=_inherit_attestations(near, far),
    )


def have_same_settings(one: SourceEntry, other: SourceEntry) -> bool:
    """Tell whether two entries say the same of what is their source.

    >>> entry = SourceEntry(kind="index", text="https://host.example/simple", claim="strict")
    >>> have_same_settings(entry, replace(entry, name="corp")), have_same_settings(entry, replace(entry, claim=None))
    (True, False)
    """
    return one == replace(
        other,
        text=one.text,
        name=one.name,
        group=one.group,
        origin=one.origin,
        of_project=one.of_project,
        path=one.path,
    )


def _inherit_attestations(near: SourceEntry, far: SourceEntry) -> AttestationPolicy | Literal[False] | None:
    """Let a nearer place, which may be somebody else's project, require more, never less."""
    here, there = near.attestations, far.attestations
    if here is None:
        return there
    if not there or (here and (there == _ANYBODY or set(here.publishers) == set(there.publishers))):
        return here
    if here == _ANYBODY:
        return there
    raise InvalidConfigurationError(
        near.origin,
        f"{near.path}.attestations",
        f"{far.origin} requires {'' if here is False else 'other '}attestations of this source",
        hint=f"Take the key away here, or change {far.origin}.",
    )
