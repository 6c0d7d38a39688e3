"""The ``[external]`` table of pyproject.toml (PEP 725), read and checked."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self, TypeVar

from packaging.utils import InvalidName, canonicalize_name

from wheelbridge.errors import WheelbridgeError
from wheelbridge.mapping.external.fields import kind_of
from wheelbridge.mapping.external.generations import KEYS, upgrade_key, upgrade_specifier
from wheelbridge.mapping.external.rows import CATEGORIES
from wheelbridge.model.external import ExternalSpecifier, InvalidDepURLError, OutdatedDepURLError
from wheelbridge.translate.markers import find_extras

Specifiers = tuple[ExternalSpecifier, ...]

_TABLE = "external"
_REQUIRED = dict(zip(("build-requires", "host-requires", "dependencies"), CATEGORIES, strict=True))
_OPTIONAL = dict(
    zip(("optional-build-requires", "optional-host-requires", "optional-dependencies"), CATEGORIES, strict=True)
)
_GROUPS = "dependency-groups"
_INCLUDE = "include-group"
_KNOWN = f"PEP 725 has {', '.join(map(repr, KEYS[:-1]))} and {KEYS[-1]!r}, and nothing else."
_EXAMPLE = '"dep:generic/zlib@>=1.2"'
_UPGRADE = "Run `wheelbridge external upgrade` on the file."
_Read = TypeVar("_Read")


class InvalidExternalTableError(WheelbridgeError):
    """An ``[external]`` table breaks a rule of PEP 725; *path* says where."""

    code = "invalid-external-table"

    def __init__(self, path: str, problem: str, *, hint: str | None = _KNOWN) -> None:
        super().__init__(f"{path}: {problem}", hint=hint)
        self.path = path


@dataclass(frozen=True, slots=True)
class Upgrade:
    """One thing that an earlier draft of PEP 725 wrote in another way: where, what is there, what to write."""

    path: str
    old: str
    new: str

    def as_json(self) -> dict[str, object]:
        """Return it ready for ``json.dumps``."""
        return {"path": self.path, "old": self.old, "new": self.new}


class OutdatedExternalTableError(InvalidExternalTableError):
    """An ``[external]`` table is written as an earlier draft of PEP 725 had it; *upgrades* lists all there is to do."""

    code = "outdated-external-table"

    def __init__(self, upgrades: Sequence[Upgrade]) -> None:
        first, *others = upgrades
        more = f", and {len(others)} more" if others else ""
        problem = f"{first.old!r} is of an earlier draft of PEP 725; it is {first.new!r} today{more}"
        super().__init__(first.path, problem, hint=_UPGRADE)
        self.upgrades = tuple(upgrades)

    def as_json(self) -> dict[str, object]:
        """Return the fields, ready for ``json.dumps``."""
        return {**super().as_json(), "upgrades": [upgrade.as_json() for upgrade in self.upgrades]}


class UnknownExternalGroupError(WheelbridgeError):
    """An extra or a dependency group was asked for that an ``[external]`` table does not have; *known* lists them."""

    code = "unknown-external-group"

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        self.kind = kind
        self.name = name
        self.known = tuple(sorted(known))
        hint = f"There is {', '.join(self.known)}." if self.known else f"The table has no {kind} at all."
        super().__init__(f"The [external] table has no {kind} {name!r}", hint=hint)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalTable:
    """What a project needs that is not on the Python index.

    Attributes:
        requires: by category, one of `CATEGORIES`; all of them are there.
        optional: by category and extra, normalized.
        groups: by dependency group (PEP 735), normalized; what they include is in them.
    """

    requires: Mapping[str, Specifiers] = field(default_factory=lambda: dict.fromkeys(CATEGORIES, ()))
    optional: Mapping[str, Mapping[str, Specifiers]] = field(default_factory=lambda: {one: {} for one in CATEGORIES})
    groups: Mapping[str, Specifiers] = field(default_factory=dict)

    @classmethod
    def parse(cls, data: object) -> Self:
        """Read *data*, the value of ``[external]``.

        >>> table = ExternalTable.parse({"host-requires": ["dep:generic/zlib@>=1.2"]})
        >>> [str(specifier) for specifier in table.requires["host"]]
        ['dep:generic/zlib@>=1.2']

        Raises:
            OutdatedExternalTableError: if all that is wrong with it is that it follows an earlier draft of PEP 725.
            InvalidExternalTableError: if it breaks a rule.
        """
        reader = _Reader()
        table = reader.read(data)
        if reader.upgrades:
            raise OutdatedExternalTableError(reader.upgrades)
        return cls(requires=table.requires, optional=table.optional, groups=table.groups)

    @property
    def extras(self) -> frozenset[str]:
        """The extras that any of the optional tables has, or that a marker names."""
        lists = [*self.requires.values(), *self.groups.values()]
        lists += (specifiers for groups in self.optional.values() for specifiers in groups.values())
        markers = {str(one.marker) for specifiers in lists for one in specifiers if one.marker}
        named = (extra for marker in markers for extra in find_extras(marker))
        return frozenset([*(extra for groups in self.optional.values() for extra in groups), *named])

    def select(self, extras: Iterable[str] = (), groups: Iterable[str] = ()) -> Mapping[str, Specifiers]:
        """Return what is needed with *extras* and *groups*, by category, each once; groups count as needed to run.

        Raises:
            UnknownExternalGroupError: if the table does not have one of them.
        """
        wanted = [_known("extra", name, self.extras) for name in extras]
        run = [item for name in groups for item in self.groups[_known("dependency group", name, self.groups)]]
        return {
            category: tuple(
                dict.fromkeys(
                    [
                        *self.requires[category],
                        *(item for extra in wanted for item in self.optional[category].get(extra, ())),
                        *(run if category == "run" else ()),
                    ]
                )
            )
            for category in CATEGORIES
        }


def _known(kind: str, name: str, known: Iterable[str]) -> str:
    normalized = canonicalize_name(name)
    if normalized not in known:
        raise UnknownExternalGroupError(kind, name, known)
    return normalized


class _Reader:
    """Reads one table; what is only old is put down in *upgrades*, and read as it is written today."""

    def __init__(self) -> None:
        self.upgrades: list[Upgrade] = []

    def read(self, data: object) -> ExternalTable:
        fields = self._keys(_mapping(data, _TABLE))
        return ExternalTable(
            requires={category: self._list(fields.get(key)) for key, category in _REQUIRED.items()},
            optional={category: self._extras(fields.get(key)) for key, category in _OPTIONAL.items()},
            groups=self._groups(fields.get(_GROUPS)),
        )

    def _keys(self, fields: Mapping[str, object]) -> Mapping[str, tuple[str, object]]:
        """Return key -> path and value. PEP 725: "No tools may add fields to this table".

        A key in two spellings is old as well: an upgrade makes one of them.
        """
        found: dict[str, tuple[str, object]] = {}
        for key, value in fields.items():
            path = f"{_TABLE}.{key}"
            current = upgrade_key(key) or key
            if current not in KEYS:
                raise InvalidExternalTableError(path, "there is no such key")
            if current in found:
                again = _Reader()
                again.read({key: value})
                self.upgrades += again.upgrades
                continue
            if current != key:
                self.upgrades.append(Upgrade(path, key, current))
            found[current] = path, value
        return found

    def _list(self, entry: tuple[str, object] | None) -> Specifiers:
        if entry is None:
            return ()
        path, data = entry
        return tuple(self._specifier(item, f"{path}[{number}]") for number, item in enumerate(_list(data, path)))

    def _specifier(self, data: object, path: str) -> ExternalSpecifier:
        if not isinstance(data, str):
            hint = "Write a text such as 'dep:generic/nodejs@>=14'."
            raise InvalidExternalTableError(path, f"expected a text, got {kind_of(data)}", hint=hint)
        try:
            return ExternalSpecifier.parse(data)
        except OutdatedDepURLError as error:
            self.upgrades.append(Upgrade(path, error.text, error.upgraded))
            return ExternalSpecifier.parse(upgrade_specifier(data) or error.upgraded)
        except InvalidDepURLError as error:
            raise InvalidExternalTableError(path, error.message, hint=error.hint) from None

    def _extras(self, entry: tuple[str, object] | None) -> Mapping[str, Specifiers]:
        return {} if entry is None else _by_name(entry, "extra", lambda path, data: self._list((path, data)))

    def _groups(self, entry: tuple[str, object] | None) -> Mapping[str, Specifiers]:
        """Read all groups, whichever are asked for.

        PEP 735 would have tools "not eagerly validate the list contents of all Dependency Groups"; here PEP 725 goes
        before: "If metadata is improperly specified then tools MUST raise an error".
        """
        if entry is None:
            return {}
        groups = _by_name(entry, "dependency group", self._group)
        return _Includes(groups).resolve()

    def _group(self, path: str, data: object) -> "list[ExternalSpecifier | _Include]":
        return [
            _include(item, f"{path}[{number}]")
            if isinstance(item, Mapping)
            else self._specifier(item, f"{path}[{number}]")
            for number, item in enumerate(_list(data, path))
        ]


@dataclass(frozen=True, slots=True)
class _Include:
    """``{include-group = "…"}``; *path* is its place."""

    group: str
    path: str


@dataclass(frozen=True, slots=True)
class _Includes:
    """Dependency groups whose includes are still to be followed."""

    groups: Mapping[str, Sequence[ExternalSpecifier | _Include]]
    resolved: dict[str, Specifiers] = field(default_factory=dict)

    def resolve(self) -> Mapping[str, Specifiers]:
        """Return the groups with what they include in its place.

        PEP 735: "Dependency Group Includes MUST NOT include cycles, and tools SHOULD report an error".
        """
        try:
            return {name: self._follow(name, ()) for name in self.groups}
        except RecursionError:
            raise InvalidExternalTableError(f"{_TABLE}.{_GROUPS}", "the groups are nested too deeply") from None

    def _follow(self, name: str, chain: tuple[str, ...]) -> Specifiers:
        if name not in self.resolved:
            self.resolved[name] = tuple(dict.fromkeys(self._items(name, (*chain, name))))
        return self.resolved[name]

    def _items(self, name: str, chain: tuple[str, ...]) -> Iterator[ExternalSpecifier]:
        for item in self.groups[name]:
            if isinstance(item, ExternalSpecifier):
                yield item
                continue
            way = " -> ".join((*chain, item.group))
            if item.group in chain:
                hint = "Take one of the includes away."
                raise InvalidExternalTableError(item.path, f"the group includes itself: {way}", hint=hint)
            if item.group not in self.groups:
                hint = f"There is {', '.join(self.groups)}."
                raise InvalidExternalTableError(item.path, f"there is no group {item.group!r}: {way}", hint=hint)
            yield from self._follow(item.group, chain)


def _include(data: Mapping[object, object], path: str) -> _Include:
    group = data.get(_INCLUDE)
    if set(data) != {_INCLUDE} or not isinstance(group, str):
        hint = "Write {include-group = \"name\"}, or a text such as 'dep:generic/nodejs@>=14'."
        raise InvalidExternalTableError(path, "the table is no include of a group (PEP 735)", hint=hint)
    return _Include(canonicalize_name(group), path)


def _by_name(entry: tuple[str, object], what: str, read: Callable[[str, object], _Read]) -> Mapping[str, _Read]:
    """Read a table of names; PEP 735 and 685: they are normalized, and two must not be the same then."""
    path, data = entry
    found: dict[str, _Read] = {}
    spelled: dict[str, str] = {}
    for name, value in _mapping(data, path).items():
        place = f"{path}.{name}"
        try:
            normalized = canonicalize_name(name, validate=True)
        except InvalidName:
            hint = "Names have ASCII letters, digits, '-', '_' and '.', and begin and end with a letter or digit."
            raise InvalidExternalTableError(place, f"{name!r} is no name of an extra or a group", hint=hint) from None
        if normalized in found:
            problem = f"{name!r} is the same {what} as {spelled[normalized]!r}"
            raise InvalidExternalTableError(place, problem, hint=f"Both are {normalized!r} when normalized.")
        found[normalized], spelled[normalized] = read(place, value), name
    return found


def _mapping(data: object, path: str) -> Mapping[str, object]:
    if not isinstance(data, Mapping) or not all(isinstance(key, str) for key in data):
        hint = f"Write a table: [{path}]." if path == _TABLE else "Write a table of lists, a name for each."
        raise InvalidExternalTableError(path, f"expected a table, got {kind_of(data)}", hint=hint)
    return data


def _list(data: object, path: str) -> Sequence[object]:
    if not isinstance(data, list):
        written = f'"{data}"' if isinstance(data, str) else _EXAMPLE
        hint = f"Write a list: [{written}]."
        raise InvalidExternalTableError(path, f"expected an array of texts, got {kind_of(data)}", hint=hint)
    return data
