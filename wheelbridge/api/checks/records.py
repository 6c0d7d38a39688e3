"""Checks of the distributions in an environment: RECORD against disk and ``conda-meta``, doubles, and leftovers."""

import posixpath
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from wheelbridge.api.checks.findings import Environment, Finding, Repair
from wheelbridge.api.life.displaced import Displacements
from wheelbridge.installer.distributions import Distribution
from wheelbridge.installer.wheel import INSTALLER
from wheelbridge.mapping.natives.clashes import name_some

DUPLICATE = "duplicate-distribution"
LEFTOVER = "leftover"
RECORD_DIFFERS = "record-differs"
STRANDED = "stranded-distribution"
TWICE = "project-twice"
UNMANAGED = "unmanaged-distribution"
UNOWNED = "unowned-file"

_COMPILED = (".pyc", ".pyo")
_STASHED = "~"
"""Begins the names of what pip moves aside, and forgets when it is interrupted."""
_STASHING = "-~.=%0123456789"
"""What pip writes in the place of the first characters of such names, more of them where a name is taken."""
_CLOBBERED = re.compile("__clobbers__/[^/]+/")
"""Begins, in a record of rattler's, what another package has at the same place, where its own copy lies."""
_IGNORED = frozenset({"__pycache__", "README.txt"})


