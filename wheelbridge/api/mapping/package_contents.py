"""A conda package as it lies on a server or on disk, read without being unpacked, by range requests where they will do.

Of a ``.conda`` on a server with ranges, the last 64 kB are read, where its directory and mostly all of ``info/`` stand,
and of its payload what comes before the file that is wanted. A ``.tar.bz2``, and what a server without
ranges has, is downloaded whole: it can be read from its beginning only.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Literal
from urllib.parse import urlsplit
from urllib.request import url2pathname

from rattler import Client, IndexJson, PathsJson
from rattler.package_streaming import PackageArchive

from wheelbridge.errors import WheelbridgeError
from wheelbridge.model.redaction import redact, redact_text

Access = Literal["sparse", "spooled", "local", "unknown"]
"""``sparse`` by ranges, ``spooled`` after a whole download, ``local`` from a file."""

MOST_PAYLOAD = 64 << 20
"""Bytes of a payload, unpacked, that are gone through to find a file in it."""
_MOST_DOWNLOADED = 1 << 30
"""Bytes of what cannot be read in part."""
_PATHS, _INDEX = "info/paths.json", "info/index.json"
_RECIPES = ("info/recipe/rendered_recipe.yaml", "info/recipe/meta.yaml")


class UnreadablePackageError(WheelbridgeError):
    """A package cannot be had, or is no conda package."""

    code = "unreadable-package"

    def __init__(self, place: str, reason: str, *, hint: str | None = None) -> None:
        package = show_place(place)
        super().__init__(
            f"{package} cannot be read: {redact_text(reason)}",
            hint=hint or "Check that it is there, and that it is a whole .conda or .tar.bz2.",
        )
        self.package = package


class BrokenPackageError(WheelbridgeError):
    """A package can be read, and what it says of itself cannot be understood."""

    code = "broken-package"

    def __init__(self, place: str, reason: str) -> None:
        self.package = show_place(place)
        super().__init__(f"{self.package} is broken: {reason}", hint="Tell those who built the package.")


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageContents:
    """What a package says of itself in ``info/``.

    Attributes:
        subdir: that of its folder where it does not say.
        paths: of all its files, symbolic links included.
        size: of its files together, unpacked; bytes.
        recipe: as it was rendered; empty where there is none.
    """

    name: str
    version: str
    build: str
    subdir: str
    paths: tuple[str, ...]
    size: int
    recipe: str
    access: Access
    archive: PackageArchive


async def read_contents(place: str, client: Client) -> PackageContents:
    """Read ``info/`` of the package at *place*, a path or a URL.

    Raises:
        UnreadablePackageError: if it cannot be had, or is no conda package.
        BrokenPackageError: if ``info/paths.json`` or ``info/index.json`` is missing or broken.
    """
    with _refusals(place):
        archive = await _open(place, client)
        files = await archive.read_files([_PATHS, _INDEX, *_RECIPES])
    try:
        paths = PathsJson.from_str(_text(files[_PATHS], _PATHS)).paths
        index = IndexJson.from_str(_text(files[_INDEX], _INDEX))
    except Exception as error:  # rattler tells what is wrong by text only
        raise BrokenPackageError(place, f"it is not as info/paths.json and info/index.json must be: {error}") from error
    return PackageContents(
        name=index.name.normalized,
        version=str(index.version),
        build=str(index.build),
        subdir=index.subdir or PurePath(urlsplit(place).path if "://" in place else place).parent.name,
        paths=tuple(path.relative_path.as_posix() for path in paths),
        size=sum(path.size_in_bytes or 0 for path in paths if not path.path_type.softlink),
        recipe=b"\n".join(files[path] or b"" for path in _RECIPES).decode(errors="replace"),
        access=archive.access,
        archive=archive,
    )


async def read_payload(contents: PackageContents, path: str, place: str, *, thorough: bool = False) -> bytes | None:
    """Return the file *path* of the payload; None where that might be dear, and nobody asked to be *thorough*.

    Nothing tells where in the payload a file lies, so what is read by ranges must not be too big for it as a whole.

    Raises:
        UnreadablePackageError: if the package cannot be read on, or the file is a link.
        BrokenPackageError: if the package does not hold the file.
    """
    if contents.access == "sparse" and contents.size > MOST_PAYLOAD and not thorough:
        return None
    with _refusals(place):
        data = await contents.archive.read_file(path)
    if data is None:
        raise BrokenPackageError(place, f"info/paths.json lists {path}, and it is not there")
    return data


def show_place(place: str) -> str:
    """Return *place*, a path or a URL, without what may be secret."""
    return redact(place) if "://" in place else place


async def _open(place: str, client: Client) -> PackageArchive:
    if place.startswith("file:"):
        return await PackageArchive.from_path(Path(url2pathname(urlsplit(place).path)))
    if "://" not in place:
        return await PackageArchive.from_path(Path(place))
    return await PackageArchive.from_url(client, place, max_spool_size=_MOST_DOWNLOADED)


@contextmanager
def _refusals(place: str) -> Iterator[None]:
    try:
        yield
    except WheelbridgeError:
        raise
    except Exception as error:  # rattler tells what went wrong by text only
        raise UnreadablePackageError(place, str(error)) from error


def _text(data: bytes | None, path: str) -> str:
    if data is None:
        raise ValueError(f"there is no {path}")
    return data.decode()
