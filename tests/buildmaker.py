"""Projects to be built for real, and a channel to build them with.

The compiler is the host's: a package ``c-compiler`` whose activation script says so stands in for conda's, which sets
``CC`` in the same way. The build backend is in the source tree (``backend-path``) and calls ``$CC``, so that nothing
has to be downloaded.
"""

import hashlib
import subprocess
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from tests.compiled import COMPILER
from tests.condapackages import Files, index_channel, make_conda
from tests.installer.wheelmaker import SUBDIR
from tests.real_python import make_real_channel

MAP = f"""
external:
  - id: dep:generic/libgreet
    relation: library
    alternatives:
      - name: here
        when: ["{SUBDIR}"]
        build: []
        host: [libgreet]
        run: [libgreet]
    version: {{scheme: pep440, apply_to: [libgreet]}}
    reviewed: 2026-11-22
"""
"""A map with the library that the project is linked with."""

_HEADER = "const char *greet_word(void);\n"
_LIBRARY = '#include "greet.h"\nconst char *greet_word(void) { return "hello from libgreet"; }\n'
_ACTIVATION = """echo activated
export CC={compiler}
export CFLAGS="-I$CONDA_PREFIX/include"
export LDFLAGS="-L$CONDA_PREFIX/lib"
"""
_MODULE = """
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include "greet.h"

static PyObject *word(PyObject *self, PyObject *nothing) { return PyUnicode_FromString(greet_word()); }
static PyMethodDef methods[] = {{"word", word, METH_NOARGS, "Say it."}, {NULL, NULL, 0, NULL}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "pygreet", NULL, -1, methods};
PyMODINIT_FUNC PyInit_pygreet(void) { return PyModule_Create(&module); }
"""
_BACKEND = """
import base64, hashlib, os, pathlib, shlex, subprocess, sys, sysconfig, zipfile

MARKER = @MARKER@
ASKS = @ASKS@
pathlib.Path(MARKER).open("a").write(sys.prefix + "\\n")


def get_requires_for_build_wheel(config_settings=None):
    return ASKS


def build_wheel(folder, config_settings=None, metadata_directory=None):
    print("building with", os.environ.get("CC"))
    strange = [name for name in os.environ if name.startswith(("PYTHONPATH", "PIP_INDEX", "SECRET"))]
    assert not strange, strange
    @CODE@
    import build_helper
    for name in ASKS:
        __import__(name.replace("-", "_"))
    files = {}
    tag = "py3-none-any"
    if os.path.exists("pygreet.c"):
        suffix = sysconfig.get_config_var("EXT_SUFFIX")
        command = [os.environ["CC"], "-shared", "-fPIC", "pygreet.c", "-o", "pygreet" + suffix]
        command += ["-I" + sysconfig.get_path("include"), *shlex.split(os.environ["CFLAGS"])]
        command += [*shlex.split(os.environ["LDFLAGS"]), "-lgreet", "-Wl,-rpath,$ORIGIN/../.."]
        subprocess.run(command, check=True)
        files["pygreet" + suffix] = pathlib.Path("pygreet" + suffix).read_bytes()
        cp = "cp%d%d" % sys.version_info[:2]
        tag = f"{cp}-{cp}-" + sysconfig.get_platform().replace("-", "_").replace(".", "_")
    else:
        files["@MODULE@.py"] = b"BUILT = True\\n"
    info = "@MODULE@-@VERSION@.dist-info"
    files[info + "/METADATA"] = b"Metadata-Version: 2.1\\nName: @NAME@\\nVersion: @VERSION@\\n"
    files[info + "/WHEEL"] = f"Wheel-Version: 1.0\\nGenerator: t\\nRoot-Is-Purelib: false\\nTag: {tag}\\n".encode()
    rows = []
    for name, data in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")
        rows.append(f"{name},sha256={digest},{len(data)}")
    files[info + "/RECORD"] = "\\n".join([*rows, info + "/RECORD,,", ""]).encode()
    wheel = "@MODULE@-@VERSION@-" + tag + ".whl"
    with zipfile.ZipFile(os.path.join(folder, wheel), "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return wheel
"""
_PYPROJECT = """
[build-system]
requires = ["build-helper"]
build-backend = "backend"
backend-path = ["."]

[project]
name = "{name}"
version = "{version}"
requires-python = ">=3.11"
"""
_EXTERNAL = """
[external]
build-requires = ["dep:virtual/compiler/c"]
host-requires = ["dep:generic/libgreet@>=1"]
"""


