"""Tables that people wrote, read by the parser of their rows; what that refuses names the file."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from wheelbridge.mapping.external.fields import InvalidExternalError
from wheelbridge.mapping.natives.fields import InvalidTableRowError
from wheelbridge.mapping.overrides import InvalidOverrideError
from wheelbridge.tables.documents import load_document

_Rows = TypeVar("_Rows")
_WHOLE = frozenset({"[]", "overrides", "external", "mapping", "registry"})
"""What the parsers call a table where no row of it is to blame."""


def read_rows(path: Path, parse: Callable[[object], _Rows], *, empty: object = None, name: str | None = None) -> _Rows:
    """Read the table in the file *path*; what an empty file holds is *empty*, and *name* is what people call it.

    Raises:
        MissingTableError: if there is no such file.
        UnreadableTableError: if it is not YAML, JSON or TOML.
        WheelbridgeError: what *parse* raises; the path in it begins with the file, as in ``names/overrides.yaml [3]``.
    """
    data = load_document(path)
    return check_rows(empty if data is None else data, path, parse, name=name)


def check_rows(data: object, path: Path, parse: Callable[[object], _Rows], *, name: str | None = None) -> _Rows:
    """Do as `read_rows` with the *data* of the file *path*.

    Raises:
        WheelbridgeError: what *parse* raises, as there.
    """
    try:
        return parse(data)
    except (InvalidExternalError, InvalidOverrideError, InvalidTableRowError) as error:
        place = "" if error.path in _WHOLE else f" {error.path}"
        placed = type(error)(f"{name or f'{path.parent.name}/{path.name}'}{place}", error.problem)
        placed.hint = error.hint
        raise placed from None
