"""All that was configured, the nearest place first."""

import os
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from wheelbridge.configuration.conda_channels import CondaChannels
from wheelbridge.configuration.condarc import CondaSettings, load_conda_settings
from wheelbridge.configuration.files import find_project_file, load_file, user_file
from wheelbridge.configuration.folders import show_path
from wheelbridge.configuration.values import Configuration
from wheelbridge.model.pin import Pin
from wheelbridge.model.source import SourceKind

SWITCH = "WHEELBRIDGE_NO_CONFIG"
"""A variable that says what ``--no-config`` says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Levels:
    """What the places say, the nearest first, and what conda's names of channels mean.

    Attributes:
        override_allowed: whether ``--override-channels`` may be used.
        notes: what was found and is not followed.
        pins: what conda is configured to hold wherever it installs.
        disallowed: packages, as MatchSpecs, that may not come into an environment.
        appended: kinds of which the configured sources stand behind those of the command line, not in their place.
        closed: kinds of which there is no source at all, but for those that the command line or a spec names.
    """

    places: tuple[Configuration, ...] = ()
    channels: CondaChannels = field(default_factory=CondaChannels)
    override_allowed: bool = True
    notes: tuple[str, ...] = ()
    pins: tuple[Pin, ...] = ()
    disallowed: tuple[Pin, ...] = ()
    appended: frozenset[SourceKind] = frozenset()
    closed: frozenset[SourceKind] = frozenset()


def load_levels(
    config: Path | None = None, *, search: bool = True, project: bool = True, conda: CondaSettings | None = None
) -> Levels:
    """Read the configuration of the project, of the user, and conda's.

    Args:
        config: stands in the place of the project's file.
        search: False: read nothing but *config*.
        project: False: look for no project's file.
        conda: what conda itself says it is configured to; its files are not read then. What its names of channels mean,
            and what it forbids, holds without *search*, too.

    Raises:
        WheelbridgeError: if a file that counts cannot be read.
    """
    searched = search and os.environ.get(SWITCH, "") in {"", "0"}
    files = [config or (_project_file() if searched and project else None), user_file() if searched else None]
    found = [path for path in dict.fromkeys(files) if path and (path == config or path.is_file())]
    said = conda or (load_conda_settings() if searched else None)
    left_out = [path for path in found if path != config] if said and said.sealed_by else []
    read = [path for path in found if path not in left_out]
    places = [load_file(path) if path == user_file() else _of_project(load_file(path)) for path in read]
    if said is None:
        return Levels(places=tuple(places))
    levels = Levels(
        places=tuple(places),
        channels=said.channels,
        override_allowed=said.override_allowed,
        disallowed=said.disallowed,
    )
    return _add_conda(levels, said, left_out) if searched else levels


def _add_conda(levels: Levels, said: CondaSettings, left_out: Iterable[Path]) -> Levels:
    sealed = [f"{show_path(path)} is left out: the indexes of {said.sealed_by} are final." for path in left_out]
    places = (*levels.places, said.configuration, *said.others)
    return replace(levels, places=places, notes=(*said.notes, *sealed), pins=said.pins)


def _of_project(configuration: Configuration) -> Configuration:
    return replace(configuration, sources=tuple(replace(entry, of_project=True) for entry in configuration.sources))


def _project_file() -> Path | None:
    try:
        return find_project_file(Path.cwd())
    except FileNotFoundError:  # the working directory is gone
        return None