class RecordChecks:
    """The checks of one environment's distributions."""

    def __init__(self, environment: Environment, displaced: Displacements) -> None:
        self._environment = environment
        self._displaced = displaced
        self._owned = {_claimed(file.path) for files in environment.files.values() for file in files}

    def records(self) -> Iterator[Finding]:
        """Find wheels whose RECORD and record of ``conda-meta`` list different files: pip would remove others than we.

        Packages of channels are left out: theirs lists what their build made of it. What was adopted may have files of
        the package whose place it took.
        """
        for one in self._environment.distributions:
            if one.owner is None or not one.rows or not self._environment.is_wheel(one.owner):
                continue  # a RECORD that is gone is a file that is missing
            ours = {_claimed(file.path) for file in self._environment.files[one.owner] if not _is_compiled(file.path)}
            theirs = {path for path in one.files if not _is_compiled(path)}
            more = sorted(theirs - self._owned)
            less = sorted(ours - theirs) if one.installer == INSTALLER else []
            if more or less:
                yield _differs(one, more, less)

    def duplicates(self) -> Iterator[Finding]:
        """Find projects with two folders of metadata: which of them Python takes is chance."""
        counts = Counter(one.project for one in self._environment.distributions if one.headers)
        for project in sorted(project for project, count in counts.items() if count > 1):
            found = [one for one in self._environment.distributions if one.headers and one.project == project]
            stale = self._stale(found)
            yield Finding(
                code=DUPLICATE,
                severity="error",
                message=f"{project} is there more than once: {', '.join(posixpath.basename(o.folder) for o in found)}.",
                hint=f"Remove {stale.folder} with --fix: nothing else of it is left."
                if stale
                else "Remove the one that you do not want with the tool that put it there.",
                details={"project": project, "folders": [one.folder for one in found]},
                repair=Repair("remove", stale.folder) if stale else None,
            )

    def twice(self) -> Iterator[Finding]:
        """Find projects that are there as a distribution and, by the tables, as a conda package of another name."""
        packages = {record.name.normalized for record in self._environment.records}
        for one in self._environment.distributions:
            if one.owner is not None and not self._environment.is_wheel(one.owner):
                continue  # channels see to it that their own packages get along
            row = self._environment.names.by_project(one.project).identity
            double = row.conda if row else None
            if double in packages - {one.owner, one.stolen_from} and double not in self._displaced.names:
                if self._provides(str(double), one):
                    continue
                yield Finding(
                    code=TWICE,
                    severity="warning",
                    message=f"{one} is there, and so is the conda package {double}, which is the same project.",
                    hint=f"Keep one of them: {self._environment.removal(str(double))}, or uninstall {one.project}.",
                    details={"project": one.project, "package": double, "version": one.version},
                )

    def leftovers(self) -> Iterator[Finding]:
        """Find what is left of distributions that are gone."""
        for folder in self._stashed():
            known = self._is_of_pip(folder)
            name = "pip moved it aside and was interrupted" if known else "it is called as what pip moves aside"
            yield _left(folder, name, fixable=known)
        counts = Counter(one.project for one in self._environment.distributions if one.headers)
        for one in self._environment.distributions:
            if one.owner or one.stolen_from or not one.is_modern:
                continue
            if not one.headers:
                yield _left(one.folder, "it has no METADATA", fixable=True)
            elif not one.rows:
                yield _left(one.folder, "it has no RECORD, so nobody knows its files", fixable=False)
            elif not self._has_files(one) and counts[one.project] == 1:
                yield _left(one.folder, "no file that its RECORD lists is there", fixable=True)

    def stranded(self) -> Iterator[Finding]:
        """Find distributions beneath the ``site-packages`` of a python that the environment does not have any more."""
        layout = self._environment.layout
        for place in sorted(self._environment.prefix.glob("lib/python*/site-packages")):
            path = place.relative_to(self._environment.prefix).as_posix()
            if layout is None or path == layout.site_packages or place.parent.is_symlink() or place.is_symlink():
                continue
            names = [info.name for info in sorted(place.glob("*.dist-info")) if not self._is_owned(info)]
            if names:
                yield Finding(
                    code=STRANDED,
                    severity="warning",
                    message=f"{name_some(names)} lies in {path}, and the environment has another python.",
                    hint="Install it again for this python, and delete that folder.",
                    details={"folder": path, "distributions": names},
                )

    def unknown(self) -> Iterator[Finding]:
        """Tell of what works and no record has: distributions of other tools, and files of nobody."""
        displaced = {one.project for one in self._displaced.found}
        for one in self._environment.distributions:
            if one.owner is None and one.headers and one.project not in displaced:
                tool = one.installer or "Another tool"
                yield Finding(
                    code=UNMANAGED,
                    severity="note",
                    message=f"{tool} put {one} there; no record has it, and no solve knows it.",
                    hint=f"Make it known: {self._environment.adoption(one.project)}.",
                    details={"project": one.project, "version": one.version, "installer": one.installer},
                )
        if files := self._of_nobody():
            yield Finding(
                code=UNOWNED,
                severity="note",
                message=f"{name_some([posixpath.basename(path) for path in files])} in site-packages is nobody's.",
                hint="Nothing needs to be done; if you do not know it, delete it.",
                details={"files": files},
            )

    def _provides(self, name: str, one: Distribution) -> bool:
        """Tell whether the record of *name* lists the very folder, as one does whose package was renamed."""
        return any(file.path.startswith(f"{one.folder}/") for file in self._environment.files[name])

    def _stale(self, found: Iterable[Distribution]) -> Distribution | None:
        """Return the one of several that no record has and nothing else is left of."""
        candidates = [one for one in found if one.owner is None and one.is_modern]
        others = {path for one in found for path in one.files if one not in candidates} | self._owned
        stale = [one for one in candidates if not self._has_files(one, others)]
        return stale[0] if stale else None

    def _has_files(self, one: Distribution, others: Iterable[str] = ()) -> bool:
        """Tell whether anything that RECORD lists is there, outside of the folder itself and not of *others*."""
        listed = {path for path in one.files if not path.startswith(f"{one.folder}/")}
        if not listed:
            return bool(one.rows) and not {*others}
        return any((self._environment.prefix / path).exists() for path in listed - {*others})

    def _stashed(self) -> Iterator[str]:
        if layout := self._environment.layout:
            root = self._environment.prefix / layout.site_packages
            for path in sorted(root.glob(f"{_STASHED}*")):
                yield path.relative_to(self._environment.prefix).as_posix()

    def _is_of_pip(self, folder: str) -> bool:
        """Tell whether something that begins with ``~`` is metadata, or has the name of what a project has or had."""
        prefix = self._environment.prefix
        stashed = [Distribution(prefix, path) for path in self._stashed() if path.endswith(".dist-info")]
        if any(one.folder == folder and one.headers for one in stashed):
            return True
        files = (path for one in (*self._environment.distributions, *stashed) for path in one.files)
        depth = folder.count("/")
        names = {path.split("/")[depth] for path in (*self._owned, *files) if path.count("/") >= depth}
        names |= {one.folder.rpartition("/")[2] for one in self._environment.distributions}
        return any(_may_stash(posixpath.basename(folder), name) for name in names)

    def _is_owned(self, info: Path) -> bool:
        folder = info.relative_to(self._environment.prefix).as_posix()
        return any(path.startswith(f"{folder}/") for path in self._owned)

    def _of_nobody(self) -> list[str]:
        """Return the files in ``site-packages`` that neither a record nor a RECORD has."""
        if (layout := self._environment.layout) is None:
            return []
        prefix = self._environment.prefix
        known = {*self._owned, *(path for one in self._environment.distributions for path in one.files)}
        folders = tuple(f"{one.folder}/" for one in self._environment.distributions)
        stashed = tuple(f"{path}" for path in self._stashed())
        paths = (path for path in (prefix / layout.site_packages).rglob("*") if path.is_file())
        names = (path.relative_to(prefix).as_posix() for path in paths)
        return sorted(
            name
            for name in names
            if name not in known
            and not _is_compiled(name)
            and not name.startswith((*folders, *stashed))
            and posixpath.basename(name) not in _IGNORED
        )


