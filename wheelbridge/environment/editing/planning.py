"""Files that people write, edited as they would: a line more or less, and not a byte beside it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from wheelbridge.environment.editing.project import DEPENDENCIES, add_to_pyproject, drop_from_pyproject
from wheelbridge.environment.editing.requirements import add_to_requirements, drop_from_requirements
from wheelbridge.environment.editing.text import PYPI, UneditableFileError, read_wanted
from wheelbridge.environment.editing.yml import add_to_environment, drop_from_environment
from wheelbridge.environment.texts import read_text, write_text

_YAML = frozenset({".yml", ".yaml"})
_TEXT = frozenset({".txt", ".in"})


@dataclass(frozen=True, slots=True)
class Edit:
    """What a file said, and what it is to say."""

    path: Path
    before: str
    after: str

    @property
    def is_empty(self) -> bool:
        """Nothing changes."""
        return self.before == self.after

    def write(self) -> None:
        """Write it, whole or not at all."""
        if not self.is_empty:
            write_text(self.path, self.after)


def plan_add(path: Path, specs: Iterable[str], place: Sequence[str] = DEPENDENCIES) -> Edit:
    """Say what the file *path* is to be with *specs* in it; *place* is the list of a ``pyproject.toml``.

    In an ``environment.yml``, what is written behind ``pypi:`` goes into the ``pip:`` section; in other files, all are
    requirements of an index.

    Raises:
        UneditableFileError: if more would change, or nobody knows the kind of file.
        InvalidEnvironmentFileError: if the file cannot be read.
        InvalidRequirementError: if a spec is no requirement where it must be one.
    """
    kind, file = _kind(path), str(path)

    def add(text: str, spec: str) -> str:
        wanted = read_wanted(spec, only_pypi=kind != "environment")
        if kind == "environment":
            return add_to_environment(text, wanted, file)
        if kind == "pyproject":
            return add_to_pyproject(text, wanted, file, place)
        return add_to_requirements(text, wanted, file)

    return _plan(path, specs, add)


def plan_drop(path: Path, names: Iterable[str], place: Sequence[str] = DEPENDENCIES) -> Edit:
    """Say what the file *path* is to be without *names*; behind ``pypi:``, one of the ``pip:`` section only.

    Raises:
        NotInFileError: if the file does not ask for one of them.
        UneditableFileError: as in `plan_add`.
        InvalidEnvironmentFileError: if the file cannot be read.
    """
    kind, file = _kind(path), str(path)

    def drop(text: str, given: str) -> str:
        name = given.removeprefix(PYPI).strip()
        if kind == "environment":
            return drop_from_environment(text, name, file, only_pypi=given.startswith(PYPI))
        if kind == "pyproject":
            return drop_from_pyproject(text, name, file, place)
        return drop_from_requirements(text, name, file)

    return _plan(path, names, drop)


def is_environment_file(path: Path) -> bool:
    """Tell, by its name, whether a file is an ``environment.yml``, which has conda packages, too."""
    return path.suffix.lower() in _YAML


def _plan(path: Path, changes: Iterable[str], apply: Callable[[str, str], str]) -> Edit:
    before = after = read_text(path)
    for change in changes:
        after = apply(after, change)
    return Edit(path, before, after)


def _kind(path: Path) -> str:
    if is_environment_file(path):
        return "environment"
    if path.name == "pyproject.toml":
        return "pyproject"
    if path.suffix.lower() in _TEXT:
        return "requirements"
    raise UneditableFileError(
        str(path),
        "it is no file that is edited",
        hint="Name an environment.yml, a pyproject.toml or a requirements.txt.",
    )
