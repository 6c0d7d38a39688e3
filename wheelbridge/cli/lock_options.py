"""The options of ``wheelbridge lock``, in groups."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

_TARGET = "Target"
_LOCK = "The lock"

Platforms = Annotated[
    list[str] | None,
    typer.Option(
        "--platform",
        metavar="[NAME=]SUBDIR",
        help="A platform to lock for, such as osx-arm64: as its baseline, wherever the lock is made; with a name where "
        "two have one subdir. Default: what the files say, then the earlier lock, then this machine.",
        rich_help_panel=_TARGET,
    ),
]
PlatformFacts = Annotated[
    list[str] | None,
    typer.Option(
        "--virtual-package",
        metavar="[PLATFORM:]NAME=VERSION",
        help="A fact of all targets, or of one, such as linux-64:__cuda=12.8.",
        rich_help_panel=_TARGET,
    ),
]
Destination = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        metavar="LOCK",
        help="The lock file; a name such as pylock.toml says the format. Default: pixi.lock beside the first file.",
        rich_help_panel=_LOCK,
    ),
]
Format = Annotated[
    str | None, typer.Option("--format", metavar="pixi|pylock", help="Its format.", rich_help_panel=_LOCK)
]
Check = Annotated[
    bool,
    typer.Option(
        "--check",
        help="Only tell whether the lock answers the files, without a solve and a network; 1 if not.",
        rich_help_panel=_LOCK,
    ),
]
Upgrade = Annotated[
    bool, typer.Option("--upgrade", "-U", help="Prefer nothing of the earlier lock.", rich_help_panel=_LOCK)
]
UpgradePackages = Annotated[
    list[str] | None,
    typer.Option(
        "--upgrade-package", "-P", metavar="NAME", help="Prefer nothing of it of one package.", rich_help_panel=_LOCK
    ),
]
AllVariants = Annotated[
    bool,
    typer.Option(
        "--all-variants/--chosen-variant",
        help="Lock all variant wheels of a chosen release, for tools that choose when they install, or only the chosen "
        "one.",
        rich_help_panel=_LOCK,
    ),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Targets:
    """Which targets there are."""

    platform: Platforms = None
    virtual_package: PlatformFacts = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Locking:
    """Which lock, and how it is made."""

    output: Destination = None
    format: Format = None
    check: Check = False
    upgrade: Upgrade = False
    upgrade_package: UpgradePackages = None
    all_variants: AllVariants = False
