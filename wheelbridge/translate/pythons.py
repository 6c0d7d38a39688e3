"""Interpreter and ABI tags: which CPython a wheel runs on (PEP 425, 384, 703)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from packaging.ranges import VersionRange
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from wheelbridge.errors import InvalidSpecifierError
from wheelbridge.translate.errors import UnsupportedTagError
from wheelbridge.translate.specifiers import translate_specifier

Release = tuple[int, int]
"""A minor version of Python: (3, 12)."""

_LAST = 99
"""As a minor version: "and every later one of this major version"."""
FREE_THREADED_SINCE: Release = (3, 13)
"""PEP 703: free-threaded builds exist from CPython 3.13."""
KNOWN_MINORS = (*((2, minor) for minor in range(8)), *((3, minor) for minor in range(41)))

_INTERPRETER = re.compile(r"(?P<kind>py|cp)(?P<major>\d)(?P<minor>\d*)")
_SPECIFIC, _CPYTHON, _PYTHON, _PURE = 3, 2, 1, 0


class Gil(StrEnum):
    """Which builds of CPython 3.13 and newer a wheel is for."""

    ANY = "any"
    REQUIRED = "required"
    FREE_THREADED = "free-threaded"


@dataclass(frozen=True, slots=True)
class PythonSupport:
    """An interval of interpreters that a wheel runs on.

    Attributes:
        lowest: the first minor version.
        highest: the last minor version; ``(3, 99)`` for "every later 3.x".
        gil: which builds, from 3.13 on.
        rank: a higher one is preferred, as ``packaging.tags.sys_tags`` orders interpreters and ABIs.
    """

    lowest: Release
    highest: Release
    gil: Gil
    rank: int

    @property
    def lower_bound(self) -> str:
        """The interval's start, pre-releases of it included."""
        return _start(self.lowest)

    @property
    def upper_bound(self) -> str:
        """The interval's end, itself excluded."""
        return _start(_following(self.highest))

    @property
    def build_regex(self) -> str | None:
        """The build strings of ``python`` to choose from, None where every build will do.

        conda-forge ends the build string of a free-threaded CPython 3.13 in ``_cp313t``.
        """
        if self.gil is Gil.ANY or self.highest < FREE_THREADED_SINCE:
            return None
        return r"^.*_cp\d+t$" if self.gil is Gil.FREE_THREADED else r"^(?!.*_cp\d+t$).*$"

    @property
    def abi_constraint(self) -> str | None:
        """The constraint on ``python_abi``, where the wheel is for one CPython ABI."""
        if self.lowest != self.highest or self.lowest < (3, 0) or self.gil is Gil.ANY:
            return None
        major, minor = self.lowest
        suffix = "t" if self.gil is Gil.FREE_THREADED else ""
        return f'python_abi[version="{major}.{minor}.*",build="*_cp{major}{minor}{suffix}"]'

    def covers(self, release: Release) -> bool:
        """Tell whether the minor version *release* lies in the interval."""
        return self.lowest <= release <= self.highest


def translate_python_tags(pairs: Iterable[tuple[str, str]], *, pure: bool) -> tuple[PythonSupport, ...]:
    """Translate (interpreter, ABI) tags to intervals, merged where they touch; *pure*: the platform is ``any``.

    >>> [(s.lower_bound, s.upper_bound) for s in translate_python_tags([("py2", "none"), ("py3", "none")], pure=True)]
    [('2dev0', '4dev0')]

    Raises:
        UnsupportedTagError: if no pair is for CPython, or if they need different builds of one CPython.
    """
    supports: set[PythonSupport] = set()
    failure = UnsupportedTagError("The wheel has no tags")
    for interpreter, abi in sorted(set(pairs)):
        try:
            supports.add(translate_python_tag(interpreter, abi, pure=pure))
        except UnsupportedTagError as error:
            failure = error
    if not supports:
        raise failure
    merged = _merge(supports)
    if len({support.build_regex for support in merged}) > 1:
        raise UnsupportedTagError("The tags need builds of CPython with and without the GIL, which no one spec can say")
    return merged


@lru_cache(maxsize=1024)
def translate_python_tag(interpreter: str, abi: str, *, pure: bool) -> PythonSupport:
    """Translate one interpreter tag with one ABI tag.

    PEP 425: "py" is "Generic Python (does not require implementation-specific features)", so ``py39`` runs on 3.9 and
    every later 3.x, while ``cp39`` names CPython 3.9. PEP 384: ``abi3`` runs on that version and every later one;
    PEP 703: not on free-threaded builds.

    Raises:
        UnsupportedTagError: if the pair is for another interpreter, or for no released ABI.
    """
    match = _INTERPRETER.fullmatch(interpreter)
    if match is None:
        raise UnsupportedTagError(f"The tag {interpreter}-{abi} is not for CPython, the target's interpreter")
    major, minor = int(match["major"]), int(match["minor"] or 0)
    if match["kind"] == "py":
        if abi != "none":
            raise UnsupportedTagError(f"The tag {interpreter}-{abi} names an ABI but no interpreter")
        return PythonSupport((major, minor), (major, _LAST), Gil.ANY, _rank(_PURE if pure else _PYTHON, minor))
    if not match["minor"]:
        raise UnsupportedTagError(f"The tag {interpreter}-{abi} names no version of CPython")
    if pure and abi != "none":
        raise UnsupportedTagError(f"The tag {interpreter}-{abi}-any names an ABI but no platform")
    return _translate_cpython((major, minor), abi, pure=pure)


