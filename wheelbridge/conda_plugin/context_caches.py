"""Where to keep things beside conda's own caches.

Unpacked packages are hard-linked into environments, so they belong where conda's are: in the first of ``pkgs_dirs``
that can be written. ``conda clean`` takes there only folders with ``info/`` in them, ``cache`` and archives, so it
leaves ours alone; ``--force-pkgs-dirs`` takes all, which breaks nothing: the environments keep their links. Pages of
indexes stay in the user's own cache: ``pkgs_dirs`` may be shared, and a page may be a private index's.
"""

import os
from dataclasses import replace
from pathlib import Path

from conda.base.context import context
from conda.core.package_cache_data import PackageCacheData
from conda.exceptions import NoWritablePkgsDirError

from wheelbridge.api.places import Caches

_FOLDER = "wheelbridge"


def caches_from_context() -> Caches:
    """Return the caches for a command of conda's.

    ``WHEELBRIDGE_CACHE_DIR`` names a place for everything. Whatever is used, the archives that conda has downloaded
    are not downloaded again.
    """
    caches = replace(Caches.default(), archives=tuple(map(Path, context.pkgs_dirs)))
    if os.environ.get("WHEELBRIDGE_CACHE_DIR"):
        return caches
    try:
        writable = PackageCacheData.first_writable().pkgs_dir
    except NoWritablePkgsDirError:  # the user's own cache is left
        return caches
    return replace(caches, linked=Path(writable) / _FOLDER)
