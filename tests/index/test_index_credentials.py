import json
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import keyring.core
import pytest
from packaging.utils import canonicalize_name

from tests.index.conftest import MemoryKeyring, OpenHttp
from tests.loopback import LoopbackIndex, authorization, with_headers
from wheelbridge.errors import WheelbridgeError
from wheelbridge.index import errors
from wheelbridge.index.credentials import Credentials, Login, basic, origin_of, source_variables

RICH = canonicalize_name("rich")
USER, PASSWORD = "mé@work", "p/w:%ü"
BASIC = "Basic " + b64encode(f"{USER}:{PASSWORD}".encode()).decode()
BEARER = "Bearer abc.def"


@pytest.fixture
def closed(server: LoopbackIndex) -> LoopbackIndex:
    """An index that opens to the user alone."""
    server.fail("/", authorization(BASIC))
    return server


@pytest.fixture
def memory(open_http: OpenHttp) -> MemoryKeyring:
    """The keyring of this test."""
    del open_http  # which keeps this machine out
    found = keyring.core.get_keyring()
    assert isinstance(found, MemoryKeyring)
    return found


def store(path: Path, logins: dict[str, object]) -> str:
    """Write a store as rattler does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(logins))
    return str(path)


def sent(server: LoopbackIndex) -> list[str | None]:
    """Return the logins that came, in order."""
    return [asked.headers.get("authorization") for asked, _ in server.requests]


class TestPlaces:
    """Each place where a login can be opens the index."""

    def test_variables(self, closed: LoopbackIndex, open_http: OpenHttp, monkeypatch: pytest.MonkeyPatch) -> None:
        """User and password of the source's name."""
        monkeypatch.setenv("WHEELBRIDGE_SOURCE_TEST_USERNAME", USER)
        monkeypatch.setenv("WHEELBRIDGE_SOURCE_TEST_PASSWORD", PASSWORD)

        assert open_http(closed.url).project_page(RICH).files
        assert sent(closed) == [BASIC]

    def test_a_token(self, server: LoopbackIndex, open_http: OpenHttp, monkeypatch: pytest.MonkeyPatch) -> None:
        """It goes with the user ``__token__``, as the public index wants it."""
        server.fail("/", authorization(basic("__token__", "pypi-abc")))
        monkeypatch.setenv("WHEELBRIDGE_SOURCE_TEST_TOKEN", "pypi-abc")

        assert open_http(server.url).project_page(RICH).files

    @pytest.mark.parametrize("key", ["127.0.0.1", "*.0.0.1", "*.1"])
    def test_the_store_that_is_named(
        self, closed: LoopbackIndex, open_http: OpenHttp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str
    ) -> None:
        """A host, or a part of one behind ``*.``."""
        login = {"BasicHTTP": {"username": USER, "password": PASSWORD}}
        monkeypatch.setenv("RATTLER_AUTH_FILE", store(tmp_path / "a.json", {key: login, "other": "rubbish"}))

        assert open_http(closed.url).project_page(RICH).files

    @pytest.mark.parametrize("kind", ["BearerToken", "OAuth"])
    def test_a_bearer_in_the_store_at_home(
        self, server: LoopbackIndex, open_http: OpenHttp, tmp_path: Path, kind: str
    ) -> None:
        """Where pixi and rattler put it."""
        server.fail("/", authorization(BEARER))
        token: object = "abc.def" if kind == "BearerToken" else {"access_token": "abc.def", "client_id": "x"}
        store(tmp_path / "home/.rattler/credentials.json", {"127.0.0.1": {kind: token}})

        assert open_http(server.url).project_page(RICH).files

    def test_the_keyring_when_a_server_asks(
        self, closed: LoopbackIndex, open_http: OpenHttp, memory: MemoryKeyring
    ) -> None:
        """It is asked once, by URL and by host; the first request went without a login."""
        memory.set_password(closed.root.removeprefix("http://"), USER, PASSWORD)
        index = open_http(closed.url)

        assert index.core_metadata(index.project_page(RICH).files[0]).name == "rich"
        assert sent(closed)[:2] == [None, BASIC]
        assert memory.asked[:2] == [closed.url, closed.root.removeprefix("http://")]
        assert index.project_page(RICH).files

    def test_the_keyring_for_many_threads(
        self, closed: LoopbackIndex, open_http: OpenHttp, memory: MemoryKeyring
    ) -> None:
        """Whoever is refused while another one asks gets the login too."""
        memory.set_password(closed.url, USER, PASSWORD)
        closed.fail("/", lambda _, reply: replace(reply, delay=0.1))
        index = open_http(closed.url)

        with ThreadPoolExecutor(8) as pool:
            pages = list(pool.map(lambda _: index.project_page(RICH), range(8)))
        assert all(page.files for page in pages)
        assert memory.asked == [closed.url]

    def test_the_keyring_for_a_user(self, closed: LoopbackIndex, open_http: OpenHttp, memory: MemoryKeyring) -> None:
        """A user name in the URL asks for its password at once."""
        memory.set_password(closed.url, USER, PASSWORD)
        memory.set_password(closed.url, "other", "wrong")

        assert open_http(closed.url.replace("://", "://m%C3%A9%40work@")).project_page(RICH).files
        assert sent(closed) == [BASIC]

    def test_the_keyring_is_left_alone(self, server: LoopbackIndex, open_http: OpenHttp, memory: MemoryKeyring) -> None:
        """Where nobody asks for a login."""
        open_http(server.url).project_page(RICH)

        assert memory.asked == []

    def test_a_user_without_a_password(self, server: LoopbackIndex, open_http: OpenHttp) -> None:
        """Some servers take a token for a user name."""
        server.fail("/", authorization(basic("abc", "")))

        assert open_http(server.url.replace("://", "://abc@")).project_page(RICH).files


