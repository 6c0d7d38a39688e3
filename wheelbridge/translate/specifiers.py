"""PEP 440 specifiers as conda version specs, exact or flagged.

A clause becomes alternatives (joined by ``|``) of atoms (joined by ``,``), see `clauses`. A set is the intersection
of its clauses, see `atoms`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from packaging.specifiers import Specifier, SpecifierSet
from packaging.version import Version

from wheelbridge.errors import InvalidSpecifierError, TranslationError
from wheelbridge.translate.atoms import MAX_PADDED_WIDTH, NOTHING, Key, intersect, render_alternatives, version_key
from wheelbridge.translate.clauses import translate_clause
from wheelbridge.translate.errors import VersionNumberTooLargeError, VersionTooLongError
from wheelbridge.translate.versions import check_version, parse_version, version_or_none

__all__ = [
    "MAX_PADDED_WIDTH",
    "NOTHING",
    "CondaVersionSpec",
    "VersionNumberTooLargeError",
    "VersionTooLongError",
    "exact_versions",
    "translate_specifier",
    "translate_version",
]

_CACHE = 2**15


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
    parsed = version if isinstance(version, Version) else parse_version(version)
    return check_version(parsed.public), parsed.local


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
    named: dict[Key, Version] = {}
    refused: set[Key] = set()
    for version in filter(_is_conda_version, map(_as_version, candidates)):
        key = version_key(version.public)
        if labels and version.local not in labels:
            continue
        if specifier.contains(version, prereleases=True):
            named.setdefault(key, version)
        else:
            refused.add(key)
    publics = [version.public for key, version in sorted(named.items()) if key not in refused]
    return "|".join(f"=={public}" for public in publics) or NOTHING


@lru_cache(_CACHE)
def _translate(text: str) -> CondaVersionSpec:
    try:
        specifier = SpecifierSet(text)
    except ValueError as error:  # InvalidSpecifier, or a number too long for CPython to read
        raise InvalidSpecifierError(text) from error
    labels = _pinned_labels(specifier)
    clauses = [translate_clause(clause) for clause in specifier if not _excludes_another_label(clause, labels)]
    return CondaVersionSpec(
        conda=render_alternatives(intersect(clauses) if len(labels) <= 1 else []) if clauses else None,
        lossy=any(clause.operator == "===" or "+" in clause.version for clause in specifier),
        build=f"*+{min(labels)}" if len(labels) == 1 else None,
    )


def _pinned_labels(specifier: SpecifierSet) -> set[str]:
    pins = (clause.version for clause in specifier if clause.operator in {"==", "==="} and "+" in clause.version)
    return {version.local for version in map(version_or_none, pins) if version and version.local}


def _excludes_another_label(clause: Specifier, labels: set[str]) -> bool:
    """Tell whether *clause* excludes a label that is not the pinned one, hence nothing."""
    return clause.operator == "!=" and "+" in clause.version and not labels <= {Version(clause.version).local}


def _as_version(version: Version | str) -> Version:
    return version if isinstance(version, Version) else parse_version(version)


def _is_conda_version(version: Version) -> bool:
    try:
        check_version(version.public)
    except TranslationError:
        return False
    return True
