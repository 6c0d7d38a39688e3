"""Project pages in HTML (PEP 503), read with pypi-simple.

Imported only for a page that is HTML: the import takes a quarter of a second.
"""

import re
from collections.abc import Iterator
from email.message import Message
from urllib.parse import unquote, urlsplit

from pypi_simple import DistributionPackage, Link, parse_links_stream

from wheelbridge.index.errors import InvalidIndexPageError, NotAnIndexPageError
from wheelbridge.index.page_checks import (
    LieError,
    PageSource,
    check_api_version,
    check_filename,
    check_hashes,
)
from wheelbridge.model.distribution import DistributionFile, ProjectPage

_FILE = r".+(?:\.(?:whl|tar\.\w+|t[bgx]z|zip|egg|exe|msi|rpm|deb|dmg)|-variants\.json)"
_DISTRIBUTION = re.compile(_FILE, re.IGNORECASE).fullmatch
_VERSION_TAG = re.compile(rb"""<meta\s[^>]*\bname=["']?pypi:repository-version\b[^>]*>""", re.IGNORECASE)
_CONTENT = re.compile(rb"""\bcontent=["']?([^"'\s>]*)""", re.IGNORECASE)
_TITLE = re.compile(rb"<(?:title|h1)[^>]*>[^<]*links for", re.IGNORECASE)
_INTERACTIVE = re.compile(
    rb"""<(?:a|form|script|iframe|object|input|button)\b|http-equiv=["']?refresh""", re.IGNORECASE
)


def parse_html_page(source: PageSource) -> ProjectPage:
    """Read a page of PEP 503; links that lead to no distribution are ignored.

    PEP 503: "There may be any other HTML elements on the API pages as long as the required anchor elements exist."

    Raises:
        NotAnIndexPageError: if nothing on it is a file, and it does not look like an empty project page either.
        InvalidIndexPageError: if a file's hash is none.
        UnsupportedIndexVersionError: if its API has another major version.
    """
    if (version := _api_version(source.body)) is not None:
        check_api_version(version, source.url)
    try:
        files = tuple(_read_files(source))
    except LieError as lie:
        raise InvalidIndexPageError(source.url, lie.path, lie.reason) from None
    if not files and version is None and not _is_empty_listing(source):
        raise NotAnIndexPageError(source.url, source.content_type)
    return ProjectPage(source.project, files)


def _api_version(body: bytes) -> str | None:
    """Read PEP 629: "a meta tag …, which contains a name attribute of "pypi:repository-version""."""
    if (tag := _VERSION_TAG.search(body)) is None or (content := _CONTENT.search(tag[0])) is None:
        return None
    return content[1].decode("ascii", "replace")


def _is_empty_listing(source: PageSource) -> bool:
    """Tell an index page without files from the login page of a network.

    It says what it is in its media type or title, or has nothing that a person could click on.
    """
    return (
        source.content_type.lower().startswith("application/vnd.pypi.simple.")
        or _TITLE.search(source.body) is not None
        or _INTERACTIVE.search(source.body) is None
    )


def _read_files(source: PageSource) -> Iterator[DistributionFile]:
    for link in _links(source):
        if (filename := _filename(link)) is None:
            continue
        try:
            file = _read_file(filename, _read_link(link))
        except LieError as lie:
            raise LieError(f"the link {filename!r}, {lie.path}", lie.reason) from None
        yield file


def _links(source: PageSource) -> list[Link]:
    """Return the links of the page, whose version is known by now: pypi-simple would warn of a newer minor one."""
    header = Message()
    header["content-type"] = source.content_type
    try:
        return list(parse_links_stream([_VERSION_TAG.sub(b"", source.body)], source.url, header.get_content_charset()))
    except (ValueError, LookupError) as error:
        raise LieError("a link", f"it cannot be read ({error})") from None


def _filename(link: Link) -> str | None:
    """Return the file that *link* leads to, or None if that is no distribution.

    PEP 503: "the text of the anchor tag MUST match the final path component (the filename) of the URL". Where it does
    not, as on pages that shorten long names, the URL is right.
    """
    for name in (unquote(urlsplit(link.url).path.rpartition("/")[2]), link.text):
        if _DISTRIBUTION(name) is not None:
            return check_filename(name)
    return None


def _read_link(link: Link) -> DistributionPackage:
    """Read PEP 714: the older attribute counts "if it is present but ``data-core-metadata`` is not"."""
    if (older := link.attrs.get("data-dist-info-metadata")) is not None:
        link.attrs.setdefault("data-core-metadata", older)
    return DistributionPackage.from_link(link)


def _read_file(filename: str, package: DistributionPackage) -> DistributionFile:
    metadata = package.metadata_digests if package.has_metadata else None
    return DistributionFile(
        filename=filename,
        url=package.url,
        hashes=check_hashes(package.digests, "hash"),
        requires_python=(package.requires_python or "").strip() or None,
        yanked=package.yanked_reason if package.is_yanked else None,
        core_metadata=None if metadata is None else check_hashes(metadata, "data-core-metadata"),
        provenance=package.provenance_url or None,
    )
