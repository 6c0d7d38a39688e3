"""Linkage: which of the libraries that binaries load are carried beside them, and which come from elsewhere."""

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from wheelbridge.model.binary import Binary

_PYTHON = re.compile(
    r"libpython3(\.\d+t?)?(d|m)?\.(so|dylib)(\.[\d.]+)?|python3\d*t?(_d)?\.dll|libpypy3[^/]*|Python", re.IGNORECASE
)
"""The interpreter that imports an extension module is there before it; a framework's library is called Python."""
_MODULE = re.compile(r".+\.(cpython-[^.]+|abi3(-[^.]+)?|pypy[^.]+|cp\d+-[^.]+)\.so|.+\.pyd", re.IGNORECASE)
_LIBRARY = re.compile(r"lib.+\.so(\.[\d.]+)?|.+\.dylib|.+\.dll", re.IGNORECASE)
_PLUGINS = re.compile(r".*plugins?/.+", re.IGNORECASE)
_MACOS = ("/usr/lib/", "/System/Library/")
_API_SET = re.compile(r"(api|ext)-ms-.+\.dll", re.IGNORECASE)
"""Microsoft's documentation: "API sets"; the loader itself knows which DLL of Windows has them."""
_LOADER, _EXECUTABLE, _SEARCHED = "@loader_path/", "@executable_path/", "@rpath/"
_ORIGIN = re.compile(r"\$(ORIGIN(?![A-Za-z0-9_])|\{ORIGIN\})")
_LIBRARIES = "lib"
"""Where conda's packages have their libraries, on Linux."""
_SITE_PACKAGES = "lib/pythonX.Y/site-packages"
_DATA_FOLDERS = {"data": "", "scripts": "bin", "purelib": _SITE_PACKAGES, "platlib": _SITE_PACKAGES}


@dataclass(frozen=True, slots=True, kw_only=True)
class Linkage:
    """What binaries load, by where it comes from.

    Names are as the loader is asked for them, DLLs in lower case; each has the paths of the files that ask.

    Attributes:
        bundled: the libraries among the binaries themselves.
        external: what none of them is.
        system: what the operating system has by its place or by its name.
        python: the interpreter.
        plugins: the paths of libraries that are loaded where they are asked for, if ever, and of those that they alone
            load: no module and no program among the binaries loads them.
    """

    bundled: tuple[Binary, ...] = ()
    external: Mapping[str, tuple[str, ...]]
    system: Mapping[str, tuple[str, ...]]
    python: Mapping[str, tuple[str, ...]]
    plugins: frozenset[str] = frozenset()


def find_linkage(binaries: Iterable[Binary]) -> Linkage:
    """Tell bundled libraries from external ones.

    A library is bundled if one of *binaries* has the name that is asked for: by its soname, its install name or the
    name of its file; where a Mach-O file names a place, by being there.

    >>> tool = Binary(path="a/b.so", format="elf", machine="x86_64", needed=("libz.so.1", "libodbc.so.2"))
    >>> zlib = Binary(path="a.libs/libz.so.1", format="elf", machine="x86_64", soname="libz.so.1")
    >>> linkage = find_linkage([tool, zlib])
    >>> [one.name for one in linkage.bundled], dict(linkage.external)
    (['libz.so.1'], {'libodbc.so.2': ('a/b.so',)})
    """
    files = _Files(tuple(binaries))
    external: dict[str, list[str]] = {}
    system: dict[str, list[str]] = {}
    python: dict[str, list[str]] = {}
    loads: dict[str, set[str]] = {}
    for binary in files.binaries:
        for name in dict.fromkeys(key_in(binary, name) for name in binary.needed):
            if found := files.find(binary, name):
                loads.setdefault(binary.path, set()).update(found)
            else:
                kind = python if is_python(name) else system if is_system(binary, name) else external
                kind.setdefault(name, []).append(binary.path)
    wanted = frozenset(path for paths in loads.values() for path in paths)
    return Linkage(
        bundled=tuple(one for one in files.binaries if one.path in wanted or is_library(one)),
        external={name: tuple(paths) for name, paths in sorted(external.items())},
        system={name: tuple(paths) for name, paths in sorted(system.items())},
        python={name: tuple(paths) for name, paths in sorted(python.items())},
        plugins=_find_plugins(files.binaries, loads),
    )


def key_in(binary: Binary, name: str) -> str:
    """Return the *name* that a binary asks for so that equal ones are equal: Windows does not look at the case."""
    return name.lower() if binary.format == "pe" else name


def is_python(name: str) -> bool:
    """Tell whether a name is that of the interpreter's own library.

    >>> is_python("python312.dll"), is_python("libpython3.12.so.1.0"), is_python("libpytorch.so")
    (True, True, False)
    """
    return _PYTHON.fullmatch(posixpath.basename(name)) is not None


def is_system(binary: Binary, name: str) -> bool:
    """Tell whether a name alone says that the library is the system's: a place of macOS, an API set of Windows."""
    return (binary.format == "macho" and name.startswith(_MACOS)) or (
        binary.format == "pe" and _API_SET.fullmatch(name) is not None
    )


