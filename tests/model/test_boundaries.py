from contextlib import suppress
from urllib.parse import urlsplit

import pytest
import requests
from hypothesis import example, given, settings
from hypothesis import strategies as st
from requests.adapters import BaseAdapter, HTTPAdapter

from wheelbridge.errors import WheelbridgeError
from wheelbridge.index.boundary import Boundary
from wheelbridge.index.session import Settings, _BoundedSession
from wheelbridge.model.boundaries import (
    Breach,
    ForeignHostError,
    InsecureUrlError,
    check_channel_url,
    check_url,
    find_breach,
)
from wheelbridge.model.source import Source

HOME = "https://host.example/simple"
HERE = "http://127.0.0.1:8080/simple"
FOLDER = "file:///srv/wheels"

TABLE = [
    # its own place
    (HOME, "https://host.example/a-1.whl", (), None),
    (HOME, "https://host.example:443/a-1.whl", (), None),
    ("https://host.example:443/simple", "https://host.example/a-1.whl", (), None),
    (HOME, "HTTPS://HOST.Example/a-1.whl", (), None),
    (HOME, "https://host.example", (), None),
    (HOME, "https://host.example?x=https://evil.example", (), None),
    (HOME, "https://host.example#@evil.example", (), None),
    (HOME, "https://host.example/my file-1.0.zip", (), None),
    (HOME, "https://host.example//evil.example/a-1.whl", (), None),
    ("https://[2001:db8::1]/simple", "https://[2001:0db8:0:0::1]/a", (), None),
    ("https://xn--bcher-kva.example/simple", "https://xn--bcher-kva.example/a", (), None),
    # another host or port
    (HOME, "https://evil.example/a-1.whl", (), "foreign-host"),
    (HOME, "https://host.example:8443/a-1.whl", (), "foreign-host"),
    (HOME, "https://host.example./a-1.whl", (), "foreign-host"),
    (HOME, "https://host.example.evil.example/a", (), "foreign-host"),
    (HOME, "https://evilhost.example/a", (), "foreign-host"),
    (HOME, "https://127.0.0.1/a", (), "foreign-host"),
    (HERE, "http://127.0.0.1:8081/a", (), "foreign-host"),
    (HERE, "http://127.0.0.1/a", (), "foreign-host"),
    (HERE, "http://localhost:8080/a", (), "foreign-host"),
    (HERE, "http://127.0.0.1:8080/a", (), None),
    (HERE, "https://127.0.0.1:8080/a", (), None),
    ("http://[::1]:80/simple", "http://[0:0:0:0:0:0:0:1]/a", (), None),
    # what is not plain
    (HOME, "https://me:secret@host.example/a", (), "foreign-host"),
    (HOME, "https://host.example@evil.example/a", (), "foreign-host"),
    (HOME, "https://@host.example/a", (), "foreign-host"),
    (HOME, "https://evil.example\\@host.example/a", (), "foreign-host"),
    (HOME, "https://host.example\\.evil.example/a", (), "foreign-host"),
    (HOME, "https://host.example\\/a", (), "foreign-host"),
    (HOME, "https://ho\tst.example/a", (), "foreign-host"),
    (HOME, "https://host.example\n.evil.example/a", (), "foreign-host"),
    (HOME, " https://host.example/a", (), "foreign-host"),
    (HOME, "https://host.example/a ", (), "foreign-host"),
    (HOME, "\x00https://host.example/a", (), "foreign-host"),
    (HOME, "https://host.example\u3002evil.example/a", (), "foreign-host"),
    (HOME, "https://bücher.example/a", ("*",), "foreign-host"),
    ("https://bücher.example/simple", "https://bücher.example/a", (), "foreign-host"),
    (HOME, "https://%68ost.example/a", (), "foreign-host"),
    (HOME, "https://host.example:/a", (), "foreign-host"),
    (HOME, "https://host.example:0443/a", (), "foreign-host"),
    (HOME, "https://host.example:443:80/a", (), "foreign-host"),
    (HOME, "https://host.example:99999/a", ("*",), "foreign-host"),
    (HOME, "https://host.example:\u0664\u0664\u0663/a", ("*",), "foreign-host"),
    (HOME, "https://[::1%25eth0]/a", ("*",), "foreign-host"),
    (HOME, "https://[::1]evil.example/a", ("*",), "foreign-host"),
    (HOME, "https:///host.example/a", ("*",), "foreign-host"),
    (HOME, "https:host.example/a", ("*",), "foreign-scheme"),
    (HOME, "https:/host.example/a", ("*",), "foreign-host"),
    (HOME, "//host.example/a", ("*",), "foreign-scheme"),
    (HOME, "host.example/a", ("*",), "foreign-scheme"),
    (HOME, "", ("*",), "foreign-scheme"),
    # without TLS
    (HOME, "http://host.example/a", (), "insecure-url"),
    (HOME, "http://host.example:443/a", (), "insecure-url"),
    (HOME, "http://evil.example/a", ("*", "evil.example"), "insecure-url"),
    (HOME, "http://127.0.0.1/a", ("*",), "insecure-url"),
    ("https://localhost/simple", "http://localhost:443/a", ("*",), "insecure-url"),
    ("http://corp.example/simple", "http://corp.example/a", (), "insecure-url"),
    ("http://corp.example/simple", "http://corp.example/a", ("corp.example",), "insecure-url"),
    ("http://2130706433/simple", "http://2130706433/a", (), "insecure-url"),
    ("http://127.1/simple", "http://127.1/a", (), "insecure-url"),
    ("http://127.0.0.1.evil.example/simple", "http://127.0.0.1.evil.example/a", (), "insecure-url"),
    ("http://localhost.evil.example/simple", "http://localhost.evil.example/a", (), "insecure-url"),
    ("http://localhost/simple", "http://localhost/a", (), None),
    ("http://corp.example/simple", "http://corp.example/a", ("http://corp.example",), None),
    ("http://corp.example/simple", "https://corp.example/a", ("http://corp.example",), None),
    ("http://corp.example:81/simple", "http://corp.example:82/a", ("http://corp.example:81",), "insecure-url"),
    # trusted hosts
    (HOME, "https://files.example/a", ("files.example",), None),
    (HOME, "https://FILES.example/a", ("Files.Example",), None),
    (HOME, "https://files.example:8443/a", ("files.example",), None),
    (HOME, "https://files.example:8443/a", ("files.example:443",), "foreign-host"),
    (HOME, "https://files.example:8443/a", ("files.example:8443",), None),
    (HOME, "https://files.example:8443/a", ("*:8443",), None),
    (HOME, "https://a.b.corp.example/a", ("*.corp.example",), None),
    (HOME, "https://corp.example/a", ("*.corp.example",), "foreign-host"),
    (HOME, "https://corp.example.evil.example/a", ("*.corp.example", "corp.example"), "foreign-host"),
    (HOME, "https://anything.example/a", ("*",), None),
    (HOME, "http://files.example/a", ("http://files.example",), None),
    (HOME, "https://files.example/a", ("http://files.example",), None),
    (HOME, "http://files.example/a", ("https://files.example",), "insecure-url"),
    (HOME, "https://[2001:db8::2]/a", ("[2001:db8::2]",), None),
    (HOME, "https://[2001:db8::3]/a", ("[2001:db8::2]",), "foreign-host"),
    (HOME, "https://[2001:db8::2]/a", ("[2001:DB8:0:0:0:0:0:2]:443",), None),
    (HOME, "https://f.example/a", ("[f].example", "?.example", "f.example/x", ""), "foreign-host"),
    # other schemes, and files
    (HOME, "ftp://host.example/a", ("*",), "foreign-scheme"),
    (HOME, "javascript:alert(1)", ("*",), "foreign-scheme"),
    (HOME, "file:///etc/passwd", ("*", "http://*"), "foreign-scheme"),
    (HOME, "FILE:///etc/passwd", ("*",), "foreign-scheme"),
    (HERE, "file://localhost/etc/passwd", (), "foreign-scheme"),
    (FOLDER, "file:///srv/files/a", (), None),
    (FOLDER, "file://localhost/srv/files/a", (), None),
    (FOLDER, "file://evil.example/share/a", ("*",), "foreign-host"),
    ("file://server/share/wheels", "file://server/share/a", (), None),
    ("file://server/share/wheels", "file://evil.example/share/a", (), "foreign-host"),
    # what Windows takes for a share of another machine
    (FOLDER, "file:////evil.example/share/a", (), "foreign-host"),
    (FOLDER, "file://localhost//evil.example/share/a", (), "foreign-host"),
    (FOLDER, "file://///evil.example/share/a", (), "foreign-host"),
    (FOLDER, "file:///%5C%5cevil.example%5Cshare/a", (), "foreign-host"),
    (FOLDER, "file:///%2Fevil.example/share/a", (), "foreign-host"),
    ("file:////server/share/wheels", "file:////SERVER/share/a", (), None),
    ("file:////server/share/wheels", "file:////evil.example/share/a", (), "foreign-host"),
    ("file:///srv/back%5Cslash", "file:///srv/back%5Cslash/a", (), None),
    ("file:///srv/back%5Cslash", "file:////evil.example/share%5C/a", (), "foreign-host"),
    (FOLDER, "https://host.example/a", ("*",), "foreign-scheme"),
    (FOLDER, "http://127.0.0.1/a", ("*",), "foreign-scheme"),
    ("s3://bucket/channel", "s3://bucket/channel/noarch/a", (), None),
    ("s3://bucket/channel", "s3://other/channel/noarch/a", ("*",), "foreign-host"),
    ("s3://bucket/channel", "https://host.example/a", (), "foreign-host"),
    (HOME, "s3://bucket/a", ("*",), "foreign-scheme"),
    ("no url", "https://host.example/a", (), "foreign-host"),
]


