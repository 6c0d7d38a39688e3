"""The joint solve as a use case: sources opened, tables loaded, one answer."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from wheelbridge.api.places import Caches
from wheelbridge.api.providers import Provider, open_providers
from wheelbridge.api.running import run_to_end
from wheelbridge.api.sources import read_sources
from wheelbridge.api.specs import Request, read_request
from wheelbridge.model.source import Source, SourceKind
from wheelbridge.model.target import Target
from wheelbridge.model.variant_policy import VariantPolicy
from wheelbridge.solver.engine import solve_jointly
from wheelbridge.solver.problem import Problem, Progress, Solution, Standing
from wheelbridge.tables import load_names
from wheelbridge.target.detect import detect_target


class Silent:
    """A `Progress` that says nothing."""

    def step(self, text: str) -> None:
        """Ignore *text*."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What every solve of a command shares.

    *trusted* are variant providers whose plugins may be run, by the names of their packages.
    """

    target: Target
    sources: tuple[Source, ...]
    caches: Caches
    exclude_newer: datetime | None = None
    offline: bool = False
    variants: VariantPolicy = field(default_factory=VariantPolicy)
    trusted: tuple[str, ...] = ()

    def open_providers(self) -> dict[str, Provider]:
        """Return index name -> provider."""
        return open_providers(self.sources, self.caches, offline=self.offline, trusted=self.trusted)


def solve(
    specs: Iterable[str],
    *,
    sources: Iterable[tuple[SourceKind, str]] = (),
    target: Target | None = None,
    exclude_newer: datetime | None = None,
    variants: VariantPolicy | None = None,
) -> Solution:
    """Find the packages, conda's and wheels together, that meet *specs*.

    Args:
        specs: conda MatchSpecs, and PEP 508 requirements written ``pypi:REQUIREMENT``.
        sources: ("channel", URL or name) and ("index", URL or name) in order of priority; none: conda-forge, pypi.
        target: the machine to solve for; None: this one.
        exclude_newer: leave out what was published later; with a time zone.
        variants: what to prefer, ban and pin among wheel variants.

    Raises:
        WheelbridgeError: see `wheelbridge.solver.errors` and `wheelbridge.index.errors`.
    """
    settings = Settings(
        target=target or detect_target(),
        sources=read_sources(sources),
        caches=Caches.default(),
        exclude_newer=exclude_newer,
        variants=variants or VariantPolicy(),
    )
    return solve_request(read_request(specs), settings, Silent())


def solve_request(
    request: Request, settings: Settings, progress: Progress, standing: Standing | None = None
) -> Solution:
    """Solve *request* under *settings*, together with what is *standing*; then the records of wheels are complete."""
    problem = Problem(
        target=settings.target,
        sources=settings.sources,
        specs=request.specs,
        requirements=request.requirements,
        exclude_newer=settings.exclude_newer,
        offline=settings.offline,
        complete=standing is not None,
        variants=settings.variants,
        standing=standing or Standing(),
    )
    repodata = settings.caches.repodata
    work = solve_jointly(problem, settings.open_providers(), load_names(), repodata_cache=repodata, progress=progress)
    return run_to_end(work)
