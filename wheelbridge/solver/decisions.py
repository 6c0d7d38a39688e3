"""Why each package of a solution comes from its source."""

import asyncio
from collections.abc import Container, Iterable, Mapping
from dataclasses import replace
from typing import Any

from packaging.utils import NormalizedName

from wheelbridge.errors import WheelbridgeError
from wheelbridge.model.source import Source, is_public_name
from wheelbridge.solver.owners import Owners
from wheelbridge.solver.problem import Decision, ResolvedPackage

_MOST_NAMED = 3


def add_decisions(
    packages: Iterable[ResolvedPackage], owners: Owners, kept: Container[str]
) -> tuple[ResolvedPackage, ...]:
    """Give every package its decision, but for those at the URLs that are *kept*: they are there already."""
    by_name = {source.name: source for source in owners.rule.sources}
    return tuple(
        replace(package, decision=_decide(package, by_name[package.source], owners))
        if package.url not in kept and package.source in by_name
        else package
        for package in packages
    )


def read_decision(content: Mapping[str, Any]) -> Decision:
    """Return the decision that `Decision.as_json` wrote.

    Raises:
        KeyError, TypeError: if it is none.
    """
    also = [(str(one["source"]), str(one["version"]), bool(one["hidden"])) for one in content["also"]]
    return Decision(
        source=content["source"],
        kind=content["kind"],
        tier=content["tier"],
        owner=content["owner"],
        claim=content["claim"],
        route=content["route"],
        route_origin=content["route_origin"] or "",
        also=tuple((name, version) for name, version, _ in also),
        hidden=frozenset(name for name, _, hidden in also if hidden),
    )


def note_given_way(packages: Iterable[ResolvedPackage]) -> tuple[str, ...]:
    """Return a sentence for every package that its owner left to another source, the large public ones aside.

    Two sources that have one name need not have one project; where the user said that the owner gives way, it is said
    whenever it does.
    """
    return tuple(
        f"{package.pypi_name or package.name} {package.version} comes from {one.source}, though {one.owner} stands "
        f"above and has it too: its claim is {one.claim}."
        for package in packages
        if (one := package.decision) and one.source != one.owner and not one.route and not is_public_name(one.owner)
    )


async def note_shadowed(packages: Iterable[ResolvedPackage], owners: Owners) -> tuple[str, ...]:
    """Return a sentence for every pair of sources where a private one stands below what serves its names.

    The order is the user's; but who names a public source first may not know that it has these names, or has them by
    now. A source is private for all that is known if it claims strictly.
    """
    chosen = [package for package in packages if package.decision and package.decision.route is None]
    unanswered: dict[str, str] = {}
    found = await asyncio.gather(*(_shadows(package, owners, unanswered) for package in chosen))
    names: dict[tuple[str, str], list[str]] = {}
    for package, lower in zip(chosen, found, strict=True):
        for source in lower:
            names.setdefault((source.name, package.source), []).append(package.pypi_name or package.name)
    notes = [_tell_shadowed(lower, upper, shadowed) for (lower, upper), shadowed in names.items()]
    untold = "could not be asked whether it has what sources above it serve"
    return (*notes, *(f"{name} {untold}: {reason}" for name, reason in unanswered.items()))


async def _shadows(package: ResolvedPackage, owners: Owners, unanswered: dict[str, str]) -> list[Source]:
    """Return the sources of the same kind below that of *package* that claim strictly, and have it.

    Who does not answer is noted in *unanswered*: the solution does not need it.
    """
    sources = {source.name: source for source in owners.rule.sources}
    own = sources[package.source]
    if own.claim == "strict":
        return []
    below = [
        source
        for source in sources.values()
        if source.tier > own.tier and source.claim == "strict" and source.kind == own.kind and not source.explicit
    ]
    project = NormalizedName(package.pypi_name) if package.pypi_name else None
    found = []
    for source in below:
        try:
            if await owners.serves(source, package.name, project):
                found.append(source)
        except WheelbridgeError as error:
            unanswered[source.name] = error.message
    return found


def _tell_shadowed(lower: str, upper: str, names: list[str]) -> str:
    shown = ", ".join(names[:_MOST_NAMED]) + (f" and {len(names) - _MOST_NAMED} more" if names[_MOST_NAMED:] else "")
    them = "them" if names[1:] else "it"
    return (
        f"{lower} has {shown} too, and stands below {upper}, which serves {them}; "
        f"if you mean {lower}'s, name {lower} first, or: --route {names[0]}={lower}."
    )


def _decide(package: ResolvedPackage, source: Source, owners: Owners) -> Decision:
    ruling = owners.judge(package.name)
    owner = ruling.owner if ruling.owner and ruling.owner.tier != source.tier else source
    others = [one for one in (*ruling.serving, *ruling.hidden) if one.name != source.name]
    also = ((one.name, owners.newest(one, package.name)) for one in others)
    return Decision(
        source=source.name,
        kind=source.kind,
        tier=source.tier,
        owner=owner.name,
        claim=owner.claim,
        route=str(ruling.route) if ruling.route else None,
        route_origin=ruling.route.origin if ruling.route else "",
        also=tuple((name, version) for name, version in also if version),
        hidden=frozenset(one.name for one in ruling.hidden),
    )
