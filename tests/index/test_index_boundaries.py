import ssl
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import trustme
from packaging.utils import canonicalize_name

from tests.index.conftest import OpenHttp
from tests.loopback import Fault, LoopbackIndex, edited, redirect, status
from wheelbridge.index import errors, open_index
from wheelbridge.model.boundaries import ForeignHostError, ForeignSchemeError, InsecureUrlError
from wheelbridge.model.distribution import DistributionFile

RICH = canonicalize_name("rich")
PAGE = "/simple/rich/"
LOGIN = "Basic " + b64encode(b"me:secret").decode()


@pytest.fixture
def other(wheel: Path) -> Iterator[LoopbackIndex]:
    """Another place, which has what the index has."""
    with LoopbackIndex({"rich": [wheel]}) as index:
        yield index


@pytest.fixture
def encrypted(
    wheel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, open_http: OpenHttp
) -> Iterator[LoopbackIndex]:
    """An index with TLS, whose certificate is trusted as the environment says."""
    del open_http  # which keeps this machine out
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    with LoopbackIndex({"rich": [wheel]}, tls=context) as index:
        yield index


def moved(other: LoopbackIndex, code: int = 302, **headers: str) -> Fault:
    """Lead every path to the same one of *other*."""
    return lambda request, reply: redirect(other.root + request.path, code, **headers)(request, reply)


ASKING: dict[str, Callable[[Any, DistributionFile, Path], object]] = {
    "page": lambda index, _file, _folder: index.project_page(RICH),
    "metadata": lambda index, file, _folder: index.core_metadata(file),
    "variants": lambda index, file, _folder: index.variants(file),
    "download": lambda index, file, folder: index.download(file, folder),
}


def files_of(server: LoopbackIndex, *, metadata: bool = True) -> DistributionFile:
    """Return the file of *server* without asking it."""
    page = server.content.page("rich")
    assert page is not None
    (entry,) = page["files"]
    return DistributionFile(
        filename=entry["filename"],
        url=server.root + entry["url"].removeprefix("../.."),
        hashes=entry["hashes"],
        core_metadata=entry["core-metadata"] if metadata else None,
        size=entry["size"],
    )


