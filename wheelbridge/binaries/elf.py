"""ELF: the dynamic section, found by the program headers as the loader finds it."""

import re
import struct
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from elftools.common.utils import parse_cstring_from_stream, struct_parse
from elftools.elf.elffile import ELFFile

from wheelbridge.binaries.limited import LimitedFile
from wheelbridge.model.binary import Binary

_MACHINES = {
    "EM_386": "i686",
    "EM_AARCH64": "aarch64",
    "EM_ARM": "armv7l",
    "EM_PPC64": "ppc64",
    "EM_RISCV": "riscv",
    "EM_S390": "s390",
    "EM_X86_64": "x86_64",
}
_NULL, _NEEDED, _STRTAB, _SONAME, _RPATH, _RUNPATH = 0, 1, 5, 14, 15, 29
"""``DT_*`` of the System V ABI, chapter 5."""
_ENTRY = {32: "iI", 64: "qQ"}
_ENTRIES, _SEGMENTS = 4096, 512
"""More than any linker writes: what has more is made to cost time."""
_SHARED = re.compile(r".+\.so(\.[^/]*)?")
_Header = Mapping[str, Any]


def read_elf(file: Path, name: str) -> Binary:
    """Read what an ELF file loads; no section and no symbol is looked at."""
    with LimitedFile(file) as stream:
        elf = ELFFile(stream)
        headers = list(_program_headers(elf, stream))
        entries = list(_dynamic_entries(elf, stream, headers))
        table = next((value for tag, value in entries if tag == _STRTAB), None)
        found: dict[int, list[str]] = {tag: [] for tag in (_NEEDED, _SONAME, _RPATH, _RUNPATH)}
        for tag, value in entries:
            if tag in found:
                found[tag].append(_string(stream, headers, table, value))
    soname = next(iter(found[_SONAME]), None)
    # glibc looks whether there is one: an empty DT_RUNPATH hides every DT_RPATH, too.
    folders = found[_RUNPATH] or found[_RPATH]
    return Binary(
        path=name,
        format="elf",
        machine=_machine(elf),
        soname=soname,
        needed=tuple(dict.fromkeys(found[_NEEDED])),
        search=tuple(dict.fromkeys(path for text in folders for path in text.split(":") if path)),
        inherits=not found[_RUNPATH] and not _is_program(headers, name, soname),
    )


def _is_program(headers: Sequence[_Header], name: str, soname: str | None) -> bool:
    """Tell whether a file is run, not loaded; libraries that say something when they are run are loaded all the same.

    System V ABI: ``PT_INTERP`` "specifies the location and size of a null-terminated path name to invoke as an
    interpreter".
    """
    asks = any(header["p_type"] == "PT_INTERP" for header in headers)
    return asks and soname is None and _SHARED.fullmatch(name.rpartition("/")[2]) is None


def _program_headers(elf: ELFFile, stream: LimitedFile) -> Iterator[_Header]:
    start, size, count = elf["e_phoff"], elf["e_phentsize"], elf.num_segments()
    if count > _SEGMENTS:
        raise ValueError(f"it has {count} program headers, more than {_SEGMENTS}")
    for number in range(count):
        yield struct_parse(elf.structs.Elf_Phdr, stream, start + number * size)


def _dynamic_entries(elf: ELFFile, stream: LimitedFile, headers: Sequence[_Header]) -> Iterator[tuple[int, int]]:
    """Yield tag and value up to the entry that ends the list, or to the end of the list.

    Raises:
        ValueError: if there are too many.
    """
    table = next((header for header in headers if header["p_type"] == "PT_DYNAMIC"), None)
    if table is None:
        return
    entry = struct.Struct(("<" if elf.little_endian else ">") + _ENTRY[elf.elfclass])
    count = table["p_filesz"] // entry.size
    stream.seek(table["p_offset"])
    data = stream.read(min(count, _ENTRIES) * entry.size)
    for tag, value in entry.iter_unpack(data[: len(data) // entry.size * entry.size]):
        if tag == _NULL:
            return
        yield tag, value
    if count > len(data) // entry.size:
        problem = f"more than {_ENTRIES} entries" if count > _ENTRIES else "no end within the file"
        raise ValueError(f"its dynamic section has {problem}")


def _string(stream: LimitedFile, headers: Sequence[_Header], table: int | None, offset: int) -> str:
    """Return the string at *offset* of the string table, whose address the program headers turn into a place.

    Raises:
        ValueError: if there is none.
    """
    for header in headers if table is not None else ():
        start = header["p_vaddr"]
        if header["p_type"] == "PT_LOAD" and start <= table < start + header["p_filesz"]:
            data = parse_cstring_from_stream(stream, header["p_offset"] + table - start + offset)
            if data is not None:
                return data.decode("utf-8", "backslashreplace")
    raise ValueError("a name of its dynamic section is not there")


def _machine(elf: ELFFile) -> str:
    """Return the machine in the words of wheel tags, where those have one."""
    machine = _MACHINES.get(elf["e_machine"], str(elf["e_machine"]))
    if machine == "ppc64" and elf.little_endian:
        return "ppc64le"
    if machine == "riscv":
        return f"riscv{elf.elfclass}"
    return "s390x" if machine == "s390" and elf.elfclass == 64 else machine  # noqa: PLR2004 - bits
