"""Binaries are recognized by how they begin, read without their code, and never stop the others."""

import os
import struct
import subprocess
import sys
import tracemalloc
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.binarymaker import make_elf, make_fat, make_macho, make_pe
from tests.compiled import compile_library, compile_module, needs_compiler
from wheelbridge.binaries import (
    DamagedBinaryError,
    NotAnArchiveError,
    read_binary,
    read_tree_binaries,
    read_wheel_binaries,
)
from wheelbridge.model.binary import Binary, Damaged


def read(folder: Path, data: bytes, name: str = "a.so") -> Binary | None:
    """Write a file and read it."""
    path = folder / "file"
    path.write_bytes(data)
    return read_binary(path, name)


def pack(path: Path, members: Mapping[str, bytes]) -> Path:
    """Write an archive."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


class TestElf:
    """The dynamic section says what is loaded; section headers and symbols need not be there."""

    def test_the_dynamic_section_is_read(self, tmp_path: Path) -> None:
        """Sonames in order, the own one, and the folders to search."""
        data = make_elf(["libodbc.so.2", "libc.so.6"], soname="libx.so.1", search=["$ORIGIN/../x.libs", "/opt/lib"])

        assert read(tmp_path, data, "x/libx.so.1") == Binary(
            path="x/libx.so.1",
            format="elf",
            machine="x86_64",
            soname="libx.so.1",
            needed=("libodbc.so.2", "libc.so.6"),
            search=("$ORIGIN/../x.libs", "/opt/lib"),
            inherits=False,
        )

    @pytest.mark.parametrize(
        ("rpath", "runpath", "search", "inherits"),
        [
            ((), (), (), True),
            (("$ORIGIN/a",), (), ("$ORIGIN/a",), True),
            (("$ORIGIN/a",), ("$ORIGIN/b",), ("$ORIGIN/b",), False),
            (("$ORIGIN/a",), ("",), (), False),
        ],
        ids=["none", "rpath", "both", "an-empty-runpath"],
    )
    def test_a_runpath_hides_the_rpath(
        self, tmp_path: Path, rpath: list[str], runpath: list[str], search: tuple[str, ...], inherits: bool
    ) -> None:
        """ld.so's manual: DT_RPATH is used "if … the DT_RUNPATH attribute does not exist"."""
        found = read(tmp_path, make_elf(["libodbc.so.2"], rpath=rpath, search=runpath))

        assert found is not None
        assert (found.search, found.inherits) == (search, inherits)

    @pytest.mark.parametrize(
        ("name", "soname", "inherits"),
        [
            ("bin/tool", "", False),
            ("lib/libc.so.6", "libc.so.6", True),
            ("lib/libQt6Core-1.so", "", True),
            ("lib/tool", "libtool.so", True),
        ],
    )
    def test_a_program_has_nobody_that_loads_it(self, tmp_path: Path, name: str, soname: str, inherits: bool) -> None:
        """Libraries that print something when they are run ask for an interpreter as well."""
        found = read(tmp_path, make_elf(["libodbc.so.2"], soname=soname, program=True), name)

        assert found is not None
        assert found.inherits is inherits

    @pytest.mark.parametrize(
        ("machine", "subdirs"), [(62, ("linux-64",)), (183, ("linux-aarch64",)), (243, ("linux-riscv64",)), (999, ())]
    )
    def test_the_machine_tells_the_platform(self, tmp_path: Path, machine: int, subdirs: tuple[str, ...]) -> None:
        """``e_machine`` in the words of conda's subdirs; one that conda does not know is no error."""
        found = read(tmp_path, make_elf(machine=machine))

        assert found is not None
        assert found.subdirs == subdirs

    @needs_compiler
    def test_a_real_library_is_read(self, tmp_path: Path) -> None:
        """What the host's compiler and linker made, as ``ldd`` and ``readelf`` would say it."""
        compile_library(tmp_path, "odbc", "hello", version=2)
        module = compile_module(tmp_path, "pyodbc", "odbc", search=["$ORIGIN/../pyodbc.libs"])

        library = read_binary(tmp_path / "libodbc.so.2", "libodbc.so.2")
        extension = read(tmp_path, module)

        assert library is not None
        assert library.soname == "libodbc.so.2"
        assert extension is not None
        assert "libodbc.so.2" in extension.needed
        assert extension.search == ("$ORIGIN/../pyodbc.libs",)
        assert extension.soname is None

    def test_the_interpreter_itself_is_read(self) -> None:
        """A program is a binary as well; this one runs."""
        if sys.platform != "linux":
            pytest.skip("the interpreter is an ELF file on Linux alone")
        found = read_binary(Path(os.path.realpath(sys.executable)), "python")

        assert found is not None
        assert any(name.startswith("libc.") for name in found.needed)

    def test_a_table_without_end_is_refused(self, tmp_path: Path) -> None:
        """A dynamic section that claims all of a large file must not be followed to its end."""
        end = len(make_elf())
        data = bytearray(make_elf(tail=4 * 2**20))
        data[end - 16 : end] = b"\x90" * 16
        struct.pack_into("<Q", data, 64 + 56 + 32, 4 * 2**20)

        with pytest.raises(DamagedBinaryError, match="its dynamic section has more than 4096 entries"):
            read(tmp_path, bytes(data))

    def test_names_without_end_are_refused(self, tmp_path: Path) -> None:
        """A string that never ends is not followed to the end of the file."""
        plain = make_elf(["libodbc.so.2"])
        data = bytearray(make_elf(["libodbc.so.2"], tail=4 * 2**20))
        strings, (dynamic,) = plain.index(b"\0libodbc"), struct.unpack_from("<Q", plain, 64 + 56 + 8)
        struct.pack_into("<Q", data, dynamic + 8, len(plain) - strings)

        with pytest.raises(DamagedBinaryError, match="its tables have more than 2097152 bytes"):
            read(tmp_path, bytes(data))

    def test_too_many_program_headers_are_refused(self, tmp_path: Path) -> None:
        """No linker writes as many, and each takes time to read."""
        data = bytearray(make_elf(tail=1000 * 56))
        struct.pack_into("<H", data, 56, 1000)

        with pytest.raises(DamagedBinaryError, match="it has 1000 program headers, more than 512"):
            read(tmp_path, bytes(data))


