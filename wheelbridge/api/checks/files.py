"""Checks of files: whether they are there, can be read, and find the libraries that they load."""

import base64
import hashlib
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cached_property, lru_cache
from pathlib import Path, PurePosixPath

from wheelbridge.api.checks.findings import Environment, Finding, Repair, Severity, reinstalled
from wheelbridge.api.life.displaced import Displacements
from wheelbridge.api.runtimes import Part
from wheelbridge.binaries import read_tree_binaries
from wheelbridge.installer.cache import PackageFile
from wheelbridge.mapping.natives.clashes import name_some
from wheelbridge.mapping.natives.linkage import find_linkage, reaches_environment
from wheelbridge.mapping.natives.needs import Judge, Need
from wheelbridge.model.binary import Binary, Damaged
from wheelbridge.tables.natives import load_runtimes, open_sonames

ALTERED_FILE = "altered-file"
DAMAGED_LIBRARY = "damaged-library"
MISSING_FILE = "missing-file"
MISSING_LIBRARY = "missing-library"

_LIBRARY = re.compile(r"\.(so(\.\d+)*|dylib|dll|pyd)$", re.IGNORECASE)
_BUNDLED = re.compile(r"-[0-9a-f]{8}(\.\d+)*\.so(\.\d+)*$|-[0-9a-f]{32}\.dll$")
"""How auditwheel and delvewheel call a library that they put into a wheel: nothing else has that name."""
_PROGRAMS = ("bin/", "Scripts/")
_COMPILED = ".pyc"
"""Python writes it again; people delete it."""
_REWRITTEN = re.compile(
    r"(bin|Scripts)/((de)?activate|conda)(\.bat|\.exe)?|condabin/.*|shell/condabin/.*|Library/bin/conda\.bat"
    r"|etc/profile\.d/conda\.c?sh|etc/fish/conf\.d/conda\.fish|.*/xontrib/conda\.xsh|.*/easy-install\.pth"
)
"""What ``conda init`` writes anew, though packages have it."""
_SYSTEM_FOLDERS = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib")
_LIBRARIES = "lib"
_DLLS = ("Library/bin", "bin", "DLLs", "")


