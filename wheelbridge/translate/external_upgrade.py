"""The ``[external]`` table of an earlier draft of PEP 725, brought to the current one: on values, not on files."""

from collections.abc import Callable, Iterator, Mapping, Sequence
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
        kept: keys, as they are called today, whose several spellings stay as they are.
    """

    data: object
    upgrades: tuple[Upgrade, ...] = ()
    leftovers: tuple[Leftover, ...] = ()
    kept: frozenset[str] = frozenset()


def plan_upgrade(data: object, kept: Mapping[str, str] | None = None) -> UpgradePlan:
    """Say how *data*, the value of ``[external]``, is written today; *kept* are keys that stay as they are, and why.

    >>> plan_upgrade({"build-host-requires": ["pkg:generic/zlib"]}).data
    {'host-requires': ['dep:generic/zlib']}

    Without leftovers, the result follows the current draft. Where a key is there in an old and in the current spelling,
    the values are put together, without what is there already.
    """
    planner = _Planner(kept or {})
    upgraded = planner.table(data)
    if not planner.leftovers:
        try:
            ExternalTable.parse(upgraded)
        except InvalidExternalTableError as error:
            planner.leave(error.path, error.message.removeprefix(f"{error.path}: "))
    return UpgradePlan(
        data=upgraded,
        upgrades=tuple(planner.upgrades),
        leftovers=tuple(planner.leftovers),
        kept=frozenset(planner.kept),
    )


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

    def __init__(self, kept: Mapping[str, str]) -> None:
        self.upgrades: list[Upgrade] = []
        self.leftovers: list[Leftover] = []
        self.kept = dict(kept)

    def leave(self, path: str, reason: str) -> None:
        self.leftovers.append(Leftover(path, reason))

    def table(self, data: object) -> object:
        if not isinstance(data, Mapping):
            self.leave(TABLE, f"expected a table, got {kind_of(data)}")
            return data
        spellings: dict[str, list[str]] = {}
        for key in data:
            spellings.setdefault(current_key(key), []).append(key)
        self.kept |= {
            current: _MERGED for current, keys in spellings.items() if not _are_alike([data[key] for key in keys])
        }
        for current in self.kept:
            self.leave(f"{TABLE}.{next(key for key in spellings[current] if key != current)}", self.kept[current])
        changing = {key: value for key, value in data.items() if current_key(key) not in self.kept}
        upgraded = {key: self._value(f"{TABLE}.{key}", value, current_key(key)) for key, value in changing.items()}
        merged = {key: _merge([upgraded[one] for one in keys]) for key, keys in _in_place(spellings, changing)}
        return {key: value for key, value in data.items() if key not in changing} | merged

    def _value(self, path: str, value: object, key: str) -> object:
        if key not in KEYS:
            self.leave(path, "PEP 725 has no such key")
            return value
        if key != path.removeprefix(f"{TABLE}."):
            self.upgrades.append(Upgrade(path, path.removeprefix(f"{TABLE}."), key))
        if not key.startswith("optional-") and key != _GROUPS:
            return self._list(path, value, self._item)
        if not isinstance(value, Mapping):
            self.leave(path, f"expected a table, got {kind_of(value)}")
            return value
        read = self._group_item if key == _GROUPS else self._item
        return {name: self._list(f"{path}.{name}", item, read) for name, item in value.items()}

    def _list(self, path: str, value: object, read: Callable[[str, object], object]) -> object:
        if not isinstance(value, list):
            self.leave(path, f"expected an array of texts, got {kind_of(value)}")
            return value
        return [read(f"{path}[{number}]", item) for number, item in enumerate(value)]

    def _group_item(self, path: str, value: object) -> object:
        """PEP 735: a group may include another one."""
        return value if isinstance(value, Mapping) and set(value) == {_INCLUDE} else self._item(path, value)

    def _item(self, path: str, value: object) -> object:
        if isinstance(value, str):
            return self._text(path, value)
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


def _are_alike(values: Sequence[object]) -> bool:
    """Tell whether the values of one key can be put together."""
    if len(values) == 1 or all(isinstance(value, list) for value in values):
        return True
    tables = [value for value in values if isinstance(value, Mapping)]
    names = {name for table in tables for name in table}
    inside = ([table[name] for table in tables if name in table] for name in names)
    return len(tables) == len(values) and all(_are_alike(found) for found in inside)


def _merge(values: Sequence[object]) -> object:
    """Put the values of one key, which are alike, together: the first one takes in the others."""
    holder, *others = values
    for other in others:
        if isinstance(holder, list) and isinstance(other, list):
            holder = _join(holder, other)
        elif isinstance(holder, Mapping) and isinstance(other, Mapping):
            both: dict[str, list[object]] = {name: [value] for name, value in holder.items()}
            for name, value in other.items():
                both.setdefault(name, []).append(value)
            holder = {name: _merge(found) for name, found in both.items()}
    return holder


def _in_place(spellings: Mapping[str, list[str]], data: Mapping[str, object]) -> Iterator[tuple[str, list[str]]]:
    """Yield keys with their spellings, in the order of those that take in the others, which come first of theirs."""
    for key in data:
        keys = spellings[current_key(key)]
        if key == holder_of(keys):
            yield current_key(key), [key, *(one for one in keys if one != key)]


def _join(there: Sequence[object], more: Sequence[object]) -> list[object]:
    return [*there, *(more[number] for number in find_new(more, there))]


def _meaning(value: object) -> object:
    """Return what two spellings of one dependency have in common."""
    try:
        return str(ExternalSpecifier.parse(value)) if isinstance(value, str) else value
    except InvalidDepURLError:
        return value
