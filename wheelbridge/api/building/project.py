"""A project that can be built: what its pyproject.toml asks for."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from wheelbridge.api.building.errors import InvalidProjectError
from wheelbridge.api.external.project_file import PYPROJECT, read_project_file
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
    """

    folder: Path
    name: str
    backend: str
    backend_path: tuple[str, ...]
    requires: tuple[str, ...]
    requires_python: str | None
    external: ExternalTable


def read_project(place: Path, name: str | None = None) -> BuildProject:
    """Read the project at *place*: a folder, or the pyproject.toml in one; *name* is used where it says none.

    PEP 517: "If the ``pyproject.toml`` file is absent, or the ``build-backend`` key is missing, the source tree is not
    using this specification, and tools should revert to the legacy behaviour of running ``setup.py`` (either directly,
    or by implicitly invoking the ``setuptools.build_meta:__legacy__`` backend)."

    Raises:
        InvalidProjectError: if there is none, or its ``[build-system]`` breaks a rule.
        UnreadableProjectError: if pyproject.toml is no TOML.
        InvalidExternalTableError: if its ``[external]`` breaks a rule, or follows an older draft.
    """
    folder = (place if place.is_dir() else place.parent).absolute()
    if not place.is_dir() and (place.name != PYPROJECT or not place.is_file()):
        raise InvalidProjectError(place, "it is neither a folder nor a pyproject.toml")
    data: Mapping[str, object] = {}
    if (folder / PYPROJECT).is_file():
        data = read_project_file(str(folder / PYPROJECT)).data
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
