"""An environment as the checks see it, and what they say of it."""

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Literal

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import NormalizedName, canonicalize_name
from rattler import MatchSpec, PrefixRecord, Subdir
from rattler.exceptions import InvalidMatchSpecError

from wheelbridge.api.mapping.maps import open_names
from wheelbridge.api.runtimes import Part, installed_parts, library_paths, recorded_paths
from wheelbridge.errors import shell_command
from wheelbridge.index.errors import InvalidMetadataError
from wheelbridge.index.metadata import parse_metadata
from wheelbridge.installer.cache import PackageFile
from wheelbridge.installer.distributions import Distribution, load_distributions
from wheelbridge.installer.history import load_history, requested_specs
from wheelbridge.installer.layout import PythonLayout, find_layout
from wheelbridge.installer.listing import load_installed_files, load_records
from wheelbridge.installer.wheel import is_wheel
from wheelbridge.mapping.rows import NameTable
from wheelbridge.model.target import Target
from wheelbridge.solver.records import needed_name
from wheelbridge.target.detect import detect_target

Severity = Literal["error", "warning", "note"]
RepairKind = Literal["relink", "remove", "history", "recover"]

_DRIVE = re.compile(r"[A-Za-z]:")
_PIP = "pip:"
"""Begins the name of what pip put there, which the solver knows nothing of."""


@dataclass(frozen=True, slots=True, order=True)
class Repair:
    """What would mend something: *subject* is a package to link anew, or a path in the environment to remove.

    What a killed run left is recovered whenever somebody holds the environment.
    """

    kind: RepairKind
    subject: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that is wrong with an environment.

    Attributes:
        code: what it is; stable, programs may rely on it.
        severity: ``error``: something in it does not work; ``warning``: it may not, depending on its use; ``note``:
            good to know, and nothing is wrong.
        message: a sentence or two.
        hint: what to do.
        details: typed fields of this code.
        repair: what ``check --fix`` does about it; None: nothing.
    """

    code: str
    severity: Severity
    message: str
    hint: str
    details: Mapping[str, object] = field(default_factory=dict)
    repair: Repair | None = None

    def as_json(self) -> dict[str, object]:
        """Return the fields as JSON has them."""
        said = {"code": self.code, "severity": self.severity, "message": self.message, "hint": self.hint}
        return {**said, **self.details, "fixable": self.repair is not None}


@dataclass(frozen=True)
class Environment:
    """What the checks look at; each thing is read when a check first asks for it."""

    prefix: Path

    @cached_property
    def records(self) -> tuple[PrefixRecord, ...]:
        """What ``conda-meta`` says is installed."""
        return load_records(self.prefix)

    @cached_property
    def requested(self) -> Mapping[str, str]:
        """Name -> MatchSpec of what somebody asked for."""
        names = [record.name.normalized for record in self.records]
        return requested_specs(load_history(self.prefix), names, exact=True)

    @cached_property
    def subdir(self) -> str:
        """The platform that it is for: this machine's, where no package says."""
        return next((record.subdir for record in self.records if record.subdir != "noarch"), str(Subdir.current()))

    @property
    def is_of_this_machine(self) -> bool:
        """Whether it is for machines like this one."""
        return self.subdir == str(Subdir.current())

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """Its packages with their libraries, those that pip put there included; libraries inside of it alone."""
        parts = (*installed_parts(self.records, self.requested.values()), *self._of_pip)
        return tuple(replace(part, files=library_paths(self.listed[part.name])) for part in parts)

    @cached_property
    def listed(self) -> Mapping[str, tuple[str, ...]]:
        """Name of a part -> the files that its record lists, as paths inside of the environment."""
        found = {record.name.normalized: _inside(map(str, record.files)) for record in self.records}
        return {**found, **{part.name: part.files or () for part in self._of_pip}}

    @cached_property
    def files(self) -> Mapping[str, tuple[PackageFile, ...]]:
        """Name of a package -> the files of its record, with the hashes that they were put there with."""
        return load_installed_files(self.prefix, self.records)

    @cached_property
    def layout(self) -> PythonLayout | None:
        """Where its python keeps things; None where it has none."""
        return find_layout(self.records, self.subdir)

    @cached_property
    def distributions(self) -> tuple[Distribution, ...]:
        """What is in ``site-packages``, whoever put it there."""
        return load_distributions(self.prefix, self.layout, self.files)

    @cached_property
    def names(self) -> NameTable:
        """The tables of names."""
        return open_names()

    @cached_property
    def target(self) -> Target:
        """The machine that it is for: this one, or what is assumed of one of its platform."""
        return detect_target(self.subdir)

    @cached_property
    def python(self) -> PrefixRecord | None:
        """The record of its interpreter; None where it has none."""
        return next((record for record in self.records if record.name.normalized == "python"), None)

    def is_wheel(self, name: str) -> bool:
        """Tell whether the package *name* was made from a wheel."""
        return any(record.name.normalized == name and is_wheel(record) for record in self.records)

    @cached_property
    def requests(self) -> Mapping[str, str]:
        """What somebody asked for, as far as it can be read: a history may hold what conda alone reads."""
        return {name: text for name, text in self.requested.items() if _is_readable(text)}

    def removal(self, name: str) -> str:
        """Return the command that removes a package."""
        return shell_command("wheelbridge", "remove", "-p", self.prefix, name)

    def adoption(self, project: str) -> str:
        """Return the command that makes a distribution known."""
        return shell_command("wheelbridge", "adopt", "-p", self.prefix, project)

    @property
    def fixing(self) -> str:
        """The command that mends what can be mended."""
        return shell_command("wheelbridge", "check", "-p", self.prefix, "--fix")

    @property
    def command(self) -> str:
        """What begins a command that mends it."""
        return shell_command("wheelbridge", "install", "-p", self.prefix)

    def needs_of(self, part: Part) -> frozenset[str]:
        """Return the names of the parts that *part* needs, and of those that they need."""
        known = {other.name: other for other in self.parts}
        todo, found = [part.name], set[str]()
        while todo:
            more = {needed_name(spec) for spec in known[todo.pop()].depends} & known.keys() - found
            found |= more
            todo.extend(more)
        return frozenset(found - {part.name})

    @cached_property
    def _of_pip(self) -> tuple[Part, ...]:
        """The distributions that no record of ``conda-meta`` has, with all files that they list."""
        owned = {_posix(path) for record in self.records for path in record.files}
        infos = "[!~]*.dist-info/RECORD"  # what begins with ~ pip moved aside
        patterns = (f"lib/python*/site-packages/{infos}", f"Lib/site-packages/{infos}")
        places = (path for pattern in patterns for path in sorted(self.prefix.glob(pattern)))
        new = [path for path in places if path.relative_to(self.prefix).as_posix() not in owned]
        parts = {part.name: part for path in new if (part := _part_of_pip(path, self.prefix)) is not None}
        names = {part.project: part.name for part in parts.values()}
        names |= {part.project: part.name for part in installed_parts(self.records) if part.project}
        return tuple(
            replace(part, depends=tuple(names[project] for project in part.depends if project in names))
            for part in parts.values()
        )


