"""What options of a requirements file say for all of it: indexes, pages of links, formats, pre-releases, hashes."""

import re
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from wheelbridge.environment.errors import InvalidEnvironmentFileError
from wheelbridge.environment.manifest import Manifest
from wheelbridge.environment.pip.formats import Formats
from wheelbridge.environment.pip.links import LOCAL_HOSTS
from wheelbridge.environment.pip.options import PipLine
from wheelbridge.model.name import ALL_PROJECTS

FORMATS = ("--no-binary", "--only-binary")
_INDEXES = ("--index-url", "--extra-index-url", "--no-index")
_FEATURES = (
    "build-constraint",
    "fast-deps",
    "inprocess-build-deps",
    "no-binary-enable-wheel-cache",
    "truststore",
    "venv-isolation",
)
"""What pip knows in ``--use-feature``: each is about how pip works, none about what it installs."""
_ORDER = (
    "pip takes the best version that any of its indexes has. wheelbridge goes by their order and their claims: the "
    "first index that has a project provides it."
)


class PipSettings:
    """Collects what options say; a later one wins as it does for pip."""

    def __init__(self) -> None:
        self.formats = Formats()
        self._indexes: dict[str, str] = {}
        """URL -> where it is stated."""
        self._has_main = False
        self._no_index = False
        self._find_links: dict[str, None] = {}
        self._flags: set[str] = set()
        self._notes: dict[str, None] = {}

    def note(self, text: str) -> None:
        """Remember what a user should know."""
        self._notes[text] = None

    def manifest(self, file: str, *, has_hashes: bool) -> Manifest:
        """Return what *file* says for all of it; *has_hashes*: some requirement has one."""
        if len(self._indexes) > 1:
            self.note(_ORDER)
        automatic = has_hashes and "--no-require-hashes" not in self._flags
        return Manifest(
            files=(file,),
            indexes=tuple(self._indexes),
            only_indexes=self._has_main or self._no_index,
            find_links=tuple(self._find_links),
            builds=tuple(sorted(self.formats.builds)),
            only_wheels=tuple(sorted(self.formats.only_wheels)),
            pre="--pre" in self._flags,
            require_hashes=automatic or "--require-hashes" in self._flags,
            notes=tuple(self._notes),
        )

    def read(self, line: PipLine, folder: Path) -> None:
        """Read a line of options in a file in *folder*.

        Raises:
            InvalidEnvironmentFileError: if an option cannot be taken.
        """
        self._read_indexes(line, folder)
        for name, value in line.options:
            if name in FORMATS:
                self.read_format(name, value)
            elif name == "--find-links":
                self._find_links[_find_page(value, folder, line)] = None
            elif name == "--all-releases":
                self._read_releases(value, line)
            elif name == "--use-feature":
                self._read_feature(value, line)
            elif name == "--prefer-binary":
                self.note(
                    "--prefer-binary changes nothing: wheelbridge builds of source only what it is told to build."
                )
            elif name == "--hash":
                raise _refuse(line, "--hash stands without a requirement", "Put it behind the requirement it is for.")
            elif name not in _INDEXES:
                self._flags.add(name)
        if self._flags >= {"--require-hashes", "--no-require-hashes"}:
            raise _refuse(line, "--require-hashes and --no-require-hashes contradict each other", "Keep one of them.")

    def read_format(self, name: str, value: str) -> None:
        """Read ``--no-binary`` or ``--only-binary``."""
        self.formats = self.formats.no_binary(value) if name == "--no-binary" else self.formats.only_binary(value)

    def _read_indexes(self, line: PipLine, folder: Path) -> None:
        """Read the options of indexes of one line, in pip's order: ``--no-index`` ends all, a main one begins anew."""
        mains, extras = line.values("--index-url"), line.values("--extra-index-url")
        if line.values("--no-index"):
            self._no_index = True
        if self._no_index:
            self._drop([*self._indexes.values(), *(line.line.place for _ in (*mains, *extras))], "--no-index")
            self._indexes = {}
            return
        if mains:
            self._drop([*self._indexes.values(), *(line.line.place for _ in mains[1:])], "--index-url")
            self._indexes, self._has_main = {_find_index(mains[-1], folder, line): line.line.place}, True
        for url in extras:
            self._indexes.setdefault(_find_index(url, folder, line), line.line.place)

    def _drop(self, places: Iterable[str], name: str) -> None:
        """Tell of indexes that are not used, by where they are stated: a URL may hold a token anywhere."""
        for place in places:
            self.note(f"{place}: this index is not used, as for pip, because of {name}.")

    def _read_releases(self, value: str, line: PipLine) -> None:
        if value != ALL_PROJECTS:
            raise _refuse(
                line,
                f"--all-releases {value} is not taken: pre-releases are wanted of all projects or of none",
                "Name a pre-release where it is wanted, as in 'name>=2.0a0', or write --pre.",
            )
        self._flags.add("--pre")

    def _read_feature(self, value: str, line: PipLine) -> None:
        if value not in _FEATURES:
            raise _refuse(line, f"--use-feature={value} is no feature of pip", f"pip has {', '.join(_FEATURES)}.")
        self.note(f"{line.line.place}: --use-feature={value} is about how pip works; it changes nothing here.")


def _find_index(value: str, folder: Path, line: PipLine) -> str:
    """Return the URL of an index; a folder may be named by its path."""
    if re.match(r"https?://", value, re.IGNORECASE):
        return value
    path = _path_of(value, folder, line)
    if not path.is_dir():
        reason = f"the index in {line.line.shown!r} is neither a URL nor a folder that exists"
        raise _refuse(line, reason, "Write https://host.example/simple/, or the path of a folder.")
    return path.as_uri()


def _find_page(value: str, folder: Path, line: PipLine) -> str:
    """Return what ``--find-links`` names: the URL of a page, or an absolute path."""
    if re.match(r"https?://", value, re.IGNORECASE):
        return value
    path = _path_of(value, folder, line)
    if not path.exists():
        reason = f"what {line.line.shown!r} names is neither a URL nor there"
        raise _refuse(line, reason, "Write the path relative to the file that holds the line.")
    return str(path)


def _path_of(value: str, folder: Path, line: PipLine) -> Path:
    """Return the path that *value* means: relative to its file, else, as for pip, to the current folder."""
    if value.lower().startswith("file:"):
        parts = urlsplit(value)
        if parts.netloc not in LOCAL_HOSTS:
            raise _refuse(line, "a file: URL must not name a host", "Write file:///folder with three slashes.")
        return Path(url2pathname(parts.path)).absolute()
    if "://" in value:
        raise _refuse(
            line, f"nothing is fetched by what {line.line.shown!r} names", "Write a URL with https:, or a path."
        )
    beside = (folder / value).absolute()
    return beside if beside.exists() else Path(value).absolute()


def _refuse(line: PipLine, reason: str, hint: str) -> InvalidEnvironmentFileError:
    return InvalidEnvironmentFileError(line.line.place, "", reason, hint=hint)
