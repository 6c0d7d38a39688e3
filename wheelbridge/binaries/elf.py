"""ELF: the dynamic section, found by the program headers as the loader finds it."""

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
_STRINGS = ("DT_NEEDED", "DT_SONAME", "DT_RPATH", "DT_RUNPATH")
_Header = Mapping[str, Any]


def read_elf(file: Path, name: str) -> Binary:
    """Read what an ELF file loads; no section and no symbol is looked at."""
    with LimitedFile(file) as stream:
        elf = ELFFile(stream)
        headers = list(_program_headers(elf, stream))
        entries = list(_dynamic_entries(elf, stream, headers))
        strings = next((value for tag, value in entries if tag == "DT_STRTAB"), None)
        found: dict[str, list[str]] = {tag: [] for tag in _STRINGS}
        for tag, value in entries:
            if tag in found:
                found[tag].append(_string(stream, headers, strings, value))
    paths = [path for tag in ("DT_RPATH", "DT_RUNPATH") for text in found[tag] for path in text.split(":") if path]
    return Binary(
        path=name,
        format="elf",
        machine=_machine(elf),
        soname=next(iter(found["DT_SONAME"]), None),
        needed=tuple(dict.fromkeys(found["DT_NEEDED"])),
        search=tuple(dict.fromkeys(paths)),
    )


def _program_headers(elf: ELFFile, stream: LimitedFile) -> Iterator[_Header]:
    start, size = elf["e_phoff"], elf["e_phentsize"]
    for number in range(elf.num_segments()):
        yield struct_parse(elf.structs.Elf_Phdr, stream, start + number * size)


def _dynamic_entries(elf: ELFFile, stream: LimitedFile, headers: Sequence[_Header]) -> Iterator[tuple[str, int]]:
    """Yield tag and value up to the entry that ends the list."""
    table = next((header for header in headers if header["p_type"] == "PT_DYNAMIC"), None)
    if table is None:
        return
    size = elf.structs.Elf_Dyn.sizeof()
    for number in range(table["p_filesz"] // size):
        entry = struct_parse(elf.structs.Elf_Dyn, stream, table["p_offset"] + number * size)
        if entry["d_tag"] == "DT_NULL":
            return
        yield str(entry["d_tag"]), entry["d_val"]


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
