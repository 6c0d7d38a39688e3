"""conda's context as configuration of wheelbridge: conda has read and merged its files, variables and options already.

What conda says of names of channels, of channels that may not be used, of pins and of cutoffs holds here as it does for
conda's own commands, with ``--no-config``, too: that leaves out lists of sources, not what an administrator forbids.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from conda.base.context import context
from conda.common.configuration import Configuration as Settings
from conda.common.configuration import ConfigurationError, ParameterFlag

from wheelbridge.conda_plugin.context_channels import configured_channels, names_of_channels, with_token
from wheelbridge.conda_plugin.context_cutoffs import channel_cutoff, cutoff_policy, general_cutoff, note_cutoffs
from wheelbridge.conda_plugin.context_network import network_from_context
from wheelbridge.configuration.conda_channels import DEFAULTS, LOCAL, NO_DEFAULTS
from wheelbridge.configuration.condarc import CondaSettings
from wheelbridge.configuration.condarc_values import expand_variables
from wheelbridge.configuration.errors import InvalidConfigurationError
from wheelbridge.configuration.folders import show_path
from wheelbridge.configuration.levels import Levels, load_levels
from wheelbridge.configuration.values import Configuration, MapEntry, SourceEntry
from wheelbridge.model.pin import Pin
from wheelbridge.model.source import Claim

_CONDA = "conda's configuration"
_MAMBAS = "mirrored_channels"
_ENVIRONMENT, _COMMAND_LINE = "envvars", "cmd_line"


def levels_from_context(config: Path | None = None, *, search: bool = True, project: bool = False) -> Levels:
    """Return all that was configured, as `load_levels` does, with conda's part out of conda's context.

    Channels are those configured; those of the command line, ``-c``, are its caller's to add.

    Args:
        config: stands in the place of the project's file; None: ``plugins.wheelbridge_config``, if it is set.
        search: False: read nothing but *config*, and what conda says of names of channels.
        project: whether the file of the project in the working directory counts. For conda's own commands it does not:
            nobody expects a folder that he happens to be in to decide what ``conda update`` installs elsewhere.

    Raises:
        WheelbridgeError: if a file that counts cannot be read.
        CondaError: if conda finds its own configuration wrong.
    """
    if config is None and search:
        config = _own_file()
    levels = load_levels(config, search=search, project=project, conda=conda_settings())
    return replace(levels, appended=frozenset({"channel"}))


def conda_settings() -> CondaSettings:
    """Return what conda's context says, as what `load_conda_settings` makes of files."""
    origins = _Origins(context)
    policy = cutoff_policy()
    return CondaSettings(
        configuration=Configuration(
            origin=origins.of("channels"),
            sources=tuple(_channels(origins)),
            fallback=_claim(),
            exclude_newer=general_cutoff(policy),
        ),
        channels=names_of_channels(),
        override_allowed=context.override_channels_enabled,
        notes=tuple(_notes()),
        pins=() if context.ignore_pinned else tuple(_pins(origins)),
        others=tuple(_plugin_settings()),
        disallowed=tuple(_rules(origins)),
        sealed_by=_sealed_by(),
    )


class _Origins:
    """Which file of conda's each value of *settings* stands in, for people."""

    def __init__(self, settings: Settings) -> None:
        try:
            self._said: Mapping[object, Mapping[str, Any]] = settings.collect_all()
        except ConfigurationError:  # something else in a file is wrong, which is for who needs it to say
            self._said = {}

    def of(self, *keys: str, value: str | None = None) -> str:
        """Return the nearest file that has one of *keys*, with *value* in it, if that is given."""
        for source, said in reversed([*self._said.items()]):
            for key in keys:
                if key in said and (value is None or _has(said[key], value)):
                    return _shown(source, key)
        return _CONDA


def _has(said: str | tuple[str, ...], value: str) -> bool:
    return value == said if isinstance(said, str) else value in said


def _shown(source: object, key: str) -> str:
    if source == _ENVIRONMENT:
        return f"$CONDA_{'PLUGINS_' * key.startswith('wheelbridge_')}{key.upper()}"
    return "the command line" if source == _COMMAND_LINE else show_path(Path(str(source)))


