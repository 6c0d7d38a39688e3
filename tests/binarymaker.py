"""ELF, Mach-O and PE files made byte by byte: honest headers and what they load, and nothing else."""

import struct
from collections.abc import Sequence
from itertools import accumulate

_ELF_HEADER = struct.Struct("<4s5B7xHHIQQQIHHHHHH")
_ELF_PROGRAM = struct.Struct("<IIQQQQQQ")
_ELF_DYNAMIC = struct.Struct("<QQ")
_LOAD, _DYNAMIC, _INTERP = 1, 2, 3
_NEEDED, _STRTAB, _SONAME, _RPATH, _RUNPATH = 1, 5, 14, 15, 29
_ADDRESS = 0x10000
"""Where the file is loaded: not at its offset, so that a reader has to translate addresses."""

_MACHO_HEADER = struct.Struct("<8I")
_MACHO_CPUS = {"x86_64": 0x01000007, "arm64": 0x0100000C}
_DYLIB, _BUNDLE = 6, 8
_LC_LOAD, _LC_ID, _LC_RPATH, _LC_SEGMENT = 0xC, 0xD, 0x8000001C, 0x19
_PAGE = 0x1000

_PE_SECTION, _PE_FILE = 0x1000, 0x400
"""Where the one section is in memory, and in the file."""


def make_elf(
    needed: Sequence[str] = (),
    *,
    soname: str = "",
    search: Sequence[str] = (),
    rpath: Sequence[str] = (),
    machine: int = 62,
    program: bool = False,
    tail: int = 0,
) -> bytes:
    """Return a shared library for 64-bit Linux, x86-64 by default; *tail* bytes follow what the loader reads.

    *search* is the DT_RUNPATH, *rpath* the DT_RPATH; a *program* asks for an interpreter.
    """
    names = [*needed, soname, ":".join(search), ":".join(rpath)]
    table = b"\0" + b"".join(name.encode() + b"\0" for name in names)
    places = list(accumulate((len(name.encode()) + 1 for name in names), initial=1))
    segments = 2 + program
    strings = _ELF_HEADER.size + segments * _ELF_PROGRAM.size
    start = strings + len(table)
    entries = [(_NEEDED, place) for place in places[: len(needed)]]
    entries += [(_SONAME, places[len(needed)])] if soname else []
    entries += [(_RUNPATH, places[len(needed) + 1])] if search else []
    entries += [(_RPATH, places[len(needed) + 2])] if rpath else []
    entries += [(_STRTAB, _ADDRESS + strings), (0, 0)]
    dynamic = b"".join(_ELF_DYNAMIC.pack(*entry) for entry in entries)
    size = start + len(dynamic)
    sizes = (_ELF_HEADER.size, _ELF_PROGRAM.size, segments, 0, 0, 0)
    header = _ELF_HEADER.pack(b"\x7fELF", 2, 1, 1, 0, 0, 3, machine, 1, 0, _ELF_HEADER.size, 0, 0, *sizes)
    programs = _ELF_PROGRAM.pack(_LOAD, 5, 0, _ADDRESS, _ADDRESS, size, size, 0x1000)
    programs += _ELF_PROGRAM.pack(_DYNAMIC, 6, start, _ADDRESS + start, _ADDRESS + start, len(dynamic), len(dynamic), 8)
    programs += _ELF_PROGRAM.pack(_INTERP, 4, strings, _ADDRESS + strings, 0, 1, 1, 1) if program else b""
    return header + programs + table + dynamic + b"\x90" * tail


def make_macho(
    needed: Sequence[str] = (),
    *,
    install_name: str = "",
    search: Sequence[str] = (),
    machine: str = "arm64",
    code: int = 16,
) -> bytes:
    """Return a library with one segment of *code* bytes; with an *install_name* a dylib, without one a bundle."""
    size = _PAGE + code
    commands = [_segment(size, code)]
    commands += [_dylib(_LC_ID, install_name)] if install_name else []
    commands += [_dylib(_LC_LOAD, name) for name in needed]
    commands += [_text(_LC_RPATH, struct.pack("<I", 12), folder) for folder in search]
    body = b"".join(commands)
    kind = _DYLIB if install_name else _BUNDLE
    header = _MACHO_HEADER.pack(0xFEEDFACF, _MACHO_CPUS[machine], 0, kind, len(commands), len(body), 0, 0)
    return (header + body).ljust(_PAGE, b"\0") + b"\x90" * code


