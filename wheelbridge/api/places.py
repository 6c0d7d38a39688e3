"""Where wheelbridge keeps what it may throw away."""

import os
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_cache_path

from wheelbridge.errors import UsageError


@dataclass(frozen=True, slots=True)
class Caches:
    """The folders of the cache.

    Attributes:
        root: what they all are below, but for those that *linked* says.
        linked: where the packages are unpacked that are linked into environments; None: below *root*, too. Hard links
            need the file system of the environments.
        archives: folders in which another tool keeps the archives of channels' packages that it downloaded.
    """

    root: Path
    linked: Path | None = None
    archives: tuple[Path, ...] = ()

    @classmethod
    def default(cls) -> "Caches":
        """Return the cache of this user, or the one that ``WHEELBRIDGE_CACHE_DIR`` names."""
        named = os.environ.get("WHEELBRIDGE_CACHE_DIR")
        try:
            return cls(Path(named).expanduser().absolute() if named else user_cache_path("wheelbridge"))
        except RuntimeError as error:  # of a user without a home
            raise UsageError("There is no home for a cache", hint="Set WHEELBRIDGE_CACHE_DIR to a folder.") from error

    @property
    def repodata(self) -> Path:
        """Repodata of channels, kept by py-rattler."""
        return self.root / "repodata"

    @property
    def index(self) -> Path:
        """Pages and metadata of indexes."""
        return self.root / "index"

    @property
    def downloads(self) -> Path:
        """Wheels as they were downloaded, by their hash, or that of their URL where the index has none."""
        return self.root / "wheels"

    @property
    def built(self) -> Path:
        """Wheels that were built here, by what they were built of and with."""
        return self.root / "built"

    @property
    def builds(self) -> Path:
        """Builds that are going on, and the output of those that failed."""
        return self.root / "builds"

    @property
    def packages(self) -> Path:
        """Unpacked packages of channels, for hard links into environments."""
        return (self.linked or self.root) / "pkgs"

    @property
    def unpacked_wheels(self) -> Path:
        """Unpacked wheels, for hard links into environments."""
        return (self.linked or self.root) / "unpacked"
