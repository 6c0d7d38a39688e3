"""The lines of a requirements file, and of the ``pip:`` section of an environment file, which is one.

conda writes the items of the section into a requirements file in the folder of the environment file and gives it to
pip. Whatever pip would take there is taken, or refused by name.
"""

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from packaging.utils import canonicalize_name

from wheelbridge.environment.errors import InvalidEnvironmentFileError
from wheelbridge.environment.manifest import Link, Manifest, Stated
from wheelbridge.environment.pip.hashes import Hashes, hash_link, read_hash
from wheelbridge.environment.pip.links import LOCAL_HOSTS
from wheelbridge.environment.pip.options import PipLine, split_line
from wheelbridge.environment.pip.requirements import Folders, read_constraint, read_link, read_requirement
from wheelbridge.environment.pip.settings import FORMATS, PipSettings
from wheelbridge.environment.pip.texts import LogicalLine, logical_lines, read_stated
from wheelbridge.model.redaction import conceal, redact

_REPOSITORY = re.compile(r"(?:[\w.-]+\s*(?:\[[^]]*\])?\s*@\s*)?(?:git|hg|svn|bzr)(?:\+[\w-]+)?:")
_NESTED = ("--requirement", "--constraint")
_PLACES = ("--index-url", "--extra-index-url", "--find-links")


def read_pip_lines(
    lines: Sequence[Stated],
    folder: Path,
    *,
    file: str,
    working: Path | None = None,
    environ: Mapping[str, str] | None = None,
) -> Manifest:
    """Read lines that pip would read.

    Files that ``-r`` and ``-c`` name are read, too, relative to the file that names them. *folder* is where *file* is;
    *working* is the folder that paths in requirements start from, for pip the current one, by default *folder*.

    >>> lines = [Stated("numpy>=2", "env.yml:7"), Stated("--pre", "env.yml:8")]
    >>> found = read_pip_lines(lines, Path(), file="env.yml")
    >>> found.requirements, found.pre
    ((Stated(text='numpy>=2', place='env.yml:7'),), True)

    Raises:
        InvalidEnvironmentFileError: if something is neither taken nor without effect.
    """
    folder = folder.absolute()
    reader = _Reader(Folders(folder, (working or folder).absolute()), os.environ if environ is None else environ)
    reader.read(_File(folder / Path(file).name, file), lines)
    return reader.manifest(file)


@dataclass(frozen=True, slots=True)
class _File:
    """A file that is being read, and the ones that led to it."""

    path: Path
    shown: str
    is_constraint: bool = False
    parents: tuple[Path, ...] = ()