class TestMacho:
    """Load commands, of all slices."""

    def test_the_load_commands_are_read(self, tmp_path: Path) -> None:
        """The install name, what is loaded, and the rpaths."""
        data = make_macho(
            ["@rpath/libomp.dylib", "/usr/lib/libSystem.B.dylib"],
            install_name="@rpath/libx.dylib",
            search=["@loader_path/../lib"],
        )

        assert read(tmp_path, data, "libx.dylib") == Binary(
            path="libx.dylib",
            format="macho",
            machine="arm64",
            soname="@rpath/libx.dylib",
            needed=("@rpath/libomp.dylib", "/usr/lib/libSystem.B.dylib"),
            search=("@loader_path/../lib",),
        )

    def test_every_slice_counts(self, tmp_path: Path) -> None:
        """What only one slice loads is loaded on one machine, and so has to be there."""
        data = make_fat(make_macho(["@rpath/a.dylib"], machine="x86_64"), make_macho(["@rpath/b.dylib"]))
        found = read(tmp_path, data)

        assert found is not None
        assert found.machine == "arm64+x86_64"
        assert set(found.subdirs) == {"osx-64", "osx-arm64"}
        assert found.needed == ("@rpath/a.dylib", "@rpath/b.dylib")

    def test_code_is_not_read(self, tmp_path: Path) -> None:
        """Sixty MiB of code take no memory, although the library of the format would read them."""
        path = tmp_path / "large.dylib"
        path.write_bytes(make_macho(["@rpath/a.dylib"], code=60 * 2**20))
        read_binary(path, "warm-up")
        tracemalloc.start()
        found = read_binary(path, "large.dylib")
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()

        assert found is not None
        assert found.needed == ("@rpath/a.dylib",)
        assert peak < 2**20

    @pytest.mark.parametrize("place", [200, 2**40, 2**63, 2**64 - 1])
    def test_a_slice_that_is_nowhere(self, tmp_path: Path, place: int) -> None:
        """The table of 64-bit slices can name places that no system can seek to."""
        data = struct.pack(">IIIIQQII", 0xCAFEBABF, 1, 0x0100000C, 0, place, 100, 14, 0) + bytes(100)

        with pytest.raises(DamagedBinaryError, match=r"a\.so cannot be read: it begins like a Mach-O file"):
            read(tmp_path, data)

    def test_the_place_of_the_copy_is_not_told(self, tmp_path: Path) -> None:
        """A member is read by way of a temporary file, which is gone when somebody reads the message."""
        data = struct.pack(">IIIIIII", 0xCAFEBABE, 1, 0x0100000C, 0, 0, 100, 14) + bytes(100)

        with pytest.raises(DamagedBinaryError, match=r"a\.so") as caught:
            read(tmp_path, data)
        assert str(tmp_path) not in caught.value.message

    def test_a_library_without_a_name(self, tmp_path: Path) -> None:
        """A name that lies outside of its command; dyld does not load such a file."""
        data = bytearray(make_macho(["@rpath/a.dylib"]))
        place = data.index(b"@rpath/a.dylib") - 16
        struct.pack_into("<I", data, place, 5000)

        with pytest.raises(DamagedBinaryError, match="the name of a library is not there"):
            read(tmp_path, bytes(data))

    @pytest.mark.parametrize(
        "data",
        [
            pytest.param(struct.pack(">IHH", 0xCAFEBABE, 0, 65) + bytes(64), id="java-class"),
            pytest.param(struct.pack(">II", 0xCAFEBABE, 0) + bytes(64), id="no-slices"),
            pytest.param(
                struct.pack(">7I", 0xCAFEBABE, 1, 7, 3, 28, 8, 0) + b"!<arch>\n", id="static-library-with-slices"
            ),
        ],
    )
    def test_what_only_begins_alike_is_none(self, tmp_path: Path, data: bytes) -> None:
        """Java's class files and static libraries share the first four bytes."""
        assert read(tmp_path, data) is None


