"""Is an environment sound? Each check looks at what is there, and returns findings."""

import os
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path, PurePosixPath
from typing import Literal

from packaging.utils import NormalizedName, canonicalize_name
from rattler import PrefixRecord, Subdir

from wheelbridge.api.mapping.maps import open_names
from wheelbridge.api.runtime_advice import Advisor
from wheelbridge.api.runtimes import Part, installed_parts, library_paths, recorded_paths, runtime_clashes
from wheelbridge.binaries import read_tree_binaries
from wheelbridge.index.client import resolve_index_url
from wheelbridge.installer.errors import NotAnEnvironmentError
from wheelbridge.installer.listing import load_records
from wheelbridge.installer.prefix import is_environment
from wheelbridge.mapping.natives.clashes import CODE as TWO_RUNTIMES
from wheelbridge.mapping.natives.clashes import name_some
from wheelbridge.mapping.natives.linkage import find_linkage
from wheelbridge.mapping.natives.needs import Judge, Need
from wheelbridge.mapping.natives.sonames import SonameAnswer, key_of, package_of_soname
from wheelbridge.solver.records import record_channel
from wheelbridge.tables.load import CHANNEL
from wheelbridge.tables.natives import load_runtimes, load_sonames

Severity = Literal["error", "warning"]

MISSING_LIBRARY = "missing-library"
_INDEX = "pypi"
_SYSTEM_FOLDERS = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that is wrong with an environment.

    Attributes:
        code: what it is; stable, programs may rely on it.
        severity: ``error``: something in it does not work; ``warning``: it may not, depending on its use.
        message: a sentence or two.
        hint: what to do.
        details: typed fields of this code.
    """

    code: str
    severity: Severity
    message: str
    hint: str
    details: Mapping[str, object] = field(default_factory=dict)

    def as_json(self) -> dict[str, object]:
        """Return the fields as JSON has them."""
        said = {"code": self.code, "severity": self.severity, "message": self.message, "hint": self.hint}
        return {**said, **self.details}


@dataclass(frozen=True)
class Environment:
    """What the checks look at; each thing is read when a check first asks for it."""

    prefix: Path

    @cached_property
    def records(self) -> tuple[PrefixRecord, ...]:
        """What ``conda-meta`` says is installed."""
        return load_records(self.prefix)

    @cached_property
    def subdir(self) -> str:
        """The platform that it is for: this machine's, where no package says."""
        return next((record.subdir for record in self.records if record.subdir != "noarch"), str(Subdir.current()))

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """Its packages with their libraries, those that pip put there included."""
        return (*installed_parts(self.records), *self._of_pip())

    @property
    def command(self) -> str:
        """What begins a command that mends it."""
        return f"wheelbridge install -p {shlex.quote(str(self.prefix))}"

    def _of_pip(self) -> Iterator[Part]:
        """Yield the distributions that no record of ``conda-meta`` has."""
        owned = {_posix(path) for record in self.records for path in record.files}
        for pattern in ("lib/python*/site-packages/*.dist-info/RECORD", "Lib/site-packages/*.dist-info/RECORD"):
            for path in sorted(self.prefix.glob(pattern)):
                if path.relative_to(self.prefix).as_posix() not in owned:
                    yield _part_of_pip(path, self.prefix)


def check_environment(prefix: Path) -> tuple[Finding, ...]:
    """Look for what is wrong with the environment at *prefix*.

    Raises:
        NotAnEnvironmentError: if it is none.
        WheelbridgeError: if its records or the tables cannot be read.
    """
    if not is_environment(prefix):
        raise NotAnEnvironmentError(prefix)
    environment = Environment(prefix)
    return tuple(finding for check in CHECKS for finding in check(environment))


def check_runtimes(environment: Environment) -> Iterator[Finding]:
    """Find runtimes that should not meet in one process."""
    channels = {record_channel(record).rpartition("/")[2] for record in environment.records}
    indexes = {record_channel(record) for record in environment.records}
    advisor = Advisor(
        open_names=partial(open_names, ()),
        channels=(CHANNEL,) if CHANNEL in channels else (),
        indexes=(_INDEX,) if resolve_index_url(_INDEX).rstrip("/") in indexes else (),
        depends={part.name: part.depends for part in environment.parts},
        command=environment.command,
    )
    for clash in runtime_clashes(environment.parts, environment.subdir, advisor):
        content = clash.as_json()
        details = {name: content[name] for name in ("kind", "copies", "consequence", "advice")}
        hint = f"{'; or: '.join(clash.advice)}."
        yield Finding(code=TWO_RUNTIMES, severity="warning", message=clash.message, hint=hint, details=details)


