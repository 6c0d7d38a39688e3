"""Lock files, whatever their format: which one a file is, what it says, and how a lock is written.

Each format is imported when it is met: a command has to do with one or two of them.
"""

import re
from pathlib import Path
from typing import Literal, get_args

from wheelbridge.environment.errors import InvalidEnvironmentFileError
from wheelbridge.environment.lock import Lock
from wheelbridge.environment.locks.places import as_read, as_written
from wheelbridge.errors import shell_command

LockFormat = Literal["pixi", "pylock", "explicit"]
"""What a lock is written as."""
LOCK_FORMATS: tuple[LockFormat, ...] = get_args(LockFormat)
ReadFormat = Literal["pixi", "pylock", "explicit", "conda-lock"]
"""What a lock is read of."""

_PYLOCK = re.compile(r"pylock\.(?:[^.]+\.)?toml")
_CONDA_LOCK = re.compile(r"(?:.+\.)?conda-lock\.ya?ml")
_OF_PIXI = re.compile(r"^version: *[0-9]+ *$.*^environments: *$", re.MULTILINE | re.DOTALL)
_OF_CONDA_LOCK = re.compile(r"^metadata: *$.*^ +content_hash: *$.*^package: *", re.MULTILINE | re.DOTALL)
_OF_PYLOCK = re.compile(r"^lock-version *= *[\"']", re.MULTILINE)


def format_of_name(name: str) -> ReadFormat | None:
    r"""Return the format that a file of this name has; None where the name does not tell.

    PEP 751: "A lock file MUST be named ``pylock.toml`` or match the regular expression
    ``r"^pylock\.([^.]+)\.toml$"``".
    CEP 37: a name "SHOULD contain the term ``conda-lock`` and MUST end in ``.yml`` or ``.yaml``"; people call
    environment files so, too, so only the usual names decide alone.

    >>> [format_of_name(name) for name in ("pixi.lock", "pylock.gpu.toml", "my.conda-lock.yml", "environment.yml")]
    ['pixi', 'pylock', 'conda-lock', None]
    """
    if name.endswith("pixi.lock"):
        return "pixi"
    if _PYLOCK.fullmatch(name):
        return "pylock"
    return "conda-lock" if _CONDA_LOCK.fullmatch(name) else None


def lock_format(path: Path) -> ReadFormat | None:
    """Return the format of a lock file, by its name, else by what it says; None where the file is no lock.

    Raises:
        InvalidEnvironmentFileError: if the file cannot be read.
    """
    return format_of_name(path.name) or _format_of_text(_text(path))


def read_lock(path: Path) -> Lock:
    """Read a lock file of any format; paths in it become ``file:`` URLs.

    They are relative to the lock's folder; in an explicit file, as CEP 23 says, "to the working directory, not the
    input file parent directory".

    Raises:
        InvalidEnvironmentFileError: if the file cannot be read, or is no lock.
    """
    text = _text(path)
    match format_of_name(path.name) or _format_of_text(text):
        case "pixi":
            from wheelbridge.environment.locks.pixi import read_pixi_lock  # noqa: PLC0415 - see above

            return as_read(read_pixi_lock(text, str(path)), path.parent)
        case "pylock":
            from wheelbridge.environment.locks.pylock import read_pylock  # noqa: PLC0415 - see above

            return as_read(read_pylock(text, str(path)), path.parent)
        case "conda-lock":
            from wheelbridge.environment.locks.conda_lock import read_conda_lock  # noqa: PLC0415 - see above

            return as_read(read_conda_lock(text, str(path)), path.parent)
        case "explicit":
            from wheelbridge.environment.locks.explicit import read_explicit  # noqa: PLC0415 - see above

            return as_read(read_explicit(text, str(path)), Path())
    raise InvalidEnvironmentFileError(
        str(path),
        "",
        "it is no lock",
        hint="A lock is a pixi.lock, pylock.toml, conda-lock.yml or @EXPLICIT file; "
        f"of an environment file, make one: {shell_command('wheelbridge', 'lock', '-f', path)}.",
    )


def render_lock(lock: Lock, form: LockFormat, folder: Path) -> str:
    """Return *lock* as the text of a file that will lie in *folder*, without logins.

    Raises:
        LockNotExpressibleError: if the format has no words for it.
        SecretInLockError: if a URL holds what may be a secret, and cannot do without.
    """
    match form:
        case "pixi":
            from wheelbridge.environment.locks.pixi import render_pixi_lock  # noqa: PLC0415 - see above

            return render_pixi_lock(as_written(lock, folder))
        case "pylock":
            from wheelbridge.environment.locks.pylock import render_pylock  # noqa: PLC0415 - see above

            return render_pylock(as_written(lock, folder))
        case "explicit":
            from wheelbridge.environment.locks.explicit import render_explicit  # noqa: PLC0415 - see above

            return render_explicit(as_written(lock, None))


def _format_of_text(text: str) -> ReadFormat | None:
    if _OF_PIXI.search(text):
        return "pixi"
    if _OF_PYLOCK.search(text):
        return "pylock"
    if _OF_CONDA_LOCK.search(text):
        return "conda-lock"
    from wheelbridge.environment.locks.explicit import is_explicit  # noqa: PLC0415 - see above

    return "explicit" if is_explicit(text) else None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        hint = "Check its name; wheelbridge lock makes a lock."
        raise InvalidEnvironmentFileError(str(path), "", f"it cannot be read: {error.strerror}", hint=hint) from error
    except UnicodeDecodeError as error:
        raise InvalidEnvironmentFileError(str(path), "", f"it is no text in UTF-8: {error}") from error
