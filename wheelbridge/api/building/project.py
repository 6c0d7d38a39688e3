"""A project that can be built: what its pyproject.toml asks for."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from wheelbridge.api.building.errors import A_PROJECT, InvalidProjectError
from wheelbridge.api.external.project_file import (
    PYPROJECT,
    STANDARD_INPUT,
    UnreadableProjectError,
    read_project_file,
)
from wheelbridge.translate.external_table import ExternalTable

_SETUP = "setup.py"
_LEGACY = "setuptools.build_meta:__legacy__"


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildProject:
    """A folder with a project, and what it needs to be built.

    Attributes:
        name: what people call it.
        backend: the object that builds it, as ``module:object``.
        backend_path: where it is, below *folder*, if the project brings it along.
        requires: the requirements of its build system (PEP 518), or the usual ones, in the order of the alphabet.
        requires_python: what it says of the interpreters that it runs on; None: nothing.
        external: what it needs besides Python packages (PEP 725).
        editable: it is built so that changes of *folder* show where it is installed (PEP 660).
    """

    folder: Path
    name: str
    backend: str
    backend_path: tuple[str, ...]
    requires: tuple[str, ...]
    requires_python: str | None
    external: ExternalTable
    editable: bool = False


def read_project(place: Path, name: str | None = None) -> BuildProject:
    """Read the project at *place*: a folder, or the pyproject.toml in one; *name* is used where it says none.

    Its backend is run in that folder: what `read_project_file` takes besides can be read, and not built.

    PEP 517: "If the ``pyproject.toml`` file is absent, or the ``build-backend`` key is missing, the source tree is not
    using this specification, and tools should revert to the legacy behaviour of running ``setup.py`` (either directly,
    or by implicitly invoking the ``setuptools.build_meta:__legacy__`` backend)."

    Raises:
        InvalidProjectError: if it cannot be built, or its ``[build-system]`` breaks a rule.
        UnreadableProjectError: if it is not there, or pyproject.toml is no TOML.
        InvalidExternalTableError: if its ``[external]`` breaks a rule, or follows an older draft.
    """
    folder = _find_folder(place)
    data = _read_data(folder / PYPROJECT) if (folder / PYPROJECT).is_file() else {}
    requires = _build_requires(folder)
    project = data.get("project")
    said: Mapping[str, object] = project if isinstance(project, Mapping) else {}
    system = data.get("build-system")
    build: Mapping[str, object] = system if isinstance(system, Mapping) else {}
    paths = build.get("backend-path")
    return BuildProject(
        folder=folder,
        name=_text(said.get("name")) or name or folder.name,
        backend=_text(build.get("build-backend")) or _LEGACY,
        backend_path=tuple(map(str, paths)) if isinstance(paths, list) else (),
        requires=tuple(sorted(requires)),
        requires_python=_text(said.get("requires-python")),
        external=ExternalTable.parse(data.get("external", {})),
    )


def _find_folder(place: Path) -> Path:
    """Return the folder of the project at *place*."""
    if str(place) == STANDARD_INPUT:
        raise InvalidProjectError(place, "a backend needs the folder of the project, and standard input has none")
    if place.is_dir():
        return place.absolute()
    if not place.exists():
        _read_data(place)  # which says why it cannot be read
    if place.name != PYPROJECT:
        raise InvalidProjectError(place, f"a backend reads the {PYPROJECT} of a folder, and this is another file")
    return place.parent.absolute()


def _read_data(path: Path) -> Mapping[str, object]:
    try:
        return read_project_file(str(path)).data
    except UnreadableProjectError as error:
        error.hint = A_PROJECT
        raise


def _build_requires(folder: Path) -> set[str]:
    """Return what ``[build-system]`` requires, with the defaults that every frontend has."""
    from build import BuildException, ProjectBuilder  # noqa: PLC0415 - few commands build something

    if not (folder / PYPROJECT).is_file() and not (folder / _SETUP).is_file():
        raise InvalidProjectError(folder, f"it has neither {PYPROJECT} nor {_SETUP}")
    try:
        with warnings.catch_warnings(action="ignore"):  # about keys that may be mistyped; to be said by a linter
            return ProjectBuilder(folder).build_system_requires
    except (BuildException, ValueError) as error:  # the latter of a backend-path that leads elsewhere
        raise InvalidProjectError(folder, str(error)) from error


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