class TestPe:
    """Import directories, the delayed one included."""

    def test_both_directories_are_read(self, tmp_path: Path) -> None:
        """DLLs in order; what is loaded at the first call is needed as well."""
        found = read(tmp_path, make_pe(["KERNEL32.dll", "python3.dll"], delayed=["cudart64_12.dll"]), "a.pyd")

        assert found == Binary(
            path="a.pyd", format="pe", machine="amd64", needed=("KERNEL32.dll", "python3.dll", "cudart64_12.dll")
        )
        assert found.subdirs == ("win-64",)

    def test_a_program_for_dos_is_none(self, tmp_path: Path) -> None:
        """It begins with MZ, too."""
        assert read(tmp_path, b"MZ" + bytes(100)) is None

    def test_imports_without_end_are_refused(self, tmp_path: Path) -> None:
        """A directory that never ends must not be followed to the end of the file."""
        data = bytearray(make_pe(["a.dll"]))
        entry = data[0x400 : 0x400 + 20]
        data[0x400:] = bytes(entry) * 6000
        struct.pack_into("<I", data, 0x40 + 24 + 240 + 8, 20 * 6000)
        struct.pack_into("<I", data, 0x40 + 24 + 240 + 16, 20 * 6000)

        with pytest.raises(DamagedBinaryError, match="no end within 4096 entries"):
            read(tmp_path, bytes(data))


