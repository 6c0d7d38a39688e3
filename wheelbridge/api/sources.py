"""From what a user calls a channel or an index to the ordered list of sources."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from rattler import Channel
from rattler.exceptions import InvalidChannelError

from wheelbridge.errors import UsageError
from wheelbridge.index.client import PYPI, resolve_index_url
from wheelbridge.model.source import Source, SourceKind

_CREDENTIALS = re.compile(r"://[^/\s]+@")
DEFAULT_CHANNEL = "conda-forge"


def read_sources(given: Iterable[tuple[SourceKind, str]], *, defaults: bool = True) -> tuple[Source, ...]:
    """Return the sources in order of priority.

    *given* are channels (a URL, a folder or a name) and indexes (``URL``, ``NAME``, a folder, or ``NAME=URL``) in the
    order given. With *defaults*, a kind that is missing comes from the default list: channels before indexes.

    Raises:
        UsageError: if one cannot be read, or two have one name.
    """
    entries = list(given)
    kinds = {kind for kind, _ in entries}
    if defaults and "channel" not in kinds:
        entries.insert(0, ("channel", DEFAULT_CHANNEL))
    if defaults and "index" not in kinds:
        entries.append(("index", PYPI))
    sources: list[Source] = []
    for kind, text in dict.fromkeys(entries):
        name, url = _read_channel(text) if kind == "channel" else _read_index(text)
        clean = without_credentials(url)
        login_url = url if clean != url else None
        sources.append(Source(_unique(name, clean, sources), kind, clean, len(sources), login_url))
    return tuple(sources)


def without_credentials(text: str) -> str:
    """Take user and password out of every URL in *text*.

    >>> without_credentials("-i https://me:secret@host.example/simple")
    '-i https://host.example/simple'
    """
    return _CREDENTIALS.sub("://", text)


def _read_channel(text: str) -> tuple[str, str]:
    if without_credentials(text) != text:
        raise UsageError(
            f"The channel {without_credentials(text)} was given with credentials in its URL",
            hint="Put them into ~/.netrc or rattler's credential store, and name the channel without them.",
        )
    if "://" not in text and (Path(text) / "noarch").is_dir():
        text = str(Path(text).absolute())
    try:
        channel = Channel(text)
    except InvalidChannelError as error:
        raise UsageError(f"{text!r} is no channel: {error}") from error
    url = channel.base_url.rstrip("/")
    name = channel.name or url
    return (url.rsplit("/", 1)[-1] if url.startswith("file:") else name), url


def _read_index(text: str) -> tuple[str, str]:
    name, separator, url = text.partition("=")
    if separator and "/" not in name and ":" not in name:
        return name, resolve_index_url(url)
    url = resolve_index_url(text)
    return (PYPI if text == PYPI else _index_name(url)), url


def _index_name(url: str) -> str:
    parts = [part for part in url.partition("://")[2].split("/") if part and part != "simple"]
    return parts[-1].rpartition("@")[2] if parts else url


def _unique(name: str, url: str, sources: Sequence[Source]) -> str:
    """Two sources never share a name; the second is called by its URL."""
    return url if any(source.name == name for source in sources) else name
