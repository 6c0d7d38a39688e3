import asyncio
import json
import shutil
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rattler import Channel, Client, Gateway, RepoDataRecord
from rattler.index import index_fs

from tests.installer.wheelmaker import make_package
from tests.loopback import LoopbackIndex, authorization, redirect, status
from wheelbridge.api.clients import LoginStoreError, check_records, open_client, split_channel_credentials
from wheelbridge.errors import UsageError
from wheelbridge.installer.errors import DownloadError
from wheelbridge.installer.fetch import fetch_packages
from wheelbridge.installer.reporter import Reporter
from wheelbridge.model.boundaries import ForeignHostError, ForeignSchemeError, InsecureUrlError
from wheelbridge.model.source import Source

USER, PASSWORD, TOKEN = "me@work", "p/w:%ü", "to-k3n-xyz"
BASIC = "Basic " + b64encode(f"{USER}:{PASSWORD}".encode()).decode()
PACKAGE = ["/linux-64/thing-1.0-0.tar.bz2"]
IN_URL = "://me%40work:p%2Fw%3A%25%C3%BC@"


@pytest.fixture(autouse=True)
def quiet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """See no login of this machine."""
    for name in ("RATTLER_AUTH_FILE", "NETRC"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))


@pytest.fixture(scope="module", params=["whole", "sharded"])
def folder(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    """A channel with one package, its repodata in one piece or in shards."""
    folder = tmp_path_factory.mktemp("channel")
    make_package(folder, "thing", {"share/x": "x"})
    asyncio.run(index_fs(folder, write_shards=request.param == "sharded", write_zst=False))
    return folder


@pytest.fixture
def server(folder: Path) -> Iterator[LoopbackIndex]:
    """That channel behind HTTP."""
    with LoopbackIndex({}, channel=folder) as server:
        yield server


def source(text: str, name: str = "corp", **options: Any) -> Source:
    """Make the source that *text* names, as the command line does."""
    clean, login_url = split_channel_credentials(text)
    return Source(name, "channel", clean, 0, login_url, named=True, **options)


def read(source: Source, client: Client, cache: Path) -> list[RepoDataRecord]:
    """Read the channel, and fetch what is in it."""

    async def work() -> list[RepoDataRecord]:
        gateway = Gateway(cache_dir=cache / "repodata", client=client)
        answer = await gateway.query([Channel(source.url)], ["linux-64", "noarch"], ["thing"])
        records = [record for found in answer for record in found]
        check = check_records([source])
        await fetch_packages(records, cache / "pkgs", layout=None, client=client, reporter=Reporter(), check=check)
        return records

    return asyncio.run(work())


def traces(folder: Path, *secrets: str) -> list[Path]:
    """Return the files below *folder* that hold one of *secrets*."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [path for path in files if any(secret.encode() in path.read_bytes() for secret in secrets)]


class TestOnTheWire:
    """What a source knows opens its channel, repodata and packages alike, and stands in no record and no cache."""

    def read(self, opened: Source, tmp_path: Path) -> list[str]:
        """Read the channel; return where its one package is, and every place where a secret stands."""
        (record,) = read(opened, open_client([opened]), tmp_path)
        assert (record.channel or "").rstrip("/") == opened.url
        secrets = (PASSWORD, "p%2Fw", TOKEN, BASIC.removeprefix("Basic "))
        said = [
            text for text in (record.to_json(), opened.url, repr(opened)) if any(one in str(text) for one in secrets)
        ]
        written = traces(tmp_path, *secrets)
        return [record.url.removeprefix(opened.url), *map(str, (*said, *written))]

    def test_user_and_password(self, server: LoopbackIndex, tmp_path: Path) -> None:
        """Out of the URL, where they are percent-encoded."""
        server.fail("/", authorization(BASIC))
        assert self.read(source(server.channel.replace("://", IN_URL)), tmp_path) == PACKAGE

    def test_conda_token(self, server: LoopbackIndex, tmp_path: Path) -> None:
        """``/t/<TOKEN>`` in front of the channel."""
        server.token = TOKEN
        assert self.read(source(server.channel.replace("/channel", f"/t/{TOKEN}/channel")), tmp_path) == PACKAGE
        assert server.count(f"/t/{TOKEN}/channel/linux-64/thing-1.0-0")

    def test_both(self, server: LoopbackIndex, tmp_path: Path) -> None:
        """A token behind a login."""
        server.token = TOKEN
        server.fail("/", authorization(BASIC))
        assert (
            self.read(
                source(server.channel.replace("://", IN_URL).replace("/channel", f"/t/{TOKEN}/channel")), tmp_path
            )
            == PACKAGE
        )

    def test_variables(self, server: LoopbackIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """User and password; a bearer's token; conda's token."""
        opened = source(server.channel)
        server.fail("/", authorization(BASIC))
        monkeypatch.setenv("WHEELBRIDGE_SOURCE_CORP_USERNAME", USER)
        monkeypatch.setenv("WHEELBRIDGE_SOURCE_CORP_PASSWORD", PASSWORD)
        assert self.read(opened, tmp_path / "1") == PACKAGE
        server.heal()
        server.fail("/", authorization(f"Bearer {TOKEN}"))
        monkeypatch.setenv("WHEELBRIDGE_SOURCE_CORP_TOKEN", TOKEN)
        assert self.read(opened, tmp_path / "2") == PACKAGE
        server.heal()
        server.token = TOKEN
        monkeypatch.setenv("WHEELBRIDGE_SOURCE_CORP_CONDA_TOKEN", TOKEN)
        assert self.read(opened, tmp_path / "3") == PACKAGE

    @pytest.mark.parametrize("kind", ["BasicHTTP", "BearerToken", "CondaToken"])
    def test_the_store_of_rattler(
        self, server: LoopbackIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
    ) -> None:
        """Its own middleware reads it."""
        login: object = {"username": USER, "password": PASSWORD} if kind == "BasicHTTP" else TOKEN
        path = tmp_path / "store" / "a.json"
        path.parent.mkdir()
        path.write_text(json.dumps({"127.0.0.1": {kind: login}}))
        monkeypatch.setenv("RATTLER_AUTH_FILE", str(path))
        if kind == "CondaToken":
            server.token = TOKEN
        else:
            server.fail("/", authorization(BASIC if kind == "BasicHTTP" else f"Bearer {TOKEN}"))
        assert self.read(source(server.channel), tmp_path / "cache") == PACKAGE


class TestBinding:
    """A login goes to its own channel only."""

    def test_other_channels_and_ports(self, server: LoopbackIndex, folder: Path, tmp_path: Path) -> None:
        """Neither a folder whose name begins alike, nor the same path on another port."""
        opened = source(server.channel.replace("://", IN_URL))
        with LoopbackIndex({}, channel=folder) as other:
            client = open_client([opened, source(other.channel, "other")])
            read(source(other.channel), client, tmp_path)
            assert {asked.headers.get("authorization") for asked, _ in other.requests} == {None}
        with pytest.raises(Exception, match="404"):
            read(source(server.channel + "-public"), client, tmp_path)
        assert {asked.headers.get("authorization") for asked, _ in server.requests} == {None}

    def test_redirects(self, server: LoopbackIndex, folder: Path, tmp_path: Path) -> None:
        """Rattler follows them; the login stays."""
        opened = source(server.channel.replace("://", IN_URL))
        with LoopbackIndex({}, channel=folder) as other:
            server.fail("/", lambda request, reply: redirect(other.root + request.path)(request, reply))
            read(opened, open_client([opened]), tmp_path)
            assert {asked.headers.get("authorization") for asked, _ in server.requests} == {BASIC}
            assert {asked.headers.get("authorization") for asked, _ in other.requests} == {None}


class TestRecords:
    """A record of a channel leads where the channel may lead."""

    @pytest.mark.parametrize(
        ("url", "kind"),
        [
            ("https://evil.example/thing-1.0-0.tar.bz2", ForeignHostError),
            ("http://evil.example/thing-1.0-0.tar.bz2", InsecureUrlError),
            ("file:///etc/thing-1.0-0.tar.bz2", ForeignSchemeError),
        ],
    )
    def test_elsewhere(self, server: LoopbackIndex, tmp_path: Path, url: str, kind: type[Exception]) -> None:
        """Nothing is fetched."""
        opened = source(server.channel)
        (record,) = read(opened, open_client(), tmp_path)
        shutil.rmtree(tmp_path / "pkgs")
        record.url = url

        with pytest.raises(kind, match="The source 'corp' may not lead to"):
            asyncio.run(
                fetch_packages(
                    [record], tmp_path / "pkgs", layout=None, client=open_client(), reporter=Reporter(),
                    check=check_records([opened]),
                )
            )  # fmt: skip
        assert not (tmp_path / "pkgs").exists()
        trusting = source(server.channel, trusted_hosts=("http://evil.example",))
        if kind is not ForeignSchemeError:
            check_records([trusting])(record)

    def test_of_another_channel(self, server: LoopbackIndex, tmp_path: Path) -> None:
        """One that is not among the sources leads to its own host."""
        (record,) = read(source(server.channel), open_client(), tmp_path)

        check_records([])(record)
        record.url = "https://evil.example/thing-1.0-0.tar.bz2"
        with pytest.raises(ForeignHostError):
            check_records([])(record)


class TestMessages:
    """No error shows a login."""

    @pytest.mark.parametrize("code", [401, 403, 404])
    def test_a_package_that_cannot_be_had(self, server: LoopbackIndex, tmp_path: Path, code: int) -> None:
        """Rattler names the URL that it asked, token included."""
        server.token = TOKEN
        opened = source(server.channel.replace("://", IN_URL).replace("/channel", f"/t/{TOKEN}/channel"))
        server.fail(f"/t/{TOKEN}/channel/linux-64/thing", status(code))

        with pytest.raises(DownloadError, match=str(code)) as caught:
            read(opened, open_client([opened]), tmp_path)
        assert TOKEN not in str(caught.value.as_json())
        assert "p%2Fw" not in str(caught.value.as_json())
        assert "/t/***/channel" in str(caught.value)

    def test_a_broken_store(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Rattler quotes what it cannot read; we do not."""
        (tmp_path / "a.json").write_text(json.dumps({"host.example": TOKEN}))
        monkeypatch.setenv("RATTLER_AUTH_FILE", str(tmp_path / "a.json"))

        with pytest.raises(LoginStoreError, match="cannot be read") as caught:
            open_client()
        assert TOKEN not in str(caught.value.as_json())
        assert caught.value.__cause__ is None


class TestSplitting:
    """What is clean may be stored; what is not is for the wire alone."""

    @pytest.mark.parametrize(
        ("text", "clean"),
        [
            ("conda-forge", "conda-forge"),
            ("./folder@x", "./folder@x"),
            ("https://host.example/c", "https://host.example/c"),
            ("https://me:p@host.example:8443/c", "https://host.example:8443/c"),
            ("https://me@host.example/c/", "https://host.example/c/"),
            ("https://host.example/t/a%2Fb/c/label/x", "https://host.example/c/label/x"),
            ("https://me:p@host.example/t/abc/c", "https://host.example/c"),
            ("https://host.example/conda/t/tk-12-ab/c", "https://host.example/conda/c"),
            ("https://host.example/not/c", "https://host.example/not/c"),
        ],
    )
    def test_forms(self, text: str, clean: str) -> None:
        """The URL as given is kept only where it holds a secret."""
        assert split_channel_credentials(text) == (clean, None if clean == text else text)

    @pytest.mark.parametrize(
        "text",
        [
            "https://me:s3cret/x@host.example/c",
            "https://me:0/s3cret@host.example/c",
            "https://me:s3cret#x@host.example/c",
            "https://me:s3cret@[::1/c",
            "https://host.example/c?token=s3cret",
        ],
    )
    def test_what_cannot_be_read(self, text: str) -> None:
        """Is refused without a word of the secret."""
        with pytest.raises(UsageError) as caught:
            split_channel_credentials(text)
        assert "s3cret" not in str(caught.value.as_json())
        assert "%2F" in (caught.value.hint or "")
