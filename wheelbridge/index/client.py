"""The way in: from what a user calls an index to a client of it."""

import ast
import os
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

from wheelbridge.index.errors import InvalidIndexUrlError
from wheelbridge.index.protocol import Index
from wheelbridge.index.variables import SourceVariables

PYPI = "pypi"
"""The name of the public index; its URL is pypi-simple's to know."""
_ENCODED = "Write it as https://HOST/PATH; in a password, write / as %2F, @ as %40, ? as %3F and # as %23."


def open_index(
    name: str,
    url: str,
    *,
    cache_dir: Path,
    offline: bool = False,
    trusted_hosts: Iterable[str] = (),
    missing_codes: frozenset[int] = frozenset(),
    variables: SourceVariables | None = None,
) -> Index:
    """Return a client of the index at *url*.

    Args:
        name: what the user calls it.
        url: anything that `resolve_index_url` takes.
        cache_dir: where pages and metadata are kept; several processes may share it.
        offline: use the cache alone.
        trusted_hosts: where it may lead beside its own host; see `wheelbridge.model.boundaries.find_breach`.
        missing_codes: statuses that mean "no such project" beside 404 and 410.
        variables: what the environment says of a login; None: nothing.

    Raises:
        InvalidIndexUrlError: if it is none, or a folder that does not exist.
        InsecureUrlError: if it is neither encrypted nor on this machine nor trusted with ``http://HOST``.
    """
    url = resolve_index_url(url)
    if url.startswith("file:"):
        from wheelbridge.index.local import LocalIndex  # noqa: PLC0415 - each kind is imported when it is met

        return LocalIndex(name, url)
    from wheelbridge.index.http import HttpIndex  # noqa: PLC0415 - requests takes 130 ms to import

    return HttpIndex(
        name,
        url,
        cache_dir=cache_dir,
        offline=offline,
        trusted_hosts=trusted_hosts,
        missing_codes=missing_codes,
        variables=variables,
    )


def resolve_index_url(text: str) -> str:
    """Return the URL of what a user calls an index: ``pypi``, a folder that exists, or a URL.

    The result has no slash at the end. Credentials stay in it; `Index.url` is the one to show and to store.

    >>> resolve_index_url("https://host.example/simple/")
    'https://host.example/simple'

    Raises:
        InvalidIndexUrlError: if it is none of them, or a URL in which a login cannot be told from the rest.
    """
    if text == PYPI:
        return _pypi_url().rstrip("/")
    if text and "://" not in text and (folder := Path(os.path.expanduser(text))).is_dir():  # noqa: PTH111 - never raises
        return folder.resolve().as_uri()
    try:
        parts = urlsplit(text)
        _ = parts.port  # raises where it is none
    except ValueError:
        hint = _ENCODED if "@" in text else None
        raise InvalidIndexUrlError(text, "its host or its port cannot be read", hint=hint) from None
    if parts.scheme != "file" and not (parts.scheme in ("http", "https") and parts.hostname):
        raise InvalidIndexUrlError(text, "it is neither a URL with http, https or file, nor a folder")
    if "?" in text or "#" in text or (parts.scheme != "file" and "@" in parts.path):
        raise InvalidIndexUrlError(text, "the URL of an index has no query, no fragment and no @ in it", hint=_ENCODED)
    if parts.scheme == "file" and parts.netloc not in ("", "localhost"):
        raise InvalidIndexUrlError(text, "it is a folder of another machine", hint="Mount it, and name the folder.")
    return text.rstrip("/")


def _pypi_url() -> str:
    """Read the constant out of pypi-simple's source: to import the library takes a quarter of a second."""
    spec = find_spec("pypi_simple")
    if spec is not None and spec.origin is not None and (source := Path(spec.origin)).is_file():
        for node in ast.parse(source.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "PYPI_SIMPLE_ENDPOINT" and node.value:
                return str(ast.literal_eval(node.value))
    from pypi_simple import PYPI_SIMPLE_ENDPOINT  # noqa: PLC0415 - see above

    return PYPI_SIMPLE_ENDPOINT
