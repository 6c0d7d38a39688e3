"""The distributions in an environment's ``site-packages``: what each says of itself, and which record has it."""

import csv
import hashlib
import json
import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from email.parser import HeaderParser
from functools import cached_property
from pathlib import Path

from packaging.utils import NormalizedName, canonicalize_name

from wheelbridge.installer.cache import PackageFile
from wheelbridge.installer.layout import PythonLayout
from wheelbridge.installer.wheel import INSTALLER

_INFO = re.compile(r"(?P<name>[^-]+)(-(?P<version>[^-]+))?.*\.(?P<kind>dist-info|egg-info)")
_DRIVE = re.compile(r"[A-Za-z]:")
_MAIN = {"dist-info": "METADATA", "egg-info": "PKG-INFO"}


@dataclass(frozen=True)
class Distribution:
    """One ``.dist-info`` folder, or one ``.egg-info`` folder or file.

    Attributes:
        prefix: the environment.
        folder: the place, relative to the prefix, with ``/``.
        owner: the conda package whose record has it as it is; None: no record has it.
        stolen_from: the conda package whose record has its folder, and not what is in it now.
    """

    prefix: Path
    folder: str
    owner: str | None = None
    stolen_from: str | None = None

    @property
    def project(self) -> NormalizedName:
        """Its project, normalized, by its METADATA, or else by its folder's name."""
        return canonicalize_name(self.headers.get("Name") or self._named("name"))

    @property
    def version(self) -> str:
        """As its METADATA has it, or else its folder's name; empty where neither does."""
        return self.headers.get("Version") or self._named("version")

    @property
    def is_modern(self) -> bool:
        """Whether it is a ``.dist-info`` folder."""
        return self.folder.endswith(".dist-info")

    @property
    def is_complete(self) -> bool:
        """Whether it has what an installer needs to know it and to remove it: METADATA and RECORD."""
        return self.is_modern and bool(self.headers) and bool(self.rows)

    @cached_property
    def metadata(self) -> bytes:
        """The bytes of METADATA, or of an egg's PKG-INFO; empty where there is none."""
        place = self.prefix / self.folder
        return _read(place if place.is_file() else place / _MAIN[self.folder.rpartition(".")[2]])

    @cached_property
    def headers(self) -> Mapping[str, str]:
        """The fields of METADATA, the first of each; empty where there are none."""
        text = self.metadata.decode("utf-8", errors="replace")
        message = HeaderParser().parsestr(text)
        return dict(reversed(message.items()))

    @cached_property
    def rows(self) -> tuple[tuple[str, str, str], ...]:
        """The rows of RECORD: path inside of the environment, hash, size; paths that lead out of it are left out."""
        text = self.read("RECORD").decode("utf-8", errors="replace")
        base = posixpath.dirname(self.folder)
        try:
            found = [(*row, "", "")[:3] for row in csv.reader(text.splitlines()) if row and row[0]]
        except csv.Error:
            return ()
        placed = ((inside_path(posixpath.join(base, row[0].replace("\\", "/"))), row[1], row[2]) for row in found)
        return tuple((path, digest, size) for path, digest, size in placed if path is not None)

    @cached_property
    def files(self) -> tuple[str, ...]:
        """The files that RECORD lists, relative to the prefix."""
        return tuple(path for path, _, _ in self.rows)

    @property
    def installer(self) -> str:
        """The tool that put it there, by its own word; empty where it says nothing."""
        return self.read("INSTALLER").decode("utf-8", errors="replace").strip()

    @property
    def is_requested(self) -> bool:
        """Whether the user asked for it by name."""
        return (self.prefix / self.folder / "REQUESTED").is_file()

    @cached_property
    def direct_url(self) -> Mapping[str, object] | None:
        """The contents of ``direct_url.json`` (PEP 610); None where there is none that can be read."""
        try:
            content = json.loads(self.read("direct_url.json"))
        except (ValueError, RecursionError):
            return None
        return content if isinstance(content, dict) else None

    @property
    def is_editable(self) -> bool:
        """Whether it is installed in editable mode: PEP 610: ``dir_info`` with ``editable: true``."""
        info = (self.direct_url or {}).get("dir_info")
        return isinstance(info, dict) and info.get("editable") is True

    def read(self, name: str) -> bytes:
        """Return a file of the folder; empty where there is none that can be read."""
        return _read(self.prefix / self.folder / name)

    def __str__(self) -> str:
        """Return project and version, as people write them."""
        return f"{self.project} {self.version}".strip()

    def _named(self, part: str) -> str:
        match = _INFO.fullmatch(posixpath.basename(self.folder))
        return (match[part] or "") if match else ""


