"""What an executable file or a shared library says of the libraries that it loads."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

Format: TypeAlias = Literal["elf", "macho", "pe"]

SEVERAL = "+"
"""What stands between the machines of a file that has code for more than one."""

_SUBDIRS = {
    ("elf", "aarch64"): "linux-aarch64",
    ("elf", "i686"): "linux-32",
    ("elf", "ppc64le"): "linux-ppc64le",
    ("elf", "riscv64"): "linux-riscv64",
    ("elf", "s390x"): "linux-s390x",
    ("elf", "x86_64"): "linux-64",
    ("macho", "arm64"): "osx-arm64",
    ("macho", "x86_64"): "osx-64",
    ("pe", "amd64"): "win-64",
    ("pe", "arm64"): "win-arm64",
    ("pe", "win32"): "win-32",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Binary:
    """An ELF, Mach-O or PE file.

    Attributes:
        path: inside the wheel or the environment, with ``/``.
        format: how the file is laid out, which decides how its libraries are looked for.
        soname: what others load it by: ``DT_SONAME``, the install name of a dylib; None where it does not say.
        needed: the names it asks the loader for, in order: a soname, an install name, the name of a DLL.
        search: the folders to look in first, as written: ``LC_RPATH``, ``DT_RUNPATH``, and ``DT_RPATH`` where there is
            no ``DT_RUNPATH``.
        inherits: whether its libraries are looked for in the folders of what loads it as well. An ELF file with a
            ``DT_RUNPATH`` does not inherit those, and a program has nobody that loads it.
        machine: in the words of wheel tags, ``x86_64``; ``arm64+x86_64`` for a file with code for both; else what the
            file says.
    """

    path: str
    format: Format
    machine: str
    soname: str | None = None
    needed: tuple[str, ...] = ()
    search: tuple[str, ...] = ()
    inherits: bool = True

    @property
    def name(self) -> str:
        """The name of the file, without its folder."""
        return self.path.rpartition("/")[2]

    @property
    def subdirs(self) -> tuple[str, ...]:
        """The conda subdirs of machines that run it.

        >>> Binary(path="a.so", format="macho", machine="arm64+x86_64").subdirs
        ('osx-arm64', 'osx-64')
        """
        machines = self.machine.split(SEVERAL)
        return tuple(_SUBDIRS[key] for machine in machines if (key := (self.format, machine)) in _SUBDIRS)


@dataclass(frozen=True, slots=True)
class Damaged:
    """A file that begins like a binary and cannot be read as one; *reason* is for people."""

    path: str
    reason: str
