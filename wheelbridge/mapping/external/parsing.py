"""The table of external dependencies as people write it: read, checked and written."""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from enum import Enum
from itertools import pairwise
from typing import TypeVar

from wheelbridge.mapping.external.fields import (
    InvalidExternalError,
    kind_of,
    read_flag,
    read_list,
    read_mapping,
    read_text,
    read_texts,
)
from wheelbridge.mapping.external.ids import InvalidExternalIdError, normalize_id
from wheelbridge.mapping.external.rows import (
    CATEGORIES,
    CHANNELS,
    CONFIDENCES,
    PROVENANCES,
    RELATIONS,
    SUBDIRS,
    Alternative,
    ExternalRow,
    Scheme,
    Specs,
    VersionPolicy,
    choose,
    find_overlap,
    package_of,
    packages_of,
)
from wheelbridge.mapping.rows import Relation
from wheelbridge.model.name import is_conda_name

_TEXTS = ("reason", "upstream", "provenance", "confidence")
_LISTS = ("channels", "evidence")
_FIELDS = frozenset({"id", "relation", "alternatives", "version", "extension", "reviewed", *_TEXTS, *_LISTS})
_ALTERNATIVE_FIELDS = frozenset({"name", "when", "recipe", *CATEGORIES})
_VERSION_FIELDS = frozenset({"scheme", "apply_to", "map"})
_TEMPLATE = re.compile(r"\{\{|\$\{\{|\}\}")
_Enum = TypeVar("_Enum", bound=Enum)


def parse_external(data: object) -> tuple[ExternalRow, ...]:
    """Read a whole table as YAML loads it: a list of rows, sorted by id.

    Raises:
        InvalidExternalError: if a row is wrong, an id is there twice, or the rows are not sorted.
    """
    if not isinstance(data, list):
        raise InvalidExternalError("external", f"expected a list of rows, got {kind_of(data)}")
    rows = tuple(parse_row(entry, f"[{number}]") for number, entry in enumerate(data))
    for number, (before, after) in enumerate(pairwise(rows), start=1):
        if before.id == after.id:
            raise InvalidExternalError(f"[{number}].id", f"{after.id!r} is there twice")
        if before.id > after.id:
            raise InvalidExternalError(
                f"[{number}].id", f"{after.id!r} stands after {before.id!r}; sort the rows by id"
            )
    return rows


def parse_row(data: object, path: str) -> ExternalRow:
    """Read one row; *path* is its place, for messages.

    Raises:
        InvalidExternalError: if a field is missing, unknown, of another type or contradicts another one.
    """
    fields = read_mapping(data, path, known=_FIELDS, required=("id", "relation", "alternatives"))
    texts = {name: read_text(fields[name], f"{path}.{name}") for name in _TEXTS if name in fields}
    lists = {name: read_texts(fields[name], f"{path}.{name}") for name in _LISTS if name in fields}
    row = ExternalRow(
        id=_id(fields["id"], f"{path}.id"),
        relation=_member(Relation, fields["relation"], f"{path}.relation", RELATIONS),
        alternatives=_alternatives(fields["alternatives"], f"{path}.alternatives"),
        version=_version(fields["version"], f"{path}.version") if "version" in fields else _NO_VERSION,
        extension=read_flag(fields.get("extension", False), f"{path}.extension"),
        reviewed=_date(fields["reviewed"], f"{path}.reviewed") if "reviewed" in fields else "",
        channels=lists.get("channels", CHANNELS),
        evidence=lists.get("evidence", ()),
        **texts,
    )
    _check_row(row, path)
    return row


def render_external(row: ExternalRow) -> dict[str, object]:
    """Return the row as its file has it, what is as usual left out; parsed again it is the same row."""
    usual = ExternalRow(id=row.id, relation=row.relation)
    rendered: dict[str, object] = {"id": row.id, "relation": row.relation.value}
    rendered["alternatives"] = [_render_alternative(alternative) for alternative in row.alternatives]
    if row.version != usual.version:
        rendered["version"] = _render_version(row.version)
    for name in ("extension", *_LISTS, *_TEXTS, "reviewed"):
        if (value := getattr(row, name)) != getattr(usual, name):
            rendered[name] = list(value) if isinstance(value, tuple) else value
    return rendered


def _render_alternative(alternative: Alternative) -> dict[str, object]:
    rendered: dict[str, object] = {"name": alternative.name, "when": list(alternative.when)}
    rendered |= {category: list(alternative.of(category)) for category in CATEGORIES}
    if alternative.recipe != Specs():
        lists = {category: list(alternative.recipe.of(category)) for category in CATEGORIES}
        rendered["recipe"] = {category: texts for category, texts in lists.items() if texts}
    return rendered


def _render_version(version: VersionPolicy) -> dict[str, object]:
    rendered: dict[str, object] = {"scheme": version.scheme.value}
    if version.apply_to:
        rendered["apply_to"] = list(version.apply_to)
    if version.table:
        rendered["map"] = dict(version.table)
    return rendered


