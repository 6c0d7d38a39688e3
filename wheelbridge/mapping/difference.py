"""Differences between two states of the tables: which rows, which fields, and above all which answers."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from wheelbridge.mapping.rows import NameAnswer, NameRow, Role

Value: TypeAlias = str | tuple[str, ...]
"""A field, as people compare it."""

_ACCOUNT = frozenset(
    {"reason", "evidence", "reviewed", "confidence", "provenance", "upstream", "not", "note", "example"}
)
"""Fields that tell why; they change no answer."""
_INERT = frozenset({"registry", "bundlers"})
"""Kinds of tables that nothing asks for an answer."""
_ABOUT_TRUST = frozenset({"confidence", "layer"})


class Kind(StrEnum):
    """What happened to an entry; the ones that change answers come first."""

    MOVED = "moved"
    """A look-up gives another package, or other specs."""
    APPEARED = "appeared"
    """A look-up gives something where it gave nothing."""
    VANISHED = "vanished"
    """A look-up gives nothing where it gave something."""
    ADDED = "added"
    """There is a row that gives no answer: it explains, or lists candidates."""
    REMOVED = "removed"
    """Such a row is gone."""
    CONFIDENCE = "confidence"
    """The answer is the same, and better or worse established."""
    CHANGED = "changed"
    """The answer is the same, what stands beside it is not."""


ANSWERS = frozenset({Kind.MOVED, Kind.APPEARED, Kind.VANISHED})
"""The dangerous ones: somebody's next solve is another one."""
_ORDER = {kind: place for place, kind in enumerate(Kind)}


@dataclass(frozen=True, slots=True)
class Entry:
    """What the tables say of one key.

    Attributes:
        fields: everything that is said, empty values left out.
        effect: the part of it that acts in a solve, as text; empty where nothing does.
    """

    fields: Mapping[str, Value]
    effect: str = ""


