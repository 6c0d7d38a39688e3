"""What the rows of every table share: fields checked one by one, and the account that a row gives of itself.

Rows are read from what YAML loads and written to lines of look-up files: fields between tabs, items of a list between
ASCII's unit separators. Its other separators will not do, as `str.splitlines` ends a line at each of them. A line
holds all rows of its key, one after the other.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase
from itertools import pairwise
from typing import NoReturn, TypeVar

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from wheelbridge.errors import WheelbridgeError
from wheelbridge.mapping.external.rows import CHANNELS, CONFIDENCES, PROVENANCES, SUBDIRS, package_of
from wheelbridge.mapping.lines import join_items, split_items
from wheelbridge.mapping.rows import Relation
from wheelbridge.model.name import is_conda_name

ACCOUNT = frozenset({"relation", "channels", "provenance", "confidence", "reason", "evidence", "reviewed"})
"""The fields that a row of any table may have."""

_OWED = ("reason", "evidence", "reviewed")
"""What a curated row has besides, as others are to believe it."""
_GLOB = re.compile(r"[a-z0-9*?-]+")
_COLUMNS = 7
T = TypeVar("T")
_Row = TypeVar("_Row", bound="Accounted")


class InvalidTableRowError(WheelbridgeError):
    """A row of a table breaks a rule; *path* says where."""

    code = "invalid-table-row"

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(f"{path}: {problem}", hint="The fields are explained in mappings/README.md.")
        self.path = path
        self.problem = problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounted:
    """A row with its account.

    Attributes:
        relation: what the conda packages are to the thing the row is about.
        channels: the channels it holds for.
        provenance: where the row comes from: ``curated``, ``upstream`` or ``generated``.
        confidence: how it was established.
        reason: one sentence for people.
        evidence: what shows it.
        reviewed: the day a person last looked, ISO 8601.
    """

    relation: Relation
    channels: tuple[str, ...] = CHANNELS
    provenance: str = "curated"
    confidence: str = "curated"
    reason: str = ""
    evidence: tuple[str, ...] = ()
    reviewed: str = ""


class Fields:
    """The fields of one mapping, with its place for messages.

    >>> Fields({"pypi": "x"}, "[0]", {"pypi"}).text("pypi")
    'x'
    """

    def __init__(self, data: object, path: str, known: Iterable[str]) -> None:
        """Take a mapping that has no other fields than *known* ones.

        Raises:
            InvalidTableRowError: if it is not, or has.
        """
        self.path = path
        if not isinstance(data, Mapping):
            self.fail(f"expected a mapping, got {_kind(data)}")
        self._data: Mapping[object, object] = data
        for field in data:
            if field not in known:
                self.fail(f"there is no field {field!r}")

    def fail(self, problem: str, field: str = "") -> NoReturn:
        """Refuse the row, or one *field* of it.

        Raises:
            InvalidTableRowError: always.
        """
        raise InvalidTableRowError(f"{self.path}.{field}" if field else self.path, problem)

    def has(self, field: str) -> bool:
        """Tell whether *field* was given."""
        return field in self._data

    def text(self, field: str, default: str | None = None) -> str:
        """Return a text on one line; without a *default* it must be there."""
        if field not in self._data:
            return self._missing(field) if default is None else default
        value = self._data[field]
        return default if value == "" == default else _line(value, f"{self.path}.{field}")

    def texts(self, field: str, default: tuple[str, ...] | None = None) -> tuple[str, ...]:
        """Return the texts of a list without repetitions; without a *default* it must be there."""
        if field not in self._data:
            return self._missing(field) if default is None else default
        places = enumerate(self.items(field))
        texts = tuple(_line(item, f"{self.path}.{field}[{number}]") for number, item in places)
        for number, text in enumerate(texts):
            if text in texts[:number]:
                self.fail(f"{text!r} is there twice", f"{field}[{number}]")
        return texts

    def items(self, field: str) -> Sequence[object]:
        """Return a list that must be there."""
        if field not in self._data:
            self._missing(field)
        value = self._data[field]
        if not isinstance(value, list):
            self.fail(f"expected a list, got {_kind(value)}", field)
        return value

    def value(self, field: str) -> object:
        """Return what stands in *field*, which must be there."""
        return self._data[field] if field in self._data else self._missing(field)

    def flag(self, field: str) -> bool:
        """Return a truth value that must be there."""
        value = self.value(field)
        return value if isinstance(value, bool) else self.fail(f"expected true or false, got {_kind(value)}", field)

    def names(self, field: str, rule: Callable[[str], bool], kind: str, default: tuple[str, ...]) -> tuple[str, ...]:
        """Return texts of which each must keep a *rule*; *kind* says what it is then."""
        texts = self.texts(field, default)
        for number, text in enumerate(texts):
            if not rule(text):
                self.fail(f"{text!r} is no {kind}", f"{field}[{number}]")
        return texts

    def specs(self, field: str) -> tuple[str, ...]:
        """Return MatchSpecs, of which only the names are checked here."""
        return self.names(field, _has_package, "MatchSpec of a conda package (CEP 26)", ())

    def globs(self, field: str = "when") -> tuple[str, ...]:
        """Return globs over subdirs, each of which matches one; all subdirs by default."""
        found = self.names(field, _matches_some, f"glob over subdirs such as {SUBDIRS[0]}", ("*",))
        return found or self.fail("it is for no subdir", field)

    def pypi_range(self) -> str:
        """Return a PEP 440 specifier; empty for all versions."""
        text = self.text("pypi_range", "")
        try:
            SpecifierSet(text)
        except InvalidSpecifier:
            self.fail(f"{text!r} is no version specifier (PEP 440)", "pypi_range")
        return text

    def account(self, relations: Sequence[Relation], *, own: bool) -> "Account":
        """Return the account of the row: its relation is one of *relations*, the first by default.

        With *own*, a row of somebody's own, nobody else has to be convinced: reason, evidence and date may be missing.
        """
        account = Account(
            relation=Relation(self._one_of("relation", [str(relation) for relation in relations])),
            channels=self.texts("channels", CHANNELS) or self.fail("it holds for no channel", "channels"),
            provenance=self._one_of("provenance", PROVENANCES),
            confidence=self._one_of("confidence", CONFIDENCES),
            reason=self.text("reason", ""),
            evidence=self.texts("evidence", ()),
            reviewed=self._day("reviewed"),
        )
        if not own and account.provenance == "curated":
            for field in _OWED:
                if not getattr(account, field):
                    self.fail(f"a curated row needs {', '.join(_OWED[:-1])} and {_OWED[-1]}; {field!r} is missing")
        return account

    def _one_of(self, field: str, choices: Sequence[str]) -> str:
        text = self.text(field, choices[0])
        if text not in choices:
            self.fail(f"{text!r} is none of {', '.join(choices)}", field)
        return text

    def _day(self, field: str) -> str:
        value = self._data.get(field, "")
        text = value.isoformat() if isinstance(value, date) else self.text(field, "")
        if text and not _is_day(text):
            self.fail(f"{text!r} is no date; write it like 2026-11-21", field)
        return text

    def _missing(self, field: str) -> NoReturn:
        self.fail(f"the field {field!r} is missing")


@dataclass(frozen=True, slots=True, kw_only=True)
class Account(Accounted):
    """The account alone, to be put into a row."""

    def of(self, make: Callable[..., _Row], /, **fields: object) -> _Row:
        """Make a row of its own *fields* and this account."""
        names = Accounted.__dataclass_fields__
        return make(**fields, **{name: getattr(self, name) for name in names})


def parse_rows(data: object, parse: Callable[[object, str], T]) -> tuple[T, ...]:
    """Read a file as YAML loads it: a list of rows, or None where it is empty.

    Raises:
        InvalidTableRowError: if it is not, or a row breaks a rule.
    """
    if data is None:
        return ()
    if not isinstance(data, list):
        raise InvalidTableRowError("[]", f"expected a list of rows, got {_kind(data)}")
    return tuple(parse(row, f"[{number}]") for number, row in enumerate(data))


def check_order(keys: Sequence[tuple[str, ...]], *, own: bool) -> None:
    """Check that rows come sorted, so that a new one has its place; those of somebody's *own* may stand as they like.

    Raises:
        InvalidTableRowError: if they do not.
    """
    for number, (before, key) in enumerate(pairwise(keys), 1):
        if not own and key < before:
            raise InvalidTableRowError(f"[{number}]", f"the rows are not sorted: {key[0]!r} comes after {before[0]!r}")


def check_once(keys: Iterable[tuple[str, ...]]) -> None:
    """Check that nothing is said twice.

    Raises:
        InvalidTableRowError: if something is.
    """
    seen: set[tuple[str, ...]] = set()
    for number, key in enumerate(keys):
        if key in seen:
            raise InvalidTableRowError(f"[{number}]", f"{' '.join(filter(None, key))!r} is there twice")
        seen.add(key)


def matches_subdir(globs: Iterable[str], subdir: str) -> bool:
    """Tell whether one of *globs* matches *subdir*.

    >>> matches_subdir(["linux-*", "osx-*"], "osx-arm64"), matches_subdir(["linux-*"], "win-64")
    (True, False)
    """
    return any(fnmatchcase(subdir, glob) for glob in globs)


def common_subdirs(first: Iterable[str], second: Iterable[str]) -> tuple[str, ...]:
    """Return the known subdirs that globs of both match.

    >>> common_subdirs(["linux-*"], ["*-aarch64"])
    ('linux-aarch64',)
    """
    return tuple(name for name in SUBDIRS if matches_subdir(first, name) and matches_subdir(second, name))


def pack_account(row: Accounted) -> tuple[str, ...]:
    """Return the account of *row* as fields of a line."""
    return (
        row.relation,
        join_items(row.channels),
        row.provenance,
        row.confidence,
        row.reason,
        join_items(row.evidence),
        row.reviewed,
    )


def unpack_account(fields: Sequence[str]) -> Account:
    """Read the fields that `pack_account` wrote."""
    relation, channels, provenance, confidence, reason, evidence, reviewed = fields
    return Account(
        relation=Relation(relation),
        channels=split_items(channels),
        provenance=provenance,
        confidence=confidence,
        reason=reason,
        evidence=split_items(evidence),
        reviewed=reviewed,
    )


def render_rows(key: str, rows: Iterable[tuple[Sequence[str], Accounted]]) -> str:
    """Return the line of *key*, without its end: of each row its own fields, then its account."""
    fields = (field for own, row in rows for field in (*own, *pack_account(row)))
    return "\t".join([key, *fields])


def read_rows(fields: Sequence[str], own: int) -> Iterator[tuple[Sequence[str], Account]]:
    """Yield of each row in the fields of a line, the key included, its *own* fields and its account."""
    width = own + _COLUMNS
    for start in range(1, len(fields), width):
        row = fields[start : start + width]
        yield row[:own], unpack_account(row[own:])


def _line(data: object, path: str) -> str:
    if not isinstance(data, str):
        raise InvalidTableRowError(path, f"expected a text, got {_kind(data)}")
    text = " ".join(data.split())
    if not text:
        raise InvalidTableRowError(path, "the text is empty")
    if not text.isprintable():
        raise InvalidTableRowError(path, f"{text!r} has a control character")
    return text


def _has_package(spec: str) -> bool:
    return is_conda_name(package_of(spec))


def _matches_some(glob: str) -> bool:
    return _GLOB.fullmatch(glob) is not None and any(fnmatchcase(subdir, glob) for subdir in SUBDIRS)


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _kind(data: object) -> str:
    return "nothing" if data is None else type(data).__name__
