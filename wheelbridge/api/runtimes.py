"""Runtimes that can meet in one process: looked for in a plan, in the wheels that came, and in an environment."""

import csv
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from itertools import chain
from pathlib import Path, PurePosixPath
from zipfile import BadZipFile, ZipFile

from rattler import MatchSpec, PackageRecord, PrefixRecord

from wheelbridge.mapping.natives.clashes import Clash, Copy, find_clashes
from wheelbridge.mapping.natives.fields import matches_subdir
from wheelbridge.mapping.natives.variants import RuntimeRow, runtimes_of_file
from wheelbridge.solver.problem import ResolvedPackage
from wheelbridge.solver.records import needed_name, wheel_project
from wheelbridge.tables.natives import load_runtimes

_LIBRARY = re.compile(r"\.(so|dylib|dll|pyd)\b", re.IGNORECASE)
_CONDA_PLACES = frozenset({"lib", "Library/bin"})
"""Where a loader looks in an environment; what a package has elsewhere is its own, as a profiler's is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A package of an environment, as far as runtimes are concerned.

    Attributes:
        name: the solver's name.
        project: of a wheel, the PyPI project; None: a conda package.
        version: as its record has it.
        depends: MatchSpecs, those of extras that somebody asks for included.
        record: the solver's own; None for what pip put there.
        pure: a wheel for every platform, which carries no library.
        files: paths, those of libraries at least; None where nobody looked.
    """

    name: str
    project: str | None
    version: str
    depends: tuple[str, ...]
    record: PackageRecord | None
    pure: bool = False
    files: tuple[str, ...] | None = None

    @property
    def shown(self) -> str:
        """What people call it."""
        return self.project or self.name


def solved_parts(packages: Sequence[ResolvedPackage], requested: Iterable[str] = ()) -> tuple[Part, ...]:
    """Return the packages of a solution to what was *requested*, MatchSpecs."""
    needs = _needs([package.record for package in packages], requested)
    return tuple(
        Part(
            name=package.name,
            project=package.pypi_name if package.kind == "wheel" else None,
            version=package.version,
            depends=needs[package.name],
            record=package.record,
            pure=package.fn.endswith("-any.whl"),
        )
        for package in packages
    )


def installed_parts(records: Sequence[PrefixRecord], requested: Iterable[str] = ()) -> tuple[Part, ...]:
    """Return the packages of an environment in which this was *requested*, with their files."""
    needs = _needs(records, requested)
    return tuple(
        Part(
            name=record.name.normalized,
            project=wheel_project(record.file_name),
            version=str(record.version),
            depends=needs[record.name.normalized],
            record=record,
            files=library_paths(map(str, record.files)),
        )
        for record in records
    )