class TestRedirects:
    """No redirect is followed to where the index may not lead; the other place is not even connected to."""

    @pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
    @pytest.mark.parametrize("what", ASKING)
    def test_to_another_host(
        self, server: LoopbackIndex, other: LoopbackIndex, open_http: OpenHttp, tmp_path: Path, what: str, code: int
    ) -> None:
        """Pages, metadata, slices and downloads alike; the error names both places and the way out."""
        server.fail("/", moved(other, code))

        with pytest.raises(ForeignHostError) as caught:
            ASKING[what](open_http(server.url), files_of(server, metadata=what != "variants"), tmp_path)

        message, place = str(caught.value), other.root.removeprefix("http://")
        assert f"where {server.root}/" in message
        assert f"it is on {place}, and the source is on {server.root.removeprefix('http://')}" in message
        assert caught.value.hint == f"If that is meant, let it go with --trusted-host test=http://{place}."
        assert (len(server.requests), len(other.requests)) == (1, 0)

    @pytest.mark.parametrize("what", ASKING)
    def test_to_a_trusted_one(
        self, server: LoopbackIndex, other: LoopbackIndex, open_http: OpenHttp, tmp_path: Path, what: str
    ) -> None:
        """The entry of the hint works; the login stays at home."""
        server.fail("/", moved(other))
        place = other.root.removeprefix("http://")
        index = open_http(server.url.replace("://", "://me:secret@"), trusted_hosts=[f"http://{place}"])

        if what == "variants":
            with pytest.raises(errors.NotAWheelError, match=r"no variant\.json"):
                ASKING[what](index, files_of(server, metadata=False), tmp_path)
        else:
            ASKING[what](index, files_of(server), tmp_path)
        assert {asked.headers.get("authorization") for asked, _ in server.requests} == {LOGIN}
        assert {asked.headers.get("authorization") for asked, _ in other.requests} == {None}

    def test_the_second_hop_is_judged_too(
        self, server: LoopbackIndex, other: LoopbackIndex, open_http: OpenHttp
    ) -> None:
        """First within the index, then out of it."""
        server.fail(PAGE, redirect("/moved/"))
        server.fail("/moved/", redirect(f"{other.url}/rich/"))

        with pytest.raises(ForeignHostError, match=f"where {server.root}/moved/ redirects to"):
            open_http(server.url).project_page(RICH)
        assert not other.requests

    def test_within_the_index(self, server: LoopbackIndex, open_http: OpenHttp) -> None:
        """A relative redirect is followed, and takes the login along."""
        server.fail("/simple/rich/", redirect("/simple/Rich/"))
        index = open_http(server.url.replace("://", "://me:secret@"))

        assert len(index.project_page(RICH).files) == 1
        assert [asked.headers.get("authorization") for asked, _ in server.requests] == [LOGIN, LOGIN]

    @pytest.mark.parametrize(
        ("location", "kind"),
        [
            ("file:///etc/passwd", ForeignSchemeError),
            ("ftp://127.0.0.1/x", ForeignSchemeError),
            ("//evil.invalid/x", InsecureUrlError),
            ("https://evil.invalid/x", ForeignHostError),
            ("https://127.0.0.1@evil.invalid/x", ForeignHostError),
            ("http://evil.invalid\\@127.0.0.1/x", ForeignHostError),
            ("http://me:secret@evil.invalid/x", ForeignHostError),
        ],
    )
    def test_to_odd_places(
        self, server: LoopbackIndex, open_http: OpenHttp, location: str, kind: type[Exception]
    ) -> None:
        """Other schemes, other hosts in disguise."""
        server.fail(PAGE, redirect(location))

        with pytest.raises(kind) as caught:
            open_http(server.url).project_page(RICH)
        assert "secret" not in str(caught.value)

    @pytest.mark.parametrize("code", [301, 308])
    def test_a_permanent_one_is_judged_out_of_the_cache_too(
        self, server: LoopbackIndex, other: LoopbackIndex, open_http: OpenHttp, code: int
    ) -> None:
        """What was trusted when it was cached is not trusted for ever."""
        server.fail(PAGE, moved(other, code, cache_control="max-age=600"))
        assert open_http(server.url, trusted_hosts=["http://*"]).project_page(RICH).files
        asked = len(server.requests), len(other.requests)

        for offline in (False, True):
            with pytest.raises(ForeignHostError):
                open_http(server.url, offline=offline).project_page(RICH)
        assert (len(server.requests), len(other.requests)) == asked


class TestTls:
    """TLS is not given up on the way."""

    def test_it_works(self, encrypted: LoopbackIndex, open_http: OpenHttp, tmp_path: Path) -> None:
        """With a certificate that is trusted."""
        index = open_http(encrypted.url)
        (file,) = index.project_page(RICH).files

        assert file.url.startswith("https://localhost:")
        assert index.download(file, tmp_path / "got").is_file()

    @pytest.mark.parametrize("what", ASKING)
    def test_no_downgrade(
        self, encrypted: LoopbackIndex, other: LoopbackIndex, open_http: OpenHttp, tmp_path: Path, what: str
    ) -> None:
        """Not even to this machine, and not though every host is trusted: that is said with ``http://``."""
        encrypted.fail("/", moved(other))
        file = files_of(encrypted, metadata=what != "variants")

        with pytest.raises(InsecureUrlError) as caught:
            ASKING[what](open_http(encrypted.url, trusted_hosts=["*"]), file, tmp_path)
        assert not other.requests
        assert f"--trusted-host test=http://{other.root.removeprefix('http://')}" in (caught.value.hint or "")

    def test_a_downgrade_that_is_meant(
        self, encrypted: LoopbackIndex, other: LoopbackIndex, open_http: OpenHttp
    ) -> None:
        """With the entry of the hint."""
        encrypted.fail("/", moved(other))

        assert open_http(encrypted.url, trusted_hosts=["http://127.0.0.1"]).project_page(RICH).files

    def test_an_index_without_it(self, tmp_path: Path) -> None:
        """Nothing is asked; the hint says what to do."""
        with pytest.raises(InsecureUrlError) as caught:
            open_index("corp", "http://me:secret@corp.invalid/simple", cache_dir=tmp_path, trusted_hosts=["*"])

        assert caught.value.as_json() == {
            "code": "insecure-url",
            "message": "The source 'corp' may not lead to http://corp.invalid/simple: "
            "corp.invalid would be asked without TLS",
            "hint": "Use https, or let it go without TLS with --trusted-host corp=http://corp.invalid.",
            "source": "corp",
            "url": "http://corp.invalid/simple",
            "reason": "corp.invalid would be asked without TLS",
        }
        url, trusted = "http://corp.invalid/simple", ["http://*.invalid"]
        assert open_index("corp", url, cache_dir=tmp_path, trusted_hosts=trusted).url == url