@pytest.mark.parametrize(("home", "url", "trusted", "code"), TABLE)
def test_where_a_source_may_lead(home: str, url: str, trusted: tuple[str, ...], code: str | None) -> None:
    """The code says which wall it was."""
    breach = find_breach(url, home, trusted)

    assert (breach.code if breach else None) == code


@pytest.mark.parametrize(
    ("home", "url"),
    [(home, url) for home, url, _, code in TABLE if code and (breach := find_breach(url, home)) and breach.trust],
)
def test_the_way_out_is_one(home: str, url: str) -> None:
    """The entry that a breach names lets that URL go."""
    breach = find_breach(url, home)

    assert breach is not None
    assert breach.trust is not None
    assert find_breach(url, home, [breach.trust]) is None


def test_no_secret_is_shown() -> None:
    """Neither by the reason nor by the way out."""
    urls = [
        "https://me:s3cret@evil.example/a",
        "http://me:s3cret@host.example",
        "https://a\\s3cret@evil.example/t/s3cret",
    ]

    assert all("s3cret" not in repr(find_breach(url, HOME)) for url in urls)
    assert find_breach(urls[0], HOME) == Breach("foreign-host", "its URL holds a user name")


def test_the_error_names_source_hosts_and_way_out() -> None:
    """One sentence, and what to do."""
    with pytest.raises(ForeignHostError) as caught:
        check_url("https://cdn.example/a", HOME, (), source="corp")

    assert str(caught.value) == (
        "The source 'corp' may not lead to https://cdn.example/a: "
        "it is on cdn.example, and the source is on host.example"
    )
    assert caught.value.hint == "If that is meant, let it go with --trusted-host corp=cdn.example."
    with pytest.raises(
        ForeignHostError, match=r"to https://cdn\.example/a, where https://host\.example/x redirects to: "
    ):
        check_url(
            "https://cdn.example/a?s3cret", HOME, (), source="corp", redirected_from="https://host.example/x?s3cret"
        )


