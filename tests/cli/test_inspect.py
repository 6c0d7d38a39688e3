"""``inspect``: what a wheel is on a target, what it loads, and what a map should say of it."""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from ruamel.yaml import YAML

from tests.binarymaker import make_elf, make_fat, make_macho, make_pe
from tests.cli.conftest import Run
from tests.compiled import TAG, compile_library, compile_module, needs_compiler
from tests.installer.wheelmaker import make_record, make_wheel
from tests.variantwheels import X86_64, make_document, relabel
from wheelbridge.mapping.natives.wheels import parse_wheel_rows

LINUX = ("--platform", "linux-64")
MANYLINUX = "cp312-cp312-manylinux_2_28_x86_64"
EXTENSION = "_core.cpython-312-x86_64-linux-gnu.so"


def wheel(
    folder: Path,
    name: str,
    files: Mapping[str, bytes],
    *,
    tag: str = MANYLINUX,
    requires: Sequence[str] = (),
    external: Sequence[str] = (),
) -> Path:
    """Make a wheel of binaries; *external* are its Requires-External-Dep."""
    lines = [f"Requires-Dist: {item}" for item in requires]
    made = make_wheel(folder, name, files={**files}, tag=tag, requires=requires)
    if not external:
        return made.path
    info = f"{name}-1.0.dist-info"
    lines = [f"Name: {name}", "Version: 1.0", *lines, *(f"Requires-External-Dep: {item}" for item in external), ""]
    members: dict[str, str | bytes] = {
        **files,
        f"{info}/METADATA": "\n".join(["Metadata-Version: 2.6", *lines]),
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: false\nTag: {tag}\n",
    }
    with ZipFile(made.path, "w") as archive:
        for member, data in {**members, f"{info}/RECORD": make_record(members, info)}.items():
            archive.writestr(member, data)
    return made.path


