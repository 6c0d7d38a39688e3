"""What every index can be asked, however it is reached."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol, TypeAlias

from packaging.utils import NormalizedName

from wheelbridge.model.distribution import CoreMetadata, DistributionFile, ProjectPage
from wheelbridge.model.variant import ReleaseVariants

Progress: TypeAlias = Callable[[int], None]
"""Is told the bytes received since the last call; a negative number where a transfer starts anew."""


class Index(Protocol):
    """A Python package index: synchronous, and safe to share between threads.

    *name* is what the user calls it; *url* is absolute, without credentials or a slash at the end.
    """

    @property
    def name(self) -> str:
        """What the user calls the index."""

    @property
    def url(self) -> str:
        """The simple API's root (PEP 503), without credentials or a slash at the end."""

    def project_page(self, project: NormalizedName) -> ProjectPage:
        """Return the files of *project*, in the order of the page.

        Raises:
            ProjectNotFoundError: if the index has no such project.
            WheelbridgeError: any other of `wheelbridge.index.errors`; never for a project that is merely absent.
        """

    def core_metadata(self, file: DistributionFile) -> CoreMetadata:
        """Return what the wheel *file* says of itself, hash-checked where the index publishes a hash of it."""

    def variants(self, file: DistributionFile) -> ReleaseVariants:
        """Return the variant metadata that *file* holds: a ``-variants.json``, or a wheel (PEP 825)."""

    def known_metadata(self, file: DistributionFile) -> CoreMetadata | None:
        """Return what `core_metadata` would, if that takes neither network nor time, else None."""

    def provenance(self, file: DistributionFile) -> bytes | None:
        """Return the provenance object of *file* (PEP 740), not verified; None where there is none."""

    def download(self, file: DistributionFile, folder: Path, progress: Progress | None = None) -> Path:
        """Put *file* into *folder* under its own name; return its path.

        Hashes and size are checked first; a partial or wrong file never bears the final name.
        """
