"""The settings of a joint solve, out of conda's context and of what its caller gave the solver."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, cast

from conda.base.context import context
from conda.models.channel import Channel

from wheelbridge.api.life.modifiers import Modifiers
from wheelbridge.api.mapping.maps import load_maps
from wheelbridge.api.solving import Settings
from wheelbridge.api.sources import SourceChoice, SourceList, gather_sources
from wheelbridge.api.variant_policies import read_variant_policy
from wheelbridge.conda_plugin.configuration import levels_from_context
from wheelbridge.conda_plugin.context_caches import caches_from_context
from wheelbridge.conda_plugin.context_channels import with_token
from wheelbridge.conda_plugin.context_cutoffs import channel_cutoff, cutoff_policy
from wheelbridge.configuration.levels import Levels
from wheelbridge.model.source import Source, SourceKind
from wheelbridge.model.target import Target
from wheelbridge.model.variant_policy import VariantPolicy
from wheelbridge.target.detect import detect_target

_NO_CHANNELS = frozenset({"nodefaults"})


def read_settings(
    channels: Iterable[str | Channel], subdirs: Sequence[str], modifiers: Modifiers
) -> tuple[Settings, tuple[str, ...]]:
    """Return the settings, and what is to be told of them.

    Args:
        channels: what conda solves over, the command line's included; indexes stand behind them, as configured.
        subdirs: the platform, and ``noarch``.
        modifiers: how the environment is changed.

    Raises:
        WheelbridgeError: if the configuration cannot be read, or does not allow what is asked.
    """
    target = _target(next((subdir for subdir in subdirs if subdir != "noarch"), context.subdir))
    listed = _sources(channels, target)
    return _settings(listed, target, modifiers), listed.notes


def _settings(listed: SourceList, target: Target, modifiers: Modifiers) -> Settings:
    return Settings(
        target=target,
        sources=tuple(map(_with_cutoff, listed.sources)),
        routes=listed.routes,
        relations=listed.relations,
        claim=listed.claim,
        caches=caches_from_context(),
        exclude_newer=listed.exclude_newer,
        offline=context.offline,
        variants=_variants(),
        maps=load_maps(listed.maps),
        no_external=listed.no_external,
        pins=listed.pins if modifiers.pins else (),
        modifiers=modifiers,
        disallowed=listed.disallowed,
        names=listed.names,
    )


def _sources(channels: Iterable[str | Channel], target: Target) -> SourceList:
    given = [text for text in map(_text, channels) if text not in _NO_CHANNELS]
    levels: Levels = replace(levels_from_context(), appended=frozenset())  # conda has put them behind those given
    if not given:  # conda has no channel then, and ours would be one that nobody named
        levels = replace(levels, closed=levels.closed | {"channel"})
    listed: list[tuple[SourceKind, str]] = [("channel", text) for text in given]
    return gather_sources(SourceChoice(sources=tuple(listed)), levels, target)


def _text(channel: str | Channel) -> str:
    """Return a channel as one writes it, with the token or the login that conda has for it."""
    if isinstance(channel, str):
        return with_token(channel)
    named = cast("str", channel.canonical_name)
    if "://" not in named:
        return named
    login = f"{channel.auth}@" if channel.auth else ""
    token = f"/t/{channel.token}" if channel.token else ""
    return with_token(f"{channel.scheme}://{login}{channel.location or ''}{token}/{channel.name}".rstrip("/"))


def _with_cutoff(source: Source) -> Source:
    """Let a channel of the command line have the cutoff that conda's configuration has for it."""
    cutoff = channel_cutoff(cutoff_policy(), source.name) if source.kind == "channel" else None
    return replace(source, exclude_newer=cutoff) if cutoff and source.exclude_newer is None else source


def _target(subdir: str) -> Target:
    """Return the target as conda sees it: where its virtual packages differ from what is detected, they count."""
    detected = detect_target(subdir)
    known = {package.name: (package.version, package.build) for package in detected.virtual_packages}
    records = context.plugin_manager.get_virtual_package_records()
    seen = {record.name: (record.version, record.build) for record in records}
    facts = [
        f"{name}={version}={build}" for name, (version, build) in seen.items() if known.get(name) != (version, build)
    ]
    facts += [f"{name}=" for name in known.keys() - seen.keys()]
    return detect_target(subdir, facts) if facts else detected


def _variants() -> VariantPolicy:
    plugins: Any = context.plugins
    return read_variant_policy(
        prefer=getattr(plugins, "wheelbridge_variant_prefer", None) or (),
        ban=getattr(plugins, "wheelbridge_variant_ban", None) or (),
    )
