"""Packages of channels: from a URL to a directory of rattler's cache, before a prefix is touched.

``rattler.install`` downloads while it links, when it has already removed the old packages. So we fetch first, into the
same cache and in its own format; ``rattler.install`` then finds everything there.
"""

import asyncio
import hashlib
import shutil
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import IO, Any, Protocol
from urllib.parse import urlsplit
from urllib.request import url2pathname

from filelock import FileLock
from rattler import Client, RepoDataRecord
from rattler.package_streaming import download_to_writer, extract

from wheelbridge.errors import WheelbridgeError
from wheelbridge.installer.cache import (
    PackageFile,
    check_index,
    discard,
    entry_name,
    is_from,
    load_files,
    make_workspace,
    write_lock,
    write_origin,
)
from wheelbridge.installer.errors import DownloadError, HashMismatchError, os_errors
from wheelbridge.installer.layout import PythonLayout
from wheelbridge.installer.reporter import Reporter

_CONCURRENT = 8
_ATTEMPTS = 3
_CHUNK = 1 << 20


class _Hash(Protocol):
    def update(self, data: bytes, /) -> object: ...
    def digest(self) -> bytes: ...


async def fetch_packages(
    records: Sequence[RepoDataRecord],
    cache: Path,
    *,
    layout: PythonLayout | None,
    client: Client | None,
    reporter: Reporter,
    check: Callable[[RepoDataRecord], None] | None = None,
    archives: Sequence[Path] = (),
) -> dict[str, tuple[PackageFile, ...]]:
    """Bring *records* into the package cache, the largest first; return name -> the files each links.

    What is in the cache and whole is not fetched again; an archive that lies in one of the folders *archives*, by its
    SHA-256 the one that the record announces, is not downloaded. *check* raises for a record whose URL must not be
    fetched; it is asked for all of them, in the cache or not, before the first one is fetched.

    Raises:
        BreachError: if a record leads where its channel may not lead.
        UnsafeNameError, OtherPackageError, UnsafePathError: if a record or a package is not what it should be.
        HashMismatchError: if an archive is not the one its record announces; it is not unpacked.
        DownloadError: if an archive cannot be had or is none.
        NoSpaceError: if the disk is full.
    """
    for record in records:
        entry_name(record)
        if check is not None:
            check(record)
    slots = asyncio.Semaphore(_CONCURRENT)
    files: dict[str, tuple[PackageFile, ...]] = {}

    async def fetch(record: RepoDataRecord) -> None:
        entry = cache / entry_name(record)
        found = _find(entry, record, layout)
        if found is None:
            async with slots:
                near = await asyncio.to_thread(_find_archive, record, archives)
                await _fetch(record, entry, client or Client.default_client(), reporter, near)
            found = await asyncio.to_thread(load_files, entry, layout)
        if found is None:
            raise DownloadError(record.url, "the archive does not hold what its metadata lists")
        check_index(entry, record)
        files[record.name.normalized] = found

    await run_all([fetch(record) for record in sorted(records, key=lambda item: item.size or 0, reverse=True)])
    return files


def check_cached(
    records: Sequence[RepoDataRecord], cache: Path, layout: PythonLayout | None, archives: Sequence[Path] = ()
) -> None:
    """Make sure that no network is needed for *records*: see `fetch_packages`.

    Raises:
        DownloadError: if one is neither in the cache nor a file of this machine.
    """
    for record in records:
        if record.url.startswith("file:") or _find(cache / entry_name(record), record, layout) is not None:
            continue
        if _find_archive(record, archives) is None:
            raise DownloadError(record.url, "it is not in the cache, and the network is not to be used")


async def fetch_file(record: RepoDataRecord, path: Path, client: Client, progress: Callable[[int], None]) -> None:
    """Bring the archive of *record* to *path*, as it is; *progress* is told how many bytes there are of it.

    Raises:
        HashMismatchError: if it is not the one that the record announces; nothing is at *path* then.
        DownloadError: if it cannot be had.
        NoSpaceError: if the disk is full.
    """
    with os_errors(path):
        workspace = make_workspace(path.parent)
        try:
            await _download(record, workspace / path.name, client, progress, None)
            (workspace / path.name).replace(path)
        finally:
            shutil.rmtree(workspace, ignore_errors=True)


async def run_all(tasks: Sequence[Any]) -> None:
    """Await all *tasks* at once; the first failure stops the others and is raised as it is."""
    try:
        async with asyncio.TaskGroup() as group:
            for task in tasks:
                group.create_task(task)
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None


def _find(entry: Path, record: RepoDataRecord, layout: PythonLayout | None) -> tuple[PackageFile, ...] | None:
    return load_files(entry, layout) if is_from(entry, record) else None


