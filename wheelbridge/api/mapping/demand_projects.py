"""What a ``pyproject.toml`` asks for: requirements (PEP 621, PEP 735, PEP 518), external dependencies (PEP 725)."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wheelbridge.api.mapping.demand_list import Demands, NoDemandError
from wheelbridge.mapping.external.ids import InvalidExternalIdError, normalize_alias
from wheelbridge.tables.documents import UnreadableTableError, load_document

_EXTERNAL_LISTS = ("build-requires", "host-requires", "dependencies", "build-host-requires")
_EXTERNAL_TABLES = (*(f"optional-{key}" for key in _EXTERNAL_LISTS), "dependency-groups")
"""PEP 725's keys; ``build-host-requires`` was in its drafts of 2025, and tables of that time still have it."""
_SHOWN_ID = re.compile(r"(dep|pkg|virtual):[\w.+~%/-]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Table:
    """A table of a TOML file, and where it stands."""

    path: Path
    place: str
    values: Mapping[str, Any]

    def table(self, key: str) -> "_Table":
        """Return a table inside this one, empty where it is not there.

        Raises:
            UnreadableTableError: if it is something else.
        """
        return _Table(self.path, self._name(key), self._get(key, dict))

    def items(self, key: str) -> list[object]:
        """Return a list, empty where it is not there.

        Raises:
            UnreadableTableError: if it is something else.
        """
        found: list[object] = self._get(key, list)
        return found

    def grouped(self, key: str) -> list[object]:
        """Return the items of all lists of a table; what includes another group is left out, for that is read itself.

        Raises:
            UnreadableTableError: if one is something else.
        """
        groups = self.table(key)
        found = (item for name in groups.values for item in groups.items(name))
        return [item for item in found if not (isinstance(item, dict) and item.keys() == {"include-group"})]

    def _name(self, key: str) -> str:
        return f"{self.place}.{key}" if self.place else key

    def _get(self, key: str, kind: type) -> Any:  # noqa: ANN401 - of that kind
        value = self.values.get(key, kind())
        if isinstance(value, kind):
            return value
        wanted = "table" if kind is dict else "list"
        reason = f"'{self._name(key)}' is no {wanted}, but of the type {type(value).__name__}"
        raise UnreadableTableError(self.path, reason, hint="PEP 621, PEP 735 and PEP 725 say what stands there.")


def read_project(path: Path, demands: Demands) -> None:
    """Take in all that the project *path* asks for.

    Raises:
        NoDemandError: if that is nothing.
        UnreadableTableError: if it is no TOML, or one of the tables that matter has not its form.
    """
    root, place = _Table(path, "", load_document(path)), str(path)
    requirements, externals = list(_requirements(root)), list(_externals(root.table("external")))
    unknown = [key for key in root.table("external").values if key not in {*_EXTERNAL_LISTS, *_EXTERNAL_TABLES}]
    if not (requirements or externals or unknown):
        raise NoDemandError(path, "it has no dependencies")
    for value in requirements:
        demands.add_requirement(value, place)
    for value in externals:
        _add_external(value, place, demands)
    for key in unknown:
        demands.skip(f"[external] {key}", place)


def _requirements(root: _Table) -> Iterator[object]:
    project = root.table("project")
    yield from project.items("dependencies")
    yield from project.grouped("optional-dependencies")
    yield from root.table("build-system").items("requires")
    yield from root.grouped("dependency-groups")


def _externals(external: _Table) -> Iterator[object]:
    for key in _EXTERNAL_LISTS:
        yield from external.items(key)
    for key in _EXTERNAL_TABLES:
        yield from external.grouped(key)


def _add_external(value: object, place: str, demands: Demands) -> None:
    if not isinstance(value, str):
        demands.skip(value, place)
        return
    try:
        demands.add("external", normalize_alias(_without_version(value)), place)
    except InvalidExternalIdError:
        shown = _SHOWN_ID.match(value)
        demands.skip(shown[0] if shown else value, place)


def _without_version(text: str) -> str:
    """PEP 725: a DepURL is ``type "/" [ namespace "/" ] name [ "@" version ] [ "?" qualifiers ]``; markers follow."""
    url = text.partition(";")[0].strip()
    name, mark, qualifiers = url.partition("?")
    return f"{name.partition('@')[0].strip()}{mark}{qualifiers}"
