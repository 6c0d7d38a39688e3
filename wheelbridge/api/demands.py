"""What files ask for: names out of requirement files, environments, projects and recorded indexes."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from wheelbridge.errors import WheelbridgeError
from wheelbridge.index.metadata import parse_metadata
from wheelbridge.mapping.coverage import Mention, World
from wheelbridge.mapping.external_ids import InvalidExternalIdError, normalize_id
from wheelbridge.model.redaction import redact_text
from wheelbridge.solver.records import needed_name
from wheelbridge.tables.documents import load_document

_CONTINUED = re.compile(r"\\\r?\n")
_COMMENT = re.compile(r"(^|\s)#.*$")
_OPTIONS = re.compile(r"\s+--(hash|global-option|config-settings?)[=\s].*$")
_REQUIREMENTS = frozenset({".txt", ".in"})
_ENVIRONMENTS = frozenset({".yml", ".yaml"})
_EXTERNAL_LISTS = ("build-requires", "host-requires", "dependencies")
_EXTERNAL_TABLES = ("optional-build-requires", "optional-host-requires", "optional-dependencies", "dependency-groups")


class NoDemandError(WheelbridgeError):
    """A file is none that asks for packages."""

    code = "no-demand"

    def __init__(self, path: Path, reason: str) -> None:
        hint = "Name requirement files, environment.yml, pyproject.toml, environments, or folders of an index."
        super().__init__(f"{path} says nothing of what it needs: {reason}", hint=hint)
        self.path = str(path)


@dataclass(slots=True)
class Demands:
    """What was found: names, and the lines that name nothing by themselves, each with its place."""

    mentions: list[Mention] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)

    def add(self, world: World, name: str, place: str) -> None:
        """Take in a name."""
        self.mentions.append(Mention(world, name, place))

    def add_requirement(self, text: str, place: str) -> None:
        """Take in a PEP 508 requirement; what is none is kept as unread."""
        try:
            self.add("pypi", canonicalize_name(Requirement(text).name), place)
        except InvalidRequirement:
            self.skip(text, place)

    def skip(self, text: str, place: str) -> None:
        """Keep what names nothing by itself, without the passwords of its addresses."""
        self.unread.append(f"{place}: {redact_text(text)}")


def read_demands(paths: Iterable[Path]) -> Demands:
    """Read everything that *paths* ask for.

    A folder is an index as the tests record it (``simple/*.json``, ``metadata/*``), an environment (``conda-meta``), or
    holds files that are read one by one.

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
        raise NoDemandError(path, "there is no such file")
    elif path.suffix in _REQUIREMENTS:
        _read_requirements(path, demands)
    elif path.suffix in _ENVIRONMENTS:
        _read_environment(path, demands)
    elif path.suffix == ".toml":
        _read_project(path, demands)
    else:
        raise NoDemandError(path, "its name tells no kind that is known here")


def _read_folder(folder: Path, demands: Demands) -> None:
    if (folder / "conda-meta").is_dir():
        _read_prefix(folder, demands)
    elif (folder / "simple").is_dir() and (folder / "metadata").is_dir():
        _read_index(folder, demands)
    else:
        known = _REQUIREMENTS | _ENVIRONMENTS | {".toml"}
        files = [path for path in sorted(folder.iterdir()) if path.suffix in known]
        if not files:
            raise NoDemandError(folder, "no file in it does")
        for path in files:
            _read(path, demands)


def _read_requirements(path: Path, demands: Demands) -> None:
    text = _CONTINUED.sub(" ", path.read_text(encoding="utf-8", errors="replace"))
    for line in text.splitlines():
        plain = _OPTIONS.sub("", _COMMENT.sub("", line)).strip()
        if plain:
            _add_pip(plain, path.name, demands)


def _read_environment(path: Path, demands: Demands) -> None:
    data = load_document(path)
    if not isinstance(data, Mapping) or not isinstance(data.get("dependencies"), list):
        raise NoDemandError(path, "it has no list of dependencies")
    for entry in data["dependencies"]:
        if isinstance(entry, str):
            _add_conda(entry, path.name, demands)
        elif isinstance(entry, Mapping) and isinstance(entry.get("pip"), list):
            for text in map(str, entry["pip"]):
                _add_pip(_COMMENT.sub("", text).strip(), path.name, demands)
        else:
            demands.skip(str(entry), path.name)


def _add_pip(text: str, place: str, demands: Demands) -> None:
    """Take in a line of a requirements file: an option, a path or an address alone names no project."""
    if text.startswith(("-", ".", "/")) or "://" in text.partition("@")[0]:
        demands.skip(text, place)
    else:
        demands.add_requirement(text, place)


def _add_conda(text: str, place: str, demands: Demands) -> None:
    name = needed_name(text.strip()).lower()
    if name:
        demands.add("conda", name, place)
    else:
        demands.skip(text, place)


def _read_project(path: Path, demands: Demands) -> None:
    data = load_document(path)
    project, place = data.get("project", {}), path.name if path.name != "pyproject.toml" else str(path)
    texts = [*project.get("dependencies", []), *_flatten(project.get("optional-dependencies", {}))]
    texts += data.get("build-system", {}).get("requires", [])
    texts += [entry for entry in _flatten(data.get("dependency-groups", {})) if isinstance(entry, str)]
    for text in texts:
        demands.add_requirement(str(text), place)
    external = data.get("external", {})
    found = [text for key in _EXTERNAL_LISTS for text in external.get(key, [])]
    found += [text for key in _EXTERNAL_TABLES for text in _flatten(external.get(key, {})) if isinstance(text, str)]
    for text in found:
        _add_external(text, place, demands)
    if not texts and not found:
        raise NoDemandError(path, "it has no dependencies")


def _add_external(text: str, place: str, demands: Demands) -> None:
    try:
        demands.add("external", normalize_id(text.partition(";")[0].partition("@")[0].strip()), place)
    except InvalidExternalIdError:
        demands.skip(text, place)


def _flatten(table: Mapping[str, list[object]]) -> Iterator[object]:
    return (entry for entries in table.values() for entry in entries)


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
        record = json.loads(path.read_bytes())
        name, file = str(record.get("name", "")), str(record.get("fn", ""))
        if file.endswith(".whl"):
            demands.add("pypi", canonicalize_name(file.split("-", 1)[0]), str(folder))
        elif name:
            demands.add("conda", name, str(folder))
