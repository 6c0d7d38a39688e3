"""YAML, JSON and TOML files as plain values."""

from pathlib import Path
from typing import Any

from wheelbridge.errors import WheelbridgeError
from wheelbridge.model.redaction import redact_text
from wheelbridge.tables.locate import MissingTableError


class UnreadableTableError(WheelbridgeError):
    """A file of tables is not what its name says."""

    code = "unreadable-table"

    def __init__(self, path: Path, reason: str, *, hint: str = "Tables are YAML, JSON or TOML, in UTF-8.") -> None:
        super().__init__(f"{path} cannot be read: {reason}", hint=hint)
        self.path = str(path)


def load_document(path: Path) -> Any:  # noqa: ANN401 - whatever the file holds; the parsers check it
    """Read a file by its suffix; an empty YAML file is None.

    Raises:
        MissingTableError: if there is no such file.
        UnreadableTableError: if it is not YAML, JSON or TOML.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise MissingTableError(path) from None
    except OSError as error:
        raise UnreadableTableError(path, error.strerror or str(error)) from None
    return parse_document(data, path)


def parse_document(data: bytes, path: Path) -> Any:  # noqa: ANN401 - as load_document
    """Read the content of a file whose *path* says what it is.

    Raises:
        UnreadableTableError: if it is not that.
    """
    from ruamel.yaml import YAML  # noqa: PLC0415 - a look-up must not pay for it
    from ruamel.yaml.error import YAMLError  # noqa: PLC0415 - same

    try:
        text = data.decode("utf-8")
        if path.suffix == ".json":
            import json  # noqa: PLC0415 - same

            return json.loads(text)
        if path.suffix == ".toml":
            import tomllib  # noqa: PLC0415 - same

            return tomllib.loads(text)
        return YAML(typ="safe", pure=True).load(text)
    except (ValueError, YAMLError, RecursionError) as error:
        raise UnreadableTableError(path, _explain(error)) from None


def _explain(error: Exception) -> str:
    """Say what a parser says, without the line that YAML's shows: it may hold the login of an address."""
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        return " ".join(str(error).split())
    said = [getattr(error, name, None) for name in ("context", "problem")]
    place = f"line {mark.line + 1}, column {mark.column + 1}"
    return redact_text(" ".join(f"{', '.join(text for text in said if text)}, {place}".split()))
