"""What is to be solved, and what came out: values only, beside the solver's own records."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from packaging.utils import NormalizedName
from rattler import RepoDataRecord

from wheelbridge.model.distribution import BuiltDistribution, CoreMetadata, DistributionFile, ProjectPage
from wheelbridge.model.record import Refusal, WheelRecord
from wheelbridge.model.source import Claim, Route, Source, SourceKind
from wheelbridge.model.target import Target
from wheelbridge.model.variant import Features, ReleaseVariants, VariantProvider, WheelVariant
from wheelbridge.model.variant_policy import VariantPolicy
from wheelbridge.translate.pythons import Release
from wheelbridge.translate.wheel_externals import ExternalTables


class WheelProvider(Protocol):
    """An index, as far as a solve needs it. Called from several threads."""

    def prepare(self) -> None:
        """Get ready to be asked; called early, while the solve does something else."""

    def project_page(self, project: NormalizedName) -> ProjectPage | None:
        """Return the project's files, None where the index does not have the project."""

    def known_metadata(self, file: DistributionFile) -> CoreMetadata | None:
        """Return the metadata of one wheel if that takes neither network nor time, else None."""

    def core_metadata(self, file: DistributionFile) -> CoreMetadata:
        """Return the metadata of one wheel."""

    def variants(self, file: DistributionFile) -> ReleaseVariants:
        """Return the variant metadata that *file* holds: a ``-variants.json``, or a wheel (PEP 825)."""

    def build(self, project: NormalizedName, sdist: DistributionFile, python: Release) -> BuiltDistribution:
        """Return a wheel that is built of *sdist* with a minor version of python; this runs code of the project.

        `core_metadata` and `variants` answer for that wheel, too.
        """

    @property
    def plugins(self) -> "VariantPlugins | None":
        """The provider plugins of this index that the user trusts; None where there are none."""


class VariantPlugins(Protocol):
    """Provider plugins that the user trusts. Called from several threads."""

    def trusts(self, provider: VariantProvider) -> bool:
        """Tell whether the plugin of *provider* may be asked."""

    def __call__(self, provider: VariantProvider) -> Features:
        """Return what this machine supports of the provider's namespace."""