class TestFiles:
    """Files on a place where the index may not lead are listed and never fetched."""

    @pytest.mark.parametrize("what", ["metadata", "variants", "download"])
    @pytest.mark.parametrize("url", ["{other}/files/x/rich-1.0-py3-none-any.whl", "file:///etc/passwd", "ftp://x/y"])
    def test_absolute_urls(
        self, server: LoopbackIndex, other: LoopbackIndex, open_http: OpenHttp, tmp_path: Path, what: str, url: str
    ) -> None:
        """Neither metadata nor slices nor the file."""
        url = url.format(other=other.root)
        server.fail(
            PAGE, edited(lambda page: page["files"][0].update({"url": url, "core-metadata": what == "metadata"}))
        )
        index = open_http(server.url)
        (file,) = index.project_page(RICH).files
        assert file.url == url

        with pytest.raises(
            ForeignHostError if "http" in url else ForeignSchemeError, match="The source 'test' may not"
        ):
            ASKING[what](index, file, tmp_path)
        assert not other.requests

    def test_a_url_is_judged_as_it_was_given(self, server: LoopbackIndex, open_http: OpenHttp, tmp_path: Path) -> None:
        """Not as requests would repair it."""
        file = replace(files_of(server), url=" " + files_of(server).url)

        with pytest.raises(ForeignHostError, match="characters that clients read differently"):
            open_http(server.url).download(file, tmp_path)
        assert not server.requests

    def test_a_base_elsewhere(self, wheel: Path, other: LoopbackIndex, open_http: OpenHttp, tmp_path: Path) -> None:
        """``<base>`` and ``//host`` of an HTML page are resolved, and judged."""
        with LoopbackIndex({"rich": [wheel]}, html=True) as server:
            html = f'<base href="{other.root}/"><a href="x.whl">x.whl</a><a href="//evil.invalid/y.whl">y.whl</a>'
            server.fail(PAGE, lambda _, reply: type(reply)(body=html.encode(), headers=reply.headers))
            index = open_http(server.url)

            for file, kind in zip(index.project_page(RICH).files, (ForeignHostError, InsecureUrlError), strict=True):
                with pytest.raises(kind):
                    index.download(file, tmp_path)
        assert not other.requests


class TestMissingCodes:
    """Statuses that mean "no such project" on an index that answers so."""

    @pytest.mark.parametrize("code", [401, 403, 500])
    def test_what_is_listed(self, server: LoopbackIndex, open_http: OpenHttp, code: int) -> None:
        """Is an answer; offline too."""
        server.fail(PAGE, status(code))

        for offline in (False, True):
            with pytest.raises(errors.ProjectNotFoundError):
                open_http(server.url, missing_codes=frozenset({code}), offline=offline).project_page(RICH)

    @pytest.mark.parametrize("code", [401, 403, 500])
    def test_what_is_not(self, server: LoopbackIndex, open_http: OpenHttp, code: int) -> None:
        """Is an error, as it is without a list."""
        server.fail(PAGE, status(code))

        with pytest.raises((errors.IndexUnauthorizedError, errors.IndexUnavailableError)):
            open_http(server.url, missing_codes=frozenset({418})).project_page(RICH)

    def test_it_is_for_pages_alone(self, server: LoopbackIndex, open_http: OpenHttp, tmp_path: Path) -> None:
        """A file that is forbidden is not a file that is absent."""
        server.fail("/files", status(403))

        with pytest.raises(errors.IndexUnauthorizedError):
            open_http(server.url, missing_codes=frozenset({403})).download(files_of(server), tmp_path)