def _channels(origins: _Origins) -> Iterator[SourceEntry]:
    """Yield the channels that are configured, the folders of conda-build among them."""
    names = [*([LOCAL] if context.use_local else []), *configured_channels()]
    dropped = {NO_DEFAULTS, *((DEFAULTS,) if NO_DEFAULTS in names else ())}
    for name in dict.fromkeys(names):
        if name in dropped or (name == LOCAL and not context.conda_build_local_urls):
            continue
        origin = origins.of("channels", "channel", value=name)
        cutoff = channel_cutoff(cutoff_policy(), name)
        yield SourceEntry(kind="channel", text=with_token(name), origin=origin, path="channels", exclude_newer=cutoff)


def _claim() -> Claim | None:
    """Return the claim of conda's channels; None where nobody set ``channel_priority``: their kinds have their own."""
    if not any("channel_priority" in said for said in context.raw_data.values()):
        return None
    return cast("Claim", context.channel_priority.value)


def _pins(origins: _Origins) -> Iterator[Pin]:
    for text in context.pinned_packages:
        yield Pin(text, origins.of("pinned_packages", value=text))


def _rules(origins: _Origins) -> Iterator[Pin]:
    for text in context.disallowed_packages:
        yield Pin(text, origins.of("disallowed_packages", "disallow", value=text))


def _notes() -> Iterator[str]:
    yield from note_cutoffs(cutoff_policy())
    yield from network_from_context().notes
    if any(_MAMBAS in said for said in context.raw_data.values()):
        yield f"{_MAMBAS} is mamba's, and neither conda nor what runs in it follows it."
    for settings in context.channel_settings:
        if settings.get("auth"):
            handler, channel = settings["auth"], settings.get("channel", "")
            yield (
                f"channel_settings: the auth handler {handler!r} of {channel} is conda's own; wheelbridge takes logins "
                "from netrc, the keyring and variables."
            )


def _plugin_settings() -> Iterator[Configuration]:
    """Yield what stands below ``plugins.wheelbridge_*``, if anything does."""
    origins, priority = _Origins(context.plugins), _setting("wheelbridge_priority")
    indexes, maps = _setting("wheelbridge_indexes") or (), _setting("wheelbridge_maps") or ()
    if indexes or priority or maps:
        yield Configuration(
            origin=origins.of("wheelbridge_priority", value=priority) if priority else _CONDA,
            sources=tuple(_index(text, origins.of("wheelbridge_indexes", value=text)) for text in indexes),
            priority=cast("Claim | None", priority),
            maps=tuple(_map(text, origins.of("wheelbridge_maps", value=text)) for text in maps),
        )


def _sealed_by() -> str:
    """Return the file in which ``#!final`` stands behind ``wheelbridge_indexes``; nothing where it stands in none."""
    key = "wheelbridge_indexes"
    for source, said in context.plugins.raw_data.items():
        if key in said and said[key].keyflag() is ParameterFlag.final:
            return _shown(source, key)
    return ""


def _index(text: str, origin: str) -> SourceEntry:
    key = "plugins.wheelbridge_indexes"
    return SourceEntry(kind="index", text=expand_variables(text, os.environ), origin=origin, path=key)


def _map(text: str, origin: str) -> MapEntry:
    key = "plugins.wheelbridge_maps"
    path = _path(text, key, origin)
    return MapEntry(name=f"{key}: {show_path(path)}", file=path, origin=origin, path=key)


def _own_file() -> Path | None:
    """Return the file that ``plugins.wheelbridge_config`` names."""
    name = "wheelbridge_config"
    text = _setting(name)
    return _path(text, f"plugins.{name}", _Origins(context.plugins).of(name)) if text else None


def _path(text: str, key: str, origin: str) -> Path:
    path = Path(os.path.expanduser(expand_variables(text, os.environ)))  # noqa: PTH111 - Path's raises without a home
    if not path.is_absolute():
        raise InvalidConfigurationError(
            origin,
            key,
            f"{text!r} is no absolute path",
            hint="conda merges files of several folders; begin with ~ or /.",
        )
    return path


def _setting(name: str) -> Any:  # noqa: ANN401 - conda's settings have the types that they were made with
    return getattr(context.plugins, name, None)
