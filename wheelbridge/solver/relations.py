"""CEP 42: channels that come along because another one names them."""

from collections.abc import Awaitable, Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from graphlib import CycleError, TopologicalSorter
from itertools import groupby, pairwise
from urllib.parse import urljoin

from rattler import Channel

from wheelbridge.model.source import Claim, Source, default_claim
from wheelbridge.solver.errors import ChannelRelationError

MAX_DEPTH = 10
"""CEP 42: "a configurable maximum resolution depth … with a default value of 10"."""


@dataclass(frozen=True, slots=True)
class Relations:
    """What one channel declares, as it stands there: a channel above it, and one below."""

    base: str | None = None
    overrides: str | None = None


Read = Callable[[str], Awaitable[Iterable[Relations]]]
"""Reads what the channel at a URL declares, in one subdir after the other."""


async def follow_relations(sources: Sequence[Source], read: Read, claim: Claim | None = None) -> tuple[Source, ...]:
    """Return *sources* with the channels that their channels bring along, in order of priority.

    CEP 42: "A channel-declared relation edge contradicts user-specified ordering if both … appear in the
    user-specified channel list …. Contradicting relation edges MUST be ignored." A channel is put beside the one that
    names it, and so gets no more say than that one has: it stands above nothing that the declaring channel does not
    stand above. That it stands above a listed channel is ignored, too, where it says so itself. *claim* is what such a
    channel claims; None: what its name or its bringer says, whichever leaves more.

    Raises:
        ChannelRelationError: if a declaration is none, leads in a circle, or goes too deep.
    """
    declared = await _discover([s.url for s in sources if s.kind == "channel" and not s.explicit], read)
    if not declared:
        return tuple(sources)
    tiers = {_node(tier[0]): tier for tier in _tiers(sources)}
    place = {_node(source): first for first, tier in tiers.items() for source in tier}
    listed = list(sources)
    for url, bringer in _origins(declared, place):
        tiers[url] = (_introduce(url, bringer, claim, listed),)
        listed += tiers[url]
    order = _order([*dict.fromkeys(place.values())], place, declared)
    return tuple(replace(source, tier=number) for number, url in enumerate(order) for source in tiers[url])


def _tiers(sources: Iterable[Source]) -> Iterator[tuple[Source, ...]]:
    for _, tier in groupby(sources, key=lambda source: source.tier):
        yield tuple(tier)


def _node(source: Source) -> str:
    """Return what stands for a source in the graph: a folder may be a channel and an index at once."""
    return source.url if source.kind == "channel" else f"index {source.url}"


def _origins(declared: Mapping[str, Iterable[str]], place: Container[str]) -> Iterator[tuple[str, str]]:
    """Yield each channel that comes along, and the first one that names it, from the listed ones outwards."""
    seen = set[str]()
    for url, related in declared.items():
        for reference in related:
            if reference not in place and reference not in seen:
                seen.add(reference)
                yield reference, url


async def _discover(urls: Sequence[str], read: Read) -> Mapping[str, Mapping[str, bool]]:
    """Return channel -> related channel -> whether that one stands above it, for all that are met."""
    found: dict[str, dict[str, bool]] = {}
    seen, fresh = set(urls), list(urls)
    for _ in range(MAX_DEPTH + 1):
        if not fresh:
            return found
        level, fresh = fresh, []
        for url in level:
            related = {key: above for relations in await read(url) for key, above in _resolve(url, relations)}
            if related:
                found[url] = related
            fresh += [reference for reference in related if reference not in seen]
            seen.update(related)
    raise ChannelRelationError(f"The relations of channels go deeper than {MAX_DEPTH} levels, at {fresh[0]}")


def _resolve(url: str, relations: Relations) -> Iterator[tuple[str, bool]]:
    """Yield related channels, and whether each stands above *url*.

    CEP 42: a reference "MUST be a relative path starting with ../"; "A channel MUST NOT declare both base and overrides
    referencing the same channel; clients MUST treat this as an error."
    """
    if relations.base and relations.base == relations.overrides:
        raise ChannelRelationError(f"The channel {url} calls {relations.base!r} its base and what it overrides")
    for text, above in ((relations.base, True), (relations.overrides, False)):
        if text and not f"{text}/".startswith("../"):
            raise ChannelRelationError(f"The channel {url} names {text!r}, which is no path that begins with ../")
        if text:
            yield urljoin(f"{url}/", text).rstrip("/"), above


def _order(given: Sequence[str], place: Mapping[str, str], declared: Mapping[str, Mapping[str, bool]]) -> list[str]:
    """Sort, a channel beside the one that names it."""
    above: dict[str, dict[str, None]] = {url: {} for url in given}
    rank = {url: number for number, url in enumerate(given)}
    for upper, lower in pairwise(given):
        above[lower][upper] = None
    below: dict[str, list[str]] = {}
    for url, relations in declared.items():
        for reference, is_base in relations.items():
            pair = (place.get(reference, reference), place.get(url, url))
            upper, lower = pair if is_base else pair[::-1]
            if (
                upper == lower
                or (upper in rank and lower in rank)
                or (url not in place and upper == url and lower in rank)
            ):
                continue
            above.setdefault(lower, {})[upper] = None
            above.setdefault(upper, {})
            if lower not in rank:
                below.setdefault(upper, []).append(lower)
    _check_circles(above)
    return _walk(given, above, below)


def _walk(given: Iterable[str], above: Mapping[str, Iterable[str]], below: Mapping[str, Iterable[str]]) -> list[str]:
    order: dict[str, None] = {}

    def visit(url: str) -> None:
        if url in order:
            return
        for upper in above[url]:
            visit(upper)
        if url not in order:
            order[url] = None
            for lower in below.get(url, ()):
                visit(lower)

    for url in given:
        visit(url)
    return list(order)


def _check_circles(above: Mapping[str, Iterable[str]]) -> None:
    try:
        TopologicalSorter(above).prepare()
    except CycleError as error:
        raise ChannelRelationError(f"The relations of channels lead in a circle: {' > '.join(error.args[1])}") from None


def _introduce(url: str, declaring: str, claim: Claim | None, listed: Sequence[Source]) -> Source:
    """Return the channel at *url*, which must prove and may lead to what the channel that brought it must and may."""
    name = (None if url.startswith("file:") else Channel(url).name) or url.rsplit("/", 1)[-1]
    bringer = next(source for source in listed if source.kind == "channel" and source.url == declaring)
    return Source(
        url if any(source.name == name for source in listed) else name,
        "channel",
        url,
        0,
        claim=claim or (bringer.claim if default_claim(name) == "strict" else "flexible"),
        trusted_hosts=bringer.trusted_hosts,
        exclude_newer=bringer.exclude_newer,
        attestations=bringer.attestations,
        origin=f"a relation of {bringer.name}",
    )
