"""One clause of a PEP 440 specifier as alternatives of conda atoms.

The two orders differ. conda compares a version segment by segment and a suffix belongs to the segment where it is
written, so ``2rc1 < 2.0.dev1 < 2.0.0rc1 < 2 == 2.0 < 2.0.0.1 < 2.0.post1 < 2.post1``; PEP 440 pads the release with
zeros first and orders ``dev < a < b < rc < final < post`` after that. Words used below:

- *digits*: the release without its trailing zeros; it alone decides the order of two finals, in both worlds;
- *width*: how many release components are written, hence where the suffix sits for conda;
- *inner post*: ``1.post1`` seen from ``1.0.3``. It is older for PEP 440 and newer for conda, because it stands where
  the other release has a zero.

A clause becomes alternatives (joined by ``|``) of atoms (joined by ``,``), one alternative for each width where the
suffix matters.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise, product
from typing import Self

from packaging.specifiers import Specifier
from packaging.version import Version

from wheelbridge.translate.atoms import MAX_PADDED_WIDTH, NOTHING, Clause
from wheelbridge.translate.versions import check_version, parse_version, version_or_none


def translate_clause(clause: Specifier) -> Clause:
    """Say in atoms what *clause* contains, pre-releases included; a local label is left out.

    >>> translate_clause(Specifier("<2")), translate_clause(Specifier("~=1.4.2"))
    ([['<2dev0']], [['1.4.*', '>=1.4.2']])

    Raises:
        InvalidVersionError: if the version has a number that Python cannot read.
        VersionTooLongError: if the version cannot be a conda version (CEP 26).
        VersionNumberTooLargeError: as before.
    """
    if clause.operator == "===":
        return _translate_arbitrary(clause.version)
    prefix = clause.version.removesuffix(".*")
    version = parse_version(prefix)
    check_version(version.public)
    if prefix != clause.version:
        return _WILDCARD[clause.operator](_Release.of(version))
    return _OPERATORS[clause.operator](version)


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


def _translate_arbitrary(text: str) -> Clause:
    """PEP 440: "Arbitrary equality comparisons are simple string equality operations". conda's nearest is ``==``."""
    version = version_or_none(text)
    return [[NOTHING if version is None else f"=={check_version(version.public)}"]]


def _prefix(release: _Release) -> Clause:
    """PEP 440: "the zero padding of the release segment" comes first, so ``1rc1`` is a ``1.0.*``; no glob says that."""
    if len(release.digits) == release.written:
        return [[f"{release.bases[0]}.*"]]
    return _both(_from(release), _until(release.next()))


def _not_prefix(release: _Release) -> Clause:
    if len(release.digits) == release.written:
        return [[f"!={release.bases[0]}.*"]]
    return [*_until(release), *_from(release.next())]


def _compatible(version: Version) -> Clause:
    """PEP 440: "~= V.N" is ">= V.N, == V.*"; "the suffix is ignored when determining the required prefix match"."""
    prefix = version.__replace__(release=version.release[:-1], pre=None, post=None, dev=None)
    return _both(_prefix(_Release.of(prefix)), _above(">=", version))


def _equal(version: Version) -> Clause:
    return [[f"=={text}"] for text in _spellings(version)]


def _not_equal(version: Version) -> Clause:
    return [[f"!={text}" for text in _spellings(version)]]


def _spellings(version: Version) -> list[str]:
    """Write *version* at every width; a final needs only one."""
    suffix = _suffix(version)
    if not suffix:
        return [version.public]
    return [base + suffix for base in _Release.of(version).bases]


def _suffix(version: Version) -> str:
    return version.public.removeprefix(version.base_version)


def _from(release: _Release) -> Clause:
    """All versions of *release* or a later one, pre-releases included."""
    return [[f">={release.bases[0]}dev0", *_not(release.inner_posts)]]


def _until(release: _Release) -> Clause:
    """All versions of releases before *release*."""
    return [[f"<{release.bases[0]}dev0"], *_each(release.inner_posts)]


def _both(left: Clause, right: Clause) -> Clause:
    return [[*one, *other] for one, other in product(left, right)]


def _not(globs: Iterable[str]) -> list[str]:
    return [f"!={glob}" for glob in globs]


def _each(globs: Iterable[str]) -> Clause:
    return [[glob] for glob in globs]


def _above(operator: str, version: Version) -> Clause:
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


def _above_pre(operator: str, release: _Release, version: Version) -> Clause:
    """PEP 440: ">V MUST NOT allow a post-release of the given version unless V itself is a post release"."""
    suffix = _suffix(version)
    carve = operator == ">" and version.post is None and version.dev is None
    *narrow, widest = [
        ([f"{operator}{base}{suffix}", *([f"!={base}{suffix}.post.*"] if carve else [])], f"{base}.dev")
        for base in release.bases
    ]
    return [*([*atoms, f"<{dev}0"] for atoms, dev in narrow), [*widest[0], f"!={widest[1]}.*"]]


def _above_dev(operator: str, release: _Release, number: int) -> Clause:
    """For PEP 440 the pre-releases follow the development releases, for conda those of the same width come first."""
    bases = release.bases
    if operator == ">=" and number == 0:
        return [[f">={bases[0]}dev0"]]
    return [
        [f">={bases[0]}dev0", f"<{bases[0]}.dev0"],
        *([f"{operator}{base}.dev{number}", f"<{wider}.dev0"] for base, wider in pairwise(bases)),
        [f"{operator}{bases[-1]}.dev{number}"],
    ]


def _above_post(operator: str, release: _Release, suffix: str) -> Clause:
    """For conda the widest spelling comes first, and ``1.0.0.1`` between the posts of ``1.0.0`` and ``1.0``."""
    bases = release.bases
    return [
        [f">{bases[0]}", f"<{bases[-1]}.post0.dev0"],
        *([f"{operator}{wider}{suffix}", f"<{base}.post0.dev0"] for base, wider in pairwise(bases)),
        [f"{operator}{bases[0]}{suffix}"],
    ]


def _below(operator: str, version: Version) -> Clause:
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


def _below_pre(operator: str, release: _Release, suffix: str) -> Clause:
    bases = release.bases
    return [
        [f"{operator}{bases[0]}{suffix}"],
        *([f">={base}.dev0", f"{operator}{wider}{suffix}"] for base, wider in pairwise(bases)),
        [f"{bases[-1]}.dev.*"],
    ]


def _below_dev(operator: str, release: _Release, suffix: str) -> Clause:
    bases = release.bases
    return [[f"<{bases[0]}dev0"], *([f">={base}.dev0", f"{operator}{base}{suffix}"] for base in bases)]


def _below_post(operator: str, release: _Release, version: Version) -> Clause:
    """As for a final, ``<V`` leaves out the pre-releases of V, here ``V.dev*``."""
    suffix = _suffix(version) + (".dev0" if operator == "<" and version.dev is None else "")
    bases = release.bases
    return [[f"<={bases[0]}"], *([f">={base}.post0.dev0", f"{operator}{base}{suffix}"] for base in bases)]


_WILDCARD: dict[str, Callable[[_Release], Clause]] = {"==": _prefix, "!=": _not_prefix}
_OPERATORS: dict[str, Callable[[Version], Clause]] = {
    "==": _equal,
    "!=": _not_equal,
    "~=": _compatible,
    ">=": lambda version: _above(">=", version),
    ">": lambda version: _above(">", version),
    "<=": lambda version: _below("<=", version),
    "<": lambda version: _below("<", version),
}
