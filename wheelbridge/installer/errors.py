"""What can go wrong between a solved environment and a linked one; each class has its own code."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from wheelbridge.errors import WheelbridgeError, shell_command
from wheelbridge.model.redaction import redact, redact_text

_SHOWN = 5
_FULL = frozenset({errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)})


class HashMismatchError(WheelbridgeError):
    """A downloaded file is not the file that was solved for."""

    code = "hash-mismatch"

    def __init__(self, fn: str, *, expected: str, actual: str) -> None:
        super().__init__(
            f"{fn} has the hash {actual}, the index announced {expected}; nothing was unpacked",
            hint="Try again; if it stays so, the file was changed behind the index and should not be trusted.",
        )
        self.fn = fn
        self.expected = expected
        self.actual = actual


class RecordMismatchError(WheelbridgeError):
    """A wheel's RECORD does not describe the wheel's files."""

    code = "record-mismatch"

    def __init__(self, fn: str, issues: tuple[str, ...]) -> None:
        more = f" (and {len(issues) - _SHOWN} more)" if len(issues) > _SHOWN else ""
        super().__init__(
            f"{fn} does not hold what its RECORD says: {'; '.join(issues[:_SHOWN])}{more}",
            hint="The wheel is damaged or was built wrongly; tell its maintainers, or ask for another version.",
        )
        self.fn = fn
        self.issues = issues


class UnsafePathError(WheelbridgeError):
    """A file of a package would be written outside its place."""

    code = "unsafe-path"

    def __init__(self, fn: str, path: str, reason: str) -> None:
        super().__init__(f"{fn} holds the path {path!r}, which {reason}", hint="Do not install this package.")
        self.fn = fn
        self.path = path


class UnsafeNameError(WheelbridgeError):
    """A record of a channel or a lock has a name, a version or a build that no package may have."""

    code = "unsafe-name"

    def __init__(self, url: str, name: str) -> None:
        self.url = redact(url)
        super().__init__(
            f"The record of {self.url} makes it {name!r}, which no package may be called (CEP 26)",
            hint="Do not trust who wrote it: the name of a package becomes the name of a folder. Nothing was fetched.",
        )
        self.name = name


class OtherPackageError(WheelbridgeError):
    """A package is by its own metadata another one than its record says."""

    code = "other-package"

    def __init__(self, fn: str, *, expected: str, actual: str) -> None:
        super().__init__(
            f"{fn} is {actual!r} by its own metadata, and {expected!r} by its record",
            hint="The channel or the lock is wrong about it, or was tampered with; make the lock anew. Nothing was "
            "changed.",
        )
        self.fn = fn
        self.expected = expected
        self.actual = actual


class InvalidWheelError(WheelbridgeError):
    """A file is no wheel that can be installed."""

    code = "invalid-wheel"

    def __init__(self, fn: str, reason: str) -> None:
        super().__init__(f"{fn} cannot be installed: {reason}")
        self.fn = fn


class DownloadError(WheelbridgeError):
    """A package could not be brought into the cache."""

    code = "download-failed"

    def __init__(self, url: str, reason: str) -> None:
        self.url = redact(url)
        super().__init__(
            f"{self.url} could not be fetched: {redact_text(reason)}",
            hint="The environment was not touched; try again.",
        )


class MissingWheelError(WheelbridgeError):
    """A wheel is to be linked, and nobody downloaded it."""

    code = "missing-wheel"

    def __init__(self, fn: str) -> None:
        super().__init__(
            f"{fn} is neither unpacked nor downloaded",
            hint="Name the index it came from with -i, or ask for another version of it.",
        )
        self.fn = fn


class NoPythonError(WheelbridgeError):
    """Wheels are to be linked into an environment without an interpreter."""

    code = "no-python"

    def __init__(self, names: tuple[str, ...]) -> None:
        super().__init__(f"{', '.join(names)} cannot be linked: the environment has no python", hint="Add 'python'.")
        self.names = names


class FileConflictError(WheelbridgeError):
    """Packages of one environment claim the same file with different contents."""

    code = "file-conflict"

    def __init__(self, conflicts: tuple[str, ...]) -> None:
        more = f" (and {len(conflicts) - _SHOWN} more)" if len(conflicts) > _SHOWN else ""
        super().__init__(
            f"{len(conflicts)} files would overwrite each other: {'; '.join(conflicts[:_SHOWN])}{more}",
            hint="The packages often are two builds of one project; leave one out. Nothing was changed.",
        )
        self.conflicts = conflicts


class UnmanagedDistributionError(WheelbridgeError):
    """A distribution that another tool put into the environment is in the way."""

    code = "unmanaged-distribution"

    def __init__(self, prefix: Path, reasons: tuple[str, ...], projects: tuple[str, ...]) -> None:
        more = f" (and {len(reasons) - _SHOWN} more)" if len(reasons) > _SHOWN else ""
        what = "which another tool put there" if len(projects) == 1 else "which other tools put there"
        super().__init__(
            f"{'; '.join(reasons[:_SHOWN])}{more}, {what}",
            hint=f"Take over what is there: {shell_command('wheelbridge', 'adopt', '-p', prefix, *projects)}; with "
            "--replace, what a solve gives comes in its place. Nothing was changed.",
        )
        self.prefix = str(prefix)
        self.projects = projects


class NotAnEnvironmentError(WheelbridgeError):
    """The prefix exists and is no conda environment."""

    code = "not-an-environment"

    def __init__(self, prefix: Path) -> None:
        command = shell_command("wheelbridge", "create", "-p", prefix)
        super().__init__(f"{prefix} is not a conda environment", hint=f"Make one: {command} ...")
        self.prefix = str(prefix)


class PrefixNotEmptyError(WheelbridgeError):
    """A new environment was asked for where something else is."""

    code = "prefix-not-empty"

    def __init__(self, prefix: Path, hint: str) -> None:
        super().__init__(f"{prefix} exists and is not empty", hint=hint)
        self.prefix = str(prefix)


class PrefixNotWritableError(WheelbridgeError):
    """The prefix cannot be written to."""

    code = "prefix-not-writable"

    def __init__(self, prefix: Path) -> None:
        super().__init__(f"{prefix} cannot be written to", hint="Ask its owner, or make an environment of your own.")
        self.prefix = str(prefix)


class FrozenEnvironmentError(WheelbridgeError):
    """The environment is marked as frozen (CEP 22)."""

    code = "frozen"

    def __init__(self, prefix: Path, message: str) -> None:
        super().__init__(
            f"{prefix} is frozen and was not changed: {message}",
            hint="Pass --override-frozen to change it at your own risk.",
        )
        self.prefix = str(prefix)


class ExternallyManagedError(WheelbridgeError):
    """The environment's python is marked as managed by somebody else (PEP 668)."""

    code = "externally-managed"

    def __init__(self, marker: Path, message: str) -> None:
        super().__init__(
            f"{marker} forbids installing wheels here: {message}",
            hint="Make another environment, or pass --override-externally-managed at your own risk.",
        )
        self.marker = str(marker)


