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
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

_log = logging.getLogger(__name__)
_PLAIN = re.compile(r"[\x21-\x7e]+").fullmatch
_TOKEN_USER = "__token__"  # noqa: S105 - the user name that goes with an API token of the public index and others


@dataclass(frozen=True, slots=True)
class Login:
    """The value of the header ``Authorization``, and the one origin (scheme, host and port) that gets to see it."""

    origin: tuple[str, str]
    authorization: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SourceVariables:
    """What the environment says of one source: ``WHEELBRIDGE_SOURCE_<NAME>_USERNAME`` and its like."""

    user: str | None = field(repr=False)
    password: str | None = field(repr=False)
    token: str | None = field(repr=False)
    conda_token: str | None = field(repr=False)


def source_variables(name: str, environ: Mapping[str, str] | None = None) -> SourceVariables:
    """Read the variables of the source called *name*; an empty one is as good as none.

    >>> source_variables("my-corp", {"WHEELBRIDGE_SOURCE_MY_CORP_USERNAME": "me"}).user
    'me'
    """
    environ = os.environ if environ is None else environ
    prefix = "WHEELBRIDGE_SOURCE_" + re.sub("[^A-Z0-9]", "_", name.upper())
    values = (environ.get(f"{prefix}_{what}") or None for what in ("USERNAME", "PASSWORD", "TOKEN", "CONDA_TOKEN"))
    return SourceVariables(*values)


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


def origin_of(url: str) -> tuple[str, str]:
    """Return scheme and host with port, in lower case.

    >>> origin_of("HTTPS://me:secret@Host.example:8443/simple")
    ('https', 'host.example:8443')
    """
    parts = urlsplit(url)
    return parts.scheme.lower(), parts.netloc.rpartition("@")[2].lower()


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


def keyring_login(url: str, user: str | None) -> tuple[str, str] | None:
    """Return user and password that the keyring has for *url* or its host, as pip and uv ask it; None: none."""
    try:
        import keyring  # noqa: PLC0415 - an optional extra, slow to import
    except ImportError:
        return None
    for service in (url, urlsplit(url).netloc):
        try:
            found = keyring.get_credential(service, user)
        except Exception as error:  # noqa: BLE001 - a backend may raise anything, and the text may hold anything
            _log.warning("The keyring cannot be used (%s)", type(error).__name__)
            return None
        if found is not None and found.password is not None:
            return found.username or user or "", found.password
    return None


class Credentials:
    """Finds the login for a URL; safe to share between threads.

    Args:
        name: of the source, for its environment variables.
        home: the URL of the index, without credentials.
        user: out of that URL.
        password: out of that URL.
    """

    def __init__(self, name: str, home: str, user: str | None = None, password: str | None = None) -> None:
        self._name = name
        self._home = home
        self._user = user
        self.__password = password

    def __repr__(self) -> str:
        """Show no secret."""
        return f"Credentials({self._name!r})"

    def find(self, url: str) -> Login | None:
        """Return the login that goes along with a request of *url*, None where none is known.

        The keyring is asked only where the URL has a user name and nobody knows the password.
        """
        origin = origin_of(url)
        for value in self._values(url, is_home=origin == origin_of(self._home)):
            return Login(origin, value)
        return None

    def ask_keyring(self, url: str) -> Login | None:
        """Return the login that the keyring has for *url*; to be asked when a server wants one."""
        is_home = origin_of(url) == origin_of(self._home)
        found = keyring_login(self._home if is_home else url, self._user if is_home else None)
        return None if found is None else Login(origin_of(url), basic(*found))

    def _values(self, url: str, *, is_home: bool) -> Iterator[str]:
        if is_home and self._user is not None and self.__password is not None:
            yield basic(self._user, self.__password)
        if is_home:
            yield from _from_variables(source_variables(self._name), self._user)
        user = self._user if is_home else None
        yield from _from_netrc(url, user)
        if user is None:
            yield from _from_store(urlsplit(url).hostname or "")
        else:
            found = keyring_login(self._home, user)
            yield basic(*(found or (user, "")))


def _from_variables(variables: SourceVariables, user: str | None) -> Iterator[str]:
    if variables.token is not None:
        yield basic(variables.user or user or _TOKEN_USER, variables.token)
    if variables.password is not None or variables.user is not None:
        yield basic(variables.user or user or "", variables.password or "")


def _from_netrc(url: str, user: str | None) -> Iterator[str]:
    from requests.utils import get_netrc_auth  # noqa: PLC0415 - whoever has a URL to fetch has imported it already

    found = get_netrc_auth(url)
    if found is not None and user in (None, found[0]):
        yield basic(*found)


def _from_store(host: str) -> Iterator[str]:
    """Read rattler's store: JSON, a host or ``*.domain`` -> one kind of login.

    rattler_networking, ``storage.rs``: the file that ``RATTLER_AUTH_FILE`` names comes first, then
    ``~/.rattler/credentials.json``; "including the authentication information for the wildcard host if no credentials
    are found for the given host". Conda's tokens and S3 keys are of no use to an index.
    """
    named = os.environ.get("RATTLER_AUTH_FILE")
    paths = ([Path(named)] if named else []) + [Path("~/.rattler/credentials.json").expanduser()]
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
        _log.warning("%s cannot be read (%s); the logins in it are not used", path, type(error).__name__)
        return {}
    return store if isinstance(store, dict) else {}