def external(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is loaded and not carried, by its name."""
    return {need["soname"]: need for need in found["external"]}


class TestJson:
    """The contract: "tags, record, external libraries it loads and does not carry, bundled runtimes, …"."""

    def test_a_wheel_with_an_external_library(self, run: Run, tmp_path: Path) -> None:
        """The library, who needs it, where it comes from, and the row that nobody wrote yet."""
        path = wheel(tmp_path, "odbcless", {f"odbcless/{EXTENSION}": make_elf(["libodbc.so.2", "libc.so.6"])})
        found = run("inspect", path, *LINUX, "--json").json

        assert found["success"] is True
        assert (found["fn"], found["name"], found["version"]) == (path.name, "odbcless", "1.0")
        assert found["tags"] == [MANYLINUX]
        assert found["target"]["subdir"] == "linux-64"
        assert found["refused"] is None
        assert found["record"]["name"] == "odbcless"
        assert found["record"]["size"] == path.stat().st_size
        needs = external(found)
        assert needs["libodbc.so.2"]["state"] == "package"
        assert needs["libodbc.so.2"]["conda"] == ["unixodbc"]
        assert needs["libodbc.so.2"]["needed_by"] == [f"odbcless/{EXTENSION}"]
        assert needs["libc.so.6"]["state"] == "system"
        (row,) = found["proposed"]
        assert row == {
            "pypi": "odbcless",
            "when": ["linux-64"],
            "depends": ["unixodbc"],
            "relation": "library",
            "reason": "is linked with libodbc.so.2 and does not carry it",
            "evidence": ["odbcless 1.0, manylinux wheel: needs libodbc.so.2 and does not carry it"],
        }
        assert parse_wheel_rows(found["proposed"], own=True)[0].depends == ("unixodbc",)

    def test_a_wheel_with_a_bundled_runtime(self, run: Run, tmp_path: Path) -> None:
        """A copy under a hashed name is the runtime that it is, and nothing is missing."""
        files = {
            f"learn/{EXTENSION}": make_elf(["libgomp-e985bcbb.so.1.0.0"]),
            "learn.libs/libgomp-e985bcbb.so.1.0.0": make_elf(soname="libgomp-e985bcbb.so.1.0.0"),
            "learn.libs/libother-0.so": make_elf(soname="libother-0.so"),
        }
        found = run("inspect", wheel(tmp_path, "learn", files), *LINUX, "--json").json

        assert found["external"] == []
        assert found["bundled"] == [
            {
                "path": "learn.libs/libgomp-e985bcbb.so.1.0.0",
                "soname": "libgomp-e985bcbb.so.1.0.0",
                "runtime": "libgomp",
            },
            {"path": "learn.libs/libother-0.so", "soname": "libother-0.so", "runtime": None},
        ]
        assert found["runtimes"] == [
            {
                "runtime": "libgomp",
                "kind": "openmp",
                "path": "learn.libs/libgomp-e985bcbb.so.1.0.0",
                "conda": ["libgomp"],
            }
        ]
        assert found["proposed"] == []

    def test_the_wheel_decides_for_which_platform_it_is_judged(self, run: Run, tmp_path: Path) -> None:
        """A wheel for macOS is refused on Linux, and its libraries are those of macOS all the same."""
        binary = make_fat(make_macho(["@rpath/libomp.dylib"], machine="x86_64"), make_macho(["@rpath/libomp.dylib"]))
        path = wheel(tmp_path, "booster", {"booster/lib.dylib": binary}, tag="py3-none-macosx_11_0_universal2")
        found = run("inspect", path, *LINUX, "--json").json

        assert found["refused"]["code"] == "other-platform"
        assert found["record"] is None
        assert found["subdirs"] == ["osx-64", "osx-arm64"]
        assert external(found)["@rpath/libomp.dylib"]["conda"] == ["llvm-openmp"]
        (row,) = found["proposed"]
        assert row["when"] == ["osx-64", "osx-arm64"]
        assert row["evidence"] == ["booster 1.0, macOS wheel: needs libomp.dylib and does not carry it"]

    def test_a_wheel_for_windows(self, run: Run, tmp_path: Path) -> None:
        """DLLs without their case; the interpreter's own and those of Windows are nobody's job."""
        pyd = make_pe(["KERNEL32.dll", "python312.dll", "VCRUNTIME140.dll"], delayed=["sqlite3.dll"])
        path = wheel(tmp_path, "lite", {"lite/_core.pyd": pyd}, tag="cp312-cp312-win_amd64")
        found = run("inspect", path, *LINUX, "--json").json

        states = {name: need["state"] for name, need in external(found).items()}
        assert states == {
            "kernel32.dll": "system",
            "python312.dll": "python",
            "sqlite3.dll": "package",
            "vcruntime140.dll": "package",
        }
        assert [row["depends"] for row in found["proposed"]] == [external(found)["sqlite3.dll"]["conda"]]

    def test_what_a_required_project_brings(self, run: Run, tmp_path: Path) -> None:
        """On the platform of the wheel and without extras; else nobody brings it."""
        files = {"x/a.so": make_elf(["libcudart.so.12"])}
        marked = "nvidia-cuda-runtime-cu12; sys_platform == 'linux'"
        others = ["nvidia-cuda-runtime-cu12; sys_platform == 'win32'", "nvidia-cuda-runtime-cu12; extra == 'gpu'"]
        with_it = run("inspect", wheel(tmp_path / "1", "x", files, requires=[marked]), *LINUX, "--json").json
        without = run("inspect", wheel(tmp_path / "2", "x", files, requires=others), *LINUX, "--json").json

        assert external(with_it)["libcudart.so.12"]["state"] == "sibling"
        assert external(without)["libcudart.so.12"]["state"] == "package"

    def test_what_is_declared_is_not_proposed(self, run: Run, tmp_path: Path) -> None:
        """By the wheel's own Requires-External-Dep (PEP 725), or by a row of the table."""
        files = {f"x/{EXTENSION}": make_elf(["libodbc.so.2", "libffi.so.8"])}
        declaring = wheel(tmp_path, "x", files, external=["dep:generic/libffi"])
        found = run("inspect", declaring, *LINUX, "--json").json
        known = run("inspect", wheel(tmp_path, "pyodbc", {"a.so": make_elf(["libodbc.so.2"])}), *LINUX, "--json").json

        assert [said["dependency"] for said in found["declared"]] == ["dep:generic/libffi"]
        assert [row["depends"] for row in found["proposed"]] == [["unixodbc"]]
        assert [(said["from"], said["conda"]) for said in known["declared"]] == [("table", ["unixodbc"])]
        assert known["proposed"] == []

    def test_a_dependency_that_cannot_be_read_is_told(self, run: Run, tmp_path: Path) -> None:
        """It declares nothing that anybody could install, and says why."""
        path = wheel(tmp_path, "x", {"a.so": make_elf(["libodbc.so.2"])}, external=["pkg:generic/unixodbc"])
        found = run("inspect", path, *LINUX, "--json").json

        (said,) = found["declared"]
        assert said["conda"] == []
        assert said["reason"]
        assert found["proposed"]

    def test_a_damaged_binary_is_a_finding(self, run: Run, tmp_path: Path) -> None:
        """The others are read; what it would have been is not looked for elsewhere."""
        files = {
            "x/a.so": make_elf(["libodbc.so.2"]),
            "x.libs/libodbc.so.2": make_elf(soname="libodbc.so.2")[:80],
        }
        found = run("inspect", wheel(tmp_path, "x", files), *LINUX, "--json").json

        assert [one["path"] for one in found["damaged"]] == ["x.libs/libodbc.so.2"]
        assert found["damaged"][0]["reason"]
        assert [one["path"] for one in found["binaries"]] == ["x/a.so"]
        assert external(found)["libodbc.so.2"]["state"] == "unknown"
        assert found["proposed"] == []

    def test_a_variant_wheel(self, run: Run, tmp_path: Path) -> None:
        """PEP 825: its own ``variant.json`` decides whether the target runs it."""
        plain = wheel(tmp_path, "fast", {"fast/a.so": make_elf(["libodbc.so.2"])})
        document = make_document(
            ["x86_64"], {"x86_64": X86_64}, {"v3": {"x86_64": {"level": ["v3"]}}, "v4": {"x86_64": {"level": ["v4"]}}}
        )
        haswell = (*LINUX, "--virtual-package", "__archspec=haswell", "--json")
        fitting = run("inspect", relabel(plain, "v3", document), *haswell).json
        other = run("inspect", relabel(plain, "v4", document), *haswell).json

        assert fitting["record"]["name"] == "fast"
        assert other["refused"]["code"] == "incompatible-variant"
        assert "libodbc.so.2" in external(other)

    def test_a_variant_wheel_without_its_document(self, run: Run, tmp_path: Path) -> None:
        """PEP 825 wants ``variant.json`` inside; without it nobody knows what the wheel needs, and that is told."""
        plain = wheel(tmp_path, "fast", {"fast/a.so": make_elf(["libodbc.so.2"])})
        labelled = plain.rename(plain.with_name(f"{plain.stem}-v3.whl"))
        found = run("inspect", labelled, *LINUX, "--json").json

        assert found["refused"]["code"] == "invalid-variants"
        assert "has no variant.json" in found["refused"]["reason"]

    def test_a_pure_wheel_has_nothing_to_tell(self, run: Run, tmp_path: Path) -> None:
        """No binary, nothing loaded."""
        found = run("inspect", make_wheel(tmp_path, "pure").path, *LINUX, "--json").json

        assert found["subdirs"] == []
        assert [found[field] for field in ("binaries", "external", "bundled", "proposed", "damaged")] == [[]] * 5

    def test_binaries_of_another_platform_are_judged_for_theirs(self, run: Run, tmp_path: Path) -> None:
        """Launchers for Windows in a wheel for all platforms need nothing of Linux."""
        path = wheel(tmp_path, "tools", {"tools/cli.exe": make_pe(["KERNEL32.dll"])}, tag="py3-none-any")
        (need,) = run("inspect", path, *LINUX, "--json").json["external"]

        assert (need["subdir"], need["state"]) == ("win-64", "system")

    def test_several_wheels(self, run: Run, tmp_path: Path) -> None:
        """One that is none does not stop the others, and the exit code tells."""
        bad = tmp_path / "bad-1.0-py3-none-any.whl"
        bad.write_bytes(b"no archive")
        done = run("inspect", make_wheel(tmp_path, "pure").path, bad, *LINUX, "--json")

        assert done.code == 1
        assert done.json["success"] is False
        assert [one["success"] for one in done.json["wheels"]] == [True, False]
        assert done.json["wheels"][1]["error"]["code"] == "invalid-wheel"

    def test_a_map_of_ones_own_covers_what_a_wheel_needs(self, run: Run, tmp_path: Path) -> None:
        """What was pasted is not proposed again."""
        path = wheel(tmp_path, "odbcless", {f"odbcless/{EXTENSION}": make_elf(["libodbc.so.2"])})
        rows = run("inspect", path, *LINUX, "--json").json["proposed"]
        (tmp_path / "map.json").write_text(json.dumps({"wheels": rows}), encoding="utf-8")

        again = run("inspect", path, *LINUX, "--map", tmp_path / "map.json", "--json").json
        assert again["proposed"] == []
        assert [said["conda"] for said in again["declared"]] == [["unixodbc"]]

    def test_a_runpath_keeps_condas_libraries_away(self, run: Run, tmp_path: Path) -> None:
        """A row would bring a package that the loader does not look at; of several files, the others are named."""
        hidden = make_elf(["libodbc.so.2"], search=["$ORIGIN/../x.libs"])
        alone = run("inspect", wheel(tmp_path / "1", "x", {"x/a.so": hidden}), *LINUX, "--json").json
        files = {"x/a.so": hidden, "x/b.so": make_elf(["libodbc.so.2"], search=["$ORIGIN/../../.."])}
        both = run("inspect", wheel(tmp_path / "2", "x", files), *LINUX, "--json").json

        need = external(alone)["libodbc.so.2"]
        assert (need["state"], need["conda"], need["candidates"]) == ("unknown", [], ["unixodbc"])
        assert need["out_of_reach"] == ["x/a.so"]
        assert alone["proposed"] == []
        assert external(both)["libodbc.so.2"]["out_of_reach"] == ["x/a.so"]
        assert both["proposed"][0]["evidence"] == [
            "x 1.0, manylinux wheel: needs libodbc.so.2 in x/b.so, and does not carry it"
        ]

    def test_a_program_has_no_interpreter_that_helps(self, run: Run, tmp_path: Path) -> None:
        """It is its own main program: what python has for a DT_RPATH is nothing to it."""
        files = {"x-1.0.data/scripts/tool": make_elf(["libodbc.so.2"], program=True)}
        found = run("inspect", wheel(tmp_path, "x", files), *LINUX, "--json").json
        files = {"x-1.0.data/scripts/tool": make_elf(["libodbc.so.2"], program=True, rpath=["$ORIGIN/../lib"])}
        reaching = run("inspect", wheel(tmp_path / "2", "x", files), *LINUX, "--json").json

        assert found["proposed"] == []
        assert reaching["proposed"][0]["depends"] == ["unixodbc"]

    def test_plugins_make_no_row(self, run: Run, tmp_path: Path) -> None:
        """Every environment would get what one in a thousand uses."""
        files = {f"x/{EXTENSION}": make_elf(), "x/plugins/libqsqlodbc.so": make_elf(["libodbc.so.2"])}
        found = run("inspect", wheel(tmp_path, "x", files), *LINUX, "--json").json

        assert external(found)["libodbc.so.2"]["plugins_only"] is True
        assert external(found)["libodbc.so.2"]["conda"] == ["unixodbc"]
        assert found["proposed"] == []

    @pytest.mark.parametrize(
        ("tag", "proposed"),
        [
            ("cp312-cp312-musllinux_1_2_x86_64", False),
            ("cp312-cp312-manylinux_2_28_x86_64.musllinux_1_2_x86_64", True),
            ("cp312-cp312-linux_x86_64", True),
            ("py3-none-any", True),
        ],
    )
    def test_nothing_is_proposed_for_musl(self, run: Run, tmp_path: Path, tag: str, proposed: bool) -> None:
        """No python of conda runs such a wheel."""
        path = wheel(tmp_path, "x", {"x/a.so": make_elf(["libodbc.so.2"])}, tag=tag)
        found = run("inspect", path, *LINUX, "--json").json

        assert found["for_conda"] is proposed
        assert bool(found["proposed"]) is proposed
        said = run("inspect", path, *LINUX).out
        assert ("conda has no python that this wheel is for" in said) is not proposed

    def test_libraries_of_windows_are_the_systems(self, run: Run, tmp_path: Path) -> None:
        """By the table, without their case."""
        names = ["ntdll.dll", "SHELL32.dll", "GDI32.dll", "OLEAUT32.dll", "CRYPT32.dll", "VERSION.dll", "WS2_32.dll"]
        path = wheel(tmp_path, "x", {"x/_core.pyd": make_pe(names)}, tag="cp312-cp312-win_amd64")
        found = run("inspect", path, *LINUX, "--json").json

        assert {need["state"] for need in found["external"]} == {"system"}

    def test_the_loader_of_aarch64_is_the_systems(self, run: Run, tmp_path: Path) -> None:
        """As that of x86-64."""
        files = {"x/a.so": make_elf(["ld-linux-aarch64.so.1", "libc.so.6"], machine=183)}
        path = wheel(tmp_path, "x", files, tag="cp312-cp312-manylinux_2_28_aarch64")
        found = run("inspect", path, *LINUX, "--json").json

        assert {need["state"] for need in found["external"]} == {"system"}


class TestRefusals:
    """What is no wheel."""

    @pytest.mark.parametrize(
        ("name", "data", "code"),
        [
            ("notes.txt", b"text", "invalid-wheel-name"),
            ("x-1.0-py3-none-any.whl", b"text", "invalid-wheel"),
        ],
    )
    def test_a_file_that_is_none(self, run: Run, tmp_path: Path, name: str, data: bytes, code: str) -> None:
        """By its name or by what it holds."""
        (tmp_path / name).write_bytes(data)
        done = run("inspect", tmp_path / name, "--json")

        assert done.code == 1
        assert done.json["error"]["code"] == code

    @pytest.mark.parametrize(
        ("argument", "said", "hint"),
        [
            ("x-1.0-py3-none-any.whl", "There is no file 'x-1.0-py3-none-any.whl'", "Check the path."),
            ("nothing.whl", "There is no file 'nothing.whl'", "Check the path."),
            ("gone/x.txt", "There is no file 'gone/x.txt'", "Check the path."),
            ("wheels", "wheels is a folder, not a wheel", "Name the wheels in it: wheels/*.whl"),
            ("numpy", "There is no file 'numpy'", "pip download --no-deps numpy"),
            (
                "https://host.example/a-1.0-py3-none-any.whl",
                "https://host.example/a-1.0-py3-none-any.whl is a URL, not a file",
                "pip download --no-deps https://host.example/a-1.0-py3-none-any.whl",
            ),
        ],
        ids=["a-wheel", "no-name-of-a-wheel", "another-file", "folder", "project", "url"],
    )
    def test_what_is_no_file(
        self, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, argument: str, said: str, hint: str
    ) -> None:
        """Wrong usage, with what to do instead; what a wheel is called comes after whether there is one."""
        (tmp_path / "wheels").mkdir()
        monkeypatch.chdir(tmp_path)
        done = run("inspect", argument, "--json")

        assert done.code == 2
        assert done.json["error"]["code"] == "usage"
        assert done.json["error"]["message"] == said
        assert done.json["error"]["hint"].endswith(hint)

    @pytest.mark.parametrize("name", ["x-1.0-py3-none-any.whl", "notes.txt"])
    def test_no_version_is_to_be_excluded(self, run: Run, tmp_path: Path, name: str) -> None:
        """Who names a file has asked no index."""
        (tmp_path / name).write_bytes(b"text")
        hint = run("inspect", tmp_path / name, "--json").json["error"]["hint"]

        assert hint
        assert "version," not in hint


class TestPeople:
    """What stands on the terminal."""

    def test_the_proposed_rows_can_be_pasted(self, run: Run, tmp_path: Path) -> None:
        """As the section of a map, and each row as the table has it."""
        path = wheel(tmp_path, "odbcless", {f"odbcless/{EXTENSION}": make_elf(["libodbc.so.2", "libnobody.so.1"])})
        said = run("inspect", path, *LINUX).out

        document = YAML(typ="safe").load("wheels:\n" + said.partition("\nwheels:\n")[2])
        assert parse_wheel_rows(document["wheels"], own=True)[0].depends == ("unixodbc",)
        assert "    depends: [unixodbc]\n" in said
        assert "libnobody.so.1" in said
        assert "in no row of sonames" in said

    def test_names_cannot_change_the_terminal(self, run: Run, tmp_path: Path) -> None:
        """What a wheel calls its libraries is data."""
        path = wheel(tmp_path, "evil", {"evil/a.so": make_elf(["lib\x1b[31mred.so.1"])})
        done = run("inspect", path, *LINUX)

        assert done.code == 0
        assert "\x1b" not in done.out
        assert "lib?[31mred.so.1" in done.out

    def test_what_plugins_alone_need_is_a_comment(self, run: Run, tmp_path: Path) -> None:
        """Whoever uses the plugin can take it out of the comment; what is pasted is a map all the same."""
        files = {
            f"x/{EXTENSION}": make_elf(["libodbc.so.2"]),
            "x/plugins/libqsqlpsql.so": make_elf(["libpq.so.5", "libodbc.so.2", "libodbcinst.so.2"]),
        }
        said = run("inspect", wheel(tmp_path, "x", files), *LINUX).out

        document = YAML(typ="safe").load("wheels:\n" + said.partition("\nwheels:\n")[2])
        assert document["wheels"][0]["depends"] == ["unixodbc"]
        assert "# Only plugins need these; add what you use:\n" in said
        assert "#   libpq: libpq.so.5, for x/plugins/libqsqlpsql.so\n" in said
        assert "#   unixodbc" not in said

    def test_what_a_runpath_hides_is_told(self, run: Run, tmp_path: Path) -> None:
        """The package, why it does not help, and that there is nothing to propose."""
        files = {f"x/{EXTENSION}": make_elf(["libodbc.so.2"], search=["$ORIGIN/../x.libs"])}
        said = " ".join(run("inspect", wheel(tmp_path, "x", files), *LINUX).out.split())

        assert "its RUNPATH keeps conda's library from it" in said
        assert "Nothing to propose." in said


@needs_compiler
@pytest.mark.skipif(sys.platform != "linux", reason="the compiled module is for Linux")
def test_a_compiled_wheel(run: Run, tmp_path: Path) -> None:
    """What the host's compiler links, ``ldd`` and we say the same of."""
    compile_library(tmp_path, "odbc", "hello", version=2)
    module = compile_module(tmp_path, "real", "odbc", search=())
    path = wheel(tmp_path, "real", {f"real.{TAG}.so": module}, tag=f"{TAG}-{TAG}-linux_x86_64")
    found = run("inspect", path, *LINUX, "--json").json
    (tmp_path / "real.so").write_bytes(module)
    told = subprocess.run(["ldd", str(tmp_path / "real.so")], capture_output=True, text=True, check=True).stdout

    assert "libodbc.so.2 => not found" in told
    needed = set(found["binaries"][0]["needed"])
    assert needed <= {line.split()[0].rpartition("/")[2] for line in told.splitlines()}
    assert "libodbc.so.2" in needed
    assert external(found)["libodbc.so.2"]["conda"] == ["unixodbc"]
    assert found["proposed"][0]["evidence"] == ["real 1.0, linux wheel: needs libodbc.so.2 and does not carry it"]
