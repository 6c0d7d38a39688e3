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
from wheelbridge.index import errors, resolve_index_url
from wheelbridge.index.credentials import Credentials, Login, basic
from wheelbridge.index.keyring_logins import keyring_login
from wheelbridge.index.origins import origin_of
from wheelbridge.index.variables import SourceVariables, source_variables
from wheelbridge.model.source import Source

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


def variables(url: str) -> SourceVariables:
    """Read those of a source that the user called ``test``."""
    return source_variables(Source("test", "index", url, 0, named=True))


def sent(server: LoopbackIndex) -> list[str | None]:
    """Return the logins that came, in order."""
    return [asked.headers.get("authorization") for asked, _ in server.requests]


class TestPlaces:
    """Each place where a login can be opens the index."""

    def test_variables(self, closed: LoopbackIndex, open_http: OpenHttp, monkeypatch: pytest.MonkeyPatch) -> None:
        """User and password of the source's name."""
        monkeypatch.setenv("WHEELBRIDGE_SOURCE_TEST_USERNAME", USER)
        monkeypatch.setenv("WHEELBRIDGE_SOURCE_TEST_PASSWORD", PASSWORD)

        assert open_http(closed.url, variables=variables(closed.url)).project_page(RICH).files
        assert sent(closed) == [BASIC]

    def test_a_token(self, server: LoopbackIndex, open_http: OpenHttp, monkeypatch: pytest.MonkeyPatch) -> None:
        """It goes with the user ``__token__``, as the public index wants it."""
        server.fail("/", authorization(basic("__token__", "pypi-abc")))
        monkeypatch.setenv("WHEELBRIDGE_SOURCE_TEST_TOKEN", "pypi-abc")

        assert open_http(server.url, variables=variables(server.url)).project_page(RICH).files

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
        given = SourceVariables("u", "variable")
        login = {"BasicHTTP": {"username": "u", "password": "store"}}
        monkeypatch.setenv("RATTLER_AUTH_FILE", store(tmp_path / "a.json", {"host.example": login}))
        memory.set_password(home, "u", "keyring")

        def found(password: str | None = None, variables: SourceVariables | None = None) -> Login | None:
            return Credentials(home, "u" if password else None, password, variables).find(f"{home}/x/")

        def login_of(password: str) -> Login:
            return Login(("https", "host.example"), basic("u", password))

        assert found("url", given) == login_of("url")
        assert found(variables=given) == login_of("variable")
        assert found() == login_of("netrc")
        netrc.write_text("")
        assert found() == login_of("store")
        monkeypatch.delenv("RATTLER_AUTH_FILE")
        assert found() is None
        assert Credentials(home).ask_keyring(home) == login_of("keyring")


