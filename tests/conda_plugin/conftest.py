from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import condapackages
from tests.conda_plugin.contexts import HOST
from tests.e2e.conftest import wheels
from tests.installer.wheelmaker import make_wheel
from tests.loopback import LoopbackIndex
from tests.real_python import RealChannel
from tests.realconda import Conda, make_conda, why_not

__all__ = ["wheels"]

ENVIRONMENT = (
    *("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
)


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


@pytest.fixture
def configured(plugin: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Conda:
    """A conda whose channels are names, and to whom the environment says nothing of the network."""
    del plugin
    for name in ENVIRONMENT:
        monkeypatch.delenv(name, raising=False)
    return make_conda(tmp_path / "conda", ["conda-forge", "corp"], channel_alias=f"{HOST}/conda")


@pytest.fixture
def content(tmp_path: Path) -> tuple[dict[str, list[Path]], Path]:
    """Wheels for an index, and a channel."""
    channel = tmp_path / "channel"
    condapackages.make_conda(channel, "thing", "1", {"x": "x"})
    condapackages.index_channel(channel)
    return {"rich": [make_wheel(tmp_path / "wheels", "rich").path]}, channel


@dataclass(frozen=True)
class Stage:
    """A conda, an index, and the environment ``demo`` with python and wheels."""

    conda: Conda
    index: str

    @property
    def prefix(self) -> Path:
        """The environment."""
        return self.conda.home / "envs" / "demo"

    @property
    def source(self) -> tuple[str, str]:
        """The index as an option."""
        return ("-i", f"mine={self.index}")


@pytest.fixture(scope="session")
def stage(
    tmp_path_factory: pytest.TempPathFactory, real_channel: RealChannel, wheels: dict[str, list[Path]]
) -> Iterator[Stage]:
    """The environment ``demo``, made once in a session through conda; who changes something makes another one."""
    if reason := why_not():
        pytest.skip(reason)
    conda = make_conda(tmp_path_factory.mktemp("conda"), [real_channel.url])
    with LoopbackIndex(wheels) as index:
        made = Stage(conda, index.url)
        conda("wheelbridge", "create", "-n", "demo", "python", "pypi:app", *made.source, "-y")
        yield made
