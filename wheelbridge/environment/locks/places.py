"""Where the files of a lock lie: paths relative to the lock in the place of a machine's own, and no secrets in URLs."""

import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from wheelbridge.environment.errors import InvalidEnvironmentFileError
from wheelbridge.environment.lock import Lock, LockedFile, LockedPackage, LockedRequest, LockedSource, LockedTarget
from wheelbridge.errors import WheelbridgeError
from wheelbridge.model.redaction import redact_text, without_login

_TOKEN = re.compile(r"(?<!:/)/t/[^/?#]+")
_URLS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://\S+")
_NO_NAME = re.compile(r"[/\\\0]")
_DRIVE = re.compile(r"/[A-Za-z]:")
_HERE = re.compile(r"(?:[a-z]+\+)?file:")
_LOCAL_PART = re.compile(r"""file://(?:(?!::)[^\s#\[\]"',])*""")
_CHANNEL_PATH = re.compile(r"""^\.{1,2}(?:/.*?)?(?=::)|(?<=channel=['"])\.{1,2}(?:/[^'"]*)?""")
_REPOSITORY_HERE = re.compile(r"(?P<vcs>[a-z]+\+)file:(?P<path>[^?#]*)(?P<rest>.*)", re.DOTALL)
_SPEC, _REQUIREMENT, _CONSTRAINT, _LINK = "a spec", "a requirement", "a constraint", "a link"
"""What texts are, for messages."""


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
        return _Place((_local(base, url) if base else None) or _without_secrets(name, url))

    def rewrite(name: str, text: str) -> str:
        (bare,) = texts_as_written(name, (text,))
        return bare if base is None or name not in (_SPEC, _LINK) else with_paths(base, bare)

    return _Rewriter(place, rewrite).lock(lock)


def as_read(lock: Lock, folder: Path) -> Lock:
    """Return *lock*, whose text in *folder* says what `as_written` makes: paths become ``file:`` URLs, and `given`.

    Links of the request stay as they are written: relative to the folder.

    Raises:
        InvalidEnvironmentFileError: if a URL cannot be read, or a file has a name that leads elsewhere.
    """
    base = Path(os.path.abspath(folder)).as_posix()  # noqa: PTH100 - no link is followed

    for package in (package for target in lock.targets for package in target.packages):
        if wrong := [file.filename for file in (package.file, *package.alternatives) if _NO_NAME.search(file.filename)]:
            raise InvalidEnvironmentFileError(lock.origin, "", f"{wrong[0]!r} is no name of a file")

    def place(name: str, text: str) -> _Place:
        _check_readable(name, text, lock.origin)
        if (found := _REPOSITORY_HERE.fullmatch(text)) and not found["path"].startswith("//"):
            return _Place(f"{found['vcs']}{file_url(unquote(found['path']), base)}{found['rest']}", given=text)
        return _Place(text) if is_url(text) else _Place(file_url(text, base), given=text)

    def rewrite(name: str, text: str) -> str:
        return _CHANNEL_PATH.sub(lambda path: file_url(path[0], base), text) if name == _SPEC else text

    return _Rewriter(place, rewrite).lock(lock)


def _check_readable(name: str, place: str, origin: str) -> None:
    try:
        readable = "\0" not in place and (urlsplit(place).port or 0) >= 0
    except ValueError:
        readable = False
    if not readable:
        raise InvalidEnvironmentFileError(origin, "", f"the place of {name!r} cannot be read")