def _translate_cpython(release: Release, abi: str, *, pure: bool) -> PythonSupport:
    major, minor = release
    version = f"cp{major}{minor}"
    if abi == "abi3":
        return PythonSupport(release, (major, _LAST), Gil.REQUIRED, _rank(_CPYTHON, minor, stable=True))
    if abi == "abi3t":
        first = max(release, FREE_THREADED_SINCE)
        return PythonSupport(first, (major, _LAST), Gil.FREE_THREADED, _rank(_CPYTHON, minor, stable=True))
    if abi == "none":
        return PythonSupport(release, release, Gil.ANY, _rank(_PURE if pure else _CPYTHON, minor, stable=pure))
    if abi == version or (release < (3, 8) and abi in {f"{version}m", f"{version}mu"}):
        return PythonSupport(release, release, Gil.REQUIRED, _rank(_SPECIFIC, 0))
    if abi == f"{version}t" and release >= FREE_THREADED_SINCE:
        return PythonSupport(release, release, Gil.FREE_THREADED, _rank(_SPECIFIC, 0))
    raise UnsupportedTagError(f"The tag {version}-{abi} names no released ABI of CPython {major}.{minor}")


def translate_python_requirement(supports: tuple[PythonSupport, ...], requires_python: str | None) -> str:
    """Return the MatchSpec of ``python`` for a wheel with these tags and this Requires-Python.

    >>> pure = translate_python_tags([("py3", "none")], pure=True)
    >>> translate_python_requirement(pure, ">=3.9")
    'python[version=">=3.9,<4dev0"]'

    Raises:
        InvalidSpecifierError: if *requires_python* does not follow PEP 440.
        UnsupportedTagError: if conda cannot say it exactly (``===``).
    """
    required = translate_specifier(requires_python or "")
    if required.lossy:
        raise UnsupportedTagError(f"Requires-Python {requires_python!r} cannot be said exactly")
    alternatives = required.conda.split("|") if required.conda else [""]
    joined = [
        ",".join(filter(None, (*_tag_clauses(support, requires_python), alternative)))
        for support in supports
        for alternative in alternatives
    ]
    build = supports[0].build_regex
    return f'python[version="{"|".join(map(_order, joined))}"' + (f',build="{build}"]' if build else "]")


@lru_cache(maxsize=4096)
def possible_minors(supports: tuple[PythonSupport, ...], requires_python: str | None) -> tuple[Release, ...]:
    """List the minor versions of Python on which the wheel can run.

    >>> possible_minors(translate_python_tags([("cp312", "cp312")], pure=False), ">=3.9")
    ((3, 12),)

    Raises:
        InvalidSpecifierError: if *requires_python* does not follow PEP 440.
    """
    required = _requires_range(requires_python or "")
    return tuple(
        release
        for release in KNOWN_MINORS
        if any(support.covers(release) for support in supports) and not required.is_disjoint(_minor_range(release))
    )


def _tag_clauses(support: PythonSupport, requires_python: str | None) -> tuple[str, ...]:
    if support.lowest == support.highest:
        return (f"{support.lowest[0]}.{support.lowest[1]}.*",)
    implied = requires_python and _requires_range(requires_python).is_subset(_from_range(support.lowest))
    return (() if implied else (f">={support.lower_bound}",)) + (f"<{support.upper_bound}",)


def _order(clauses: str) -> str:
    ranks = {"<": 2, "!": 3}
    return ",".join(sorted(dict.fromkeys(clauses.split(",")), key=lambda clause: ranks.get(clause[0], 1)))


@lru_cache(maxsize=4096)
def _requires_range(requires_python: str) -> VersionRange:
    try:
        return SpecifierSet(requires_python).to_range()
    except InvalidSpecifier as error:
        raise InvalidSpecifierError(requires_python) from error


@lru_cache(maxsize=256)
def _minor_range(release: Release) -> VersionRange:
    return SpecifierSet(f"=={release[0]}.{release[1]}.*").to_range()


@lru_cache(maxsize=256)
def _from_range(release: Release) -> VersionRange:
    return SpecifierSet(f">={release[0]}.{release[1]}.dev0").to_range()


def _start(release: Release) -> str:
    return f"{release[0]}.{release[1]}dev0" if release[1] else f"{release[0]}dev0"


def _following(release: Release) -> Release:
    return (release[0] + 1, 0) if release[1] == _LAST else (release[0], release[1] + 1)


def _rank(kind: int, minor: int, *, stable: bool = False) -> int:
    return kind * 200 + minor * 2 + stable


def _merge(supports: set[PythonSupport]) -> tuple[PythonSupport, ...]:
    merged: list[PythonSupport] = []
    for support in sorted(supports, key=lambda s: (s.lowest, s.highest, s.rank)):
        if merged and (gil := _joined_gil(merged[-1], support)):
            last = merged.pop()
            highest, rank = max(last.highest, support.highest), max(last.rank, support.rank)
            merged.append(PythonSupport(last.lowest, highest, gil, rank))
        else:
            merged.append(support)
    return tuple(merged)


def _joined_gil(one: PythonSupport, other: PythonSupport) -> Gil | None:
    """Return what the union of two intervals needs, None where no single interval is their union."""
    if other.lowest > _following(one.highest):
        return None
    if one.gil is other.gil:
        return one.gil
    builds = {support.gil for support in (one, other) if support.highest >= FREE_THREADED_SINCE}
    if len(builds) == 1 and Gil.FREE_THREADED not in builds:
        return builds.pop()
    return Gil.ANY if (one.lowest, one.highest) == (other.lowest, other.highest) else None
