"""A folder as an index: flat, as pip's ``--find-links`` has it, or in the layout of the simple API."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from threading import Lock
from typing import IO
from urllib.parse import urlsplit
from urllib.request import url2pathname

from packaging.utils import InvalidSdistFilename, NormalizedName, canonicalize_name, parse_sdist_filename

from wheelbridge.index.boundary import Boundary
from wheelbridge.index.errors import FileNotOnIndexError, InvalidIndexUrlError, ProjectNotFoundError
from wheelbridge.index.metadata import check_identity, parse_metadata
from wheelbridge.index.page_checks import PageSource
from wheelbridge.index.pages import HTML_TYPE, JSON_TYPE, parse_page
from wheelbridge.index.protocol import Progress
from wheelbridge.index.transfer import check_body, store_checked
from wheelbridge.index.variants import read_variants
from wheelbridge.index.wheelfile import METADATA, VARIANT_JSON, read_member
from wheelbridge.model.distribution import CoreMetadata, DistributionFile, ProjectPage
from wheelbridge.model.variant import ReleaseVariants
from wheelbridge.translate.variant_documents import is_variants_file

_CHUNK = 1024 * 1024
_PAGES = (("index.json", JSON_TYPE), ("index.html", HTML_TYPE))
_SDISTS = (".tar.gz", ".zip")


class LocalIndex:
    """Wheels in a folder, or in one sub-folder for each project; safe to share between threads.

    It leads to files of this machine only: of a file elsewhere, which a page may list, nothing is read.

    A sub-folder with ``index.json`` or ``index.html`` has the files that this page lists; else, those lying in it, each
    with its provenance beside it where there is a ``.provenance`` of its name.
    """

    def __init__(self, name: str, url: str) -> None:
        self.name = name
        self.url = url.rstrip("/")
        self._boundary = Boundary(name, self.url)
        self._folder = url_to_path(url)
        self._digests = _DigestCache()
        if not self._folder.is_dir():
            raise InvalidIndexUrlError(url, "there is no such folder")

    def __repr__(self) -> str:
        """Show name and URL."""
        return f"LocalIndex({self.name!r}, {self.url!r})"

    def project_page(self, project: NormalizedName) -> ProjectPage:
        """Return the files of *project*, sorted by name where no page lists them.

        Hashes of files that no page lists are computed when they are asked for.

        Raises:
            ProjectNotFoundError: if there is neither a folder nor a file of it.
        """
        folder = self._project_folder(project)
        if folder is not None and (page := _listed(project, folder)) is not None:
            return page
        files = [self._file(path) for path in _files_of(project, folder or self._folder)]
        if not files and folder is None:
            raise ProjectNotFoundError(project, self.name, self.url)
        return ProjectPage(project, tuple(files))

    def core_metadata(self, file: DistributionFile) -> CoreMetadata:
        """Read METADATA out of the wheel.

        Raises:
            FileNotOnIndexError: if the wheel is gone.
            NotAWheelError, InvalidMetadataError: if it cannot be read.
        """
        text = self._read(file, METADATA)
        return check_identity(parse_metadata(text, file.filename), file.filename)

    def variants(self, file: DistributionFile) -> ReleaseVariants:
        """Return the variant metadata that *file* holds: a ``-variants.json``, or a wheel.

        Raises:
            FileNotOnIndexError: if it is gone.
            HashMismatchError: if it is not the one that a page promised.
            NotAWheelError, InvalidVariantsError: if it cannot be read.
        """
        return read_variants(self._read(file, VARIANT_JSON))

    def _read(self, file: DistributionFile, member: str) -> bytes:
        """Read *member* of a wheel's ``.dist-info``; all of a file that is no wheel."""
        try:
            with self._open(file.url) as stream:
                if is_variants_file(file.filename):
                    return check_body(stream.read(), file.hashes, file.filename)
                return read_member(stream, file.filename, member)
        except OSError:
            raise FileNotOnIndexError(file.filename, file.url) from None

    def known_metadata(self, file: DistributionFile) -> CoreMetadata | None:
        """Return None: metadata is read out of the wheel each time."""
        del file
        return None

    def provenance(self, file: DistributionFile) -> bytes | None:
        """Return the provenance object of *file* (PEP 740), not verified; None where there is none."""
        if file.provenance is None:
            return None
        try:
            with self._open(file.provenance) as stream:
                return stream.read()
        except OSError:
            return None

    def download(self, file: DistributionFile, folder: Path, progress: Progress | None = None) -> Path:
        """Copy *file* into *folder*, hash-checked; return the copy's path.

        Raises:
            FileNotOnIndexError: if it is gone.
            HashMismatchError, SizeMismatchError: if it changed since it was listed.
            FileNotWrittenError: if the disk does not take it.
        """
        try:
            stream = self._open(file.url)
        except OSError:
            raise FileNotOnIndexError(file.filename, file.url) from None
        with stream:
            return store_checked(_chunks(stream), file, folder, progress)

    def _open(self, url: str) -> IO[bytes]:
        """Open a file within bounds; whatever is no regular one, such as a pipe, counts as none.

        Raises:
            BreachError: if *url* leads elsewhere.
            OSError: if there is no such file.
        """
        self._boundary.check(url)
        path = url_to_path(url)
        if not path.is_file():
            raise FileNotFoundError(path)
        return path.open("rb")

    def _project_folder(self, project: NormalizedName) -> Path | None:
        """Find the sub-folder; PEP 503 wants its name normalized, people do not."""
        if (folder := self._folder / project).is_dir():
            return folder
        folders = (path for path in self._folder.iterdir() if canonicalize_name(path.name) == project)
        return next((path for path in folders if path.is_dir()), None)

    def _file(self, path: Path) -> DistributionFile:
        beside = path.with_name(f"{path.name}.provenance")
        return DistributionFile(
            filename=path.name,
            url=path.as_uri(),
            hashes=_LazyHashes(path, self._digests),
            size=path.stat().st_size,
            provenance=beside.as_uri() if beside.is_file() else None,
        )


