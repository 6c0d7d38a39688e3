"""Look-alikes: the known names that a project's name may be confused with.

The kinds of likeness are the field's, put in our own words: Taylor et al., "SpellBound: Defending Against Package
Typosquatting" (arXiv:2003.03471), typomania, and the public index's ``warehouse/packaging/typosnyper.py``; the index
also refuses a new project that differs from another one in separators, ``0/o`` and ``1/l/i`` alone. All of these
compare with the most used projects only. Here those are known by their satellites, see `KnownNames.satellites`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from wheelbridge.mapping.known_names import KnownNames
from wheelbridge.model.name import NormalizedName


class Likeness(StrEnum):
    """In what alone a name differs from the one that it looks like, the most telling kind first."""

    SEPARATORS = "separators"
    CONFUSABLE = "characters that look alike"
    SWAPPED = "two swapped letters"
    DOUBLED = "a doubled letter"
    LEFT_OUT = "a letter left out"
    ADDED = "an added letter"
    REPLACED = "one letter"
    PLURAL = "an s"
    ORDER = "the order of its words"
    NUMBER = "a number"
    AFFIX = "a usual beginning or end"


@dataclass(frozen=True, slots=True)
class Lookalike:
    """A known name, and in what a project's name differs from it; others are named after a *prominent* one."""

    name: NormalizedName
    likeness: Likeness
    prominent: bool


_RANKS = {likeness: rank for rank, likeness in enumerate(Likeness)}
_SHORTEST = {
    Likeness.SEPARATORS: (5, 5),
    Likeness.CONFUSABLE: (5, 5),
    Likeness.SWAPPED: (6, 5),
    Likeness.DOUBLED: (5, 5),
    Likeness.LEFT_OUT: (7, 4),
    Likeness.ADDED: (7, 6),
    Likeness.REPLACED: (9, 6),
    Likeness.PLURAL: (6, 5),
    Likeness.ORDER: (5, 5),
}
"""Letters that the shorter name needs: beside any known name, and beside a prominent one.

Measured: between honest names of the tables, closer pairs of shorter names are everyday.
"""
_NEIGHBOUR = (8, 6)
"""The same where a letter is replaced by a neighbour of its key."""
_SIMILAR = (8, 5)
"""The same where it is replaced by one of much the same shape."""
_FIRST_LEFT_OUT = (9, 5)
"""The same where the first letter is left out: that is rare as a slip, and common as another name."""
_SHORTEST_WORD = 4
_SHORTEST_WORD_REPLACED = (7, 5)
"""Letters that the word needs which differs: ``el-core-news`` and ``es-core-news`` are two languages."""
_KEYS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_NEIGHBOURS = frozenset(
    pair
    for above, row in zip(("", *_KEYS), _KEYS, strict=False)
    for place, key in enumerate(row)
    for other in row[place + 1 : place + 2] + above[place : place + 2]
    for pair in (key + other, other + key)
)
_SHAPES = frozenset({"mn", "nm", "ij", "ji", "uv", "vu"})
_LOOKS = str.maketrans("01i5", "olls")
_BEFORE = ("python3-", "python-", "python", "py3-", "py-", "py")
_AFTER = ("-python3", "-python", "-py3", "-py")
_ORNAMENTS = ("lib-", "lib", "new-"), ("-dev", "-lib", "lib", "-plus", "-pro", "pro", "-beta")
_NUMBERS = ("-2", "-3", "-4", "2", "3", "4")
_SHORTEST_STEM = 4
"""Letters that are left of a name without its number, beginning or end, at least."""
_SHORTEST_CORE = 5
"""The same of one that gets another beginning or end: ``task`` is not ``pytask``."""
_SHORTEST_MISSPELT_CORE = 8
"""The same of one that is misspelt as well."""


