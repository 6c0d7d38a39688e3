"""An environment read as other tools read it, with nothing of ours: what is on disk, recorded, required and written."""

import ast
import csv
import hashlib
import json
import os
import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

_OURS = frozenset({".wheelbridge.lock", "CACHEDIR.TAG"})
"""Files that no package has: the lock that keeps two commands apart, and what rattler tells backup programs."""
_SPECS = re.compile(r"# (\w+) specs: (\[.*\])")
_NAME = re.compile(r"(?:.*::)?([A-Za-z0-9_.\-]+)")


@dataclass(frozen=True)
class Audit:
    """One look at the environment at *prefix*, taken now; whoever wants to see what changed takes another one."""

    prefix: Path

    def __post_init__(self) -> None:
        """Read all that a later change would make another."""
        if self.prefix.exists():
            _ = self.state, self.projects, self.foreign

    @cached_property
    def meta(self) -> dict[str, dict[str, Any]]:
        """Name -> record of ``conda-meta``, as plain JSON."""
        found = [json.loads(path.read_bytes()) for path in sorted((self.prefix / "conda-meta").glob("*.json"))]
        assert len({record["name"] for record in found}) == len(found), "two records of one name"
        return {record["name"]: record for record in found}

    @cached_property
    def owners(self) -> dict[str, list[str]]:
        """Path -> names of the packages whose records list it."""
        owners: dict[str, list[str]] = {}
        for name, record in self.meta.items():
            for entry in record["paths_data"]["paths"]:
                owners.setdefault(entry["_path"], []).append(name)
        return owners

    @cached_property
    def files(self) -> dict[str, str]:
        """Path -> hash, or where a link leads, of all below the prefix but ``conda-meta`` and byte code."""
        return dict(_walk(self.prefix))

    @cached_property
    def state(self) -> dict[str, str]:
        """All that a refused command must leave alone: `files`, with the contents of ``conda-meta``."""
        return {**self.files, **dict(_walk(self.prefix / "conda-meta"))}

    @cached_property
    def site(self) -> Path:
        """Where modules are; before there is any, a folder without."""
        return next(self.prefix.glob("lib/python3*/site-packages"), self.prefix / "lib")

    @cached_property
    def distributions(self) -> dict[str, Distribution]:
        """Folder with METADATA, relative to the prefix -> what ``importlib.metadata`` makes of it."""
        found = (one for one in distributions(path=[str(self.site)]) if one.read_text("METADATA"))
        folders = ((Path(str(one._path)).relative_to(self.prefix).as_posix(), one) for one in found)  # type: ignore[attr-defined]  # no public name for it
        return dict(folders)

    @cached_property
    def projects(self) -> dict[str, str]:
        """Folder of metadata -> project."""
        return {folder: canonicalize_name(one.metadata["Name"]) for folder, one in self.distributions.items()}

    @cached_property
    def foreign(self) -> dict[str, dict[str, str]]:
        """Folder of a distribution that no record has as it is -> path -> hash, of the files that its RECORD lists."""
        return {
            folder: {path: self.files[path] for path in record_rows(one, folder) if path in self.files}
            for folder, one in self.distributions.items()
            if not self._is_owned(folder)
        }

    def _is_owned(self, folder: str) -> bool:
        if f"{folder}/METADATA" not in self.owners:
            return False
        record = f"{folder}/RECORD"
        return record not in self.owners or record not in {path for path, _ in self.spoiled}

    @cached_property
    def spoiled(self) -> frozenset[tuple[str, str]]:
        """Path and package of every recorded file that is not on disk with its hash; a link need only be there."""
        found = set()
        for name, record in self.meta.items():
            for entry in record["paths_data"]["paths"]:
                path, digest = entry["_path"], entry.get("sha256_in_prefix") or entry.get("sha256")
                if path.endswith(".pyc") or entry["path_type"] == "directory":
                    continue
                if path not in self.files or (entry["path_type"] != "softlink" and digest != self.files[path]):
                    found.add((path, name))
        return frozenset(found)

    @property
    def orphans(self) -> list[str]:
        """The files that neither a record nor the RECORD of a foreign distribution has."""
        known = {*self.owners, *(path for files in self.foreign.values() for path in files), *_OURS}
        folders = tuple(f"{folder}/" for folder in self.foreign)
        return sorted(path for path in self.files if path not in known and not path.startswith(folders or "\0"))

    @property
    def remains(self) -> list[str]:
        """Byte code whose module is gone, and folders with nothing in them."""
        code = (path for path in self.prefix.rglob("*.pyc") if path.parent.name == "__pycache__")
        stale = (path for path in code if not (path.parent.parent / f"{path.name.partition('.')[0]}.py").exists())
        empty = (Path(place) for place, folders, files in os.walk(self.prefix) if not folders and not files)
        return sorted(path.relative_to(self.prefix).as_posix() for path in (*stale, *empty))

    @property
    def shared(self) -> dict[str, list[str]]:
        """Path -> owners, of files that several packages have and that are not the same in each."""
        several = {path: names for path, names in self.owners.items() if len(names) > 1}
        return {path: names for path, names in several.items() if len(set(self._hashes(path, names))) > 1}

    def _hashes(self, path: str, names: Iterable[str]) -> Iterator[str | None]:
        for name in names:
            yield from (
                entry.get("sha256") for entry in self.meta[name]["paths_data"]["paths"] if entry["_path"] == path
            )

    @property
    def strangers(self) -> list[str]:
        """The projects of the distributions that no record has as they are."""
        return sorted(self.projects[folder] for folder in self.foreign)

    @property
    def unmet(self) -> list[str]:
        """What ``pip check`` would complain of."""
        there = {project: self.distributions[folder].version for folder, project in self.projects.items()}
        found = []
        for one in self.distributions.values():
            for requirement in map(Requirement, one.requires or ()):
                if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                    version = there.get(canonicalize_name(requirement.name))
                    if version is None or not requirement.specifier.contains(version, prereleases=True):
                        found.append(f"{one.name} {one.version} requires {requirement}, there is {version}")
        return sorted(found)

    @property
    def doubles(self) -> list[str]:
        """Projects with two folders of metadata."""
        names = [*self.projects.values()]
        return sorted({name for name in names if names.count(name) > 1})

    @property
    def builds(self) -> frozenset[str]:
        """The packages of ``conda-meta`` as NAME-VERSION-BUILD."""
        return frozenset(f"{one['name']}-{one['version']}-{one['build']}" for one in self.meta.values())

    @property
    def told(self) -> "Told":
        """What the history says."""
        return read_history((self.prefix / "conda-meta" / "history").read_text(encoding="utf-8"))


