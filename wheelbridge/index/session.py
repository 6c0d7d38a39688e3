"""Sessions of `requests`: retries, the cache on disk, and what the environment says of proxies, netrc and TLS.

``SSL_CERT_FILE`` holds where neither ``REQUESTS_CA_BUNDLE`` nor ``CURL_CA_BUNDLE`` is set, as with pip, uv and httpx.
"""

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from http.cookiejar import DefaultCookiePolicy
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from threading import Lock
from typing import IO, Any
from urllib.parse import urlsplit

import requests
from cachecontrol import CacheControlAdapter
from cachecontrol.caches import FileCache
from cachecontrol.serialize import Serializer
from requests.adapters import HTTPAdapter
from urllib3 import BaseHTTPResponse, HTTPResponse
from urllib3.util.retry import Retry

from wheelbridge.index.boundary import Boundary
from wheelbridge.index.credentials import Credentials, Login
from wheelbridge.index.errors import OfflineError
from wheelbridge.index.origins import Origin, origin_of
from wheelbridge.index.patience import RetryPolicy
from wheelbridge.index.system_trust import SystemTrust, is_wanted
from wheelbridge.model.boundaries import is_this_machine

POOL_SIZE = 16
_RETRIED = (429, 500, 502, 503, 504)
_UNAUTHORIZED = 401
_LONGEST_WAIT = 30.0
_ANY_AGE = "max-age=3153600000"


@dataclass(frozen=True, slots=True)
class Settings:
    """What the environment says of one origin."""

    login: Login | None
    options: Mapping[str, Any]
    asked_keyring: bool = False


class _BoundedSession(requests.Session):
    """Goes nowhere without asking the boundary: not at first, and not where a redirect leads, out of a cache or not."""

    def __init__(self, boundary: Boundary, find_settings: Callable[[str], Settings]) -> None:
        super().__init__()
        self._boundary = boundary
        self._find_settings = find_settings

    def send(
        self,
        request: requests.PreparedRequest,
        *,
        judged: str | None = None,
        **options: Any,  # noqa: ANN401 - as requests has it
    ) -> requests.Response:
        """Send one request, with the proxies of its own place; requests sends every hop of redirects this way.

        The boundary lets its URL go, or did so if it is *judged*.
        """
        url = request.url or ""
        if url != judged:
            self._boundary.check(url)
        request.headers.pop("Proxy-Authorization", None)  # requests puts it there for what may need no proxy
        return super().send(request, **{**options, "proxies": self._find_settings(url).options["proxies"]})

    def rebuild_auth(self, prepared_request: requests.PreparedRequest, response: requests.Response) -> None:
        """Judge where a redirect leads, and give the next request the login of its own origin, or none."""
        url = prepared_request.url or ""
        self._boundary.check(url, response.url)
        prepared_request.headers.pop("Authorization", None)
        if (login := self._find_settings(url).login) is not None:
            prepared_request.headers["Authorization"] = login.authorization


