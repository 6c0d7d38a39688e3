"""PEP 440 specifiers as conda version specs, exact or flagged.

The two orders differ. conda compares a version segment by segment and a suffix belongs to the segment where it is
written, so ``2rc1 < 2.0.dev1 < 2.0.0rc1 < 2 == 2.0 < 2.0.0.1 < 2.0.post1 < 2.post1``; PEP 440 pads the release with
zeros first and orders ``dev < a < b < rc < final < post`` after that. Words used below:

- *digits*: the release without its trailing zeros; it alone decides the order of two finals, in both worlds;
- *width*: how many release components are written, hence where the suffix sits for conda;
- *inner post*: ``1.post1`` seen from ``1.0.3``. It is older for PEP 440 and newer for conda, because it stands where
  the other release has a zero.

A clause becomes alternatives (joined by ``|``) of atoms (joined by ``,``), one alternative for each width where the
suffix matters. Sets are combined by intersecting alternatives, and what cannot match anything is dropped.
"""

import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise, product
from typing import Self

from packaging.specifiers import Specifier, SpecifierSet
from packaging.version import Version

from wheelbridge.errors import InvalidSpecifierError, InvalidVersionError, TranslationError

MAX_PADDED_WIDTH = 4
"""Releases padded with zeros up to this width are told apart; see `CondaVersionSpec`."""

NOTHING = "<0dev0"
"""A version spec that no PEP 440 version satisfies: PEP 440 starts at ``0.dev0``."""

_MAX_LENGTH = 64
_MAX_NUMBER = 2**64 - 2  # rattler reads 64 bits, and `_Release.next` adds one
_CACHE = 2**15

_Key = tuple[float, ...]
_Clause = list[list[str]]
"""Alternatives of atoms, in text."""


class VersionTooLongError(TranslationError):
    """CEP 26: conda version strings have at most 64 characters."""

    code = "version-too-long"

    def __init__(self, version: str) -> None:
        super().__init__(f"Version {version!r} has more than {_MAX_LENGTH} characters, conda's limit")
        self.version = version


class VersionNumberTooLargeError(TranslationError):
    """conda's solvers keep each number of a version in 64 bits."""

    code = "version-number-too-large"

    def __init__(self, version: str) -> None:
        super().__init__(f"Version {version!r} has a number that does not fit in 64 bits")
        self.version = version


@dataclass(frozen=True, slots=True)
class CondaVersionSpec:
    """What conda must be told to get the versions of a PEP 440 specifier set, pre-releases included.

    Not *lossy* is a promise: *conda* accepts the conda version of a PEP 440 version exactly if the specifier set
    contains that version, for every version that is not padded with zeros past its fourth release component (or
    past the width written in the specifier, where that is more): ``2.0.0.0rc1`` is covered, ``2.0.0.0.0rc1`` is not.
    Finals are covered at every width.

    Attributes:
        conda: None when every version matches; then there is nothing to write.
        lossy: *conda* alone does not say all; `exact_versions` does, once the candidates are known.
        build: glob for the build string where a local label is pinned; the label is the end of the build string.
    """

    conda: str | None
    lossy: bool
    build: str | None = None


def translate_specifier(specifier: str | SpecifierSet) -> CondaVersionSpec:
    """Say in conda's words which versions *specifier* contains.

    >>> translate_specifier(">=1.0,<2,!=1.5.*")
    CondaVersionSpec(conda='>=1.0,<2dev0,!=1.5.*', lossy=False, build=None)
    >>> translate_specifier("~=1.4.2").conda, translate_specifier("").conda
    ('1.4.*,>=1.4.2', None)
    >>> translate_specifier("==1.0+cu121")
    CondaVersionSpec(conda='==1.0', lossy=True, build='*+cu121')

    PEP 440: "The exclusive ordered comparison <V MUST NOT allow a pre-release of the specified version", hence
    ``dev0``. conda has no default exclusion of pre-releases, so none is promised here.

    Lossy are ``===`` (conda cannot compare text) and local labels (a conda version is public). ``!=1.0+cu121``
    gives up all of ``1.0``: too little is offered, never too much.

    Raises:
        InvalidSpecifierError: if *specifier* does not follow PEP 440.
        VersionTooLongError: if a version in it cannot be a conda version (CEP 26).
        VersionNumberTooLargeError: as before.
    """
    return _translate(specifier if isinstance(specifier, str) else str(specifier))