@dataclass
class Told:
    """What a history says: the packages after each revision, and what was asked for, by name."""

    states: list[frozenset[str]] = field(default_factory=list)
    requested: dict[str, str] = field(default_factory=dict)


def read_history(text: str) -> Told:
    """Read a history line by line; conda: ``History.construct_states`` and ``History.get_requested_specs_map``."""
    told, state = Told(), set[str]()
    for section in text.split("==>")[1:]:
        lines = section.splitlines()[1:]
        plain = [line for line in lines if line and not line.startswith("#")]
        if not any(line.startswith(("+", "-")) for line in plain):
            state = {line.rpartition("::")[2] for line in plain}
        for line in lines:
            build = line[1:].rpartition("::")[2]
            if line.startswith("-"):
                assert build in state, f"{line}: it was not there"
                state.remove(build)
            elif line.startswith("+"):
                state.add(build)
            elif match := _SPECS.match(line):
                _ask(told.requested, match[1], ast.literal_eval(match[2]))
        told.states.append(frozenset(state))
    return told


def _ask(requested: dict[str, str], action: str, specs: Iterable[str]) -> None:
    for spec in specs:
        match = _NAME.match(spec)
        assert match, spec
        if action in {"update", "install", "create"}:
            requested[match[1]] = spec
        elif action == "remove":
            requested.pop(match[1], None)


def record_rows(one: Distribution, folder: str) -> Mapping[str, str]:
    """Return path relative to the prefix -> hash in RECORD; those of byte code left out."""
    base = posixpath.dirname(folder)
    rows = csv.reader((one.read_text("RECORD") or "").splitlines())
    placed = ((posixpath.normpath(posixpath.join(base, row[0])), row[1]) for row in rows if row)
    return {path: digest for path, digest in placed if not path.endswith(".pyc")}


def _walk(root: Path) -> Iterator[tuple[str, str]]:
    for folder, folders, files in os.walk(root):
        if root.name != "conda-meta":
            folders[:] = [name for name in folders if name != "conda-meta"]
        links = [name for name in folders if Path(folder, name).is_symlink()]
        for name in (*files, *links):
            path = Path(folder, name)
            if not name.endswith(".pyc"):
                place = path.relative_to(root).as_posix()
                yield (f"conda-meta/{place}" if root.name == "conda-meta" else place), _content(path)


def _content(path: Path) -> str:
    if path.is_symlink():
        return f"-> {path.readlink()}"
    looks = path.stat()
    key = (looks.st_dev, looks.st_ino, looks.st_mtime_ns, looks.st_size)  # one for all links of a file of the cache
    if key not in _HASHES:
        _HASHES[key] = hashlib.sha256(path.read_bytes()).hexdigest()
    return _HASHES[key]


_HASHES: dict[tuple[int, ...], str] = {}
