from pathlib import Path

import pytest

from tests.installer.wheelmaker import Workshop
from tests.real_python import RealChannel, real_channel
from wheelbridge.installer.transaction import Caches

__all__ = ["real_channel"]


@pytest.fixture(scope="session")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package cache of the session, so that python is unpacked once."""
    return tmp_path_factory.mktemp("packages")


@pytest.fixture
def workshop(tmp_path: Path, real_channel: RealChannel, packages: Path) -> Workshop:
    """An empty place for a prefix."""
    caches = Caches(packages=packages, wheels=tmp_path / "wheels")
    return Workshop(folder=tmp_path, prefix=tmp_path / "env", channel=real_channel, caches=caches)
