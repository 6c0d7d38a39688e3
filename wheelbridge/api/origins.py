"""What an environment remembers of where its packages came from, and what follows for later commands."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from rattler import PrefixRecord

from wheelbridge.installer.origins import Origin, load_origins, write_origins
from wheelbridge.model.source import Route, Source
from wheelbridge.solver.problem import Solution


def remember_origins(prefix: Path, solution: Solution) -> None:
    """Write down the decisions of *solution*; those of packages that stayed stay."""
    known = load_origins(prefix)
    sources = {source.name: source for source in solution.sources}
    origins: dict[str, Origin] = {}
    for package in solution.packages:
        before = known.get(package.name)
        if package.decision is not None:
            decision = package.decision.as_json()
            source = sources[package.source]
            private = source.claim == "strict"
            origins[package.name] = Origin(url=package.url, source_url=source.url, private=private, decision=decision)
        elif before is not None and before.url == package.url:
            origins[package.name] = before
    write_origins(prefix, origins)


def origin_of(prefix: Path, record: PrefixRecord) -> Origin | None:
    """Return the origin of an installed package, None where nobody wrote it down."""
    return _own(load_origins(prefix), record)


def standing_routes(prefix: Path, installed: Sequence[PrefixRecord], sources: Sequence[Source]) -> tuple[Route, ...]:
    """Return the routes that an environment brings along, the least near ones of a solve.

    A package that was routed to a source stays with it. One from a source that claims strictly stays private where a
    command does not name that source: a public package of its name cannot take its place.
    """
    origins = load_origins(prefix)
    return tuple(
        Route(pattern=f"conda:{record.name.normalized}", sources=places, origin=_reason(origin))
        for record in installed
        if (origin := _own(origins, record)) and (places := _bound(origin, sources))
    )


def _bound(origin: Origin, sources: Sequence[Source]) -> tuple[str, ...]:
    """Return the names of the sources that a package is bound to; its own URL, which is no name, where none is left."""
    own = tuple(source.name for source in sources if source.url == origin.source_url)
    if origin.decision.get("route"):
        return own or (origin.source_url,)
    if own or not origin.private:
        return ()
    private = tuple(source.name for source in sources if source.claim == "strict" and not source.explicit)
    return private or (origin.source_url,)


def _reason(origin: Origin) -> str:
    kind = "it was routed to" if origin.decision.get("route") else "it came from the private"
    return f"the environment: {kind} {origin.source_url}"


def _own(origins: Mapping[str, Origin], record: PrefixRecord) -> Origin | None:
    origin = origins.get(record.name.normalized)
    return origin if origin and origin.url == record.url else None
