import hashlib
import time
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from socket import create_server
from typing import Any

import pytest
import requests
from packaging.utils import canonicalize_name
from pypi_simple import PYPI_SIMPLE_ENDPOINT

from tests.index.conftest import QUICK, OpenHttp, write_wheel
from tests.loopback import (
    Fault,
    LoopbackIndex,
    body,
    corrupted,
    delayed,
    edited,
    hang_up,
    login,
    redirect,
    status,
    truncated,
    with_headers,
    without,
)
from wheelbridge.errors import WheelbridgeError
from wheelbridge.index import errors, open_index
from wheelbridge.model.distribution import DistributionFile

RICH = canonicalize_name("rich")
PAGE = "/simple/rich/"
SECRET = "t0p-secret"  # noqa: S105 - that of a test


def read_page(server: LoopbackIndex, open_http: OpenHttp) -> DistributionFile:
    """Return the only file of the page of rich."""
    (file,) = open_http(server.url).project_page(RICH).files
    return file


def test_page_of_a_project(server: LoopbackIndex, open_http: OpenHttp, wheel: Path) -> None:
    """The page says what the wheel on disk is; PEP 691 and who asks stand in the request."""
    file = read_page(server, open_http)

    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    assert file.url == f"{server.root}/files/{digest}/{wheel.name}"
    assert (file.sha256, file.size) == (digest, wheel.stat().st_size)
    headers = server.requests[0][0].headers
    assert headers["accept"] == (
        "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.01"
    )
    assert headers["user-agent"].startswith("wheelbridge/")


def test_html_says_the_same(wheel: Path, open_http: OpenHttp, tmp_path: Path) -> None:
    """An index without JSON gives the same file, but for what HTML cannot say."""
    with LoopbackIndex({"rich": [wheel]}) as server:
        file = read_page(server, open_http)
        path = file.url.removeprefix(server.root)
    with LoopbackIndex({"rich": [wheel]}, html=True) as html:
        index = open_http(html.url)
        (other,) = index.project_page(RICH).files

        assert other == replace(file, url=html.root + path, size=None, upload_time=None)
        assert index.core_metadata(other).requires_dist == ("pygments>=2",)
        assert index.download(other, tmp_path / "got").read_bytes() == wheel.read_bytes()


class TestCache:
    """The HTTP cache on disk: ``Cache-Control`` and ``ETag`` decide, other processes share it."""

    def test_a_fresh_page_is_not_asked_for_again(self, server: LoopbackIndex, open_http: OpenHttp) -> None:
        """Neither by the same client nor by the next one."""
        pages = [open_http(server.url).project_page(RICH) for _ in range(3)]

        assert pages[0] == pages[1] == pages[2]
        assert server.count(PAGE) == 1

    def test_a_stale_page_is_revalidated(self, server: LoopbackIndex, open_http: OpenHttp) -> None:
        """The server answers 304, and the body comes from disk."""
        server.fail(PAGE, with_headers({"Cache-Control": "max-age=0"}))

        pages = [open_http(server.url).project_page(RICH) for _ in range(3)]

        assert pages[0] == pages[1] == pages[2]
        assert (server.count(PAGE, 200), server.count(PAGE, 304)) == (1, 2)

    def test_a_changed_page_is_read_anew(self, server: LoopbackIndex, open_http: OpenHttp) -> None:
        """An ``ETag`` that no longer fits brings the new body."""
        server.fail(PAGE, with_headers({"Cache-Control": "max-age=0", "ETag": '"1"'}), times=1)
        first = open_http(server.url).project_page(RICH)
        server.fail(PAGE, edited(lambda page: page["files"].clear()))

        assert len(first.files) == 1
        assert open_http(server.url).project_page(RICH).files == ()

    def test_nonsense_is_not_kept(self, server: LoopbackIndex, open_http: OpenHttp) -> None:
        """After a network's login page, the index works again at once, whatever that page said of caching."""
        server.fail(PAGE, lambda _, reply: replace(reply, body=b"<form>"), times=1)
        with pytest.raises(errors.InvalidIndexPageError):
            read_page(server, open_http)

        assert read_page(server, open_http).filename == "rich-1.0-py3-none-any.whl"

    def test_a_folder_that_cannot_be_written(self, server: LoopbackIndex, tmp_path: Path, open_http: OpenHttp) -> None:
        """Costs time, not the work."""
        (tmp_path / "cache").write_text("a file where a folder should be")
        index = open_http(server.url)

        assert index.core_metadata(read_page(server, open_http)).name == "rich"

    def test_damaged_entries_are_replaced(self, server: LoopbackIndex, open_http: OpenHttp, tmp_path: Path) -> None:
        """Pages and metadata alike."""
        expected = open_http(server.url).core_metadata(read_page(server, open_http))
        for path in (tmp_path / "cache").rglob("*"):
            if path.is_file():
                path.write_bytes(path.read_bytes()[:20])

        assert open_http(server.url).core_metadata(read_page(server, open_http)) == expected
        assert server.count(PAGE) == 2


