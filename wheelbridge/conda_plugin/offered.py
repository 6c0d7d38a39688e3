"""Which options of a command are conda's own: they stand in the place of ours, and its context holds their values."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_OUTPUT = ("as_json", "quiet", "verbose", "dry_run", "yes")
"""Options that conda's helper for output brings, ``--yes`` and ``--dry-run`` with another one."""


@dataclass(frozen=True, slots=True)
class Shared:
    """Options that one of conda's helpers adds: its name in ``conda.cli.helpers``, and the parameters it stands for."""

    helper: str
    names: tuple[str, ...]


_PREFIX = Shared("add_parser_prefix", ("prefix", "name"))
_CHANNELS = Shared("add_parser_channels", ("channel", "override_channels"))
_NETWORK = Shared("add_parser_networking", ("offline",))
_PLATFORM = Shared("add_parser_platform", ("platform",))
_FROZEN = Shared("add_parser_frozen_env", ("override_frozen",))
_ASKING = Shared("add_output_and_prompt_options", _OUTPUT)
_JSON = Shared("add_parser_json", ("as_json", "quiet", "verbose"))


def shared_options(named: Mapping[str, Any]) -> Iterator[Shared]:
    """Yield what a command has in common with conda's, whose parameters are *named*."""
    if "prefix" in named:
        yield _PREFIX
    if (channel := named.get("channel")) and channel.multiple and "-c" in channel.opts:
        yield _CHANNELS
    if "offline" in named:
        yield _NETWORK
    if "platform" in named and not named["platform"].multiple:
        yield _PLATFORM
    if "override_frozen" in named:
        yield _FROZEN
    if "as_json" in named:
        yield _ASKING if "yes" in named else _JSON


def conda_options(named: Mapping[str, Any]) -> frozenset[str]:
    """Return the names of the parameters that conda's options stand for."""
    return frozenset(name for shared in shared_options(named) for name in shared.names)
