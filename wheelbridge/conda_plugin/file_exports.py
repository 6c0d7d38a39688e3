"""Environments of conda's as the files that wheelbridge writes."""

from pathlib import Path
from typing import Literal

from conda.models.environment import Environment

from wheelbridge.api.exporting.describing import Described, describe_environment
from wheelbridge.api.exporting.manifest import Wish, make_manifest
from wheelbridge.conda_plugin.command_line import said
from wheelbridge.conda_plugin.file_errors import OtherPlatformError
from wheelbridge.conda_plugin.telling import tell
from wheelbridge.environment.locks.files import render_lock
from wheelbridge.environment.yml.writing import render_environment
from wheelbridge.errors import UsageError


def render_manifest(environment: Environment, folder: Path) -> str:
    """Return *environment*, which is installed, as an ``environment.yml`` that will lie in *folder*."""
    described = _describe(environment)
    wish = Wish(
        name=Path(str(environment.name or environment.prefix)).name,
        folder=folder,
        from_history=bool(said("from_history")),
        builds=not said("no_builds"),
    )
    manifest = make_manifest(described, wish)
    tell(manifest.notes)
    return render_environment(manifest)


def render_locked(environment: Environment, form: Literal["pixi", "pylock"], folder: Path) -> str:
    """Return *environment*, which is installed, as a lock that will lie in *folder*."""
    if said("from_history") or said("no_builds"):
        raise UsageError(
            "A lock says exactly what is there",
            hint="Leave out --from-history and --no-builds, or write an environment file.",
        )
    described = _describe(environment)
    tell(described.inexact)
    return render_lock(described.lock, form, folder)


def _describe(environment: Environment) -> Described:
    """Return what is installed; conda hands over what it would be on another platform, without any wheel.

    Raises:
        OtherPlatformError: if that is asked for.
    """
    described = describe_environment(Path(str(environment.prefix)))
    subdir = described.target.target.subdir
    if environment.platform != subdir:
        raise OtherPlatformError(Path(str(environment.prefix)), environment.platform, subdir)
    described.check_variables()
    return described
