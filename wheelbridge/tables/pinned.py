"""The pinned inputs of the generated tables, on disk; fetching them is somebody else's work."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

from wheelbridge.mapping.pins import InputNotFoundError, Pin, PinMismatchError, move_pin, parse_pins
from wheelbridge.tables.documents import load_document, parse_document

PINS = "names/sources.yaml"
"""Where the pins are in a folder of tables."""
_INPUTS = "names/inputs"
"""Where inputs are kept that have no upstream."""


def read_pins(mappings: Path) -> tuple[Pin, ...]:
    """Read the pins of the tables in a folder.

    Raises:
        WheelbridgeError: if they are missing, unreadable or wrong.
    """
    return parse_pins(load_document(mappings / PINS))


def read_input(mappings: Path, pin: Pin, source: Path | None) -> bytes | None:
    """Return an input out of the folder *source*, or if it is local, from beside the pins; None: to be fetched.

    Its hash is not looked at.

    Raises:
        InputNotFoundError: if it is not there.
    """
    kept = kept_path(mappings, pin) if pin.local else None
    given = source / pin.file if source is not None else None
    path = given if given and (kept is None or given.exists()) else kept
    if path is None:
        return None
    try:
        return path.read_bytes()
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        raise InputNotFoundError(pin.name, str(path)) from None


def kept_path(mappings: Path, pin: Pin) -> Path:
    """Return where the input of a local *pin* is kept."""
    return mappings / _INPUTS / Path(pin.file).name


def check_input(data: bytes, pin: Pin) -> bytes:
    """Return *data* if it is what is pinned.

    Raises:
        PinMismatchError: if it is not.
    """
    if (actual := hashlib.sha256(data).hexdigest()) != pin.sha256:
        raise PinMismatchError(pin.name, pin.sha256, actual)
    return data


def render_pins(mappings: Path, moved: Mapping[str, Pin]) -> bytes:
    """Return the file of the pins with the commit and the sha256 of the *moved* ones; every other byte stays.

    Raises:
        InvalidPinError: if a row is not written a field a line, or would break a rule.
    """
    path = mappings / PINS
    text = path.read_bytes().decode()
    for name, pin in moved.items():
        text = move_pin(text, name, pin.commit, pin.sha256)
    parse_pins(parse_document(text.encode(), path))
    return text.encode()


def different_files(files: Mapping[Path, bytes]) -> tuple[Path, ...]:
    """Return which of *files*, path -> content, are not on disk like that."""
    return tuple(path for path, data in files.items() if not path.is_file() or path.read_bytes() != data)
