"""A project's pyproject.toml, from wherever it is named."""

import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from wheelbridge.errors import WheelbridgeError

PYPROJECT = "pyproject.toml"
STANDARD_INPUT = "-"
_BOM = "\ufeff"


class UnreadableProjectError(WheelbridgeError):
    """A project file is not there, or is no TOML."""

    code = "unreadable-project"

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(
            f"{place} cannot be read: {reason}",
            hint="Name a pyproject.toml, a folder with one, or - for standard input.",
        )
        self.place = place
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectFile:
    """What a pyproject.toml holds.

    Attributes:
        place: what people call it.
        path: where it is; None: it came by standard input.
        text: its text, line ends as they are; a byte order mark is not part of it.
        marked: whether a byte order mark stands before the text.
        data: its values.
    """

    place: str
    path: Path | None
    text: str
    marked: bool
    data: Mapping[str, object]

    @property
    def external(self) -> object:
        """The value of ``[external]``; None where there is none."""
        return self.data.get("external")

    @property
    def name(self) -> str | None:
        """The name of the project, where it says one."""
        project = self.data.get("project")
        name = project.get("name") if isinstance(project, Mapping) else None
        return name if isinstance(name, str) else None

    def encode(self, text: str) -> bytes:
        """Return *text* as the file would hold it."""
        return f"{_BOM if self.marked else ''}{text}".encode()


def read_project_file(place: str) -> ProjectFile:
    """Read a pyproject.toml: a file, a folder with one, or ``-`` for standard input.

    Raises:
        UnreadableProjectError: if there is none, or it is no TOML in UTF-8.
    """
    path = None if place == STANDARD_INPUT else Path(place).expanduser()
    if path is not None and path.is_dir():
        path /= PYPROJECT
    name = "standard input" if path is None else str(path)
    try:
        data = sys.stdin.buffer.read() if path is None else path.read_bytes()
        text = data.decode()
        marked = text.startswith(_BOM)
        text = text.removeprefix(_BOM)
        # TOML 1.0: "Newline means LF (0x0A) or CRLF (0x0D 0x0A)"; tomllib takes both.
        return ProjectFile(place=name, path=path, text=text, marked=marked, data=tomllib.loads(text))
    except OSError as error:
        raise UnreadableProjectError(name, error.strerror or str(error)) from None
    except (ValueError, RecursionError) as error:
        raise UnreadableProjectError(name, f"it is no TOML in UTF-8: {error}") from None
