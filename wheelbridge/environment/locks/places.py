"""Where the files of a lock lie: paths relative to the lock in the place of a machine's own, and no secrets in URLs."""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from wheelbridge.environment.lock import Lock, LockedFile, LockedPackage, LockedRequest, LockedSource, LockedTarget
from wheelbridge.errors import WheelbridgeError
from wheelbridge.model.redaction import redact_text, without_login

_TOKEN = re.compile(r"(?<!:/)/t/[^/?#]+")
_URLS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://\S+")
_DRIVE = re.compile(r"/[A-Za-z]:")


class SecretInLockError(WheelbridgeError):
    """A URL holds what may open its source, and cannot do without."""

    code = "secret-in-lock"

    def __init__(self, name: str, url: str) -> None:
        super().__init__(
            f"The URL of {name} holds what may be a secret: {redact_text(url)}",
            hint="A lock is shared: serve the file under a URL that needs a login from the keyring or a netrc file.",
        )
        self.name = name


def as_written(lock: Lock, folder: Path | None) -> Lock:
    """Return *lock* as its text in *folder* says it: a relative path in the place of each URL of this machine.

    Without a folder, URLs of this machine stay.

    User, password and conda's token are taken out of URLs; they come from elsewhere. `given` is None everywhere: what
    is written stands in `url`.

    Raises:
        SecretInLockError: if a query of a URL may be a secret.
    """
    base = None if folder is None else Path(os.path.abspath(folder))  # noqa: PTH100 - no link is followed

    def place(name: str, url: str) -> _Place:
        return _Place((path_between(base, url) if base else None) or _without_secrets(name, url))

    made = _replaced(lock, place)
    return replace(made, request=None if made.request is None else request_as_written(made.request))


def request_as_written(request: LockedRequest) -> LockedRequest:
    """Return what a lock answers as its text says it: without logins.

    Raises:
        SecretInLockError: if a query of a URL may be a secret.
    """
    return replace(
        request,
        specs=texts_as_written("a spec", request.specs),
        requirements=texts_as_written("a requirement", request.requirements),
        constraints=texts_as_written("a constraint", request.constraints),
        links=texts_as_written("a requirement", request.links),
    )


def as_read(lock: Lock, folder: Path) -> Lock:
    """Return *lock*, whose text in *folder* says what `as_written` makes: paths become ``file:`` URLs, and `given`."""
    base = Path(os.path.abspath(folder)).as_posix()  # noqa: PTH100 - no link is followed

    def place(name: str, text: str) -> _Place:
        del name
        return _Place(text) if is_url(text) else _Place(file_url(text, base), given=text)

    return _replaced(lock, place)


def path_between(folder: Path, url: str) -> str | None:
    """Return the path to what a ``file:`` URL leads to, with ``./`` or ``../`` before it; None for other URLs.

    >>> path_between(Path("/work/locks"), "file:///work/wheels/my%20a-1-py3-none-any.whl")
    '../wheels/my a-1-py3-none-any.whl'
    """
    parts = urlsplit(url)
    if parts.scheme != "file":
        return None
    path = unquote(parts.path)
    path = path[1:] if _DRIVE.match(path) else path
    try:
        relative = Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:  # another drive of Windows: no relative path leads there
        return Path(path).as_posix()
    return relative if relative.startswith("../") or relative == ".." else f"./{relative}"


def file_url(path: str, folder: str) -> str:
    """Return the ``file:`` URL of a path in a lock that lies in *folder*; no link is followed.

    >>> file_url("../wheels/my a.whl", "/work/locks")
    'file:///work/wheels/my%20a.whl'
    """
    whole = os.path.normpath(f"{folder}/{path}" if not Path(path).is_absolute() else path)
    text = Path(whole).as_posix()
    return f"file://{'' if text.startswith('/') else '/'}{quote(text, safe='/:')}"


def is_url(text: str) -> bool:
    """Tell a URL from a path.

    >>> is_url("git+https://host.example/a"), is_url("C:/a.whl"), is_url("../a.whl")
    (True, False, False)
    """
    return "://" in text or text.startswith("file:")


def file_name_of(place: str) -> str:
    """Return the last part of a URL or a path, decoded.

    >>> file_name_of("https://host.example/a/foo-1.0%2Bcpu-py3-none-any.whl#sha256=00")
    'foo-1.0+cpu-py3-none-any.whl'
    """
    path = unquote(urlsplit(place).path) if is_url(place) else place
    return path.rstrip("/").rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class _Place:
    url: str
    given: str | None = None


def texts_as_written(name: str, texts: tuple[str, ...]) -> tuple[str, ...]:
    """Return texts without what opens the URLs in them; *name* is what they are, for messages.

    >>> texts_as_written("the specs", ("https://me:pw@host.example/t/abc/forge::zlib", "git+ssh://git@host.example/a"))
    ('https://host.example/forge::zlib', 'git+ssh://git@host.example/a')

    Raises:
        SecretInLockError: if a query of a URL may be a secret.
    """
    return tuple(_URLS.sub(lambda found: _without_secrets(name, found[0]), text) for text in texts)


def _without_secrets(name: str, url: str) -> str:
    """Return *url* without what opens it; ``git@`` of ssh opens nothing.

    PEP 610: "The user:password section of the URL MAY be a well-known, non security sensitive string. A typical example
    is ``git`` in the case of an URL such as ``ssh://git@gitlab.com``".
    """
    parts = urlsplit(url)
    if parts.scheme == "file":
        return url
    bare = _TOKEN.sub("", url if "ssh" in parts.scheme and parts.password is None else without_login(url))
    if redact_text(shown := without_login(bare)) != shown:
        raise SecretInLockError(name, url)
    return bare


def _replaced(lock: Lock, place: Callable[[str, str], _Place]) -> Lock:
    """Return *lock* with every place in it rewritten: *place* gets a name, for messages, and what is there now."""

    def file(item: LockedFile) -> LockedFile:
        found = place(item.filename, item.url)
        return replace(item, url=found.url, given=found.given)

    def source(item: LockedSource) -> LockedSource:
        found = place(item.name, item.url)
        return replace(item, url=found.url, given=found.given)

    def direct(item: Mapping[str, object] | None) -> Mapping[str, object] | None:
        url = None if item is None else item.get("url")
        return {**item, "url": place("a requirement", url).url} if item is not None and isinstance(url, str) else item

    def package(item: LockedPackage) -> LockedPackage:
        return replace(
            item,
            file=file(item.file),
            channel=place(item.name, item.channel).url if item.channel else "",
            alternatives=tuple(map(file, item.alternatives)),
            direct_url=direct(item.direct_url),
        )

    def target(item: LockedTarget) -> LockedTarget:
        requested = texts_as_written("a spec", item.requested)
        return replace(item, requested=requested, packages=tuple(map(package, item.packages)))

    return replace(lock, sources=tuple(map(source, lock.sources)), targets=tuple(map(target, lock.targets)))
