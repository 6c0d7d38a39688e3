"""Hashes of requirements files: ``--hash=sha256:...`` behind a requirement or a link."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from packaging.utils import NormalizedName

from wheelbridge.environment.errors import InvalidEnvironmentFileError
from wheelbridge.environment.manifest import Link

_DIGITS = {"sha256": 64, "sha384": 96, "sha512": 128}
"""Strong algorithm -> its digits; pip takes no other, since a weaker one proves nothing."""
_KINDS = {"folder": "folder", "vcs": "repository"}


@dataclass(slots=True)
class Hashes:
    """Project -> the hashes that its requirements, and its constraints, allow."""

    required: dict[NormalizedName, frozenset[str]] = field(default_factory=dict)
    constrained: dict[NormalizedName, frozenset[str]] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)
    """``hashes.PROJECT`` -> where the first ones stand, as `Manifest.places` has it."""

    def add(self, project: NormalizedName, hashes: Iterable[str], place: str, *, is_constraint: bool) -> None:
        """Allow *hashes* of *project*, beside those that are allowed."""
        known = self.constrained if is_constraint else self.required
        if found := frozenset(hashes):
            self.places.setdefault(f"hashes.{project}", place)
            known[project] = known.get(project, frozenset()) | found

    def merged(self, file: str) -> Mapping[NormalizedName, frozenset[str]]:
        """Return what requirements and constraints both allow, as pip does.

        Raises:
            InvalidEnvironmentFileError: if that is nothing; *file* is named.
        """
        merged = self.constrained | self.required
        for project in self.constrained.keys() & self.required.keys():
            merged[project] = self.constrained[project] & self.required[project]
            if not merged[project]:
                reason = f"no hash of {project} is allowed both by its requirements and by its constraints"
                raise InvalidEnvironmentFileError(file, "", reason, hint="Make the hashes of both anew.")
        return merged


def read_hash(text: str, place: str) -> str:
    """Return the value of ``--hash`` in lower case.

    >>> read_hash("sha256:" + "AB" * 32, "a:1")[:11]
    'sha256:abab'

    Raises:
        InvalidEnvironmentFileError: if it is no hash, or a weak one.
    """
    algorithm, _, digest = text.lower().partition(":")
    if algorithm not in _DIGITS:
        reason = f"--hash takes {', '.join(_DIGITS)}, not {algorithm!r}"
        raise InvalidEnvironmentFileError(place, "", reason, hint="Write --hash=sha256:<64 hexadecimal digits>.")
    if re.fullmatch(f"[0-9a-f]{{{_DIGITS[algorithm]}}}", digest) is None:
        reason = f"{digest!r} is no {algorithm} digest, which has {_DIGITS[algorithm]} hexadecimal digits"
        raise InvalidEnvironmentFileError(place, "", reason, hint="Look for a digit that was lost or cut off.")
    return f"{algorithm}:{digest}"


def hash_link(link: Link, hashes: Iterable[str]) -> Link:
    """Return *link* with *hashes* as well, as `read_hash` returns them.

    Raises:
        InvalidEnvironmentFileError: if *link* is no file, or two hashes of one algorithm differ.
    """
    found = dict(link.hashes)
    for algorithm, _, digest in (text.partition(":") for text in hashes):
        if link.kind != "file":
            raise InvalidEnvironmentFileError(
                link.place, "", f"a {_KINDS[link.kind]} has no hash", hint="Take --hash away; of git name a commit."
            )
        if found.setdefault(algorithm, digest) != digest:
            reason = f"one file cannot have two {algorithm} hashes"
            raise InvalidEnvironmentFileError(link.place, "", reason, hint="Keep the one that is right.")
    return replace(link, hashes=found)
