"""Sources out of the configuration of pip and of uv."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from wheelbridge.configuration.imported import Imported
from wheelbridge.configuration.pip import import_pip
from wheelbridge.configuration.uv import import_uv
from wheelbridge.index.client import PYPI, resolve_index_url

IMPORTERS: Mapping[str, Callable[[Path | None, Mapping[str, str], str], Imported]] = {
    "pip": import_pip,
    "uv": import_uv,
}


def import_sources(tool: str, file: Path | None = None) -> Imported:
    """Return what *tool*, one of `IMPORTERS`, is configured to; with *file*, by that file alone.

    Raises:
        InvalidConfigurationError: if a file cannot be read.
    """
    return IMPORTERS[tool](file, os.environ, resolve_index_url(PYPI))
