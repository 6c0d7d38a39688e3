"""Files named with ``-f``: read by what they are, and merged."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from wheelbridge.api.manifests.settings import Files, combine_settings, read_settings
from wheelbridge.api.manifests.specs import check_specs
from wheelbridge.configuration.folders import find_channel, show_path
from wheelbridge.environment.errors import InvalidEnvironmentFileError
from wheelbridge.environment.manifest import Manifest
from wheelbridge.errors import UsageError
from wheelbridge.model.target import Target

_YAML = frozenset({".yml", ".yaml"})
_REQUIREMENTS = frozenset({".txt", ".in"})
_PIXI = frozenset({"pixi.toml", "mojoproject.toml"})
_PYLOCK = re.compile(r"pylock(?:\.[^.]+)?\.toml")
_KNOWN = "environment.yml, requirements.txt, pyproject.toml, pylock.toml, pixi.lock, conda-lock.yml or @EXPLICIT lists"


@dataclass(frozen=True, slots=True)
class Choice:
    """Which parts of a ``pyproject.toml`` are asked for: extras (PEP 621) and dependency groups (PEP 735)."""

    extras: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()


def read_files(paths: Sequence[str], target: Target, choice: Choice | None = None) -> Files:
    """Read the files at *paths* for *target*.

    Raises:
        UsageError: if one is not there, or of no kind that can be read, or *choice* finds no file to choose from.
        InvalidEnvironmentFileError: if one cannot be read, or two contradict each other.
        InvalidConfigurationError: if a ``wheelbridge:`` table cannot be read.
    """
    chosen = choice or Choice()
    if (chosen.extras or chosen.groups) and not any(_is_project(Path(path)) for path in paths):
        raise UsageError("--extra and --group choose from a pyproject.toml", hint="Name one: -f pyproject.toml.")
    manifests = [_place(check_specs(_read(Path(path), target, chosen)), Path(path)) for path in paths]
    settings = [
        read_settings(one.settings, show_path(Path(path).absolute()), Path(path).absolute().parent)
        for path, one in zip(paths, manifests, strict=True)
    ]
    bare = [replace(one, settings={}) for one in manifests]
    merged, combined = _merge(bare), combine_settings(settings)
    return Files(replace(merged, notes=(*merged.notes, *combined.notes)), combined)


def _merge(manifests: Sequence[Manifest]) -> Manifest:
    if len(manifests) == 1:
        return manifests[0]
    from wheelbridge.environment.merging import merge_manifests  # noqa: PLC0415 - most commands have one file

    return merge_manifests(manifests)


def _place(manifest: Manifest, path: Path) -> Manifest:
    """Return *manifest* with the channels that are folders as absolute paths: each is relative to its own file."""
    folder = path.absolute().parent
    return replace(manifest, channels=tuple(find_channel(text, folder) for text in manifest.channels))


def _read(path: Path, target: Target, choice: Choice) -> Manifest:
    """Read one file; the readers are imported when they are needed, some of their libraries are slow to come."""
    if not path.is_file():
        what = "a folder" if path.is_dir() else "no file that exists"
        raise UsageError(f"{path} is {what}", hint=f"-f takes {_KNOWN}.")
    if path.name in _PIXI:
        hint = "Run pixi workspace export conda-environment, and name what it writes."
        raise UsageError(f"{path} is a manifest of pixi's, which wheelbridge does not read", hint=hint)
    if _is_project(path):
        from wheelbridge.environment.project.file import read_pyproject_file  # noqa: PLC0415 - as above

        return read_pyproject_file(path, extras=choice.extras, groups=choice.groups, target=target)
    return _read_lock(path, target) or _read_plain(path, target)


def _read_lock(path: Path, target: Target) -> Manifest | None:
    from wheelbridge.environment.locks.files import lock_format, read_lock  # noqa: PLC0415 - as in _read

    if lock_format(path) is None:
        return None
    from wheelbridge.environment.locks.as_manifest import lock_as_manifest  # noqa: PLC0415 - as in _read

    return lock_as_manifest(read_lock(path), target)


def _read_plain(path: Path, target: Target) -> Manifest:
    if path.suffix in _YAML:
        from wheelbridge.environment.yml.file import read_environment_file  # noqa: PLC0415 - as in _read

        return read_environment_file(path, target)
    if path.suffix in _REQUIREMENTS:
        from wheelbridge.environment.pip.file import read_requirements_file  # noqa: PLC0415 - as in _read

        return read_requirements_file(path)
    raise InvalidEnvironmentFileError(str(path), "", "its name does not tell what it is", hint=f"-f takes {_KNOWN}.")


def _is_project(path: Path) -> bool:
    return path.suffix == ".toml" and path.name not in _PIXI and not _PYLOCK.fullmatch(path.name)