def find_lookalikes(project: NormalizedName, known: KnownNames) -> tuple[Lookalike, ...]:
    """Return the known names that *project* may be confused with, the likeliest first; none if it is known itself.

    >>> known = KnownNames.of(["requests", "numpy", "scipy"])
    >>> [(found.name, found.likeness.value) for found in find_lookalikes("reqeusts", known)]
    [('requests', 'two swapped letters')]
    >>> find_lookalikes("numpy", known)
    ()
    """
    if project in known:
        return ()
    found: dict[str, Lookalike] = {}
    for name, likeness, prominent in _matches(project, known):
        found.setdefault(name, Lookalike(NormalizedName(name), likeness, prominent))
    return tuple(sorted(found.values(), key=lambda one: (not one.prominent, _RANKS[one.likeness], one.name)))


def compare_names(suspect: str, name: str, *, prominent: bool) -> Likeness | None:
    """Tell how *suspect* is like the known *name*; None where the likeness tells nothing.

    Numbers and affixes are no part of it.

    >>> compare_names("pandar", "pandas", prominent=True)
    <Likeness.REPLACED: 'one letter'>
    >>> compare_names("pandar", "pandas", prominent=False)
    """
    shorter = min(_letters(suspect), _letters(name))
    if likeness := _compare_whole(suspect, name):
        return likeness if shorter >= _SHORTEST[likeness][prominent] else None
    edit = _Edit.between(suspect, name)
    return edit.likeness if edit and shorter >= edit.shortest(prominent=prominent) else None


def _matches(suspect: str, known: KnownNames) -> Iterator[tuple[str, Likeness, bool]]:
    """Yield names, the most telling likeness of each first."""
    rank = known.satellites(suspect)
    for name in {*known.near(suspect), *known.reordered(suspect), *known.respelt(suspect)}:
        if likeness := compare_names(suspect, name, prominent=True):
            prominent = known.is_prominent(name, beside=rank)
            if prominent or compare_names(suspect, name, prominent=False):
                yield name, likeness, prominent
    for name, likeness in _affixed(suspect):
        if name in known and known.is_prominent(name, beside=rank):
            yield name, likeness, True
    for core in _strip(suspect, _ORNAMENTS):
        if _letters(core) >= _SHORTEST_MISSPELT_CORE:
            for name in known.near(core):
                if known.is_prominent(name) and compare_names(core, name, prominent=True):
                    yield name, Likeness.AFFIX, True


def _compare_whole(suspect: str, name: str) -> Likeness | None:
    if _skeleton(suspect) == _skeleton(name):
        if suspect.replace("-", "") == name.replace("-", ""):
            return Likeness.SEPARATORS
        return Likeness.CONFUSABLE if _differ_in_long_words(suspect, name) else None
    return Likeness.ORDER if sorted(suspect.split("-")) == sorted(name.split("-")) else None


def _skeleton(name: str) -> str:
    """Return what is common to all names that look like *name*."""
    return name.replace("-", "").replace("rn", "m").replace("vv", "w").translate(_LOOKS)


def _differ_in_long_words(suspect: str, name: str) -> bool:
    words, others = suspect.split("-"), name.split("-")
    pairs = zip(words, others, strict=False) if len(words) == len(others) else ()
    return all(len(word) >= _SHORTEST_WORD for word, other in pairs if word != other)


