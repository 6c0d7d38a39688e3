"""A remote file as a seekable one, read by HTTP range requests.

The libraries for it (remotezip, seekablehttpfile) check neither the status nor the range that came back; for the
metadata of a wheel that is the larger part of the work.
"""

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_TAIL = 64 * 1024
_READ_AHEAD = 16 * 1024


class RangesUnsupportedError(Exception):
    """The server answers range requests with something else than the range."""


@dataclass(frozen=True, slots=True)
class Slice:
    """Bytes of a file: *start* counts from its beginning, *total* is the size of the file."""

    start: int
    total: int
    data: bytes

    @property
    def end(self) -> int:
        """Where the slice ends, exclusive."""
        return self.start + len(self.data)


FetchSlice = Callable[[int | None, int], Slice]
"""Is asked for ``(first, last)``, both inclusive, or for the last *n* bytes as ``(None, n)``."""


def open_remote(fetch: FetchSlice, size: int | None) -> io.BufferedReader:
    """Open the file that *fetch* reads, its tail at once: there a zip archive has its directory.

    Args:
        fetch: gets a slice of the file.
        size: of the file in bytes; where it is known, servers without suffix ranges will do.

    Raises:
        RangesUnsupportedError: then or while reading, if *fetch* raises it or the file changes on the way.
    """
    tail = fetch(None, _TAIL) if size is None else fetch(max(0, size - _TAIL), size - 1)
    return io.BufferedReader(_RemoteFile(fetch, tail), _READ_AHEAD)


class _RemoteFile(io.RawIOBase):
    def __init__(self, fetch: FetchSlice, tail: Slice) -> None:
        super().__init__()
        self._fetch = fetch
        self._tail = tail
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        origin = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._tail.total}[whence]
        self._position = max(0, origin + offset)
        return self._position

    def tell(self) -> int:
        return self._position

    def readinto(self, buffer: "WriteableBuffer") -> int:
        view = memoryview(buffer)
        data = self._read(min(len(view), self._tail.total - self._position))
        view[: len(data)] = data
        self._position += len(data)
        return len(data)

    def _read(self, count: int) -> bytes:
        """Return at most *count* bytes from the position on: from the tail, or else up to it."""
        if count <= 0:
            return b""
        if self._position >= self._tail.start:
            offset = self._position - self._tail.start
            return self._tail.data[offset : offset + count]
        last = min(self._position + count, self._tail.start) - 1
        found = self._fetch(self._position, last)
        if found.total != self._tail.total:
            raise RangesUnsupportedError
        return found.data
