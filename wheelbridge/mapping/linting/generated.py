"""The lint of generated tables: whether every line can be found, read and believed."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from wheelbridge.mapping.lines import TableRow
from wheelbridge.mapping.linting.findings import Severity
from wheelbridge.mapping.linting.rows import Rule, Table
from wheelbridge.mapping.rows import Relation
from wheelbridge.model.name import canonicalize_name, is_conda_name

GENERATED = Rule(
    "WB113",
    Severity.ERROR,
    "A generated table is whole and sorted, and its index says what it says.",
    frozenset({Table.NAMES}),
    lambda _document, _facts: (),
)
"""Found by who reads the files: they are no documents, and nobody writes them."""

REMEDY = "Nobody writes it; restore it, or make it again with `wheelbridge map sync`."
_INDEX_FIELDS = 2


@dataclass(frozen=True, slots=True)
class Damage:
    """What is wrong with one of the two files; *line* is from 1."""

    message: str
    line: int | None = None


def check_generated(projects: bytes, packages: bytes) -> tuple[tuple[Damage, ...], tuple[Damage, ...]]:
    r"""Return what is wrong with a table from projects to packages, and with its index, from *packages* to projects.

    >>> check_generated(b"a\tb\tdist\t4\n", b"b\ta\nlibb\t\n")
    ((), ())
    >>> check_generated(b"a\tb\tdist\t4\n", b"b\t\n")[1][0].message
    "The index is not that of the table: for 'b' it has '', not 'a'"
    """
    table, index = _File(projects, _is_row), _File(packages, _is_index_line)
    if table.damage or index.damage:
        return table.damage, index.damage
    named: dict[str, list[str]] = {}
    for _, fields in table.rows:
        for package in TableRow.parse(fields).packages:
            named.setdefault(package, []).append(fields[0])
    listed = {fields[0]: fields[1] for _, fields in index.rows}
    return (), tuple(_compare({name: " ".join(found) for name, found in named.items()}, listed))


class _File:
    """The rows of a file with the numbers of their lines, and what is wrong with it."""

    def __init__(self, data: bytes, is_row: Callable[[list[str]], bool]) -> None:
        self.rows: list[tuple[int, list[str]]] = []
        self.damage = tuple(self._read(data, is_row))

    def _read(self, data: bytes, is_row: Callable[[list[str]], bool]) -> Iterator[Damage]:
        try:
            lines = data.decode().split("\n")
        except UnicodeDecodeError as error:
            yield Damage("The file is not UTF-8", data.count(b"\n", 0, error.start) + 1)
            return
        if lines.pop():
            yield Damage("The last line has no end", len(lines) + 1)
        elif not lines:
            yield Damage("The file is empty")
        start = next((number for number, line in enumerate(lines) if not line.startswith("#")), len(lines))
        self.rows = [(number, line.split("\t")) for number, line in enumerate(lines[start:], start + 1)]
        yield from _first([number for number, row in self.rows if not is_row(row)], "is none of this table")
        unsorted = (number for (_, before), (number, row) in pairwise(self.rows) if before[0] >= row[0])
        yield from _first(list(unsorted), "is not behind the one before it: look-ups go wrong")


def _first(lines: Sequence[int], problem: str) -> Iterator[Damage]:
    """Yield the first of *lines* that have a *problem*, and how many more there are."""
    if lines:
        more = f"; there are {len(lines) - 1} more" if len(lines) > 1 else ""
        yield Damage(f"The line {problem}{more}", lines[0])


def _is_row(fields: list[str]) -> bool:
    try:
        row = TableRow.parse(fields)
    except ValueError:
        return False
    if not all(map(is_conda_name, row.packages)) or canonicalize_name(row.pypi) != row.pypi:
        return False
    if row.relation is None or row.confidence is None:
        return bool(row.alternatives) and row.relation is None and row.conda is None
    return (row.conda is None) == (row.relation is Relation.NONE)


def _is_index_line(fields: list[str]) -> bool:
    return len(fields) == _INDEX_FIELDS and is_conda_name(fields[0])


def _compare(named: Mapping[str, str], listed: Mapping[str, str]) -> Iterator[Damage]:
    """Compare the projects of each package; a package that the table does not name may be listed without any."""
    wrong = [name for name in {**named, **listed} if named.get(name, "") != listed.get(name)]
    if wrong:
        name, more = wrong[0], f"; {len(wrong) - 1} more packages differ" if len(wrong) > 1 else ""
        there = repr(listed[name]) if name in listed else "nothing"
        yield Damage(
            f"The index is not that of the table: for {name!r} it has {there}, not {named.get(name, '')!r}{more}"
        )
