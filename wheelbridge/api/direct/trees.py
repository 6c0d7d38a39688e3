"""Source trees: what is in them as one hash, and what they say of themselves without running anything."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import file_digest, sha256
from pathlib import Path
from stat import S_ISREG, S_IXUSR

from packaging.utils import InvalidName, NormalizedName, canonicalize_name
from packaging.version import InvalidVersion, Version

from wheelbridge.api.building.errors import InvalidProjectError
from wheelbridge.api.building.project import BuildProject
from wheelbridge.api.direct.git import leading_out
from wheelbridge.api.external.project_file import PYPROJECT, read_project_file
from wheelbridge.environment.pip.links import InvalidLinkError
from wheelbridge.errors import WheelbridgeError
from wheelbridge.index.metadata import parse_metadata

_STATE_OF_GIT = ("HEAD", "packed-refs", "index", "refs")
"""What decides a version that a backend takes from git; the rest of ``.git`` only stores."""
_PASSED_OVER = frozenset({"__pycache__", ".git", ".hg", ".svn", ".bzr"})
_NO_SOURCES = ("CACHEDIR.TAG", "pyvenv.cfg", "conda-meta")
"""What marks a folder as a cache, a virtual environment, or one of conda."""
_METADATA = "PKG-INFO"


@dataclass(frozen=True, slots=True)
class Stated:
    """What a tree says of its release; None where only its backend can tell."""

    project: NormalizedName | None = None
    version: Version | None = None


def digest_of(folder: Path) -> str | None:
    """Return a hash of all that a build of *folder* may read there: names, contents, and what can be run.

    Times do not count: a checkout or a copy changes them, and no wheel depends on them. Caches and environments in the
    tree are left out; what a build writes beside the sources counts, so that it may be built once more, and never too
    seldom. The state of the repository that the tree is in counts as well: backends take versions from it. None where
    a link leads out of the tree, or the repository's state is elsewhere: nothing tells when what is there changes.
    """
    repository = next((path for place in (folder, *folder.parents) if (path := place / ".git").exists()), None)
    if next(leading_out(folder), None) is not None or (repository and not repository.is_dir()):
        return None
    state = [inner for name in _STATE_OF_GIT for inner in _state_of(repository / name)] if repository else []
    total = sha256()
    for path in (*_files_of(folder), *state):
        name = os.fsencode(os.path.relpath(path, folder))
        total.update(b"%d:%s:%s" % (len(name), name, _content_of(path)))
    return total.hexdigest()


def _content_of(path: Path) -> bytes:
    if path.is_symlink():
        return b"link:" + os.fsencode(os.readlink(path)) + b"\0"  # noqa: PTH115 - as bytes of the system
    status = path.stat()
    if not S_ISREG(status.st_mode):
        return b"other:"
    with path.open("rb") as stream:
        digest = file_digest(stream, "sha256").hexdigest()
    return f"{'run' if status.st_mode & S_IXUSR else 'file'}:{digest};".encode()


def _files_of(folder: Path) -> Iterator[Path]:
    """Yield what counts below *folder*, in a fixed order; a link to a folder counts as a link."""
    for path in sorted(folder.iterdir()):
        if path.is_dir() and not path.is_symlink():
            if path.name not in _PASSED_OVER and not any((path / mark).exists() for mark in _NO_SOURCES):
                yield from _files_of(path)
        elif path.suffix != ".pyc":
            yield path


def _state_of(place: Path) -> Iterator[Path]:
    if place.is_dir():
        yield from (path for path in sorted(place.rglob("*")) if path.is_file())
    elif place.exists():
        yield place


def read_stated(project: BuildProject, *, archive: bool) -> Stated:
    """Return what the tree of *project* says of its name and its version.

    PEP 621: "A build back-end MUST honour statically-specified metadata (which means the metadata did not list the
    field in ``dynamic``)". The ``PKG-INFO`` of an *archive* tells as well: it was written when the archive was made.
    """
    if archive and (project.folder / _METADATA).is_file() and (found := _read_metadata(project.folder / _METADATA)):
        return found
    if not (project.folder / PYPROJECT).is_file():
        return Stated()
    said = read_project_file(str(project.folder / PYPROJECT)).data.get("project")
    if not isinstance(said, dict):
        return Stated()
    return _parse(project, said.get("name"), said.get("version"))


def _read_metadata(path: Path) -> Stated | None:
    try:
        said = parse_metadata(path.read_bytes(), path.name)
        return Stated(canonicalize_name(said.name, validate=True), Version(said.version))
    except (WheelbridgeError, InvalidName, InvalidVersion, OSError):
        return None


def _parse(project: BuildProject, name: object, version: object) -> Stated:
    try:
        return Stated(
            canonicalize_name(name, validate=True) if isinstance(name, str) else None,
            Version(version) if isinstance(version, str) else None,
        )
    except (InvalidName, InvalidVersion) as error:
        raise InvalidProjectError(project.folder, str(error)) from error


def enter(tree: Path, subdirectory: str | None, shown: str) -> Path:
    """Return the folder of the project in *tree*.

    Raises:
        InvalidLinkError: if it is not inside, or not there.
    """
    folder = tree / (subdirectory or "")
    if not folder.resolve().is_relative_to(tree.resolve()):
        raise InvalidLinkError(shown, f"its subdirectory {subdirectory!r} is outside of it")
    if not folder.is_dir():
        raise InvalidLinkError(
            shown, f"it has no folder {subdirectory!r}" if subdirectory else "there is no such folder"
        )
    return folder
