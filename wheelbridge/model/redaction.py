"""Secrets out of texts: no message, log or record shows what opens a source."""

import re
from collections.abc import Mapping
from urllib.parse import urlsplit, urlunsplit

MASK = "***"
_URLS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s\"'`<>]+")
_TELLING = "token|secret|passw|pwd|sig|auth|credential|key|x-amz-|x-goog-|x-ms-|awsaccess"
_QUERY = re.compile(rf"([?&;#][^=&;#\s]*(?:{_TELLING})[^=&;#\s]*=)[^&;#\s\"']+", re.IGNORECASE)
_USER_INFO = re.compile(r"://[^/?#\s]*@")
_PASSWORD_WITH_SLASH = re.compile(r"://[^/?#\s@\[]*:[^/?#\s@]*[^0-9/?#\s@][^/?#\s@]*[/?#]\S*@")
_TOKEN = re.compile(r"(?<!:/)/t/[^/\s\"'?#]+")
_WHOLE_TOKEN = re.compile(r"(?<!^)/t/[^/?#]+")
_QUERY_OR_FRAGMENT = re.compile(r"([?#]).*", re.DOTALL)
_HEADER = re.compile(r"\b(Basic|Bearer) +[A-Za-z0-9._~+/=-]{4,}", re.IGNORECASE)


def redact(url: str) -> str:
    """Return *url* without what may be secret: user, password, conda's token, query, fragment.

    >>> redact("https://me:secret@host.example/simple/x/?token=1")
    'https://host.example/simple/x/'
    >>> redact("https://host.example/t/abc-def/channel/noarch/a-1-0.conda")
    'https://host.example/t/***/channel/noarch/a-1-0.conda'
    """
    try:
        parts = urlsplit(_without_secrets(url))
    except ValueError:
        return _without_secrets(url).rpartition("@")[2]
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def redact_text(text: str) -> str:
    """Return *text* with what may be secret taken out of every URL in it, and out of headers that open a source.

    >>> redact_text("error sending request for url (https://me:secret@host.example/t/abc-def/x?sig=1&page=2)")
    'error sending request for url (https://host.example/t/***/x?sig=***&page=2)'
    """
    return _HEADER.sub(rf"\1 {MASK}", _URLS.sub(lambda found: _mask(found[0]), text))


def redact_argument(text: str) -> str:
    """Return one argument of a command line without what may be secret, for a history that keeps the command.

    Where an argument ends is known, so nothing is guessed from blanks, quotes or brackets: of what begins with
    ``://``, all up to the last ``@`` goes, and every query.

    >>> redact_argument("--index=mine=https://me:pa'ss <1/2>@host.example/simple")
    '--index=mine=https://host.example/simple'
    """
    before, mark, url = text.partition("://")
    if not mark or before.lower().endswith("file"):
        return redact_text(text)
    place = _QUERY_OR_FRAGMENT.sub(rf"\1{MASK}", url.rpartition("@")[2])
    return redact_text(f"{before}://{_WHOLE_TOKEN.sub(f'/t/{MASK}', place)}")


def redact_unreadable(text: str) -> str:
    """Return what can be shown of a URL whose parts cannot be told from each other.

    A login that was not encoded may hold every sign of a URL, and so may a query: behind the last ``@`` stands the
    host, unless there is a query.

    >>> redact_unreadable("https://me:123/secret@host.example/simple"), redact_unreadable("https://a/b?c=d@secret")
    ('host.example/simple', '***')
    """
    before, at, rest = text.rpartition("@")
    if not at or not (":" in before or "//" in before):
        return redact(text)
    return MASK if _QUERY_OR_FRAGMENT.search(text) else redact(rest)


def without_login(text: str) -> str:
    """Return *text* with user and password taken out of a URL in it, which opens what it opened with a login.

    For texts that are used or written to a file; what is shown goes through `redact` and its like. A password may hold
    a slash that should have been encoded.

    >>> without_login("https://me:secret@host.example/t/x/simple?page=2")
    'https://host.example/t/x/simple?page=2'
    """
    return _USER_INFO.sub("://", _PASSWORD_WITH_SLASH.sub("://", text))


def without_telling_query(url: str) -> str:
    """Return *url* without its query and fragment if these may open it, for what is kept where others may read it.

    >>> without_telling_query("https://host.example/a.whl?sig=1"), without_telling_query("https://host.example/a?page=2")
    ('https://host.example/a.whl', 'https://host.example/a?page=2')
    """
    return _QUERY_OR_FRAGMENT.sub("", url, count=1) if _QUERY.search(url) else url


def conceal(text: str, hidden: Mapping[str, str]) -> str:
    """Return *text* with the variables in the place of their values, in whatever letters those stand there.

    >>> conceal("no file s3cret.txt, nor S3CRET", {"s3cret": "${NAME}"})
    'no file ${NAME}.txt, nor ${NAME}'
    """
    if not hidden:
        return text
    written = {value.lower(): name for value, name in hidden.items()}
    values = re.compile("|".join(map(re.escape, sorted(hidden, key=len, reverse=True))), re.IGNORECASE)
    return values.sub(lambda found: written.get(found[0].lower(), MASK), text)


def _mask(url: str) -> str:
    return _QUERY.sub(rf"\1{MASK}", _without_secrets(url))


def _without_secrets(url: str) -> str:
    return _TOKEN.sub(f"/t/{MASK}", without_login(url))