class TestDamage:
    """A damaged binary is a finding: no exception of a library gets out."""

    @pytest.mark.parametrize(
        "whole",
        [
            pytest.param(make_elf(["libodbc.so.2"], soname="libx.so"), id="elf"),
            pytest.param(make_macho(["@rpath/a.dylib"], install_name="@rpath/x.dylib"), id="macho"),
            pytest.param(make_fat(make_macho(machine="x86_64"), make_macho()), id="fat"),
            pytest.param(make_pe(["a.dll"], delayed=["b.dll"]), id="pe"),
        ],
    )
    def test_a_cut_file_never_breaks_the_reading(self, tmp_path: Path, whole: bytes) -> None:
        """Cut anywhere, a file is read, is none, or is damaged; cut in its middle it is not read as it was."""
        outcomes = set()
        for length in range(0, min(len(whole), 1400), 23):
            try:
                outcomes.add(type(read(tmp_path, whole[:length])).__name__)
            except DamagedBinaryError as error:
                outcomes.add(f"damaged {error.path}")

        assert {"NoneType", "damaged a.so"} <= outcomes

    @pytest.mark.parametrize(
        "whole",
        [
            pytest.param(make_elf(["a.so"]), id="elf"),
            pytest.param(make_macho(["@rpath/a.dylib"]), id="macho"),
            pytest.param(make_pe(["a.dll"], delayed=["b.dll"]), id="pe"),
        ],
    )
    def test_a_changed_byte_never_breaks_the_reading(self, tmp_path: Path, whole: bytes) -> None:
        """Each leads to a value, to none, or to the one error, which names the file; and each of these does occur."""
        outcomes = set()
        for place in range(min(len(whole), 400)):
            for value in (0, 0xFF):
                data = bytearray(whole)
                data[place] = value
                try:
                    outcomes.add(type(read(tmp_path, bytes(data))).__name__)
                except DamagedBinaryError as error:
                    outcomes.add(f"damaged {error.path}")

        assert outcomes == {"Binary", "NoneType", "damaged a.so"}

    def test_a_damaged_member_is_reported_and_the_others_are_read(self, tmp_path: Path) -> None:
        """One finding with a reason, in the place of a crash."""
        wheel = pack(
            tmp_path / "a.whl", {"a/bad.so": make_elf(["libz.so.1"])[:90], "a/good.so": make_elf(["libz.so.1"])}
        )
        damaged: list[Damaged] = []

        found = read_wheel_binaries(wheel, damaged.append)

        assert [one.path for one in found] == ["a/good.so"]
        assert [one.path for one in damaged] == ["a/bad.so"]
        assert "begins like an ELF file" in damaged[0].reason

    def test_a_broken_member_is_reported(self, tmp_path: Path) -> None:
        """Its checksum does not hold: what was unpacked is not what was packed."""
        wheel = tmp_path / "a.whl"
        with zipfile.ZipFile(wheel, "w", zipfile.ZIP_STORED) as archive:
            archive.writestr("a.so", make_elf(["libodbc.so.2"]))
        wheel.write_bytes(wheel.read_bytes().replace(b"libodbc.so.2", b"libodbd.so.2"))
        damaged: list[Damaged] = []

        assert read_wheel_binaries(wheel, damaged.append) == ()
        assert "cannot be unpacked" in damaged[0].reason

    @pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
    def test_other_methods_are_not_unpacked(self, tmp_path: Path, method: int) -> None:
        """To look at how such a member begins is to unpack what may be gigabytes; damaged ones break in other ways."""
        wheel = tmp_path / "a.whl"
        with zipfile.ZipFile(wheel, "w") as archive:
            archive.writestr("a.so", make_elf(["libodbc.so.2"], tail=2**27), compress_type=method)
            archive.writestr("b.so", make_elf(["libodbc.so.2"]))
        damaged: list[Damaged] = []
        tracemalloc.start()
        found = read_wheel_binaries(wheel, damaged.append)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()

        assert [one.path for one in found] == ["b.so"]
        assert [one.path for one in damaged] == ["a.so"]
        assert damaged[0].reason == f"it is not unpacked: wheels have no files of method {method}"
        assert peak < 8 * 2**20

    def test_a_bomb_is_not_unpacked(self, tmp_path: Path) -> None:
        """The announced size decides before anything is written; what comes behind it is read."""
        wheel = tmp_path / "a.whl"
        with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            with archive.open("a.so", "w") as member:
                member.write(make_elf(["libz.so.1"]))
                for _ in range(20):
                    member.write(bytes(2**24))
            archive.writestr("b.so", make_elf(["libz.so.1"]))
        damaged: list[Damaged] = []

        assert [one.path for one in read_wheel_binaries(wheel, damaged.append)] == ["b.so"]
        assert [one.path for one in damaged] == ["a.so"]
        assert "it was not unpacked" in damaged[0].reason

    def test_many_members_together_are_a_bomb(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """The bound is on the wheel: what no longer fits is told, file by file."""
        monkeypatch.setattr("wheelbridge.binaries.reading._LARGEST", 10_000)
        wheel = pack(tmp_path / "a.whl", {f"{number}.so": make_elf(tail=4000) for number in range(4)})
        damaged: list[Damaged] = []

        assert [one.path for one in read_wheel_binaries(wheel, damaged.append)] == ["0.so", "1.so"]
        assert [one.path for one in damaged] == ["2.so", "3.so"]

    def test_what_is_no_archive_is_refused(self, tmp_path: Path) -> None:
        """There is nothing to look into."""
        path = tmp_path / "a.whl"
        path.write_bytes(b"no archive")

        with pytest.raises(NotAnArchiveError, match=r"a\.whl is no zip archive"):
            read_wheel_binaries(path)


class TestWheels:
    """Members of wheels, one at a time."""

    def test_the_beginning_decides_not_the_name(self, tmp_path: Path) -> None:
        """A text called ``.so`` is none; a library called ``data.bin`` is one."""
        wheel = pack(tmp_path / "a.whl", {"a.so": b"INPUT(libx.so)", "data.bin": make_elf(), "b.dll": make_pe()})

        assert [one.path for one in read_wheel_binaries(wheel)] == ["b.dll", "data.bin"]

    def test_size_costs_no_memory(self, tmp_path: Path) -> None:
        """Three members of forty MiB each: one at a time, through a file, and only its tables are read."""
        members = {f"{number}.so": make_elf(["libz.so.1"], tail=40 * 2**20) for number in range(3)}
        wheel = pack(tmp_path / "a.whl", members)
        del members
        read_wheel_binaries(wheel)
        tracemalloc.start()
        found = read_wheel_binaries(wheel)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()

        assert len(found) == 3
        assert peak < 8 * 2**20

    def test_nothing_is_left_behind(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """The temporary file is gone with its folder, damaged members or not."""
        folder = tmp_path / "temporary"
        folder.mkdir()
        monkeypatch.setattr("tempfile.tempdir", str(folder))
        read_wheel_binaries(pack(tmp_path / "a.whl", {"a.so": make_elf(), "b.so": b"\x7fELF damaged"}))

        assert list(folder.iterdir()) == []


class TestTrees:
    """Files of an environment."""

    def test_links_are_passed_over_and_missing_files_are_reported(self, tmp_path: Path) -> None:
        """``libx.so`` and ``libx.so.1`` are one file; what ``paths.json`` promises and is not there is a finding."""
        (tmp_path / "lib").mkdir()
        (tmp_path / "lib/libx.so.1").write_bytes(make_elf(soname="libx.so.1"))
        (tmp_path / "lib/libx.so").symlink_to("libx.so.1")
        (tmp_path / "lib/readme").write_text("text", encoding="utf-8")
        damaged: list[Damaged] = []

        paths = ["lib/libx.so", "lib/libx.so.1", "lib/readme", "lib/gone.so"]
        found = read_tree_binaries(tmp_path, paths, damaged.append)

        assert [one.path for one in found] == ["lib/libx.so.1"]
        assert [one.path for one in damaged] == ["lib/gone.so"]


def test_start_up_does_not_pay() -> None:
    """The libraries of the formats are imported with the first file of each."""
    code = "import sys, wheelbridge.binaries; print({'elftools', 'macholib', 'pefile'} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "set()"
