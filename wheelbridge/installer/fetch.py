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
) -> dict[str, tuple[PackageFile, ...]]:
    """Bring *records* into the package cache, the largest first; return name -> the files each links.

    What is in the cache and whole is not fetched again. *check* raises for a record whose URL must not be fetched; it
    is asked for all of them, in the cache or not, before the first one is fetched.

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
                await _fetch(record, entry, client or Client.default_client(), reporter)
            found = await asyncio.to_thread(load_files, entry, layout)
        if found is None:
            raise DownloadError(record.url, "the archive does not hold what its metadata lists")
        check_index(entry, record)
        files[record.name.normalized] = found

    await run_all([fetch(record) for record in sorted(records, key=lambda item: item.size or 0, reverse=True)])
    return files


def check_cached(records: Sequence[RepoDataRecord], cache: Path, layout: PythonLayout | None) -> None:
    """Make sure that no network is needed for *records*.

    Raises:
        DownloadError: if one is neither in the cache nor a file of this machine.
    """
    for record in records:
        if not record.url.startswith("file:") and _find(cache / entry_name(record), record, layout) is None:
            raise DownloadError(record.url, "it is not in the cache, and the network is not to be used")


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


async def _fetch(record: RepoDataRecord, entry: Path, client: Client, reporter: Reporter) -> None:
    name = record.name.normalized
    with os_errors(entry):
        workspace = make_workspace(entry.parent)
        try:
            archive = workspace / Path(urlsplit(record.url).path).name
            reporter.on_download_start(name, record.size)
            progress = partial(reporter.on_download_progress, name)
            found = await _download(record, archive, client, progress)
            reporter.on_download_complete(name)
            reporter.on_unpack_start(name)
            await asyncio.to_thread(_place, archive, entry, record, found)
            reporter.on_unpack_complete(name)
        finally:
            shutil.rmtree(workspace, ignore_errors=True)


async def _download(
    record: RepoDataRecord, archive: Path, client: Client, progress: Callable[[int], None]
) -> Mapping[str, Any]:
    """Write the archive to disk and return its hashes and its size; what breaks off in the middle is tried again."""
    attempt = 0
    while True:
        attempt += 1
        with archive.open("wb") as file:
            writer = _HashingWriter(file, record, progress)
            try:
                await _copy(record, client, writer)
            except Exception as error:
                if writer.failure is not None:
                    raise writer.failure from error
                if attempt == _ATTEMPTS or not writer.received or isinstance(error, WheelbridgeError):
                    raise DownloadError(record.url, " ".join(str(error).split())) from error
                await asyncio.sleep(attempt)
            else:
                return writer.check()


async def _copy(record: RepoDataRecord, client: Client, writer: "_HashingWriter") -> None:
    parts = urlsplit(record.url)
    if parts.scheme != "file":
        await download_to_writer(client, record.url, writer)
        return
    await asyncio.to_thread(_copy_file, Path(url2pathname(parts.path)), writer)


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
