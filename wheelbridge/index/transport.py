"""HTTP as an index client needs it: whole bodies, slices and streams, each complete or an error."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import requests
from cachecontrol import CacheController

from wheelbridge.index.boundary import Boundary
from wheelbridge.index.credentials import Credentials
from wheelbridge.index.errors import TruncatedBodyError
from wheelbridge.index.http_errors import raise_for_status, translate_failures
from wheelbridge.index.patience import RetryPolicy
from wheelbridge.index.ranges import RangesUnsupportedError, Slice
from wheelbridge.index.session import (
    Session,
    TolerantCache,
    cached_adapter,
    direct_adapter,
    offline_adapter,
)

_CHUNK = 256 * 1024
_PARTIAL = 206
_MISSING = frozenset({404, 410})
_NO_RANGES = frozenset({200, 400, 405, 406, 416, 501})
_UNCOMPRESSED = {"Accept-Encoding": "identity"}
_CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)").fullmatch
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole body; *url* is where it came from after redirects."""

    url: str
    content_type: str
    body: bytes = field(repr=False)


class Transport:
    """GET requests, shared between threads; "there is no such thing" (404, 410) is an answer, None.

    Every method raises `IndexUnauthorizedError`, `IndexUnavailableError`, `TruncatedBodyError` and `OfflineError`, and
    the errors of `wheelbridge.model.boundaries` before a request goes, or is redirected, out of bounds.
    """

    def __init__(
        self, cache: Path, boundary: Boundary, credentials: Credentials, policy: RetryPolicy, *, offline: bool
    ) -> None:
        self._policy = policy
        self._cache = TolerantCache(cache)
        cached = offline_adapter(cache) if offline else cached_adapter(cache, policy)
        direct = offline_adapter(cache) if offline else direct_adapter(policy)
        self._cached = Session(cached, boundary, credentials, policy.timeouts)
        self._direct = Session(direct, boundary, credentials, policy.timeouts)

    def get(
        self, url: str, accept: str = "*/*", *, direct: bool = False, missing: frozenset[int] = frozenset()
    ) -> Answer | None:
        """Return the body at *url*; a truncated one is asked for again.

        Args:
            url: absolute.
            accept: the ``Accept`` header.
            direct: past the HTTP cache, for what has a cache of its own.
            missing: statuses that mean "there is no such thing" beside 404 and 410.
        """
        session = self._direct if direct else self._cached
        return self.patiently(lambda: _get(session, url, accept, _MISSING | missing))

    def forget(self, url: str) -> None:
        """Drop *url* from the HTTP cache: the answer was nonsense."""
        self._cache.delete(CacheController.cache_url(url))

    def get_slice(self, url: str, first: int | None, last: int) -> Slice | None:
        """Return the bytes from *first* to *last*, inclusive, or the last *last* bytes where *first* is None.

        Raises:
            RangesUnsupportedError: if the server sends something else.
        """
        wanted = f"bytes=-{last}" if first is None else f"bytes={first}-{last}"
        with translate_failures(url):
            response = self._direct.get(url, {"Range": wanted, **_UNCOMPRESSED}, stream=True)
            with closing(response):
                if response.status_code in _MISSING:
                    return None
                return _read_slice(response, url, first)

    @contextmanager
    def stream(self, url: str) -> Iterator[Iterator[bytes] | None]:
        """Open the body at *url* as chunks."""
        with translate_failures(url):
            response = self._direct.get(url, _UNCOMPRESSED, stream=True)
        with closing(response):
            if response.status_code in _MISSING:
                yield None
            else:
                raise_for_status(response, url)
                yield _chunks(response, url)

    def patiently(self, action: Callable[[], _T]) -> _T:
        """Do *action* again when a body was truncated; all else is retried below, before a body begins."""
        for attempt in range(self._policy.total):
            try:
                return action()
            except TruncatedBodyError:
                time.sleep(self._policy.backoff * 2**attempt)
        return action()


def _get(session: Session, url: str, accept: str, missing: frozenset[int]) -> Answer | None:
    with translate_failures(url):
        response = session.get(url, {"Accept": accept})
        if response.status_code in missing:
            return None
        raise_for_status(response, url)
        return Answer(response.url, response.headers.get("Content-Type", ""), response.content)


def _read_slice(response: requests.Response, url: str, first: int | None) -> Slice:
    """Check status, range and length: RFC 9110 lets a server ignore the header, and some get it wrong."""
    if response.status_code in _NO_RANGES:
        raise RangesUnsupportedError
    if response.status_code != _PARTIAL:
        raise_for_status(response, url)
    if (found := _CONTENT_RANGE(response.headers.get("Content-Range", ""))) is None:
        raise RangesUnsupportedError
    start, end, total = map(int, found.groups())
    piece = Slice(start, total, response.content)
    if piece.end != end + 1 or (start != first if first is not None else end + 1 != total):
        raise RangesUnsupportedError
    return piece


def _chunks(response: requests.Response, url: str) -> Iterator[bytes]:
    with translate_failures(url):
        yield from response.iter_content(_CHUNK)
