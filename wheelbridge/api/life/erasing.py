"""A whole environment removed, with its folder."""

import os
import shutil
import sys
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from rattler import PrefixRecord

from wheelbridge.api.checks.unowned import unowned_files
from wheelbridge.errors import WheelbridgeError
from wheelbridge.installer.errors import os_errors
from wheelbridge.installer.listing import load_installed_files, load_records
from wheelbridge.installer.prefix import check_environment

_BASE = ("condabin", "envs", "pkgs")
"""What only the environment has that conda itself is in, or that others are in."""


class EnvironmentInUseError(WheelbridgeError):
    """An environment that somebody needs is to be removed whole."""

    code = "environment-in-use"

    def __init__(self, prefix: Path, reason: str) -> None:
        super().__init__(f"{prefix} is not removed: {reason}", hint="Remove single packages by name, if that is meant.")
        self.prefix = str(prefix)


@dataclass(frozen=True, slots=True)
class Erasure:
    """An environment to be removed: its packages, and the files that are not theirs and go, too."""

    prefix: Path
    packages: tuple[PrefixRecord, ...]
    foreign: tuple[str, ...]


def prepare_erasure(prefix: Path, *, override: Collection[str] = ()) -> Erasure:
    """Look at what goes when the environment at *prefix* is removed, folder and all, as ``conda remove --all`` does.

    conda: "Everything found within the environment, including any conda environment configurations and any non-conda
    files, will be deleted."

    Raises:
        EnvironmentInUseError: if it is the active one, this program runs in it, other environments lie in it, or it is
            a link to one.
        WheelbridgeError: if it is none, or may not be changed.
    """
    check_environment(prefix, override=override)
    _check_unused(prefix)
    packages = load_records(prefix)
    owned = {file.path for files in load_installed_files(prefix, packages).values() for file in files}
    return Erasure(prefix, packages, unowned_files(prefix, owned))


def erase(erasure: Erasure) -> Path | None:
    """Remove the folder; return where what cannot be removed lies now, beside it, and None where nothing is left.

    Raises:
        OperatingSystemError: if it cannot be moved; it is as it was then.
    """
    grave = erasure.prefix.with_name(f".{erasure.prefix.name}.{uuid.uuid4().hex[:8]}")
    with os_errors(erasure.prefix):
        erasure.prefix.rename(grave)
    shutil.rmtree(grave, ignore_errors=True)
    return grave if grave.exists() else None


def _check_unused(prefix: Path) -> None:
    place = prefix.resolve()
    if prefix.is_symlink():
        raise EnvironmentInUseError(prefix, f"it is a link to {place}; name that folder")
    if place == Path(sys.prefix).resolve():
        raise EnvironmentInUseError(prefix, "wheelbridge runs in it")
    active = os.environ.get("CONDA_PREFIX")
    if active and place == Path(active).resolve():
        raise EnvironmentInUseError(prefix, "it is the active one; deactivate it first")
    for name in _BASE:
        if (prefix / name).is_dir():
            raise EnvironmentInUseError(prefix, f"it has {name}/, which others need")
