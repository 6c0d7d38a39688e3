"""Files that are whole and right, or not there: a temporary name, the check, the rename."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO
from uuid import uuid4

from wheelbridge.index.errors import FileNotWrittenError, HashMismatchError, SizeMismatchError
from wheelbridge.index.protocol import Progress
from wheelbridge.model.distribution import DistributionFile

_STRONGEST_FIRST = (
    "sha256",
    "sha512",
    "sha384",
    "blake2b",
    "sha3_512",
    "sha3_384",
    "sha3_256",
    "sha224",
    "sha1",
    "md5",
)
_VARIABLE_LENGTH = {"shake_128", "shake_256"}


def pick_hash(hashes: Mapping[str, str]) -> tuple[str, str] | None:
    """Return the algorithm and the digest to check, or None where there is nothing to check.

    PEP 691: "it is up to the client to decide what to do with multiple hashes (it may validate all of them or a
    subset of them, or nothing at all)".

    >>> pick_hash({"md5": "0f", "sha256": "aa"})
    ('sha256', 'aa')
    """
    known = (*_STRONGEST_FIRST, *sorted(hashlib.algorithms_guaranteed - _VARIABLE_LENGTH))
    return next(((name, hashes[name]) for name in known if hashes.get(name)), None)


def check_body(body: bytes, hashes: Mapping[str, str], filename: str) -> bytes:
    """Return *body* if it is the one that *hashes* promise; *filename* names it in the error.

    Raises:
        HashMismatchError: if it is another one.
    """
    with _hash_check(hashes, filename) as digest:
        digest.update(body)
    return body


def store_checked(
    chunks: Iterable[bytes], file: DistributionFile, folder: Path, progress: Progress | None = None
) -> Path:
    """Write *chunks* as *file* into *folder*; return the path.

    Raises:
        HashMismatchError: if they are not what the index promised.
        SizeMismatchError: if there are more or less of them.
        FileNotWrittenError: if the disk is full, or *folder* is not writable.
    """
    path = folder / file.filename
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _replacing(path) as partial, _hash_check(file.hashes, file.filename) as digest:
            for chunk in _measured(chunks, file, progress or _ignore):
                digest.update(chunk)
                partial.write(chunk)
    except OSError as error:
        raise FileNotWrittenError(str(path), error.strerror or str(error)) from error
    return path


def write_atomically(path: Path, data: bytes) -> None:
    """Write a cache entry; a cache that cannot be written is no error."""
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with _replacing(path) as partial:
            partial.write(data)


@contextmanager
def _replacing(path: Path) -> Iterator[IO[bytes]]:
    """Open a file beside *path* that takes its place when the block ends well, and vanishes when not."""
    partial = path.with_name(f".{uuid4().hex}.part")
    try:
        with partial.open("xb") as stream:
            yield stream
        partial.replace(path)
    except BaseException:
        with suppress(OSError):
            partial.unlink()
        raise


@contextmanager
def _hash_check(hashes: Mapping[str, str], filename: str) -> Iterator["hashlib._Hash"]:
    algorithm, expected = pick_hash(hashes) or ("md5", "")
    digest = hashlib.new(algorithm, usedforsecurity=False)
    yield digest
    if expected and (actual := digest.hexdigest()) != expected:
        raise HashMismatchError(filename, algorithm, expected, actual)


def _measured(chunks: Iterable[bytes], file: DistributionFile, progress: Progress) -> Iterator[bytes]:
    """Pass *chunks* on as long as their size is what the index promised; take the progress back if it is not."""
    received, complete = 0, False
    try:
        for chunk in chunks:
            received += len(chunk)
            progress(len(chunk))
            if file.size is not None and received > file.size:
                break
            yield chunk
        if file.size is not None and received != file.size:
            raise SizeMismatchError(file.filename, file.size, received)
        complete = True
    finally:
        if received and not complete:
            progress(-received)


def _ignore(_count: int) -> None:
    """Take progress that nobody asked for."""
