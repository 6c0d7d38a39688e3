"""The source of links: an index, to the solver, that has the projects which the user linked to, and no others."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.utils import NormalizedName

from wheelbridge.api.direct.direct_urls import LINKS_URL
from wheelbridge.api.direct.requirements import accept_links
from wheelbridge.api.places import Caches
from wheelbridge.api.providers import Provider
from wheelbridge.environment.manifest import Link
from wheelbridge.index.protocol import Index, Progress
from wheelbridge.model.distribution import BuiltDistribution, CoreMetadata, DistributionFile, ProjectPage
from wheelbridge.model.source import Source
from wheelbridge.model.variant import ReleaseVariants
from wheelbridge.translate.pythons import Release

if TYPE_CHECKING:
    from wheelbridge.api.direct.opening import OpenedLink
    from wheelbridge.solver.problem import Progress as Steps

LINKS = "a link"
"""The name of the source: with a blank, which no name of a user's has."""


def links_source(tier: int) -> Source:
    """Return the source of links, which serves nothing but what is routed to it."""
    return Source(LINKS, "index", LINKS_URL, tier, claim="strict", explicit=True, linked=True, origin=LINKS)


class DirectProvider(Provider):
    """A `wheelbridge.solver.problem.WheelProvider` over links that were opened.

    What a solution took of it can be downloaded without opening the links again.
    """

    def __init__(
        self,
        caches: Caches,
        *,
        links: Sequence[Link] = (),
        opened: "Mapping[NormalizedName, OpenedLink] | None" = None,
        progress: "Steps | None" = None,
        offline: bool = False,
    ) -> None:
        super().__init__(links_source(0), caches, offline=offline)
        self.links = links
        self._opened = opened or {}
        self._progress = progress

    def prepare(self) -> None:
        """Do nothing: links are opened before."""

    def project_page(self, project: NormalizedName) -> ProjectPage | None:
        """Return the one file of *project*, None where no link leads to it."""
        found = self._opened.get(project)
        return ProjectPage(project, (found.file,)) if found else None

    def known_metadata(self, file: DistributionFile) -> CoreMetadata | None:
        """Return None: metadata is read out of the wheel each time."""
        del file
        return None

    def core_metadata(self, file: DistributionFile) -> CoreMetadata:
        """Return the metadata of a linked or built wheel."""
        if self._is_built(file):
            return super().core_metadata(file)
        return accept_links(self._local.core_metadata(self._here(file)), self.links)

    def variants(self, file: DistributionFile) -> ReleaseVariants:
        """Return the variant metadata of a linked or built wheel."""
        return super().variants(file) if self._is_built(file) else self._local.variants(self._here(file))

    def download(self, file: DistributionFile, folder: Path, progress: Progress | None = None) -> Path:
        """Put *file*, hash-checked, into *folder* under its own name; return its path."""
        if self._is_built(file):
            return super().download(file, folder, progress)
        if file.url.startswith("file:"):
            return self._local.download(file, folder, progress)
        from wheelbridge.api.direct.fetching import download, place_of  # noqa: PLC0415 - few wheels are linked

        url = next((link.url for link in self.links if link.kind == "file" and place_of(link) == file.url), file.url)
        return download(file, url, folder, self._caches, progress, offline=self._offline)

    def build(self, project: NormalizedName, sdist: DistributionFile, python: Release) -> BuiltDistribution:
        """Return a wheel of the tree that is linked to as *project*."""
        del sdist
        builder = self._opened[project].builder
        if builder is None:
            raise ValueError(project)
        if self._progress:
            self._progress.step(f"Building {builder.label}")
        built = builder.build(".".join(map(str, python)))
        self._made[built.file.url] = built
        return built

    @cached_property
    def _local(self) -> Index:
        """Reads files of this machine, wherever they are."""
        from wheelbridge.index.local import LocalIndex  # noqa: PLC0415 - few solves have links

        self._caches.root.mkdir(parents=True, exist_ok=True)
        return LocalIndex(LINKS, self._caches.root.as_uri())

    def _here(self, file: DistributionFile) -> DistributionFile:
        """Return *file* where it lies on this machine."""
        wheels = (one.wheel for one in self._opened.values() if one.file.url == file.url)
        wheel = next(wheels, None)
        return replace(file, url=wheel.as_uri()) if wheel else file
