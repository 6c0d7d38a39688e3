"""Overlays: rows of somebody's own, put over the tables that come with wheelbridge, below them, or in their place."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

from packaging.utils import InvalidName

from wheelbridge.errors import WheelbridgeError
from wheelbridge.mapping.external.layers import Mode
from wheelbridge.mapping.generate import render_layer
from wheelbridge.mapping.lines import SortedLines
from wheelbridge.mapping.lookup import Layer
from wheelbridge.mapping.overrides import FIELDS, InvalidOverrideError, Override, compile_overrides, parse_overrides
from wheelbridge.model.name import canonicalize_name

if TYPE_CHECKING:
    from wheelbridge.mapping.external.rows import ExternalRow
    from wheelbridge.mapping.natives.wheels import WheelRow

SECTIONS = frozenset({"names", "external", "wheels"})
"""Keys of a map that are no projects."""

_EVERYWHERE = "conda-forge"
"""The channel that rows are for which name none; its names are always known."""
_FORMS = "Write `project: package`, `project: null` (in TOML, false), or a row with 'conda', 'relation' and 'specs'."
_EXTERNAL = "A row is one of mappings/external/conda-forge.yaml; reason and evidence may be missing."
_WHEELS = "A row is one of mappings/wheels/conda-forge.yaml; reason, evidence and date may be missing."
_PLACE = re.compile(r"\[(\d+)\]")


class InvalidMapError(WheelbridgeError):
    """A map of somebody's own breaks a rule; *path* says where in it."""

    code = "invalid-map"
    exit_code = 2

    def __init__(self, name: str, path: str, problem: str, *, hint: str = _FORMS) -> None:
        super().__init__(f"{name}: {path}: {problem}" if path else f"{name}: {problem}", hint=hint)
        self.map = name
        self.path = path
        self._problem = problem

    @property
    def problem(self) -> str:
        """What is wrong, without the place."""
        return self._problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlay:
    """A map of somebody's own.

    Attributes:
        name: what people call it; its layers go by that name.
        rows: at most one for a project and a channel.
        external: rows of external ids.
        wheels: what wheels need besides what their metadata say; a project may have several rows.
        mode: what becomes of the tables below.
    """

    name: str
    rows: tuple[Override, ...] = ()
    external: "tuple[ExternalRow, ...]" = ()
    wheels: "tuple[WheelRow, ...]" = ()
    mode: Mode = Mode.PATCH

    def layers(self, channels: Iterable[str] = ()) -> Iterator[Layer]:
        """Yield its layers: the rows of each of *channels*, in their order, then those that hold everywhere."""
        for channel in dict.fromkeys(channels):
            if channel != _EVERYWHERE and any(channel in row.channels for row in self.rows):
                yield self._layer(f"{self.name} ({channel})", channel)
        yield self._layer(self.name, _EVERYWHERE)

    def _layer(self, name: str, channel: str) -> Layer:
        files = render_layer(compile_overrides(self.rows, channel))
        return Layer(name, SortedLines(files.projects.encode()), SortedLines(files.packages.encode()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """Where the layers of overlays go; the fields are parameters of `wheelbridge.tables.load_names`."""

    above: tuple[Layer, ...] = ()
    below: tuple[Layer, ...] = ()
    alone: bool = False


class HasMode(Protocol):
    """An overlay, or what says where to find one."""

    @property
    def mode(self) -> Mode:
        """What becomes of the tables below."""


_Moded = TypeVar("_Moded", bound=HasMode)


def effective(overlays: Iterable[_Moded]) -> tuple[_Moded, ...]:
    """Return those of *overlays*, the nearest first, that count: nothing behind the first one to be used alone.

    >>> near, alone, far = Overlay(name="near"), Overlay(name="alone", mode=Mode.USE), Overlay(name="far")
    >>> [overlay.name for overlay in effective([near, alone, far])]
    ['near', 'alone']
    """
    found: list[_Moded] = []
    for overlay in overlays:
        found.append(overlay)
        if overlay.mode is Mode.USE:
            break
    return tuple(found)


def stack_overlays(overlays: Iterable[Overlay], channels: Iterable[str] = ()) -> Stack:
    """Put *overlays*, the nearest first, over the tables, below them, or in their place.

    What is nearer wins; of what extends, too. One that is used alone takes nothing away from the nearer ones.
    """
    counting, names = effective(overlays), tuple(channels)
    above = (overlay for overlay in counting if overlay.mode is not Mode.EXTEND)
    below = (overlay for overlay in counting if overlay.mode is Mode.EXTEND)
    return Stack(
        above=tuple(layer for overlay in above for layer in overlay.layers(names)),
        below=tuple(layer for overlay in below for layer in overlay.layers(names)),
        alone=any(overlay.mode is Mode.USE for overlay in counting),
    )


def parse_overlay(data: object, name: str, mode: Mode = Mode.PATCH) -> Overlay:
    """Read a map as YAML, JSON or TOML load it: a list of rows, the short form, or either below the key ``names``.

    The short form says ``project: package``, ``project: null`` (or ``[]``, or ``false``) where there is known to be
    none, or ``project:`` with a row that need not say which project it is for. Names of projects may have any spelling.
    Beside ``names``, the keys ``external`` and ``wheels`` hold lists of rows of those tables.

    >>> parse_overlay({"Zope.Interface": "zope.interface", "nothing": None}, "mine").rows[0].pypi
    'zope-interface'

    Raises:
        InvalidMapError: if it has another form, or a row breaks a rule.
    """
    path, section = _names_of(data, name)
    places = list(_read(section, path, name))
    try:
        rows = parse_overrides([row for _, row in places], own=True)
    except InvalidOverrideError as error:
        number = _PLACE.fullmatch(error.path)
        place = places[int(number[1])][0] if number else path
        raise InvalidMapError(name, place, error.problem) from None
    return Overlay(
        name=name, rows=rows, external=_read_external(data, name), wheels=_read_wheels(data, name), mode=mode
    )


def _names_of(data: object, name: str) -> tuple[str, object]:
    """Return what a map says of names, and the way to it."""
    if not isinstance(data, Mapping) or not SECTIONS & data.keys():
        return "", data
    if other := next((key for key in data if key not in SECTIONS), None):
        raise InvalidMapError(name, str(other), "it stands beside 'names'", hint="Put it below 'names'.")
    section = data.get("names")
    if not isinstance(section, Mapping | list | None):
        raise InvalidMapError(name, "names", f"it must be a list of rows or a mapping, not {section!r}")
    return "names", section


def _read(section: object, path: str, name: str) -> Iterator[tuple[str, object]]:
    """Yield the place of every row, and the row with all that it has to have."""
    if isinstance(section, Mapping):
        for key, value in section.items():
            place = f"{path}.{key}" if path else str(key)
            if not isinstance(key, str):
                raise InvalidMapError(name, place, f"{key!r} is no project", hint="Put quotes around it.")
            yield place, _complete(_expand(key, _tidy(value, place, name), place, name), place, name)
    elif isinstance(section, list):
        for number, value in enumerate(section):
            place = f"{path}[{number}]"
            yield place, _complete(_tidy(value, place, name), place, name)
    elif section is not None:
        raise InvalidMapError(name, path, f"a map is a list of rows or a mapping, not {section!r}")


def _read_external(data: object, name: str) -> "tuple[ExternalRow, ...]":
    """Return the rows below the key ``external``; of somebody's own, nobody else has to be convinced."""
    section = data.get("external") if isinstance(data, Mapping) else None
    if section is None:
        return ()
    from wheelbridge.mapping.external.parsing import (  # noqa: PLC0415 - few maps have them
        InvalidExternalError,
        parse_row,
    )

    if not isinstance(section, list):
        raise InvalidMapError(name, "external", "it must be a list of rows", hint=_EXTERNAL)
    _refuse_channels(section, "external", name)
    rows = []
    for number, entry in enumerate(section):
        try:
            rows.append(parse_row({"provenance": "upstream", **entry} if isinstance(entry, Mapping) else entry, ""))
        except InvalidExternalError as error:
            raise InvalidMapError(name, f"external[{number}]{error.path}", error.problem, hint=_EXTERNAL) from None
    if twice := next((row.id for row in rows if [one.id for one in rows].count(row.id) > 1), None):
        raise InvalidMapError(name, "external", f"{twice!r} is there twice", hint=_EXTERNAL)
    return tuple(rows)


def _refuse_channels(section: list[object], key: str, name: str) -> None:
    """Refuse rows for some channels: a row of a map counts wherever a channel serves its packages."""
    for number, row in enumerate(section):
        if isinstance(row, Mapping) and "channels" in row:
            place = f"{key}[{number}].channels"
            raise InvalidMapError(name, place, "a row of a map is for every channel", hint="Leave the field out.")


def _read_wheels(data: object, name: str) -> "tuple[WheelRow, ...]":
    """Return the rows below the key ``wheels``; of somebody's own, nobody else has to be convinced."""
    section = data.get("wheels") if isinstance(data, Mapping) else None
    if section is None:
        return ()
    from wheelbridge.mapping.natives.fields import InvalidTableRowError  # noqa: PLC0415 - few maps have them
    from wheelbridge.mapping.natives.wheels import parse_wheel_rows  # noqa: PLC0415 - as above

    if not isinstance(section, list):
        raise InvalidMapError(name, "wheels", "it must be a list of rows", hint=_WHEELS)
    _refuse_channels(section, "wheels", name)
    rows = [_name_project(row, f"wheels[{number}].pypi", name) for number, row in enumerate(section)]
    try:
        return parse_wheel_rows(rows, own=True)
    except InvalidTableRowError as error:
        raise InvalidMapError(name, f"wheels{error.path}", error.problem, hint=_WHEELS) from None


def _expand(project: str, value: object, place: str, name: str) -> object:
    """Return the row that the short form stands for."""
    if isinstance(value, str):
        return {"pypi": project, "conda": value, "relation": "dist"}
    if value is None or value is False or value == []:
        return {"pypi": project, "conda": None, "relation": "none"}
    if not isinstance(value, Mapping):
        raise InvalidMapError(name, place, f"{value!r} is no answer")
    if "pypi" in value:
        raise InvalidMapError(name, place, "the project is named twice", hint="Take the field 'pypi' away.")
    if not {"conda", "relation"} & value.keys():
        nested = "" if FIELDS & value.keys() else "Put quotes around a name with a dot. "
        raise InvalidMapError(name, place, "it names no conda package", hint=f"{nested}{_FORMS}")
    return {"pypi": project, "relation": "dist" if value.get("conda") else "none", **value}


def _complete(row: object, place: str, name: str) -> object:
    """Normalize the project, and let a row say ``conda = false``, or nothing, where TOML has no null."""
    if not isinstance(row, Mapping):
        return row
    found = dict(row)
    if found.get("conda") is False or ("conda" not in found and found.get("relation") == "none"):
        found["conda"] = None
    return _name_project(found, place, name)


def _name_project(row: object, place: str, name: str) -> object:
    """Normalize the project of a row."""
    if not isinstance(row, Mapping) or not isinstance(project := row.get("pypi"), str):
        return row
    try:
        return {**row, "pypi": canonicalize_name(project, validate=True)}
    except InvalidName:
        raise InvalidMapError(name, place, f"{project!r} cannot name a project (PEP 508)") from None


def _tidy(value: object, place: str, name: str) -> object:
    """Return *value* with its texts on one line each, as the look-up files need them."""
    if isinstance(value, str):
        if any("\ud800" <= char <= "\udfff" for char in value):
            raise InvalidMapError(name, place, f"{value!r} is no text in UTF-8", hint="Write it with other characters.")
        return " ".join(value.split())
    if isinstance(value, list):
        return [_tidy(item, place, name) for item in value]
    if isinstance(value, Mapping):
        return {key: _tidy(item, f"{place}.{key}", name) for key, item in value.items()}
    return value
