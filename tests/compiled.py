"""Shared libraries and extension modules, compiled by the host's compiler: what external dependencies are about."""

import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path

import pytest

COMPILER = shutil.which("cc") or shutil.which("gcc")
needs_compiler = pytest.mark.skipif(
    COMPILER is None or sys.platform != "linux",
    reason="needs a C compiler on Linux (cc or gcc on PATH), and there is none",
)

TAG = f"cp{sys.version_info.major}{sys.version_info.minor}"
"""The interpreter's tag, which is its ABI's, too."""

_MODULE = """\
#include <Python.h>
#include "{library}.h"

static PyObject *tell(PyObject *self, PyObject *args) {{
    return PyUnicode_FromString({library}_tell());
}}

static PyMethodDef methods[] = {{{{"tell", tell, METH_NOARGS, ""}}, {{NULL, NULL, 0, NULL}}}};
static struct PyModuleDef module = {{PyModuleDef_HEAD_INIT, "{module}", NULL, -1, methods}};

PyMODINIT_FUNC PyInit_{module}(void) {{ return PyModule_Create(&module); }}
"""


def compile_library(folder: Path, library: str, words: str, *, version: int = 1) -> dict[str, bytes]:
    """Compile ``lib<library>.so.<version>``; return the files of a package that has it, with its header."""
    folder.mkdir(parents=True, exist_ok=True)
    source, header, shared = folder / f"{library}.c", folder / f"{library}.h", folder / f"lib{library}.so.{version}"
    header.write_text(f"const char *{library}_tell(void);\n", encoding="utf-8")
    source.write_text(f'const char *{library}_tell(void) {{ return "{words}"; }}\n', encoding="utf-8")
    _compile("-shared", "-fPIC", f"-Wl,-soname,{shared.name}", "-o", str(shared), str(source))
    data = shared.read_bytes()
    return {
        f"lib/{shared.name}": data,
        f"lib/lib{library}.so": data,
        f"include/{header.name}": header.read_bytes(),
    }


def compile_module(folder: Path, module: str, library: str, search: Sequence[str] = ("$ORIGIN/../..",)) -> bytes:
    """Compile an extension module against what `compile_library` left in *folder*; it looks for it in *search*."""
    source, made = folder / f"{module}.c", folder / f"{module}.so"
    source.write_text(_MODULE.format(module=module, library=library), encoding="utf-8")
    shared = next(folder.glob(f"lib{library}.so.*"))
    places = [f"-Wl,-rpath,{place}" for place in search]
    include = sysconfig.get_path("include")
    _compile("-shared", "-fPIC", f"-I{include}", f"-I{folder}", *places, "-o", str(made), str(source), str(shared))
    return made.read_bytes()


def _compile(*arguments: str) -> None:
    assert COMPILER is not None
    done = subprocess.run([COMPILER, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
