from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import wheels
from tests.loopback import LoopbackIndex
from tests.real_python import RealChannel
from tests.realconda import Conda, make_conda, why_not

__all__ = ["wheels"]


@pytest.fixture(scope="session")
def plugin() -> None:
    """Skip, loudly, where there is no conda with the plugin."""
    if reason := why_not():
        pytest.skip(reason)


@pytest.fixture
def conda(plugin: None, tmp_path: Path, real_channel: RealChannel) -> Conda:
    """A real conda of its own for the test, whose one channel has a real python."""
    del plugin
    return make_conda(tmp_path / "conda", [real_channel.url])


@pytest.fixture
def index(wheels: dict[str, list[Path]]) -> Iterator[LoopbackIndex]:
    """The wheels of the end-to-end tests behind a real HTTP server."""
    with LoopbackIndex(wheels) as server:
        yield server