def _may_stash(aside: str, name: str) -> bool:
    """Tell whether pip calls *name* so where it moves it aside; versions of metadata do not count.

    >>> [_may_stash(aside, "alpha") for aside in ("~lpha", "~-pha", "~beta")]
    [True, True, False]
    >>> _may_stash("~lpha-1.0.dist-info", "alpha-1.1.dist-info")
    True
    """
    if aside.endswith(".dist-info") and name.endswith(".dist-info"):
        aside, name = aside.rpartition("-")[0].rpartition("-")[0], name.rpartition("-")[0].rpartition("-")[0]
    kept = aside.lstrip(_STASHING)
    return bool(kept) and len(aside) == len(name) and name.endswith(kept)


def _differs(one: Distribution, more: list[str], less: list[str]) -> Finding:
    sides: Mapping[str, list[str]] = {"RECORD alone has": more, "conda-meta alone has": less}
    said = "; ".join(f"{side} {name_some(paths)}" for side, paths in sides.items() if paths)
    return Finding(
        code=RECORD_DIFFERS,
        severity="warning",
        message=f"RECORD of {one} and its record do not list the same files: {said}.",
        hint="Link it anew with --fix.",
        details={"package": one.owner, "record_only": more, "conda_meta_only": less},
        repair=Repair("relink", str(one.owner)),
    )


def _left(folder: str, reason: str, *, fixable: bool) -> Finding:
    hint = "Remove it with --fix." if fixable else "Install it again with the tool that put it there, or delete it."
    return Finding(
        code=LEFTOVER,
        severity="warning",
        message=f"{folder} is incomplete and belongs to no package: {reason}.",
        hint=hint,
        details={"folder": folder},
        repair=Repair("remove", folder) if fixable else None,
    )


def _claimed(path: str) -> str:
    """Return the place that a package would have its file at, where another one has the same.

    >>> _claimed("__clobbers__/nsb/lib/ns/__init__.py"), _claimed("lib/a.py")
    ('lib/ns/__init__.py', 'lib/a.py')
    """
    return _CLOBBERED.sub("", path, count=1) if path.startswith("__clobbers__/") else path


def _is_compiled(path: str) -> bool:
    return path.endswith(_COMPILED)
