"""Mach-O: the load commands of every slice."""

import os
from pathlib import Path

from macholib.mach_o import LC_ID_DYLIB, LC_RPATH
from macholib.MachO import MachO, MachOHeader, lc_str_value

from wheelbridge.binaries.limited import LimitedFile
from wheelbridge.model.binary import SEVERAL, Binary

_LONGEST_COMMAND = 4096
_MACHINES = {
    7: "i386",
    0x01000007: "x86_64",
    12: "arm",
    0x0100000C: "arm64",
}
"""``CPU_TYPE_*`` of Apple's ``mach/machine.h``, in the words of wheel tags."""


class _Slices(MachO):  # type: ignore[misc] # the library has no types
    """The load commands of a file; sections, which the library would read whole, come out empty."""

    def __init__(self, file: Path) -> None:
        self.graphident = self.filename = os.fspath(file)
        self.loader_path = ""
        self.fat = None
        self.headers: list[MachOHeader] = []
        self.allow_unknown_load_commands = True
        with LimitedFile(file, _LONGEST_COMMAND) as stream:
            self.load(stream)


def read_macho(file: Path, name: str) -> Binary:
    """Read what a Mach-O file loads: of a file with several slices, what any of them loads.

    Raises:
        ValueError: if a library that it loads has no name.
    """
    slices = _Slices(file).headers
    needed = tuple(dict.fromkeys(text for one in slices for _, _, text in one.walkRelocatables()))
    if "" in needed:
        raise ValueError("the name of a library is not there")
    return Binary(
        path=name,
        format="macho",
        machine=SEVERAL.join(sorted({_machine(one) for one in slices})),
        soname=next((text for one in slices for text in _strings(one, LC_ID_DYLIB, "name")), None),
        needed=needed,
        search=tuple(dict.fromkeys(text for one in slices for text in _strings(one, LC_RPATH, "path"))),
    )


def _strings(one: MachOHeader, command: int, field: str) -> list[str]:
    """Return the texts of all load commands of a kind."""
    found = (parts for parts in one.commands if parts[0].cmd == command)
    return [lc_str_value(getattr(parts[1], field), parts).decode("utf-8", "backslashreplace") for parts in found]


def _machine(one: MachOHeader) -> str:
    number = int(one.header.cputype)
    return _MACHINES.get(number, f"cputype {number}")
