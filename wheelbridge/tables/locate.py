"""Where the tables are: inside an installed package, beside it in a checkout; and where their look-up files are.

An installed package has its look-up files. Those of a checkout, or of any other folder of tables, are built when they
are first needed, and again when a table was edited: in a folder that is named after the sizes and times of the tables,
so that nothing is ever out of date. Several processes may do so at once: each builds in a folder of its own and renames
it, so what has the right name is whole.
"""

import os
import time
import zlib
from contextlib import suppress
from pathlib import Path

from wheelbridge.errors import WheelbridgeError

TABLES = (
    "names/overrides.yaml",
    "external/conda-forge.yaml",
    "wheels/conda-forge.yaml",
    "sonames/conda-forge.yaml",
    "variants/runtimes.yaml",
)
"""What look-up files are built from."""

PACKAGE = Path(__file__).parents[1]
_REINSTALL = "Reinstall wheelbridge; in a checkout, restore the folder 'mappings'."
_FORMAT = 4
"""Of the look-up files; another one makes a checkout build them again."""
_DONE = "complete"
"""The file that tells whole look-up files from others; its time is that of their last use, to half of `_IDLE`."""
_KEPT = 4
_IDLE = 3600.0
"""Seconds without a use after which look-up files may be forgotten."""
_ABANDONED = 86400.0
"""Seconds after which nobody builds in a folder any more."""


class MissingTableError(WheelbridgeError):
    """The installed package, or a folder of tables, lacks a file."""

    code = "missing-table"

    def __init__(self, path: Path, *, hint: str | None = None) -> None:
        super().__init__(f"The mapping table {str(path)!r} is missing", hint=hint or _way_out(path))
        self.path = str(path)


def _way_out(path: Path) -> str:
    if path.absolute().is_relative_to(PACKAGE):
        return _REINSTALL
    if path.absolute().is_relative_to(PACKAGE.parent / "mappings"):
        return "Restore the folder 'mappings' of the checkout."
    return "Check the path; a folder of tables has 'names/overrides.yaml' and what stands beside it in a checkout."


def find_mappings(package: Path = PACKAGE) -> Path:
    """Return the folder of the tables: inside an installed *package*, beside it in a checkout.

    Raises:
        MissingTableError: if it is in neither place.
    """
    for folder in (package / "_mappings", package.parent / "mappings"):
        if (folder / "names").is_dir():
            return folder
    raise MissingTableError(package / "_mappings", hint=_REINSTALL)


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
    if _is_done(folder):
        return folder
    if mappings != package.parent / "mappings" or not os.access(package, os.W_OK):
        import platformdirs  # noqa: PLC0415 - a look-up must not pay for it

        folder = platformdirs.user_cache_path("wheelbridge") / "tables" / name
    return folder if _is_done(folder) else _build(mappings, folder)


def _fingerprint(mappings: Path) -> str:
    known = [str(_FORMAT), str(mappings)]
    for name in TABLES:
        try:
            facts = os.stat(f"{mappings}/{name}")  # noqa: PTH116 - a Path for each takes longer than the look-up
            known.append(f"{name} {facts.st_size} {facts.st_mtime_ns}")
        except FileNotFoundError:
            known.append(name)
    return f"{zlib.crc32(' '.join(known).encode()):08x}"


def _is_done(folder: Path) -> bool:
    """Tell whether whole look-up files are there; who asks is about to use them, so they are kept."""
    mark = f"{folder}/{_DONE}"
    try:
        used = os.stat(mark).st_mtime  # noqa: PTH116 - as above
    except OSError:
        return False
    if time.time() - used > _IDLE / 2:
        with suppress(OSError):  # they may be somebody else's
            os.utime(mark)
    return True


def _build(mappings: Path, folder: Path) -> Path:
    import shutil  # noqa: PLC0415 - a look-up must not pay for it

    from wheelbridge.tables.build import build_tables  # noqa: PLC0415 - same

    own = _own_name(folder)
    try:
        build_tables(mappings, own)
        (own / _DONE).touch()
        _put_in_place(own, folder)
    finally:
        shutil.rmtree(own, ignore_errors=True)
    _forget_others(folder)
    return folder


def _put_in_place(own: Path, folder: Path) -> None:
    """Rename *own* to *folder*, unless another process was faster."""
    try:
        own.rename(folder)
    except OSError:
        if _is_done(folder):
            return
        # What is there is not whole: somebody deleted a part of it.
        _forget(folder)
        own.rename(folder)


def _forget_others(folder: Path) -> None:
    """Remove what was built of earlier tables and not used for a while, and what a process left that was killed."""
    with suppress(OSError):
        others = [(path, _age(path / _DONE), _age(path)) for path in folder.parent.iterdir() if path != folder]
        whole = sorted((used, path) for path, used, _ in others if used is not None and path.name[0] != ".")
        for used, path in whole[_KEPT - 1 :]:
            if used > _IDLE:
                _forget(path)
        for path, _, changed in others:
            if path.name[0] == "." and changed is not None and changed > _ABANDONED:
                _forget(path)


def _age(path: Path) -> float | None:
    """Return the seconds since *path* was changed, None if it is not there."""
    try:
        return time.time() - path.stat().st_mtime
    except OSError:
        return None


def _forget(folder: Path) -> None:
    """Remove a folder: first its name, so that nobody finds half of it."""
    import shutil  # noqa: PLC0415 - a look-up must not pay for it

    gone = _own_name(folder)
    with suppress(OSError):
        folder.rename(gone)
        shutil.rmtree(gone, ignore_errors=True)


def _own_name(folder: Path) -> Path:
    """Return a name beside *folder* that no other process has; it begins with a dot."""
    return folder.with_name(f".{folder.name.lstrip('.')}.{os.getpid()}.{os.urandom(4).hex()}")
