"""Where wheelbridge's own configuration lies."""

import tomllib
from pathlib import Path

from platformdirs import user_config_path

from wheelbridge.configuration.documents import read_document
from wheelbridge.configuration.errors import InvalidConfigurationError
from wheelbridge.configuration.folders import show_path
from wheelbridge.configuration.values import Configuration
from wheelbridge.errors import UsageError

OWN = "wheelbridge.toml"
PYPROJECT = "pyproject.toml"


def find_project_file(folder: Path) -> Path | None:
    """Return the nearest configuration of *folder* and the folders above it: the first that has one decides.

    A pyproject.toml counts where it has a table ``[tool.wheelbridge]``.

    Raises:
        UsageError: if one folder has both.
        InvalidConfigurationError: if a pyproject.toml that would count cannot be read.
    """
    for place in (folder, *folder.parents):
        own, pyproject = place / OWN, place / PYPROJECT
        has_own, has_table = own.is_file(), pyproject.is_file() and _mentions(pyproject)
        if has_own and has_table and load_toml(own):
            raise UsageError(
                f"{show_path(place)} has both {OWN} and [tool.wheelbridge] in {PYPROJECT}",
                hint="Keep one of them; --config FILE names one for this command.",
            )
        if has_own or has_table:
            return pyproject if has_table else own
    return None


def user_file() -> Path | None:
    """Return where this user's own configuration lies, if there is one; None for a user without a home."""
    try:
        return user_config_path("wheelbridge", appauthor=False) / OWN
    except RuntimeError:
        return None


def load_file(path: Path) -> Configuration:
    """Read one file; of a pyproject.toml, the table ``[tool.wheelbridge]``.

    Raises:
        InvalidConfigurationError: if it cannot be read.
    """
    values, origin = load_toml(path), show_path(path)
    if path.name == PYPROJECT:
        return read_document(_tool(values, origin), origin, path.absolute().parent, "tool.wheelbridge")
    return read_document(values, origin, path.absolute().parent)


def load_toml(path: Path) -> dict[str, object]:
    """Read a TOML file.

    Raises:
        InvalidConfigurationError: if it is not there or no TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidConfigurationError(show_path(path), "", f"it is no TOML: {error}") from error
    except OSError as error:
        raise InvalidConfigurationError(show_path(path), "", error.strerror or "it cannot be read") from error


def _mentions(pyproject: Path) -> bool:
    """Tell whether a file has the table; those of other tools need not be read at all, and may be broken."""
    text = pyproject.read_bytes()
    return b"wheelbridge" in text and bool(_tool(load_toml(pyproject), show_path(pyproject)))


def _tool(values: dict[str, object], origin: str) -> dict[str, object]:
    tools = values.get("tool", {})
    table = tools.get("wheelbridge", {}) if isinstance(tools, dict) else {}
    if not isinstance(table, dict):
        raise InvalidConfigurationError(origin, "tool.wheelbridge", "it must be a table")
    return table
