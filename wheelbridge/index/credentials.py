"""Logins of indexes: where they are looked for, and the one origin that gets to see each.

In this order: the URL of the index; the environment variables of the source; netrc; rattler's store, which pixi and
rattler fill; the keyring, where it is installed.
"""

import json
import logging
import os
import re
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from netrc import NetrcParseError, netrc
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

from wheelbridge.index.keyring_logins import keyring_login
from wheelbridge.index.origins import Origin, origin_of
from wheelbridge.index.variables import SourceVariables

_log = logging.getLogger(__name__)
_warn_once = cache(_log.warning)
_PLAIN = re.compile(r"[\x21-\x7e]+").fullmatch
_TOKEN_USER = "__token__"  # noqa: S105 - the user name that goes with an API token of the public index and others


@dataclass(frozen=True, slots=True)
class Login:
    """The value of the header ``Authorization``, and the one origin (scheme, host and port) that gets to see it."""

    origin: Origin
    authorization: str = field(repr=False)


def basic(user: str, password: str) -> str:
    """Return the header's value for a user with a password, in UTF-8 (RFC 7617).

    >>> basic("me", "secret")
    'Basic bWU6c2VjcmV0'
    """
    return "Basic " + b64encode(f"{user}:{password}".encode()).decode("ascii")


def bearer(token: str) -> Iterator[str]:
    """Yield the header's value for *token*; nothing where it is none: libraries quote a header that they cannot send.

    >>> list(bearer("abc.def")), list(bearer("abc def"))
    (['Bearer abc.def'], [])
    """
    if _PLAIN(token) is not None:
        yield f"Bearer {token}"
    else:
        _log.warning("A bearer's token holds characters that no header may hold; it is not used")


def split_credentials(url: str) -> tuple[str, str | None, str | None]:
    """Take user and password out of *url*; they are None where there are none.

    >>> split_credentials("https://me:p%40ss@host.example/simple")
    ('https://host.example/simple', 'me', 'p@ss')
    """
    parts = urlsplit(url)
    user_info, _, host = parts.netloc.rpartition("@")
    if not user_info:
        return url, None, None
    user, colon, password = user_info.partition(":")
    clean = urlunsplit(parts._replace(netloc=host))
    return clean, unquote(user), unquote(password) if colon else None


def places_of(url: str) -> tuple[str, str]:
    """Return what the keyring is asked for: the URL of a source, then its host."""
    return url, urlsplit(url).netloc


class Credentials:
    """Finds the login for a URL; safe to share between threads.

    Args:
        home: the URL of the index, without credentials.
        user: out of that URL.
        password: out of that URL.
        variables: of the source, for its own origin alone.
    """

    def __init__(
        self,
        home: str,
        user: str | None = None,
        password: str | None = None,
        variables: SourceVariables | None = None,
    ) -> None:
        self._home = home
        self._user = user
        self.__password = password
        self.__variables = variables or SourceVariables()

    def __repr__(self) -> str:
        """Show no secret."""
        return f"Credentials({self._home!r})"

    def find(self, url: str) -> Login | None:
        """Return the login that goes along with a request of *url*, None where none is known.

        The keyring is asked only where the URL has a user name and nobody knows the password.
        """
        for value in self._values(url, is_home=self._is_home(url)):
            return Login(origin_of(url), value)
        return None

    def ask_keyring(self, url: str) -> Login | None:
        """Return the login that the keyring has for *url*; to be asked when a server wants one."""
        if self._is_home(url):
            found = keyring_login(places_of(self._home), self._user)
        else:
            found = keyring_login([urlsplit(url).netloc], None)
        return None if found is None else Login(origin_of(url), basic(*found))

    def _is_home(self, url: str) -> bool:
        return origin_of(url) == origin_of(self._home)

    def _values(self, url: str, *, is_home: bool) -> Iterator[str]:
        if is_home and self._user is not None and self.__password is not None:
            yield basic(self._user, self.__password)
        if is_home:
            yield from _from_variables(self.__variables, self._user)
        user = self._user if is_home else None
        yield from _from_netrc(urlsplit(url).hostname or "", user, may_be_default=is_home)
        if user is None:
            yield from _from_store(urlsplit(url).hostname or "")
        else:
            found = keyring_login(places_of(self._home), user)
            yield basic(*(found or (user, "")))


def _from_variables(variables: SourceVariables, user: str | None) -> Iterator[str]:
    if variables.token is not None:
        yield basic(variables.user or user or _TOKEN_USER, variables.token)
    if variables.password is not None or variables.user is not None:
        yield basic(variables.user or user or "", variables.password or "")


def _from_netrc(host: str, user: str | None, *, may_be_default: bool) -> Iterator[str]:
    """Read the entry of *host*; that of ``default`` is for every host, so a page or a redirect could lead it away."""
    entries = _load_netrc()
    found = entries.get(host) or (entries.get("default") if may_be_default else None)
    if found is None:
        return
    login, account, password = found
    if user in (None, login or account):
        yield basic(login or account or "", password or "")


def _load_netrc() -> Mapping[str, tuple[str, str | None, str | None]]:
    """Read the file that ``NETRC`` names, else ``~/.netrc`` or ``~/_netrc``, as requests and curl do."""
    named = os.environ.get("NETRC")
    for text in ("~/.netrc", "~/_netrc") if named is None else (named,):
        path = os.path.expanduser(text)  # noqa: PTH111 - Path's raises where there is no home
        if Path(path).exists():
            try:
                return netrc(path).hosts
            except (NetrcParseError, OSError, ValueError) as error:  # its text may quote the file
                _warn_once("%s cannot be read (%s); the logins in it are not used", path, type(error).__name__)
                break
    return {}


def _from_store(host: str) -> Iterator[str]:
    """Read rattler's store: JSON, a host or ``*.domain`` -> one kind of login.

    rattler_networking, ``storage.rs``: the file that ``RATTLER_AUTH_FILE`` names comes first, then
    ``~/.rattler/credentials.json``; "including the authentication information for the wildcard host if no credentials
    are found for the given host". Conda's tokens and S3 keys are of no use to an index.
    """
    named = os.environ.get("RATTLER_AUTH_FILE")
    at_home = os.path.expanduser("~/.rattler/credentials.json")  # noqa: PTH111 - as above
    paths = [Path(path) for path in (named, at_home) if path]
    stores = [store for path in paths if (store := _load_store(path))]
    labels = host.split(".")
    for key in (host, *("*." + ".".join(labels[start:]) for start in range(len(labels)))):
        for store in stores:
            match store.get(key):
                case {"BasicHTTP": {"username": str(user), "password": str(password)}}:
                    yield basic(user, password)
                case {"BearerToken": str(token)} | {"OAuth": {"access_token": str(token)}}:
                    yield from bearer(token)


def _load_store(path: Path) -> Mapping[str, object]:
    try:
        store = json.loads(path.read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        _warn_once("%s cannot be read (%s); the logins in it are not used", str(path), type(error).__name__)
        return {}
    return store if isinstance(store, dict) else {}