class FileChecks:
    """The checks of one environment's files; each file is read once."""

    def __init__(self, environment: Environment, displaced: Displacements) -> None:
        self._environment = environment
        self._displaced = displaced
        self._prefix = environment.prefix
        self._places = _Places(environment)
        self._scripted = frozenset(name for name, files in environment.files.items() if _has_script(name, files))
        self._read = lru_cache(maxsize=None)(self._read_part)

    def missing(self) -> Iterator[Finding]:
        """Find what records list and the disk lacks."""
        for part in self._environment.parts:
            if part.name not in self._displaced.names and (lost := self._lost(part)):
                yield Finding(
                    code=MISSING_FILE,
                    severity="error",
                    message=f"{part.shown} lacks {name_some(_names(lost))}, which its record lists.",
                    hint=self._by_script(part) or f"{reinstalled(part, self._prefix)}.",
                    details={"package": part.shown, "files": list(lost)},
                    repair=self._relink(part),
                )

    def altered(self) -> Iterator[Finding]:
        """Find files that are not what was put there; of one that several packages have, any may be the right one."""
        known, owners = self._expected()
        with ThreadPoolExecutor() as executor:  # hashing large files lets other threads run
            found = zip(known, executor.map(lambda path: sha256_of(self._prefix / path), known), strict=True)
            changed = [path for path, digest in found if digest is not None and digest not in known[path]]
        for part in self._environment.parts:
            told = {one.path for one in self._damages(part)}
            if paths := [path for path in changed if part.name in owners[path] and path not in told]:
                again = "If nobody meant to, put it back with --fix." if part.record else "Install it again with pip."
                yield Finding(
                    code=ALTERED_FILE,
                    severity="note" if part.name in self._scripted else "warning",
                    message=f"{name_some(_names(paths))} of {part.shown} changed since it was put there.",
                    hint=self._by_script(part) or again,
                    details={"package": part.shown, "files": paths},
                    repair=self._relink(part),
                )

    def _relink(self, part: Part) -> Repair | None:
        """Return the repair of a package; none where it would undo what its post-link script did."""
        return None if part.name in self._scripted else _relink(part)

    def _by_script(self, part: Part) -> str:
        """Say what is to be thought of it where a post-link script may have done it; empty where there is none."""
        if part.name not in self._scripted:
            return ""
        again = f"{self._environment.command} {part.name} --force-reinstall"
        return f"Its post-link script, which conda runs, may have done it; {again} links it anew, and undoes that."

    def _expected(self) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
        """Return path -> hashes that it may have, and path -> names of the packages that have it."""
        known: dict[str, set[str]] = {}
        owners: dict[str, set[str]] = {}
        uncertain: set[str] = set()
        for name, path, digest in self._claims():
            owners.setdefault(path, set()).add(name)
            known.setdefault(path, set()).add(digest or "")
            if digest is None:
                uncertain.add(path)
        return {path: known[path] for path in sorted(known) if path not in uncertain and not _changes(path)}, owners

    def _claims(self) -> Iterator[tuple[str, str, str | None]]:
        """Yield name, path and hash of every file that a record, or a RECORD of pip's, has."""
        for name, files in self._environment.files.items():
            if name not in self._displaced.names:
                yield from ((name, file.path, file.in_prefix) for file in files)
        for one in self._environment.distributions:
            if one.owner is None:
                yield from ((f"pip:{one.project}", path, read_digest(digest)) for path, digest, _ in one.rows)

    def damaged(self) -> Iterator[Finding]:
        """Find libraries that are empty, and those of wheels that cannot be read."""
        for part in self._environment.parts:
            for one in self._damages(part):
                yield Finding(
                    code=DAMAGED_LIBRARY,
                    severity="error",
                    message=f"{PurePosixPath(one.path).name} of {part.shown} cannot be loaded: {one.reason}.",
                    hint=f"{reinstalled(part, self._prefix)}.",
                    details={"package": part.shown, "file": one.path, "reason": one.reason},
                    repair=_relink(part),
                )

    def libraries(self) -> Iterator[Finding]:
        """Find the shared libraries that wheels load, that somebody has, and that are not found where they are needed.

        What no table knows is passed over: most of it belongs to plugins that nobody uses, and nothing can be advised.
        """
        for part in self._environment.parts:
            binaries, _ = self._read(part)
            known = {binary.path: binary for binary in binaries}
            lost = set(_names(self._lost(part)))
            linkage = find_linkage(binaries)
            for name, files in linkage.external.items():
                base = PurePosixPath(name).name
                lacking = [known[path] for path in files if not self._places.has(base, known[path], part)]
                if lacking and base not in lost:
                    yield from self._lacks(part, name, lacking, linkage.plugins)

    def _lacks(self, part: Part, name: str, lacking: Sequence[Binary], plugins: frozenset[str]) -> Iterator[Finding]:
        """Tell of a library that some files lack: those that an installed one would help, apart from others.

        What only plugins lack is a warning: they are loaded where somebody asks for them.
        """
        if _BUNDLED.search(name):
            yield _incomplete(part, name, lacking, self._environment)
            return
        for reaches in (True, False):
            files = [one.path for one in lacking if reaches_environment(one, one.path) is reaches]
            need = self._places.judge.judge(name, files, self._environment.subdir)
            if files and (need.conda or need.candidates) and not need.brought:
                severity: Severity = "warning" if plugins.issuperset(files) else "error"
                yield replace(_missing(part, need, self._environment, reaches=reaches), severity=severity)

    def _damages(self, part: Part) -> tuple[Damaged, ...]:
        empty = (path for path in part.files or () if _LIBRARY.search(path) and _is_empty(self._prefix / path))
        return (*(Damaged(path, "it is empty") for path in empty), *self._read(part)[1])

    def _lost(self, part: Part) -> tuple[str, ...]:
        listed = self._environment.listed[part.name]
        return tuple(
            path for path in listed if not path.endswith(_COMPILED) and not os.path.lexists(self._prefix / path)
        )

    def _read_part(self, part: Part) -> tuple[tuple[Binary, ...], tuple[Damaged, ...]]:
        """Read the libraries and programs of a wheel; those of conda's packages are the channel's affair."""
        if part.project is None:
            return (), ()
        programs = [path for path in self._environment.listed[part.name] if path.startswith(_PROGRAMS)]
        damaged: list[Damaged] = []
        paths = [path for path in (*(part.files or ()), *programs) if os.path.lexists(self._prefix / path)]
        return read_tree_binaries(self._prefix, dict.fromkeys(paths), damaged.append), tuple(damaged)


