"""Where the interpreter of an environment keeps things: what decides where a wheel's files go."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Self

from wheelbridge.installer.errors import UnsafePathError

if TYPE_CHECKING:
    from rattler.repo_data import PackageRecord

_SITE_PACKAGES = "site-packages/"
_PYTHON_SCRIPTS = "python-scripts/"


@dataclass(frozen=True, slots=True, kw_only=True)
class PythonLayout:
    """The directories of one interpreter, relative to the prefix, with ``/`` on every platform.

    Attributes:
        windows: scripts are a ``.exe`` beside a ``-script.py``.
        site_packages: CEP 17, or the default of the platform.
        scripts: ``bin`` or ``Scripts``.
        include: the directory below which headers get a directory of their distribution.
    """

    windows: bool
    site_packages: str
    scripts: str
    include: str

    @classmethod
    def of_python(cls, version: str, subdir: str, site_packages_path: str | None = None) -> Self:
        """Derive the layout from the fields of the ``python`` record.

        CEP 17: "If this field is missing or specified as ``null`` a default site-packages path will be used. This
        path is ``Lib/site-packages`` if the environment targets a Windows platform and
        ``lib/pythonX.Y/site-packages`` on other platforms".

        >>> PythonLayout.of_python("3.12.4", "linux-64").site_packages
        'lib/python3.12/site-packages'
        >>> PythonLayout.of_python("3.13.0", "linux-64", "lib/python3.13t/site-packages").include
        'include/python3.13t'
        >>> PythonLayout.of_python("3.12.4", "win-64").scripts
        'Scripts'
        """
        if subdir.startswith("win-"):
            site_packages = site_packages_path or "Lib/site-packages"
            return cls(windows=True, site_packages=site_packages, scripts="Scripts", include="Include")
        name = f"python{'.'.join(version.split('.')[:2])}"
        site_packages = site_packages_path or f"lib/{name}/site-packages"
        named = PurePosixPath(site_packages).parent.name
        include = f"include/{named if named.startswith('python') else name}"
        return cls(windows=False, site_packages=site_packages, scripts="bin", include=include)

    @property
    def up(self) -> str:
        """The way from ``site-packages`` to the prefix, such as ``../../../``."""
        return "../" * len(PurePosixPath(self.site_packages).parts)

    @property
    def stdlib(self) -> str:
        """The directory of the standard library."""
        return "Lib" if self.windows else f"lib/{PurePosixPath(self.include).name}"

    def target_path(self, path: str) -> str:
        """Return where a file of a ``noarch: python`` package is linked.

        >>> PythonLayout.of_python("3.12.4", "linux-64").target_path("python-scripts/foo")
        'bin/foo'
        """
        if path.startswith(_SITE_PACKAGES):
            return f"{self.site_packages}/{path.removeprefix(_SITE_PACKAGES)}"
        if path.startswith(_PYTHON_SCRIPTS):
            return f"{self.scripts}/{path.removeprefix(_PYTHON_SCRIPTS)}"
        return path

    def entry_point_paths(self, command: str) -> tuple[str, ...]:
        """Return the files that an entry point becomes when it is linked."""
        if self.windows:
            return (f"{self.scripts}/{command}-script.py", f"{self.scripts}/{command}.exe")
        return (f"{self.scripts}/{command}",)


def find_layout(records: "Iterable[PackageRecord]", subdir: str) -> PythonLayout | None:
    """Return the layout of the interpreter among *records*, or None where there is none.

    Raises:
        UnsafePathError: CEP 17: "This path must not point to a location outside of the root of the environment".
    """
    python = next((record for record in records if record.name.normalized == "python"), None)
    if python is None:
        return None
    path = python.python_site_packages_path
    if path is not None and not is_inside(path):
        raise UnsafePathError(f"python-{python.version}", path, "points outside the environment (CEP 17)")
    return PythonLayout.of_python(str(python.version), subdir, path)


def is_inside(path: str) -> bool:
    """Tell whether a relative path with ``/`` stays below its root whatever the platform.

    >>> is_inside("lib/python3.12"), is_inside("../x"), is_inside("/x"), is_inside("C:/x"), is_inside("a//b")
    (True, False, False, False, False)
    """
    parts = path.split("/")
    drive = len(parts[0]) > 1 and parts[0][1] == ":"
    return not drive and "\\" not in path and "\0" not in path and not {"", ".", ".."}.intersection(parts)
