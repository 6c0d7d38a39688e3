"""The channels of conda's context, and what their names mean."""

from pathlib import Path
from typing import cast

from conda.base.context import Context, context
from conda.gateways.anaconda_client import read_binstar_tokens
from conda.models.channel import Channel

from wheelbridge.configuration.conda_channels import DEFAULTS, CondaChannels


def configured_channels() -> tuple[str, ...]:
    """Return the channels of files and variables.

    conda puts those of the command line before them, so a second context reads the same files without a command line.
    Its ``channels`` would stop at a channel that is not allowed, even where ``--override-channels`` leaves it out.
    """
    files = [source for source in context.raw_data if isinstance(source, Path)]
    return cast("tuple[str, ...]", Context(search_path=tuple(files))._channels)  # noqa: SLF001 - see above


def names_of_channels() -> CondaChannels:
    """Return what conda reads the name of a channel by, logins included."""
    multi = {name: tuple(map(_url, channels)) for name, channels in context.custom_multichannels.items()}
    alias = _url(context.channel_alias)
    return CondaChannels(
        alias=alias,
        default_channels=multi[DEFAULTS],
        custom={name: _place(channel) for name, channel in context.custom_channels.items() if channel.location},
        multi={name: urls for name, urls in multi.items() if urls and name != DEFAULTS},
        migrated_aliases=tuple(map(_url, context.migrated_channel_aliases)),
        migrated_custom=dict(context.migrated_custom_channels),
        allowed=tuple(context.allowlist_channels),
        denied=tuple(context.denylist_channels),
    )


def with_token(text: str) -> str:
    """Return the URL *text* with the token that conda would put into it; a name as it is.

    A URL that has a login keeps it.
    """
    channel = Channel(text) if "://" in text else None
    return _url(channel) if channel and not (channel.auth or channel.token) and _anaconda_token(text) else text


def _url(channel: Channel) -> str:
    """Return the URL of a channel with its login, which `Channel.url` has with a subdir only."""
    return f"{_place(channel)}/{channel.name}".rstrip("/")


def _place(channel: Channel) -> str:
    """Return what goes before the name of a channel, with the token that ``anaconda login`` left for it."""
    login = f"{channel.auth}@" if channel.auth else ""
    location = (channel.location or "").rstrip("/")  # a folder of conda-build has none: all of it is its name
    token = channel.token or (None if login else _anaconda_token(f"{channel.scheme}://{location}/{channel.name}"))
    return f"{channel.scheme}://{login}{location}" + (f"/t/{token}" if token else "")


def _anaconda_token(url: str) -> str | None:
    """Return the token that conda would put into *url*, below the place that it was made for."""
    if not context.add_anaconda_token:
        return None
    tokens = read_binstar_tokens().items()
    return next((token for place, token in tokens if _is_below(url, place)), None)


def _is_below(url: str, place: str) -> bool:
    return f"{url}/".startswith(f"{place.rstrip('/')}/")
