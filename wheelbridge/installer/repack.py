"""The running interpreter as a conda package: a real ``python`` without a network, for tests and for the demo."""

import json
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from hashlib import sha256
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import IO, Self

from wheelbridge.installer.layout import PythonLayout

BUILD = "0_cpython"
_QUESTION = """
import json, sys, sysconfig
v = sysconfig.get_config_vars()
print(json.dumps({
    "version": "%d.%d.%d" % sys.version_info[:3], "prefix": sys.base_prefix, "exe": sys.executable,
    "stdlib": sysconfig.get_path("stdlib"), "dynload": sysconfig.get_path("platstdlib"),
    "include": sysconfig.get_path("include"), "site_packages": sysconfig.get_path("purelib"),
    "library": v.get("LDLIBRARY") if v.get("Py_ENABLE_SHARED") else None, "libdir": v.get("LIBDIR"),
}))
"""
_INSTALLED = ("site-packages", "dist-packages", "EXTERNALLY-MANAGED")
_NEEDLESS = ("__pycache__", "test", "tests", "idle_test", "turtledemo", "config-*", "*.a")
_RAW_BLOCK = 128 * 1024
_ZSTD_HEADER = b"\x28\xb5\x2f\xfd\x00\x50"
"""RFC 8878: the magic number, a frame without a size or a checksum, a window of 1 MiB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interpreter:
    """What a CPython says of itself; the virtual environment it may run in left aside."""

    version: str
    prefix: Path
    exe: Path
    stdlib: Path
    include: Path
    site_packages: str
    library: Path | None

    @classmethod
    def ask(cls, executable: Path) -> Self:
        """Ask *executable*, without its ``site`` and the user's environment variables."""
        text = subprocess.run([executable, "-I", "-S", "-c", _QUESTION], check=True, capture_output=True, text=True)  # noqa: S603 - an interpreter of this machine
        said = json.loads(text.stdout)
        prefix = Path(said["prefix"])
        library = Path(said["libdir"], said["library"]) if said["library"] and said["libdir"] else None
        return cls(
            version=said["version"],
            prefix=prefix,
            exe=Path(said["exe"]).resolve(),
            stdlib=Path(said["stdlib"]),
            include=Path(said["include"]),
            site_packages=_relative(Path(said["site_packages"]), prefix),
            library=library,
        )

    @property
    def name(self) -> str:
        """The name of the versioned executable, such as ``python3.12``."""
        return f"python{'.'.join(self.version.split('.')[:2])}"

    def files(self) -> Iterator[tuple[str, Path | str]]:
        """Yield path in the package -> the file there, or as text the target of a symbolic link."""
        if self.stdlib.name == "Lib":
            yield from _windows_files(self.prefix)
            return
        yield f"bin/{self.name}", self.exe
        yield "bin/python3", self.name
        yield "bin/python", self.name
        if self.library is not None and self.library.exists():
            real = self.library.resolve()
            yield f"lib/{real.name}", real
            if real.name != self.library.name:
                yield f"lib/{self.library.name}", real.name
        yield from _tree(self.stdlib, f"lib/{self.name}")
        yield from _tree(self.include, f"include/{self.include.name}")