def is_library(binary: Binary) -> bool:
    """Tell whether a file is made to be linked with, and not to be imported or run.

    >>> is_library(Binary(path="x.libs/libgomp-a34b3233.so.1.0.0", format="elf", machine="x86_64"))
    True
    >>> is_library(Binary(path="x/_core.cpython-312-x86_64-linux-gnu.so", format="elf", machine="x86_64"))
    False
    """
    return _MODULE.fullmatch(binary.name) is None and _LIBRARY.fullmatch(binary.name) is not None


def _find_plugins(binaries: Sequence[Binary], loads: Mapping[str, Iterable[str]]) -> frozenset[str]:
    """Return the libraries that nothing loads which Python imports or people run; *loads* says what a file loads.

    Where there is no module, nobody can tell what Python loads by itself (`ctypes`): there, the name of its folder
    alone makes a library a plugin.
    """
    has_modules = any(map(_is_module, binaries))
    todo = [one.path for one in binaries if not is_library(one) or not (has_modules or _PLUGINS.match(one.path))]
    used: set[str] = set()
    while todo:
        if (path := todo.pop()) not in used:
            used.add(path)
            todo.extend(loads.get(path, ()))
    return frozenset(one.path for one in binaries) - used


def _is_module(binary: Binary) -> bool:
    """Tell whether Python can import a file."""
    return not is_library(binary) and binary.name.lower().endswith((".so", ".pyd"))


def installed_path(path: str) -> str:
    """Return where a file of a wheel comes to be in an environment on Linux, whose python is 3.x for some x.

    Binary distribution format: each subdirectory of ``{distribution}-{version}.data/`` "is a key into a dict of
    destination directories".

    >>> installed_path("a/b.so"), installed_path("a-1.data/scripts/tool"), installed_path("a-1.data/data/lib/c.so")
    ('lib/pythonX.Y/site-packages/a/b.so', 'bin/tool', 'lib/c.so')
    """
    first, _, rest = path.partition("/")
    key, _, inside = rest.partition("/")
    if first.endswith(".data") and key in _DATA_FOLDERS:
        return posixpath.join(_DATA_FOLDERS[key], inside)
    return posixpath.join(_SITE_PACKAGES, path)


def reaches_environment(binary: Binary, installed_path: str) -> bool:
    """Tell whether a binary finds the libraries that conda's packages have in the ``lib`` of its environment.

    ld.so's manual: of the directories in ``DT_RUNPATH``, "such directories are searched only to find those objects
    required by ``DT_NEEDED`` entries"; without one, those "specified in the ``DT_RPATH``" of whatever loads an object
    are searched too, down to the program: conda's python has one, which leads to its ``lib``.

    Mach-O and PE files are taken to reach it: dyld searches the rpaths of what loads a file, and conda's python adds
    its folder of DLLs.

    Args:
        binary: the one that asks for a library; who carries it, and what else it loads, does not count.
        installed_path: where it is, relative to the environment.

    >>> module = Binary(path="a/b.so", format="elf", machine="x86_64", search=("$ORIGIN/../a.libs",), inherits=False)
    >>> reaches_environment(module, "lib/python3.12/site-packages/a/b.so")
    False
    """
    if binary.inherits or binary.format != "elf":
        return True
    folder = posixpath.dirname(installed_path)
    return any(_is_libraries(search, folder) for search in binary.search)


def _is_libraries(search: str, folder: str) -> bool:
    """Tell whether what a file in *folder* searches is the environment's ``lib``."""
    expanded, count = _ORIGIN.subn(lambda _: folder or ".", search)
    return count > 0 and posixpath.normpath(expanded) == _LIBRARIES


@dataclass(frozen=True)
class _Files:
    """Binaries, to be found by name and by place."""

    binaries: tuple[Binary, ...]

    def find(self, binary: Binary, name: str) -> Sequence[str]:
        """Return the paths of the libraries that *binary* may get for *name*; none where there are none."""
        same = self._names.get((binary.format, name), ())
        if binary.format != "macho" or "/" not in name or same:
            return same
        for place in _places(binary, name):
            if place in self._paths:
                return (place,)
        # dyld searches the rpaths of whatever loads a library, too: who has the file can have it found.
        searched = name.startswith(_SEARCHED)
        return self._names.get((binary.format, posixpath.basename(name)), ()) if searched else ()

    @cached_property
    def _names(self) -> Mapping[tuple[str, str], tuple[str, ...]]:
        names: dict[tuple[str, str], list[str]] = {}
        for one in self.binaries:
            for name in {key_in(one, one.name), one.soname or one.name}:
                names.setdefault((one.format, name), []).append(one.path)
        return {key: tuple(paths) for key, paths in names.items()}

    @cached_property
    def _paths(self) -> frozenset[str]:
        return frozenset(one.path for one in self.binaries)


def _places(binary: Binary, name: str) -> Iterator[str]:
    """Yield where dyld looks for *name*, as paths among the binaries.

    dyld's manual: "@loader_path/ … is replaced with the path to the directory containing the mach-o binary",
    "@rpath/ … is substituted with each path in the run path list until a loadable dylib is found".
    """
    folder = posixpath.dirname(binary.path)
    if name.startswith(_LOADER):
        yield posixpath.normpath(posixpath.join(folder, name.removeprefix(_LOADER)))
    elif name.startswith(_SEARCHED):
        for search in binary.search:
            if f"{search}/".startswith(_LOADER):
                start = posixpath.join(folder, f"{search}/".removeprefix(_LOADER))
                yield posixpath.normpath(posixpath.join(start, name.removeprefix(_SEARCHED)))
