"""Lines of the look-up files: sorted, tab separated, found by bisection in bytes that need not be read."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from wheelbridge.mapping.rows import Confidence, Relation, Role, role_of
from wheelbridge.model.name import CondaName, NormalizedName

_COMMENT = b"#"
_UNDECIDED = "ambiguous"
_FIELDS = 11
_ITEM_END = "\x1f"
"""ASCII's unit separator: no item of a list has one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRow:
    """What one layer says of a project; without *relation*, nobody decided between the *alternatives*.

    The other fields are those of `wheelbridge.mapping.rows.NameRow`.
    """

    pypi: NormalizedName
    conda: CondaName | None = None
    relation: Relation | None = None
    confidence: Confidence | None = None
    alternatives: tuple[CondaName, ...] = ()
    reason: str = ""
    specs: tuple[str, ...] = ()
    pypi_range: str = ""
    rejected: tuple[CondaName, ...] = ()
    evidence: tuple[str, ...] = ()
    reviewed: str = ""

    @property
    def packages(self) -> tuple[CondaName, ...]:
        """Every conda package the row speaks of, the answer first."""
        return (self.conda, *self.alternatives) if self.conda else self.alternatives

    @property
    def is_identity(self) -> bool:
        """Whether the row makes the project and the package the same thing."""
        if self.relation is None or self.conda is None:
            return False
        return role_of(self.relation, specs=bool(self.specs), limited=bool(self.pypi_range)) is Role.IDENTITY

    def render(self) -> str:
        r"""Return the row as a line, without its end and the empty fields before it.

        >>> TableRow(pypi="a", alternatives=("a-base", "a-core")).render()
        'a\t\tambiguous\t\ta-base a-core'
        """
        fields = (
            self.pypi,
            self.conda or "",
            self.relation or _UNDECIDED,
            str(int(self.confidence)) if self.confidence else "",
            " ".join(self.alternatives),
            self.reason,
            join_items(self.specs),
            self.pypi_range,
            " ".join(self.rejected),
            join_items(self.evidence),
            self.reviewed,
        )
        return "\t".join(fields).rstrip("\t")

    @classmethod
    def parse(cls, fields: list[str]) -> "TableRow":
        """Read the fields of a line that `render` wrote."""
        pypi, conda, relation, confidence, alternatives, reason, specs, limit, rejected, evidence, reviewed = [
            *fields,
            *[""] * (_FIELDS - len(fields)),
        ]
        return cls(
            pypi=NormalizedName(pypi),
            conda=CondaName(conda) if conda else None,
            relation=None if relation == _UNDECIDED else Relation(relation),
            confidence=Confidence(int(confidence)) if confidence else None,
            alternatives=tuple(map(CondaName, alternatives.split())),
            reason=reason,
            specs=split_items(specs),
            pypi_range=limit,
            rejected=tuple(map(CondaName, rejected.split())),
            evidence=split_items(evidence),
            reviewed=reviewed,
        )


class Searchable(Protocol):
    """Bytes, or a file mapped into memory."""

    def __len__(self) -> int:
        """Return the size in bytes."""

    def __getitem__(self, key: slice, /) -> bytes:
        """Return a copy of a range."""

    def find(self, sub: bytes, start: int, stop: int, /) -> int:
        """Return the first place of *sub*, or -1."""

    def rfind(self, sub: bytes, start: int, stop: int, /) -> int:
        """Return the last place of *sub*, or -1."""


class SortedLines:
    r"""Lines sorted by their first field, found by bisection.

    >>> lines = SortedLines(b"# header\na\t1\nb\t2\n")
    >>> lines.find("b"), lines.find("c")
    (['b', '2'], None)
    """

    def __init__(self, data: Searchable) -> None:
        """Take lines that all end in a newline, comments first."""
        self._data = data
        self._found: dict[str, list[str] | None] = {}
        self._start = 0
        while data[self._start : self._start + 1] == _COMMENT:
            self._start = data.find(b"\n", self._start, len(data)) + 1

    def find(self, key: str) -> list[str] | None:
        """Return the fields of the line whose first field is *key*, or None.

        What was found is remembered: a solve asks for the same names again and again.
        """
        if key not in self._found:
            self._found[key] = self._bisect(key)
        return self._found[key]

    def _bisect(self, key: str) -> list[str] | None:
        """Search as a tab allows, which is lower than every character of a name.

        So lines sort as their keys do, and a prefix tells the order.
        """
        data, wanted = self._data, f"{key}\t".encode()
        low, high = self._start, len(data)
        while low < high:
            middle = (low + high) // 2
            begin = data.rfind(b"\n", low, middle) + 1 or low
            found = data[begin : begin + len(wanted)]
            if found == wanted:
                return data[begin : data.find(b"\n", begin, high)].decode().split("\t")
            if found < wanted:
                low = data.find(b"\n", middle, high) + 1
            else:
                high = begin
        return None

    def __iter__(self) -> Iterator[list[str]]:
        """Return the fields of every line, in order."""
        for line in self._data[self._start : len(self._data)].decode().split("\n")[:-1]:
            yield line.split("\t")


def render_projects(rows: Iterable[TableRow], header: Iterable[str]) -> str:
    """Return the look-up file from projects to conda packages."""
    columns = "pypi conda relation confidence alternatives reason specs pypi_range not evidence reviewed"
    return render_lines((row.render() for row in rows), columns, header)


def render_packages(rows: Iterable[TableRow], known: Iterable[CondaName], header: Iterable[str]) -> str:
    """Return the look-up file from conda packages, *known* ones and those of *rows*, to the projects that name them."""
    packages: dict[CondaName, list[NormalizedName]] = {name: [] for name in known}
    for row in rows:
        for package in row.packages:
            packages.setdefault(package, []).append(row.pypi)
    return render_lines(_package_lines(packages), "conda projects", header)


def _package_lines(packages: Mapping[CondaName, list[NormalizedName]]) -> Iterator[str]:
    return (f"{package}\t{' '.join(sorted(projects))}" for package, projects in packages.items())


def join_items(items: Iterable[str]) -> str:
    """Return a list as one field of a line; no item is empty, or has a control character.

    >>> split_items(join_items(["a b", "c"])), split_items("")
    (('a b', 'c'), ())
    """
    return _ITEM_END.join(items)


def split_items(field: str) -> tuple[str, ...]:
    """Return the list that `join_items` wrote."""
    return tuple(field.split(_ITEM_END)) if field else ()


def render_lines(lines: Iterable[str], columns: str, header: Iterable[str]) -> str:
    """Return a look-up file of *lines*, sorted, below comments that say what it is and what its *columns* are."""
    comments = [f"# {line}" for line in (*header, f"columns: {columns}")]
    return "\n".join([*comments, *sorted(lines), ""])
