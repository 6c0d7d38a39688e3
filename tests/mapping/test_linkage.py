"""Which libraries are carried, which are the system's, and which come from elsewhere."""

from collections.abc import Sequence

import pytest

from wheelbridge.mapping.natives.linkage import (
    find_linkage,
    installed_path,
    is_library,
    is_python,
    reaches_environment,
)
from wheelbridge.mapping.natives.needs import Judge, Need, list_optional, propose_row
from wheelbridge.mapping.natives.sonames import SonameAnswer, package_of_soname, parse_soname_rows
from wheelbridge.mapping.natives.variants import RuntimeRow, parse_runtime_rows
from wheelbridge.mapping.natives.wheels import parse_wheel_rows
from wheelbridge.model.binary import Binary, Format
from wheelbridge.model.name import NormalizedName

PYODBC = NormalizedName("pyodbc")
ROWS = parse_soname_rows(
    [
        {"soname": "libavcodec.so.61", "conda": "ffmpeg", "specs": ["ffmpeg >=7,<8"], "when": ["linux-*"]},
        {"soname": "libavcodec.so.62", "conda": "ffmpeg", "specs": ["ffmpeg >=8,<9"], "when": ["linux-*"]},
        {"soname": "libc.so.6", "conda": None, "relation": "none", "reason": "of the system"},
        {"soname": "libgcc_s.so.1", "conda": "libgcc", "when": ["linux-*"]},
        {"soname": "libjpeg.so.62", "conda": None, "relation": "none", "reason": "nobody's on conda-forge"},
        {"soname": "libmpi.so.12", "conda": "impi_rt", "when": ["linux-64"]},
        {"soname": "libmpi.so.12", "conda": "mpich", "when": ["linux-*"]},
        {"soname": "libodbc.so.2", "conda": "unixodbc", "when": ["linux-*"]},
        {"soname": "libomp.dylib", "conda": "llvm-openmp", "when": ["osx-*"]},
        {"soname": "libstdc++.so.6", "conda": "libstdcxx", "when": ["linux-*"]},
        {"soname": "libz.so.1", "conda": "libzlib", "when": ["linux-*"]},
        {"soname": "vcruntime140.dll", "conda": "vc14_runtime", "when": ["win-*"]},
    ],
    own=True,
)
RUNTIMES: tuple[RuntimeRow, ...] = parse_runtime_rows(
    [
        {
            "runtime": "cuda-cudart-12",
            "kind": "cuda",
            "pypi": ["nvidia-cuda-runtime-cu12"],
            "conda": ["cuda-cudart >=12,<13"],
            "sonames": ["libcudart.so.12*"],
            "when": ["linux-*"],
        }
    ],
    own=True,
)


def binary(
    path: str,
    *needed: str,
    kind: Format = "elf",
    soname: str | None = None,
    search: Sequence[str] = (),
    inherits: bool = True,
) -> Binary:
    """Make a binary that needs what it needs."""
    return Binary(
        path=path,
        format=kind,
        machine="x86_64",
        needed=needed,
        soname=soname,
        search=tuple(search),
        inherits=inherits,
    )


def find_soname(soname: str, subdir: str, /) -> SonameAnswer:
    """Look into the rows above."""
    return package_of_soname(ROWS, soname, subdir)


def judge(soname: str, subdir: str = "linux-64", *, requires: Sequence[str] = (), promised: bool = True) -> Need:
    """Judge one library that one file needs."""
    projects = frozenset(map(NormalizedName, requires))
    judging = Judge(find_soname=find_soname, runtimes=RUNTIMES, requires=projects, promised=promised)
    return judging.judge(soname, ["a.so"], subdir)