class Session:
    """A `requests.Session` that asks the environment once for each host, not once for each request.

    That is most of the time a request costs whose answer is in the cache.
    """

    def __init__(
        self, adapter: HTTPAdapter, boundary: Boundary, credentials: Credentials, timeout: tuple[float, float]
    ) -> None:
        self._session = _BoundedSession(boundary, self._settings)
        self._session.headers["User-Agent"] = _user_agent()
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._session.verify = os.environ.get("SSL_CERT_FILE") or True
        self._session.cert = _client_certificate()
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)
        self._boundary = boundary
        self._credentials = credentials
        self._timeout = timeout
        self._known: dict[Origin, Settings] = {}
        self._asking = Lock()

    def get(self, url: str, headers: Mapping[str, str], *, stream: bool = False) -> requests.Response:
        """Send one GET, redirects followed; raise what `requests` raises.

        Raises:
            BreachError: if *url*, or where it is redirected to, is out of bounds.
        """
        self._boundary.check(url)  # before requests makes something plain of it
        response = self._send(url, headers, stream=stream)
        if response.status_code == _UNAUTHORIZED and self._has_other_login(response):
            response.close()
            response = self._send(url, headers, stream=stream)
        return response

    def _send(self, url: str, headers: Mapping[str, str], *, stream: bool) -> requests.Response:
        settings = self._settings(url)
        request = requests.PreparedRequest()
        request.prepare(method="GET", url=url, headers={**self._session.headers, **headers})
        if settings.login is not None:
            request.headers["Authorization"] = settings.login.authorization
        return self._session.send(request, judged=url, **{**settings.options, "stream": stream})

    def _settings(self, url: str) -> Settings:
        if (settings := self._known.get(origin := origin_of(url))) is None:
            options = self._session.merge_environment_settings(url, {}, None, None, None)
            if is_this_machine(urlsplit(url).hostname or ""):
                options["proxies"] = {}
            settings = Settings(self._credentials.find(url), {**options, "timeout": self._timeout})
            self._known[origin] = settings
        return settings

    def _has_other_login(self, refused: requests.Response) -> bool:
        """Tell whether there is another login than the one *refused*: the keyring is asked, once for all threads."""
        url = refused.url
        with self._asking:
            settings = self._settings(url)
            if not settings.asked_keyring:
                login = self._credentials.ask_keyring(url) or settings.login
                settings = replace(settings, login=login, asked_keyring=True)
                self._known[origin_of(url)] = settings
        sent = refused.request.headers.get("Authorization")
        return settings.login is not None and settings.login.authorization != sent


class _Discreet(Serializer):
    """Writes no login into the cache.

    Where a server says ``Vary: Authorization``, CacheControl would keep the header's value beside the answer. Here it
    keeps that there was one.
    """

    def dumps(self, request: requests.PreparedRequest, response: HTTPResponse, body: bytes | None = None) -> bytes:
        """Return an entry."""
        return super().dumps(_discreet(request), response, body)

    def loads(
        self, request: requests.PreparedRequest, data: bytes, body_file: IO[bytes] | None = None
    ) -> HTTPResponse | None:
        """Return the response of an entry, None if it is that of another request."""
        return super().loads(_discreet(request), data, body_file)


def _discreet(request: requests.PreparedRequest) -> requests.PreparedRequest:
    if "Authorization" not in request.headers:
        return request
    copy = request.copy()
    copy.headers["Authorization"] = "given"
    return copy


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


class _TrustingCached(SystemTrust, CacheControlAdapter):
    """Goes by the system's certificates and by the cache."""


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


def _client_certificate() -> str | tuple[str, str] | None:
    """Return the certificate that a server may ask for: a file, and one with its key if that is not in it."""
    certificate, key = os.environ.get("WHEELBRIDGE_CLIENT_CERT"), os.environ.get("WHEELBRIDGE_CLIENT_KEY")
    return (certificate, key) if certificate and key else certificate or None


def cached_adapter(folder: Path, policy: RetryPolicy) -> CacheControlAdapter:
    """Make the adapter for pages and metadata: cached as ``Cache-Control`` and ``ETag`` say."""
    kind = _TrustingCached if is_wanted() else CacheControlAdapter
    return kind(
        cache=TolerantCache(folder), serializer=_Discreet(), max_retries=_retries(policy), pool_maxsize=POOL_SIZE
    )


def direct_adapter(policy: RetryPolicy) -> HTTPAdapter:
    """Make the adapter for files, which belong into a package cache and not into that of HTTP."""
    return (SystemTrust if is_wanted() else HTTPAdapter)(max_retries=_retries(policy), pool_maxsize=POOL_SIZE)


def offline_adapter(folder: Path) -> OfflineAdapter:
    """Make the adapter that never uses the network."""
    return OfflineAdapter(cache=TolerantCache(folder), serializer=_Discreet())


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