@pytest.mark.parametrize(
    ("url", "trusted"),
    [("https://host.example/c", ()), ("file:///c", ()), ("http://localhost:1/c", ()), ("oci://ghcr.example/c", ()),
     ("http://corp.example/c", ("http://*.example",))],
)  # fmt: skip
def test_channels_that_may_be_read(url: str, trusted: tuple[str, ...]) -> None:
    """Encrypted, on this machine, or trusted."""
    check_channel_url(Source("c", "channel", url, 0, trusted_hosts=trusted))


def test_a_channel_without_tls() -> None:
    """The hint leads to https first."""
    with pytest.raises(InsecureUrlError) as caught:
        check_channel_url(Source("c", "channel", "http://corp.example/c", 0, trusted_hosts=("*",)))

    assert caught.value.hint == "Use https, or let it go without TLS with --trusted-host c=http://corp.example."


ODD = ":/@?#[]\\%. \t\n\r\x00\u3002\uff0f\u2100;,&=+-_~\u200b"
WORDS = (
    *("//", "https:", "http:", "HTTPS://", "https://", "host.example", "evil.example", "me:pw@"),
    *(":443", ":80", ":8443", "%2f", "%40", "%00", "..", "127.0.0.1", "[::1]", "ß"),
)
pieces = st.sampled_from((*ODD, *WORDS))
urls = st.one_of(
    st.lists(pieces, max_size=12).map("".join),
    st.lists(pieces, max_size=6).map(lambda parts: "https://host.example" + "".join(parts)),
    st.lists(pieces, max_size=6).map(lambda parts: "https://" + "".join(parts) + "host.example/x"),
    st.text(max_size=12).map(lambda text: "https://host.example" + text),
)