def translate_version(version: str | Version) -> tuple[str, str | None]:
    """Split *version*, normalized, into the conda version and the local label.

    >>> translate_version("v2.0-1+CU_121")
    ('2.0.post1', 'cu.121')

    conda versions here are public version identifiers (PEP 440); the label goes to the build string.

    Raises:
        InvalidVersionError: if *version* does not follow PEP 440.
        VersionTooLongError: if the public version has more than 64 characters (CEP 26).
        VersionNumberTooLargeError: if one of its numbers does not fit in 64 bits.
    """
    parsed = version if isinstance(version, Version) else _parse_version(version)
    return _check_version(parsed.public), parsed.local


def exact_versions(specifier: SpecifierSet, candidates: Iterable[Version | str]) -> str:
    """Name the candidates that *specifier* contains, pre-releases included, as a conda version spec.

    >>> exact_versions(SpecifierSet("===1.0"), ["0.9", "1.0", "1.1"])
    '==1.0'
    >>> exact_versions(SpecifierSet("!=1.0+cu121,<2"), ["1.0", "1.0+cpu", "1.1", "2.0rc1"])
    '==1.0|==1.1'

    *candidates* are full versions, local labels included. A conda version that several of them share is named only
    if *specifier* contains them all, so the result never offers too much. Where *specifier* pins a local label,
    the candidates with other labels are left to the build glob of `translate_specifier`. A candidate that cannot
    be a conda version is nobody's record, hence left out.

    Raises:
        InvalidVersionError: if a candidate does not follow PEP 440.
    """
    labels = _pinned_labels(specifier)
    named: dict[_Key, Version] = {}
    refused: set[_Key] = set()
    for version in filter(_is_conda_version, map(_as_version, candidates)):
        key = _point(version.public)
        if labels and version.local not in labels:
            continue
        if specifier.contains(version, prereleases=True):
            named.setdefault(key, version)
        else:
            refused.add(key)
    publics = [version.public for key, version in sorted(named.items()) if key not in refused]
    return "|".join(f"=={public}" for public in publics) or NOTHING


# --- versions -------------------------------------------------------------------------------------------------------


@lru_cache(_CACHE)
def _parse_version(text: str) -> Version:
    try:
        return Version(text)
    except ValueError as error:  # InvalidVersion, or a number too long for CPython to read
        raise InvalidVersionError(text) from error


def _as_version(version: Version | str) -> Version:
    return version if isinstance(version, Version) else _parse_version(version)


def _version_or_none(text: str) -> Version | None:
    try:
        return Version(text)
    except ValueError:
        return None


@lru_cache(_CACHE)
def _check_version(public: str) -> str:
    if len(public) > _MAX_LENGTH:
        raise VersionTooLongError(public)
    if any(int(number) > _MAX_NUMBER for number in re.findall(r"\d+", public)):
        raise VersionNumberTooLargeError(public)
    return public


def _is_conda_version(version: Version) -> bool:
    try:
        _check_version(version.public)
    except TranslationError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class _Release:
    """The release of a version, to be written at any width.

    *digits* has no trailing zeros but at least one component; *written* is the width in the specifier.
    """

    epoch: int
    digits: tuple[int, ...]
    written: int

    @classmethod
    def of(cls, version: Version) -> Self:
        release = version.release
        digits = list(release)
        while len(digits) > 1 and digits[-1] == 0:
            digits.pop()
        return cls(version.epoch, tuple(digits), len(release))

    def at(self, width: int) -> str:
        """Return the release as text with *width* components, zeros added, or digits cut off."""
        padded = (*self.digits, *[0] * width)[:width]
        return (f"{self.epoch}!" if self.epoch else "") + ".".join(map(str, padded))

    @property
    def bases(self) -> list[str]:
        """The release as a candidate may write it, the shortest first."""
        return [self.at(width) for width in range(len(self.digits), max(MAX_PADDED_WIDTH, self.written) + 1)]

    @property
    def inner_posts(self) -> list[str]:
        """Globs of the post releases that are older than this release, but newer for conda."""
        return [f"{self.at(width)}.post.*" for width, digit in enumerate(self.digits) if width and digit == 0]

    def next(self) -> "_Release":
        """Return the release that follows all those that have the *written* components as a prefix."""
        padded = (*self.digits, *[0] * self.written)[: self.written]
        return _Release(self.epoch, (*padded[:-1], padded[-1] + 1), self.written)


