"""Environment markers (PEP 508), partially evaluated: platform atoms against the target, python left as a condition.

`packaging` itself evaluates the marker; wheelbridge only chooses where. The versions of Python are cut into intervals
at every version the marker mentions, on each of which the marker is constant, and one version of each is tried.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from packaging.markers import InvalidMarker, Marker, UndefinedComparison, UndefinedEnvironmentName
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import InvalidVersion, Version

from wheelbridge.model.target import Target
from wheelbridge.translate.errors import MarkerNotExpressibleError
from wheelbridge.translate.pythons import KNOWN_MINORS, Release

_PLATFORMS = {
    "linux": {"os_name": "posix", "sys_platform": "linux", "platform_system": "Linux"},
    "osx": {"os_name": "posix", "sys_platform": "darwin", "platform_system": "Darwin"},
    "win": {"os_name": "nt", "sys_platform": "win32", "platform_system": "Windows"},
    "emscripten": {"os_name": "posix", "sys_platform": "emscripten", "platform_system": "Emscripten"},
}
_MACHINES = {
    "linux-32": "i686",
    "linux-64": "x86_64",
    "osx-64": "x86_64",
    "osx-arm64": "arm64",
    "win-32": "x86",
    "win-64": "AMD64",
    "win-arm64": "ARM64",
}
_CPYTHON = {"implementation_name": "cpython", "platform_python_implementation": "CPython"}

_STRING = r"(?:\"[^\"]*\"|'[^']*')"
_OPERATOR = r"(?:===|==|~=|!=|<=|>=|<|>|not in|in)"
_PYTHON = r"(?:python_version|python_full_version|implementation_version)"


def _atom(variable: str) -> re.Pattern[str]:
    """Match one comparison of *variable*, either way round, in the normal form that `packaging` writes."""
    return re.compile(
        rf"\b(?P<left>{variable}) (?P<op1>{_OPERATOR}) (?P<string1>{_STRING})"
        rf"|(?P<string2>{_STRING}) (?P<op2>{_OPERATOR}) (?P<right>{variable})\b"
    )


_HOST_ATOM = _atom("(?:platform_release|platform_version)")
_EXTRA_ATOM = _atom("extra")
_PYTHON_ATOM = _atom(_PYTHON)
_HUGE_NUMBER = re.compile(r"\d{10}")
_MINOR_ANYWHERE = re.compile(r"(?=(\d+)\.(\d+))")


@dataclass(frozen=True, slots=True)
class Condition:
    """When a requirement holds: always (True), never (False), or for some pythons (None, and *when* says which).

    *when* is a CEP 43 expression over MatchSpecs of ``python``.
    """

    value: bool | None
    when: str | None = None


@dataclass(frozen=True, slots=True)
class MarkerTranslation:
    """A marker on a target: what holds without an extra, and for each extra that changes it, what holds with it."""

    base: Condition
    extras: Mapping[NormalizedName, Condition] = field(default_factory=dict)


UNCONDITIONAL = MarkerTranslation(Condition(value=True))


def marker_environment(subdir: str, python: str) -> dict[str, str]:
    """Return what markers are evaluated against: CPython of this full version on *subdir*; of the kernel, nothing.

    >>> marker_environment("win-64", "3.12.4")["sys_platform"]
    'win32'

    Raises:
        MarkerNotExpressibleError: if nothing is known of *subdir*.
    """
    return {**_environment(subdir), **_python(python)}


def translate_marker(marker: str, target: Target, pythons: Sequence[Release] = ()) -> MarkerTranslation:
    """Evaluate *marker* on *target*, as far as the target decides it.

    *pythons* are the minor versions that can occur; nothing is said of others. None given: all.

    >>> linux = Target(subdir="linux-64")
    >>> translate_marker("python_version<'3.11' and sys_platform=='linux'", linux).base
    Condition(value=None, when='python<3.11dev0')
    >>> translate_marker("extra == 'cuda' and os_name == 'posix'", linux).extras
    {'cuda': Condition(value=True, when=None)}

    Raises:
        MarkerNotExpressibleError: if conda has no exact counterpart: the marker is not PEP 508's, it asks for the
            kernel (``platform_release``, ``platform_version``), or an extra takes a requirement away.
    """
    return _translate_cached(marker, target.subdir, tuple(pythons))


@lru_cache(maxsize=16384)
def _translate_cached(text: str, subdir: str, pythons: tuple[Release, ...]) -> MarkerTranslation:
    normal = _normalize(text)
    extras = _extras(normal)
    cells = _reachable(_cells(normal), pythons)
    base = _evaluate(normal, subdir, "", cells)
    conditions: dict[NormalizedName, Condition] = {}
    for extra in sorted(extras):
        truth = _evaluate(normal, subdir, extra, cells)
        if any(without and not having for without, having in zip(base, truth, strict=True)):
            raise MarkerNotExpressibleError(text, f"the extra {extra!r} takes the requirement away")
        if truth != base:
            conditions[extra] = _condition(cells, truth)
    return MarkerTranslation(_condition(cells, base), conditions)


def _normalize(text: str) -> str:
    try:
        return str(Marker(text))
    except InvalidMarker as error:
        raise MarkerNotExpressibleError(text, "it does not follow PEP 508") from error
    except RecursionError as error:
        raise MarkerNotExpressibleError(f"{text[:80]}...", "its parentheses are nested too deeply") from error


def find_extras(marker: str) -> frozenset[NormalizedName]:
    """Return the extras that a marker names.

    >>> find_extras("os_name == 'nt' and extra == 'Docs'")
    frozenset({'docs'})

    Raises:
        MarkerNotExpressibleError: if it does not follow PEP 508.
    """
    names = map(_literal, _EXTRA_ATOM.finditer(_normalize(marker)))
    return frozenset(map(canonicalize_name, names)) - {NormalizedName("")}


def _extras(marker: str) -> set[NormalizedName]:
    atoms = list(_EXTRA_ATOM.finditer(marker))
    if any((match["op1"] or match["op2"]) not in {"==", "!="} for match in atoms):
        raise MarkerNotExpressibleError(marker, "extras are compared with == or != only")
    return {canonicalize_name(_literal(match)) for match in atoms} - {NormalizedName("")}


def _literal(match: re.Match[str]) -> str:
    return (match["string1"] or match["string2"])[1:-1]


@dataclass(frozen=True, slots=True)
class _Cell:
    """An interval of python versions on which a marker is constant, up to the start of the next cell.

    *conda* is the start in conda's words, *sample* a ``python_full_version`` of the interval.
    """

    start: Version
    conda: str
    sample: str

    @classmethod
    def at_minor(cls, major: int, minor: int) -> "_Cell":
        conda = f"{major}.{minor}dev0" if minor else f"{major}dev0"
        return cls(Version(f"{major}.{minor}.dev0"), conda, f"{major}.{minor}.0a0")

    @classmethod
    def at_patch(cls, major: int, minor: int, patch: int) -> "_Cell":
        release = f"{major}.{minor}.{patch}"
        return cls(Version(f"{release}.dev0"), f"{release}dev0", f"{release}a0")

    @classmethod
    def at_version(cls, version: str) -> "_Cell":
        return cls(Version(version), version, version)


_FIRST_CELL = _Cell(Version("0.dev0"), "", "1.0.0")


def _cells(marker: str) -> list[_Cell]:
    """Cut the versions of python wherever *marker* may change its value."""
    cuts = {_FIRST_CELL.start: _FIRST_CELL}
    for match in _PYTHON_ATOM.finditer(marker):
        if _HUGE_NUMBER.search(_literal(match)):
            raise MarkerNotExpressibleError(f"{marker[:80]}...", "a version in it has a number of ten digits or more")
        listed = (match["op1"] or match["op2"]) in {"in", "not in"}
        if (match["left"] or match["right"]) == "python_version":
            found = _listed_minors(match) if listed else _minor_cuts(_literal(match))
        elif listed:
            raise MarkerNotExpressibleError(marker, "it looks for a full version in a text")
        else:
            found = _patch_cuts(marker, _literal(match))
        for cell in found:
            cuts.setdefault(cell.start, cell)
    return [cuts[start] for start in sorted(cuts)]


def _listed_minors(match: re.Match[str]) -> Iterator[_Cell]:
    """Cut at every X.Y that is a part of the text, since ``in`` compares texts: "3.1" is in "3.10"."""
    if match["right"]:
        yield from (_Cell.at_minor(*release) for release in KNOWN_MINORS)
    for major, minor in _MINOR_ANYWHERE.findall(_literal(match)):
        for head in range(len(major)):
            for end in range(1, len(minor) + 1):
                yield _Cell.at_minor(int(major[head:]), int(minor[:end]))
                yield _Cell.at_minor(int(major[head:]), int(minor[:end]) + 1)


def _minor_cuts(literal: str) -> Iterator[_Cell]:
    numbers = [int(number) for number in re.findall(r"\d+", literal)[:2]]
    if numbers:
        major, minor = numbers[0], numbers[1] if len(numbers) > 1 else 0
        yield from (_Cell.at_minor(major, minor), _Cell.at_minor(major, minor + 1), _Cell.at_minor(major + 1, 0))


def _patch_cuts(marker: str, literal: str) -> Iterator[_Cell]:
    try:
        version = Version(literal.removesuffix(".*"))
    except InvalidVersion as error:
        raise MarkerNotExpressibleError(marker, f"{literal!r} is no version") from error
    if version.is_postrelease or version.is_devrelease or version.local or version.epoch:
        raise MarkerNotExpressibleError(marker, f"no Python is called {literal!r}")
    major, minor, patch = (*version.release, 0, 0)[:3]
    yield from _minor_cuts(literal)
    yield _Cell.at_patch(major, minor, patch)
    if version.pre:
        kind, number = version.pre
        yield from (_Cell.at_version(f"{major}.{minor}.{patch}{kind}{n}") for n in (number, number + 1))
    yield _Cell.at_version(f"{major}.{minor}.{patch}")
    yield _Cell.at_patch(major, minor, patch + 1)


def _reachable(cells: list[_Cell], pythons: tuple[Release, ...]) -> list[_Cell]:
    """Keep the cells that a version of *pythons* can lie in."""
    if not pythons:
        return cells
    spans = [_span(*release) for release in pythons]
    ends = [*(cell.start for cell in cells[1:]), None]
    return [
        cell
        for cell, end in zip(cells, ends, strict=True)
        if any((end is None or first < end) and past > cell.start for first, past in spans)
    ]


@lru_cache(maxsize=256)
def _span(major: int, minor: int) -> tuple[Version, Version]:
    return Version(f"{major}.{minor}.dev0"), Version(f"{major}.{minor + 1}.dev0")


def _evaluate(marker: str, subdir: str, extra: str, cells: list[_Cell]) -> list[bool]:
    kernel = {_HOST_ATOM.sub(atom, marker) for atom in ('os_name == ""', 'os_name != ""')}
    outcomes = [_evaluate_known(text, subdir, extra, cells) for text in sorted(kernel)]
    if any(outcome != outcomes[0] for outcome in outcomes):
        raise MarkerNotExpressibleError(marker, "it depends on the kernel, which the target does not describe")
    return outcomes[0]


def _evaluate_known(text: str, subdir: str, extra: str, cells: list[_Cell]) -> list[bool]:
    marker = Marker(text)
    fixed = {**_environment(subdir), "extra": extra}
    try:
        return [marker.evaluate({**fixed, **_python(cell.sample)}) for cell in cells]
    except (UndefinedComparison, UndefinedEnvironmentName, InvalidVersion, RecursionError) as error:
        raise MarkerNotExpressibleError(text, f"packaging cannot evaluate it ({error})") from error


@lru_cache(maxsize=64)
def _environment(subdir: str) -> dict[str, str]:
    system, _, machine = subdir.partition("-")
    if system not in _PLATFORMS:
        raise MarkerNotExpressibleError("*", f"nothing is known of markers on {subdir}")
    host = {"platform_machine": _MACHINES.get(subdir, machine), "platform_release": "", "platform_version": ""}
    return {**_PLATFORMS[system], **_CPYTHON, **host}


@lru_cache(maxsize=1024)
def _python(full_version: str) -> dict[str, str]:
    major, minor, _ = full_version.split(".", 2)
    return {
        "python_version": f"{major}.{minor}",
        "python_full_version": full_version,
        "implementation_version": full_version,
    }


def _condition(cells: list[_Cell], truth: list[bool]) -> Condition:
    if len(set(truth)) == 1:
        return Condition(truth[0])
    specs = [f"python{bounds}" for bounds in _runs(cells, truth)]
    return Condition(None, " or ".join(specs))


def _runs(cells: list[_Cell], truth: list[bool]) -> Iterator[str]:
    """Join neighbouring true cells and say each run as bounds; the outermost cells are open."""
    edges = [False, *truth, False]
    for index in range(len(cells)):
        if edges[index + 1] and not edges[index]:
            end = edges.index(False, index + 1) - 1
            lower = f">={cells[index].conda}" if index else ""
            upper = f"<{cells[end].conda}" if end < len(cells) else ""
            yield ",".join(filter(None, (lower, upper)))
