"""What files ask for: names out of requirement files, environments, projects and recorded indexes."""

import codecs
import json
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from packaging.utils import InvalidName

from wheelbridge.api.mapping.demand_list import Demands, NoDemandError, show_value
from wheelbridge.api.mapping.demand_projects import read_project
from wheelbridge.index.metadata import parse_metadata
from wheelbridge.model.name import canonicalize_name, is_conda_name
from wheelbridge.solver.records import needed_name
from wheelbridge.tables.documents import UnreadableTableError, load_document

_CONTINUED = re.compile(r"\\\r?\n")
_COMMENT = re.compile(r"(^|\s)#.*$")
_OPTIONS = re.compile(r"\s+--(hash|global-option|config-settings?)[=\s].*$")
_ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):/+")
_REQUIREMENTS = frozenset({".txt", ".in"})
_ENVIRONMENTS = frozenset({".yml", ".yaml"})
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""How a text begins -> its encoding, as pip reads it; UTF-32 first, for it begins as UTF-16 does."""


def read_demands(paths: Iterable[Path]) -> Demands:
    """Read everything that *paths* ask for.

    A folder is an index as the tests record it (``simple/*.json``, ``metadata/*``), an environment (``conda-meta``), or
    holds files that are read one by one; what asks for nothing in there is kept as unread.

    Raises:
        NoDemandError: if one is nothing of it.
        UnreadableTableError: if a file is not what its name says.
    """
    demands = Demands()
    for path in paths:
        _read(path, demands)
    return demands


def _read(path: Path, demands: Demands) -> None:
    if path.is_dir():
        _read_folder(path, demands)
    elif not path.exists():
        raise NoDemandError(_show_path(path), "there is no such file")
    elif path.suffix in _REQUIREMENTS:
        _read_requirements(path, demands)
    elif path.suffix in _ENVIRONMENTS:
        _read_environment(path, demands)
    elif path.suffix == ".toml":
        read_project(path, demands)
    else:
        raise NoDemandError(path, "its name tells no kind that is known here")


def _show_path(path: Path) -> str:
    """Return the path; of an address, which lost a slash when it was read as a path, what is not secret."""
    text = str(path)
    return show_value(_ADDRESS.sub(r"\1://", text, count=1)) if _ADDRESS.match(text) else text


def _read_folder(folder: Path, demands: Demands) -> None:
    if (folder / "conda-meta").is_dir():
        _read_prefix(folder, demands)
    elif (folder / "simple").is_dir() and (folder / "metadata").is_dir():
        _read_index(folder, demands)
    else:
        _read_files(folder, demands)


def _read_files(folder: Path, demands: Demands) -> None:
    """Read the files of *folder*: among them may be others of the same kind, which do not stop it."""
    known, read = _REQUIREMENTS | _ENVIRONMENTS | {".toml"}, False
    for path in sorted(folder.iterdir()):
        if path.suffix not in known or path.is_dir():
            continue
        try:
            _read(path, demands)
            read = True
        except (NoDemandError, UnreadableTableError) as error:
            demands.unread.append(error.message)
    if not read:
        raise NoDemandError(folder, "no file in it does")


def _read_requirements(path: Path, demands: Demands) -> None:
    for line in _CONTINUED.sub(" ", _decode(path.read_bytes())).splitlines():
        plain = _OPTIONS.sub("", _COMMENT.sub("", line)).strip()
        if plain:
            _add_pip(plain, str(path), demands)


def _decode(data: bytes) -> str:
    """Return a text by its byte order mark; without one it is UTF-8, and a strange byte only spoils its own line."""
    encoding = next((encoding for bom, encoding in _BOMS if data.startswith(bom)), "utf-8")
    return data.decode(encoding, errors="replace")


def _read_environment(path: Path, demands: Demands) -> None:
    data, place = load_document(path), str(path)
    if not isinstance(data, Mapping) or not isinstance(data.get("dependencies"), list):
        raise NoDemandError(path, "it has no list of dependencies")
    for entry in data["dependencies"]:
        if isinstance(entry, str):
            _add_conda(entry, place, demands)
        elif isinstance(entry, Mapping) and entry.keys() == {"pip"} and isinstance(entry["pip"], list):
            for value in entry["pip"]:
                _add_pip(_COMMENT.sub("", value).strip() if isinstance(value, str) else value, place, demands)
        else:
            demands.skip(entry, place)


def _add_pip(value: object, place: str, demands: Demands) -> None:
    """Take in a line of a requirements file: an option, a path or an address alone names no project."""
    if isinstance(value, str) and (value.startswith(("-", ".", "/")) or "://" in value.partition("@")[0]):
        demands.skip(value, place)
    else:
        demands.add_requirement(value, place)


def _add_conda(text: str, place: str, demands: Demands) -> None:
    name = needed_name(text.strip()).lower()
    if is_conda_name(name):
        demands.add("conda", name, place)
    else:
        demands.skip(text, place)


def _read_index(folder: Path, demands: Demands) -> None:
    """Read an index's projects and what any of their wheels asks for; the requiring project is the place."""
    for page in sorted((folder / "simple").glob("*.json")):
        demands.add("pypi", canonicalize_name(page.stem), page.stem)
    for path in sorted((folder / "metadata").iterdir()):
        metadata = parse_metadata(path.read_bytes(), path.name)
        for text in metadata.requires_dist:
            demands.add_requirement(text, canonicalize_name(metadata.name))


def _read_prefix(folder: Path, demands: Demands) -> None:
    for path in sorted((folder / "conda-meta").glob("*.json")):
        if not _add_record(path, str(folder), demands):
            demands.skip("it is no record of a package", str(path))


def _add_record(path: Path, place: str, demands: Demands) -> bool:
    """Take in what a record of ``conda-meta`` is about, if it is one."""
    try:
        record = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        return False
    if not isinstance(record, dict):
        return False
    name, file = record.get("name"), record.get("fn")
    if isinstance(file, str) and file.endswith(".whl"):
        with suppress(InvalidName):
            demands.add("pypi", canonicalize_name(file.split("-", 1)[0], validate=True), place)
            return True
    elif isinstance(name, str) and is_conda_name(name):
        demands.add("conda", name, place)
        return True
    return False
