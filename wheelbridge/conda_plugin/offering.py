"""What formats of files are called; conda stops at every command if two plugins have one name: others' stay theirs."""

import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from fnmatch import fnmatch
from typing import Any

from conda.base.context import context

_HOOKS = "wheelbridge.conda_plugin.hooks"
_asked: set[str] = set()
"""Hooks that are being asked: another plugin may do as we do."""


def leave_to_others(hook: str, ours: Sequence[Any]) -> list[Any]:
    """Return *ours*, formats that are read or written, without the aliases and file names that other plugins have.

    Names themselves begin with ``wheelbridge-``, and stay.
    """
    others = _others(hook)
    taken = {name for other in others for name in (other.name, *other.aliases)}
    patterns = [pattern for other in others for pattern in other.default_filenames]
    return [
        replace(
            one,
            aliases=tuple(alias for alias in one.aliases if alias not in taken),
            default_filenames=tuple(name for name in one.default_filenames if not _meets(name, patterns)),
        )
        for one in ours
    ]


def _others(hook: str) -> list[Any]:
    """Return what conda and its other plugins answer to *hook*."""
    own = sys.modules.get(_HOOKS)
    if hook in _asked or own is None:
        return []
    _asked.add(hook)
    try:
        answers: Iterable[Iterable[Any]] = context.plugin_manager.subset_hook_caller(hook, [own])()
        return [one for listed in answers for one in listed]
    finally:
        _asked.discard(hook)


def _meets(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatch(name, pattern) or fnmatch(pattern, name) for pattern in patterns)