class TestOrder:
    """URL, variables, netrc, rattler's store, keyring."""

    def test_the_first_wins(
        self, tmp_path: Path, open_http: OpenHttp, memory: MemoryKeyring, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """One taken away after the other."""
        del open_http  # which keeps this machine out
        home, netrc = "https://host.example/simple", tmp_path / "netrc"
        netrc.write_text("machine host.example login u password netrc\n")
        monkeypatch.setenv("NETRC", str(netrc))
        monkeypatch.setenv("WHEELBRIDGE_SOURCE_A_B_PASSWORD", "variable")
        monkeypatch.setenv("WHEELBRIDGE_SOURCE_A_B_USERNAME", "u")
        login = {"BasicHTTP": {"username": "u", "password": "store"}}
        monkeypatch.setenv("RATTLER_AUTH_FILE", store(tmp_path / "a.json", {"host.example": login}))
        memory.set_password(home, "u", "keyring")

        def found(password: str | None = None) -> Login | None:
            return Credentials("a-b", home, "u" if password else None, password).find(f"{home}/x/")

        def login_of(password: str) -> Login:
            return Login(("https", "host.example"), basic("u", password))

        assert found("url") == login_of("url")
        assert found() == login_of("variable")
        monkeypatch.delenv("WHEELBRIDGE_SOURCE_A_B_PASSWORD")
        monkeypatch.delenv("WHEELBRIDGE_SOURCE_A_B_USERNAME")
        assert found() == login_of("netrc")
        netrc.write_text("")
        assert found() == login_of("store")
        monkeypatch.delenv("RATTLER_AUTH_FILE")
        assert found() is None
        assert Credentials("a-b", home).ask_keyring(home) == login_of("keyring")


class TestBinding:
    """A login is for its origin: scheme, host and port."""

    @pytest.mark.parametrize(
        "url", ["http://host.example/simple", "https://host.example:8443/simple", "https://other.example/simple"]
    )
    def test_other_origins_get_nothing(self, url: str, open_http: OpenHttp, monkeypatch: pytest.MonkeyPatch) -> None:
        """Neither what the URL had nor what the variables say."""
        del open_http  # which keeps this machine out
        monkeypatch.setenv("WHEELBRIDGE_SOURCE_X_TOKEN", "t")

        assert Credentials("x", "https://host.example/simple", "me", "secret").find(url) is None
        assert Credentials("x", "https://host.example/simple").find(url) is None

    def test_names(self) -> None:
        """What is no letter or digit of ASCII becomes ``_``."""
        variables = source_variables("my corp.ü-1", {"WHEELBRIDGE_SOURCE_MY_CORP___1_TOKEN": "t", "X_TOKEN": "u"})

        assert (variables.token, variables.user) == ("t", None)

    def test_nothing_is_shown(self) -> None:
        """By no representation."""
        credentials = Credentials("x", "https://host.example", "me", "s3cret")
        variables = source_variables(
            "x", {"WHEELBRIDGE_SOURCE_X_TOKEN": "s3cret", "WHEELBRIDGE_SOURCE_X_PASSWORD": "s3cret"}
        )

        assert "s3cret" not in repr((credentials, variables, vars(credentials).keys()))
        assert basic("me", "s3cret") not in repr(credentials.find("https://host.example"))
        assert origin_of("HTTPS://me:s3cret@Host.example") == ("https", "host.example")


class TestBroken:
    """What cannot be read is said, and nothing of it."""

    def test_a_store(
        self, server: LoopbackIndex, open_http: OpenHttp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
    ) -> None:  # fmt: skip
        """It is named, and left out."""
        (tmp_path / "a.json").write_text('{"127.0.0.1": s3cret')
        monkeypatch.setenv("RATTLER_AUTH_FILE", str(tmp_path / "a.json"))

        assert open_http(server.url).project_page(RICH).files
        assert "a.json cannot be read (JSONDecodeError); the logins in it are not used" in caplog.text
        assert "s3cret" not in caplog.text

    def test_a_token_that_no_header_can_carry(
        self, server: LoopbackIndex, open_http: OpenHttp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
    ) -> None:  # fmt: skip
        """The libraries below would quote it in their error."""
        text = store(tmp_path / "a.json", {"127.0.0.1": {"BearerToken": "s3cret\nx"}})
        monkeypatch.setenv("RATTLER_AUTH_FILE", text)

        assert open_http(server.url).project_page(RICH).files
        assert "characters that no header may hold" in caplog.text
        assert "s3cret" not in caplog.text

    def test_a_keyring(
        self, closed: LoopbackIndex, open_http: OpenHttp, memory: MemoryKeyring, caplog: pytest.LogCaptureFixture,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:  # fmt: skip
        """The 401 stays what it was."""

        def broken(service: str, _username: str | None) -> None:
            raise RuntimeError("s3cret of " + service)

        monkeypatch.setattr(memory, "get_credential", broken)

        with pytest.raises(errors.IndexUnauthorizedError):
            open_http(closed.url).project_page(RICH)
        assert "The keyring cannot be used (RuntimeError)" in caplog.text
        assert "s3cret" not in caplog.text


def test_vary_puts_no_login_into_the_cache(closed: LoopbackIndex, open_http: OpenHttp, tmp_path: Path) -> None:
    """CacheControl keeps the headers that ``Vary`` names; a login is kept as given or not given."""
    closed.fail("/", with_headers({"Vary": "Accept, Authorization"}))
    url = closed.url.replace("://", "://m%C3%A9%40work:p%2Fw%3A%25%C3%BC@")
    for _ in range(2):
        assert open_http(url).project_page(RICH).files
    assert closed.count("/simple/rich/") == 1

    entries = [path.read_bytes() for path in (tmp_path / "cache").rglob("*") if path.is_file()]
    assert any(b"uthorization" in entry for entry in entries)
    assert not any(BASIC.removeprefix("Basic ").encode() in entry for entry in entries)
    with pytest.raises(WheelbridgeError):
        open_http(closed.url).project_page(RICH)
