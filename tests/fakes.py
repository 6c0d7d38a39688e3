"""Stand-ins that implement our Protocols; everything else in the tests is the real thing."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256

from packaging.utils import NormalizedName, canonicalize_name

from wheelbridge.errors import WheelbridgeError
from wheelbridge.mapping.overrides import Override
from wheelbridge.mapping.rows import Confidence, NameAnswer, NameRow, Relation
from wheelbridge.model.distribution import BuiltDistribution, CoreMetadata, DistributionFile, ProjectPage
from wheelbridge.model.name import CondaName
from wheelbridge.model.variant import ReleaseVariants
from wheelbridge.translate.pythons import Release
from wheelbridge.translate.variant_documents import parse_variants


@dataclass(frozen=True)
class FakeNames:
    """A `NameTable` of given identities, ambiguities and whole rows."""

    identities: Mapping[str, str] = field(default_factory=dict)
    ambiguous: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    known: frozenset[str] = frozenset()
    rows: tuple[Override, ...] = ()

    def by_project(self, project: NormalizedName) -> NameAnswer:
        """Answer for a project."""
        if row := next((row for row in self.rows if row.pypi == project), None):
            return NameAnswer((self._from_override(row),))
        if conda := self.identities.get(project):
            return NameAnswer((self._row(project, conda),))
        return NameAnswer((), self.ambiguous.get(project, ()))

    def by_conda(self, name: CondaName) -> NameAnswer:
        """Answer for a conda package."""
        whole = [self._from_override(row) for row in self.rows if row.is_identity and row.conda == name]
        plain = [self._row(pypi, conda) for pypi, conda in self.identities.items() if conda == name]
        return NameAnswer((*whole, *plain))

    def is_conda_name(self, name: str) -> bool:
        """Tell whether the name is known."""
        named = {row.conda for row in self.rows}
        return name in self.known or name in self.identities.values() or name in named

    @staticmethod
    def _from_override(row: Override) -> NameRow:
        return NameRow(
            pypi=row.pypi,
            conda=row.conda,
            relation=row.relation,
            confidence=row.confidence,
            layer="test",
            reason=row.reason,
            specs=row.specs,
            pypi_range=row.pypi_range,
        )

    @staticmethod
    def _row(project: str, conda: str) -> NameRow:
        return NameRow(
            pypi=canonicalize_name(project),
            conda=CondaName(conda),
            relation=Relation.DIST,
            confidence=Confidence.CURATED,
            layer="test",
        )


@dataclass
class FakeIndex:
    """A `WheelProvider` of wheels that exist as metadata only."""

    name: str
    files: dict[NormalizedName, list[DistributionFile]] = field(default_factory=dict)
    metadata: dict[str, CoreMetadata] = field(default_factory=dict)
    asked: list[NormalizedName] = field(default_factory=list)
    documents: dict[str, object] = field(default_factory=dict)
    down: str = ""

    def add(
        self,
        filename: str,
        metadata: CoreMetadata | None,
        yanked: str | None = None,
        uploaded: datetime | None = None,
        *,
        content: str | None = None,
        url: str | None = None,
    ) -> None:
        """Add a wheel, or without metadata a source distribution; *content* decides the hash, empty: there is none."""
        project = canonicalize_name(filename.split("-", 1)[0])
        digest = sha256(f"{self.name if content is None else content}/{filename}".encode()).hexdigest()
        url = url or f"https://{self.name}.example/{filename}"
        hashes = {} if content == "" else {"sha256": digest}
        file = DistributionFile(filename=filename, url=url, hashes=hashes, yanked=yanked, upload_time=uploaded)
        self.files.setdefault(project, []).append(file)
        if metadata:
            self.metadata[url] = metadata

    def add_variants(self, project: str, version: str, document: object) -> None:
        """Add the index's own variant metadata of a release."""
        filename = f"{project.replace('-', '_')}-{version}-variants.json"
        url = f"https://{self.name}.example/{filename}"
        file = DistributionFile(filename=filename, url=url, hashes={"sha256": sha256(filename.encode()).hexdigest()})
        self.files.setdefault(canonicalize_name(project), []).append(file)
        self.documents[url] = document

    def prepare(self) -> None:
        """Do nothing."""

    def build(self, project: NormalizedName, sdist: DistributionFile, python: Release) -> BuiltDistribution:
        """Build nothing: nobody asks for it."""
        raise AssertionError((project, sdist, python))

    @property
    def plugins(self) -> None:
        """None: nobody is trusted."""

    def project_page(self, project: NormalizedName) -> ProjectPage | None:
        """Return the page of a project; an index that is down says why."""
        if self.down:
            raise WheelbridgeError(self.down)
        self.asked.append(project)
        files = self.files.get(project)
        return ProjectPage(project, tuple(files)) if files is not None else None

    def known_metadata(self, file: DistributionFile) -> CoreMetadata | None:
        """Know nothing beforehand."""
        del file
        return None

    def core_metadata(self, file: DistributionFile) -> CoreMetadata:
        """Return the metadata of a wheel."""
        return self.metadata[file.url]

    def variants(self, file: DistributionFile) -> ReleaseVariants:
        """Return the variant metadata of a release, or of a wheel."""
        return parse_variants(self.documents.get(file.url))
