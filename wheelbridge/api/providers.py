"""Indexes as a solve asks them, opened when they are first asked."""

from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TypeAlias

from wheelbridge.api.direct.requirements import accept_links
from wheelbridge.api.places import Caches
from wheelbridge.environment.manifest import Link
from wheelbridge.errors import UsageError, WheelbridgeError
from wheelbridge.index.client import open_index
from wheelbridge.index.errors import ProjectNotFoundError
from wheelbridge.index.protocol import Index, Progress
from wheelbridge.index.variables import source_variables
from wheelbridge.model.distribution import BuiltDistribution, CoreMetadata, DistributionFile, ProjectPage
from wheelbridge.model.name import NormalizedName
from wheelbridge.model.source import Route, Source
from wheelbridge.model.variant import ReleaseVariants
from wheelbridge.solver.ownership import Rule
from wheelbridge.solver.problem import VariantPlugins
from wheelbridge.translate.pythons import Release

Builder: TypeAlias = Callable[[Index, NormalizedName, DistributionFile, Release], BuiltDistribution]
"""Builds a wheel of a source distribution that an index has, with a minor version of python."""


class Provider:
    """A `wheelbridge.solver.problem.WheelProvider` over an index that is opened when it is first asked.

    Attributes:
        builder: builds wheels of source distributions; None: none are built.
        links: what the user links to; where a wheel needs a URL, it gets that link or is refused.
    """

    def __init__(
        self,
        source: Source,
        caches: Caches,
        *,
        offline: bool,
        trusted: Collection[str] = (),
        find_owner: Callable[[NormalizedName], str | None] | None = None,
    ) -> None:
        self._source = source
        self._find_owner = find_owner
        self._caches = caches
        self._offline = offline
        self._trusted = trusted
        self._made: dict[str, BuiltDistribution] = {}
        self.builder: Builder | None = None
        self.links: Sequence[Link] = ()

    @cached_property
    def index(self) -> Index:
        """The index itself."""
        return open_index(
            self._source.name,
            self._source.login_url or self._source.url,
            cache_dir=self._caches.index,
            offline=self._offline,
            trusted_hosts=self._source.trusted_hosts,
            missing_codes=self._source.missing_codes,
            variables=source_variables(self._source),
        )

    @cached_property
    def plugins(self) -> VariantPlugins | None:
        """The provider plugins that the user trusts, from this index alone; None where there are none.

        Raises:
            UsageError: if the index must attest its files: pip, which installs a plugin, does not look.
        """
        if not self._trusted:
            return None
        if self._source.attestations is not None:
            raise UsageError(
                f"The plugins of {self._source.name} cannot be verified, and its files must be attested",
                hint="Give the target's values with --virtual-package in the place of --variant-trust.",
            )
        from wheelbridge.api.provider_plugins import PluginRunner  # noqa: PLC0415 - few solves run plugins

        return PluginRunner(
            self._trusted, self._caches.root, [self.index], offline=self._offline, find_owner=self._find_owner
        )

    def prepare(self) -> None:
        """Open the index: to import an HTTP client takes a tenth of a second, better spent beside reading channels."""
        with suppress(WheelbridgeError):
            _ = self.index

    def project_page(self, project: NormalizedName) -> ProjectPage | None:
        """Return the project's files, None where the index does not have the project."""
        try:
            return self.index.project_page(project)
        except ProjectNotFoundError:
            return None

    def known_metadata(self, file: DistributionFile) -> CoreMetadata | None:
        """Return the metadata of one wheel if that takes neither network nor time, else None."""
        known = None if self._is_built(file) else self.index.known_metadata(file)
        return known and accept_links(known, self.links)

    def core_metadata(self, file: DistributionFile) -> CoreMetadata:
        """Return the metadata of one wheel; one that was built here also needs what its project says (PEP 725)."""
        if not self._is_built(file):
            return accept_links(self.index.core_metadata(file), self.links)
        metadata = accept_links(self._built.core_metadata(file), self.links)
        if (made := self._made.get(file.url)) is None:
            return metadata
        needs = dict.fromkeys((*metadata.requires_external, *made.requires_external))
        extras = dict.fromkeys((*metadata.provides_external_extra, *made.provides_external_extra))
        return replace(metadata, requires_external=tuple(needs), provides_external_extra=tuple(extras))

    def variants(self, file: DistributionFile) -> ReleaseVariants:
        """Return the variant metadata that *file* holds: a ``-variants.json``, or a wheel."""
        return (self._built if self._is_built(file) else self.index).variants(file)

    def download(self, file: DistributionFile, folder: Path, progress: Progress | None = None) -> Path:
        """Put *file*, hash-checked, into *folder* under its own name; return its path."""
        return (self._built if self._is_built(file) else self.index).download(file, folder, progress)

    def build(self, project: NormalizedName, sdist: DistributionFile, python: Release) -> BuiltDistribution:
        """Return a wheel that is built of *sdist* with a minor version of python; this runs code of the project."""
        if self.builder is None:
            raise ValueError(project)
        built = self.builder(self.index, project, sdist, python)
        self._made[built.file.url] = built
        return built

    @cached_property
    def _built(self) -> Index:
        """The wheels that were built here."""
        from wheelbridge.index.local import LocalIndex  # noqa: PLC0415 - few solves build something

        return LocalIndex(self._source.name, self._caches.built.as_uri())

    def _is_built(self, file: DistributionFile) -> bool:
        return file.url.startswith(f"{self._caches.built.as_uri()}/")


def open_providers(
    sources: Sequence[Source],
    caches: Caches,
    *,
    offline: bool = False,
    trusted: Collection[str] = (),
    routes: Sequence[Route] = (),
) -> dict[str, Provider]:
    """Return index name -> provider; *trusted* are variant providers whose plugins may be run.

    A plugin comes from the index that has the release, and only where no index before it has a project of its name.
    """
    rule, providers = Rule(sources, routes), dict[str, Provider]()

    def find_owner(project: NormalizedName) -> str | None:
        indexes = (source for tier in rule.tiers(project, project) for source in tier if source.kind == "index")
        return next((source.name for source in indexes if providers[source.name].project_page(project)), None)

    for source in sources:
        if source.kind == "index":
            providers[source.name] = Provider(source, caches, offline=offline, trusted=trusted, find_owner=find_owner)
    return providers
