"""Two OpenMP runtimes in one environment: warned of before anything is linked, and found afterwards."""

import platform
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.cli.conftest import Run
from tests.compiled import COMPILER, needs_compiler
from tests.condapackages import Link, dist_info, index_channel, make_conda
from tests.loopback import LoopbackIndex
from tests.real_python import RealChannel
from wheelbridge.api.demo import build_wheel
from wheelbridge.index.client import resolve_index_url

MACHINES = {"x86_64": "linux-64", "aarch64": "linux-aarch64"}
SUBDIR = MACHINES.get(platform.machine(), "")
TAG = f"py3-none-manylinux_2_17_{platform.machine()}"
GOMP = "libgomp-e985bcbb.so.1.0.0"

LLVM = ("_openmp_mutex * *_llvm",)
GNU = ("_openmp_mutex * *_gnu",)
RUNPATH = ("-Wl,--enable-new-dtags", "-Wl,-rpath,$ORIGIN/../aloof.libs")
CLASH = [("libgomp", "scikit-learn", "wheel"), ("llvm-openmp", "llvm-openmp", "conda")]

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux" or not SUBDIR, reason="GCC's OpenMP beside LLVM's is a matter of Linux"),
    needs_compiler,
]


def compile_library(folder: Path, name: str, code: str, *options: str) -> bytes:
    """Compile a shared library called *name*, as it is found by its soname."""
    source = folder / "source.c"
    source.write_text(code)
    command = [str(COMPILER), "-shared", "-fPIC", f"-Wl,-soname,{name}", "-o", name, source.name, *options]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return (folder / name).read_bytes()


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Path]]:
    """Two wheels with their own GCC's OpenMP, one that nobody reviewed, and one that lacks a library.

    The libraries are real ones, as auditwheel would have put them there; what they do is of no matter here.
    """
    folder = tmp_path_factory.mktemp("wheels")
    gomp = compile_library(folder, GOMP, "int omp_get_max_threads(void) { return 1; }\n")
    code = "int omp_get_max_threads(void); int threads(void) { return omp_get_max_threads(); }\n"
    made = {}
    for project, package in (("scikit-learn", "sklearn"), ("xgboost", "xgboost"), ("unheard-of", "unheard_of")):
        dist = project.replace("-", "_")
        module = compile_library(folder, "_core.so", code, GOMP, f"-Wl,-rpath,$ORIGIN/../{dist}.libs")
        start = "import ctypes, pathlib\ncore = ctypes.CDLL(str(pathlib.Path(__file__).with_name('_core.so')))\n"
        files: dict[str, str | bytes] = {
            f"{package}/__init__.py": start,
            f"{package}/_core.so": module,
            f"{dist}.libs/{GOMP}": gomp,
        }
        made[project] = [build_wheel(folder, dist, "1.0", files, tag=TAG)]
    compile_library(folder, "libodbc.so.2", "int odbc(void) { return 1; }\n")
    alone = compile_library(folder, "_alone.so", "int odbc(void); int f(void) { return odbc(); }\n", "libodbc.so.2")
    compile_library(folder, "libnobodyknows.so.7", "int stray(void) { return 1; }\n")
    stray = compile_library(
        folder, "_stray.so", "int stray(void); int f(void) { return stray(); }\n", "libnobodyknows.so.7"
    )
    made["stray"] = [build_wheel(folder, "stray", "1.0", {"stray/_stray.so": stray}, tag=TAG)]
    for project in ("mpi4py", "mpich"):
        made[project] = [build_wheel(folder, project, "5.0", {f"{project}.py": ""}, tag=TAG)]
    made["outer"] = [build_wheel(folder, "outer", "1.0", {"outer.py": ""}, "Requires-Dist: middle[fast]\n")]
    extra = "Provides-Extra: fast\nRequires-Dist: scikit-learn; extra == 'fast'\n"
    made["middle"] = [build_wheel(folder, "middle", "1.0", {"middle.py": ""}, extra)]
    aloof = compile_library(
        folder, "_aloof.so", "int odbc(void); int f(void) { return odbc(); }\n", "libodbc.so.2", *RUNPATH
    )
    made["aloof"] = [build_wheel(folder, "aloof", "1.0", {"aloof/_aloof.so": aloof}, tag=TAG)]
    odbc = (folder / "libodbc.so.2").read_bytes()
    made["having"] = [build_wheel(folder, "having", "1.0", {"having.libs/libodbc.so.2": odbc}, tag=TAG)]
    leaning = {"leaning/_alone.so": alone}
    made["leaning"] = [build_wheel(folder, "leaning", "1.0", leaning, "Requires-Dist: having\n", tag=TAG)]
    made["lacking"] = [build_wheel(folder, "lacking", "1.0", {"lacking/_alone.so": alone}, tag=TAG)]
    made["pluggable"] = [build_wheel(folder, "pluggable", "1.0", {"pluggable/plugins/libplugin.so": alone}, tag=TAG)]
    return made


