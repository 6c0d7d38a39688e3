"""Where the tables are: inside an installed package, beside it in a checkout; and where their look-up files are.

An installed package has its look-up files. Those of a checkout, or of any other folder of tables, are built when they
are first needed, and again when a table was edited: in a folder that is named after the sizes and times of the tables,
so that nothing is ever out of date.
"""

import os
import zlib
from pathlib import Path

from wheelbridge.errors import WheelbridgeError

TABLES = (
    "names/overrides.yaml",
    "external/conda-forge.yaml",
    "wheels/conda-forge.yaml",
    "sonames/conda-forge.yaml",
)
"""What look-up files are built from."""

PACKAGE = Path(__file__).parents[1]
_FORMAT = 2
"""Of the look-up files; another one makes a checkout build them again."""
_DONE = "complete"
_KEPT = 4


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
    """Return the folder of the look-up files of *mappings*, built now where they are not there.

    Those of a checkout lie in its *package*, those of any other folder in the user's cache.

    Raises:
        WheelbridgeError: if a table breaks a rule.
    """
    installed = package / "_data" / "built"
    if mappings == package / "_mappings" and installed.is_dir():
        return installed
    name = _fingerprint(mappings)
    folder = package / "_data" / name
    if (folder / _DONE).exists():
        return folder
    if mappings != package.parent / "mappings" or not os.access(package, os.W_OK):
        import platformdirs  # noqa: PLC0415 - a look-up must not pay for it

        folder = platformdirs.user_cache_path("wheelbridge") / "tables" / name
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
    from wheelbridge.tables.build import build_tables  # noqa: PLC0415 - a look-up must not pay for it

    build_tables(mappings, folder)
    (folder / _DONE).touch()
    _forget_others(folder)
    return folder


def _forget_others(folder: Path) -> None:
    """Remove what was built of earlier tables; who reads it right now keeps it."""
    import shutil  # noqa: PLC0415 - a look-up must not pay for it

    newest = sorted(folder.parent.iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)
    for other in newest[_KEPT:]:
        shutil.rmtree(other, ignore_errors=True)
