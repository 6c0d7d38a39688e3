"""What an index says of its files, and what a wheel says of itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from packaging.utils import NormalizedName


@dataclass(frozen=True, slots=True, kw_only=True)
class DistributionFile:
    """One file of a project page (PEP 503, 691, 700).

    Attributes:
        filename: the file's name, as the page gives it.
        url: absolute, without a fragment.
        hashes: algorithm -> lower-case hexadecimal digest; empty where the index publishes none.
        requires_python: the ``requires-python`` specifier, not parsed.
        yanked: None, or the reason (PEP 592; the reason may be empty).
        core_metadata: None where the index offers no metadata file (PEP 658, 714), else its hashes.
        size: bytes.
        upload_time: with a time zone; None where the index does not tell.
        provenance: the absolute URL of its provenance object (PEP 740); None where the page names none.
    """

    filename: str
    url: str
    hashes: Mapping[str, str] = field(default_factory=dict)
    requires_python: str | None = None
    yanked: str | None = None
    core_metadata: Mapping[str, str] | None = None
    size: int | None = None
    upload_time: datetime | None = None
    provenance: str | None = None

    @property
    def sha256(self) -> str | None:
        """The sha256 digest, lower-case hexadecimal, where the index publishes it."""
        return self.hashes.get("sha256")


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltDistribution:
    """A wheel that was built of a source distribution.

    Attributes:
        file: the wheel.
        requires_external: DepURLs of what it needs to run besides Python packages, as its project says (PEP 725).
        provides_external_extra: the extras that some of them are for.
        notes: what people should know if it is taken.
    """

    file: DistributionFile
    requires_external: tuple[str, ...] = ()
    provides_external_extra: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ProjectPage:
    """The files of one project on one index, in the order of the page."""

    project: NormalizedName
    files: tuple[DistributionFile, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CoreMetadata:
    """The fields of METADATA that decide a dependency resolution, as text (core metadata 2.x).

    *requires_external* and *provides_external_extra* are Requires-External-Dep and Provides-External-Extra (PEP 725).
    """

    name: str
    version: str
    requires_dist: tuple[str, ...] = ()
    requires_python: str | None = None
    provides_extra: tuple[str, ...] = ()
    requires_external: tuple[str, ...] = ()
    provides_external_extra: tuple[str, ...] = ()
