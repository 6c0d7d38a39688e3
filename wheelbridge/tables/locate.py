"""Where the tables are: inside an installed package, beside it in a checkout; and where their look-up files are.

A checkout builds its look-up files when it first needs them, and again when a table was edited: in a folder that is
named after the sizes and times of the tables, so that nothing is ever out of date. An installed package has them.
"""

import os
import zlib
from pathlib import Path

from wheelbridge.errors import WheelbridgeError

TABLES = (
    "names/overrides.yaml",
    "external/conda-forge.yaml",
    "external/registry.yaml",
    "wheels/conda-forge.yaml",
    "sonames/conda-forge.yaml",
    "variants/providers.yaml",
    "variants/runtimes.yaml",
)
"""What look-up files are built from."""

PACKAGE = Path(__file__).parents[1]
_FORMAT = 1
"""Of the look-up files; another one makes a checkout build them again."""
_DONE = "complete"


class MissingTableError(WheelbridgeError):
    """The installed package, or a folder of tables, lacks a file."""

    code = "missing-table"

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"The mapping table {str(path)!r} is missing",
            hint="Reinstall wheelbridge; in a checkout, restore the folder 'mappings'.",
        )
        self.path = str(path)


def find_mappings(package: Path = PACKAGE) -> Path:
    """Return the folder of the tables: inside an installed *package*, beside it in a checkout.

    Raises:
        MissingTableError: if it is in neither place.
    """
    for folder in (package / "_mappings", package.parent / "mappings"):
        if (folder / "names").is_dir():
            return folder
    raise MissingTableError(package / "_mappings")


def find_built(mappings: Path, package: Path = PACKAGE) -> Path:
    """Return the folder of the look-up files of *mappings*, built now where they are not there."""
    installed = package / "_data" / "built"
    if mappings == package / "_mappings" and installed.is_dir():
        return installed
    folder = package / "_data" / _fingerprint(mappings)
    return folder if (folder / _DONE).exists() else _build(mappings, folder)


def _fingerprint(mappings: Path) -> str:
    known = [str(_FORMAT), str(mappings)]
    for name in TABLES:
        try:
            facts = os.stat(f"{mappings}/{name}")  # noqa: PTH116 - a Path for each takes longer than the look-up
            known.append(f"{name} {facts.st_size} {facts.st_mtime_ns}")
        except FileNotFoundError:
            known.append(name)
    return f"{zlib.crc32(' '.join(known).encode()):08x}"


def _build(mappings: Path, folder: Path) -> Path:
    """Build the look-up files in *folder*, or where the checkout cannot be written to, in the user's cache."""
    from wheelbridge.tables.build import build_tables  # noqa: PLC0415 - a look-up must not pay for it

    if not os.access(folder.parents[1], os.W_OK):
        import platformdirs  # noqa: PLC0415 - same

        folder = platformdirs.user_cache_path("wheelbridge") / "tables" / folder.name
        if (folder / _DONE).exists():
            return folder
    build_tables(mappings, folder)
    (folder / _DONE).touch()
    _forget_others(folder)
    return folder


def _forget_others(folder: Path) -> None:
    """Remove what was built of earlier tables; who reads it right now keeps it."""
    import shutil  # noqa: PLC0415 - a look-up must not pay for it

    newest = sorted(folder.parent.iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)
    for other in newest[3:]:
        shutil.rmtree(other, ignore_errors=True)