def _needs(records: Sequence[PackageRecord], requested: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return name -> MatchSpecs of what it needs, with the groups of the extras that somebody asks for (CEP 44)."""
    needs = {record.name.normalized: list(record.depends) for record in records}
    groups = {record.name.normalized: record.extra_depends for record in records if record.extra_depends}
    todo = [*requested, *chain(*needs.values())]
    while todo:
        spec = todo.pop()
        if "extras" in spec and (group := groups.get(needed_name(spec))):
            for extra in MatchSpec(spec).extras or ():
                more = group.pop(extra, ())
                needs[needed_name(spec)].extend(more)
                todo.extend(more)
    return {name: tuple(dict.fromkeys(specs)) for name, specs in needs.items()}


def library_paths(paths: Iterable[str]) -> tuple[str, ...]:
    """Return those of *paths* that are shared libraries, with ``/``.

    >>> library_paths(["lib/libgomp.so.1", "lib/python3.12/socket.py"])
    ('lib/libgomp.so.1',)
    """
    return tuple(path.replace("\\", "/") for path in paths if _LIBRARY.search(path))


def recorded_paths(record: Path) -> tuple[str, ...]:
    """Return the paths in a wheel's RECORD; none where it cannot be read."""
    try:
        with record.open(encoding="utf-8", newline="") as lines:
            return tuple(row[0] for row in csv.reader(lines) if row)
    except (OSError, ValueError, csv.Error):
        return ()


def wheel_libraries(wheel: Path) -> tuple[str, ...]:
    """Return the shared libraries in a downloaded *wheel*; only the directory of the archive is read."""
    try:
        with ZipFile(wheel) as archive:
            return library_paths(archive.namelist())
    except (BadZipFile, OSError):  # the installer says what is wrong with it
        return ()


def add_files(parts: Iterable[Part], files: Mapping[str, Sequence[str]]) -> tuple[Part, ...]:
    """Return *parts* with the *files* of those that somebody looked into, by the solver's name."""
    return tuple(replace(part, files=tuple(files[part.name])) if part.name in files else part for part in parts)


def runtime_clashes(parts: Sequence[Part], subdir: str) -> tuple[Clash, ...]:
    """Return the runtimes among *parts*, all packages of an environment of *subdir*, that should not meet in a process.

    Raises:
        MissingTableError: if the table of runtimes is missing.
    """
    rows = load_rows(subdir)
    return find_clashes(find_copies(parts, subdir, rows), rows)


def load_rows(subdir: str) -> tuple[RuntimeRow, ...]:
    """Return the runtimes that *subdir* has.

    Raises:
        MissingTableError: if the table of runtimes is missing.
    """
    return tuple(row for row in load_runtimes() if matches_subdir(row.when, subdir))


def find_copies(parts: Sequence[Part], subdir: str, rows: Sequence[RuntimeRow]) -> tuple[Copy, ...]:
    """Return the copies of runtimes that *parts* are or carry, by the *rows* of their platform."""
    search = _Search(parts, subdir, rows)
    known = [(part, tuple(search.by_table(part))) for part in parts]
    sure = [copy for _, copies in known for copy in copies]
    seen = {copy.runtime for copy in sure}
    return (*sure, *(copy for part, copies in known if not copies for copy in search.by_files(part, seen)))


def new_clashes(found: Iterable[Clash], told: Iterable[Clash]) -> tuple[Clash, ...]:
    """Return what of *found* was not *told*: a clash is known by the packages in it."""
    known = {(copy.runtime, copy.package, copy.origin) for clash in told for copy in clash.copies}
    return tuple(
        clash for clash in found if not {(copy.runtime, copy.package, copy.origin) for copy in clash.copies} <= known
    )


class _Search:
    """The rows and packages of one search, by their names."""

    def __init__(self, parts: Sequence[Part], subdir: str, rows: Sequence[RuntimeRow]) -> None:
        self._rows = rows
        self._subdir = subdir
        self._specs = [(needed_name(spec), spec, row) for row in rows for spec in row.conda]
        self._packages = {name for name, _, _ in self._specs}
        self._of_kind: dict[str, set[str]] = {}
        for name, _, row in self._specs:
            self._of_kind.setdefault(row.kind, set()).add(name)
        self._needs = {part.name: {needed_name(spec) for spec in part.depends} for part in parts}
        self._shown = {part.name: part.shown for part in parts}

    def by_table(self, part: Part) -> Iterator[Copy]:
        """Yield what the tables say that *part* is, or carries; its files know better what it carries."""
        if part.project is None:
            for row in self._rows_of_package(part):
                yield _copy(row, part, version=part.version, users=self._users(part.name, row))
            return
        for row in self._rows:
            if part.project in row.pypi:
                yield _copy(row, part, version=part.version, users=self._dependents({part.name}))
            elif part.files is None and not part.pure and self._is_bundled(row, part.project):
                yield _copy(row, part)

    def by_files(self, part: Part, seen: Collection[str]) -> Iterator[Copy]:
        """Yield what the files of *part* show; of several runtimes with one name, the one that was *seen* elsewhere."""
        if not part.files or self._is_glue(part):
            return
        users = () if part.project else (part.name,)
        found: dict[str, Copy] = {}
        for path in map(PurePosixPath, part.files):
            if part.project is None and not _is_loadable(path):
                continue
            if rows := runtimes_of_file(self._rows, path.name):
                row = next((row for row in rows if row.runtime in seen or part.project in row.bundled_by), rows[0])
                found.setdefault(row.runtime, _copy(row, part, file=str(path), users=users))
        yield from found.values()

    def _is_bundled(self, row: RuntimeRow, project: str) -> bool:
        return project in row.bundled_by and matches_subdir(row.bundled_when, self._subdir)

    def _rows_of_package(self, part: Part) -> Iterator[RuntimeRow]:
        if part.name in self._packages and part.record is not None:
            for name, spec, row in self._specs:
                if name == part.name and MatchSpec(spec).matches(part.record):
                    yield row

    def _users(self, name: str, row: RuntimeRow) -> tuple[str, ...]:
        """Return who loads conda's package: not its own family, nor what brings it along wherever a compiler does."""
        through = {mutex for mutex in row.through if name in self._needs.get(mutex, ())}
        glue = [glob for other in self._rows if other.kind == row.kind for glob in (*other.idle, *other.through)]
        found = self._dependents({name, *through})
        return tuple(user for user in found if user not in self._of_kind[row.kind] and not _matches(user, glue))

    def _dependents(self, names: Collection[str]) -> tuple[str, ...]:
        found = (user for user, needs in self._needs.items() if not needs.isdisjoint(names))
        return tuple(sorted(self._shown[user] for user in found))

    def _is_glue(self, part: Part) -> bool:
        globs = [glob for row in self._rows for glob in (*row.through, *row.idle)]
        return part.project is None and _matches(part.name, globs)


def _copy(
    row: RuntimeRow, part: Part, *, version: str | None = None, file: str | None = None, users: tuple[str, ...] = ()
) -> Copy:
    return Copy(
        runtime=row.runtime,
        kind=row.kind,
        package=part.shown,
        origin="wheel" if part.project else "conda",
        version=version,
        file=file,
        users=users,
    )


def _matches(name: str, globs: Iterable[str]) -> bool:
    return any(fnmatchcase(name, glob) for glob in globs)


def _is_loadable(path: PurePosixPath) -> bool:
    return str(path.parent) in _CONDA_PLACES or "site-packages" in path.parts
