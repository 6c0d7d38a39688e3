"""Project pages: from what a server sent to `ProjectPage`, in whichever form it chose."""

from wheelbridge.index.errors import NotAnIndexPageError
from wheelbridge.index.page_checks import PageSource
from wheelbridge.index.page_json import parse_json_page
from wheelbridge.model.distribution import ProjectPage

ACCEPT = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.01"
"""PEP 691: "we want to prefer that we get a v1 response serialized using JSON, however we also can support … HTML"."""

JSON_TYPE = "application/vnd.pypi.simple.v1+json"
HTML_TYPE = "application/vnd.pypi.simple.v1+html"
_JSON_TYPES = frozenset({JSON_TYPE, "application/json"})
_HTML_TYPES = frozenset({HTML_TYPE, "text/html"})


def parse_page(source: PageSource) -> ProjectPage:
    """Read a project page, files on places where its index may not lead included.

    PEP 691: a server "may even return a content type that they did not ask for".

    Raises:
        NotAnIndexPageError: if it is neither JSON nor HTML, or HTML of something else.
        InvalidIndexPageError: if it breaks the specification.
        UnsupportedIndexVersionError: if its API has another major version.
    """
    media_type = source.content_type.partition(";")[0].strip().lower()
    if media_type in _JSON_TYPES:
        return parse_json_page(source)
    if media_type in _HTML_TYPES:
        from wheelbridge.index.page_html import parse_html_page  # noqa: PLC0415 - 280 ms that JSON does not need

        return parse_html_page(source)
    raise NotAnIndexPageError(source.url, source.content_type)