def load_distributions(
    prefix: Path, layout: PythonLayout | None, owned: Mapping[str, Sequence[PackageFile]]
) -> tuple[Distribution, ...]:
    """Return the distributions in ``site-packages``, sorted by folder.

    A record of ``conda-meta`` has a distribution if it lists the folder's METADATA and its RECORD has the hash that was
    recorded: what pip installs again in the same version has the same folder, and other files. A RECORD that is gone,
    or was changed and is still ours, is no other tool's.

    Args:
        prefix: the environment.
        layout: of its python; None: it has no distributions.
        owned: name -> files of the records of ``conda-meta``.
    """
    if layout is None:
        return ()
    owners = {file.path: (name, file) for name, files in owned.items() for file in files if "-info" in file.path}
    return tuple(_claim(Distribution(prefix, folder), owners) for folder in _folders(prefix, layout.site_packages))


def inside_path(path: str) -> str | None:
    """Return *path* normalized, None where it leads out of the environment.

    >>> inside_path("lib/python3.12/site-packages/../../../bin/a"), inside_path("../a"), inside_path("C:/a")
    ('bin/a', None, None)
    """
    normal = posixpath.normpath(path)
    return None if normal.startswith(("/", "..")) or _DRIVE.match(normal) else normal


def provided_projects(paths: Iterable[str], site_packages: str) -> frozenset[NormalizedName]:
    """Return the projects whose metadata is among *paths* of a package, directly in *site_packages*.

    >>> sorted(provided_projects(["sp/My_App-1.0.dist-info/METADATA", "sp/a/_vendor/b-1.dist-info/RECORD"], "sp"))
    ['my-app']
    """
    start = f"{site_packages}/"
    heads = {path.removeprefix(start).partition("/")[0] for path in paths if path.startswith(start)}
    names = (match["name"] for head in heads if "-info" in head and (match := _INFO.fullmatch(head)))
    return frozenset(map(canonicalize_name, names))


def _folders(prefix: Path, site_packages: str) -> Iterator[str]:
    root = prefix / site_packages
    if root.is_dir():
        for path in sorted(root.iterdir()):
            if path.name.startswith("~"):  # pip's way to hide from itself what it is about to remove
                continue
            if path.suffix == ".egg-info" or (path.suffix == ".dist-info" and path.is_dir()):
                yield path.relative_to(prefix).as_posix()


def _claim(found: Distribution, owners: Mapping[str, tuple[str, PackageFile]]) -> Distribution:
    """Return *found* with its owner."""
    kind = found.folder.rpartition(".")[2]
    owner = owners.get(f"{found.folder}/{_MAIN[kind]}") or owners.get(found.folder)
    if owner is None:
        return found
    record = owners.get(f"{found.folder}/RECORD")
    name = owner[0]
    same = record is None or _is_as_put(found, record[1].in_prefix)
    return Distribution(found.prefix, found.folder, name if same else None, None if same else name)


def _is_as_put(found: Distribution, known: str | None) -> bool:
    """Tell whether its RECORD is the recorded one, or a damaged one: who puts another there writes its name, too."""
    data = found.read("RECORD")
    return known is None or not data or found.installer == INSTALLER or known == hashlib.sha256(data).hexdigest()


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
