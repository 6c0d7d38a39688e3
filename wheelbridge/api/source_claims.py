"""Claims: what the first source that has a project leaves to those below it, and who said so."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from wheelbridge.api.source_candidates import Candidate
from wheelbridge.configuration.fields import meant
from wheelbridge.configuration.values import Configuration
from wheelbridge.errors import UsageError
from wheelbridge.model.source import CLAIMS, Claim

_OPTION = "--priority"


@dataclass(frozen=True, slots=True)
class Ruling:
    """The claim of a source, and why it is that one."""

    claim: Claim
    reason: str


@dataclass(frozen=True, slots=True)
class Priorities:
    """What ``--priority`` says: of all sources, and of some by name."""

    general: Claim | None
    named: Mapping[str, Claim]


def read_priorities(texts: Iterable[str]) -> Priorities:
    """Read ``CLAIM`` and ``SOURCE=CLAIM``; the last one holds.

    >>> read_priorities(["flexible", "corp=strict"])
    Priorities(general='flexible', named={'corp': 'strict'})

    Raises:
        UsageError: if one has no claim.
    """
    general: Claim | None = None
    named: dict[str, Claim] = {}
    for text in texts:
        name, separator, word = text.rpartition("=")
        claim = next((claim for claim in CLAIMS if claim == word), None)
        if claim is None or (separator and not name):
            hint = meant(word, CLAIMS) or f"Write {_OPTION} [SOURCE=]CLAIM, with one of {', '.join(CLAIMS)}."
            raise UsageError(f"{text!r} is no priority", hint=hint)
        if separator:
            named[name] = claim
        else:
            general = claim
    return Priorities(general, named)


def rule_claims(
    named: Mapping[str, Candidate], priorities: Priorities, places: Sequence[Configuration]
) -> dict[str, Ruling]:
    """Return the name of each source -> its claim; the sources of one group have one.

    The source's own claim comes first: the command line's, that of a table of claims, its entry's; then the general one
    of the command line, then that of the nearest of *places*; then conda's ``channel_priority`` for the channels of
    conda's configuration.
    Otherwise a large public source, and one that goes by the name of one, is flexible, and every other one is strict:
    "a private name can never be taken over from outside, while public gaps fill".

    Raises:
        UsageError: if ``--priority`` names a source that is not there.
    """
    check_names(_OPTION, priorities.named, named)
    for place in places:
        check_names(f"The table of claims in {place.origin}", place.claims, named)
    general = general_ruling(priorities, places)
    rulings: dict[str, Ruling] = {}
    for _, pairs in groupby(named.items(), key=lambda pair: pair[1].tier_key):
        tier = dict(pairs)
        ruling = _own(tier, priorities, places) or general or _fallback(tier)
        rulings |= dict.fromkeys(tier, ruling)
    return rulings


def check_names(what: str, names: Iterable[str], named: Mapping[str, Candidate]) -> None:
    """See whether all *names* mean something.

    Raises:
        UsageError: with the names that do.
    """
    groups = (candidate.group for candidate in named.values() if candidate.group)
    known = {*named, *groups, *(alias for candidate in named.values() for alias in candidate.aliases)}
    for name in names:
        if name not in known:
            near = meant(name, known)
            raise UsageError(f"{what} names {name!r}, which is no source", hint=near or f"Sources: {', '.join(named)}.")


def _own(tier: Mapping[str, Candidate], priorities: Priorities, places: Sequence[Configuration]) -> Ruling | None:
    texts = [text for name, one in tier.items() for text in (name, one.group, *sorted(one.aliases)) if text is not None]
    for text in texts:
        if text in priorities.named:
            return Ruling(priorities.named[text], f"{_OPTION} {text}={priorities.named[text]}")
    for place in places:
        for text in texts:
            if text in place.claims:
                return Ruling(place.claims[text], f"claims in {place.origin}")
    first = next(iter(tier.values()))
    claim = first.entry.claim
    return Ruling(claim, f"claim in {first.claimed_by or first.entry.origin}") if claim else None


def general_ruling(priorities: Priorities, places: Sequence[Configuration]) -> Ruling | None:
    """Return what all sources claim that have no claim of their own, None where nobody says."""
    if priorities.general:
        return Ruling(priorities.general, f"{_OPTION} {priorities.general}")
    found = ((place.priority, place.origin) for place in places if place.priority)
    return next((Ruling(claim, f"priority in {origin}") for claim, origin in found), None)


def _fallback(tier: Mapping[str, Candidate]) -> Ruling:
    fallback = next(iter(tier.values())).fallback
    if fallback:
        return Ruling(fallback, "channel_priority of conda's configuration")
    if any(c.place.goes_by_a_public_name or c.place.is_public or c.group == "defaults" for c in tier.values()):
        return Ruling("flexible", "it goes by the name of a large public source")
    return Ruling("strict", "the default of all but large public sources")