class TestFaults:
    """Every way in which an index can fail has its own error, with the URL and what to do."""

    @pytest.mark.parametrize(
        ("fault", "kind", "message"),
        [
            pytest.param(status(404), errors.ProjectNotFoundError, "The index 'test' ({url}) has no project 'rich'",
                         id="404"),
            pytest.param(status(410), errors.ProjectNotFoundError, "The index 'test' ({url}) has no project 'rich'",
                         id="410"),
            pytest.param(status(401), errors.IndexUnauthorizedError, "{page} refused access with status 401", id="401"),
            pytest.param(status(403), errors.IndexUnauthorizedError, "{page} refused access with status 403", id="403"),
            pytest.param(status(407), errors.IndexUnauthorizedError, "{page} refused access with status 407", id="407"),
            pytest.param(status(500), errors.IndexUnavailableError,
                         "{page} is not available: it answered 500 Internal Server Error", id="500"),
            pytest.param(status(406), errors.IndexUnavailableError,
                         "{page} is not available: it answered 406 Not Acceptable", id="406"),
            pytest.param(hang_up, errors.IndexUnavailableError, "{page} is not available: the connection broke off",
                         id="hang up"),
            pytest.param(redirect(PAGE), errors.IndexUnavailableError,
                         "{page} is not available: it redirects without end", id="endless redirect"),
            pytest.param(truncated(100), errors.TruncatedBodyError,
                         "The answer of {page} is incomplete: 100 of 461 bytes came", id="truncated"),
            pytest.param(body(b"<form>", "text/html"), errors.NotAnIndexPageError,
                         "{page} answered with 'text/html' that is no project page", id="captive portal"),
            pytest.param(body(b"\x89PNG", "image/png"), errors.NotAnIndexPageError,
                         "{page} answered with 'image/png' that is no project page", id="image"),
            pytest.param(without("Content-Type"), errors.NotAnIndexPageError,
                         "{page} answered with 'no content type' that is no project page", id="no content type"),
            pytest.param(edited(lambda page: page.update(name="poor")), errors.InvalidIndexPageError,
                         "The project page {page} is invalid at name: the page of 'rich' says it is that of 'poor'",
                         id="other project"),
            pytest.param(edited(lambda page: page["files"][0].update(size=-1)), errors.InvalidIndexPageError,
                         "The project page {page} is invalid at files[0].size: -1 is no number of bytes", id="lie"),
            pytest.param(with_headers({"Content-Encoding": "gzip"}), errors.IndexUnavailableError,
                         "{page} is not available: its answer cannot be decompressed", id="no gzip"),
        ],
    )  # fmt: skip
    def test_pages(
        self, server: LoopbackIndex, open_http: OpenHttp, fault: Fault, kind: type[WheelbridgeError], message: str
    ) -> None:
        """On the page of a project."""
        server.fail(PAGE, fault)

        with pytest.raises(kind) as caught:
            open_http(server.url).project_page(RICH)

        assert str(caught.value) == message.format(url=server.url, page=server.url + "/rich/")
        assert caught.value.hint

    def test_a_server_that_does_not_answer(self, server: LoopbackIndex, open_http: OpenHttp, tmp_path: Path) -> None:
        """The time limit holds, before and inside a body."""
        impatient = replace(QUICK, total=0, timeout=0.1)
        server.fail(PAGE, delayed(5))
        server.fail("/files", truncated(10, stall=5))
        file = DistributionFile(filename="rich-1.0-py3-none-any.whl", url=f"{server.root}/files/")
        server.fail("/files", body(bytes(1000), "application/zip"))

        with pytest.raises(errors.IndexUnavailableError, match="not available: it does not answer in time"):
            open_http(server.url, policy=impatient).project_page(RICH)
        with pytest.raises(errors.IndexUnavailableError, match="not available: it does not answer in time"):
            open_http(server.url, policy=impatient).download(file, tmp_path)

    def test_nobody_listens(self, open_http: OpenHttp) -> None:
        """The connection is refused."""
        with create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]

        with pytest.raises(errors.IndexUnavailableError, match="is not available: the connection was refused"):
            open_http(f"http://127.0.0.1:{port}/simple").project_page(RICH)

    def test_no_such_host(self, open_http: OpenHttp) -> None:
        """The name cannot be resolved; RFC 6761 reserves ``.invalid`` for it."""
        with pytest.raises(errors.IndexUnavailableError, match="is not available: its host name cannot be resolved"):
            open_http("https://no-such-host.invalid/simple").project_page(RICH)

    def test_no_tls(self, server: LoopbackIndex, open_http: OpenHttp) -> None:
        """The hint leads to the certificates."""
        with pytest.raises(errors.IndexUnavailableError, match="its TLS certificate or protocol") as caught:
            open_http(server.url.replace("http:", "https:")).project_page(RICH)

        assert "SSL_CERT_FILE" in (caught.value.hint or "")

    @pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
    def test_certificate_file_that_is_missing(
        self, server: LoopbackIndex, open_http: OpenHttp, monkeypatch: pytest.MonkeyPatch, variable: str
    ) -> None:
        """So the variable is heard."""
        monkeypatch.setenv(variable, "/no/such/bundle.pem")

        with pytest.raises(errors.IndexUnavailableError, match=r"/no/such/bundle\.pem"):
            open_http(server.url.replace("http:", "https:")).project_page(RICH)

    def test_a_proxy_that_does_not_connect(self, open_http: OpenHttp, monkeypatch: pytest.MonkeyPatch) -> None:
        """So the variable is heard; its credentials are not shown."""
        with create_server(("127.0.0.1", 0)) as listener:
            monkeypatch.setenv("HTTP_PROXY", f"http://me:{SECRET}@127.0.0.1:{listener.getsockname()[1]}")

        with pytest.raises(errors.IndexUnavailableError, match="the proxy does not connect") as caught:
            open_http("http://index.invalid/simple", trusted_hosts=["http://index.invalid"]).project_page(RICH)

        assert "HTTP_PROXY" in (caught.value.hint or "")
        assert SECRET not in str(caught.value.as_json())


