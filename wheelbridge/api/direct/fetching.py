"""The file of a link: fetched as the files of indexes are, or read where it lies; its hash is checked."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from urllib.parse import unquote, urlsplit

from rattler.exceptions import InvalidUrlError

from wheelbridge.api.places import Caches
from wheelbridge.environment.manifest import Link
from wheelbridge.environment.pip.links import ARCHIVES, InvalidLinkError
from wheelbridge.index.credentials import split_credentials
from wheelbridge.index.local import url_to_path
from wheelbridge.index.protocol import Progress
from wheelbridge.model.boundaries import InsecureUrlError
from wheelbridge.model.distribution import DistributionFile
from wheelbridge.model.redaction import redact, redact_unreadable, without_telling_query
from wheelbridge.solver.records import as_recorded

_LARGEST = 16 * 2**30
"""Bytes. No wheel is larger; what never ends is ended there."""
_ANYWHERE = ("*",)
"""The user named the URL: it may be redirected to any host, over https."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file at *path* that is the one of a link; *url* holds no login, *hashes* are checked and have a sha256."""

    path: Path
    url: str
    hashes: Mapping[str, str]

    @property
    def file(self) -> DistributionFile:
        """The file, as an index would list it."""
        return DistributionFile(
            filename=self.path.name, url=self.url, hashes=self.hashes, size=self.path.stat().st_size
        )


def file_name(link: Link) -> str:
    """Return the name of the file that *link* names.

    >>> file_name(Link(kind="file", url="https://host.example/a/b%2B1-py3-none-any.whl?token=1"))
    'b+1-py3-none-any.whl'

    Raises:
        InvalidLinkError: if it is neither that of a wheel nor of a source archive.
    """
    name = PurePosixPath(unquote(urlsplit(link.url).path)).name
    if not name.endswith((".whl", *ARCHIVES)) or "\\" in name:
        kinds = f".whl, {', '.join(ARCHIVES)}"
        raise InvalidLinkError(
            redact(link.url), f"its name ends in none of {kinds}", hint="Give the URL of the file itself."
        )
    return name


def place_of(link: Link) -> str:
    """Return the URL of *link* as records have it, without the login, and without a query that may be one.

    Raises:
        InvalidLinkError: if it is none.
    """
    try:
        return as_recorded(without_telling_query(split_credentials(link.url)[0]))
    except (InvalidUrlError, ValueError) as error:
        raise InvalidLinkError(redact_unreadable(link.url), f"it is no URL: {error}") from None


def fetch_file(link: Link, caches: Caches, *, offline: bool) -> Fetched:
    """Return the file of *link*: where it is on this machine, else in the cache of downloads.

    Raises:
        InvalidLinkError: if there is no such file, or its URL is not encrypted.
        HashMismatchError: if it is another one than the hash says.
        WheelbridgeError: if it cannot be had.
    """
    name = file_name(link)
    if link.url.startswith("file:"):
        return _read_in_place(link, url_to_path(link.url))
    clean = place_of(link)
    if (known := link.hashes.get("sha256")) and (found := caches.downloads / known / name).is_file():
        with found.open("rb") as stream:
            is_whole = file_digest(stream, "sha256").hexdigest() == known
        if is_whole:
            return Fetched(found, clean, _checked(found, link))
    caches.downloads.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".link-", dir=caches.downloads) as folder:
        wanted = DistributionFile(filename=name, url=clean, hashes=link.hashes)
        path = download(wanted, link.url, Path(folder), caches, offline=offline)
        hashes = _checked(path, link)
        kept = caches.downloads / hashes["sha256"] / name
        kept.parent.mkdir(parents=True, exist_ok=True)
        path.replace(kept)
    return Fetched(kept, clean, hashes)


def download(
    file: DistributionFile,
    login_url: str,
    folder: Path,
    caches: Caches,
    progress: Progress | None = None,
    *,
    offline: bool,
) -> Path:
    """Put *file* into *folder*, hash-checked; *login_url* is its URL with the login that the user gave.

    Raises:
        InvalidLinkError: if its URL is not encrypted, or it does not end.
        WheelbridgeError: if it cannot be had.
    """
    from wheelbridge.index.http import HttpIndex  # noqa: PLC0415 - requests takes 130 ms to import

    try:
        index = HttpIndex("the link", login_url, cache_dir=caches.index, offline=offline, trusted_hosts=_ANYWHERE)
        return index.download(file, folder, _Bounded(file.url, progress))
    except InsecureUrlError as error:
        raise InvalidLinkError(redact(file.url), error.reason, hint="Take https, or a file.") from error


class _Bounded:
    """Progress that ends what is larger than anything that could be meant."""

    def __init__(self, url: str, progress: Progress | None) -> None:
        self._url = url
        self._progress = progress
        self._received = 0

    def __call__(self, count: int) -> None:
        self._received += count
        if self._received > _LARGEST:
            raise InvalidLinkError(redact(self._url), f"it is larger than {_LARGEST} bytes", hint=None)
        if self._progress:
            self._progress(count)


def _read_in_place(link: Link, path: Path) -> Fetched:
    if not path.is_file():
        raise InvalidLinkError(str(path), "there is no such file", hint="Look at the path.")
    return Fetched(path, place_of(link), _checked(path, link))


def _checked(path: Path, link: Link) -> dict[str, str]:
    """Return the hashes of the file at *path*: all that *link* gives, which it must have, and a sha256."""
    from wheelbridge.index.errors import HashMismatchError  # noqa: PLC0415 - it takes a while, and few solves have links

    hashes = dict.fromkeys((*link.hashes, "sha256"), "")
    for algorithm in hashes:
        with path.open("rb") as stream:
            hashes[algorithm] = file_digest(stream, algorithm).hexdigest()
        expected = link.hashes.get(algorithm, hashes[algorithm])
        if expected != hashes[algorithm]:
            raise HashMismatchError(path.name, algorithm, expected, hashes[algorithm])
    return hashes
