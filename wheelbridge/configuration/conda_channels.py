"""What conda's names of channels mean, as its configuration says: aliases, custom channels, multichannels, mirrors."""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from posixpath import normpath
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

from wheelbridge.configuration.errors import ChannelNotAllowedError
from wheelbridge.configuration.texts import without_token

DEFAULT_ALIAS = "https://conda.anaconda.org"
DEFAULTS = "defaults"
NO_DEFAULTS = "nodefaults"
LOCAL = "local"
"""conda reserves the name for what conda-build has built."""
DEFAULT_CHANNELS = ("https://repo.anaconda.com/pkgs/main", "https://repo.anaconda.com/pkgs/r")
WINDOWS_CHANNELS = (*DEFAULT_CHANNELS, "https://repo.anaconda.com/pkgs/msys2")
_PORTS = {"http": 80, "https": 443}
_SLASHES = re.compile("/+")
_FOLDER = re.compile(r"[./~\\]|[A-Za-z]:[\\/]")
_CUSTOM = {"pkgs/pro": "https://repo.anaconda.com"}


@dataclass(frozen=True, slots=True)
class NamedChannel:
    """A channel's name, and its URL, which may hold credentials."""

    name: str
    url: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class CondaChannels:
    """The settings that conda reads the name of a channel by.

    Attributes:
        alias: what goes before a name that nothing else explains.
        default_channels: what ``defaults`` stands for; None: what conda says, which depends on the platform.
        custom: name -> the location that goes before it.
        multi: name -> the channels that it stands for.
        mirrored: name -> URLs of the same channel (mamba's key).
        migrated_aliases: earlier aliases.
        migrated_custom: name -> an earlier location.
        allowed: channels that alone may be used; empty: all.
        denied: channels that may not.
    """

    alias: str = DEFAULT_ALIAS
    default_channels: tuple[str, ...] | None = None
    custom: Mapping[str, str] = field(default_factory=lambda: _CUSTOM)
    multi: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    mirrored: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    migrated_aliases: tuple[str, ...] = ()
    migrated_custom: Mapping[str, str] = field(default_factory=dict)
    allowed: tuple[str, ...] = ()
    denied: tuple[str, ...] = ()

    def resolve(self, text: str, *, windows: bool = False) -> tuple[NamedChannel, ...]:
        """Return the channels that *text*, a name or a URL, stands for; more than one are a multichannel, or mirrors.

        >>> [channel.url for channel in CondaChannels().resolve("defaults")]
        ['https://repo.anaconda.com/pkgs/main', 'https://repo.anaconda.com/pkgs/r']
        >>> CondaChannels(alias="https://host.example/conda").resolve("conda-forge")[0].url
        'https://host.example/conda/conda-forge'
        """
        text = text.rstrip("/")
        if "://" in text:
            return (self._from_url(text, windows=windows),)
        if text in self.mirrored:
            first, *others = self.mirrored[text]
            return (NamedChannel(text, first), *(NamedChannel(without_token(url), url) for url in others))
        members = self._multichannels(windows=windows).get(text)
        if members is not None:
            return tuple(self._simple(member) for member in members)
        return (self._from_name(text, windows=windows),)

    def check(self, channel: str, url: str) -> None:
        """See whether the channel at *url*, which people call *channel*, may be used.

        Raises:
            ChannelNotAllowedError: if conda's configuration forbids it.
        """
        place = _place_of(url)
        if place in self._places(self.denied):
            raise ChannelNotAllowedError(channel, url, "it is among denylist_channels of conda's configuration")
        if self.allowed and place not in self._places(self.allowed):
            raise ChannelNotAllowedError(channel, url, "it is not among allowlist_channels of conda's configuration")

    def _places(self, texts: tuple[str, ...]) -> set[str]:
        folders = {text for text in texts if "://" not in text and _FOLDER.match(text)}
        names = (text for text in texts if text not in folders)
        both = (self.resolve(text, windows=windows) for text in names for windows in (False, True))
        found = {_place_of(channel.url) for channels in both for channel in channels}
        return found | {_place_of_folder(os.path.expanduser(text)) for text in folders}  # noqa: PTH111 - as conda

    def _multichannels(self, *, windows: bool) -> dict[str, tuple[str, ...]]:
        """Return name -> channels; ``custom_multichannels.defaults`` beats ``default_channels``, as in conda."""
        defaults = self.default_channels
        if defaults is None:
            defaults = WINDOWS_CHANNELS if windows else DEFAULT_CHANNELS
        return {DEFAULTS: defaults, **self.multi}

    def _simple(self, text: str) -> NamedChannel:
        """Read a member of a multichannel: a URL, or a name below the alias."""
        if "://" not in text:
            return NamedChannel(text.strip("/"), f"{self.alias}/{text.strip('/')}")
        return NamedChannel(self._name_of(text), text.rstrip("/"))

    def _from_name(self, name: str, *, windows: bool) -> NamedChannel:
        locations = dict(self._locations(windows=windows))
        prefix = name
        while prefix not in locations and "/" in prefix:
            prefix = prefix.rpartition("/")[0]
        return NamedChannel(name, f"{locations.get(prefix, self.alias)}/{name}")

    def _locations(self, *, windows: bool) -> Iterator[tuple[str, str]]:
        """Yield name -> location: first those of multichannels' members, which custom channels beat."""
        for members in self._multichannels(windows=windows).values():
            for member in map(self._simple, members):
                if member.url.endswith(f"/{member.name}"):
                    yield member.name, member.url.removesuffix(f"/{member.name}")
        yield from ((name.strip("/"), location.rstrip("/")) for name, location in self.custom.items())

    def _from_url(self, url: str, *, windows: bool) -> NamedChannel:
        """Read a URL; what has migrated is looked for where it is now."""
        bare = without_token(url)
        for name in sorted(self.migrated_custom, key=len, reverse=True):
            if rest := _below(bare, f"{self.migrated_custom[name].rstrip('/')}/{name}"):
                return self._from_name(f"{name}{rest[0]}", windows=windows)
        for alias in self.migrated_aliases:
            if (rest := _below(bare, alias.rstrip("/"))) and rest[0]:
                return NamedChannel(rest[0].strip("/"), f"{self.alias}{rest[0]}")
        return NamedChannel(self._name_of(bare), url)

    def _name_of(self, url: str) -> str:
        """Return what is behind the alias, or behind the host."""
        bare = without_token(url).rstrip("/")
        rest = _below(bare, without_token(self.alias))
        return (rest[0] if rest else bare.partition("://")[2].partition("/")[2]).strip("/") or bare


def _place_of(url: str) -> str:
    """Return where *url* leads: one text for all spellings that a server, or this machine, takes for one place."""
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".")
    if parts.scheme == "file" and host in {"", "localhost"}:
        return _place_of_folder(url2pathname(parts.path))
    port = f":{parts.port}" if parts.port not in (None, _PORTS.get(parts.scheme)) else ""
    path = _SLASHES.sub("/", normpath(f"/{unquote(parts.path)}"))
    return without_token(f"{parts.scheme}://{host}{port}{path}").rstrip("/")


def _place_of_folder(path: str) -> str:
    return os.path.normcase(os.path.realpath(path))


def _below(url: str, base: str) -> tuple[str] | None:
    """Return what *url* has behind *base*, in a tuple so that nothing is something; None where it is not below it."""
    same = url == base or url.startswith(f"{base}/")
    return (url.removeprefix(base),) if same else None