def _find_archive(record: RepoDataRecord, archives: Sequence[Path]) -> Path | None:
    """Return the archive of *record* in one of the folders *archives*, known by its SHA-256."""
    name = Path(urlsplit(record.url).path).name
    candidates = [folder / name for folder in archives] if record.sha256 is not None else []
    return next((path for path in candidates if path.is_file() and _sha256(path) == record.sha256), None)


def _sha256(path: Path) -> bytes | None:
    """Return the hash of a file; None where it cannot be read."""
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").digest()
    except OSError:
        return None


async def _fetch(record: RepoDataRecord, entry: Path, client: Client, reporter: Reporter, near: Path | None) -> None:
    """Bring *record* to *entry*, out of the archive *near* where there is one."""
    name = record.name.normalized
    with os_errors(entry):
        workspace = make_workspace(entry.parent)
        try:
            archive = workspace / Path(urlsplit(record.url).path).name
            reporter.on_download_start(name, record.size)
            progress = partial(reporter.on_download_progress, name)
            found = await _download(record, archive, client, progress, near)
            reporter.on_download_complete(name)
            reporter.on_unpack_start(name)
            await asyncio.to_thread(_place, archive, entry, record, found)
            reporter.on_unpack_complete(name)
        finally:
            shutil.rmtree(workspace, ignore_errors=True)


async def _download(
    record: RepoDataRecord, archive: Path, client: Client, progress: Callable[[int], None], near: Path | None
) -> Mapping[str, Any]:
    """Write the archive to disk and return its hashes and its size; what breaks off in the middle is tried again."""
    attempt = 0
    while True:
        attempt += 1
        with archive.open("wb") as file:
            writer = _HashingWriter(file, record, progress)
            try:
                await _copy(record, client, writer, near)
            except Exception as error:
                if writer.failure is not None:
                    raise writer.failure from error
                if attempt == _ATTEMPTS or not writer.received or isinstance(error, WheelbridgeError):
                    raise DownloadError(record.url, " ".join(str(error).split())) from error
                await asyncio.sleep(attempt)
            else:
                return writer.check()


async def _copy(record: RepoDataRecord, client: Client, writer: "_HashingWriter", near: Path | None) -> None:
    parts = urlsplit(record.url)
    if near is None and parts.scheme != "file":
        await download_to_writer(client, record.url, writer)
        return
    await asyncio.to_thread(_copy_file, near or Path(url2pathname(parts.path)), writer)


def _copy_file(source: Path, writer: "_HashingWriter") -> None:
    with source.open("rb") as file:
        while chunk := file.read(_CHUNK):
            writer.write(chunk)


def _place(archive: Path, entry: Path, record: RepoDataRecord, found: Mapping[str, Any]) -> None:
    """Extract *archive* and move it to *entry* under the lock that rattler takes for its cache."""
    extracted = archive.parent / "package"
    try:
        extract(archive, extracted)
    except Exception as error:  # rattler tells what went wrong by text only
        if "os error 28" in str(error):
            raise OSError(28, "No space left on device", str(extracted)) from error
        raise DownloadError(record.url, f"it cannot be extracted: {error}") from error
    if (extracted / "info").is_symlink() or not (extracted / "info").is_dir():
        raise DownloadError(record.url, "it is no conda package: it has no folder 'info'")
    write_origin(extracted, record, found)
    with FileLock(entry.parent / ".cache.lock"):
        discard(entry)
        write_lock(entry, bytes.fromhex(found["sha256"]))
        extracted.rename(entry)


class _HashingWriter:
    """Writes to *file* and keeps account of what it wrote."""

    def __init__(self, file: IO[bytes], record: RepoDataRecord, progress: Callable[[int], None]) -> None:
        self.received = 0
        self.failure: OSError | None = None
        self._file = file
        self._record = record
        self._progress = progress
        self._sha256: _Hash = hashlib.sha256()
        self._md5: _Hash = hashlib.md5(usedforsecurity=False)

    def write(self, data: bytes) -> int:
        """Write *data*; an error is kept, since rattler hands on no more than its text."""
        try:
            self._file.write(data)
        except OSError as error:
            self.failure = error
            raise
        self._sha256.update(data)
        self._md5.update(data)
        self.received += len(data)
        self._progress(self.received)
        return len(data)

    def check(self) -> Mapping[str, Any]:
        """Compare with the record, sha256, or md5 where it has no more; return hashes and size of what was written.

        Raises:
            HashMismatchError: if it is another file.
        """
        announced = self._record.sha256 or self._record.md5
        sha256, md5 = self._sha256.digest(), self._md5.digest()
        actual = sha256 if self._record.sha256 else md5
        if announced is not None and announced != actual:
            raise HashMismatchError(self._record.file_name, expected=announced.hex(), actual=actual.hex())
        return {"sha256": sha256.hex(), "md5": md5.hex(), "size": self.received}