Tables: TypeAlias = Mapping[str, Mapping[str, Entry]]
"""Name of a table -> key -> entry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One entry that is not what it was."""

    table: str
    key: str
    kind: Kind
    old: Entry | None
    new: Entry | None

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields that differ, in the order of the newer entry."""
        old, new = _fields(self.old), _fields(self.new)
        return tuple(name for name in {**new, **old} if old.get(name) != new.get(name))

    @property
    def is_dangerous(self) -> bool:
        """Whether a look-up gives another answer."""
        return self.kind in ANSWERS

    def as_json(self) -> dict[str, object]:
        """Return the change with its fields, old and new, ready for ``json.dumps``."""
        old, new = _fields(self.old), _fields(self.new)
        return {
            "table": self.table,
            "key": self.key,
            "kind": self.kind.value,
            "dangerous": self.is_dangerous,
            "old": self.old.effect or None if self.old else None,
            "new": self.new.effect or None if self.new else None,
            "fields": {name: {"old": old.get(name), "new": new.get(name)} for name in self.fields},
        }


@dataclass(frozen=True, slots=True)
class Difference:
    """All changes: the dangerous ones first, then by kind, table and key."""

    changes: tuple[Change, ...] = ()

    @property
    def answers(self) -> tuple[Change, ...]:
        """The changes of answers."""
        return tuple(change for change in self.changes if change.is_dangerous)

    @property
    def others(self) -> tuple[Change, ...]:
        """The changes that leave every answer as it is."""
        return tuple(change for change in self.changes if not change.is_dangerous)

    def counts(self) -> dict[str, int]:
        """Return kind -> number of changes, kinds without any left out."""
        found = Counter(change.kind for change in self.changes)
        return {kind.value: found[kind] for kind in Kind if found[kind]}

    def as_json(self) -> dict[str, object]:
        """Return counts and changes, ready for ``json.dumps``."""
        return {
            "different": bool(self.changes),
            "answers": len(self.answers),
            "counts": self.counts(),
            "changes": [change.as_json() for change in self.changes],
        }


def difference(old: Tables, new: Tables) -> Difference:
    """Compare two states of the tables; each entry is looked at once.

    >>> before, after = {"names": {"lmdb": Entry({}, "lmdb")}}, {"names": {"lmdb": Entry({}, "python-lmdb")}}
    >>> [(change.key, change.kind.value) for change in difference(before, after).changes]
    [('lmdb', 'moved')]
    """
    found = [change for table in {**old, **new} for change in _compare(table, old.get(table, {}), new.get(table, {}))]
    return Difference(tuple(sorted(found, key=lambda change: (_ORDER[change.kind], change.table, change.key))))


def name_entry(answer: NameAnswer) -> Entry:
    """Return what the name tables say of a project, as an entry.

    >>> name_entry(NameAnswer(ambiguous=("a", "a-base")))
    Entry(fields={'candidates': ('a', 'a-base')}, effect='')
    """
    if not answer.rows:
        return Entry(_spoken({"candidates": answer.ambiguous}))
    row = answer.rows[0]
    fields: dict[str, Value] = {
        "conda": row.conda or "",
        "relation": row.relation.value,
        "confidence": row.confidence.name.lower(),
        "layer": row.layer,
        "specs": row.specs,
        "pypi_range": row.pypi_range,
        "not": row.rejected,
        "reason": row.reason,
        "evidence": row.evidence,
        "reviewed": row.reviewed,
    }
    return Entry(_spoken(fields), _name_effect(row))


def plain_entries(rows: Iterable[Mapping[str, object]]) -> Mapping[str, Entry]:
    """Return key -> entry of a table other than that of names, given its rows as YAML or JSON loads them.

    A key that is there twice is numbered; a row without one of the fields that name it is keyed by its number.

    >>> entries = plain_entries([{"soname": "libz.so.1", "conda": "libzlib", "reason": "..."}])
    >>> entries["libz.so.1"].effect
    'conda: libzlib'
    """
    entries: dict[str, Entry] = {}
    seen: Counter[str] = Counter()
    for number, row in enumerate(rows, 1):
        kind, names = _shape(row)
        key = " ".join(text for name in names if (text := _text(row.get(name)))) or f"[{number}]"
        seen[key] += 1
        acting = {name: value for name, value in row.items() if name not in _ACCOUNT and name not in names}
        effect = "" if kind in _INERT else "; ".join(f"{name}: {text}" for name in acting if (text := _text(row[name])))
        fields = _spoken({name: _value(value) for name, value in row.items()})
        entries[key if seen[key] == 1 else f"{key} ({seen[key]})"] = Entry(fields, effect)
    return entries


def kind_of_rows(rows: Iterable[Mapping[str, object]]) -> str:
    """Return which kind of table *rows* are of, told by the fields of the first; empty where that cannot be told.

    >>> kind_of_rows([{"pypi": "lmdb", "conda": "python-lmdb", "relation": "dist"}])
    'names'
    """
    return next((_shape(row)[0] for row in rows), "")


@dataclass(frozen=True, slots=True)
class _Shape:
    """How rows of one kind are told, and what names one."""

    kind: str
    told_by: frozenset[str]
    key: tuple[str, ...] = field(default=())


_SHAPES = (
    _Shape("runtimes", frozenset({"runtime"}), ("runtime",)),
    _Shape("names", frozenset({"pypi", "conda"}), ("pypi",)),
    _Shape("wheels", frozenset({"pypi", "depends"}), ("pypi", "pypi_range")),
    _Shape("sonames", frozenset({"soname"}), ("soname", "when")),
    _Shape("providers", frozenset({"package", "namespace"}), ("package", "namespace")),
    _Shape("external", frozenset({"id", "alternatives"}), ("id",)),
    _Shape("pep804", frozenset({"id", "specs"}), ("id",)),
    _Shape("pep804", frozenset({"id", "specs_from"}), ("id",)),
    _Shape("registry", frozenset({"id"}), ("id",)),
    _Shape("bundlers", frozenset({"conda"}), ("conda",)),
)


def _shape(row: Mapping[str, object]) -> tuple[str, tuple[str, ...]]:
    shape = next((shape for shape in _SHAPES if shape.told_by <= row.keys()), None)
    return (shape.kind, shape.key) if shape else ("", ())


def _compare(table: str, old: Mapping[str, Entry], new: Mapping[str, Entry]) -> Iterator[Change]:
    for key in {**old, **new}:
        before, after = old.get(key), new.get(key)
        if (kind := _kind(before, after)) is not None:
            yield Change(table=table, key=key, kind=kind, old=before, new=after)


def _kind(old: Entry | None, new: Entry | None) -> Kind | None:
    before, after = old.effect if old else "", new.effect if new else ""
    if before != after:
        return Kind.MOVED if before and after else Kind.APPEARED if after else Kind.VANISHED
    if old is None or new is None:
        return Kind.ADDED if old is None else Kind.REMOVED
    different = {name for name in {**old.fields, **new.fields} if old.fields.get(name) != new.fields.get(name)}
    if not different:
        return None
    return Kind.CONFIDENCE if "confidence" in different and different <= _ABOUT_TRUST else Kind.CHANGED


def _name_effect(row: NameRow) -> str:
    """Say what a row does in a solve; a metapackage's further specs do not change what a base row is."""
    if row.role is Role.IDENTITY:
        return str(row.conda)
    if row.role is Role.EXPLANATION:
        return ""
    limit = f" for {row.pypi_range}" if row.pypi_range else ""
    return f"specs {' + '.join(text for text in (row.conda, *row.specs) if text)}{limit}"


def _fields(entry: Entry | None) -> Mapping[str, Value]:
    return entry.fields if entry else {}


def _spoken(fields: Mapping[str, Value]) -> Mapping[str, Value]:
    return {name: value for name, value in fields.items() if value}


def _value(value: object) -> Value:
    return tuple(map(_text, value)) if isinstance(value, list) else _text(value)


def _text(value: object) -> str:
    """Write a value out of YAML on one line."""
    if value is None:
        return ""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name}: {_text(item)}" for name, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_text, value)) + "]"
    return str(value)
