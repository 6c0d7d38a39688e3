"""What we say that a file finds in an environment, and what the loader of this machine finds there."""

import subprocess
from pathlib import Path

import pytest

from tests.compiled import COMPILER, compile_library, needs_compiler
from wheelbridge.binaries import read_binary
from wheelbridge.mapping.natives.linkage import installed_path, reaches_environment

PYTHON = """\
#include <dlfcn.h>
int main(int count, char **arguments) { return dlopen(arguments[1], RTLD_NOW) == 0; }
"""
"""What of an interpreter matters here: it loads what it is told to, and has a DT_RPATH as conda's has."""
NEW, OLD = "-Wl,--enable-new-dtags", "-Wl,--disable-new-dtags"


@pytest.fixture
def prefix(tmp_path: Path) -> Path:
    """Make an environment: the library, and a program in the place of its python."""
    prefix = tmp_path / "prefix"
    (prefix / "bin").mkdir(parents=True)
    compile_library(prefix / "lib", "odbcless", "hello")
    build(prefix / "bin/python", PYTHON, OLD, "-Wl,-rpath,$ORIGIN/../lib", "-ldl")
    return prefix


def build(made: Path, source: str, *arguments: str) -> None:
    """Compile one file."""
    assert COMPILER is not None
    made.parent.mkdir(parents=True, exist_ok=True)
    text = made.with_name(f"{made.name}.c")
    text.write_text(source, encoding="utf-8")
    subprocess.run([COMPILER, "-o", str(made), str(text), *arguments], check=True)


def reaches(prefix: Path, path: str) -> bool:
    """Say what we say."""
    found = read_binary(prefix / path, path)
    assert found is not None
    assert "libodbcless.so.1" in found.needed
    return reaches_environment(found, path)


@needs_compiler
@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ((), True),
        ((OLD, "-Wl,-rpath,$ORIGIN/../x.libs"), True),
        ((NEW, "-Wl,-rpath,$ORIGIN/../x.libs"), False),
        ((NEW, "-Wl,-rpath,$ORIGIN/../x.libs:$ORIGIN/../../.."), True),
        ((NEW, "-Wl,-rpath,${ORIGIN}/../../../../lib"), True),
        ((NEW, "-Wl,-rpath,$ORIGIN/../../../.."), False),
    ],
    ids=["none", "rpath", "runpath", "runpath-to-lib", "in-braces", "runpath-to-the-prefix"],
)
def test_a_module_as_the_loader_sees_it(prefix: Path, flags: tuple[str, ...], expected: bool) -> None:
    """The library is in the environment's ``lib``; the interpreter leads there, unless there is a DT_RUNPATH."""
    path = installed_path("x/core.so").replace("X.Y", "3.12")
    library = str(prefix / "lib/libodbcless.so.1")
    build(prefix / path, "", "-shared", "-fPIC", *flags, "-Wl,--no-as-needed", library)
    done = subprocess.run([str(prefix / "bin/python"), str(prefix / path)], check=False)

    assert (done.returncode == 0) is expected
    assert reaches(prefix, path) is expected


@needs_compiler
@pytest.mark.parametrize(
    ("flags", "expected"),
    [((), False), ((OLD, "-Wl,-rpath,$ORIGIN/../lib"), True), ((NEW, "-Wl,-rpath,$ORIGIN/../lib"), True)],
    ids=["none", "rpath", "runpath"],
)
def test_a_program_as_the_loader_sees_it(prefix: Path, flags: tuple[str, ...], expected: bool) -> None:
    """It is its own main program."""
    path = installed_path("x-1.0.data/scripts/tool")
    library = str(prefix / "lib/libodbcless.so.1")
    build(prefix / path, "int main(void) { return 0; }", *flags, "-Wl,--no-as-needed", library)
    done = subprocess.run([str(prefix / path)], capture_output=True, check=False)

    assert (done.returncode == 0) is expected
    assert reaches(prefix, path) is expected