def reinstalled(part: Part, prefix: Path) -> str:
    """Say how a package is put there anew.

    >>> reinstalled(Part(name="a", project=None, version="1", depends=(), record=None), Path("env"))
    'Link it anew with --fix; if nobody has it any more, remove it (wheelbridge remove -p env a) and install it again'
    """
    if part.name.startswith(_PIP):
        python, project = prefix / "bin" / "python", f"{part.shown}=={part.version}"
        return f"Run {shell_command(python, '-m', 'pip', 'install', '--force-reinstall', '--no-deps', project)}"
    removal = shell_command("wheelbridge", "remove", "-p", prefix, part.shown)
    return f"Link it anew with --fix; if nobody has it any more, remove it ({removal}) and install it again"


def _is_readable(spec: str) -> bool:
    try:
        MatchSpec(spec)
    except InvalidMatchSpecError:
        return False
    return True


def _part_of_pip(record: Path, prefix: Path) -> Part | None:
    """Return the distribution of a RECORD; what it needs are names of projects. None where its folder has no name."""
    name, _, version = record.parent.name.removesuffix(".dist-info").partition("-")
    if not name:
        return None
    folder = record.parent.parent.relative_to(prefix).as_posix()
    project: NormalizedName = canonicalize_name(name)
    return Part(
        name=f"{_PIP}{project}",
        project=project,
        version=version,
        depends=tuple(_required(record.with_name("METADATA"))),
        record=None,
        files=_inside(posixpath.join(folder, _posix(path)) for path in recorded_paths(record)),
    )


def _required(metadata: Path) -> Iterator[NormalizedName]:
    """Yield the projects that METADATA requires under any circumstances or extra."""
    try:
        lines: Sequence[str] = parse_metadata(metadata.read_bytes(), metadata.parent.name).requires_dist
    except (OSError, InvalidMetadataError):
        return
    for line in lines:
        try:
            yield canonicalize_name(Requirement(line).name)
        except InvalidRequirement:
            continue


def _inside(paths: Iterable[str]) -> tuple[str, ...]:
    """Return *paths* normalized, without those that lead out of the environment."""
    found = (posixpath.normpath(_posix(path)) for path in paths)
    return tuple(path for path in found if not path.startswith(("/", "..")) and not _DRIVE.match(path))


def _posix(path: object) -> str:
    return str(path).replace("\\", "/")