class _Reader:
    """Collects what lines say."""

    def __init__(self, folders: Folders, environ: Mapping[str, str]) -> None:
        self._folders = folders
        self._environ = environ
        self._settings = PipSettings()
        self._hashes = Hashes()
        self._has_hashes = False
        self._requirements: dict[str, Stated] = {}
        self._constraints: dict[str, Stated] = {}
        self._links: list[Link] = []
        self._hidden: dict[str, str] = {}
        self._in_paths: dict[str, tuple[str, ...]] = {}

    def manifest(self, file: str) -> Manifest:
        """Return what was read; *file* is the file that was."""
        settings = self._settings.manifest(file, has_hashes=self._has_hashes)
        return replace(
            settings,
            requirements=tuple(self._requirements.values()),
            constraints=tuple(self._constraints.values()),
            links=tuple(self._links),
            hidden=self._hidden,
            in_paths=self._in_paths,
            hashes=self._hashes.merged(file),
            places=self._hashes.places,
        )

    def read(self, file: _File, lines: Iterable[Stated]) -> None:
        """Read the *lines* of *file*."""
        physical = [Stated(text, stated.place) for stated in lines for text in stated.text.splitlines() or [""]]
        for logical in logical_lines(physical, self._environ):
            self._hidden |= logical.hidden
            try:
                self._read_line(file, split_line(logical))
            except InvalidEnvironmentFileError as error:
                place, reason = conceal(error.file, logical.hidden), conceal(error.reason, logical.hidden)
                hint = conceal(error.hint, logical.hidden) if error.hint else None
                raise InvalidEnvironmentFileError(place, error.path, reason, hint=hint) from None

    def _read_line(self, file: _File, line: PipLine) -> None:
        if line.requirement or line.values("--editable"):
            self._read_requirement(file, line)
        elif line.values(*_NESTED):
            self._read_nested(file, line)
        else:
            self._settings.read(line, file.path.parent)
            if line.line.in_path:
                self._in_paths |= dict.fromkeys(line.values(*_PLACES), line.line.in_path)

    def _read_requirement(self, file: _File, line: PipLine) -> None:
        self._check_alone(line)
        hashes = tuple(read_hash(value, line.line.place) for value in line.values("--hash"))
        self._has_hashes |= bool(hashes)
        if file.is_constraint:
            self._constrain(line, hashes)
            return
        if line.requirement:
            found = read_requirement(line.requirement, line.line, self._folders)
        else:
            found = self._read_editable(line.values("--editable")[0], line.line)
        if isinstance(found, Link):
            if line.line.in_path:
                self._in_paths[found.url] = line.line.in_path
            self._add_link(hash_link(found, hashes))
        else:
            self._hashes.add(canonicalize_name(found.name), hashes, line.line.place, is_constraint=False)
            self._requirements.setdefault(line.requirement, Stated(line.requirement, line.line.place))

    def _add_link(self, link: Link) -> None:
        if all(replace(link, place=known.place) != known for known in self._links):
            self._links.append(link)

    def _constrain(self, line: PipLine, hashes: Iterable[str]) -> None:
        if line.values("--editable"):
            raise _refuse(line, "-e cannot stand in constraints", "Ask for it in the requirements.")
        found = read_constraint(line.requirement, line.line)
        self._hashes.add(canonicalize_name(found.name), hashes, line.line.place, is_constraint=True)
        self._constraints.setdefault(line.requirement, Stated(line.requirement, line.line.place))

    def _read_editable(self, text: str, line: LogicalLine) -> Link:
        """Read what stands behind ``-e``; of a repository, nobody edits the copy that a build makes."""
        if _REPOSITORY.match(text) is None:
            return read_link(text, line, self._folders, editable=True)
        self._settings.note(
            f"{line.place}: {line.shown} is installed as a wheel; clone it, and name its folder, to edit it."
        )
        return read_link(text, line, self._folders)

    def _check_alone(self, line: PipLine) -> None:
        """See that a requirement has no options but its own; pip passes over others that stand behind it.

        The formats of projects are taken all the same: people write ``dipy --only-binary dipy``.
        """
        if (line.requirement and line.values("--editable")) or len(line.values("--editable")) > 1:
            raise _refuse(line, "-e stands on a line with something else", "Give it a line of its own.")
        if others := line.others("--hash", "--editable", *FORMATS):
            reason = f"{others[0]} stands behind a requirement, where pip passes over it"
            raise _refuse(line, reason, "Give it a line of its own.")
        for name, value in line.options:
            if name in FORMATS:
                self._settings.read_format(name, value)
                self._settings.note(
                    f"{line.line.place}: {name} {conceal(value, line.line.hidden)} holds; pip passes over it behind a "
                    "requirement."
                )

    def _read_nested(self, file: _File, line: PipLine) -> None:
        """Read the file that ``-r`` or ``-c`` names."""
        if len(line.options) > 1:
            reason = f"{line.options[0][0]} stands on a line with {line.options[1][0]}"
            raise _refuse(line, reason, "Give each a line of its own.")
        name, given = line.options[0]
        path, shown = _find_nested(given, file, line)
        if path in (file.path, *file.parents):
            raise _refuse(line, f"{shown} includes itself", "Take the line away that closes the circle.")
        nested = _File(path, shown, name == "--constraint", (file.path, *file.parents))
        self.read(nested, read_stated(path, shown))


def _find_nested(given: str, file: _File, line: PipLine) -> tuple[Path, str]:
    """Return the path of a file that *file* names, and how messages name it."""
    if given.lower().startswith("file:"):
        if urlsplit(given).netloc not in LOCAL_HOSTS:
            raise _refuse(line, "a file: URL must not name a host", "Write file:///folder with three slashes.")
        given = url2pathname(urlsplit(given).path)
    elif "://" in given:
        reason = f"{redact(given)} is not fetched: what it asks for may be another thing each time"
        raise _refuse(line, reason, "Put the file beside this one, and name its path.")
    path = Path(os.path.normpath(file.path.parent / given))
    if not path.is_file():
        raise _refuse(line, f"there is no file {given!r} beside {file.shown}", "Check its name.")
    shown = Path(os.path.normpath(Path(file.shown).parent / given)).as_posix()
    return path, conceal(shown, line.line.hidden)


def _refuse(line: PipLine, reason: str, hint: str) -> InvalidEnvironmentFileError:
    return InvalidEnvironmentFileError(line.line.place, "", reason, hint=hint)
