"""wheelbridge, asked what it takes of a row's sources, with the claim that means what a peer's setting means."""

import asyncio

from tests.fakes import FakeNames
from tests.priorities.peers import is_index
from tests.priorities.rows import Meaning, Outcome, Row, RowSource, World
from tests.priorities.stage import Stage
from wheelbridge.api.channel_specs import take_channels
from wheelbridge.api.places import Caches
from wheelbridge.api.providers import open_providers
from wheelbridge.api.routes import resolve_routes
from wheelbridge.api.solving import Silent
from wheelbridge.api.specs import read_request
from wheelbridge.configuration.values import RouteChoice, RouteEntry
from wheelbridge.errors import WheelbridgeError
from wheelbridge.model.source import Route, Source
from wheelbridge.model.target import Target, VirtualPackage
from wheelbridge.solver.engine import solve_jointly
from wheelbridge.solver.problem import Problem, ResolvedPackage

_PYTHON = "python"
UNSATISFIABLE = "^(unsatisfiable|package-not-found|no-wheel): "
TARGET = Target(
    subdir="linux-64",
    virtual_packages=(
        VirtualPackage("__glibc", "2.36"),
        VirtualPackage("__linux", "6.1"),
        VirtualPackage("__unix", "0"),
    ),
)


def ask_wheelbridge(meaning: Meaning, stage: Stage, world: World) -> Outcome:
    """Solve the request of the row on *stage*, every source with the claim *meaning*; python aside."""
    problem = _make_problem(meaning, stage, world)
    kinds = {source.kind for source in problem.sources if source.name != _PYTHON}
    names = FakeNames({name: name for name in stage.row.names()} if len(kinds) > 1 else {})
    caches = Caches(stage.folder / f"wheelbridge {meaning} {world}")
    providers = open_providers(problem.sources, caches)
    work = solve_jointly(problem, providers, names, repodata_cache=caches.repodata, progress=Silent())
    try:
        solution = asyncio.run(work)
    except WheelbridgeError as error:
        refused = {refusal["code"] for refusal in getattr(error, "refused", ())}
        return Outcome(refusal=" ".join((f"{error.code}: {error.message}", *sorted(refused))))
    found = {package.name: (_version(package), stage.origin(package.url)) for package in solution.packages}
    return Outcome.of({name: pick for name, pick in found.items() if name != "python"})


def _version(package: ResolvedPackage) -> str:
    """Return the version as the file has it: to conda a local label is no part of it."""
    return package.fn.split("-")[1] if package.kind == "wheel" else package.version


def _make_problem(meaning: Meaning, stage: Stage, world: World) -> Problem:
    """Ask for requirements where there is an index, and for MatchSpecs where there are channels alone."""
    sources = _list_sources(stage, meaning, world)
    texts = [text.format(**stage.channels) for text in stage.row.request]
    has_index = any(source.kind == "index" for source in sources)
    wanted = [f"pypi:{text}" for text in texts] if has_index else texts
    request, named = take_channels(read_request(wanted), sources)
    return Problem(
        target=TARGET,
        sources=sources,
        specs=request.specs,
        requirements=request.requirements,
        routes=(*named, *_make_routes(stage.row)),
    )


def _list_sources(stage: Stage, meaning: Meaning, world: World) -> tuple[Source, ...]:
    """Return the sources in wheelbridge's order, a channel with nothing but a python before them."""
    row = stage.row
    found = [Source(_PYTHON, "channel", stage.channels[_PYTHON], 0, claim="strict")]
    tiers: dict[object, int] = {}
    for number, source in enumerate(_in_order(row)):
        as_index = is_index(source, number, world)
        found.append(
            Source(
                source.name,
                "index" if as_index else "channel",
                stage.indexes[source.name] if as_index else stage.channels[source.name],
                tiers.setdefault(source.name if source.tier is None else source.tier, len(tiers) + 1),
                claim=meaning,
                explicit=source.explicit,
                missing_codes=frozenset(source.missing),
                trusted_hosts=tuple(stage.indexes[name].removesuffix("/simple") for name in source.trusts),
            )
        )
    return tuple(found)


def _in_order(row: Row) -> list[RowSource]:
    order = row.order or tuple(source.name for source in row.sources)
    return sorted(row.sources, key=lambda source: order.index(source.name))


def _make_routes(row: Row) -> tuple[Route, ...]:
    """Return the routes that hold on the target."""
    choices: dict[str, list[RouteChoice]] = {}
    for route in row.routes:
        choices.setdefault(route.package, []).append(RouteChoice(route.source, route.marker))
    entries = [
        RouteEntry(pattern=f"pypi:{package}", choices=tuple(found), origin=row.name)
        for package, found in choices.items()
    ]
    return resolve_routes(entries, {source.name: [source.name] for source in row.sources}, TARGET)[0]
