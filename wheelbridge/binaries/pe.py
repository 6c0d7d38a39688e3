"""PE: the import directory and the one of delayed imports, as far as the names of DLLs."""

import struct
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from pefile import DIRECTORY_ENTRY, MAX_DLL_LENGTH, PE

from wheelbridge.model.binary import Binary

_MACHINES = {0x014C: "win32", 0x8664: "amd64", 0xAA64: "arm64"}
"""``IMAGE_FILE_MACHINE_*``, in the words of wheel tags."""

_MOST = 4096
"""DLLs that one file loads."""
_IMPORT = struct.Struct("<5I")
_DELAYED = struct.Struct("<8I")
_ADDRESSES_ARE_RELATIVE = 1


def read_pe(file: Path, name: str) -> Binary:
    """Read what a PE file loads, at once or when it is first called; no symbol is looked at."""
    with closing(PE(str(file), fast_load=True)) as image:
        names = [*_imported(image), *_delayed(image)]
        machine = image.FILE_HEADER.Machine
    return Binary(
        path=name,
        format="pe",
        machine=_MACHINES.get(machine, f"machine {machine:#06x}"),
        needed=tuple(dict.fromkeys(names)),
    )


def _imported(image: PE) -> Iterator[str]:
    for _lookup, _time, _forwarder, name, _table in _descriptors(image, "IMAGE_DIRECTORY_ENTRY_IMPORT", _IMPORT):
        yield _string(image, name)


def _delayed(image: PE) -> Iterator[str]:
    """Yield the delayed ones; the oldest linkers wrote addresses in memory, not in the image."""
    base = image.OPTIONAL_HEADER.ImageBase
    for attributes, name, *_ in _descriptors(image, "IMAGE_DIRECTORY_ENTRY_DELAY_IMPORT", _DELAYED):
        yield _string(image, name if attributes & _ADDRESSES_ARE_RELATIVE else name - base)


def _descriptors(image: PE, directory: str, layout: struct.Struct) -> Iterator[tuple[int, ...]]:
    """Yield the entries of a directory up to the empty one that ends it.

    Raises:
        ValueError: if there is no end.
    """
    number = DIRECTORY_ENTRY[directory]
    directories = image.OPTIONAL_HEADER.DATA_DIRECTORY
    start = directories[number].VirtualAddress if number < len(directories) else 0
    for place in range(_MOST if start else 0):
        entry = layout.unpack(image.get_data(start + place * layout.size, layout.size))
        if not any(entry):
            return
        yield entry
    if start:
        raise ValueError(f"its list of imports has no end within {_MOST} entries")


def _string(image: PE, address: int) -> str:
    text = image.get_string_at_rva(address, MAX_DLL_LENGTH)
    if not text:
        raise ValueError("the name of a DLL is not there")
    return str(text.decode("utf-8", "backslashreplace"))
