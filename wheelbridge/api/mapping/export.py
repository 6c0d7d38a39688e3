"""The table of external dependencies, exported as a mapping of PEP 804, so that what is right here can go upstream."""

import json
from pathlib import Path

from wheelbridge.errors import WheelbridgeError
from wheelbridge.mapping.external.parsing import ExternalRow, parse_external
from wheelbridge.mapping.external.pep804_export import Export, render_mapping
from wheelbridge.tables.locate import find_mappings
from wheelbridge.tables.natives import load_registry
from wheelbridge.tables.reading import read_rows

_FOLDER = "external"
_REGISTRY = "registry"


class NoExternalTableError(WheelbridgeError):
    """No table says what a channel has for external dependencies."""

    code = "no-external-table"

    def __init__(self, channel: str, known: tuple[str, ...]) -> None:
        hint = f"There are tables for: {', '.join(known)}." if known else "This folder has none for any channel."
        super().__init__(f"There is no table of external dependencies for the channel {channel!r}", hint=hint)
        self.channel = channel
        self.known = known


class UnwritableExportError(WheelbridgeError):
    """The file of an export cannot be written."""

    code = "unwritable-export"

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path} cannot be written: {reason}", hint="Name a file in a folder that is there.")
        self.path = str(path)


def export_mapping(channel: str, mappings: Path | None = None) -> Export:
    """Return the mapping of *channel* as a document of PEP 804, with notes on what it cannot say.

    Args:
        channel: the channel's name, such as ``conda-forge``.
        mappings: the folder of the tables; by default the one that came with wheelbridge.

    Raises:
        NoExternalTableError: if there is no table for *channel*.
        InvalidExternalError: if a table breaks a rule; its path begins with the file.
        MissingTableError: if the registry of ids is missing.
        UnreadableTableError: if a file is not YAML.
    """
    folder = (mappings or find_mappings()) / _FOLDER
    return render_mapping(load_external(folder, channel), channel, load_registry(mappings))


def load_external(folder: Path, channel: str) -> tuple[ExternalRow, ...]:
    """Read the table of *channel* in *folder*.

    Raises:
        NoExternalTableError: if there is none.
        InvalidExternalError: if it breaks a rule.
        UnreadableTableError: if it is not YAML.
    """
    known = tuple(sorted(path.stem for path in folder.glob("*.yaml") if path.stem != _REGISTRY))
    if channel not in known:
        raise NoExternalTableError(channel, known)
    return read_rows(folder / f"{channel}.yaml", parse_external)


def write_export(export: Export, path: Path) -> None:
    """Write the document of *export* into a file.

    Raises:
        UnwritableExportError: if that is not possible.
    """
    try:
        path.write_bytes(export_text(export).encode())
    except OSError as error:
        raise UnwritableExportError(path, error.strerror or str(error)) from None


def export_text(export: Export) -> str:
    r"""Return the document of *export* as a file has it: ASCII, so that no encoding of a pipe can refuse it.

    >>> export_text(Export({"name": "x"}, ()))
    '{\n  "name": "x"\n}\n'
    """
    return f"{json.dumps(export.document, indent=2)}\n"
