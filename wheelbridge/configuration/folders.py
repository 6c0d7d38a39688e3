"""Folders that a file names: relative to the file, not to where a command runs."""

import os
import re
from pathlib import Path

_LOOKS_LIKE_A_PATH = re.compile(r"[./~\\]|[A-Za-z]:[\\/]")


def find_channel(text: str, folder: Path) -> str:
    """Return the channel *text*, as an absolute path where it is a folder; a name and a URL stay as they are."""
    if "://" in text or text.startswith("file:"):
        return text
    path = _join(text, folder)
    return str(path) if _LOOKS_LIKE_A_PATH.match(text) or (path / "noarch").is_dir() else text


def find_index(text: str, folder: Path) -> str | None:
    """Return the index *text*, as an absolute path where it is a folder; None where it can be none."""
    if text == "pypi" or "://" in text or text.startswith("file:"):
        return text
    path = _join(text, folder)
    return str(path) if path.is_dir() else None


def find_file(text: str, folder: Path) -> Path:
    """Return the file *text* as an absolute path, whether it is there or not."""
    return _join(text, folder).absolute()


def show_path(path: Path) -> str:
    """Return what people call *path*: as short as it is clear.

    >>> show_path(Path.home() / ".condarc")
    '~/.condarc'
    """
    for base, prefix in ((_here(), ""), (_home(), f"~{os.sep}")):
        if base is not None and path.is_relative_to(base):
            return f"{prefix}{path.relative_to(base)}"
    return str(path)


def _here() -> Path | None:
    try:
        return Path.cwd()
    except OSError:
        return None


def _home() -> Path | None:
    try:
        return Path.home()
    except RuntimeError:
        return None


def _join(text: str, folder: Path) -> Path:
    return Path(os.path.normpath(folder / os.path.expanduser(text)))  # noqa: PTH111 - Path's raises without a home