def check_libraries(environment: Environment) -> Iterator[Finding]:
    """Find the shared libraries that wheels load, that conda packages have, and that are nowhere.

    What no table knows is passed over: most of it belongs to plugins that nobody uses, and nothing can be advised.
    """
    find, present = _Libraries(environment), _names_in(environment.parts)
    for part in environment.parts:
        for name, files in find.external(part).items():
            if PurePosixPath(name).name not in present and not find.is_there(name):
                need = find.judge.judge(name, files, environment.subdir)
                if (need.conda or need.candidates) and not need.brought:
                    yield _missing(part, need, environment)


CHECKS: tuple[Callable[[Environment], Iterator[Finding]], ...] = (check_runtimes, check_libraries)
"""What is looked for, in the order of the findings."""


class _Libraries:
    """What wheels load, and where it is."""

    def __init__(self, environment: Environment) -> None:
        self._prefix = environment.prefix
        self._sonames = load_sonames()
        self._is_here = environment.subdir == str(Subdir.current())
        self.judge = Judge(find_soname=self._find, runtimes=load_runtimes(), promised=True)

    def external(self, part: Part) -> Mapping[str, tuple[str, ...]]:
        """Return the libraries that a wheel loads and does not carry, with the files that ask; none for conda's."""
        if part.project is None or not part.files:
            return {}
        return find_linkage(read_tree_binaries(self._prefix, part.files)).external

    def is_there(self, name: str) -> bool:
        """Tell whether the environment has the library where a loader looks, or this machine has it."""
        base = PurePosixPath(name).name
        folders = [self._prefix / folder for folder in ("lib", "Library/bin", "bin", "DLLs", "")]
        if self._is_here and os.name == "posix":
            system = [Path(folder) for folder in _SYSTEM_FOLDERS]
            folders += [*system, *(found for folder in system for found in folder.glob("*-linux-gnu*"))]
        return any((folder / base).exists() for folder in folders)

    def _find(self, soname: str, subdir: str, /) -> SonameAnswer:
        return package_of_soname(self._sonames.find(key_of(soname, subdir)), soname, subdir)


def _missing(part: Part, need: Need, environment: Environment) -> Finding:
    here = environment.subdir == str(Subdir.current())
    where = "neither in the environment nor on this machine" if here else "not in the environment"
    files = name_some([PurePosixPath(path).name for path in need.needed_by])
    if need.conda:
        hint = f"Run {environment.command} {' '.join(map(_quoted, need.conda))}"
    else:
        hint = f"Run {environment.command} with one of {', '.join(map(_quoted, need.candidates))}"
    return Finding(
        code=MISSING_LIBRARY,
        severity="warning" if all(map(_is_plugin, need.needed_by)) else "error",
        message=f"{part.shown} loads {need.name}, which is {where} (needed by {files}).",
        hint=hint,
        details={
            "package": part.shown,
            "soname": need.soname,
            "needed_by": list(need.needed_by),
            "conda": list(need.conda),
            "candidates": list(need.candidates),
        },
    )


def _is_plugin(path: str) -> bool:
    """Tell whether a file is no module that Python imports: it may be one that a library loads where it is asked to."""
    return PurePosixPath(path).name.startswith("lib")


def _names_in(parts: Iterable[Part]) -> frozenset[str]:
    """Return the names of all libraries that packages have: one that is loaded serves everybody who asks for it."""
    return frozenset(PurePosixPath(path).name for part in parts for path in part.files or ())


def _part_of_pip(record: Path, prefix: Path) -> Part:
    name, _, version = record.parent.name.removesuffix(".dist-info").partition("-")
    folder = record.parent.parent.relative_to(prefix).as_posix()
    project: NormalizedName = canonicalize_name(name)
    return Part(
        name=f"pip:{project}",
        project=project,
        version=version,
        depends=(),
        record=None,
        files=library_paths(f"{folder}/{path}" for path in recorded_paths(record)),
    )


def _quoted(spec: str) -> str:
    return f"'{spec}'"


def _posix(path: object) -> str:
    return str(path).replace("\\", "/")