class PrefixLockedError(WheelbridgeError):
    """Another process works on the prefix."""

    code = "prefix-locked"

    def __init__(self, prefix: Path, seconds: float) -> None:
        super().__init__(
            f"Another wheelbridge works on {prefix}; gave up waiting after {seconds:g} s",
            hint="Wait for it to end and try again.",
        )
        self.prefix = str(prefix)


class BrokenRecordError(WheelbridgeError):
    """A file of ``conda-meta`` cannot be read."""

    code = "broken-record"

    def __init__(
        self, path: Path, reason: str, *, hint: str = "Delete the file and install its package again."
    ) -> None:
        super().__init__(f"{path} cannot be read: {reason}", hint=hint)
        self.path = str(path)


class NoSpaceError(WheelbridgeError):
    """The disk is full, or would be."""

    code = "no-space"

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"No space left for {path}: {reason}", hint="Free some space; the environment is as it was.")
        self.path = path


class OperatingSystemError(WheelbridgeError):
    """The operating system refused a file operation."""

    code = "os-error"

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}", hint="The environment is as it was.")
        self.path = path


class LinkFailedError(WheelbridgeError):
    """Linking failed; the environment was put back to what it was."""

    code = "link-failed"

    def __init__(self, prefix: Path, reason: str) -> None:
        super().__init__(f"{prefix} could not be changed and is as it was: {reason}")
        self.prefix = str(prefix)


class RecoveryFailedError(WheelbridgeError):
    """Neither could the environment be changed nor put back."""

    code = "recovery-failed"

    def __init__(self, prefix: Path, reason: str) -> None:
        super().__init__(
            f"{prefix} is between its old and its new state and could not be put back: {reason}",
            hint="Remove the cause and run any wheelbridge command that changes it: that puts it back first.",
        )
        self.prefix = str(prefix)


@contextmanager
def os_errors(path: Path) -> Iterator[None]:
    """Turn an ``OSError`` into one clear error; *path* is named where the error itself names none."""
    try:
        yield
    except OSError as error:
        raise from_os_error(error, path) from error


def from_os_error(error: OSError, path: Path) -> WheelbridgeError:
    """Say what an ``OSError`` means to the user."""
    where = str(error.filename or path)
    reason = error.strerror or str(error)
    return NoSpaceError(where, reason) if error.errno in _FULL else OperatingSystemError(where, reason)


def from_rattler_error(error: Exception, prefix: Path) -> WheelbridgeError:
    """Say what an exception of rattler, whose cause is known by its text only, means to the user."""
    reason = redact_text(" ".join(str(error).split()))
    if "No space left on device" in reason or "os error 28" in reason:
        return NoSpaceError(str(prefix), reason)
    return LinkFailedError(prefix, reason)