def connected(request: requests.PreparedRequest) -> tuple[object, object, object]:
    """Return the scheme, host and port that requests hands to urllib3 for its connection."""
    target, _ = HTTPAdapter().build_connection_pool_key_attributes(request, verify=True)
    return target["scheme"], target["host"], target["port"] or 443


@settings(max_examples=1000)
@given(urls)
@example("https://host.example\\@evil.example/")
@example("https://host.example#@evil.example/")
def test_requests_never_connects_elsewhere(url: str) -> None:
    """Whatever is let go leads requests to the source's own host, over TLS."""
    if find_breach(url, HOME) is not None:
        return
    with suppress(requests.RequestException):
        request = requests.Request("GET", url).prepare()
        assert connected(request) == ("https", "host.example", 443)


DIRECT = Settings(None, {"proxies": {}})


class Redirecting(BaseAdapter):
    """Answers the first request with a redirect to *location*, and keeps account of where requests go."""

    def __init__(self, location: str) -> None:
        super().__init__()
        self.location = location
        self.visited: list[tuple[object, object, object]] = []

    def send(self, request: requests.PreparedRequest, *_: object, **__: object) -> requests.Response:
        """Answer."""
        self.visited.append(connected(request))
        response = requests.Response()
        response.status_code = 302 if len(self.visited) == 1 else 200
        response.headers["Location"] = self.location.encode().decode("latin1")  # as http.client hands it over
        response.url = request.url or ""
        response.request = request
        response._content = b""
        return response

    def close(self) -> None:
        """Hold nothing."""


@settings(max_examples=1000)
@given(urls | st.lists(pieces, max_size=8).map(lambda parts: "/" + "".join(parts)))
@example("//evil.example/x")
@example("/\\evil.example/x")
@example("\thttps://evil.example")
def test_no_redirect_leads_elsewhere(location: str) -> None:
    """What requests makes of a header is judged, not the header."""
    session, adapter = _BoundedSession(Boundary("corp", HOME), lambda _: DIRECT), Redirecting(location)
    session.trust_env = False
    session.mount("https://", adapter)
    session.mount("http://", adapter)

    with suppress(requests.RequestException, WheelbridgeError, ValueError, UnicodeError):
        session.send(requests.Request("GET", f"{HOME}/x/").prepare())
    assert set(adapter.visited) == {("https", "host.example", 443)}


def test_no_request_leads_elsewhere() -> None:
    """A request that is no redirect is judged where it is sent."""
    session, adapter = _BoundedSession(Boundary("corp", HOME), lambda _: DIRECT), Redirecting("")
    session.mount("https://", adapter)

    with pytest.raises(ForeignHostError):
        session.send(requests.Request("GET", "https://evil.example/x").prepare())
    assert adapter.visited == []


@given(st.sampled_from([url for _, url, _, _ in TABLE]) | urls, st.lists(st.text(max_size=8) | pieces, max_size=3))
def test_entries_never_let_a_file_or_a_login_go(url: str, trusted: list[str]) -> None:
    """However odd the list of trusted hosts is."""
    if find_breach(url, HOME, [*trusted, "*", "http://*"]) is None:
        parts = urlsplit(url)
        assert (parts.scheme in ("http", "https"), parts.username, parts.password) == (True, None, None)
