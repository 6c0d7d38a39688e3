"""From what a user calls a channel or an index to its name and its URL."""

import re
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from rattler import Channel
from rattler.exceptions import InvalidChannelError

from wheelbridge.api.clients import split_channel_credentials
from wheelbridge.configuration.conda_channels import LOCAL, CondaChannels
from wheelbridge.configuration.texts import index_name
from wheelbridge.errors import UsageError
from wheelbridge.index.client import PYPI, resolve_index_url
from wheelbridge.index.credentials import split_credentials
from wheelbridge.index.origins import origin_of
from wheelbridge.model.boundaries import is_this_machine
from wheelbridge.model.source import SourceKind, is_public_name

_PUBLIC_CHANNELS = ("conda-forge", "defaults", "bioconda", "pytorch", "nvidia")
_PUBLIC_DEFAULTS = "https://repo.anaconda.com/pkgs/"
_PUBLIC_INDEXES = {"https://download.pytorch.org/whl": frozenset({403}), "https://pypi.nvidia.com": frozenset[int]()}
"""Large public indexes beside PyPI, with all below them -> the statuses, beside 404, of a project that they lack.

uv too goes on where PyTorch's index answers 403.
"""
_PATH = re.compile(r"[./~\\]|[A-Za-z]:[\\/]")


@dataclass(frozen=True, slots=True)
class SourcePlace:
    """A channel or an index: what it goes by, and where it is.

    Attributes:
        login_url: the URL with the credentials that it was given with; None where there are none.
        public_name: the name that the field knows it by, whatever a configuration calls it.
        is_named: somebody chose its name.
        named_by_user: that was the user, not somebody's project.
    """

    name: str
    kind: SourceKind
    url: str
    login_url: str | None = field(default=None, repr=False)
    public_name: str = ""
    is_named: bool = False
    named_by_user: bool = False

    @property
    def key(self) -> tuple[SourceKind, str]:
        """What two spellings of one place have in common."""
        parts, (scheme, host) = urlsplit(self.url), origin_of(self.url)
        return self.kind, urlunsplit(parts._replace(scheme=scheme, netloc=host, path=parts.path.rstrip("/")))

    @property
    def goes_by_a_public_name(self) -> bool:
        """Whether it goes by the name of a large public source, as itself, a mirror or a copy."""
        return is_public_name(self.name) or is_public_name(self.public_name)

    @property
    def is_public(self) -> bool:
        """Whether it is a large public source itself."""
        if self.kind == "index":
            return self.url == _public_index() or self._known_index is not None
        url = self.url.partition("/label/")[0]
        return url in _public_channels() or url.startswith(_PUBLIC_DEFAULTS)

    @property
    def missing_codes(self) -> frozenset[int]:
        """The statuses that it is known to answer with for a project that it lacks."""
        return _PUBLIC_INDEXES.get(self._known_index or "", frozenset())

    @property
    def _known_index(self) -> str | None:
        kind, url = self.key
        return next((base for base in _PUBLIC_INDEXES if kind == "index" and f"{url}/".startswith(f"{base}/")), None)


def is_public_place(text: str) -> bool:
    """Tell whether *text*, a name or a URL as records have it, is that of a large public channel or index.

    >>> is_public_place("conda-forge/label/rc"), is_public_place("https://host.example/simple")
    (True, False)
    """
    kinds: tuple[SourceKind, ...] = ("channel", "index")
    return is_public_name(text) or any(SourcePlace(text, kind, text).is_public for kind in kinds)


def read_channel(text: str, channels: CondaChannels, *, windows: bool = False) -> tuple[SourcePlace, ...]:
    """Return the channels that *text*, a URL, a folder or a name, stands for: several of a multichannel, or mirrors.

    Raises:
        UsageError: if it is none.
    """
    is_folder = "://" not in text and (Path(text) / "noarch").is_dir()
    if is_folder or ("://" not in text and _PATH.match(text)):
        found = [_place(None, str(Path(text).absolute()) if is_folder else text)]
    elif text == LOCAL and LOCAL not in channels.multi:
        raise UsageError(
            "'local' is a channel of conda-build's, which wheelbridge does not know", hint="Name a folder."
        )
    else:
        resolved = channels.resolve(text, windows=windows)
        found = [_place(None if "://" in text else channel.name, channel.url) for channel in resolved]
        found = [replace(place, is_named="://" not in text and "://" not in place.name) for place in found]
    return tuple(found)


def read_index(text: str) -> SourcePlace:
    """Return the index that *text*, ``URL``, ``NAME``, a folder, or ``NAME=URL``, stands for.

    Raises:
        InvalidIndexUrlError: if it is none.
    """
    name, separator, url = text.partition("=")
    named = bool(separator) and "/" not in name and ":" not in name
    login = resolve_index_url(url if named else text)
    clean = split_credentials(login)[0]
    public = PYPI if clean == _public_index() else ""
    own = name if named else public or _own_name(clean)
    return SourcePlace(own, "index", clean, login if login != clean else None, public, is_named=named)


def _own_name(url: str) -> str:
    """Return what an index goes by that nobody named: never a public name for what is on some other host."""
    name, host = index_name(url), urlsplit(url).hostname
    return host if host and is_public_name(name) and not is_this_machine(host) else name


def _place(name: str | None, text: str) -> SourcePlace:
    """Read a URL or a path as rattler does."""
    clean, login = split_channel_credentials(text)
    try:
        channel = Channel(clean)
    except InvalidChannelError as error:
        raise UsageError(f"{clean!r} is no channel: {error}") from error
    url = channel.base_url.rstrip("/")
    known_as = url.rsplit("/", 1)[-1] if url.startswith("file:") else channel.name or url
    return SourcePlace(name or known_as, "channel", url, login, known_as)


@cache
def _public_index() -> str:
    return resolve_index_url(PYPI)


@cache
def _public_channels() -> frozenset[str]:
    return frozenset(Channel(name).base_url.rstrip("/") for name in _PUBLIC_CHANNELS)
