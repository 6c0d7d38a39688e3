"""Why each package of a solution comes from its source."""

from collections.abc import Container, Iterable
from dataclasses import replace

from wheelbridge.model.source import PUBLIC_NAMES, Source
from wheelbridge.solver.owners import Owners
from wheelbridge.solver.problem import Decision, ResolvedPackage


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


def note_given_way(packages: Iterable[ResolvedPackage]) -> tuple[str, ...]:
    """Return a sentence for every package that its owner left to another source, the large public ones aside.

    Two sources that have one name need not have one project; where the user said that the owner gives way, it is said
    whenever it does.
    """
    return tuple(
        f"{package.pypi_name or package.name} {package.version} comes from {one.source}, though {one.owner} stands "
        f"above and has it too: its claim is {one.claim}."
        for package in packages
        if (one := package.decision) and one.source != one.owner and not one.route and one.owner not in PUBLIC_NAMES
    )


def _decide(package: ResolvedPackage, source: Source, owners: Owners) -> Decision:
    ruling = owners.judge(package.name)
    owner = ruling.owner or source
    others = [one for one in (*ruling.serving, *ruling.hidden) if one.name != source.name]
    also = ((one.name, owners.newest(one, package.name)) for one in others)
    return Decision(
        source=source.name,
        kind=source.kind,
        tier=source.tier,
        owner=owner.name,
        claim=owner.claim,
        route=ruling.route,
        also=tuple((name, version) for name, version in also if version),
        hidden=frozenset(one.name for one in ruling.hidden),
    )