class TestElfLinkage:
    """A library counts as carried by its soname or by the name of its file."""

    def test_by_soname_and_by_file(self) -> None:
        """The loader compares the soname; where there is none, auditwheel's file name is what is asked for."""
        linkage = find_linkage(
            [
                binary("a/b.so", "libone.so.1", "libtwo-0123abcd.so.2", "libodbc.so.2"),
                binary("a.libs/whatever.so", soname="libone.so.1"),
                binary("a.libs/libtwo-0123abcd.so.2"),
            ]
        )

        assert dict(linkage.external) == {"libodbc.so.2": ("a/b.so",)}
        assert {one.path for one in linkage.bundled} == {"a.libs/whatever.so", "a.libs/libtwo-0123abcd.so.2"}

    def test_every_file_that_asks_is_named(self) -> None:
        """A person has to know which module will not load."""
        linkage = find_linkage([binary("a.so", "libodbc.so.2"), binary("b.so", "libodbc.so.2")])

        assert linkage.external["libodbc.so.2"] == ("a.so", "b.so")

    def test_another_format_is_no_answer(self) -> None:
        """A DLL with the right name is of no use to an ELF file."""
        linkage = find_linkage([binary("a.so", "x.dll"), binary("x.dll", kind="pe")])

        assert "x.dll" in linkage.external


class TestMachoLinkage:
    """dyld: install names are places, beginning with ``@rpath``, ``@loader_path`` or ``/``."""

    @pytest.mark.parametrize(
        ("name", "search"),
        [
            ("@loader_path/.dylibs/libomp.dylib", ()),
            ("@rpath/libomp.dylib", ("@loader_path/.dylibs",)),
            ("@rpath/.dylibs/libomp.dylib", ("@loader_path",)),
            ("@rpath/libomp.dylib", ()),
            ("/DLC/a/libomp.dylib", ()),
        ],
        ids=["loader-path", "rpath", "rpath-of-its-own-folder", "rpath-of-the-one-that-loads-it", "install-name"],
    )
    def test_what_the_wheel_carries(self, name: str, search: Sequence[str]) -> None:
        """Found by its place, by the rpaths, or by being called just that."""
        carried = binary("a/.dylibs/libomp.dylib", kind="macho", soname="/DLC/a/libomp.dylib")
        linkage = find_linkage([binary("a/b.so", name, kind="macho", search=search), carried])

        assert dict(linkage.external) == {}
        assert linkage.bundled == (carried,)

    @pytest.mark.parametrize("name", ["@loader_path/lib/libomp.dylib", "/opt/homebrew/lib/libomp.dylib"])
    def test_a_place_is_a_place(self, name: str) -> None:
        """A library of the same name elsewhere in the wheel is not what dyld looks for."""
        carried = binary("a/.dylibs/libomp.dylib", kind="macho", soname="@rpath/libomp.dylib")
        linkage = find_linkage([binary("a/b.so", name, kind="macho"), carried])

        assert name in linkage.external

    def test_the_system_is_known_by_its_place(self) -> None:
        """MacOS has these, no package does; of the same name elsewhere, nothing is known."""
        names = ("/usr/lib/libz.1.dylib", "/System/Library/Frameworks/Accelerate.framework/Versions/A/Accelerate")
        linkage = find_linkage([binary("a.so", *names, "/opt/lib/libz.1.dylib", kind="macho")])

        assert set(linkage.system) == set(names)
        assert set(linkage.external) == {"/opt/lib/libz.1.dylib"}


class TestPeLinkage:
    """Windows does not tell upper from lower case."""

    def test_case_does_not_count(self) -> None:
        """One library in two spellings is one."""
        linkage = find_linkage(
            [
                binary("a.pyd", "MSVCP140.dll", "KERNEL32.dll", kind="pe"),
                binary("b.pyd", "kernel32.dll", kind="pe"),
                binary("a.libs/msvcp140.DLL", kind="pe"),
            ]
        )

        assert dict(linkage.external) == {"kernel32.dll": ("a.pyd", "b.pyd")}
        assert [one.path for one in linkage.bundled] == ["a.libs/msvcp140.DLL"]

    def test_api_sets_are_the_systems(self) -> None:
        """The loader resolves them itself; there is no file."""
        linkage = find_linkage([binary("a.pyd", "api-ms-win-crt-math-l1-1-0.dll", kind="pe")])

        assert set(linkage.system) == {"api-ms-win-crt-math-l1-1-0.dll"}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("libpython3.12.so.1.0", True),
        ("libpython3.so", True),
        ("python3.dll", True),
        ("python313t.dll", True),
        ("@rpath/libpython3.12.dylib", True),
        ("/Library/Frameworks/Python.framework/Versions/3.12/Python", True),
        ("libpytorch.so", False),
        ("libpython-like.so", False),
    ],
)
def test_the_interpreter_is_known(name: str, expected: bool) -> None:
    """Whoever imports an extension module has it loaded already."""
    assert is_python(name) is expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("x.libs/libgomp-a34b3233.so.1.0.0", True),
        ("x/.dylibs/libomp.dylib", True),
        ("x.libs/vcomp140-abc.dll", True),
        ("x/_core.cpython-312-x86_64-linux-gnu.so", False),
        ("x/_core.abi3.so", False),
        ("x/libfoo.cpython-312-darwin.so", False),
        ("x/_core.pyd", False),
        ("bin/tool", False),
    ],
)
def test_libraries_are_told_from_modules(path: str, expected: bool) -> None:
    """Modules are imported, programs are run; neither can be loaded twice by somebody else's linking."""
    assert is_library(binary(path)) is expected


