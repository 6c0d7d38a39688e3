"""From what a user calls a channel or an index to the ordered list of sources."""

import re
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path

from rattler import Channel
from rattler.exceptions import InvalidChannelError

from wheelbridge.api.places import Caches
from wheelbridge.errors import UsageError, WheelbridgeError
from wheelbridge.index.client import PYPI, open_index, resolve_index_url
from wheelbridge.index.errors import ProjectNotFoundError
from wheelbridge.index.protocol import Index
from wheelbridge.model.distribution import CoreMetadata, DistributionFile, ProjectPage
from wheelbridge.model.name import NormalizedName
from wheelbridge.model.source import Source, SourceKind
from wheelbridge.model.variant import ReleaseVariants
from wheelbridge.solver.problem import VariantPlugins

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


class Provider:
    """A `wheelbridge.solver.problem.WheelProvider` over an index that is opened when it is first asked."""

    def __init__(self, source: Source, caches: Caches, *, offline: bool, trusted: Collection[str] = ()) -> None:
        self._source = source
        self._caches = caches
        self._offline = offline
        self._trusted = trusted

    @cached_property
    def index(self) -> Index:
        """The index itself."""
        return open_index(self._source.name, self._url, cache_dir=self._caches.index, offline=self._offline)

    @cached_property
    def plugins(self) -> VariantPlugins | None:
        """The provider plugins that the user trusts, from this index alone; None where there are none."""
        if not self._trusted:
            return None
        from wheelbridge.api.provider_plugins import PluginRunner  # noqa: PLC0415 - few solves run plugins

        return PluginRunner(self._trusted, self._caches.root, [self._url], offline=self._offline)

    @property
    def _url(self) -> str:
        return self._source.login_url or self._source.url

    def prepare(self) -> None:
        """Open the index: to import an HTTP client takes a tenth of a second, better spent beside reading channels."""
        with suppress(WheelbridgeError):
            _ = self.index

    def project_page(self, project: NormalizedName) -> ProjectPage | None:
        """Return the project's files, None where the index does not have the project."""
        try:
            return self.index.project_page(project)
        except ProjectNotFoundError:
            return None

    def known_metadata(self, file: DistributionFile) -> CoreMetadata | None:
        """Return the metadata of one wheel if that takes neither network nor time, else None."""
        return self.index.known_metadata(file)

    def core_metadata(self, file: DistributionFile) -> CoreMetadata:
        """Return the metadata of one wheel."""
        return self.index.core_metadata(file)

    def variants(self, file: DistributionFile) -> ReleaseVariants:
        """Return the variant metadata that *file* holds: a ``-variants.json``, or a wheel."""
        return self.index.variants(file)


def open_providers(
    sources: Sequence[Source], caches: Caches, *, offline: bool = False, trusted: Collection[str] = ()
) -> dict[str, Provider]:
    """Return index name -> provider; *trusted* are variant providers whose plugins may be run."""
    indexes = (source for source in sources if source.kind == "index")
    return {source.name: Provider(source, caches, offline=offline, trusted=trusted) for source in indexes}


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