@pytest.fixture(scope="module")
def channel(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A channel in which OpenMP is what it is on conda-forge: two runtimes, and a package that decides for one."""
    folder = tmp_path_factory.mktemp("channel")
    library = compile_library(folder, "libomp.so", "int __kmpc_global_thread_num(void) { return 0; }\n")

    def make(name: str, build: str = "0", files: dict[str, str | bytes | Link] | None = None, *depends: str) -> None:
        make_conda(folder, name, "4.5", files or {}, build=build, subdir=SUBDIR, depends=list(depends))

    make("llvm-openmp", "0", {"lib/libomp.so": library, "lib/libiomp5.so": Link("libomp.so")})
    make("libgomp", "0", {"lib/libgomp.so.1": library})
    make("_openmp_mutex", "3_kmp_llvm", {"share/mutex": "llvm"}, "llvm-openmp >=4")
    make("_openmp_mutex", "20_gnu", {"share/mutex": "gnu"}, "libgomp >=4")
    make("libgcc", "0", {}, "_openmp_mutex >=4.5")
    make("numtool", "0", {}, "_openmp_mutex >=4.5", "libgcc")
    make("openmpi", "0", {})
    make("shell", "0", {}, "numtool")
    make("llvmtool", "0", {}, "llvm-openmp", "_openmp_mutex * *_llvm")
    index_channel(folder)
    return folder.as_uri()


@dataclass(frozen=True)
class Place:
    """A place for an environment, and where it comes from."""

    prefix: Path
    real: str
    channel: str
    index: str

    @property
    def options(self) -> tuple[str, ...]:
        """The options of every command that solves."""
        sources = ("-c", self.real, "-c", self.channel, "-i", f"local={self.index}")
        return ("-p", str(self.prefix), "-O", *sources, "--virtual-package", "__glibc=2.36")

    @property
    def site(self) -> Path:
        """Where its python has wheels."""
        return self.prefix / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"


def replace_file(path: Path, content: bytes) -> None:
    """Write another file in the place of one that the cache has, too."""
    path.unlink()
    path.write_bytes(content)


@pytest.fixture
def place(tmp_path: Path, real_channel: RealChannel, channel: str, wheels: dict[str, list[Path]]) -> Iterator[Place]:
    """A place of its own for each test."""
    with LoopbackIndex(wheels) as index:
        yield Place(tmp_path / "env", real_channel.url, channel, index.url)


class TestBeforeLinking:
    """The plan is warned of, and carried out all the same where the user wants it."""

    def test_the_warning_stands_beneath_the_plan(self, run: Run, place: Place) -> None:
        """A dry run says it, too; the packages that load each runtime are named."""
        ran = run("create", *place.options, "python", "numtool", "pypi:scikit-learn", *LLVM, "--dry-run")

        assert ran.code == 0, ran.err
        assert "Two OpenMP runtimes can meet in one process: libgomp in the wheel of scikit-learn" in ran.err
        assert "beside conda's llvm-openmp 4.5 (used by numtool)" in ran.err
        assert not place.prefix.exists()

    def test_the_json_has_it_and_the_environment_is_linked(self, run: Run, place: Place) -> None:
        """A warning stops nothing; `check` finds the same in what was linked."""
        said = run("create", *place.options, "python", "numtool", "pypi:scikit-learn", *LLVM, "-y", "--json").json

        (warning,) = said["warnings"]
        assert (warning["code"], warning["kind"]) == ("two-runtimes", "openmp")
        assert [(copy["runtime"], copy["package"], copy["origin"]) for copy in warning["copies"]] == CLASH
        assert [copy["users"] for copy in warning["copies"]] == [[], ["numtool"]]
        assert warning["message"] in said["notes"]
        subprocess.run([place.prefix / "bin/python", "-c", "import sklearn; sklearn.core.threads()"], check=True)

        checked = run("check", "-p", place.prefix, "--json")
        assert checked.code == 1
        (finding,) = checked.json["findings"]
        assert (checked.json["success"], finding["code"], finding["severity"]) == (False, "two-runtimes", "warning")
        assert [(copy["runtime"], copy["package"], copy["origin"]) for copy in finding["copies"]] == CLASH
        assert finding["copies"][0]["file"].endswith(f"scikit_learn.libs/{GOMP}")

    def test_solve_says_it(self, run: Run, place: Place) -> None:
        """What `create` would warn of."""
        ran = run("solve", *place.options[2:], "python", "numtool", "pypi:scikit-learn", *LLVM, "--json")

        assert [warning["kind"] for warning in ran.json["warnings"]] == ["openmp"]

    def test_what_no_table_knows_shows_when_it_has_come(self, run: Run, place: Place) -> None:
        """Nobody reviewed the wheel: its files say what it carries, once; the next time they are in the cache."""
        request = ("python", "numtool", "pypi:unheard-of", *LLVM)
        assert "OpenMP" not in run("create", *place.options, *request, "--dry-run").err

        first = run("create", *place.options, *request, "-y")
        assert (first.code, first.err.count("libgomp in the wheel of unheard-of")) == (0, 1)
        assert [path.name for path in place.prefix.rglob("libgomp-*")] == [GOMP]

        again = replace(place, prefix=place.prefix.with_name("again"))
        said = run("create", *again.options, *request, "-y", "--json").json
        assert [copy["package"] for copy in said["warnings"][0]["copies"]] == ["unheard-of", "llvm-openmp"]

    def test_an_installed_wheel_counts(self, run: Run, place: Place) -> None:
        """It is conda's package that comes later."""
        assert run("create", *place.options, "python", "pypi:unheard-of", "-y").err.count("OpenMP") == 0

        ran = run("install", *place.options, "numtool", *LLVM, "-y")
        assert (ran.code, ran.err.count("libgomp in the wheel of unheard-of")) == (0, 1)

    def test_what_was_told_is_not_told_at_every_install(self, run: Run, place: Place) -> None:
        """Nothing about it changes; `check` still finds it, and so does an install of one more that takes part."""
        assert run("create", *place.options, "python", "numtool", "pypi:scikit-learn", *LLVM, "-y").code == 0

        said = run("install", *place.options, "pypi:stray", "-y", "--json").json
        assert said["warnings"] == []
        assert run("check", "-p", place.prefix).code == 1
        said = run("install", *place.options, "pypi:xgboost", "-d", "--json").json
        assert [copy["package"] for copy in said["warnings"][0]["copies"]] == ["scikit-learn", "xgboost", "llvm-openmp"]


class TestAdvice:
    """What is advised is there, and helps."""

    def test_the_other_build(self, run: Run, place: Place) -> None:
        """Nobody insists on LLVM's any more, so that GCC's will do for conda's packages."""
        assert run("create", *place.options, "python", "numtool", *LLVM, "-y").code == 0
        request = ("install", *place.options, "pypi:scikit-learn", "--dry-run", "--json")
        (warning,) = run(*request).json["warnings"]
        assert warning["advice"][0] == (
            "Have conda's packages use GCC's OpenMP, as the wheels do: '_openmp_mutex * *_gnu'"
        )

        assert run(*request, "_openmp_mutex * *_gnu").json["warnings"] == []

    def test_not_the_other_build_where_the_request_wants_this_one(self, run: Run, place: Place) -> None:
        """Both specs together cannot be met."""
        request = ("create", *place.options, "python", "numtool", "pypi:scikit-learn", *LLVM, "-d", "--json")

        (warning,) = run(*request).json["warnings"]
        assert warning["advice"] == ["Leave out scikit-learn, or numtool, or let no process load both"]

    def test_not_the_other_build_where_a_package_needs_this_one(self, run: Run, place: Place) -> None:
        """The advice would end in an error."""
        ran = run("create", *place.options, "python", "llvmtool", "pypi:scikit-learn", "--dry-run", "--json").json

        (warning,) = ran["warnings"]
        assert not [text for text in warning["advice"] if "_gnu" in text]
        assert warning["advice"] == ["Leave out scikit-learn, or llvmtool, or let no process load both"]

    def test_the_other_source(self, run: Run, place: Place, tmp_path: Path) -> None:
        """A channel of the request has the project as a package."""
        make_conda(tmp_path / "more", "scikit-learn", "1.0", dict(dist_info("scikit-learn", "1.0")), depends=["python"])
        index_channel(tmp_path / "more")
        more = (tmp_path / "more").as_uri()
        request = ("create", *place.options, "-c", more, "python", "llvmtool", "pypi:scikit-learn", "-d", "--json")
        (warning,) = run(*request, "--route", "scikit-learn=local").json["warnings"]
        advice = warning["advice"][0]
        assert advice.startswith("Take scikit-learn from ")

        options, instead, given = advice.partition(": ")[2].partition(", in the place of ")
        assert (instead, given) == (", in the place of ", "--route scikit-learn=local")
        said = run(*request, *options.split()).json
        assert said["warnings"] == []
        assert next(record["kind"] for record in said["records"] if record["name"] == "scikit-learn") == "conda"

    def test_not_the_other_source_where_it_has_no_such_version(self, run: Run, place: Place, tmp_path: Path) -> None:
        """The channel's package is older than what was asked for; the route would end in an error."""
        make_conda(tmp_path / "more", "scikit-learn", "0.9", dict(dist_info("scikit-learn", "0.9")), depends=["python"])
        index_channel(tmp_path / "more")
        more = ("-c", (tmp_path / "more").as_uri())
        request = ("create", *place.options, *more, "python", "llvmtool", "pypi:scikit-learn>=1.0", "-d", "--json")

        (warning,) = run(*request, "--route", "scikit-learn=local").json["warnings"]
        assert warning["advice"] == ["Leave out scikit-learn, or llvmtool, or let no process load both"]

    def test_nothing_of_conda_for_a_wheel(self, run: Run, place: Place) -> None:
        """The table of wheels brought conda's MPI, beside one that is a wheel."""
        request = ("create", *place.options, "python", "pypi:mpi4py", "pypi:mpich", "-d", "--json")
        (warning,) = run(*request).json["warnings"]
        advice = warning["advice"][0]
        assert advice == "Do without conda's openmpi, which came for mpi4py: --no-external mpi4py"

        assert run(*request, *advice.partition(": ")[2].split()).json["warnings"] == []

    def test_not_what_can_be_solved_and_does_not_help(self, run: Run, place: Place) -> None:
        """An MPI of conda that was asked for comes all the same."""
        request = ("create", *place.options, "python", "openmpi", "pypi:mpi4py", "pypi:mpich", "-d", "--json")

        (warning,) = run(*request).json["warnings"]
        assert warning["advice"] == ["Leave out mpich, or mpi4py and openmpi, or let no process load both"]
        assert run(*request, "--no-external", "mpi4py").json["warnings"] != []

    def test_what_only_the_files_showed_is_tried_as_well(self, run: Run, place: Place) -> None:
        """The clash is known by files alone, and so is that it stays, or goes."""
        assert run("create", *place.options, "python", "numtool", *LLVM, "-y").code == 0

        (warning,) = run("install", *place.options, "pypi:unheard-of", "-y", "--json").json["warnings"]
        assert warning["advice"][0].endswith("'_openmp_mutex * *_gnu'")

    def test_what_nobody_asked_for_is_not_left_out(self, run: Run, place: Place) -> None:
        """A wheel brings the one with the copy, by an extra; conda's user comes with another package."""
        request = ("pypi:outer", "shell", *LLVM, "-d", "--json")

        (warning,) = run("create", *place.options, "python", *request).json["warnings"]
        assert [copy["users"] for copy in warning["copies"]] == [[], ["numtool"]]
        assert warning["advice"][-1] == "Leave out outer, or shell, or let no process load both"


class TestSilence:
    """What is everywhere is not warned of."""

    @pytest.mark.parametrize(
        "specs",
        [
            ("pypi:scikit-learn", "pypi:xgboost", "pypi:unheard-of"),
            ("pypi:scikit-learn", "libgcc", "_openmp_mutex * *_llvm"),
            ("pypi:scikit-learn", "libgcc", "llvm-openmp"),
            ("numtool", "_openmp_mutex * *_llvm"),
            ("pypi:scikit-learn", "numtool", "_openmp_mutex * *_gnu"),
        ],
        ids=["wheels", "libgcc-alone", "nobody-loads-it", "no-wheel", "both-gcc"],
    )
    def test_no_warning(self, run: Run, place: Place, specs: tuple[str, ...]) -> None:
        """Copies of GCC's in wheels, an OpenMP that comes with libgcc alone, conda's packages among themselves."""
        said = run("create", *place.options, "python", *specs, "-y", "--json").json

        assert said["warnings"] == []
        checked = run("check", "-p", place.prefix)
        assert (checked.code, checked.out) == (0, f"Nothing was found in {place.prefix}.\n")


class TestCheck:
    """An environment is looked at as it is, whoever made it."""

    def test_a_wheel_that_pip_put_there(self, run: Run, place: Place, wheels: dict[str, list[Path]]) -> None:
        """It has no record of conda's."""
        assert run("create", *place.options, "python", "numtool", *LLVM, "-y").code == 0
        with ZipFile(wheels["scikit-learn"][0]) as archive:
            archive.extractall(place.site)

        (finding,) = run("check", "-p", place.prefix, "--json").json["findings"]
        assert [(copy["runtime"], copy["package"], copy["origin"]) for copy in finding["copies"]] == CLASH
        assert finding["hint"].startswith("Try to have conda's packages use GCC's OpenMP")
        assert f"wheelbridge install -p {place.prefix} '_openmp_mutex * *_gnu'" in finding["hint"]

    def test_a_missing_library(self, run: Run, place: Place) -> None:
        """The table knows who has it; with it, there is nothing to be found."""
        if list(Path("/usr/lib").rglob("libodbc.so.2")):
            pytest.skip("this machine has the library that is to be missing")
        assert run("create", *place.options, "python", "pypi:lacking", "-y").code == 0

        ran = run("check", "-p", place.prefix)
        assert ran.code == 1
        assert "error: lacking loads libodbc.so.2, which is neither in the environment nor on this machine" in ran.out
        assert f"hint: Run wheelbridge install -p {place.prefix} 'unixodbc'" in ran.out
        (finding,) = run("check", "-p", place.prefix, "--json").json["findings"]
        assert (finding["soname"], finding["conda"]) == ("libodbc.so.2", ["unixodbc"])
        assert [Path(path).name for path in finding["needed_by"]] == ["_alone.so"]

        (place.prefix / "lib" / "libodbc.so.2").write_bytes(b"")
        assert run("check", "-p", place.prefix).code == 1, "an empty file is no library"
        (place.prefix / "lib" / "libodbc.so.2").write_bytes(b"something")
        assert run("check", "-p", place.prefix).code == 0

    def test_a_file_that_does_not_look_there(self, run: Run, place: Place) -> None:
        """ld.so's manual: for a file with a DT_RUNPATH, python's DT_RPATH is not searched; an install is no use."""
        if list(Path("/usr/lib").rglob("libodbc.so.2")):
            pytest.skip("this machine has the library that is to be missing")
        assert run("create", *place.options, "python", "pypi:aloof", "-y").code == 0
        library = place.prefix / "lib"

        first = run("check", "-p", place.prefix)
        assert (
            "aloof loads libodbc.so.2, which is not on this machine, and not looked for in the environment" in first.out
        )
        assert f"or run with LD_LIBRARY_PATH={library} after you ran wheelbridge install" in first.out
        (library / "libodbc.so.2").write_bytes(b"something")
        then = run("check", "-p", place.prefix)
        assert (then.code, "wheelbridge install" in then.out) == (1, False)
        assert then.out.rstrip().endswith(f"or run with LD_LIBRARY_PATH={library}")

    def test_a_library_of_another_wheel_is_no_library_of_this_one(self, run: Run, place: Place) -> None:
        """Nobody loads it from there; from a wheel that this one needs, and so imports first, it is loaded already."""
        if list(Path("/usr/lib").rglob("libodbc.so.2")):
            pytest.skip("this machine has the library that is to be missing")
        assert run("create", *place.options, "python", "pypi:lacking", "pypi:having", "-y").code == 0
        assert [one["package"] for one in run("check", "-p", place.prefix, "--json").json["findings"]] == ["lacking"]

        assert run("install", *place.options, "pypi:leaning", "-y").code == 0
        assert [one["package"] for one in run("check", "-p", place.prefix, "--json").json["findings"]] == ["lacking"]

    def test_files_that_are_gone(self, run: Run, place: Place) -> None:
        """The record lists them; what Python compiles does not count."""
        assert run("create", *place.options, "python", "pypi:scikit-learn", "numtool", *GNU, "-y").code == 0
        (place.prefix / "lib" / "libgomp.so.1").unlink()
        for path in (place.site / "sklearn" / "__init__.py", place.site / "scikit_learn.libs" / GOMP):
            path.unlink()

        found = run("check", "-p", place.prefix, "--json").json["findings"]
        assert [(one["code"], one["severity"], one["package"]) for one in found] == [
            ("missing-file", "error", "libgomp"),
            ("missing-file", "error", "scikit-learn"),
        ]
        assert sorted(Path(path).name for path in found[1]["files"]) == ["__init__.py", GOMP]
        assert f"wheelbridge remove -p {place.prefix} scikit-learn" in found[1]["hint"]

    def test_a_bundled_library_that_no_record_lists(
        self, run: Run, place: Place, wheels: dict[str, list[Path]]
    ) -> None:
        """Its name has auditwheel's hash: nothing else can serve for it, whatever the tables know."""
        assert run("create", *place.options, "python", "-y").code == 0
        with ZipFile(wheels["scikit-learn"][0]) as archive:
            archive.extractall(place.site)
        record = place.site / "scikit_learn-1.0.dist-info" / "RECORD"
        (place.site / "scikit_learn.libs" / GOMP).unlink()
        record.write_text("".join(line for line in record.read_text().splitlines(keepends=True) if GOMP not in line))

        (finding,) = run("check", "-p", place.prefix, "--json").json["findings"]
        assert (finding["code"], finding["severity"], finding["soname"]) == ("missing-library", "error", GOMP)
        assert "pip install --force-reinstall --no-deps scikit-learn==1.0" in finding["hint"]

    @pytest.mark.parametrize("size", [0, 1500], ids=["empty", "cut-off"])
    def test_a_damaged_library(self, run: Run, place: Place, size: int) -> None:
        """Its import fails; conda packages' are not read, but seen to be empty."""
        assert run("create", *place.options, "python", "pypi:scikit-learn", "numtool", *GNU, "-y").code == 0
        module = place.site / "sklearn" / "_core.so"
        replace_file(module, module.read_bytes()[:size])
        replace_file(place.prefix / "lib" / "libgomp.so.1", b"")

        found = run("check", "-p", place.prefix, "--json").json["findings"]
        assert [(one["code"], one["severity"], one["package"], Path(one["file"]).name) for one in found] == [
            ("damaged-library", "error", "libgomp", "libgomp.so.1"),
            ("damaged-library", "error", "scikit-learn", "_core.so"),
        ]

    def test_what_leads_out_of_the_environment_is_left_alone(self, run: Run, place: Place) -> None:
        """A RECORD may list anything; what is elsewhere is not part of the environment."""
        assert run("create", *place.options, "python", "-y").code == 0
        info = place.site / "stranger-1.0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: stranger\nVersion: 1.0\n")
        (info / "RECORD").write_text("../../../../../../gone.so,,\n/gone.so,,\n../../../bin/python,,\n")

        assert run("check", "-p", place.prefix).code == 0

    def test_a_plugin_may_be_of_no_use(self, run: Run, place: Place) -> None:
        """What it lacks is a warning."""
        if list(Path("/usr/lib").rglob("libodbc.so.2")):
            pytest.skip("this machine has the library that is to be missing")
        assert run("create", *place.options, "python", "pypi:pluggable", "-y").code == 0

        (finding,) = run("check", "-p", place.prefix, "--json").json["findings"]
        assert (finding["package"], finding["severity"]) == ("pluggable", "warning")

    def test_what_no_table_knows_is_not_found(self, run: Run, place: Place) -> None:
        """Nothing could be advised."""
        assert run("create", *place.options, "python", "pypi:stray", "-y").code == 0

        assert run("check", "-p", place.prefix).code == 0

    def test_no_environment(self, run: Run, tmp_path: Path) -> None:
        """There is nothing to check."""
        ran = run("check", "-p", tmp_path, "--json")

        assert (ran.code, ran.json["error"]["code"]) == (1, "not-an-environment")


