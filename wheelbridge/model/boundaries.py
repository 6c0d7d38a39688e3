r"""Boundaries of a source: the URLs that it may lead to, by a page, a record or a redirect.

Clients disagree on what an odd URL means: to one ``https://a.example\@b.example`` is a host ``b.example``, to another
``a.example``. So what is not plain is refused, not understood.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import AddressValueError, IPv4Address, IPv4Network, IPv6Address
from typing import ClassVar, Literal

from wheelbridge.errors import WheelbridgeError
from wheelbridge.model.redaction import redact
from wheelbridge.model.source import Source

BreachCode = Literal["insecure-url", "foreign-host", "foreign-scheme"]

_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):(?://([^/?#]*))?([/?#].*)?", re.DOTALL).fullmatch
_ODD = re.compile(r"[\x00-\x1f\x7f\\]|^\s|\s$").search
_AUTHORITY = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*\.?)(?::([1-9][0-9]{0,4}))?").fullmatch
_ENCODED_SEPARATOR = re.compile("%(?:5c|2f)", re.IGNORECASE).search
_TRUSTED = re.compile(r"(?:(https?)://)?(\[[^\]]*\]|[^:/\[\]]+)(?::([0-9*]+))?/?", re.IGNORECASE).fullmatch
_PORTS = {"https": 443, "http": 80}
_STORES = frozenset({"s3", "gcs", "oci"})
_HIGHEST_PORT = 65535
_LOOPBACK = IPv4Network("127.0.0.0/8")


@dataclass(frozen=True, slots=True)
class Breach:
    """Why a source may not lead to a URL; no secret of the URL stands in it.

    Attributes:
        code: ``insecure-url``, ``foreign-host`` or ``foreign-scheme``; stable.
        reason: part of a sentence about the URL, as in "it would be fetched from ...".
        trust: the entry of ``trusted_hosts`` that lets it go; None where nothing does.
    """

    code: BreachCode
    reason: str
    trust: str | None = None


class BreachError(WheelbridgeError):
    """A source leads where it may not; nothing was fetched from there."""

    code = "foreign-host"
    way_out: ClassVar[str] = "If that is meant, let it go with"

    def __init__(self, source: str, what: str, breach: Breach) -> None:
        super().__init__(
            f"The source {source!r} may not lead to {what}: {breach.reason}",
            hint=f"{self.way_out} --trusted-host {source}={breach.trust}."
            if breach.trust
            else "Nothing was fetched from there; tell the operator of the source.",
        )
        self.source = source
        self.url = what
        self.reason = breach.reason


class InsecureUrlError(BreachError):
    """A URL would be fetched without TLS."""

    code = "insecure-url"
    way_out = "Use https, or let it go without TLS with"


class ForeignHostError(BreachError):
    """A URL leads to a host or a port that the source may not lead to, or is not plain."""

    code = "foreign-host"


class ForeignSchemeError(BreachError):
    """A URL has a scheme that the source may not lead to."""

    code = "foreign-scheme"


_ERRORS: dict[str, type[BreachError]] = {
    kind.code: kind for kind in (InsecureUrlError, ForeignHostError, ForeignSchemeError)
}


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a URL leads: *host* in lower case, an IP address in its shortest form; *port* is 0 for files."""

    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        """Write the host, and the port where it is not the usual one."""
        return self.host if self.port in (0, _PORTS.get(self.scheme)) else f"{self.host}:{self.port}"


def find_breach(url: str, home: str, trusted_hosts: Iterable[str] = ()) -> Breach | None:
    """Return why the source at *home* may not lead to *url*; None where it may.

    Its own host and port over https is where a source may lead; elsewhere only where an entry of *trusted_hosts* says
    so: ``HOST`` or ``HOST:PORT``, with ``*`` for any text, for https; ``http://HOST`` for http as well. Without an
    entry, http will do on this machine alone. What is read from files leads to files, and nothing else does.

    >>> find_breach("https://host.example/a-1.whl", "https://host.example/simple") is None
    True
    >>> find_breach("https://files.example/a-1.whl", "https://host.example/simple").trust
    'files.example'
    >>> find_breach("https://files.example/a-1.whl", "https://host.example/simple", ("*.example",)) is None
    True
    >>> find_breach("http://host.example/a-1.whl", "https://host.example/simple").code
    'insecure-url'
    """
    if _ODD(url) is not None:
        return Breach("foreign-host", "its URL holds characters that clients read differently")
    if (parts := _URL(url)) is None:
        return Breach("foreign-scheme", "it is not an absolute URL")
    scheme, authority = parts[1].lower(), parts[2] or ""
    if scheme == "file":
        authority = _machine(authority, parts[3] or "")
    return _judge(scheme, authority, home, tuple(trusted_hosts))


def check_url(
    url: str, home: str, trusted_hosts: Iterable[str], *, source: str, redirected_from: str | None = None
) -> None:
    """Refuse a URL that the source called *source* may not lead to, nor redirect to.

    Raises:
        BreachError: with the code of the breach; its text shows no secret.
    """
    if (breach := find_breach(url, home, trusted_hosts)) is not None:
        cause = f", where {redact(redirected_from)} redirects to" if redirected_from else ""
        raise _ERRORS[breach.code](source, redact(url) + cause, breach)


