"""Files that conda reads by us: ``conda create --file``, ``conda env create -f``, ``conda install --file``.

conda lists the formats on each of its commands: what reads a file is imported when there is one. conda's own reader
has ``environment.yml`` by its name, and two readers of one name are an error to conda; so a file with a table of ours
is called ``NAME.wheelbridge.yml``, or is read with ``--format wheelbridge-environment``.
"""

import re
from abc import abstractmethod
from contextlib import AbstractContextManager
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import urlsplit
from urllib.request import url2pathname

from conda.base.context import context
from conda.plugins.types import CondaEnvironmentSpecifier, EnvironmentFormat, EnvironmentSpecBase

from wheelbridge.conda_plugin.offering import leave_to_others

if TYPE_CHECKING:
    from conda.models.environment import Environment

_TABLE = re.compile(r"^[\"']?wheelbridge[\"']?[ \t]*:", re.MULTILINE)
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")


class FileSpec(EnvironmentSpecBase):
    """A file that asks for an environment.

    `env` says what stands in the file; `env_for` what an environment of it will be, which may take a solve.
    """

    name: ClassVar[str]
    aliases: ClassVar[tuple[str, ...]] = ()
    patterns: ClassVar[tuple[str, ...]] = ()

    def __init__(self, filename: str | None = None, **_: object) -> None:
        self.given = filename or ""

    def can_handle(self) -> bool:
        """Tell whether the file is of this format.

        Raises:
            CondaError: if it is not, with the reason.
        """
        from wheelbridge.conda_plugin.file_errors import conda_errors

        with conda_errors(Path(self.given)):
            self.check(self.path)  # without py-rattler: conda makes an error of its own, without our hint, of any here
        return True

    @abstractmethod
    def check(self, path: Path) -> None:
        """See whether the file at *path* is of this format.

        Raises:
            WheelbridgeError: if it is not.
        """

    @property
    def path(self) -> Path:
        """The file, which must be on this machine.

        Raises:
            RemoteFileError: if it is somewhere else.
        """
        if self.given.startswith("file:"):
            return Path(url2pathname(urlsplit(self.given).path))
        if _URL.match(self.given):
            from wheelbridge.conda_plugin.file_errors import RemoteFileError

            raise RemoteFileError(self.given)
        return Path(self.given).expanduser()

    @property
    def is_meant(self) -> bool:
        """Whether the file's name or the command line says that it is of this format."""
        if context.environment_specifier in (self.name, *self.aliases):
            return True
        return any(fnmatch(self.path.name, pattern) for pattern in self.patterns)

    def _told(self) -> AbstractContextManager[None]:
        """Tell of errors as conda does."""
        from wheelbridge.conda_plugin.file_errors import having_rattler

        return having_rattler(Path(self.given))


class ManifestSpec(FileSpec):
    """An ``environment.yml`` with a ``wheelbridge:`` table; by its format's name, what ``wheelbridge -f`` reads."""

    name = "wheelbridge-environment"
    patterns = ("*.wheelbridge.yml", "*.wheelbridge.yaml")

    def check(self, path: Path) -> None:
        """See whether *path* is named, or has the table."""
        if self.is_meant or (path.suffix in {".yml", ".yaml"} and _TABLE.search(_text(path)) and not _is_lock(path)):
            return
        from wheelbridge.conda_plugin.file_errors import WrongFormatError

        raise WrongFormatError(path, "a file with a table 'wheelbridge:'")

    @property
    def env(self) -> "Environment":
        """What the file asks for, as it is written."""
        with self._told():
            from wheelbridge.conda_plugin.file_manifests import describe_manifest

            return describe_manifest(self.path, context.subdir)

    def env_for(self, platform: str) -> "Environment":
        """Solve for what the file asks for, over channels and indexes together."""
        with self._told():
            from wheelbridge.conda_plugin.file_manifests import solve_manifest

            return solve_manifest(self.path, platform)


class LockSpec(FileSpec):
    """A lock, of which nothing is solved."""

    form: ClassVar[str]
    suffixes: ClassVar[tuple[str, ...]]

    def check(self, path: Path) -> None:
        """See whether *path* is a lock of this format, by its name, else by what it says."""
        from wheelbridge.environment.locks.files import lock_format

        likely = self.is_meant or path.suffix in self.suffixes
        if not (likely and path.is_file() and lock_format(path) == self.form):
            from wheelbridge.conda_plugin.file_errors import WrongFormatError

            raise WrongFormatError(path, f"a {self.aliases[0]}")

    @property
    def available_platforms(self) -> tuple[str, ...]:
        """The platforms that the lock is for."""
        with self._told():
            from wheelbridge.conda_plugin.file_locks import platforms_of

            return platforms_of(self.path, context.subdir)

    @property
    def env(self) -> "Environment":
        """What the lock has for this machine, as it is written."""
        with self._told():
            from wheelbridge.conda_plugin.file_locks import describe_lock

            return describe_lock(self.path, context.subdir)

    def env_for(self, platform: str) -> "Environment":
        """Return what the lock has for *platform*, with all that its packages' records say."""
        with self._told():
            from wheelbridge.conda_plugin.file_locks import read_locked

            return read_locked(self.path, platform)


class PylockSpec(LockSpec):
    """A ``pylock.toml`` (PEP 751)."""

    name, aliases, form = "wheelbridge-pylock", ("pylock.toml", "pylock"), "pylock"
    suffixes = (".toml",)
    patterns = ("pylock.toml", "pylock.*.toml")


class PixiLockSpec(LockSpec):
    """A ``pixi.lock``."""

    name, aliases, form = "wheelbridge-pixi-lock", ("pixi.lock", "pixi-lock"), "pixi"
    suffixes = (".lock", ".yml", ".yaml")
    patterns = ("pixi.lock", "*.pixi.lock")


_DESCRIPTIONS: dict[type[FileSpec], tuple[str, EnvironmentFormat]] = {
    ManifestSpec: (
        "Environment files with a table 'wheelbridge:', pyproject.toml, pip's requirements: channels and indexes",
        EnvironmentFormat.environment,
    ),
    PylockSpec: ("Lock files of PEP 751, with conda packages where wheelbridge wrote them", EnvironmentFormat.lockfile),
    PixiLockSpec: ("Lock files of pixi: conda packages and wheels", EnvironmentFormat.lockfile),
}


def specifiers() -> list[CondaEnvironmentSpecifier]:
    """Return the formats that conda reads by us."""
    ours = [
        CondaEnvironmentSpecifier(
            name=spec.name,
            aliases=spec.aliases,
            environment_spec=spec,
            default_filenames=spec.patterns,
            description=description,
            environment_format=form,
        )
        for spec, (description, form) in _DESCRIPTIONS.items()
    ]
    return leave_to_others("conda_environment_specifiers", ours)


def _is_lock(path: Path) -> bool:
    """Tell whether a file is a lock: those that wheelbridge writes have a table of the same name."""
    from wheelbridge.environment.locks.files import lock_format

    return lock_format(path) is not None


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