class TestProxies:
    """A proxy is asked for what it is for; on its own machine it would find something else than this one."""

    def test_not_for_this_machine(
        self, server: LoopbackIndex, open_http: OpenHttp, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Else it would get the login of an index that nobody else can reach."""
        with LoopbackIndex({}) as proxy:
            monkeypatch.setenv("HTTP_PROXY", proxy.root)
            assert open_http(server.url.replace("://", "://me:secret@")).project_page(RICH).files

        assert proxy.requests == []

    def test_each_hop_has_its_own(
        self, server: LoopbackIndex, open_http: OpenHttp, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """From behind a proxy to this machine; the proxy's login stays behind."""
        with LoopbackIndex({}) as proxy:
            proxy.fail("http://index.invalid/simple/rich/", redirect(f"{server.url}/rich/"))
            monkeypatch.setenv("HTTP_PROXY", proxy.root.replace("://", "://you:secret@"))
            trusted = ["http://index.invalid", "http://127.0.0.1"]
            index = open_http("http://index.invalid/simple", trusted_hosts=trusted)
            assert index.project_page(RICH).files

        assert [asked.path for asked, _ in proxy.requests] == ["http://index.invalid/simple/rich/"]
        assert [asked.path for asked, _ in server.requests] == ["/simple/rich/"]
        assert "proxy-authorization" in proxy.requests[0][0].headers
        assert "proxy-authorization" not in server.requests[0][0].headers


class TestRetries:
    """Connections, 429, 5xx and truncated bodies are tried again, with back-off."""

    @pytest.mark.parametrize("fault", [status(500), status(503), status(429, retry_after="0"), hang_up, truncated(7)])
    def test_success_after_failures(self, server: LoopbackIndex, open_http: OpenHttp, fault: Fault) -> None:
        """Two failures are survived with two retries."""
        server.fail(PAGE, fault, times=2)

        assert read_page(server, open_http).filename == "rich-1.0-py3-none-any.whl"
        assert server.count(PAGE) == 3

    @pytest.mark.parametrize("code", [401, 403, 404, 400])
    def test_answers_are_not_retried(self, server: LoopbackIndex, open_http: OpenHttp, code: int) -> None:
        """What would come again is asked once."""
        server.fail(PAGE, status(code))

        with pytest.raises(WheelbridgeError):
            read_page(server, open_http)

        assert server.count(PAGE) == 1

    def test_the_wait_doubles(self, server: LoopbackIndex, open_http: OpenHttp) -> None:
        """Truncated bodies: 0.1 s, then 0.2 s."""
        server.fail(PAGE, truncated(7))
        begin = time.monotonic()

        with pytest.raises(errors.TruncatedBodyError):
            open_http(server.url, policy=replace(QUICK, backoff=0.1)).project_page(RICH)

        assert 0.3 <= time.monotonic() - begin < 1


class TestCredentials:
    """User and password of the URL work, for their own host, and are shown nowhere."""

    @pytest.fixture
    def guarded(self, server: LoopbackIndex) -> LoopbackIndex:
        """Ask for a user with an ``@`` and a password with a ``/``."""
        server.fail("/", login(b64encode(f"me@work:{SECRET}/".encode()).decode()))
        return server

    def url_of(self, server: LoopbackIndex, password: str = f"{SECRET}%2F") -> str:
        """Put the credentials into the URL."""
        return server.url.replace("://", f"://me%40work:{password}@")

    def test_pages_metadata_and_files(self, guarded: LoopbackIndex, open_http: OpenHttp, tmp_path: Path) -> None:
        """Percent-encoded characters included; no secret in what the index says of itself."""
        index = open_http(self.url_of(guarded))
        (file,) = index.project_page(RICH).files

        assert index.core_metadata(file).name == "rich"
        assert index.download(file, tmp_path / "got").is_file()
        assert index.url == guarded.url
        assert SECRET not in repr((index, file, vars(index)))

    @pytest.mark.parametrize("code", [401, 500])
    def test_no_error_and_no_log_shows_them(
        self, guarded: LoopbackIndex, open_http: OpenHttp, caplog: pytest.LogCaptureFixture, code: int
    ) -> None:
        """Neither the message nor the JSON nor any log."""
        caplog.set_level("DEBUG")
        guarded.fail("/", status(code))

        with pytest.raises(WheelbridgeError) as caught:
            open_http(self.url_of(guarded, SECRET)).project_page(RICH)

        assert SECRET not in str(caught.value.as_json())
        assert SECRET not in caplog.text

    def test_wrong_ones(self, guarded: LoopbackIndex, open_http: OpenHttp) -> None:
        """The hint names the netrc."""
        with pytest.raises(errors.IndexUnauthorizedError, match="refused access with status 401") as caught:
            open_http(self.url_of(guarded, "wrong")).project_page(RICH)

        assert "netrc" in (caught.value.hint or "")

    def test_netrc(
        self, guarded: LoopbackIndex, open_http: OpenHttp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The netrc is asked where the URL has none."""
        netrc = tmp_path / "netrc"
        netrc.write_text(f"machine 127.0.0.1 login me@work password {SECRET}/\n")
        netrc.chmod(0o600)
        monkeypatch.setenv("NETRC", str(netrc))

        assert len(open_http(guarded.url).project_page(RICH).files) == 1

    def test_other_hosts_do_not_get_them(self, guarded: LoopbackIndex, wheel: Path, open_http: OpenHttp) -> None:
        """Neither by a redirect nor by the URL of a file."""
        with LoopbackIndex({"rich": [wheel]}) as other:
            guarded.heal()
            guarded.fail(PAGE, redirect(f"{other.url}/rich/"))
            index = open_http(self.url_of(guarded), trusted_hosts=["http://127.0.0.1"])
            (file,) = index.project_page(RICH).files
            index.core_metadata(file)

            assert file.url.startswith(other.root)
            assert len(other.requests) == 2
            assert not any("authorization" in request.headers for request, _ in other.requests)
            assert "authorization" in guarded.requests[0][0].headers


class TestDownload:
    """A file arrives whole and right, or not at all."""

    def test_bytes_and_progress(self, server: LoopbackIndex, open_http: OpenHttp, tmp_path: Path, wheel: Path) -> None:
        """The counts add up to the size."""
        counts: list[int] = []

        path = open_http(server.url).download(read_page(server, open_http), tmp_path / "got", counts.append)

        assert path == tmp_path / "got" / wheel.name
        assert path.read_bytes() == wheel.read_bytes()
        assert sum(counts) == wheel.stat().st_size

    @pytest.mark.parametrize(
        ("fault", "kind", "message"),
        [
            pytest.param(corrupted, errors.HashMismatchError, "the index promises sha256 ", id="wrong hash"),
            pytest.param(truncated(100), errors.TruncatedBodyError, "is incomplete: 100 of", id="truncated"),
            pytest.param(body(b"short", "application/zip"), errors.SizeMismatchError, "bytes, but 5 came", id="short"),
            pytest.param(body(bytes(9999), "application/zip"), errors.SizeMismatchError, "but 9999 came", id="long"),
            pytest.param(status(404), errors.FileNotOnIndexError, "but there is no such file at", id="404"),
            pytest.param(status(403), errors.IndexUnauthorizedError, "refused access with status 403", id="403"),
            pytest.param(status(502), errors.IndexUnavailableError, "it answered 502 Bad Gateway", id="502"),
        ],
    )
    def test_faults(
        self,
        server: LoopbackIndex,
        open_http: OpenHttp,
        tmp_path: Path,
        fault: Fault,
        kind: type[WheelbridgeError],
        message: str,
    ) -> None:
        """Nothing is left in the folder, and the progress is taken back where bytes will come again."""
        file = read_page(server, open_http)
        server.fail("/files", fault)
        counts: list[int] = []

        with pytest.raises(kind, match=message):
            open_http(server.url).download(file, tmp_path / "got", counts.append)

        assert not (tmp_path / "got").exists() or not list((tmp_path / "got").iterdir())
        assert kind is errors.HashMismatchError or sum(counts) == 0

    def test_wrong_hash_names_both(self, server: LoopbackIndex, open_http: OpenHttp, tmp_path: Path) -> None:
        """Expected and actual, and what not to do."""
        file = replace(read_page(server, open_http), hashes={"md5": "00", "sha256": "ab" * 32})

        with pytest.raises(errors.HashMismatchError) as caught:
            open_http(server.url).download(file, tmp_path)

        assert (caught.value.algorithm, caught.value.expected) == ("sha256", "ab" * 32)
        assert f"promises sha256 {'ab' * 32}, but what came has {caught.value.actual}" in str(caught.value)
        assert "Do not use" in (caught.value.hint or "")

    def test_a_truncated_file_is_asked_for_again(self, open_http: OpenHttp, tmp_path: Path) -> None:
        """The progress is taken back and adds up again."""
        wheel = write_wheel(tmp_path / "large", padding=600_000)
        counts: list[int] = []
        with LoopbackIndex({"rich": [wheel]}) as server:
            file = read_page(server, open_http)
            server.fail("/files", truncated(300_000), times=2)

            path = open_http(server.url).download(file, tmp_path / "got", counts.append)

        assert path.read_bytes() == wheel.read_bytes()
        assert sum(counts) == wheel.stat().st_size
        assert len([count for count in counts if count < 0]) == 2

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
    def test_full_disk(
        self, server: LoopbackIndex, open_http: OpenHttp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The disk's own words, and the folder."""
        opened = Path.open

        def open_full(path: Path, mode: str = "r", **options: Any) -> Any:
            return opened(Path("/dev/full"), "wb") if mode == "xb" else opened(path, mode, **options)

        monkeypatch.setattr(Path, "open", open_full)
        file = read_page(server, open_http)

        with pytest.raises(errors.FileNotWrittenError, match="cannot be written: No space left on device"):
            open_http(server.url).download(file, tmp_path / "got")


class TestOffline:
    """Offline, what the cache has is enough, however old; all else is an error that says so."""

    def test_what_was_seen_is_there(self, server: LoopbackIndex, open_http: OpenHttp) -> None:
        """Pages that are stale by now, and metadata."""
        server.fail(PAGE, with_headers({"Cache-Control": "max-age=0"}))
        online = open_http(server.url)
        page = online.project_page(RICH)
        metadata = online.core_metadata(page.files[0])
        asked = len(server.requests)
        offline = open_http(server.url, offline=True)

        assert offline.project_page(RICH) == page
        assert offline.core_metadata(page.files[0]) == metadata
        assert len(server.requests) == asked

    def test_what_was_not_is_not(self, server: LoopbackIndex, open_http: OpenHttp, tmp_path: Path) -> None:
        """Pages, metadata and files; no request is made."""
        file = read_page(server, open_http)
        offline = open_http(server.url, offline=True)
        other = canonicalize_name("other")

        for ask in (
            lambda: offline.project_page(other),
            lambda: offline.core_metadata(file),
            lambda: offline.download(file, tmp_path),
        ):
            with pytest.raises(errors.OfflineError, match="is not in the cache") as caught:
                ask()
            assert "--offline" in (caught.value.hint or "")
        assert len(server.requests) == 1


def test_sixteen_threads_share_one_index(tmp_path: Path, open_http: OpenHttp) -> None:
    """Pages, metadata and files of 40 projects, all at once, each right."""
    wheels = {f"p{i}": [write_wheel(tmp_path / "many", f"p{i}", f"{i}.0", padding=i * 1000)] for i in range(40)}
    with LoopbackIndex(wheels) as server:
        index = open_http(server.url)

        def fetch(name: str) -> tuple[str, str, bytes]:
            (file,) = index.project_page(canonicalize_name(name)).files
            metadata = index.core_metadata(file)
            return metadata.name, metadata.version, index.download(file, tmp_path / "got").read_bytes()

        with ThreadPoolExecutor(16) as pool:
            results = list(pool.map(fetch, wheels))

    assert results == [(f"p{i}", f"{i}.0", wheels[f"p{i}"][0].read_bytes()) for i in range(40)]


@pytest.mark.shared_data
def test_recorded_index(recorded: Path, open_http: OpenHttp) -> None:
    """The newest wheel of every recorded project, twice; the second time without a request."""
    names = [canonicalize_name(path.stem) for path in sorted((recorded / "simple").iterdir())]
    with LoopbackIndex(recorded) as server:

        def resolve(name: Any) -> tuple[str, str]:
            index = open_http(server.url)
            file = [file for file in index.project_page(name).files if file.filename.endswith(".whl")][-1]
            metadata = index.core_metadata(file)
            return metadata.name, metadata.version

        with ThreadPoolExecutor(16) as pool:
            first = list(pool.map(resolve, names))
            asked = len(server.requests)
            second = list(pool.map(resolve, names))

        assert first == second
        assert [canonicalize_name(name) for name, _ in first] == names
        assert asked == len(server.requests) == 2 * len(names)


@pytest.mark.network
def test_the_public_index(tmp_path: Path) -> None:
    """The index called ``pypi``, whose page and wheel are real."""
    try:
        requests.head(PYPI_SIMPLE_ENDPOINT, timeout=5)
    except requests.RequestException as error:
        pytest.skip(f"the public index cannot be reached: {type(error).__name__}")
    index = open_index("pypi", "pypi", cache_dir=tmp_path, trusted_hosts=["*"])
    file = next(file for file in index.project_page(RICH).files if file.filename == "rich-13.9.4-py3-none-any.whl")

    metadata = index.core_metadata(replace(file, core_metadata=None))

    assert (metadata.name, metadata.version) == ("rich", "13.9.4")
    assert "pygments (>=2.13.0,<3.0.0)" in metadata.requires_dist
    assert index.core_metadata(file) == metadata
