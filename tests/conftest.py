import gc
import os
from pathlib import Path

import pytest

from tests.real_python import real_channel
from wheelbridge.configuration import condarc

__all__ = ["alone", "real_channel"]

_OF_SOMEBODY = ("CONDA_", "PIP_", "UV_", "WHEELBRIDGE_SOURCE_")
_CONFIGURATIONS = ("CONDARC", "WHEELBRIDGE_NO_CONFIG", "NETRC", "RATTLER_AUTH_FILE", "VIRTUAL_ENV")
_KEPT = ("UV_CACHE_DIR", "UV_PYTHON", "UV_OFFLINE", "PIP_CACHE_DIR", "PIP_CERT")
"""Caches and the way to the public index, which a machine may set for all that runs on it."""
_FOLDERS = {
    "XDG_CONFIG_HOME": "config",
    "XDG_CONFIG_DIRS": "etc",
    "APPDATA": "roaming",
    "LOCALAPPDATA": "local",
    "PROGRAMDATA": "program-data",
}


def pytest_collection_finish() -> None:
    """Keep what was imported and collected out of every later search for cycles: it costs tests that make much."""
    gc.freeze()


@pytest.fixture(autouse=True)
def alone(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep the developer's own configuration out of every test; return the home that the test has instead.

    Processes that a test starts inherit it.
    """
    home = tmp_path_factory.mktemp("home")
    work = home / "work"
    work.mkdir()
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(home))
    for name, folder in _FOLDERS.items():
        monkeypatch.setenv(name, str(home / folder))
    for name in list(os.environ):
        if name in _CONFIGURATIONS or (name.startswith(_OF_SOMEBODY) and name not in _KEPT):
            monkeypatch.delenv(name)
    monkeypatch.setattr(condarc, "SYSTEM_FOLDERS", ())
    monkeypatch.chdir(work)
    return home
