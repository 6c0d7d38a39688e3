from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api.locking.stage import Stage, fill_index
from tests.loopback import LoopbackIndex


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheels, in a folder for each project."""
    return fill_index(tmp_path_factory.mktemp("wheels"))


@pytest.fixture
def index(wheels: Path) -> Iterator[LoopbackIndex]:
    """The wheels behind a real HTTP server."""
    with LoopbackIndex({place.name: sorted(place.iterdir()) for place in wheels.iterdir()}) as server:
        yield server


@pytest.fixture
def stage(tmp_path: Path, index: LoopbackIndex) -> Stage:
    """A channel with the usual packages, beside that index."""
    stage = Stage(tmp_path / "channel", index.url, tmp_path / "cache")
    stage.publish()
    return stage
