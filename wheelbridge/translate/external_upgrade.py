"""The ``[external]`` table of an earlier draft of PEP 725, brought to the current one: on values, not on files."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from wheelbridge.mapping.external.fields import kind_of
from wheelbridge.mapping.external.generations import KEYS, upgrade_key, upgrade_specifier
from wheelbridge.model.external import ExternalSpecifier, InvalidDepURLError
from wheelbridge.translate.external_table import ExternalTable, InvalidExternalTableError, Upgrade

TABLE = "external"
_INCLUDE = "include-group"
_GROUPS = "dependency-groups"
_MERGED = "the key is there in both spellings, and their values cannot be put together"


@dataclass(frozen=True, slots=True)
class Leftover:
    """What cannot be upgraded mechanically: where it is, and why."""

    path: str
    reason: str

    def as_json(self) -> dict[str, object]:
        """Return it ready for ``json.dumps``."""
        return {"path": self.path, "reason": self.reason}


@dataclass(frozen=True, slots=True, kw_only=True)
class UpgradePlan:
    """What becomes of an ``[external]`` table.

    Attributes:
        data: the table as it will be; leftovers stay in it as they are.
        upgrades: what changes.
        leftovers: what somebody has to look at.
    """

    data: object
    upgrades: tuple[Upgrade, ...] = ()
    leftovers: tuple[Leftover, ...] = ()


def plan_upgrade(data: object) -> UpgradePlan:
    """Say how *data*, the value of ``[external]``, is written today.

    >>> plan_upgrade({"build-host-requires": ["pkg:generic/zlib"]}).data
    {'host-requires': ['dep:generic/zlib']}

    Without leftovers, the result follows the current draft. Where a key is there in an old and in the current spelling,
    the values are put together, without what is there already.
    """
    planner = _Planner()
    upgraded = planner.table(data)
    if not planner.leftovers:
        try:
            ExternalTable.parse(upgraded)
        except InvalidExternalTableError as error:
            planner.leave(error.path, error.message.removeprefix(f"{error.path}: "))
    return UpgradePlan(data=upgraded, upgrades=tuple(planner.upgrades), leftovers=tuple(planner.leftovers))


def current_key(key: str) -> str:
    """Return what a key of the table is called today.

    >>> current_key("build_host_requires"), current_key("unknown")
    ('host-requires', 'unknown')
    """
    return upgrade_key(key) or key


def holder_of(keys: Sequence[str]) -> str:
    """Return the one of *keys*, spellings of one key, that takes in the others: the current one, or the first."""
    return next((key for key in keys if key in KEYS), keys[0])


def find_new(values: Sequence[object], there: Sequence[object]) -> Iterator[int]:
    """Yield the places of *values* that *there* lacks, each once; spelling does not matter.

    >>> list(find_new(["dep:generic/a", "dep:GENERIC/b", "dep:generic/b"], ["dep:generic/a"]))
    [1]
    """
    seen = list(map(_meaning, there))
    for number, value in enumerate(values):
        if (meaning := _meaning(value)) not in seen:
            seen.append(meaning)
            yield number


class _Planner:
    """Upgrades a table part by part, and puts down what changes and what cannot be changed."""

    def __init__(self) -> None:
        self.upgrades: list[Upgrade] = []
        self.leftovers: list[Leftover] = []

    def leave(self, path: str, reason: str) -> None:
        self.leftovers.append(Leftover(path, reason))

    def table(self, data: object) -> object:
        if not isinstance(data, Mapping):
            self.leave(TABLE, f"expected a table, got {kind_of(data)}")
            return data
        spellings: dict[str, list[str]] = {}
        for key in data:
            spellings.setdefault(current_key(key), []).append(key)
        upgraded = {key: self._value(f"{TABLE}.{key}", data[key], current_key(key)) for key in data}
        return {key: self._merge(key, keys, upgraded) for key, keys in _in_place(spellings, data)}

    def _value(self, path: str, value: object, key: str) -> object:
        if key not in KEYS:
            self.leave(path, "PEP 725 has no such key")
            return value
        if key != path.removeprefix(f"{TABLE}."):
            self.upgrades.append(Upgrade(path, path.removeprefix(f"{TABLE}."), key))
        if not key.startswith("optional-") and key != _GROUPS:
            return self._list(path, value, includes=False)
        if not isinstance(value, Mapping):
            self.leave(path, f"expected a table, got {kind_of(value)}")
            return value
        return {name: self._list(f"{path}.{name}", item, includes=key == _GROUPS) for name, item in value.items()}

    def _list(self, path: str, value: object, *, includes: bool) -> object:
        if not isinstance(value, list):
            self.leave(path, f"expected an array of texts, got {kind_of(value)}")
            return value
        return [self._item(f"{path}[{number}]", item, includes=includes) for number, item in enumerate(value)]

    def _item(self, path: str, value: object, *, includes: bool) -> object:
        if isinstance(value, str):
            return self._text(path, value)
        if not (includes and isinstance(value, Mapping) and set(value) == {_INCLUDE}):
            kind = "a table" if isinstance(value, Mapping) else kind_of(value)
            self.leave(path, f"expected a text such as 'dep:generic/zlib@>=1.2', got {kind}")
        return value

    def _text(self, path: str, text: str) -> str:
        upgraded = upgrade_specifier(text)
        try:
            ExternalSpecifier.parse(upgraded or text)
        except InvalidDepURLError as error:
            self.leave(path, error.message)
            return text
        if upgraded is None:
            return text
        self.upgrades.append(Upgrade(path, text, upgraded))
        return upgraded

    def _merge(self, key: str, keys: Sequence[str], upgraded: Mapping[str, object]) -> object:
        holder, *others = (upgraded[one] for one in (holder_of(keys), *(one for one in keys if one != holder_of(keys))))
        for other in others:
            if isinstance(holder, list) and isinstance(other, list):
                holder = _join(holder, other)
            elif isinstance(holder, dict) and isinstance(other, dict):
                holder = {name: _join_named(name, holder, other) for name in {**holder, **other}}
            else:
                self.leave(f"{TABLE}.{key}", _MERGED)
        return holder


def _in_place(spellings: Mapping[str, list[str]], data: Mapping[str, object]) -> Iterator[tuple[str, list[str]]]:
    """Yield keys with their spellings, in the order of those that take in the others."""
    for key in data:
        keys = spellings[current_key(key)]
        if key == holder_of(keys):
            yield current_key(key), keys


def _join(there: Sequence[object], more: Sequence[object]) -> list[object]:
    return [*there, *(more[number] for number in find_new(more, there))]


def _join_named(name: str, holder: Mapping[str, object], other: Mapping[str, object]) -> object:
    one, two = holder.get(name, []), other.get(name, [])
    return _join(one, two) if isinstance(one, list) and isinstance(two, list) else holder.get(name, two)


def _meaning(value: object) -> object:
    """Return what two spellings of one dependency have in common."""
    try:
        return str(ExternalSpecifier.parse(value)) if isinstance(value, str) else value
    except InvalidDepURLError:
        return value
