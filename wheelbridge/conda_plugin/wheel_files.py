"""Files of wheels in conda's transactions: all there, and in nobody else's place.

conda lets a package take the place of another one's file, with a warning at most, and removes it with either of them.
It warns of a damaged package, too, and links it.
"""

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from conda.base.context import context

from wheelbridge.conda_plugin.verifying import is_wheel, unpacked
from wheelbridge.conda_plugin.wheel_errors import AlteredWheelError
from wheelbridge.installer.cache import PackageFile, is_intact, list_files, load_files
from wheelbridge.installer.conflicts import find_conflicts, ignores_case
from wheelbridge.installer.errors import FileConflictError, os_errors

if TYPE_CHECKING:
    from conda.models.records import PackageRecord

    from wheelbridge.conda_plugin.wheel_checks import Change


def check_files(change: "Change") -> None:
    """Make sure that no file of a wheel comes into the place of another package's, or loses its place to one.

    Same path and same content is let through, as namespace packages need it.

    Raises:
        AlteredWheelError: if a wheel is not whole where conda has it unpacked.
        FileConflictError: if a wheel and another package have different files of one name.
        UnsafePathError: if a package has a file outside of the environment.
    """
    with os_errors(change.prefix):
        coming = {str(record.name): _files(record, change) for record in change.link}
        kept = _kept(coming, change)
    wheels = {str(record.name) for record in (*change.link, *change.staying) if is_wheel(record)}
    conflicts = find_conflicts(coming, kept, fold=ignores_case(change.subdir))
    refused = [item for item in conflicts if not item.identical and wheels.intersection(item.packages)]
    if refused:
        raise FileConflictError(tuple(map(str, refused)))


def _files(record: "PackageRecord", change: "Change") -> tuple[PackageFile, ...]:
    """Return what a package is about to link."""
    directory = unpacked(record)
    if not is_wheel(record):
        return list_files(directory, change.layout)
    files = load_files(directory, change.layout)
    if files is None or (context.extra_safety_checks and not is_intact(directory)):
        raise AlteredWheelError(change.prefix, str(record.name), directory)
    return files


def _kept(coming: Mapping[str, tuple[PackageFile, ...]], change: "Change") -> dict[str, tuple[PackageFile, ...]]:
    """Return name -> those files of packages that stay which a wheel claims, or which are a wheel's, as they are now.

    Among its own packages, conda decides.
    """
    fold = str.casefold if ignores_case(change.subdir) else str
    wheels = {str(record.name) for record in change.link if is_wheel(record)}
    by_any = {fold(file.path) for files in coming.values() for file in files}
    by_wheels = {fold(file.path) for name in wheels for file in coming[name]}
    kept: dict[str, tuple[PackageFile, ...]] = {}
    for record in change.staying:
        claimed = by_any if is_wheel(record) else by_wheels
        paths = [path for file in record.files or () if fold(path := str(file).replace("\\", "/")) in claimed]
        kept[str(record.name)] = tuple(PackageFile(path, _sha256(change.prefix / path)) for path in paths)
    return kept


def _sha256(path: Path) -> str | None:
    with suppress(OSError), path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
    return None
