"""Runtimes that should not meet in one process: which copies an environment has, and what happens where they do.

Most pairs are harmless, and a warning that is often wrong is not read. So two copies clash only where a row says so:

- A conda package that nothing loads does not count. Where conda's libgcc is, its OpenMP is.
- Two copies of one runtime in two wheels are what every environment of pip has.
- Two packages of channels are left to the channels, which build them for one another; MPI is the exception, as a
  process has one or none.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

from wheelbridge.mapping.natives.variants import RuntimeRow

Origin = Literal["conda", "wheel"]

CODE = "two-runtimes"
"""The code of the warning."""

_ORIGINS: tuple[Origin, ...] = ("wheel", "conda")
_PLURALS = {"blas": "BLAS libraries", "cuda": "CUDA runtimes", "mpi": "MPIs", "openmp": "OpenMP runtimes"}
_BESIDE = {
    "mpi": "neither can use what the other one makes, and a run ends, or each of its processes believes to be alone",
}
"""What happens beside a rival, where no row of the kind says more."""
_TWICE = {
    "cuda": "the copy that is loaded first serves both sides, and where it is the older one, symbols are missing",
}
"""What happens where a wheel's copy and conda's meet, where no row of the kind says more."""
_SHOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """One copy of a runtime library in an environment.

    Attributes:
        runtime: what the tables call it.
        kind: what it is for.
        package: the project of the wheel, or the conda package.
        origin: which of the two it is.
        version: of the package, where the package is the runtime; None where it carries a copy of whatever version.
        file: the file that shows it; None where the tables say so.
        users: packages that load it; of a copy that a wheel carries for itself, none.
    """

    runtime: str
    kind: str
    package: str
    origin: Origin
    version: str | None = None
    file: str | None = None
    users: tuple[str, ...] = ()

    @property
    def involved(self) -> tuple[str, ...]:
        """The package and those that load it."""
        return (self.package, *self.users)

    def describe(self) -> str:
        """Say what it is, to people.

        >>> Copy(runtime="libgomp", kind="openmp", package="scikit-learn", origin="wheel").describe()
        'libgomp in the wheel of scikit-learn'
        """
        if self.origin == "wheel" and self.version is None:
            return f"{self.runtime} in the wheel of {self.package}"
        if self.version is None:
            return f"{self.runtime} in conda's {self.package}"
        users = f" (used by {name_some(self.users)})" if self.users else ""
        whose = "the wheel" if self.origin == "wheel" else "conda's"
        return f"{whose} {self.package} {self.version}{users}"

    def as_json(self) -> dict[str, object]:
        """Return the fields as JSON has them."""
        return {
            "runtime": self.runtime,
            "package": self.package,
            "origin": self.origin,
            "version": self.version,
            "file": self.file,
            "users": list(self.users),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Clash:
    """Copies of one kind that should not meet in one process.

    Attributes:
        kind: what they are for.
        copies: which, sorted.
        consequence: what happens where they meet.
        advice: what avoids it, the first is the nearest.
    """

    kind: str
    copies: tuple[Copy, ...]
    consequence: str
    advice: tuple[str, ...] = ()

    @property
    def message(self) -> str:
        """What is wrong, in a sentence or two."""
        wheels, others = ([copy.describe() for copy in self.copies if copy.origin == origin] for origin in _ORIGINS)
        copies = " beside ".join(name_some(texts) for texts in (wheels, others) if texts)
        return f"Two {_PLURALS[self.kind]} can meet in one process: {copies}. Then {self.consequence}."

    def as_json(self) -> dict[str, object]:
        """Return the warning as JSON has it."""
        return {
            "code": CODE,
            "kind": self.kind,
            "copies": [copy.as_json() for copy in self.copies],
            "consequence": self.consequence,
            "message": self.message,
            "advice": list(self.advice),
        }


def find_clashes(copies: Iterable[Copy], rows: Iterable[RuntimeRow]) -> tuple[Clash, ...]:
    """Return the clashes among *copies*, at most one of a kind, sorted by kind; without advice.

    >>> from wheelbridge.mapping.rows import Relation
    >>> rivals = RuntimeRow(runtime="a", kind="mpi", conflicts=("b",), relation=Relation.LIBRARY)
    >>> rows = [rivals, RuntimeRow(runtime="b", kind="mpi", conflicts=("a",), relation=Relation.LIBRARY)]
    >>> copies = [Copy(runtime=name, kind="mpi", package=name, origin="wheel") for name in "ab"]
    >>> [[copy.runtime for copy in clash.copies] for clash in find_clashes(copies, rows)]
    [['a', 'b']]
    """
    known = {row.runtime: row for row in rows}
    kinds: dict[str, list[Copy]] = {}
    for copy in sorted(set(copies), key=_order):
        if copy.runtime in known and _is_loaded(copy):
            kinds.setdefault(copy.kind, []).append(copy)
    found = (_clash(kind, kinds[kind], known) for kind in sorted(kinds))
    return tuple(clash for clash in found if clash is not None)


def _clash(kind: str, copies: Sequence[Copy], rows: Mapping[str, RuntimeRow]) -> Clash | None:
    pairs = [(pair, text) for pair in combinations(copies, 2) if (text := _consequence(*pair, rows))]
    if not pairs:
        return None
    involved = {copy for pair, _ in pairs for copy in pair}
    texts = dict.fromkeys(text for _, text in pairs)
    return Clash(kind=kind, copies=tuple(copy for copy in copies if copy in involved), consequence="; and ".join(texts))


def _consequence(one: Copy, other: Copy, rows: Mapping[str, RuntimeRow]) -> str:
    """Return what happens where two copies meet; empty where nothing is known to."""
    origins = {one.origin, other.origin}
    if one.runtime == other.runtime:
        return _twice(one, other, rows[one.runtime]) if len(origins) > 1 else ""
    if other.runtime not in rows[one.runtime].conflicts:
        return ""
    if one.kind == "cuda" and len(origins) == 1:
        return ""  # Two CUDAs of wheels are pinned and loaded by each wheel's own path, and work every day.
    if one.kind != "mpi" and origins == {"conda"}:
        return ""
    default = _BESIDE.get(one.kind, f"{one.runtime} and {other.runtime} do not get on")
    said = dict(rows[one.runtime].beside).get(other.runtime) or dict(rows[other.runtime].beside).get(one.runtime)
    return said or default


def _twice(one: Copy, other: Copy, row: RuntimeRow) -> str:
    if one.kind == "cuda" and one.version is not None and one.version == other.version:
        return ""  # They are the same build of NVIDIA's.
    return row.twice or _TWICE.get(one.kind, "")


def _is_loaded(copy: Copy) -> bool:
    return copy.origin == "wheel" or bool(copy.users) or copy.kind == "mpi"


def _order(copy: Copy) -> tuple[str, ...]:
    """Put the wheels' first: they are what the advice is mostly about."""
    return (copy.kind, "" if copy.origin == "wheel" else "conda", copy.runtime, copy.package, copy.file or "")


def name_some(names: Sequence[str]) -> str:
    """Write a list that is not empty into a sentence, of a long one the beginning.

    >>> name_some(["a", "b"]), name_some(["a", "b", "c", "d", "e"])
    ('a and b', 'a, b, c and 2 more')
    """
    more = [f"{len(names) - _SHOWN} more"] if len(names) > _SHOWN else []
    *first, last = [*names[:_SHOWN], *more]
    return f"{', '.join(first)} and {last}" if first else last