@pytest.mark.network
def test_the_real_wheel(run: Run, place: Place) -> None:
    """scikit-learn off the public index, as people get it."""
    host = resolve_index_url("pypi").split("/")[2]
    try:
        socket.create_connection((host, 443), timeout=5).close()
    except OSError as error:
        pytest.skip(f"the public index cannot be reached: {error}")
    public = (*place.options[:-4], "-i", "pypi", "--virtual-package", "__glibc=2.36")
    ran = run("create", *public, "python", "numtool", "pypi:scikit-learn", *LLVM, "-y", "--json")

    assert ran.code == 0, ran.out
    (warning,) = ran.json["warnings"]
    assert [(copy["runtime"], copy["package"], copy["origin"]) for copy in warning["copies"]] == CLASH
    findings = run("check", "-p", place.prefix, "--json").json["findings"]
    assert [finding["code"] for finding in findings] == ["two-runtimes"]
    carried = Path(findings[0]["copies"][0]["file"])
    assert carried.name.startswith("libgomp-")
    code = "import sklearn.cluster, sys; print([line for line in open('/proc/self/maps') if sys.argv[1] in line][:1])"
    command = [str(place.prefix / "bin/python"), "-c", code, carried.name]
    loaded = subprocess.run(command, check=False, capture_output=True, text=True)
    assert carried.name in loaded.stdout, loaded.stderr