@dataclass(frozen=True, slots=True)
class _Edit:
    """The one letter, or two, that tell a suspect from a name: *old* became *new* at *place* in a word of *word*."""

    likeness: Likeness
    place: int
    old: str
    new: str
    word: int

    @classmethod
    def between(cls, suspect: str, name: str) -> Self | None:
        """Return the edit, None if there are more, or it is about a number."""
        place = next((at for at, (one, other) in enumerate(zip(suspect, name, strict=False)) if one != other), -1)
        place = min(len(suspect), len(name)) if place < 0 else place
        size = 2 if suspect[place + 1 :] != name[place + 1 :] and len(suspect) == len(name) else 1
        old = name[place : place + size] if len(name) >= len(suspect) else ""
        new = suspect[place : place + size] if len(suspect) >= len(name) else ""
        if suspect[place + len(new) :] != name[place + len(old) :]:
            return None
        likeness = (_name_change if len(old) == len(new) else _name_addition)(suspect, old, new, place)
        word = min(_word_length(suspect, place), _word_length(name, place))
        return cls(likeness, place, old, new, word) if likeness else None

    def shortest(self, *, prominent: bool) -> float:
        """Return how many letters the shorter name needs for the edit to tell anything."""
        if self.likeness is Likeness.REPLACED:
            return self._shortest_replaced(prominent=prominent)
        if self.word < _SHORTEST_WORD or (self.place == 0 and self.likeness is Likeness.ADDED):
            return float("inf")  # one more letter in front is how siblings are named: xarray, uxarray
        is_first_left_out = self.place == 0 and self.likeness is Likeness.LEFT_OUT
        return (_FIRST_LEFT_OUT if is_first_left_out else _SHORTEST[self.likeness])[prominent]

    def _shortest_replaced(self, *, prominent: bool) -> float:
        pair = self.old + self.new
        shortest = _SIMILAR if pair in _SHAPES else _NEIGHBOUR if pair in _NEIGHBOURS else _SHORTEST[self.likeness]
        is_usual = self.place == 0 and not (prominent and pair in _SHAPES | _NEIGHBOURS)
        return float("inf") if is_usual or self.word < _SHORTEST_WORD_REPLACED[prominent] else shortest[prominent]


def _name_change(suspect: str, old: str, new: str, place: int) -> Likeness | None:
    """Name what made of *old* as many *new* letters in *suspect*; a number counts only in the midst of letters."""
    if len(old) > 1:
        return Likeness.SWAPPED if old == new[::-1] and not old.isdigit() else None
    if new.isdigit() and not (suspect[:place][-1:] + suspect[place + 1 :][:1]).isalpha():
        return None
    return Likeness.REPLACED if old.isalpha() and new.isalnum() else None


def _name_addition(suspect: str, old: str, new: str, place: int) -> Likeness | None:
    """Name what made a *new* letter, or left out the *old* one, in *suspect*."""
    if not (old + new).isalpha():
        return None
    if new and suspect[place - 1 : place] == new:
        return Likeness.DOUBLED
    if new == "x" and place == len(suspect) - 1:
        return None  # that is how a successor is named: tensorboardx
    if old + new == "s" and suspect[place + len(new) :][:1] in ("", "-"):
        return Likeness.PLURAL
    return Likeness.ADDED if new else Likeness.LEFT_OUT


def _word_length(name: str, place: int) -> int:
    start = name.rfind("-", 0, place) + 1
    end = name.find("-", place)
    return (len(name) if end < 0 else end) - start


def _letters(name: str) -> int:
    return len(name) - name.count("-")


def _affixed(suspect: str) -> Iterator[tuple[str, Likeness]]:
    """Yield the names that differ from *suspect* in usual beginnings, ends and numbers, known or not."""
    if len(suspect) >= _SHORTEST_STEM:
        yield from ((suspect + number, Likeness.NUMBER) for number in _NUMBERS)
    for core in (suspect, *_strip(suspect, (_BEFORE, ()))):
        if len(core) >= _SHORTEST_CORE:
            for name in (core, *(before + core for before in _BEFORE), *(core + after for after in _AFTER)):
                if name != suspect:
                    yield name, Likeness.AFFIX
    yield from ((core, Likeness.AFFIX) for core in _strip(suspect, ((), _AFTER)))
    for plain in _strip(suspect, ((), _NUMBERS)):
        yield plain, Likeness.NUMBER
    for core in _strip(suspect, _ORNAMENTS):
        yield core, Likeness.AFFIX
        yield from ((plain, Likeness.AFFIX) for plain in _strip(core, ((), _NUMBERS)))


def _strip(name: str, affixes: tuple[tuple[str, ...], tuple[str, ...]]) -> Iterator[str]:
    """Yield *name* without one of the beginnings or ends, where enough is left."""
    befores, afters = affixes
    cores = [name[len(before) :] for before in befores if name.startswith(before)]
    cores += [name[: -len(after)] for after in afters if name.endswith(after)]
    yield from (core for core in cores if len(core) >= _SHORTEST_STEM and core[0] != "-" and core[-1] != "-")
