"""Where a lock lies, and in which format."""

from dataclasses import dataclass
from pathlib import Path

from wheelbridge.environment.lock import Lock
from wheelbridge.environment.locks.files import LockFormat, format_of_name, read_lock, render_lock
from wheelbridge.errors import UsageError
from wheelbridge.tables.writing import write_file

_NAMES: dict[str, tuple[LockFormat, str]] = {"pixi": ("pixi", "pixi.lock"), "pylock": ("pylock", "pylock.toml")}
"""What ``--format`` takes -> the format, and the name of such a file."""


@dataclass(frozen=True, slots=True)
class LockPlace:
    """A lock file; *chosen* tells whether somebody named it."""

    path: Path
    format: LockFormat
    chosen: bool

    @classmethod
    def find(cls, output: Path | None, wanted: str | None, first: str) -> "LockPlace":
        """Return the lock file that a command means; *first* is the first file that says what to lock.

        Raises:
            UsageError: if the format is unknown, or the name says another one.
        """
        if wanted is not None and wanted not in _NAMES:
            raise UsageError(f"{wanted!r} is no format of a lock", hint=f"The formats are {', '.join(_NAMES)}.")
        if output is None:
            lock_format, name = _NAMES[wanted or "pixi"]
            return cls(Path(first).absolute().parent / name, lock_format, chosen=False)
        named = format_of_name(output.name)
        if named not in (None, *(one for one, _ in _NAMES.values())):
            hint = "Lock to pixi.lock or pylock.toml; wheelbridge export writes the others."
            raise UsageError(f"{output} is to be {named}, which holds no lock", hint=hint)
        if wanted is not None and named not in (None, _NAMES[wanted][0]):
            raise UsageError(f"{output.name} is the name of the format {named}", hint=f"Leave out --format {wanted}.")
        lock_format = _NAMES[wanted][0] if wanted else named or "pixi"
        return cls(output.expanduser().absolute(), lock_format, chosen=True)

    @property
    def folder(self) -> Path:
        """Its folder."""
        return self.path.parent

    def read(self) -> Lock | None:
        """Return the lock that is there, None where there is none.

        Raises:
            WheelbridgeError: if it cannot be read.
        """
        return read_lock(self.path) if self.path.is_file() else None

    def may_write(self, earlier: Lock | None) -> None:
        """Check that the file is not another tool's that nobody named.

        Raises:
            UsageError: if it is.
        """
        if earlier is not None and earlier.request is None and not self.chosen:
            raise UsageError(
                f"{self.path.name} is there, and another tool wrote it",
                hint=f"Write over it with -o {self.path.name}, or lock to another file, such as -o pylock.toml.",
            )

    def write(self, lock: Lock) -> bool:
        """Write *lock*, unless the file has the same bytes already; tell whether it was written.

        Raises:
            WheelbridgeError: if the format cannot hold the lock.
            OSError: if the file cannot be written.
        """
        text = render_lock(lock, self.format, self.folder).encode()
        if self.path.is_file() and self.path.read_bytes() == text:
            return False
        write_file(self.path, text)
        return True
