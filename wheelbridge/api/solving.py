"""The joint solve as a use case: sources opened, tables loaded, one answer."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING

from packaging.utils import InvalidName, NormalizedName, canonicalize_name
from rattler import RepoDataRecord

from wheelbridge.api.building.processes import Processes
from wheelbridge.api.channel_specs import take_channels
from wheelbridge.api.clients import open_client
from wheelbridge.api.disallowed import refuse_disallowed
from wheelbridge.api.external.tables import open_externals, read_no_external
from wheelbridge.api.life.modifiers import Modifiers
from wheelbridge.api.life.pins import pin_specs
from wheelbridge.api.mapping.maps import MapLike, open_names, take_maps
from wheelbridge.api.places import Caches
from wheelbridge.api.providers import Provider, open_providers
from wheelbridge.api.running import run_to_end
from wheelbridge.api.sources import read_sources
from wheelbridge.api.specs import Request, read_request
from wheelbridge.configuration.conda_channels import CondaChannels
from wheelbridge.configuration.values import COMMAND_LINE
from wheelbridge.errors import UsageError
from wheelbridge.mapping.rows import NameTable
from wheelbridge.model.name import CondaName
from wheelbridge.model.pin import Pin
from wheelbridge.model.source import Claim, Route, Source, SourceKind
from wheelbridge.model.target import Target
from wheelbridge.model.variant_policy import VariantPolicy
from wheelbridge.solver.engine import solve_jointly
from wheelbridge.solver.lookalike_notes import note_lookalikes
from wheelbridge.solver.problem import Problem, Progress, Solution, Standing
from wheelbridge.solver.records import record_channel, wheel_project
from wheelbridge.tables import load_known_names
from wheelbridge.target.detect import detect_target
from wheelbridge.translate.requirement import parse_requirement

if TYPE_CHECKING:
    from wheelbridge.api.direct.solving import OpenedLinks
    from wheelbridge.environment.manifest import Link
    from wheelbridge.mapping.overlays import Overlay


class Silent:
    """A `Progress` that says nothing."""

    def step(self, text: str) -> None:
        """Ignore *text*."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What every solve of a command shares.

    Attributes:
        routes: what alone may serve some of the projects; the first one that matches decides.
        relations: whether channels may say what belongs to them (CEP 42).
        claim: of the channels that come along so; None: what their names say.
        trusted: variant providers whose plugins may be run, by the names of their packages.
        maps: what is put over the tables of names, the nearest first.
        no_external: projects whose wheels get nothing of conda for their external dependencies; ``:all:`` for all.
        builds: projects of which a wheel is built, and none of an index taken; a build runs the project's code.
        processes: of the builds.
        pins: what installed packages must meet, whoever asks for them.
        disallowed: packages that may not come in.
        names: which channels may come along (CEP 42).
        modifiers: how an environment is changed.
        links: projects that are asked for by where they are.
        in_paths: URL of a source or a link -> variables in its path, as `Manifest` has them.
    """

    target: Target
    sources: tuple[Source, ...]
    caches: Caches
    exclude_newer: datetime | None = None
    offline: bool = False
    variants: VariantPolicy = field(default_factory=VariantPolicy)
    trusted: tuple[str, ...] = ()
    routes: tuple[Route, ...] = ()
    relations: bool = True
    claim: Claim | None = None
    maps: "tuple[Overlay, ...]" = ()
    no_external: frozenset[str] = frozenset()
    builds: frozenset[NormalizedName] = frozenset()
    processes: Processes = field(default_factory=Processes, compare=False, repr=False)
    pins: tuple[Pin, ...] = ()
    disallowed: tuple[Pin, ...] = ()
    names: CondaChannels = field(default_factory=CondaChannels)
    modifiers: Modifiers = field(default_factory=Modifiers)
    links: "tuple[Link, ...]" = ()
    in_paths: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)

    def open_providers(self) -> dict[str, Provider]:
        """Return index name -> provider; that of links has what was solved, and opens none."""
        from wheelbridge.api.direct.provider import LINKS, DirectProvider  # noqa: PLC0415 - few solves have links

        return {**self.open_indexes(), LINKS: DirectProvider(self.caches, links=self.links, offline=self.offline)}

    def open_indexes(self) -> dict[str, Provider]:
        """Return index name -> provider, without that of links."""
        trusted, routes = self.trusted, self.routes
        providers = open_providers(self.sources, self.caches, offline=self.offline, trusted=trusted, routes=routes)
        for provider in providers.values():
            provider.links = self.links
        if self.builds:
            from wheelbridge.api.building.wheels import SdistBuilder  # noqa: PLC0415 - it solves, too: a circle

            for source in self.sources:
                if source.kind == "index":
                    providers[source.name].builder = SdistBuilder(self, source)
        return providers


def solve(  # noqa: PLR0913 - one keyword for each thing that a caller may say
    specs: Iterable[str],
    *,
    sources: Iterable[tuple[SourceKind, str]] = (),
    target: Target | None = None,
    exclude_newer: datetime | None = None,
    variants: VariantPolicy | None = None,
    maps: Iterable[MapLike] = (),
    no_external: Iterable[str] = (),
    builds: Iterable[str] = (),
) -> Solution:
    """Find the packages, conda's and wheels together, that meet *specs*.

    No configuration is read: a call means the same everywhere. The notes of the answer tell of runtimes that should not
    meet in one process, too.

    Args:
        specs: conda MatchSpecs, and PEP 508 requirements written ``pypi:REQUIREMENT``.
        sources: ("channel", URL or name) and ("index", URL or name) in order of priority; none: conda-forge, pypi.
        target: the machine to solve for; None: this one.
        exclude_newer: leave out what was published later; with a time zone.
        variants: what to prefer, ban and pin among wheel variants.
        maps: names of projects and packages of your own, those that win first: files, with a mode before a text's name
            (``"extend=names.yaml"``), and mappings such as ``{"my-tool": "my_tool", "other": None}``.
        no_external: projects whose wheels get nothing of conda for their external dependencies; ``:all:`` for all.
        builds: projects of which a wheel is built of a source distribution; a build runs the project's code.

    Raises:
        WheelbridgeError: see `wheelbridge.solver.errors` and `wheelbridge.index.errors`.
    """
    settings = Settings(
        target=target or detect_target(),
        sources=read_sources(sources),
        caches=Caches.default(),
        exclude_newer=exclude_newer,
        variants=variants or VariantPolicy(),
        maps=take_maps(maps),
        no_external=read_no_external(no_external),
        builds=read_builds(builds),
    )
    solution = solve_request(read_request(specs), settings, Silent())
    from wheelbridge.api.runtime_checks import planned_clashes  # noqa: PLC0415 - it takes the settings from here

    return replace(solution, notes=(*solution.notes, *(clash.message for clash in planned_clashes(solution, settings))))


def solve_request(
    request: Request, settings: Settings, progress: Progress, standing: Standing | None = None
) -> Solution:
    """Solve *request* under *settings*, together with what is *standing*; then the records of wheels are complete."""
    if not (links := (*request.links, *settings.links)):
        return _solve(request, settings, progress, standing)
    from wheelbridge.api.direct.hashes import check_listed, require_hashes  # noqa: PLC0415 - few solves have links
    from wheelbridge.api.direct.requirements import wanted_links  # noqa: PLC0415 - as above
    from wheelbridge.api.direct.solving import open_links  # noqa: PLC0415 - it builds, and so solves: a circle

    pythons = (*request.specs, *(standing.constraints if standing else ()))
    settings = replace(settings, links=links)
    require_hashes(wanted_links(links, settings.target), request)
    with open_links(links, settings, progress, pythons) as opened:
        request = check_listed(opened.opened.values(), request)
        request = replace(request, requirements=(*request.requirements, *opened.requirements), links=())
        return opened.tell(_solve(request, settings, progress, standing, opened))


def _solve(
    request: Request,
    settings: Settings,
    progress: Progress,
    standing: Standing | None,
    opened: "OpenedLinks | None" = None,
) -> Solution:
    """Solve what names no link any more."""
    providers, table = settings.open_indexes(), open_names(settings.sources, settings.maps)
    if opened is not None:
        standing = standing and opened.let_go(standing, table)
        providers, settings = opened.add_to(providers), opened.extend(settings)
    problem = _pose(request, settings, standing, table)
    repodata, client = settings.caches.repodata, open_client(settings.sources)
    work = solve_jointly(problem, providers, table, repodata_cache=repodata, progress=progress, client=client)
    with settings.processes.stopped_by_interrupt():
        solution = run_to_end(work)
    for source in solution.sources:
        if source.kind == "channel":
            settings.names.check(source.name, source.url)
    refuse_disallowed(solution.packages, settings.disallowed, problem.standing.locked)
    return replace(solution, notes=(*solution.notes, *_note_lookalikes(solution, problem, table)))


def _pose(request: Request, settings: Settings, standing: Standing | None, table: NameTable) -> Problem:
    """Put *request* to the solver: sources that it names become routes, pins become constraints."""
    sources = settings.sources
    request, named = take_channels(request, sources)
    pins, pinned = take_channels(Request(pin_specs(settings.pins), ()), sources)
    return Problem(
        target=settings.target,
        sources=sources,
        routes=(*_route_hashed(request, sources), *named, *pinned, *settings.routes),
        relations=settings.relations,
        claim=settings.claim,
        specs=request.specs,
        requirements=request.requirements,
        exclude_newer=settings.exclude_newer,
        offline=settings.offline,
        complete=standing is not None,
        variants=settings.variants,
        externals=open_externals(settings.maps, settings.no_external),
        builds=settings.builds,
        limits=request.limits,
        hashes=request.hashes,
        prereleases=request.prereleases,
        require_hashes=request.require_hashes,
        standing=_let_go(
            replace(kept := standing or Standing(), constraints=(*kept.constraints, *pins.specs)),
            (*named, *pinned, *filter(_is_given_now, settings.routes)),
            sources,
            table,
        ),
    )


def read_builds(projects: Iterable[str]) -> frozenset[NormalizedName]:
    """Return the projects, normalized, of which a wheel is to be built.

    >>> read_builds(["Ruamel_YAML"])
    frozenset({'ruamel-yaml'})

    Raises:
        UsageError: if one is no name of a project.
    """
    try:
        return frozenset(canonicalize_name(project, validate=True) for project in projects)
    except InvalidName as error:
        raise UsageError(f"--build: {error}", hint="Name projects one by one, as in --build pyodbc.") from error


def _note_lookalikes(solution: Solution, problem: Problem, table: NameTable) -> list[str]:
    """Point out new projects that are called almost like others; a strict index is private."""
    return note_lookalikes(
        solution.packages,
        problem.standing,
        public={source.name for source in solution.sources if source.kind == "index" and source.claim != "strict"},
        asked={canonicalize_name(parse_requirement(text).name) for text in problem.requirements},
        table=table,
        known=load_known_names,
    )


def _route_hashed(request: Request, sources: Sequence[Source]) -> Iterator[Route]:
    """Yield a route to the indexes for each project with listed hashes: no conda package has one of them."""
    indexes = tuple(source.name for source in sources if source.kind == "index" and not source.explicit)
    for project in request.hashes if indexes else ():
        yield Route(pattern=f"pypi:{project}", sources=indexes, origin="the hashes that are listed for it")


def _is_given_now(route: Route) -> bool:
    return route.origin == COMMAND_LINE


def _let_go(standing: Standing, routes: Sequence[Route], sources: Sequence[Source], table: NameTable) -> Standing:
    """Let go of installed packages that the command, by ``channel::name`` or a route, wants from another source."""
    urls = {source.name: source.url for source in sources}

    def stays(record: RepoDataRecord) -> bool:
        name = CondaName(record.name.normalized)
        projects = [wheel_project(record.file_name) or "", *(row.pypi for row in table.by_conda(name).rows)]
        wanted = [
            urls.get(place)
            for route in routes
            if any(route.matches(name, project or None) for project in projects)
            for place in route.sources
        ]
        return not wanted or record_channel(record) in wanted

    return replace(standing, locked=tuple(filter(stays, standing.locked))) if routes else standing