class _Places:
    """Where the libraries are that a file asks for."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._prefix = environment.prefix
        self._beneath = lru_cache(maxsize=None)(self._carried_beneath)
        self.judge = Judge(find_soname=open_sonames(), runtimes=load_runtimes(), promised=True)

    def has(self, name: str, binary: Binary, part: Part) -> bool:
        """Tell whether *binary* of *part* gets the library *name*.

        The loader finds it in the environment, where the file looks there, or on this machine. A module gets what has
        been loaded by that name, too: by python, or by the packages that its own needs, which it imports first.
        """
        if self._is_of_system(name) or (self._is_here(name) and reaches_environment(binary, binary.path)):
            return True
        is_module = not binary.path.startswith(_PROGRAMS)
        return is_module and (name in self._of_python or name in self._beneath(part))

    def _is_here(self, name: str) -> bool:
        folders = _DLLS if self._environment.subdir.startswith("win-") else (_LIBRARIES,)
        return any(_is_whole(self._prefix / folder / name) for folder in folders)

    def _is_of_system(self, name: str) -> bool:
        return any(_is_whole(folder / name) for folder in self._system_folders)

    @cached_property
    def _system_folders(self) -> tuple[Path, ...]:
        if not self._environment.is_of_this_machine or os.name != "posix":
            return ()
        folders = [Path(folder) for folder in _SYSTEM_FOLDERS]
        return (*folders, *(found for folder in folders for found in folder.glob("*-linux-gnu*")))

    @cached_property
    def _of_python(self) -> frozenset[str]:
        """The libraries of the environment that python itself is linked with."""
        todo, found = [(self._prefix / "bin" / "python")], set[str]()
        while todo:
            file = todo.pop().resolve()
            if not file.is_relative_to(self._prefix.resolve()) or not file.is_file():
                continue
            for binary in read_tree_binaries(file.parent, [file.name]):
                more = {name for name in binary.needed if _is_whole(self._prefix / _LIBRARIES / name)} - found
                found |= more
                todo.extend(self._prefix / _LIBRARIES / name for name in more)
        return frozenset(found)

    def _carried_beneath(self, part: Part) -> frozenset[str]:
        """Return the names of the libraries in the packages that *part* needs, outside of the common folders."""
        needed = self._environment.needs_of(part)
        files = (path for other in self._environment.parts if other.name in needed for path in other.files or ())
        names = _names(path for path in files if "/site-packages/" in path and _is_whole(self._prefix / path))
        return frozenset((*names, *map(str.lower, names)))  # a DLL is asked for in lower case


def _missing(part: Part, need: Need, environment: Environment, *, reaches: bool) -> Finding:
    if not reaches:
        where = "not on this machine, and not looked for in the environment"
    elif environment.is_of_this_machine:
        where = "neither in the environment nor on this machine"
    else:
        where = "not in the environment"
    return Finding(
        code=MISSING_LIBRARY,
        severity="error",
        message=f"{part.shown} loads {need.name}, which is {where} (needed by {name_some(_names(need.needed_by))}).",
        hint=_bring(need, environment) if reaches else _lead(need, environment),
        details=_details(part, need.soname, need.needed_by, conda=need.conda, candidates=need.candidates),
    )


def _bring(need: Need, environment: Environment) -> str:
    if need.conda:
        return f"Run {environment.command} {' '.join(map(_quoted, need.conda))}"
    return f"Run {environment.command} with one of {', '.join(map(_quoted, need.candidates))}"


def _lead(need: Need, environment: Environment) -> str:
    """Say what helps where the library in the environment is of no use, as nobody looks there."""
    library = environment.prefix / _LIBRARIES
    then = "" if _is_whole(library / need.name) else f" after you {_bring(need, environment).replace('Run', 'ran', 1)}"
    return f"Install it with the system's package manager, or run with LD_LIBRARY_PATH={library}{then}"


def _incomplete(part: Part, name: str, lacking: Iterable[Binary], environment: Environment) -> Finding:
    """Tell of a library that a wheel carried, by its name, and that is gone."""
    files = [one.path for one in lacking]
    return Finding(
        code=MISSING_LIBRARY,
        severity="error",
        message=f"{part.shown} lacks {name}, which its wheel carried (needed by {name_some(_names(files))}).",
        hint=f"{reinstalled(part, environment.prefix)}.",
        details=_details(part, name, files),
    )


def _details(
    part: Part, soname: str, files: Iterable[str], *, conda: Iterable[str] = (), candidates: Iterable[str] = ()
) -> Mapping[str, object]:
    return {
        "package": part.shown,
        "soname": soname,
        "needed_by": list(files),
        "conda": list(conda),
        "candidates": list(candidates),
    }


def read_digest(text: str) -> str | None:
    """Return the sha256 of a row of RECORD as hexadecimal; None where it has none.

    >>> read_digest("sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU")[:8]
    'e3b0c442'
    """
    algorithm, _, digest = text.partition("=")
    try:
        return base64.urlsafe_b64decode(f"{digest}=").hex() if algorithm == "sha256" else None
    except ValueError:
        return None


def _has_script(name: str, files: Iterable[PackageFile]) -> bool:
    """Tell whether conda runs a script of the package after linking; it may change what was linked."""
    scripts = {f"bin/.{name}-post-link.sh", f"Scripts/.{name}-post-link.bat"}
    return any(file.path in scripts for file in files)


def _relink(part: Part) -> Repair | None:
    return Repair("relink", part.name) if part.record is not None else None


def _changes(path: str) -> bool:
    """Tell whether others than its package may write a file."""
    return path.endswith(_COMPILED) or _REWRITTEN.fullmatch(path) is not None


def sha256_of(path: Path) -> str | None:
    """Return the hash of a file; None where it is none that can be read."""
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        return None


def _is_whole(path: Path) -> bool:
    """Tell whether there is a file, and something in it."""
    try:
        return path.is_file() and path.stat().st_size > 0
    except OSError:
        return False


def _is_empty(path: Path) -> bool:
    return path.is_file() and not _is_whole(path)


def _names(paths: Iterable[str]) -> list[str]:
    return [PurePosixPath(path).name for path in paths]


def _quoted(spec: str) -> str:
    return f"'{spec}'"
