"""Secrets out of texts: no message, log or record shows what opens a source."""

import re
from urllib.parse import urlsplit, urlunsplit

MASK = "***"
_URLS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s\"'`<>]+")
_TELLING = "token|secret|passw|pwd|sig|auth|credential|key|x-amz-|x-goog-|x-ms-|awsaccess"
_QUERY = re.compile(rf"([?&;#][^=&;#\s]*(?:{_TELLING})[^=&;#\s]*=)[^&;#\s\"']+", re.IGNORECASE)
_USER_INFO = re.compile(r"://[^/?#\s]*@")
_PASSWORD_WITH_SLASH = re.compile(r"://[^/?#\s@\[]*:[^/?#\s@]*[^0-9/?#\s@][^/?#\s@]*[/?#]\S*@")
_TOKEN = re.compile(r"(?<!:/)/t/[^/\s\"'?#]+")
_HEADER = re.compile(r"\b(Basic|Bearer) +[A-Za-z0-9._~+/=-]{4,}", re.IGNORECASE)


def redact(url: str) -> str:
    """Return *url* without what may be secret: user, password, conda's token, query, fragment.

    >>> redact("https://me:secret@host.example/simple/x/?token=1")
    'https://host.example/simple/x/'
    >>> redact("https://host.example/t/abc-def/channel/noarch/a-1-0.conda")
    'https://host.example/t/***/channel/noarch/a-1-0.conda'
    """
    try:
        parts = urlsplit(_without_login(url))
    except ValueError:
        return _without_login(url).rpartition("@")[2]
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def redact_text(text: str) -> str:
    """Return *text* with what may be secret taken out of every URL in it, and out of headers that open a source.

    >>> redact_text("error sending request for url (https://me:secret@host.example/t/abc-def/x?sig=1&page=2)")
    'error sending request for url (https://host.example/t/***/x?sig=***&page=2)'
    """
    return _HEADER.sub(rf"\1 {MASK}", _URLS.sub(lambda found: _mask(found[0]), text))


def _mask(url: str) -> str:
    return _QUERY.sub(rf"\1{MASK}", _without_login(url))


def _without_login(url: str) -> str:
    """Take out user, password and token; a password may hold a slash that should have been encoded."""
    url = _PASSWORD_WITH_SLASH.sub("://", url)
    return _TOKEN.sub(f"/t/{MASK}", _USER_INFO.sub("://", url))
