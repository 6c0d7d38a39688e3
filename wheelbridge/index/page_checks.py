"""What JSON pages and HTML pages have in common: where they come from, and what may stand in them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from packaging.utils import NormalizedName

from wheelbridge.index.errors import UnsupportedIndexVersionError

_HEX = re.compile(r"[0-9a-fA-F]+").fullmatch
_UNSAFE = re.compile(r"[/\\:\x00-\x1f]|^\.").search
_SHA256_LENGTH = 64
_SUPPORTED_MAJOR = "1"


@dataclass(frozen=True, slots=True)
class PageSource:
    """The body of a project page beside what is needed to read it.

    Attributes:
        url: where it came from after redirects; relative URLs are resolved against it.
        content_type: the header's value, parameters included; empty where there is none.
    """

    project: NormalizedName
    url: str
    content_type: str
    body: bytes


class LieError(Exception):
    """Something in a page is not what the specification says; *path* grows on the way up."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason


def check_api_version(version: str, url: str) -> None:
    """Refuse a page of another major version.

    PEP 629: "When encountering a major version greater than expected, clients MUST hard fail with an appropriate
    error message for the user." It also says that clients "SHOULD warn" of a greater minor version; since those
    only add what is not read here, nobody could act on the warning and it is left out.

    Raises:
        UnsupportedIndexVersionError: if *version* is not 1.x.
    """
    if version.partition(".")[0].strip() != _SUPPORTED_MAJOR:
        raise UnsupportedIndexVersionError(url, version)


def check_filename(filename: str) -> str:
    """Return *filename* if it can name a file in a folder, leading nowhere else.

    >>> check_filename("rich-15.0.0-py3-none-any.whl")
    'rich-15.0.0-py3-none-any.whl'

    Raises:
        LieError: at ``filename``.
    """
    if not filename or _UNSAFE(filename) is not None:
        raise LieError("filename", f"{filename!r} is no plain file name")
    return filename


def check_hashes(hashes: Mapping[str, object], path: str) -> dict[str, str]:
    """Return *hashes* with lower-case digests.

    PEP 691: "A dictionary mapping a hash name to a hex encoded digest of the file."

    Raises:
        LieError: at *path* and the name of the hash.
    """
    digests = {}
    for name, digest in hashes.items():
        if not isinstance(digest, str) or len(digest) % 2 or _HEX(digest) is None:
            raise LieError(f"{path}.{name}", f"{digest!r} is no hexadecimal digest")
        if name.lower() == "sha256" and len(digest) != _SHA256_LENGTH:
            raise LieError(f"{path}.{name}", f"{digest!r} has not the length of a sha256 digest")
        digests[name.lower()] = digest.lower()
    return digests
