"""Files that ``conda export`` writes by us: those that keep wheels. conda lists the formats on each of its commands."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from conda.plugins.types import CondaEnvironmentExporter, EnvironmentFormat

from wheelbridge.conda_plugin.offering import leave_to_others

if TYPE_CHECKING:
    from conda.models.environment import Environment


def export_manifest(environment: "Environment") -> str:
    """Return an ``environment.yml`` whose wheels stand in its section of pip, with the indexes that they are from."""
    with _told():
        from wheelbridge.conda_plugin.file_exports import render_manifest

        return render_manifest(environment, _folder())


def export_pylock(environment: "Environment") -> str:
    """Return a ``pylock.toml``: wheels for every tool, conda packages in a table of ours."""
    return _export_lock(environment, "pylock")


def export_pixi_lock(environment: "Environment") -> str:
    """Return a ``pixi.lock``."""
    return _export_lock(environment, "pixi")


def exporters() -> list[CondaEnvironmentExporter]:
    """Return the formats that conda writes by us."""
    ours = [
        CondaEnvironmentExporter(
            name="wheelbridge-environment",
            aliases=(),
            default_filenames=("*.wheelbridge.yml", "*.wheelbridge.yaml"),
            export=export_manifest,
            description="YAML format with wheels and their indexes",
        ),
        CondaEnvironmentExporter(
            name="wheelbridge-pylock",
            aliases=("pylock.toml", "pylock"),
            default_filenames=("pylock.toml", "pylock.*.toml"),
            export=export_pylock,
            description="Lock file of PEP 751, with conda packages in a table of wheelbridge's",
            environment_format=EnvironmentFormat.lockfile,
        ),
        CondaEnvironmentExporter(
            name="wheelbridge-pixi-lock",
            aliases=("pixi.lock", "pixi-lock"),
            default_filenames=("pixi.lock", "*.pixi.lock"),
            export=export_pixi_lock,
            description="Lock file of pixi: conda packages and wheels",
            environment_format=EnvironmentFormat.lockfile,
        ),
    ]
    return leave_to_others("conda_environment_exporters", ours)


def _export_lock(environment: "Environment", form: Literal["pixi", "pylock"]) -> str:
    with _told():
        from wheelbridge.conda_plugin.file_exports import render_locked

        return render_locked(environment, form, _folder())


def _told() -> AbstractContextManager[None]:
    """Tell of errors as conda does."""
    from wheelbridge.conda_plugin.file_errors import having_rattler

    return having_rattler(_folder())


def _folder() -> Path:
    """Return where the file will lie, to which its paths are relative."""
    from wheelbridge.conda_plugin.command_line import said

    file = said("file")
    return Path(file).absolute().parent if isinstance(file, str) else Path.cwd()