def repack_interpreter(folder: Path, subdir: str, *, python: Path | None = None) -> Path:
    """Write the interpreter as ``<folder>/<subdir>/python-X.Y.Z-0_cpython.conda``; return the file.

    The package holds the interpreter and its standard library, without what was installed into it, tests and byte
    code. It works in any prefix, except where the build itself is bound to its place: macOS framework builds. A build
    with a shared libpython is found there by ``sys.prefix`` too, though it may load the library it was built with.
    Nothing is compressed: it is to be unpacked at once.

    Args:
        folder: the channel; ``rattler.index.index_fs`` makes its repodata.
        subdir: the platform of *python*.
        python: the interpreter; by default the running one, or the one its virtual environment is based on.
    """
    executable = python or Path(getattr(sys, "_base_executable", sys.executable))
    interpreter = Interpreter.ask(executable)
    payload, entries = _pack_files(interpreter)
    info = _pack_info(interpreter, subdir, entries)
    name = f"python-{interpreter.version}-{BUILD}"
    package = folder / subdir / f"{name}.conda"
    package.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(package, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("metadata.json", json.dumps({"conda_pkg_format_version": 2}))
        for part, data in (("pkg", payload), ("info", info)):
            with archive.open(f"{part}-{name}.tar.zst", "w") as file:
                _write_zstd(file, data)
    return package


def _pack_files(interpreter: Interpreter) -> tuple[bytes, list[dict[str, object]]]:
    """Return the files as a tar archive, with their path entries (CEP 34)."""
    buffer = BytesIO()
    entries: dict[str, dict[str, object]] = {}
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path, source in interpreter.files():
            member = tarfile.TarInfo(path)
            member.mtime = 0 if isinstance(source, str) else int(source.stat().st_mtime)
            if isinstance(source, str):
                member.type, member.linkname = tarfile.SYMTYPE, source
                archive.addfile(member)
            else:
                data = source.read_bytes()
                member.size, member.mode = len(data), source.stat().st_mode & 0o777
                archive.addfile(member, BytesIO(data))
            entries[path] = _path_entry(path, source, entries)
    return buffer.getvalue(), [*entries.values()]


def _path_entry(path: str, source: Path | str, known: dict[str, dict[str, object]]) -> dict[str, object]:
    """Return the path entry.

    CEP 34: "If the path is a softlink, the contents of the target file are hashed", "the size of the target file is
    reported".
    """
    if isinstance(source, str):
        target = known[(PurePosixPath(path).parent / source).as_posix()]
        return {**target, "_path": path, "path_type": "softlink"}
    data = source.read_bytes()
    digest = sha256(data).hexdigest()
    return {"_path": path, "path_type": "hardlink", "sha256": digest, "size_in_bytes": len(data)}


def _pack_info(interpreter: Interpreter, subdir: str, entries: list[dict[str, object]]) -> bytes:
    """Return the metadata as a tar archive.

    CEP 17: "it is highly recommended that this field only be included in ``python`` packages where it is required".
    """
    index: dict[str, object] = {
        "name": "python",
        "version": interpreter.version,
        "build": BUILD,
        "build_number": 0,
        "subdir": subdir,
        "depends": [],
        "constrains": [],
        "license": "Python-2.0",
    }
    if interpreter.site_packages != PythonLayout.of_python(interpreter.version, subdir).site_packages:
        index["python_site_packages_path"] = interpreter.site_packages
    files = {
        "index.json": index,
        "paths.json": {"paths_version": 1, "paths": entries},
        "about.json": {"summary": "The CPython of this machine, repacked by wheelbridge"},
    }
    buffer = BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, content in files.items():
            data = json.dumps(content).encode()
            member = tarfile.TarInfo(f"info/{name}")
            member.size, member.mode = len(data), 0o644
            archive.addfile(member, BytesIO(data))
    return buffer.getvalue()


def _write_zstd(file: IO[bytes], data: bytes) -> None:
    """Write *data* as a Zstandard frame that stores it as it is.

    RFC 8878: a block has a 3-byte header, little-endian: "Last_Block" (1 bit), "Block_Type" (2 bits, 0 is
    "Raw_Block"), "Block_Size" (21 bits), limited to 128 KB.
    """
    file.write(_ZSTD_HEADER)
    view = memoryview(data)
    for start in range(0, max(len(data), 1), _RAW_BLOCK):
        block = view[start : start + _RAW_BLOCK]
        last = start + _RAW_BLOCK >= len(data)
        file.write((len(block) << 3 | last).to_bytes(3, "little"))
        file.write(block)


def _tree(root: Path, target: str) -> Iterator[tuple[str, Path | str]]:
    for path in sorted(root.iterdir()) if root.is_dir() else ():
        if any(fnmatch(path.name, pattern) for pattern in (*_INSTALLED, *_NEEDLESS)):
            continue
        if path.is_dir():
            yield from _tree(path, f"{target}/{path.name}")
        elif path.is_file():
            yield f"{target}/{path.name}", path


def _windows_files(prefix: Path) -> Iterator[tuple[str, Path | str]]:
    for path in sorted(prefix.iterdir()):
        if path.suffix.lower() in {".exe", ".dll"} and path.is_file():
            yield path.name, path
    for name in ("DLLs", "Lib", "Include", "libs", "tcl"):
        yield from _tree(prefix / name, name)


def _relative(path: Path, prefix: Path) -> str:
    """Return *path* below *prefix*; Debian puts it below ``/usr/local`` while the prefix is ``/usr``."""
    return path.relative_to(prefix).as_posix()