def _check_row(row: ExternalRow, path: str) -> None:
    if (row.relation is Relation.NONE) != (not row.alternatives):
        raise InvalidExternalError(path, "there are no alternatives exactly where the relation is 'none'")
    names = [alternative.name for alternative in row.alternatives]
    if twice := [name for name in names if names.count(name) > 1]:
        raise InvalidExternalError(f"{path}.alternatives", f"two are named {twice[0]!r}")
    if overlap := find_overlap(row.alternatives):
        one, other, subdir = overlap
        raise InvalidExternalError(f"{path}.alternatives", f"{one!r} and {other!r} are both for {subdir}")
    if missing := [name for name in row.version.apply_to if name not in packages_of(row)]:
        raise InvalidExternalError(f"{path}.version.apply_to", f"no alternative installs {missing[0]!r}")
    _check_account(row, path)


def _check_account(row: ExternalRow, path: str) -> None:
    """Refuse a curated row that nobody could question: without reason, evidence or date."""
    for name, known in (("provenance", PROVENANCES), ("confidence", CONFIDENCES)):
        if (value := getattr(row, name)) not in known:
            raise InvalidExternalError(f"{path}.{name}", f"{value!r} is none of {', '.join(known)}")
    if not row.channels:
        raise InvalidExternalError(f"{path}.channels", "it holds for no channel")
    if row.provenance == "curated":
        for name in ("reason", "evidence", "reviewed"):
            if not getattr(row, name):
                raise InvalidExternalError(path, f"a curated row needs the field {name!r}")


def _alternatives(data: object, path: str) -> tuple[Alternative, ...]:
    return tuple(_alternative(entry, f"{path}[{number}]") for number, entry in enumerate(read_list(data, path)))


def _alternative(data: object, path: str) -> Alternative:
    fields = read_mapping(data, path, known=_ALTERNATIVE_FIELDS, required=("name", "when"))
    when = read_texts(fields["when"], f"{path}.when")
    if not when:
        raise InvalidExternalError(f"{path}.when", "it holds for no platform; '*' is for all")
    for number, glob in enumerate(when):
        if not any(Alternative(name="", when=(glob,)).fits(subdir) for subdir in SUBDIRS):
            raise InvalidExternalError(
                f"{path}.when[{number}]", f"{glob!r} is no subdir of conda's, nor a glob over some"
            )
    recipe = read_mapping(fields.get("recipe", {}), f"{path}.recipe", known=frozenset(CATEGORIES))
    alternative = Alternative(
        name=read_text(fields["name"], f"{path}.name"),
        when=when,
        **_lists(fields, path),
        recipe=Specs(**_lists(recipe, f"{path}.recipe")),
    )
    for category in CATEGORIES:
        for number, spec in enumerate(alternative.of(category)):
            _check_spec(spec, f"{path}.{category}[{number}]")
    return alternative


def _lists(fields: Mapping[str, object], path: str) -> dict[str, tuple[str, ...]]:
    return {category: read_texts(fields.get(category, []), f"{path}.{category}") for category in CATEGORIES}


def _check_spec(spec: str, path: str) -> None:
    if _TEMPLATE.search(spec):
        raise InvalidExternalError(path, f"{spec!r} is a template of recipes, no MatchSpec; it belongs under 'recipe'")
    if not is_conda_name(package_of(spec)):
        raise InvalidExternalError(path, f"{spec!r} is no MatchSpec: it names no package")


def _version(data: object, path: str) -> VersionPolicy:
    fields = read_mapping(data, path, known=_VERSION_FIELDS, required=("scheme",))
    scheme = _member(Scheme, fields["scheme"], f"{path}.scheme", tuple(Scheme))
    apply_to = read_texts(fields.get("apply_to", []), f"{path}.apply_to")
    table = tuple(
        (read_text(version, f"{path}.map"), read_text(spec, f"{path}.map"))
        for version, spec in read_mapping(fields.get("map", {}), f"{path}.map").items()
    )
    if (scheme is Scheme.MAP) != bool(table):
        raise InvalidExternalError(f"{path}.map", "it is there exactly where the scheme is 'map'")
    if (scheme in {Scheme.NONE, Scheme.CALENDAR_STD}) == bool(apply_to):
        raise InvalidExternalError(
            f"{path}.apply_to", f"with the scheme {scheme.value!r} it must {'not ' * bool(apply_to)}name packages"
        )
    return VersionPolicy(scheme=scheme, apply_to=apply_to, table=table)


def _id(data: object, path: str) -> str:
    try:
        return normalize_id(read_text(data, path))
    except InvalidExternalIdError as error:
        raise InvalidExternalError(path, error.message) from None


def _date(data: object, path: str) -> str:
    """Accept a date as YAML reads it, or its text."""
    text = data.isoformat() if type(data) is date else data
    try:
        if isinstance(text, str) and date.fromisoformat(text).isoformat() == text:
            return text
    except ValueError:
        pass
    raise InvalidExternalError(path, f"{text!r} is no date; write it like 2026-11-21")


def _member(kind: type[_Enum], data: object, path: str, known: Iterable[_Enum]) -> _Enum:
    found = next((member for member in known if member.value == data), None)
    if found is None:
        raise InvalidExternalError(path, f"{data!r} is none of {', '.join(str(member.value) for member in known)}")
    return kind(found)


_NO_VERSION = VersionPolicy(scheme=Scheme.NONE)

__all__ = [
    "CATEGORIES",
    "SUBDIRS",
    "Alternative",
    "ExternalRow",
    "InvalidExternalError",
    "Scheme",
    "Specs",
    "VersionPolicy",
    "choose",
    "package_of",
    "packages_of",
    "parse_external",
    "parse_row",
    "render_external",
]
