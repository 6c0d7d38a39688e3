"""What `requests` raises, in words that say what to do."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager

import requests
from urllib3 import exceptions as urllib3_errors

from wheelbridge.errors import WheelbridgeError
from wheelbridge.index.errors import IndexUnauthorizedError, IndexUnavailableError, TruncatedBodyError

_UNAUTHORIZED = frozenset({401, 403, 407})
_OK = 200
_TLS_HINT = "Point SSL_CERT_FILE or REQUESTS_CA_BUNDLE to the certificates that this network uses."
_PROXY_HINT = "Check HTTP_PROXY, HTTPS_PROXY and NO_PROXY."


def raise_for_status(response: requests.Response, url: str) -> None:
    """Accept 200 only.

    Raises:
        IndexUnauthorizedError: for 401, 403 and 407; they never mean "not found".
        IndexUnavailableError: for every other status.
    """
    if response.status_code in _UNAUTHORIZED:
        raise IndexUnauthorizedError(url, response.status_code)
    if response.status_code != _OK:
        raise IndexUnavailableError(url, f"it answered {response.status_code} {response.reason or ''}".rstrip())


@contextmanager
def translate_failures(url: str) -> Iterator[None]:
    """Turn what `requests` raises in the block into errors of this package.

    Raises:
        TruncatedBodyError: if the body ended too early.
        IndexUnavailableError: for all else.
    """
    try:
        yield
    except OSError as error:  # every error of requests is one, and a missing certificate file too
        raise _translate(error, url) from error


def _translate(error: OSError, url: str) -> WheelbridgeError:
    chain = list(_chain(error))
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return _truncated(chain, url)
    if isinstance(error, requests.exceptions.ProxyError):
        return IndexUnavailableError(url, "the proxy does not connect", hint=_PROXY_HINT)
    for kind, reason, hint in _REASONS:
        if (found := next((link for link in chain if isinstance(link, kind)), None)) is not None:
            return IndexUnavailableError(url, reason.format(found), hint=hint)
    return IndexUnavailableError(url, f"the request failed ({type(error).__name__})")


_REASONS: tuple[tuple[type[Exception] | tuple[type[Exception], ...], str, str | None], ...] = (
    ((urllib3_errors.NameResolutionError, socket.gaierror), "its host name cannot be resolved", None),
    (ssl.SSLError, "its TLS certificate or protocol is not accepted ({})", _TLS_HINT),
    (ConnectionRefusedError, "the connection was refused", None),
    ((urllib3_errors.TimeoutError, requests.exceptions.Timeout, TimeoutError), "it does not answer in time", None),
    ((ConnectionError, urllib3_errors.ProtocolError), "the connection broke off", None),
    (requests.exceptions.TooManyRedirects, "it redirects without end", None),
    (requests.exceptions.ContentDecodingError, "its answer cannot be decompressed", None),
    (requests.exceptions.ConnectionError, "no connection can be made", None),
    (requests.exceptions.RequestException, "the URL cannot be requested", None),
    (OSError, "{}", _TLS_HINT),
)
"""The first kind that occurs among an error and its causes decides."""


def _truncated(chain: list[BaseException], url: str) -> TruncatedBodyError:
    for link in chain:
        received, missing = getattr(link, "partial", None), getattr(link, "expected", None)
        if isinstance(received, int) and isinstance(missing, int):
            return TruncatedBodyError(url, received, received + missing)
    return TruncatedBodyError(url)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield *error* and what it was made from, each once: requests and urllib3 nest in four different ways."""
    pending = [error]
    seen: set[int] = set()
    while pending:
        link = pending.pop(0)
        if id(link) in seen:
            continue
        seen.add(id(link))
        yield link
        nested = (getattr(link, "reason", None), *link.args, link.__cause__, link.__context__)
        pending.extend(item for item in nested if isinstance(item, BaseException))
