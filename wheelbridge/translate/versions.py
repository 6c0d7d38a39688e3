"""Versions of PEP 440 that can be versions of conda."""

import re
from functools import lru_cache

from packaging.version import Version

from wheelbridge.errors import InvalidVersionError
from wheelbridge.translate.errors import VersionNumberTooLargeError, VersionTooLongError

MAX_LENGTH = 64
"""CEP 26: conda version strings have at most 64 characters."""

_MAX_NUMBER = 2**64 - 2  # rattler reads 64 bits, and the end of a prefix match is one more
_CACHE = 2**15


@lru_cache(_CACHE)
def parse_version(text: str) -> Version:
    """Read a version.

    Raises:
        InvalidVersionError: if *text* does not follow PEP 440.
    """
    try:
        return Version(text)
    except ValueError as error:  # InvalidVersion, or a number too long for CPython to read
        raise InvalidVersionError(text) from error


def version_or_none(text: str) -> Version | None:
    """Read a version; None if *text* is something else."""
    try:
        return Version(text)
    except ValueError:
        return None


@lru_cache(_CACHE)
def check_version(public: str) -> str:
    """Return *public*, a public version, if conda can hold it.

    Raises:
        VersionTooLongError: if it has more than 64 characters (CEP 26).
        VersionNumberTooLargeError: if one of its numbers does not fit in 64 bits.
    """
    if len(public) > MAX_LENGTH:
        raise VersionTooLongError(public)
    if any(int(number) > _MAX_NUMBER for number in re.findall(r"\d+", public)):
        raise VersionNumberTooLargeError(public)
    return public