class TestReach:
    """ld.so's manual: what an object with a DT_RUNPATH loads is looked for there, and not where its loader looks."""

    @pytest.mark.parametrize(
        ("path", "search", "expected"),
        [
            ("x/a.so", ["$ORIGIN/../../.."], True),
            ("x/a.so", ["$ORIGIN/../x.libs", "${ORIGIN}/../../../../lib/."], True),
            ("x/y/a.so", ["$ORIGIN/../../.."], False),
            ("x/a.so", ["$ORIGIN/../../../.."], False),
            ("x/a.so", ["$ORIGIN/../../../../../lib"], False),
            ("x/a.so", ["$ORIGIN/../x.libs"], False),
            ("x/a.so", ["$ORIGINAL/../../.."], False),
            ("x/a.so", ["lib"], False),
            ("x/a.so", ["/usr/lib"], False),
            ("x/a.so", [], False),
            ("a.so", ["$ORIGIN/../.."], True),
            ("x-1.0.data/platlib/x/a.so", ["$ORIGIN/../../.."], True),
            ("x-1.0.data/purelib/x/a.so", ["$ORIGIN/../../.."], True),
            ("x-1.0.data/data/lib/a.so", ["$ORIGIN"], True),
            ("x-1.0.data/data/a.so", ["$ORIGIN/lib"], True),
            ("x-1.0.data/scripts/tool", ["$ORIGIN/../lib"], True),
            ("x-1.0.data/scripts/tool", ["$ORIGIN"], False),
        ],
    )
    def test_by_its_own_folders(self, path: str, search: Sequence[str], expected: bool) -> None:
        """``$ORIGIN`` is the folder of the file where it is installed, which a wheel's ``.data`` may change."""
        one = binary(path, search=search, inherits=False)

        assert reaches_environment(one, installed_path(path)) is expected

    def test_by_the_interpreters(self) -> None:
        """The DT_RPATH of conda's python counts for all that it loads, and for what that loads."""
        assert reaches_environment(binary("x/a.so", search=["/opt/lib"]), installed_path("x/a.so"))

    @pytest.mark.parametrize("kind", ["macho", "pe"])
    def test_others_are_taken_to_reach(self, kind: Format) -> None:
        """DT_RUNPATH is of ELF alone."""
        assert reaches_environment(binary("x/a.so", kind=kind, inherits=False), installed_path("x/a.so"))


class TestPlugins:
    """Who imports a wheel loads its modules, and what those load; the rest is loaded where it is asked for."""

    def test_what_no_module_loads(self) -> None:
        """A library that a module needs is none, by way of others either; what a plugin alone loads is one."""
        linkage = find_linkage(
            [
                binary("x/_core.abi3.so", "libone.so"),
                binary("x.libs/libone.so", "libtwo.so"),
                binary("x.libs/libtwo.so"),
                binary("x/plugins/libqsql.so", "libthree.so"),
                binary("x.libs/libthree.so"),
                binary("x/libexec/tool"),
                binary("x/plain.so"),
            ]
        )

        assert linkage.plugins == {"x/plugins/libqsql.so", "x.libs/libthree.so"}

    def test_without_a_module(self) -> None:
        """Python loads such libraries itself; only those in a folder of plugins are told from the others."""
        linkage = find_linkage([binary("x/lib/lib_x.so"), binary("x/lib/xplugins/liby.so"), binary("x/libz.dylib")])

        assert linkage.plugins == {"x/lib/xplugins/liby.so"}

    def test_on_windows(self) -> None:
        """Python imports a ``.pyd``."""
        linkage = find_linkage(
            [
                binary("x/_core.pyd", "ONE.dll", kind="pe"),
                binary("x/one.dll", kind="pe"),
                binary("x/plugins/qsqlmysql.dll", kind="pe"),
                binary("x/tool.exe", kind="pe"),
            ]
        )

        assert linkage.plugins == {"x/plugins/qsqlmysql.dll"}