def make_fat(*slices: bytes, machines: Sequence[str] = ("x86_64", "arm64")) -> bytes:
    """Return one file with several *slices*, for a machine each."""
    places = list(accumulate((-(-len(one) // _PAGE) * _PAGE for one in slices), initial=_PAGE))
    header = struct.pack(">II", 0xCAFEBABE, len(slices))
    for one, place, machine in zip(slices, places, machines, strict=False):
        header += struct.pack(">5I", _MACHO_CPUS[machine], 0, place, len(one), 12)
    data = header.ljust(_PAGE, b"\0")
    return data + b"".join(one.ljust(-(-len(one) // _PAGE) * _PAGE, b"\0") for one in slices)


def make_pe(needed: Sequence[str] = (), *, delayed: Sequence[str] = (), machine: int = 0x8664) -> bytes:
    """Return a DLL for 64-bit Windows with an import directory, and one of delayed imports."""
    sizes = (20 * (len(needed) + 1), 32 * (len(delayed) + 1))
    names = [*needed, *delayed]
    lengths = accumulate((len(name.encode()) + 1 for name in names), initial=_PE_SECTION + sum(sizes))
    places = dict(zip(names, lengths, strict=False))
    section = b"".join(struct.pack("<5I", 0, 0, 0, places[name], _PE_SECTION) for name in needed) + bytes(20)
    section += b"".join(struct.pack("<8I", 1, places[name], 0, 0, 0, 0, 0, 0) for name in delayed) + bytes(32)
    section += b"".join(name.encode() + b"\0" for name in names)
    section = section.ljust(-(-len(section) // 0x200) * 0x200, b"\0")
    dos = b"MZ".ljust(0x3C, b"\0") + struct.pack("<I", 0x40)
    coff = b"PE\0\0" + struct.pack("<HHIIIHH", machine, 1, 0, 0, 0, 240, 0x2022)
    optional = struct.pack("<HBBIIIII", 0x20B, 14, 0, len(section), 0, 0, 0, _PE_SECTION)
    versions, sizes_of_heap = (6, 0, 0, 0, 6, 0), (0x100000, 0x1000, 0x100000, 0x1000)
    optional += struct.pack("<QII6H", 0x180000000, 0x1000, 0x200, *versions)
    optional += struct.pack("<4I2H4Q2I", 0, 0x3000, 0x400, 0, 2, 0, *sizes_of_heap, 0, 16)
    directories = [(0, 0)] * 16
    directories[1] = (_PE_SECTION, sizes[0])
    directories[13] = (_PE_SECTION + sizes[0], sizes[1]) if delayed else (0, 0)
    optional += b"".join(struct.pack("<II", *one) for one in directories)
    table = struct.pack(
        "<8s6IHHI", b".rdata", len(section), _PE_SECTION, len(section), _PE_FILE, 0, 0, 0, 0, 0x40000040
    )
    return (dos + coff + optional + table).ljust(_PE_FILE, b"\0") + section


def _segment(size: int, code: int) -> bytes:
    """Return a segment with one section, as a linker writes it."""
    head = struct.pack("<16s4QIIII", b"__TEXT", 0, size, 0, size, 5, 5, 1, 0)
    section = struct.pack("<16s16sQQ8I", b"__text", b"__TEXT", _PAGE, code, _PAGE, 4, 0, 0, 0, 0, 0, 0)
    return struct.pack("<II", _LC_SEGMENT, 8 + len(head) + len(section)) + head + section


def _dylib(command: int, name: str) -> bytes:
    return _text(command, struct.pack("<4I", 24, 2, 0x10000, 0x10000), name)


def _text(command: int, fields: bytes, text: str) -> bytes:
    data = fields + text.encode() + b"\0"
    padded = data.ljust(-(-len(data) // 8) * 8, b"\0")
    return struct.pack("<II", command, 8 + len(padded)) + padded
