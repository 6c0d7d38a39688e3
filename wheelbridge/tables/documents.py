"""YAML, JSON and TOML files as plain values."""

from pathlib import Path
from typing import Any

from wheelbridge.errors import WheelbridgeError
from wheelbridge.tables.locate import MissingTableError


class UnreadableTableError(WheelbridgeError):
    """A file of tables is not what its name says."""

    code = "unreadable-table"

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path} cannot be read: {reason}", hint="Tables are YAML, JSON or TOML, in UTF-8.")
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
        raise UnreadableTableError(path, " ".join(str(error).split())) from None
