"""Executable files and shared libraries: what they load, read out of ELF, Mach-O and PE files."""

from wheelbridge.binaries.errors import DamagedBinaryError, NotAnArchiveError
from wheelbridge.binaries.reading import read_binary, read_tree_binaries, read_wheel_binaries

__all__ = ["DamagedBinaryError", "NotAnArchiveError", "read_binary", "read_tree_binaries", "read_wheel_binaries"]