# --- clauses --------------------------------------------------------------------------------------------------------


def _translate_clause(clause: Specifier) -> _Clause:
    if clause.operator == "===":
        return _translate_arbitrary(clause.version)
    prefix = clause.version.removesuffix(".*")
    version = _parse_version(prefix)
    _check_version(version.public)
    if prefix != clause.version:
        return _WILDCARD[clause.operator](_Release.of(version))
    return _OPERATORS[clause.operator](version)


def _translate_arbitrary(text: str) -> _Clause:
    """PEP 440: "Arbitrary equality comparisons are simple string equality operations". conda's nearest is ``==``."""
    version = _version_or_none(text)
    return [[NOTHING if version is None else f"=={_check_version(version.public)}"]]


def _prefix(release: _Release) -> _Clause:
    """PEP 440: "the zero padding of the release segment" comes first, so ``1rc1`` is a ``1.0.*``; no glob says that."""
    if len(release.digits) == release.written:
        return [[f"{release.bases[0]}.*"]]
    return _both(_from(release), _until(release.next()))


def _not_prefix(release: _Release) -> _Clause:
    if len(release.digits) == release.written:
        return [[f"!={release.bases[0]}.*"]]
    return [*_until(release), *_from(release.next())]


def _compatible(version: Version) -> _Clause:
    """PEP 440: "~= V.N" is ">= V.N, == V.*"; "the suffix is ignored when determining the required prefix match"."""
    prefix = version.__replace__(release=version.release[:-1], pre=None, post=None, dev=None)
    return _both(_prefix(_Release.of(prefix)), _above(">=", version))


def _equal(version: Version) -> _Clause:
    return [[f"=={text}"] for text in _spellings(version)]


def _not_equal(version: Version) -> _Clause:
    return [[f"!={text}" for text in _spellings(version)]]


def _spellings(version: Version) -> list[str]:
    """Write *version* at every width; a final needs only one."""
    suffix = _suffix(version)
    if not suffix:
        return [version.public]
    return [base + suffix for base in _Release.of(version).bases]


def _suffix(version: Version) -> str:
    return version.public.removeprefix(version.base_version)


def _from(release: _Release) -> _Clause:
    """All versions of *release* or a later one, pre-releases included."""
    return [[f">={release.bases[0]}dev0", *_not(release.inner_posts)]]


def _until(release: _Release) -> _Clause:
    """All versions of releases before *release*."""
    return [[f"<{release.bases[0]}dev0"], *_each(release.inner_posts)]


def _both(left: _Clause, right: _Clause) -> _Clause:
    return [[*one, *other] for one, other in product(left, right)]


def _not(globs: Iterable[str]) -> list[str]:
    return [f"!={glob}" for glob in globs]


def _each(globs: Iterable[str]) -> _Clause:
    return [[glob] for glob in globs]


def _above(operator: str, version: Version) -> _Clause:
    """``>=`` or ``>``."""
    release = _Release.of(version)
    if version.pre is not None:
        *narrow, last = _above_pre(operator, release, version)
    elif version.post is not None:
        *narrow, last = _above_post(operator, release, _suffix(version))
    elif version.dev is not None:
        *narrow, last = _above_dev(operator, release, version.dev)
    else:
        own_posts = [f"{base}.post.*" for base in release.bases] if operator == ">" else []
        narrow, last = [], [f"{operator}{version.public}", *_not(own_posts)]
    return [*narrow, [*last, *_not(release.inner_posts)]]


def _above_pre(operator: str, release: _Release, version: Version) -> _Clause:
    """PEP 440: ">V MUST NOT allow a post-release of the given version unless V itself is a post release"."""
    suffix = _suffix(version)
    carve = operator == ">" and version.post is None and version.dev is None
    *narrow, widest = [
        ([f"{operator}{base}{suffix}", *([f"!={base}{suffix}.post.*"] if carve else [])], f"{base}.dev")
        for base in release.bases
    ]
    return [*([*atoms, f"<{dev}0"] for atoms, dev in narrow), [*widest[0], f"!={widest[1]}.*"]]