class TestJudgement:
    """Where a library comes from that the wheel does not carry."""

    @pytest.mark.parametrize(
        ("soname", "state", "conda", "candidates"),
        [
            ("libodbc.so.2", "package", ("unixodbc",), ()),
            ("libc.so.6", "system", (), ()),
            ("libjpeg.so.62", "unknown", (), ()),
            ("libmpi.so.12", "ambiguous", (), ("impi_rt", "mpich")),
            ("libnobody.so.9", "unknown", (), ()),
        ],
    )
    def test_by_the_table(self, soname: str, state: str, conda: tuple[str, ...], candidates: tuple[str, ...]) -> None:
        """One row answers, several leave it to a person, none is no answer."""
        need = judge(soname)

        assert (need.state, need.conda, need.candidates) == (state, conda, candidates)
        assert need.reason or conda

    def test_another_platform_has_other_rows(self) -> None:
        """Nothing is said of macOS by a row for Linux."""
        assert judge("libodbc.so.2", "osx-arm64").state == "unknown"

    def test_a_required_project_brings_its_runtime(self) -> None:
        """By the table of runtimes, and only where the wheel requires the project."""
        soname = "libcudart.so.12"

        assert judge(soname, requires=["nvidia-cuda-runtime-cu12"]).state == "sibling"
        assert judge(soname, requires=["cuda-toolkit"]).state == "sibling"
        alone = judge(soname, requires=["numpy"])
        assert alone.state == "unknown"
        assert "numpy" in alone.reason

    def test_a_whole_path_is_served_by_nobody(self) -> None:
        """``/opt/homebrew/…``: conda may have the library, and the wheel still does not look there."""
        need = judge("/opt/homebrew/lib/libomp.dylib", "osx-arm64")

        assert (need.state, need.conda, need.candidates) == ("unknown", (), ("llvm-openmp",))

    def test_an_rpath_is_looked_up_by_its_name(self) -> None:
        """The interpreter's rpath leads into the environment."""
        assert judge("@rpath/libomp.dylib", "osx-arm64").conda == ("llvm-openmp",)


class TestJudgementByFile:
    """What helps the files that ask."""

    def judge(self, soname: str, *, away: Sequence[str] = (), plugins: Sequence[str] = ()) -> Need:
        """Judge a library that two files need."""
        judging = Judge(
            find_soname=find_soname, promised=True, out_of_reach=frozenset(away), plugins=frozenset(plugins)
        )
        return judging.judge(soname, ["a.so", "liba.so"], "linux-64")

    @pytest.mark.parametrize("soname", ["libodbc.so.2", "libmpi.so.12"])
    def test_out_of_reach_of_all(self, soname: str) -> None:
        """Conda's package would not help: no row, and the reason."""
        need = self.judge(soname, away=["a.so", "liba.so", "libother.so"])

        assert (need.state, need.conda) == ("unknown", ())
        assert need.candidates
        assert need.reason == "its RUNPATH keeps conda's library from it; the system must have it"
        assert propose_row(PYODBC, "a wheel", [need], [], ["linux-64"]) is None

    def test_out_of_reach_of_some(self) -> None:
        """The evidence names those that it would help."""
        need = self.judge("libodbc.so.2", away=["liba.so"])

        assert (need.state, need.conda, need.out_of_reach) == ("package", ("unixodbc",), ("liba.so",))
        row = propose_row(PYODBC, "a wheel", [need], [], ["linux-64"])
        assert row is not None
        assert row["evidence"] == ["a wheel: needs libodbc.so.2 in a.so, and does not carry it"]

    def test_what_the_tag_promises_is_there(self) -> None:
        """Wherever it is looked for."""
        need = self.judge("libstdc++.so.6", away=["a.so", "liba.so"])

        assert need.state == "package"
        assert need.brought

    def test_what_comes_from_no_package_is_as_it_was(self) -> None:
        """The system's is found in any case."""
        assert self.judge("libc.so.6", away=["a.so", "liba.so"]).state == "system"

    @pytest.mark.parametrize(
        ("away", "plugins", "expected"),
        [((), ["liba.so"], False), ((), ["a.so", "liba.so"], True), (["a.so"], ["liba.so"], True)],
        ids=["a-module-needs-it", "plugins-need-it", "it-reaches-a-plugin"],
    )
    def test_of_plugins(self, away: Sequence[str], plugins: Sequence[str], expected: bool) -> None:
        """What only they would get is listed, and not proposed."""
        need = self.judge("libodbc.so.2", away=away, plugins=plugins)

        assert need.plugins_only is expected
        assert (propose_row(PYODBC, "a wheel", [need], [], ["linux-64"]) is None) is expected
        assert list_optional([need], []) == ((need,) if expected else ())
        assert list_optional([need], ["unixodbc"]) == ()