def check_channel_url(source: Source) -> None:
    """Refuse a channel that would be read without TLS, or whose URL is not plain.

    Raises:
        InsecureUrlError: if it is neither encrypted nor on this machine nor trusted with ``http://HOST``.
        BreachError: if nothing can be said of its URL.
    """
    check_url(source.url, source.url, source.trusted_hosts, source=source.name)


@lru_cache(maxsize=1024)
def _judge(scheme: str, authority: str, home: str, trusted: tuple[str, ...]) -> Breach | None:
    """Judge a URL by its beginning: what follows decides nothing; of a file, *authority* is its machine."""
    origin = _home(home)
    own = origin.scheme if origin else ""
    if scheme in _STORES and scheme == own:
        return _judge_store(authority, origin)
    if scheme not in ("https", "http", "file"):
        return Breach("foreign-scheme", f"its scheme {scheme!r} is never followed")
    if "file" in (scheme, own):
        return _judge_file(scheme, authority, origin)
    return _judge_http(scheme, authority, origin, trusted)


def _judge_http(scheme: str, authority: str, origin: _Place | None, trusted: tuple[str, ...]) -> Breach | None:
    if "@" in authority:
        return Breach("foreign-host", "its URL holds a user name")
    if (place := _place(scheme, authority)) is None:
        return Breach("foreign-host", "its URL has no plain host name, in ASCII")
    if place.scheme == "http" and not _may_lack_tls(place, origin, trusted):
        return Breach("insecure-url", f"{place} would be asked without TLS", f"http://{place}")
    is_own = origin is not None and (place.host, place.port) == (origin.host, origin.port)
    if is_own or any(_trusts(entry, place) for entry in trusted):
        return None
    reason = f"it is on {place}, and the source is on {origin or 'no plain host'}"
    return Breach("foreign-host", reason, f"http://{place}" if scheme == "http" else str(place))


def _judge_store(authority: str, origin: _Place | None) -> Breach | None:
    """Judge what lies in an object store or a registry: there a channel leads to its own bucket alone."""
    if origin is not None and authority == origin.host:
        return None
    return Breach("foreign-host", "it is in another store than the source")


def _judge_file(scheme: str, machine: str, origin: _Place | None) -> Breach | None:
    if origin is None or origin.scheme != "file":
        return Breach("foreign-scheme", "it is a file of this machine, and the source is not")
    if scheme != "file":
        return Breach("foreign-scheme", f"a source in a folder leads to files, and this is {scheme}")
    if machine not in ("", origin.host):
        return Breach("foreign-host", "it is a file of another machine")
    return None


def _machine(authority: str, path: str) -> str:
    r"""Return whose file it is, nothing for this machine's.

    Windows takes ``file:////server/share`` for ``\\server\share``, and an encoded separator for a plain one.
    """
    host = "" if authority.lower() == "localhost" else authority.lower()
    share = "//" + path.lstrip("/").partition("/")[0].lower() if path.startswith("//") else ""
    return host + share + ("\\" if _ENCODED_SEPARATOR(path) else "")


def _may_lack_tls(place: _Place, origin: _Place | None, trusted: Iterable[str]) -> bool:
    """Tell whether http will do: on this machine, unless the source itself insists on TLS, or where it is said."""
    if is_this_machine(place.host) and not (origin and origin.scheme == "https"):
        return True
    return any(_trusts(entry, place) for entry in trusted)


def is_this_machine(host: str) -> bool:
    """Tell whether *host* is this machine, as pip's secure origins: ``localhost``, ``127.0.0.0/8`` and ``::1``."""
    if host in ("localhost", "[::1]", "::1"):
        return True
    try:
        return IPv4Address(host) in _LOOPBACK
    except AddressValueError:
        return False


@lru_cache(maxsize=64)
def _home(url: str) -> _Place | None:
    """Return where a source is at home, None where that is not plain."""
    parts = _URL(url)
    if parts is None or _ODD(url) is not None:
        return None
    scheme, authority = parts[1].lower(), parts[2] or ""
    if scheme in _STORES:
        return _Place(scheme, authority, 0)
    return _Place(scheme, _machine(authority, parts[3] or ""), 0) if scheme == "file" else _place(scheme, authority)


def _place(scheme: str, authority: str) -> _Place | None:
    if scheme not in _PORTS or (found := _AUTHORITY(authority)) is None:
        return None
    host, port = _compress(found[1].lower()), int(found[2] or _PORTS[scheme])
    return _Place(scheme, host, port) if host and port <= _HIGHEST_PORT else None


def _compress(host: str) -> str | None:
    """Return *host*, an IPv6 address in its shortest form; None where it is none."""
    if not host.startswith("["):
        return host
    try:
        return f"[{IPv6Address(host[1:-1]).compressed}]"
    except AddressValueError:
        return None


def _trusts(entry: str, place: _Place) -> bool:
    """Tell whether *entry* of a list of trusted hosts is for *place*; only ``http://`` lets TLS go."""
    if (found := _TRUSTED(entry.strip())) is None:
        return False
    scheme, host, port = (found[1] or "https").lower(), _compress(found[2].lower()), found[3]
    if host is None or (scheme == "https" and place.scheme != "https"):
        return False
    return _glob(host)(place.host) is not None and (port is None or _glob(port)(str(place.port)) is not None)


@lru_cache(maxsize=256)
def _glob(pattern: str) -> Callable[[str], re.Match[str] | None]:
    """Compile a glob in which ``*`` alone is special: brackets belong to an IPv6 address."""
    return re.compile(".*".join(map(re.escape, pattern.split("*")))).fullmatch
