"""Sessions of `requests`: retries, the cache on disk, and what the environment says of proxies, netrc and TLS.

``SSL_CERT_FILE`` holds where neither ``REQUESTS_CA_BUNDLE`` nor ``CURL_CA_BUNDLE`` is set, as with pip, uv and httpx.
"""

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from http.cookiejar import DefaultCookiePolicy
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

import requests
from cachecontrol import CacheControlAdapter
from cachecontrol.caches import FileCache
from requests.adapters import HTTPAdapter
from requests.utils import get_netrc_auth
from urllib3 import BaseHTTPResponse
from urllib3.util.retry import Retry

from wheelbridge.index.errors import OfflineError

POOL_SIZE = 16
_RETRIED = (429, 500, 502, 503, 504)
_LONGEST_WAIT = 30.0
_ANY_AGE = "max-age=3153600000"


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How patient to be: *backoff* and *timeout* in seconds, the wait doubling with each of *total* retries."""

    total: int = 3
    backoff: float = 0.25
    timeout: float = 30.0


@dataclass(frozen=True, slots=True)
class Login:
    """Credentials, and the one origin (scheme, host and port) that gets to see them."""

    origin: tuple[str, str]
    user: str
    password: str

    def __repr__(self) -> str:
        """Show no secret."""
        return f"Login(origin={self.origin})"


def split_credentials(url: str) -> tuple[str, Login | None]:
    """Take user and password out of *url*.

    >>> split_credentials("https://me:p%40ss@host.example/simple")
    ('https://host.example/simple', Login(origin=('https', 'host.example')))
    """
    parts = urlsplit(url)
    user_info, _, host = parts.netloc.rpartition("@")
    if not user_info:
        return url, None
    user, _, password = user_info.partition(":")
    clean = urlunsplit(parts._replace(netloc=host))
    return clean, Login(_origin(clean), unquote(user), unquote(password))


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme.lower(), parts.netloc.rpartition("@")[2].lower()


@dataclass(frozen=True, slots=True)
class _Settings:
    """What the environment says of one origin."""

    login: tuple[str, str] | None
    options: Mapping[str, Any]


class Session:
    """A `requests.Session` that asks the environment once for each host, not once for each request.

    That is most of the time a request costs whose answer is in the cache.
    """

    def __init__(self, adapter: HTTPAdapter, login: Login | None, timeout: float) -> None:
        self._session = requests.Session()
        self._session.headers["User-Agent"] = _user_agent()
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._session.verify = os.environ.get("SSL_CERT_FILE") or True
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)
        self._login = login
        self._timeout = timeout
        self._known: dict[tuple[str, str], _Settings] = {}

    def get(self, url: str, headers: Mapping[str, str], *, stream: bool = False) -> requests.Response:
        """Send one GET, redirects followed; raise what `requests` raises."""
        if (settings := self._known.get(origin := _origin(url))) is None:
            settings = self._known[origin] = _Settings(
                self._find_login(url, origin),
                {**self._session.merge_environment_settings(url, {}, None, None, None), "timeout": self._timeout},
            )
        request = requests.PreparedRequest()
        request.prepare(method="GET", url=url, headers={**self._session.headers, **headers}, auth=settings.login)
        return self._session.send(request, **{**settings.options, "stream": stream})

    def _find_login(self, url: str, origin: tuple[str, str]) -> tuple[str, str] | None:
        if self._login is not None and self._login.origin == origin:
            return self._login.user, self._login.password
        return get_netrc_auth(url)


class TolerantCache(FileCache):
    """The cache of CacheControl, one file an entry; a folder that cannot be used only makes things slow."""

    def get(self, key: str) -> bytes | None:
        """Return the entry, or None."""
        with suppress(OSError):
            return super().get(key)
        return None

    def set(self, key: str, value: bytes, expires: int | datetime | None = None) -> None:
        """Write the entry atomically, so that other processes see the old or the new one."""
        with suppress(OSError):
            super().set(key, value, expires)

    def delete(self, key: str) -> None:
        """Remove the entry."""
        with suppress(OSError):
            super().delete(key)


class OfflineAdapter(CacheControlAdapter):
    """Answers from the cache only, with entries of any age."""

    def send(self, request: requests.PreparedRequest, *_args: object, **_options: object) -> requests.Response:
        """Return the cached response.

        Raises:
            OfflineError: if there is none.
        """
        request.headers["Cache-Control"] = _ANY_AGE
        if cached := self.controller.cached_request(request):
            return self.build_response(request, cached, from_cache=True)
        raise OfflineError(request.url or "")


class BoundedRetry(Retry):
    """Waits as long as the server asks for with ``Retry-After``, but not for hours."""

    def get_retry_after(self, response: BaseHTTPResponse) -> float | None:
        """Return the seconds to wait."""
        asked = super().get_retry_after(response)
        return None if asked is None else min(asked, _LONGEST_WAIT)


def cached_adapter(folder: Path, policy: RetryPolicy) -> CacheControlAdapter:
    """Make the adapter for pages and metadata: cached as ``Cache-Control`` and ``ETag`` say."""
    return CacheControlAdapter(cache=TolerantCache(folder), max_retries=_retries(policy), pool_maxsize=POOL_SIZE)


def direct_adapter(policy: RetryPolicy) -> HTTPAdapter:
    """Make the adapter for files, which belong into a package cache and not into that of HTTP."""
    return HTTPAdapter(max_retries=_retries(policy), pool_maxsize=POOL_SIZE)


def offline_adapter(folder: Path) -> OfflineAdapter:
    """Make the adapter that never uses the network."""
    return OfflineAdapter(cache=TolerantCache(folder))


def _retries(policy: RetryPolicy) -> Retry:
    return BoundedRetry(
        total=policy.total,
        backoff_factor=policy.backoff,
        status_forcelist=_RETRIED,
        allowed_methods=frozenset({"GET"}),
        raise_on_status=False,
    )


def _user_agent() -> str:
    try:
        return f"wheelbridge/{version('wheelbridge')}"
    except PackageNotFoundError:  # run out of a checkout
        return "wheelbridge/0"