def _above_dev(operator: str, release: _Release, number: int) -> _Clause:
    """For PEP 440 the pre-releases follow the development releases, for conda those of the same width come first."""
    bases = release.bases
    if operator == ">=" and number == 0:
        return [[f">={bases[0]}dev0"]]
    return [
        [f">={bases[0]}dev0", f"<{bases[0]}.dev0"],
        *([f"{operator}{base}.dev{number}", f"<{wider}.dev0"] for base, wider in pairwise(bases)),
        [f"{operator}{bases[-1]}.dev{number}"],
    ]


def _above_post(operator: str, release: _Release, suffix: str) -> _Clause:
    """For conda the widest spelling comes first, and ``1.0.0.1`` between the posts of ``1.0.0`` and ``1.0``."""
    bases = release.bases
    return [
        [f">{bases[0]}", f"<{bases[-1]}.post0.dev0"],
        *([f"{operator}{wider}{suffix}", f"<{base}.post0.dev0"] for base, wider in pairwise(bases)),
        [f"{operator}{bases[0]}{suffix}"],
    ]


def _below(operator: str, version: Version) -> _Clause:
    """``<=`` or ``<``."""
    release = _Release.of(version)
    if version.pre is not None:
        alternatives = _below_pre(operator, release, _suffix(version))
    elif version.post is not None:
        alternatives = _below_post(operator, release, version)
    elif version.dev is not None:
        alternatives = _below_dev(operator, release, _suffix(version))
    else:
        alternatives = [[f"<={version.public}" if operator == "<=" else f"<{release.bases[0]}dev0"]]
    return [*alternatives, *_each(release.inner_posts)]


def _below_pre(operator: str, release: _Release, suffix: str) -> _Clause:
    bases = release.bases
    return [
        [f"{operator}{bases[0]}{suffix}"],
        *([f">={base}.dev0", f"{operator}{wider}{suffix}"] for base, wider in pairwise(bases)),
        [f"{bases[-1]}.dev.*"],
    ]


def _below_dev(operator: str, release: _Release, suffix: str) -> _Clause:
    bases = release.bases
    return [[f"<{bases[0]}dev0"], *([f">={base}.dev0", f"{operator}{base}{suffix}"] for base in bases)]


def _below_post(operator: str, release: _Release, version: Version) -> _Clause:
    """As for a final, ``<V`` leaves out the pre-releases of V, here ``V.dev*``."""
    suffix = _suffix(version) + (".dev0" if operator == "<" and version.dev is None else "")
    bases = release.bases
    return [[f"<={bases[0]}"], *([f">={base}.post0.dev0", f"{operator}{base}{suffix}"] for base in bases)]


_WILDCARD: dict[str, Callable[[_Release], _Clause]] = {"==": _prefix, "!=": _not_prefix}
_OPERATORS: dict[str, Callable[[Version], _Clause]] = {
    "==": _equal,
    "!=": _not_equal,
    "~=": _compatible,
    ">=": lambda version: _above(">=", version),
    ">": lambda version: _above(">", version),
    "<=": lambda version: _below("<=", version),
    "<": lambda version: _below("<", version),
}


# --- atoms ----------------------------------------------------------------------------------------------------------