class TestBinding:
    """A login is for its origin: scheme, host and port."""

    @pytest.mark.parametrize(
        "url", ["http://host.example/simple", "https://host.example:8443/simple", "https://other.example/simple"]
    )
    def test_other_origins_get_nothing(self, url: str, open_http: OpenHttp) -> None:
        """Neither what the URL had nor what the variables say."""
        del open_http  # which keeps this machine out
        home, given = "https://host.example/simple", SourceVariables(None, None, "t")

        assert Credentials(home, "me", "secret", given).find(url) is None
        assert Credentials(home, variables=given).find(url) is None

    @pytest.mark.parametrize("home", ["https://host.example/simple", "https://HOST.example:443/simple"])
    def test_a_usual_port_is_none(self, home: str, open_http: OpenHttp) -> None:
        """Spelled out or not, on either side."""
        del open_http  # which keeps this machine out
        credentials = Credentials(home, "me", "secret")

        assert credentials.find("https://host.example/x") == credentials.find("https://host.example:443/x") is not None
        assert credentials.find("https://host.example:80/x") is None

    def test_the_default_entry_of_netrc(
        self, open_http: OpenHttp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It is for every host: a page could lead it to any."""
        del open_http  # which keeps this machine out
        path = tmp_path / "netrc"
        path.write_text("machine files.example login f password g\ndefault login me password secret\n")
        monkeypatch.setenv("NETRC", str(path))
        credentials = Credentials("https://host.example/simple")

        assert credentials.find("https://host.example/x") == Login(("https", "host.example"), basic("me", "secret"))
        assert credentials.find("https://files.example/x") == Login(("https", "files.example"), basic("f", "g"))
        assert credentials.find("https://other.example/x") is None

    def test_nothing_is_shown(self) -> None:
        """By no representation."""
        given = SourceVariables("me", "s3cret", "s3cret")
        credentials = Credentials("https://host.example", "me", "s3cret", given)

        assert "s3cret" not in repr((credentials, given, vars(credentials).keys()))
        assert basic("me", "s3cret") not in repr(credentials.find("https://host.example"))
        assert origin_of("HTTPS://me:s3cret@Host.example") == ("https", "host.example")


class TestKeyring:
    """It may want a password each time it is asked, and somebody who types it."""

    def test_it_is_asked_once(self, open_http: OpenHttp, memory: MemoryKeyring) -> None:
        """By whoever, at once or later, whether it knows an answer or not."""
        del open_http  # which keeps this machine out
        home = "https://host.example/simple"
        memory.set_password(home, "me", "secret")
        with ThreadPoolExecutor(8) as pool:
            found = set(pool.map(lambda _: Credentials(home, "me").find(home), range(16)))
            lost = set(pool.map(lambda _: Credentials(home, "you").find(home), range(16)))

        assert found == {Login(("https", "host.example"), basic("me", "secret"))}
        assert lost == {Login(("https", "host.example"), basic("you", ""))}
        assert memory.asked == [home, home, "host.example"]

    def test_pages_metadata_and_files_share_an_answer(
        self, closed: LoopbackIndex, open_http: OpenHttp, memory: MemoryKeyring, tmp_path: Path
    ) -> None:
        """They go through two sessions, and another client has two of its own."""
        memory.set_password(closed.url, USER, PASSWORD)
        for number in range(2):
            index = open_http(closed.url)
            (file,) = index.project_page(RICH).files
            assert index.download(file, tmp_path / str(number)).exists()

        assert memory.asked == [closed.url]

    def test_another_host(self, open_http: OpenHttp, memory: MemoryKeyring) -> None:
        """Each of its files has a URL of its own, and a signature in it perhaps."""
        del open_http  # which keeps this machine out
        credentials = Credentials("https://host.example/simple", "me")
        asked = [credentials.ask_keyring(f"https://files.example/{name}?sig=s3cret") for name in "ab"]

        assert asked == [None, None]
        assert memory.asked == ["files.example"]

    def test_a_broken_one_is_left_alone(
        self, open_http: OpenHttp, memory: MemoryKeyring, monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
    ) -> None:  # fmt: skip
        """Whoever declined to unlock it is not asked again for the next source."""
        del open_http  # which keeps this machine out

        def locked(service: str, _username: str | None) -> None:
            memory.asked.append(service)
            raise RuntimeError

        monkeypatch.setattr(memory, "get_credential", locked)

        assert [keyring_login([service], None) for service in "abc"] == [None, None, None]
        assert memory.asked == ["a"]
        assert caplog.text.count("The keyring cannot be used") == 1

    @pytest.mark.parametrize(
        ("variables", "terminal", "asked"),
        [
            ({}, True, True),
            ({}, False, False),
            ({"CI": "true"}, True, False),
            ({"WHEELBRIDGE_KEYRING": "0"}, True, False),
            ({"WHEELBRIDGE_KEYRING": "1", "CI": "true"}, False, True),
        ],
    )
    def test_somebody_must_be_there(
        self, open_http: OpenHttp, memory: MemoryKeyring, monkeypatch: pytest.MonkeyPatch,
        variables: dict[str, str], terminal: bool, asked: bool,
    ) -> None:  # fmt: skip
        """Unless it is said that nobody is needed."""
        del open_http  # which keeps this machine out
        for name in ("CI", "WHEELBRIDGE_KEYRING"):
            monkeypatch.delenv(name, raising=False)
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr("sys.stdin.isatty", lambda: terminal)

        keyring_login(["host.example"], "me")
        assert memory.asked == ["host.example"] * asked


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

    @pytest.mark.parametrize(
        "text",
        [
            pytest.param(b"# \xe4\nmachine 127.0.0.1 login me password s3cr\xe4et\n", id="latin1"),
            pytest.param(b"machine 127.0.0.1 login me passwd s3cret\n", id="malformed"),
            pytest.param(None, id="folder"),
        ],
    )
    def test_a_netrc(
        self, server: LoopbackIndex, open_http: OpenHttp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture, text: bytes | None,
    ) -> None:  # fmt: skip
        """It is named, once, and left out."""
        path = tmp_path / "netrc"
        path.mkdir() if text is None else path.write_bytes(text)
        monkeypatch.setenv("NETRC", str(path))

        for _ in range(2):
            assert open_http(server.url).project_page(RICH).files
        assert caplog.text.count("netrc cannot be read") == 1
        assert "s3c" not in caplog.text

    def test_no_home(self, server: LoopbackIndex, open_http: OpenHttp, monkeypatch: pytest.MonkeyPatch) -> None:
        """A user without one has no files there."""
        monkeypatch.delenv("HOME")
        monkeypatch.delenv("NETRC")
        monkeypatch.setattr("os.getuid", lambda: 123456)

        assert open_http(server.url).project_page(RICH).files
        with pytest.raises(errors.InvalidIndexUrlError):
            resolve_index_url("~/wheels")

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
