"""Variant metadata (PEP 825) as an index has it: a file of a release, or a file of a wheel."""

import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from wheelbridge.index.transfer import write_atomically
from wheelbridge.model.distribution import DistributionFile
from wheelbridge.model.variant import ReleaseVariants
from wheelbridge.translate.variant_documents import InvalidVariantsError, parse_variants


def read_variants(text: bytes) -> ReleaseVariants:
    """Read variant metadata.

    Raises:
        InvalidVariantsError: if it is no JSON, or cannot be used.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidVariantsError(f"it is no JSON ({error})") from error
    return parse_variants(document)


class VariantCache:
    """The ``variant.json`` of wheels, on disk for good: what a wheel's hash names never changes.

    As with core metadata, the URL is part of the key: no index speaks for another one's file.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, file: DistributionFile, fetch: Callable[[], bytes]) -> bytes:
        """Return the ``variant.json`` of *file*; ask *fetch* only if it never was here."""
        if file.sha256 is None:
            return fetch()
        key = sha256(f"{file.sha256} {file.url.partition('?')[0]}".encode()).hexdigest()
        path = self._folder / key[:2] / f"{key}.json"
        try:
            return path.read_bytes()
        except OSError:
            text = fetch()
            write_atomically(path, text)
            return text
