"""The algebra of atoms: comparisons of conda versions, as intervals of conda's order.

Sets are combined by intersecting alternatives, and what cannot match anything is dropped.
"""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

from wheelbridge.translate.versions import MAX_LENGTH

MAX_PADDED_WIDTH = 4
"""Releases padded with zeros up to this width are told apart; see `CondaVersionSpec`."""

NOTHING = "<0dev0"
"""A version spec that no PEP 440 version satisfies: PEP 440 starts at ``0.dev0``."""

Key = tuple[float, ...]
"""Sorts as conda orders versions."""

Clause = list[list[str]]
"""Alternatives of atoms, in text."""

_CACHE = 2**15
_BOTTOM: Key = (-math.inf,)
_TOP: Key = (math.inf,)
_KEY_LENGTH = 1 + 3 * (MAX_LENGTH // 2 + MAX_PADDED_WIDTH)
_TAGS = {"dev": -4, "a": -3, "b": -2, "rc": -1, "": 0, "post": 1}
_SEGMENT = re.compile(r"([0-9]*)([a-z]*)([0-9]*)")
_RANKS = {"": 0, "==": 0, ">=": 1, ">": 1, "<": 2, "<=": 2, "!=": 3}


@dataclass(frozen=True, slots=True)
class Atom:
    """A comparison: the interval of conda's order that it accepts or, for a *hole*, rejects.

    *start* and *stop* lie between versions: the key of a version, then an infinity for the side. *rank* is the place
    in the text: globs and pins, lower bounds, upper bounds, holes. The engines agree on lists in that order.
    """

    text: str
    rank: int
    start: Key
    stop: Key

    @property
    def hole(self) -> bool:
        """Whether the interval is rejected."""
        return self.rank == _RANKS["!="]


Alternative = tuple[Atom, ...]
"""Atoms that hold together; a version has to meet all of them."""


def intersect(clauses: Iterable[Clause]) -> list[Alternative]:
    """Return the alternatives that meet all *clauses*.

    >>> render_alternatives(intersect([[[">=1"]], [["<2dev0"], ["3.*"]], [["!=5.*"]]]))
    '>=1,<2dev0|3.*'

    The disjunctive normal form; dropping what is empty keeps it short.
    """
    alternatives: list[Alternative] = [()]
    for clause in clauses:
        parsed = [[_parse_atom(text) for text in alternative] for alternative in clause]
        met = [_simplify((*one, *other)) for one, other in product(alternatives, parsed)]
        alternatives = [alternative for alternative in met if alternative is not None]
    return alternatives


def render_alternatives(alternatives: Iterable[Alternative]) -> str:
    """Write *alternatives* as a conda version spec, the lowest first; without any, what nothing matches."""
    ordered = sorted(alternatives, key=_lowest)
    return "|".join(dict.fromkeys(",".join(atom.text for atom in atoms) for atoms in ordered)) or NOTHING


@lru_cache(_CACHE)
def version_key(literal: str) -> Key:
    """Return a key that sorts as conda does: number, word, number for each segment; what is missing is zero.

    >>> version_key("2rc1") < version_key("2.0.dev1") < version_key("2") == version_key("2.0")
    True
    """
    key = _segments(literal)
    return (*key, *[0] * (_KEY_LENGTH - len(key)))


def _simplify(atoms: Iterable[Atom]) -> Alternative | None:
    """Keep the atoms that decide, in the order of writing; None when nothing can match."""
    ordered = sorted(set(atoms), key=lambda atom: (atom.rank, atom.start, atom.text))
    bounds = [atom for atom in ordered if not atom.hole]
    start = max((atom.start for atom in bounds), default=_BOTTOM)
    stop = min((atom.stop for atom in bounds), default=_TOP)
    holes = [atom for atom in ordered if atom.hole and atom.start < stop and start < atom.stop]
    if start >= stop or any(hole.start <= start and stop <= hole.stop for hole in holes):
        return None
    return (*_tightest(bounds, start, stop), *holes)


def _tightest(bounds: list[Atom], start: Key, stop: Key) -> list[Atom]:
    lower = [atom for atom in bounds if atom.start == start != _BOTTOM]
    upper = [atom for atom in bounds if atom.stop == stop != _TOP]
    both = [atom for atom in lower if atom in upper]
    return both[:1] or sorted([*lower[:1], *upper[:1]], key=bounds.index)


def _lowest(alternative: Alternative) -> Key:
    return max((atom.start for atom in alternative if not atom.hole), default=_BOTTOM)


@lru_cache(_CACHE)
def _parse_atom(text: str) -> Atom:
    literal = text.lstrip("<>=!")
    operator = text.removesuffix(literal)
    key = _stem(literal.removesuffix(".*")) if literal.endswith(".*") else version_key(literal)
    before, after = (*key, -math.inf), (*key, math.inf)
    start = {"<": _BOTTOM, "<=": _BOTTOM, ">": after}.get(operator, before)
    stop = {">": _TOP, ">=": _TOP, "<": before}.get(operator, after)
    return Atom(text, _RANKS[operator], start, stop)


def _stem(literal: str) -> Key:
    """Return how the keys of all versions that conda's ``literal.*`` matches begin."""
    *key, tag, _ = _segments(literal)
    return (*key, tag) if tag else tuple(key)


def _segments(literal: str) -> list[float]:
    epoch, _, rest = literal.rpartition("!")
    key: list[float] = [int(epoch or 0)]
    for segment in rest.split("."):
        number, tag, count = _SEGMENT.findall(segment)[0]
        key += (int(number or 0), _TAGS[tag], int(count or 0))
    return key