_BOTTOM: _Key = (-math.inf,)
_TOP: _Key = (math.inf,)
_KEY_LENGTH = 1 + 3 * (_MAX_LENGTH // 2 + MAX_PADDED_WIDTH)
_TAGS = {"dev": -4, "a": -3, "b": -2, "rc": -1, "": 0, "post": 1}
_SEGMENT = re.compile(r"([0-9]*)([a-z]*)([0-9]*)")
_RANKS = {"": 0, "==": 0, ">=": 1, ">": 1, "<": 2, "<=": 2, "!=": 3}


@dataclass(frozen=True, slots=True)
class _Atom:
    """A comparison: the interval of conda's order that it accepts or, for a *hole*, rejects.

    *start* and *stop* lie between versions: the key of a version, then an infinity for the side. *rank* is the place
    in the text: globs and pins, lower bounds, upper bounds, holes. The engines agree on lists in that order.
    """

    text: str
    rank: int
    start: _Key
    stop: _Key

    @property
    def hole(self) -> bool:
        return self.rank == _RANKS["!="]


_Alternative = tuple[_Atom, ...]


@lru_cache(_CACHE)
def _parse_atom(text: str) -> _Atom:
    literal = text.lstrip("<>=!")
    operator = text.removesuffix(literal)
    key = _stem(literal.removesuffix(".*")) if literal.endswith(".*") else _point(literal)
    before, after = (*key, -math.inf), (*key, math.inf)
    start = {"<": _BOTTOM, "<=": _BOTTOM, ">": after}.get(operator, before)
    stop = {">": _TOP, ">=": _TOP, "<": before}.get(operator, after)
    return _Atom(text, _RANKS[operator], start, stop)


@lru_cache(_CACHE)
def _point(literal: str) -> _Key:
    """Return a key that sorts as conda does: number, word, number for each segment; what is missing is zero."""
    key = _segments(literal)
    return (*key, *[0] * (_KEY_LENGTH - len(key)))


def _stem(literal: str) -> _Key:
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


# --- specifier sets -------------------------------------------------------------------------------------------------


@lru_cache(_CACHE)
def _translate(text: str) -> CondaVersionSpec:
    try:
        specifier = SpecifierSet(text)
    except ValueError as error:  # InvalidSpecifier, or a number too long for CPython to read
        raise InvalidSpecifierError(text) from error
    labels = _pinned_labels(specifier)
    clauses = [_translate_clause(clause) for clause in specifier if not _excludes_another_label(clause, labels)]
    return CondaVersionSpec(
        conda=_render(_intersect(clauses) if len(labels) <= 1 else []) if clauses else None,
        lossy=any(clause.operator == "===" or "+" in clause.version for clause in specifier),
        build=f"*+{min(labels)}" if len(labels) == 1 else None,
    )


def _pinned_labels(specifier: SpecifierSet) -> set[str]:
    pins = (clause.version for clause in specifier if clause.operator in {"==", "==="} and "+" in clause.version)
    return {version.local for version in map(_version_or_none, pins) if version and version.local}


def _excludes_another_label(clause: Specifier, labels: set[str]) -> bool:
    """Tell whether *clause* excludes a label that is not the pinned one, hence nothing."""
    return clause.operator == "!=" and "+" in clause.version and not labels <= {Version(clause.version).local}


def _intersect(clauses: Iterable[_Clause]) -> list[_Alternative]:
    """Expand to the disjunctive normal form; dropping what is empty keeps it short."""
    alternatives: list[_Alternative] = [()]
    for clause in clauses:
        parsed = [[_parse_atom(text) for text in alternative] for alternative in clause]
        met = [_simplify((*one, *other)) for one, other in product(alternatives, parsed)]
        alternatives = [alternative for alternative in met if alternative is not None]
    return alternatives


def _simplify(atoms: Iterable[_Atom]) -> _Alternative | None:
    """Keep the atoms that decide, in the order of writing; None when nothing can match."""
    ordered = sorted(set(atoms), key=lambda atom: (atom.rank, atom.start, atom.text))
    bounds = [atom for atom in ordered if not atom.hole]
    start = max((atom.start for atom in bounds), default=_BOTTOM)
    stop = min((atom.stop for atom in bounds), default=_TOP)
    holes = [atom for atom in ordered if atom.hole and atom.start < stop and start < atom.stop]
    if start >= stop or any(hole.start <= start and stop <= hole.stop for hole in holes):
        return None
    return (*_tightest(bounds, start, stop), *holes)


def _tightest(bounds: list[_Atom], start: _Key, stop: _Key) -> list[_Atom]:
    lower = [atom for atom in bounds if atom.start == start != _BOTTOM]
    upper = [atom for atom in bounds if atom.stop == stop != _TOP]
    both = [atom for atom in lower if atom in upper]
    return both[:1] or sorted([*lower[:1], *upper[:1]], key=bounds.index)


def _render(alternatives: list[_Alternative]) -> str:
    ordered = sorted(alternatives, key=_lowest)
    return "|".join(dict.fromkeys(",".join(atom.text for atom in atoms) for atoms in ordered)) or NOTHING


def _lowest(alternative: _Alternative) -> _Key:
    return max((atom.start for atom in alternative if not atom.hole), default=_BOTTOM)
