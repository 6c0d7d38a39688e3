"""Which platforms an entry of a file for several platforms is for, as the file's format says it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

_UNIX = ("linux", "osx")


@dataclass(frozen=True, slots=True)
class Conditional:
    """Entries for some platforms; *platforms* is empty where they are for all."""

    platforms: tuple[str, ...]
    entries: tuple[str, ...]


def gather(entries: Mapping[str, Iterable[str]]) -> tuple[Conditional, ...]:
    """Put entries by platform together: what is for all comes first, then what is for the same platforms, once each.

    >>> [part.entries for part in gather({"linux-64": ["zlib", "libgomp"], "win-64": ["zlib"]})]
    [('zlib',), ('libgomp',)]
    """
    holders: dict[str, list[str]] = {}
    for platform, texts in entries.items():
        for text in dict.fromkeys(texts):
            holders.setdefault(text, []).append(platform)
    groups: dict[tuple[str, ...], list[str]] = {(): []}
    for text, platforms in holders.items():
        groups.setdefault(() if len(platforms) == len(entries) else tuple(platforms), []).append(text)
    return tuple(Conditional(platforms, tuple(texts)) for platforms, texts in groups.items() if texts)


def find_systems(platforms: Collection[str], among: Collection[str]) -> tuple[str, ...] | None:
    """Return the operating systems that tell *platforms* from all others *among* which they are; None: none do.

    >>> find_systems(["linux-64", "osx-arm64"], ["linux-64", "osx-arm64", "win-64"])
    ('unix',)
    >>> find_systems(["linux-64"], ["linux-64", "linux-aarch64"]) is None
    True
    """
    systems = tuple(dict.fromkeys(map(_system, platforms)))
    if any(_system(platform) in systems and platform not in platforms for platform in among):
        return None
    return _name_systems(systems)


def write_condition(platforms: Sequence[str], among: Collection[str]) -> str:
    """Return the ``if`` of a recipe (CEP 13: "Selector if statements are simple boolean expressions").

    >>> write_condition(["win-64"], ["linux-64", "win-64"])
    'win'
    """
    if systems := find_systems(platforms, among):
        return " or ".join(systems)
    return " or ".join(f'target_platform == "{platform}"' for platform in platforms)


def _system(platform: str) -> str:
    return platform.partition("-")[0]


def _name_systems(systems: tuple[str, ...]) -> tuple[str, ...]:
    """Write ``unix`` for Linux and macOS (CEP 24: "true when the target OS is Linux or macOS")."""
    if not set(_UNIX) <= set(systems):
        return systems
    return ("unix", *(system for system in systems if system not in _UNIX))
