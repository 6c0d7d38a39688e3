"""Links in the one solve: opened before it, served by one source of their own, and told of in what comes out."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from packaging.utils import NormalizedName, canonicalize_name
from rattler import MatchSpec

from wheelbridge.api.building.environments import Wishes
from wheelbridge.api.building.workshops import open_workshop
from wheelbridge.api.direct.errors import LinkConflictError
from wheelbridge.api.direct.opening import OpenedLink, open_link
from wheelbridge.api.direct.provider import LINKS, DirectProvider, links_source
from wheelbridge.api.direct.requirements import requirement_of, same_place, show_link, show_stated, wanted_links
from wheelbridge.api.providers import Provider
from wheelbridge.api.solving import Settings
from wheelbridge.environment.manifest import Link
from wheelbridge.errors import UsageError
from wheelbridge.mapping.rows import NameTable
from wheelbridge.model.source import Route
from wheelbridge.solver.problem import Progress, Solution, Standing
from wheelbridge.solver.records import wheel_project


@dataclass(frozen=True, slots=True)
class OpenedLinks:
    """The links of one solve, by project, with what each asks for."""

    opened: dict[NormalizedName, OpenedLink]
    requirements: tuple[str, ...]
    provider: DirectProvider

    def add_to(self, providers: Mapping[str, Provider]) -> dict[str, Provider]:
        """Return *providers* with that of the links."""
        return {**providers, LINKS: self.provider}

    def extend(self, settings: Settings) -> Settings:
        """Return *settings* with the source of the links, and for each project the route that nobody else serves it."""
        tier = max((source.tier for source in settings.sources), default=-1) + 1
        routes = tuple(
            Route(pattern=f"pypi:{project}", sources=(LINKS,), origin=one.link.place or "the link")
            for project, one in self.opened.items()
        )
        sources = (*settings.sources, links_source(tier))
        return replace(settings, sources=sources, routes=(*routes, *settings.routes), links=())

    def let_go(self, standing: Standing, table: NameTable) -> Standing:
        """Return *standing* without what is installed of the projects: what the links lead to now takes its place."""
        rows = (row for project in self.opened for row in table.by_project(project).rows)
        names = {row.conda for row in rows if row.conda}
        gone = [
            record
            for record in standing.locked
            if wheel_project(record.file_name) in self.opened or record.name.normalized in names
        ]
        kept = tuple(record for record in standing.locked if record not in gone)
        wheels = tuple(record for record in gone if wheel_project(record.file_name))
        return replace(standing, locked=kept, replaced=(*standing.replaced, *wheels))

    def tell(self, solution: Solution) -> Solution:
        """Return *solution* with the direct URL of each package that came of a link."""
        packages = tuple(
            replace(package, direct_url=found.direct_url)
            if package.source == LINKS and package.file and (found := self._find(package.pypi_name))
            else package
            for package in solution.packages
        )
        return replace(solution, packages=packages)

    def _find(self, project: str | None) -> OpenedLink | None:
        return self.opened.get(canonicalize_name(project)) if project else None


@contextmanager
def open_links(
    links: Sequence[Link], settings: Settings, progress: Progress, pythons: Sequence[str] = ()
) -> Iterator[OpenedLinks]:
    """Open the *links* that hold on the target; what was fetched for it is gone when the block ends.

    *pythons* are MatchSpecs, some of which may say which python is wanted.

    Raises:
        LinkConflictError: if two of them are for one project, or want different contents of one place.
        WheelbridgeError: if one cannot be opened.
    """
    wanted = wanted_links(links, settings.target)
    with open_workshop(settings.caches.builds) as workshop, settings.processes.stopped_by_interrupt():
        opened: dict[NormalizedName, OpenedLink] = {}
        requirements = []
        for number, link in enumerate(wanted):
            known = next((one for one in opened.values() if same_place(one.link, link)), None)
            if known is None:
                progress.step(f"Opening {show_link(link)}")
                known = open_link(link, settings, _folder(workshop, number), _python_of(pythons))
                _add(opened, known)
            requirements.append(requirement_of(link, known.project))
        provider = DirectProvider(
            settings.caches, links=wanted, opened=opened, progress=progress, offline=settings.offline
        )
        yield OpenedLinks(opened, tuple(dict.fromkeys(requirements)), provider)


def _folder(workshop: Path, number: int) -> Path:
    folder = workshop / str(number)
    folder.mkdir()
    return folder


def _add(opened: dict[NormalizedName, OpenedLink], found: OpenedLink) -> None:
    if (other := opened.get(found.project)) is not None:
        raise LinkConflictError(found.project, [show_stated(one.link) for one in (other, found)])
    opened[found.project] = found


def _python_of(specs: Sequence[str]) -> str | None:
    """Return the version of python that *specs* want, as a build takes it; None where they want none."""
    for spec in specs:
        match = MatchSpec(spec)
        if match.name.normalized == "python" and match.version is not None:
            with suppress(UsageError):
                return Wishes(python=str(match.version)).python
    return None
