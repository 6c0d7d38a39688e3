"""Files of which little is read, whatever they say of themselves."""

import io
from pathlib import Path

_LIMIT = 2 * 2**20


class LimitedFile(io.FileIO):
    """A file of which two MiB are read at most: the tables of a binary are small, and its code is not looked at.

    So neither a large file nor one made to look endless takes more memory or time than that.
    """

    def __init__(self, path: Path, longest: int = _LIMIT) -> None:
        """Open *path*; a read of more than *longest* bytes gets nothing: it is of what nobody looks at."""
        super().__init__(path, "rb")
        self._longest = longest
        self._left = _LIMIT

    def read(self, size: int | None = -1, /) -> bytes:
        """Read *size* bytes.

        Raises:
            ValueError: if more was read than the tables of a binary can have.
        """
        if size is None or size < 0 or size > self._longest:
            return b""
        if size > self._left:
            raise ValueError(f"its tables have more than {_LIMIT} bytes")
        self._left -= size
        return super().read(size)
