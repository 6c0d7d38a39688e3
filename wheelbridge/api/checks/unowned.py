"""Files of an environment that no package has."""

import os
from collections.abc import Collection, Iterator
from pathlib import Path

_FOLDERS = frozenset({"conda-meta", "__pycache__", "pkgs", "envs", "conda-bld"})
_FILES = frozenset({"CACHEDIR.TAG", ".wheelbridge.lock", ".nonadmin"})
_COMPILED = ".pyc"


def unowned_files(prefix: Path, owned: Collection[str]) -> tuple[str, ...]:
    """Return the files below *prefix* that are not *owned*, relative to it with ``/``, sorted.

    Byte code, and what conda and other tools keep for themselves, are left out.
    """
    return tuple(sorted(path for path in _files(prefix) if path not in owned))


def _files(prefix: Path) -> Iterator[str]:
    for folder, folders, files in os.walk(prefix):
        folders[:] = [name for name in folders if name not in _FOLDERS]
        links = [name for name in folders if Path(folder, name).is_symlink()]
        for name in (*files, *links):
            if name not in _FILES and not name.endswith(_COMPILED):
                yield Path(folder, name).relative_to(prefix).as_posix()