class Progress(Protocol):
    """Told what a solve is doing, for people who wait."""

    def step(self, text: str) -> None:
        """Say what happens now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What an environment brings along into a solve.

    Attributes:
        kept: MatchSpecs of earlier requests, each dropped where the new one names the same package, and loosened to the
            bare name where it stands in the way.
        present: names of packages that stay unless they stand in the way.
        locked: rattler records preferred where they fit.
        replaced: installed wheels of which another one is wanted.
        moving: installed wheels that may move, and keep the names that they have.
        variants: URL -> what an installed wheel is as a variant.
        constraints: MatchSpecs that hold for whatever is installed.
    """

    kept: tuple[str, ...] = ()
    present: tuple[str, ...] = ()
    locked: tuple[RepoDataRecord, ...] = ()
    replaced: tuple[RepoDataRecord, ...] = ()
    moving: tuple[RepoDataRecord, ...] = ()
    variants: Mapping[str, WheelVariant] = field(default_factory=dict)
    constraints: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One joint solve.

    Attributes:
        specs: conda MatchSpecs.
        requirements: PEP 508 requirements; a wheel may meet one, and so may the conda package it is mapped to.
        sources: in order of priority.
        routes: which sources may serve which projects, nearest first; each holds on the target.
        relations: take in the channels that others bring along (CEP 42).
        claim: what sources claim that came along; None: what their names say.
        exclude_newer: nothing published after it is offered where a source does not say otherwise; with a time zone.
        offline: channels are read from the cache alone.
        complete: the records of wheels have the groups of all extras, as a record that is kept must.
        variants: what the user says of wheel variants.
        standing: what an environment brings along.
        externals: what the tables know of external dependencies, and which projects' wheels are not to get any.
        builds: projects of which a wheel is built, and none of an index taken.
        limits: PEP 508 requirements that hold for what is installed, and install nothing (pip's constraints).
        hashes: project -> ``algorithm:digest`` of the files that alone may be taken of it, from indexes.
        prereleases: pre-releases of every project are as good as other releases.
        require_hashes: nothing is taken of an index that *hashes* does not list.
    """

    target: Target
    sources: tuple[Source, ...]
    specs: tuple[str, ...] = ()
    requirements: tuple[str, ...] = ()
    routes: tuple[Route, ...] = ()
    relations: bool = True
    claim: Claim | None = None
    exclude_newer: datetime | None = None
    offline: bool = False
    complete: bool = False
    variants: VariantPolicy = field(default_factory=VariantPolicy)
    standing: Standing = field(default_factory=Standing)
    externals: ExternalTables = field(default_factory=ExternalTables)
    builds: frozenset[NormalizedName] = frozenset()
    limits: tuple[str, ...] = ()
    hashes: Mapping[NormalizedName, frozenset[str]] = field(default_factory=dict)
    prereleases: bool = False
    require_hashes: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Why a package comes from its source.

    Attributes:
        source: the source's name.
        kind: what it is.
        tier: its place in the list, 0 first.
        owner: the first source that has the package.
        claim: what the owner leaves to those below.
        route: the route that decided, as ``--route`` takes it; None where the list did.
        route_origin: where the route was given.
        also: (source, newest version) of the others that are known to have it.
        hidden: names of those among them that must not serve it.
    """

    source: str
    kind: SourceKind
    tier: int
    owner: str
    claim: Claim
    route: str | None = None
    route_origin: str = ""
    also: tuple[tuple[str, str], ...] = ()
    hidden: frozenset[str] = frozenset()

    def describe(self) -> str:
        """Say it to people.

        >>> Decision(source="pypi", kind="index", tier=1, owner="pypi", claim="flexible", route="torch=pypi",
        ...          route_origin="wheelbridge.toml", also=(("conda-forge", "2.8"),)).describe()
        'from index pypi: routed by wheelbridge.toml (torch=pypi); conda-forge also has 2.8'
        """
        if self.route:
            reason = f"routed by {self.route_origin} ({self.route})"
        elif self.source == self.owner:
            reason = f"the first source that has it (tier {self.tier}, its claim: {self.claim})"
        else:
            reason = f"{self.owner}, which comes first, gives way (its claim: {self.claim})"
        others = (
            f"; {name} also has {version}{', and must not serve it' if name in self.hidden and not self.route else ''}"
            for name, version in self.also
        )
        return f"from {self.kind} {self.source}: {reason}{''.join(others)}"

    def as_json(self) -> dict[str, object]:
        """Return the fields as JSON has them."""
        return {
            "source": self.source,
            "kind": self.kind,
            "tier": self.tier,
            "owner": self.owner,
            "claim": self.claim,
            "route": self.route,
            "route_origin": self.route_origin or None,
            "also": [
                {"source": name, "version": version, "hidden": name in self.hidden} for name, version in self.also
            ],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenRelease:
    """What the index says of a chosen wheel and of its release.

    Attributes:
        metadata: what the wheel says of itself.
        variants: the variant metadata of the release; None where none of its wheels is a variant.
        others: where there is variant metadata, the other wheels of the release that the chosen python and the platform
            run, whatever their variants need.
        sdist: what the wheel was built of; None where the index has the wheel.
    """

    metadata: CoreMetadata
    variants: ReleaseVariants | None = None
    others: tuple[DistributionFile, ...] = ()
    sdist: DistributionFile | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedPackage:
    """One package of a solution, from a channel or an index.

    *record* is the solver's own object; *file*, *wheel* and *release* are there for wheels only; *decision* tells why
    it is from its source, None for what is kept; *direct_url* is the contents of ``direct_url.json`` (PEP 610) for what
    the user links to.
    """

    kind: Literal["conda", "wheel"]
    name: str
    version: str
    build: str
    build_number: int
    subdir: str
    source: str
    fn: str
    url: str
    sha256: str | None
    size: int | None
    depends: tuple[str, ...]
    record: RepoDataRecord = field(repr=False, compare=False)
    pypi_name: str | None = None
    variant: WheelVariant | None = None
    decision: "Decision | None" = None
    wheel: WheelRecord | None = field(default=None, repr=False, compare=False)
    file: DistributionFile | None = field(default=None, repr=False, compare=False)
    release: ChosenRelease | None = field(default=None, repr=False, compare=False)
    direct_url: Mapping[str, object] | None = None

    def as_json(self) -> dict[str, object]:
        """Return the package as ``solve --json`` prints it."""
        fields = ("kind", "name", "pypi_name", "version", "build", "build_number", "subdir", "source", "fn", "url")
        values: dict[str, object] = {field: getattr(self, field) for field in fields}
        return {
            **values,
            "sha256": self.sha256,
            "size": self.size,
            "depends": list(self.depends),
            "variant": self.variant.as_json() if self.variant else None,
            "decision": self.decision.as_json() if self.decision else None,
        }


@dataclass(slots=True)
class Statistics:
    """What a solve cost: seconds in all and in the solver, rounds, pages and metadata files read."""

    wall_seconds: float = 0.0
    solve_seconds: float = 0.0
    rounds: int = 0
    pages: int = 0
    metadata: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Solution:
    """The packages of an environment, sorted by name, and what was refused on the way.

    *specs* is the request as MatchSpecs on solver names, with what had to be loosened of earlier ones; *sources* is the
    list with the channels that others brought along; *loosened* are the earlier requests that had to be.
    """

    packages: tuple[ResolvedPackage, ...]
    refused: tuple[Refusal, ...]
    statistics: Statistics
    sources: tuple[Source, ...] = ()
    specs: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    loosened: tuple[str, ...] = ()


Providers = Mapping[str, WheelProvider]
"""Index name -> provider."""