def url_to_path(url: str) -> Path:
    """Return the path of a ``file:`` URL."""
    return Path(url2pathname(urlsplit(url).path))


def _listed(project: NormalizedName, folder: Path) -> ProjectPage | None:
    for name, content_type in _PAGES:
        if (path := folder / name).is_file():
            return parse_page(PageSource(project, path.as_uri(), content_type, path.read_bytes()))
    return None


def _files_of(project: NormalizedName, folder: Path) -> Iterator[Path]:
    begins = re.compile("[-_.]+".join(map(re.escape, project.split("-"))) + "-", re.IGNORECASE).match
    for path in sorted(path for path in folder.iterdir() if begins(path.name) and path.is_file()):
        if (
            (path.suffix == ".whl" and canonicalize_name(path.name.partition("-")[0]) == project)
            or (path.name.endswith(_SDISTS) and _is_sdist_of(project, path.name))
            or (is_variants_file(path.name) and canonicalize_name(path.name.partition("-")[0]) == project)
        ):
            yield path


def _is_sdist_of(project: NormalizedName, filename: str) -> bool:
    try:
        return parse_sdist_filename(filename)[0] == project
    except InvalidSdistFilename:
        return False


def _chunks(stream: IO[bytes]) -> Iterator[bytes]:
    while chunk := stream.read(_CHUNK):
        yield chunk


class _DigestCache:
    """The sha256 of files, computed once for each path, time of change and size."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._known: dict[tuple[Path, int, int], str] = {}

    def sha256(self, path: Path) -> str:
        status = path.stat()
        key = (path, status.st_mtime_ns, status.st_size)
        if (digest := self._known.get(key)) is None:
            with path.open("rb") as stream:
                digest = hashlib.file_digest(stream, "sha256").hexdigest()
            with self._lock:
                self._known[key] = digest
        return digest


class _LazyHashes(Mapping[str, str]):
    """``{"sha256": …}`` that reads the file only when the digest is asked for."""

    __slots__ = ("_digests", "_path")

    def __init__(self, path: Path, digests: _DigestCache) -> None:
        self._path = path
        self._digests = digests

    def __getitem__(self, key: str) -> str:
        if key != "sha256":
            raise KeyError(key)
        return self._digests.sha256(self._path)

    def __iter__(self) -> Iterator[str]:
        return iter(("sha256",))

    def __len__(self) -> int:
        return 1

    def __contains__(self, key: object) -> bool:
        return key == "sha256"
