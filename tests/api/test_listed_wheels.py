"""Wheels that a channel lists come from where it may lead, and only with a network that may be used."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.installer.wheelmaker import make_wheel
from tests.loopback import LoopbackIndex
from wheelbridge.api.clients import split_channel_credentials
from wheelbridge.api.listed_wheels import ListedProvider
from wheelbridge.api.places import Caches
from wheelbridge.installer.errors import DownloadError
from wheelbridge.model.boundaries import ForeignHostError
from wheelbridge.model.distribution import DistributionFile
from wheelbridge.model.source import Source

FILENAME = "thing-1.0-py3-none-any.whl"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[LoopbackIndex]:
    """A channel with a wheel."""
    folder = tmp_path / "channel" / "noarch"
    folder.mkdir(parents=True)
    make_wheel(folder, "thing")
    with LoopbackIndex({}, channel=folder.parent) as server:
        yield server


def provider(channel: str, tmp_path: Path, *, offline: bool = False) -> ListedProvider:
    """Return what fetches the wheels of a channel."""
    url, login_url = split_channel_credentials(channel)
    return ListedProvider(Source("corp", "channel", url, 0, login_url), Caches(tmp_path / "cache"), offline=offline)


def listed(url: str) -> DistributionFile:
    """Return the wheel that a channel lists at *url*."""
    return DistributionFile(filename=FILENAME, url=f"{url}/noarch/{FILENAME}", hashes={})


def test_from_the_channel_itself(server: LoopbackIndex, tmp_path: Path) -> None:
    """It lies under its own name."""
    path = provider(server.channel, tmp_path).download(listed(server.channel), tmp_path / "got")

    assert path == tmp_path / "got" / FILENAME
    assert path.read_bytes() == (tmp_path / "channel" / "noarch" / FILENAME).read_bytes()


def test_another_host_is_not_asked(server: LoopbackIndex, tmp_path: Path) -> None:
    """A channel may list any URL; another port is another host."""
    with pytest.raises(ForeignHostError):
        provider("http://127.0.0.1:1/channel", tmp_path).download(listed(server.channel), tmp_path / "got")

    assert server.requests == []


def test_nothing_is_asked_offline(server: LoopbackIndex, tmp_path: Path) -> None:
    """A folder needs no network."""
    with pytest.raises(DownloadError, match="the network is not to be used"):
        provider(server.channel, tmp_path, offline=True).download(listed(server.channel), tmp_path / "got")
    assert server.requests == []

    folder = (tmp_path / "channel").as_uri()
    assert provider(folder, tmp_path, offline=True).download(listed(folder), tmp_path / "got").is_file()
