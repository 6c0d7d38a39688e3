"""The HTTP client for channels: rattler's own, with the logins of the sources on the wire and nowhere else.

A channel's URL never holds its login: from it rattler makes the names of its caches, the records and what is written
into environments. So the login is put in between the URL and the wire, by rattler's middlewares: a mirror of the
channel under a name that nobody else knows takes the requests of that channel out of all others; to these the header
is added; a second mirror takes the name away again, and puts the path of a conda token in. Each mirror begins with
scheme, host, port and path of the channel, so no other place gets to see the login.
"""

import re
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit, urlunsplit

from rattler import Client, RepoDataRecord
from rattler.exceptions import AuthenticationStorageError
from rattler.networking import (
    AddHeadersMiddleware,
    AuthenticationMiddleware,
    GCSMiddleware,
    MirrorMiddleware,
    OciMiddleware,
    RetryMiddleware,
    S3Middleware,
)

from wheelbridge.errors import UsageError, WheelbridgeError
from wheelbridge.index.credentials import basic, bearer, places_of, split_credentials
from wheelbridge.index.keyring_logins import keyring_login
from wheelbridge.index.patience import read_policy
from wheelbridge.index.variables import SourceVariables, source_variables
from wheelbridge.model.boundaries import check_url
from wheelbridge.model.redaction import redact, redact_unreadable
from wheelbridge.model.source import Source

_LEADING_TOKEN = re.compile(r"/t/([^/]+)(?=/|$)").match
_INNER_TOKEN = re.compile(r"/t/([A-Za-z0-9-]+)(?=/|$)").search


class LoginStoreError(WheelbridgeError):
    """rattler's store of logins cannot be read."""

    code = "login-store-unreadable"

    def __init__(self) -> None:
        super().__init__(
            "The logins that RATTLER_AUTH_FILE names, or ~/.rattler/credentials.json, cannot be read",
            hint="It must be the JSON that 'pixi auth login' or 'rattler auth login' writes; write it anew.",
        )


@dataclass(frozen=True, slots=True)
class _ChannelLogin:
    """What opens one channel: the header's value, and the URL to ask instead, with its token; None: none."""

    url: str
    authorization: str | None = field(repr=False)
    tokened: str | None = field(repr=False)


def open_client(sources: Sequence[Source] = ()) -> Client:
    """Return a client for the channels among *sources*.

    It is rattler's default one: it tries again, reads ``s3``, ``gcs`` and ``oci`` URLs and takes logins from rattler's
    store and netrc. Before those come what the URL of a channel held, then its variables.

    Raises:
        LoginStoreError: if rattler's store cannot be read.
    """
    logins = [login for source in sources if source.kind == "channel" and (login := _find_login(source))]
    try:
        return Client(
            [
                RetryMiddleware(read_policy().total),
                *_login_middlewares(logins),
                AuthenticationMiddleware(),
                OciMiddleware(),
                GCSMiddleware(),
                S3Middleware(),
            ]
        )
    except AuthenticationStorageError:
        raise LoginStoreError from None  # its text may quote what is in the store


def split_channel_credentials(text: str) -> tuple[str, str | None]:
    """Take user, password and conda's token out of what a user calls a channel: a URL, a folder or a name.

    Return what is left, and the URL as it was given where it held any of them, else None. As conda does, the folder
    after ``/t/`` is taken for a token.

    >>> split_channel_credentials("https://me:secret@host.example/channel")
    ('https://host.example/channel', 'https://me:secret@host.example/channel')
    >>> split_channel_credentials("https://host.example/t/abc-def/channel")[0]
    'https://host.example/channel'
    >>> split_channel_credentials("conda-forge")
    ('conda-forge', None)

    Raises:
        UsageError: if it is a URL that cannot be read; the message shows no secret.
    """
    if "://" not in text:
        return text, None
    try:
        parts = urlsplit(text)
        plain = parts.port is None or parts.port >= 0
    except ValueError:
        plain = False
    if not plain or "@" in parts.path or "?" in text or "#" in text:
        raise UsageError(
            f"{redact_unreadable(text)} is no URL of a channel",
            hint="Write it as https://HOST/CHANNEL; in a password, write / as %2F, @ as %40, ? as %3F and # as %23.",
        )
    clean = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], path=_without_token(parts.path)))
    return clean, None if clean == text else text


def check_records(sources: Sequence[Source]) -> Callable[[RepoDataRecord], None]:
    """Return the check of where a record's URL leads, for `wheelbridge.installer.fetch.fetch_packages`.

    A record leads where its channel may lead; one whose channel is not among *sources* to that channel's own host.
    """
    by_url = {source.url: source for source in sources if source.kind == "channel"}

    def check(record: RepoDataRecord) -> None:
        channel = (record.channel or "").rstrip("/")
        source = by_url.get(channel)
        home = channel if "://" in channel else record.url
        trusted = source.trusted_hosts if source else ()
        check_url(record.url, home, trusted, source=source.name if source else redact(home))

    return check


def _without_token(path: str) -> str:
    found = _LEADING_TOKEN(path) or _INNER_TOKEN(path)
    return path if found is None else path[: found.start()] + path[found.end() :]


def _find_login(source: Source) -> _ChannelLogin | None:
    """Return what opens the channel *source*, None where nothing is known of it here."""
    given, user, password = split_credentials(source.login_url or source.url)
    variables = source_variables(source)
    header = next(_headers(source.url, user, password, variables), None)
    tokened = given.rstrip("/") if given.rstrip("/") != source.url else None
    if tokened is None and variables.conda_token:
        parts = urlsplit(source.url)
        tokened = urlunsplit(parts._replace(path=f"/t/{quote(variables.conda_token, safe='')}{parts.path}"))
    return _ChannelLogin(source.url, header, tokened) if header or tokened else None


def _headers(url: str, user: str | None, password: str | None, variables: SourceVariables) -> Iterator[str]:
    if user is not None and password is not None:
        yield basic(user, password)
    if variables.token is not None:
        yield from bearer(variables.token)
    if variables.password is not None or variables.user is not None:
        yield basic(variables.user or user or "", variables.password or "")
    if user is not None:
        yield basic(*(keyring_login(places_of(url), user) or (user, "")))


def _login_middlewares(logins: Sequence[_ChannelLogin]) -> list[MirrorMiddleware | AddHeadersMiddleware]:
    """Return what puts *logins* on the wire; see the docstring of this module."""
    if not logins:
        return []
    headers: dict[str, dict[str, str]] = {}
    marks: dict[str, list[str]] = {}
    places: dict[str, list[str]] = {}
    for login in logins:
        wire = f"{login.tokened or login.url}/"
        if login.authorization is None:
            places[f"{login.url}/"] = [wire]
            continue
        mark = secrets.token_hex(16)
        parts = urlsplit(login.url)
        marked = urlunsplit(parts._replace(path=f"/{mark}{parts.path}/"))
        headers[mark] = {"Authorization": login.authorization}
        marks[f"{login.url}/"] = [marked]
        places[marked] = [wire]

    def find_headers(_host: str, path: str) -> dict[str, str] | None:
        return headers.get(path.split("/", 2)[1])

    return [MirrorMiddleware(marks), AddHeadersMiddleware(find_headers), MirrorMiddleware(places)]
