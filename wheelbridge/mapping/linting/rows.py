"""What lint rules work on: the documents of the tables as YAML loads them, and what is known besides."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import cached_property

from wheelbridge.mapping.external.ids import InvalidExternalIdError, normalize_alias, normalize_id
from wheelbridge.mapping.lines import TableRow
from wheelbridge.mapping.linting.findings import Fix, Place, Severity
from wheelbridge.mapping.lookup import Layer
from wheelbridge.model.name import CondaName, NormalizedName, canonicalize_name

CHANNEL = "conda-forge"
"""The channel that a row holds for if it names none."""
MAIN_SUBDIRS = ("linux-64", "linux-aarch64", "linux-ppc64le", "osx-64", "osx-arm64", "win-64")
"""The platforms that conda-forge builds for."""


SEEN = ("dist-info", "METADATA", "pip install", "info/paths.json")
"""What the account of a row speaks of if somebody looked at what a package carries."""


class Table(StrEnum):
    """The kinds of files below ``mappings/``, by their paths; ``*`` is the name of a channel."""

    NAMES = "names/overrides.yaml"
    BUNDLERS = "names/bundlers.yaml"
    REGISTRY = "external/registry.yaml"
    EXTERNAL = "external/*.yaml"
    WHEELS = "wheels/*.yaml"
    SONAMES = "sonames/*.yaml"
    PROVIDERS = "variants/providers.yaml"
    RUNTIMES = "variants/runtimes.yaml"


@dataclass(frozen=True, slots=True)
class Row:
    """One row that is a mapping; *number* is its place in the document."""

    number: int
    data: Mapping[str, object]

    def text(self, name: str) -> str:
        """Return a field that is a text, else an empty one."""
        value = self.data.get(name)
        return value if isinstance(value, str) else ""

    def texts(self, *steps: str | int) -> Iterator[tuple[Place, str]]:
        """Yield the texts of a list, or the one text that stands in its place, with where each stands."""
        yield from find_texts(self.at(*steps), (self.number, *steps))

    def at(self, *steps: str | int) -> object:
        """Return the value behind *steps*, or None where there is none."""
        value: object = self.data
        for step in steps:
            if isinstance(value, Mapping):
                value = value.get(step)
            elif isinstance(value, list) and isinstance(step, int) and step < len(value):
                value = value[step]
            else:
                return None
        return value

    def mappings(self, *steps: str | int) -> Iterator[tuple[Place, Mapping[str, object]]]:
        """Yield the mappings of a list, with where each stands in the row."""
        value = self.at(*steps)
        for number, item in enumerate(value if isinstance(value, list) else ()):
            if isinstance(item, Mapping):
                yield (*steps, number), item

    @property
    def channels(self) -> tuple[str, ...]:
        """The channels it holds for."""
        return tuple(text for _, text in self.texts("channels")) or (CHANNEL,)

    @property
    def is_curated(self) -> bool:
        """Whether a person answers for it."""
        return self.data.get("provenance", "curated") == "curated"

    def says(self, *words: str) -> bool:
        """Tell whether the reason, or the evidence, speaks of one of *words*, in any case."""
        told = [self.text("reason"), *(text for _, text in self.texts("evidence"))]
        return any(_speaks_of(text.casefold(), word.casefold()) for text in told for word in words)


@dataclass(frozen=True, kw_only=True)
class Document:
    """One file.

    Attributes:
        file: the file, for people.
        table: what kind of rows it has.
        data: its content as YAML loads it.
        positions: place -> line and column, both from 1.
        own: it is somebody's own, so nobody else has to be convinced.
        origins: number of a row -> its place in the file, where rows do not stand in a list at the top.
    """

    file: str
    table: Table
    data: object
    positions: Mapping[Place, tuple[int, int]] = field(default_factory=dict)
    own: bool = False
    origins: Mapping[int, Place] = field(default_factory=dict)

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """The rows that are mappings with texts for fields; the rest is somebody else's finding."""
        items = self.data if isinstance(self.data, list) else []
        return tuple(Row(number, item) for number, item in enumerate(items) if isinstance(item, Mapping))

    @cached_property
    def keys(self) -> Mapping[int, str]:
        """Number of a row -> what it is called."""
        return {row.number: row.text(KEYS[self.table]) for row in self.rows}

    def position(self, place: Place) -> tuple[int, int] | None:
        """Return line and column of *place*, or of the nearest thing around it."""
        steps = self.origin(place)
        return next(
            (self.positions[steps[:end]] for end in range(len(steps), -1, -1) if steps[:end] in self.positions), None
        )

    def origin(self, place: Place) -> Place:
        """Return the way to *place* in the file itself."""
        if place and isinstance(place[0], int) and place[0] in self.origins:
            return (*self.origins[place[0]], *place[1:])
        return place


KEYS: Mapping[Table, str] = {
    Table.NAMES: "pypi",
    Table.BUNDLERS: "conda",
    Table.EXTERNAL: "id",
    Table.REGISTRY: "id",
    Table.WHEELS: "pypi",
    Table.SONAMES: "soname",
    Table.PROVIDERS: "package",
    Table.RUNTIMES: "runtime",
}
"""The field that a row is called by, and sorted by."""


