"""The names that the tables know, all at once: which are there, and which stand beside a given one.

A question is a bisection in lines that were split and not read, so that nothing has to be built first.
"""

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator
from itertools import permutations
from typing import Self

_END = b"\t"
"""What ends a name in its line; lower than every character of a name, so lines sort as names do."""
_PAST = b"\xff"
"""Higher than all text; the last line of all, so that a bisection always points at a line."""
_COMMENT = b"#"
_LETTERS = [letter.encode() for letter in "abcdefghijklmnopqrstuvwxyz"]
_SATELLITES = (b"types-", b"pytest-", b"django-", b"flask-", b"opentelemetry-instrumentation-")
"""What projects that serve another one put before its name; after its name, they put a hyphen and anything."""
_FEW = 128
"""Lines that are looked through faster than the ways to change one more letter are looked up."""
_SHORTEST_HEAD, _LONGEST_HEAD = 2, 6
_MOST_WORDS = 4
_LOOKS_LIKE = {"0": "o", "o": "0", "1": "li", "l": "1i", "i": "1l", "5": "s", "s": "5"}
_PAIRS = {"rn": "m", "vv": "w"}
_SINGLES = {single: pair for pair, single in _PAIRS.items()}


class KnownNames:
    """Normalized names (PEP 503); some stand out, because others are named after them, or because they were asked for.

    >>> known = KnownNames.of(["numpy", "numpy-stl", "scipy"])
    >>> "numpy" in known, "nump" in known
    (True, False)
    >>> known.is_prominent("numpy"), known.is_prominent("scipy")
    (True, False)
    """

    def __init__(self, lines: list[bytes], marked: frozenset[str] = frozenset()) -> None:
        """Take sorted *lines* that begin with a name and a tab, and keep them."""
        self._lines = lines
        if lines[-1:] != [_PAST]:
            lines.append(_PAST)
        self._marked = marked

    @classmethod
    def of(cls, names: Iterable[str]) -> Self:
        """Know *names*."""
        return cls(sorted({name.encode() + _END for name in names}))

    @classmethod
    def parse(cls, data: bytes, *layers: bytes) -> Self:
        r"""Know the projects of look-up files as `wheelbridge.mapping.lines` renders them, the largest first.

        >>> "b" in KnownNames.parse(b"# header\na\tx\nc\ty\n", b"b\tz\n")
        True
        """
        known = cls(_split(data))
        for layer in layers:
            known._add(_split(layer))
        return known

    def joined(self, names: Iterable[str]) -> "KnownNames":
        """Return what is known with *names*, all of them prominent."""
        marked = frozenset(names)
        known = KnownNames([*self._lines], self._marked | marked)
        known._add([name.encode() + _END for name in marked])
        return known

    def __contains__(self, name: str) -> bool:
        """Tell whether *name* is known."""
        return self._has(name.encode())

    def satellites(self, name: str) -> int:
        """Count the known names that are made of *name*: a measure of how well-known it is.

        >>> KnownNames.of(["attrs", "attrs-strict", "types-attrs", "attrs2"]).satellites("attrs")
        2
        """
        text = name.encode()
        low, high = self._span(text + b"-")
        return high - low + sum(self._has(prefix + text) for prefix in _SATELLITES)

    def is_prominent(self, name: str, *, beside: int = 0) -> bool:
        """Tell whether *name* stands out, also beside one with as many satellites as *beside*."""
        return name in self._marked or self.satellites(name) >= max(1, beside)

    def near(self, name: str) -> Iterator[str]:
        """Yield the known names that one letter, or the order of two, may tell from *name*, and others like them.

        Those that agree with its first letters stand together and are looked through; the others differ in their
        first letters and nowhere else, so each way to change these is looked up.
        """
        text = name.encode()
        depth, (low, high) = self._head(text)
        last, most = text[-1:] + _END, text[:-2]
        for line in self._lines[low:high]:
            end = line.index(_END)
            if -1 <= end - len(text) <= 1 and (line.startswith(last, end - 1) or line.startswith(most)):
                yield line[:end].decode()
        lines = self._lines
        for place in range(depth):
            low, high = self._span(text[:place])
            for found in _changed(text + _END, place):
                if lines[bisect_left(lines, found, low, high)].startswith(found):
                    yield found[:-1].decode()

    def reordered(self, name: str) -> Iterator[str]:
        """Yield the known names with the words of *name*, of a few words, in any order."""
        words = name.split("-")
        if 1 < len(words) <= _MOST_WORDS:
            yield from (found for order in permutations(words) if (found := "-".join(order)) in self)

    def respelt(self, name: str) -> Iterator[str]:
        """Yield the known names that look like *name* but for their separators."""
        heads = [("", name.replace("-", ""))]
        while heads:
            head, rest = heads.pop()
            if not rest and head in self:
                yield head
            for piece, used in _readings(rest):
                longer = (head + piece, f"{head}-{piece}") if head else (piece,)
                heads.extend((one, rest[used:]) for one in longer if self._has_head(one.encode()))

    def _head(self, text: bytes) -> tuple[int, tuple[int, int]]:
        """Return how many first letters of *text* leave few names, and where these stand."""
        longest = min(len(text), _LONGEST_HEAD)
        for depth in range(_SHORTEST_HEAD, longest):
            low, high = self._span(text[:depth])
            if high - low <= _FEW:
                return depth, (low, high)
        return longest, self._span(text[:longest])

    def _has(self, name: bytes) -> bool:
        return self._has_head(name + _END)

    def _has_head(self, head: bytes) -> bool:
        return self._lines[bisect_left(self._lines, head)].startswith(head)

    def _span(self, head: bytes) -> tuple[int, int]:
        low = bisect_left(self._lines, head)
        return low, bisect_left(self._lines, head + _PAST, low)

    def _add(self, lines: Iterable[bytes]) -> None:
        for line in lines:
            if not self._has(line[: line.index(_END)]):
                insort(self._lines, line)


def _split(data: bytes) -> list[bytes]:
    lines = data.split(b"\n")
    return lines[next((place for place, line in enumerate(lines) if line[:1] != _COMMENT), 0) : -1]


def _changed(text: bytes, place: int) -> list[bytes]:
    """Return *text* with the letter at *place* left out, swapped with the next, replaced, or preceded by another."""
    head, here, after = text[:place], text[place:], text[place + 1 :]
    swapped = head + after[:1] + text[place : place + 1] + after[1:]
    replaced = [head + letter + after for letter in _LETTERS]
    return [head + after, swapped, *replaced, *(head + letter + here for letter in _LETTERS)]


def _readings(text: str) -> Iterator[tuple[str, int]]:
    """Yield what the beginning of *text* may be read as, and how many characters that takes."""
    if not text:
        return
    first = text[0]
    yield first, 1
    yield from ((other, 1) for other in _LOOKS_LIKE.get(first, ""))
    if pair := _SINGLES.get(first):
        yield pair, 1
    if single := _PAIRS.get(text[:2]):
        yield single, 2