class TestProposal:
    """One row for what a conda package has, and nobody has asked for."""

    def propose(self, *needs: Need, covered: Sequence[str] = ()) -> dict[str, object] | None:
        """Propose a row for one wheel; it must parse as one of somebody's own."""
        row = propose_row(PYODBC, "pyodbc 5.5.0, manylinux wheel", needs, covered, ["linux-64"])
        if row is not None:
            parse_wheel_rows([row], own=True)
        return row

    def test_it_is_a_row_of_the_table(self) -> None:
        """In the form of the rows that are there, the day of the review left out."""
        assert self.propose(judge("libodbc.so.2"), judge("libc.so.6")) == {
            "pypi": "pyodbc",
            "when": ["linux-64"],
            "depends": ["unixodbc"],
            "relation": "library",
            "reason": "is linked with libodbc.so.2 and does not carry it",
            "evidence": ["pyodbc 5.5.0, manylinux wheel: needs libodbc.so.2 and does not carry it"],
        }

    @pytest.mark.parametrize("soname", ["libgcc_s.so.1", "libstdc++.so.6", "libz.so.1", "libc.so.6", "libnobody.so.9"])
    def test_what_nobody_has_to_ask_for(self, soname: str) -> None:
        """Promised by the tag, brought by python, of the system, or unknown."""
        assert self.propose(judge(soname)) is None

    def test_without_the_promise_it_is_asked_for(self) -> None:
        """A wheel tagged ``linux_x86_64`` keeps to no list."""
        need = judge("libstdc++.so.6", promised=False)

        row = self.propose(need)
        assert row is not None
        assert row["depends"] == ["libstdcxx"]

    def test_python_brings_microsofts_runtime(self) -> None:
        """Else every wheel for Windows would need a row."""
        assert self.propose(judge("vcruntime140.dll", "win-64", promised=False)) is None

    def test_what_is_covered_is_not_proposed(self) -> None:
        """By the metadata of the wheel, or by a row."""
        assert self.propose(judge("libodbc.so.2"), covered=["unixodbc"]) is None

    def test_one_of_several_packages(self) -> None:
        """A choice is written as one, unless one of them is asked for already."""
        row = self.propose(judge("libmpi.so.12"))

        assert row is not None
        assert row["one_of"] == ["impi_rt", "mpich"]
        assert "depends" not in row
        assert self.propose(judge("libmpi.so.12"), covered=["mpich"]) is None

    def test_modules_for_several_versions_need_any_of_them(self) -> None:
        """Bounds that exclude each other would make the wheel impossible."""
        row = self.propose(judge("libavcodec.so.61"), judge("libavcodec.so.62"))

        assert row is not None
        assert row["depends"] == ["ffmpeg"]
        assert row["reason"] == "is linked with libavcodec.so.61 and libavcodec.so.62, and carries neither"