def path_between(folder: Path, url: str) -> str | None:
    """Return the path to what a ``file:`` URL leads to, with ``./`` or ``../`` before it; None for other URLs.

    >>> path_between(Path("/there/locks"), "file:///there/wheels/my%20a-1-py3-none-any.whl")
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


def with_paths(folder: Path, text: str) -> str:
    """Return a spec or a link with paths relative to *folder* in the place of ``file:`` URLs.

    >>> with_paths(Path("/there"), "-e file:///there/my%20tool[more]"), with_paths(Path("/there"), "file:///c::zlib")
    ('-e ./my tool[more]', '../c::zlib')
    """
    return _LOCAL_PART.sub(lambda part: path_between(folder, part[0]) or part[0], text)


def _local(folder: Path, url: str) -> str | None:
    """Return what is written in the place of a ``file:`` URL, of a repository on this machine too; None for others."""
    if (found := _REPOSITORY_HERE.fullmatch(url)) and (path := path_between(folder, f"file:{found['path']}")):
        return f"{found['vcs']}file:{quote(path)}{found['rest']}"
    return path_between(folder, url)


def file_url(path: str, folder: str) -> str:
    """Return the ``file:`` URL of a path in a lock that lies in *folder*; no link is followed.

    >>> file_url("../wheels/my a.whl", "/there/locks")
    'file:///there/wheels/my%20a.whl'
    """
    whole = os.path.normpath(f"{folder}/{path}" if not Path(path).is_absolute() else path)
    text = Path(whole).as_posix()
    return f"file://{'' if text.startswith('/') else '/'}{quote(text, safe='/:')}"


def is_url(text: str) -> bool:
    """Tell a URL from a path.

    >>> is_url("git+https://host.example/a"), is_url("C:/a.whl"), is_url("../a.whl")
    (True, False, False)
    """
    return "://" in text or _HERE.match(text) is not None


def file_name_of(place: str) -> str:
    """Return the last part of a URL or a path, decoded.

    >>> file_name_of("https://host.example/a/foo-1.0%2Bcpu-py3-none-any.whl#sha256=00")
    'foo-1.0+cpu-py3-none-any.whl'
    """
    path = unquote(urlsplit(place).path) if is_url(place) else place
    return path.rstrip("/").rpartition("/")[2]


def find_channel(stated: str, known: Iterable[str]) -> str | None:
    """Return the URL or the path of a channel that a lock of others states; of a name, the one of *known* that it is.

    >>> find_channel("conda-forge", ["https://host.example/conda-forge"]), find_channel("bioconda", [])
    ('https://host.example/conda-forge', None)
    """
    is_place = is_url(stated) or stated.startswith(("./", "../", "/")) or Path(stated).is_absolute()
    return stated if is_place else next((url for url in known if url.endswith(f"/{stated}")), None)


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


@dataclass(frozen=True, slots=True)
class _Rewriter:
    """Rewrites every place in a lock.

    Attributes:
        place: gets a name, for messages, and what is there now.
        rewrite: gets what a text is, and the text, in which there may be places.
    """

    place: Callable[[str, str], _Place]
    rewrite: Callable[[str, str], str]

    def lock(self, lock: Lock) -> Lock:
        return replace(
            lock,
            sources=tuple(map(self._source, lock.sources)),
            targets=tuple(map(self._target, lock.targets)),
            request=lock.request and self._request(lock.request),
        )

    def _source(self, item: LockedSource) -> LockedSource:
        found = self.place(item.name, item.url)
        return replace(item, url=found.url, given=found.given)

    def _target(self, item: LockedTarget) -> LockedTarget:
        requested = self._texts(_SPEC, item.requested)
        return replace(item, requested=requested, packages=tuple(map(self._package, item.packages)))

    def _package(self, item: LockedPackage) -> LockedPackage:
        return replace(
            item,
            file=self._file(item.file),
            channel=self.place(item.name, item.channel).url if item.channel else "",
            alternatives=tuple(map(self._file, item.alternatives)),
            direct_url=self._direct(item.direct_url),
        )

    def _file(self, item: LockedFile) -> LockedFile:
        found = self.place(item.filename, item.url)
        return replace(item, url=found.url, given=found.given)

    def _direct(self, item: Mapping[str, object] | None) -> Mapping[str, object] | None:
        url = None if item is None else item.get("url")
        return {**item, "url": self.place("a requirement", url).url} if item and isinstance(url, str) else item

    def _request(self, item: LockedRequest) -> LockedRequest:
        return replace(
            item,
            specs=self._texts(_SPEC, item.specs),
            requirements=self._texts(_REQUIREMENT, item.requirements),
            constraints=self._texts(_CONSTRAINT, item.constraints),
            links=self._texts(_LINK, item.links),
        )

    def _texts(self, name: str, found: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(self.rewrite(name, text) for text in found)