@dataclass(frozen=True, slots=True)
class ChannelNames:
    """What is known of the names of a channel.

    Attributes:
        table: the bulk table, if there is one.
        present: the names that the channel's own repodata has, if somebody handed it in.
    """

    table: Layer | None = None
    present: frozenset[str] | None = None

    def knows(self, name: str) -> bool:
        """Tell whether a package of that name was ever seen."""
        return name in (self.present or ()) or (self.table is not None and self.table.packages.find(name) is not None)

    def row(self, project: str) -> TableRow | None:
        """Return what the bulk table says of a project."""
        return None if self.table is None else self.table.row(NormalizedName(project))

    def identity(self, package: str) -> TableRow | None:
        """Return the row by which *package* is a project."""
        rows = (self.row(project) for project in self.mentions(package))
        return next((row for row in rows if row is not None and row.is_identity and row.conda == package), None)

    def mentions(self, package: str) -> tuple[NormalizedName, ...]:
        """Return the projects that the evidence ties to *package*."""
        return () if self.table is None else self.table.mentions(CondaName(package))


@dataclass(frozen=True, slots=True)
class Spec:
    """A MatchSpec, read: the package it names, and whether it asks for a build; or why it cannot be read."""

    name: str = ""
    has_build: bool = False
    problem: str = ""


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What rules may know besides the documents.

    Attributes:
        today: the day of the review.
        read_spec: reads a MatchSpec strictly.
        channels: what is known of each channel's names.
        documents: all files that are checked, and those that they refer to.
    """

    today: date
    read_spec: Callable[[str], Spec]
    channels: Mapping[str, ChannelNames] = field(default_factory=dict)
    documents: tuple[Document, ...] = ()

    def names(self, row: Row) -> Iterator[ChannelNames]:
        """Yield what is known of the channels of a row; of those that nobody knows, nothing."""
        return (self.channels[channel] for channel in row.channels if channel in self.channels)

    @cached_property
    def registry(self) -> Mapping[str, Row]:
        """The definitions of the registry of external ids, by their normalized ids."""
        rows = ((normalize(row.text("id"), alias=True), row) for row in self.rows(Table.REGISTRY))
        return {name: row for name, row in rows if name}

    def rows(self, table: Table) -> Iterator[Row]:
        """Yield the rows of all files of one kind."""
        return (row for document in self.documents if document.table is table for row in document.rows)


@dataclass(frozen=True, slots=True)
class Problem:
    """What a rule says of a place in a document."""

    place: Place
    message: str
    hint: str = ""
    fix: Fix | None = None


Check = Callable[[Document, Facts], Iterable[Problem]]
RowCheck = Callable[[Row, Facts], Iterable[Problem]]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: its code, what it weighs, what it asks for, in which tables; *fixable*: `--fix` mends some of it."""

    code: str
    severity: Severity
    summary: str
    tables: frozenset[Table]
    check: Check
    fixable: bool = False


def each(check: RowCheck) -> Check:
    """Make a rule of one row a rule of the document."""

    def check_rows(document: Document, facts: Facts) -> Iterator[Problem]:
        for row in document.rows:
            yield from check(row, facts)

    return check_rows


def normalize(text: str, *, alias: bool = False) -> str:
    """Return the one spelling of an external id, or of an alias of one; of what is none, an empty text.

    >>> normalize("DEP:generic/zlib"), normalize("zlib")
    ('dep:generic/zlib', '')
    """
    try:
        return normalize_alias(text) if alias else normalize_id(text)
    except InvalidExternalIdError:
        return ""


def find_texts(value: object, place: Place) -> Iterator[tuple[Place, str]]:
    """Yield the text that *value* is, or the texts of the list that it is, with their places.

    >>> list(find_texts(["a", 1, "b"], ("x",)))
    [(('x', 0), 'a'), (('x', 2), 'b')]
    """
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, list):
        yield from (((*place, number), item) for number, item in enumerate(value) if isinstance(item, str))


def matches_any(subdir: str, globs: Iterable[str]) -> bool:
    """Tell whether one of the globs matches a subdir.

    >>> matches_any("osx-arm64", ["linux-*", "osx-*"])
    True
    """
    return any(fnmatchcase(subdir, glob) for glob in globs)


def is_spelled_alike(project: str, package: str) -> bool:
    """Tell whether a project and a package have the same name but for ``-``, ``_``, ``.`` and case."""
    return canonicalize_name(project) == canonicalize_name(package)


def _speaks_of(text: str, word: str) -> bool:
    """Tell whether *word* stands in *text*, and not as a part of another name."""
    start = text.find(word)
    while start >= 0:
        around = text[max(start - 1, 0) : start], text[start + len(word) : start + len(word) + 1]
        if not any(letter.isalnum() or letter in "-_" for letter in around if letter):
            return True
        start = text.find(word, start + 1)
    return False
