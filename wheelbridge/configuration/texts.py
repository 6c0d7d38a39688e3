"""The small texts that files and command lines share: names, hosts, patterns, URLs with a login."""

import re
from collections.abc import Iterator
from ipaddress import AddressValueError, IPv6Address

from packaging.markers import InvalidMarker, Marker

from wheelbridge.model.redaction import without_login

_TOKEN = re.compile(r"(://[^/\s]+)/t/[^/\s]+")
_INNER_TOKEN = re.compile(r"/t/[A-Za-z0-9-]+(?=/|$)")
"""Behind an alias with a path; tokens are made of these signs."""
_NAME = re.compile(r"[^\s=,;]+")
_HOST = re.compile(
    r"(?:https?://)?(?:\[(?P<ipv6>[0-9A-Fa-f:.]+)\]|[A-Za-z0-9_*-]+(?:\.[A-Za-z0-9_*-]+)*\.?)(?::(?P<port>[1-9*][0-9*]{0,8}))?",
    re.IGNORECASE,
)
_HIGHEST_PORT = 65535
_QUERY = re.compile(r"[?#].*", re.DOTALL)
_PATTERN = re.compile(r"(?:(?P<kind>conda|pypi):)?(?P<glob>[^\s:=,;]+)")
_SEPARATORS = re.compile(r"[-_.]+")


def without_token(url: str) -> str:
    """Take user, password and conda's token out of *url*.

    >>> without_token("https://me:secret@host.example/t/to-ken/channel")
    'https://host.example/channel'
    >>> without_token("https://host.example/conda/t/to-ken/channel")
    'https://host.example/conda/channel'
    """
    bare = without_login(url)
    clean = _TOKEN.sub(r"\1", bare)
    return _INNER_TOKEN.sub("", bare, count=1) if clean == bare else clean


def index_name(url: str) -> str:
    """Return what an index at *url* goes by: the last part of its path that says something, or its host.

    >>> index_name("https://host.example/corp/simple/"), index_name("https://host.example/simple")
    ('corp', 'host.example')
    """
    place = _QUERY.sub("", url.partition("://")[2])
    parts = [part for part in place.split("/") if part and part != "simple"]
    return parts[-1].rpartition("@")[2] if parts else url


def is_source_name(text: str) -> bool:
    """Tell whether *text* can name a source where routes list them.

    >>> is_source_name("corp"), is_source_name("a,b"), is_source_name("")
    (True, False, False)
    """
    return _NAME.fullmatch(text) is not None


def is_host(text: str) -> bool:
    """Tell whether *text* is a host, as a glob, with or without a port, that may be trusted: a URL's could match it.

    >>> is_host("*.host.example"), is_host("http://host.example:8080"), is_host("[::1]:*")
    (True, True, True)
    >>> [is_host(text) for text in ("host.example/x", "host.example:", "host.example:99999", "bücher.example", "[f]")]
    [False, False, False, False, False]
    """
    if (found := _HOST.fullmatch(text)) is None:
        return False
    port, address = found["port"], found["ipv6"]
    if port and port.isdecimal() and int(port) > _HIGHEST_PORT:
        return False
    try:
        return address is None or bool(IPv6Address(address))
    except AddressValueError:
        return False


def is_marker(text: str) -> bool:
    """Tell whether *text* is a marker (PEP 508).

    >>> is_marker("sys_platform == 'linux'"), is_marker("linux")
    (True, False)
    """
    try:
        Marker(text)
    except InvalidMarker:
        return False
    return True


def read_patterns(text: str) -> Iterator[str]:
    """Yield the patterns that *text* stands for, in the spelling that names are compared in; none if it cannot be read.

    Projects are compared by their normalized name (PEP 503), conda packages as they are called.

    >>> list(read_patterns("corp-*")), list(read_patterns("pypi:My_Tool")), list(read_patterns("a b"))
    (['corp-*'], ['pypi:my-tool'], [])
    >>> list(read_patterns("my_tool"))
    ['conda:my_tool', 'pypi:my-tool']
    """
    match = _PATTERN.fullmatch(text)
    if match is None:
        return
    glob = match["glob"].lower()
    normal = _SEPARATORS.sub("-", glob)
    if match["kind"] is None and glob == normal:
        yield glob
    if match["kind"] == "conda" or (match["kind"] is None and glob != normal):
        yield f"conda:{glob}"
    if match["kind"] == "pypi" or (match["kind"] is None and glob != normal):
        yield f"pypi:{normal}"