def make_build_channel(folder: Path) -> None:
    """Make a channel of the running interpreter, a compiler and a library that the host's compiler made."""
    make_real_channel(folder)
    assert COMPILER
    work = folder.parent / "libgreet"
    work.mkdir()
    (work / "greet.h").write_text(_HEADER)
    (work / "greet.c").write_text(_LIBRARY)
    subprocess.run([COMPILER, "-shared", "-fPIC", "greet.c", "-o", "libgreet.so"], cwd=work, check=True)
    library: Files = {"lib/libgreet.so": (work / "libgreet.so").read_bytes(), "include/greet.h": _HEADER}
    make_conda(folder, "libgreet", "1.2", library, subdir=SUBDIR)
    script = {"etc/conda/activate.d/c-compiler.sh": _ACTIVATION.format(compiler=COMPILER)}
    make_conda(folder, "c-compiler", "1.0", script, subdir=SUBDIR)
    index_channel(folder)


@dataclass(frozen=True, kw_only=True)
class Project:
    """A project whose backend leaves a line in *marker* whenever it runs.

    Attributes:
        code: what the backend does besides, when it builds.
        asks: what it says that it needs.
        compiled: whether it has an extension module in C.
        edits: pairs of a text in the backend or pyproject.toml, and what stands in its place.
        external: lines of its ``[external]`` table.
    """

    marker: Path
    name: str = "pygreet"
    version: str = "1.0"
    code: str = "pass"
    asks: tuple[str, ...] = ()
    compiled: bool = False
    edits: tuple[tuple[str, str], ...] = ()
    external: str = ""

    @property
    def files(self) -> Mapping[str, str]:
        """The source tree."""
        module = self.name.replace("-", "_")
        backend = _BACKEND.replace("@MARKER@", repr(str(self.marker))).replace("@ASKS@", repr([*self.asks]))
        backend = backend.replace("@CODE@", self.code).replace("@MODULE@", module)
        backend = backend.replace("@NAME@", self.name).replace("@VERSION@", self.version)
        pyproject = _PYPROJECT.format(name=self.name, version=self.version)
        info = f"Metadata-Version: 2.1\nName: {self.name}\nVersion: {self.version}\n"
        pyproject += f"\n[external]\n{self.external}\n" if self.external else ""
        for old, new in self.edits:
            assert (old in backend) + (old in pyproject) == 1, old
            backend, pyproject = backend.replace(old, new), pyproject.replace(old, new)
        files = {"pyproject.toml": pyproject, "backend.py": backend, "PKG-INFO": info}
        return {**files, "pyproject.toml": pyproject + _EXTERNAL, "pygreet.c": _MODULE} if self.compiled else files

    @property
    def runs(self) -> int:
        """How often the backend was run."""
        return len(self.marker.read_text().splitlines()) if self.marker.exists() else 0

    def write(self, folder: Path) -> Path:
        """Write the source tree."""
        folder.mkdir(parents=True)
        for path, text in self.files.items():
            (folder / path).write_text(text)
        return folder

    def pack(self, folder: Path) -> Path:
        """Pack the source distribution."""
        stem = f"{self.name.replace('-', '_')}-{self.version}"
        return pack(folder / f"{stem}.tar.gz", {f"{stem}/{path}": text for path, text in self.files.items()})


def pack(archive: Path, files: Mapping[str, str]) -> Path:
    """Make a gzipped tar of *files*."""
    archive.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(archive, "w:gz") as tar:
        for path, text in files.items():
            member = tarfile.TarInfo(path)
            member.size = len(text.encode())
            tar.addfile(member, BytesIO(text.encode()))
    return archive


def digest(path: Path) -> str:
    """Return the sha256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
