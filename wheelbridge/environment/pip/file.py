"""Requirements files (``requirements.txt``), as pip reads them."""

from pathlib import Path

from wheelbridge.environment.manifest import Manifest
from wheelbridge.environment.pip.lines import read_pip_lines
from wheelbridge.environment.pip.texts import read_stated


def read_requirements_file(path: Path, *, shown: str | None = None) -> Manifest:
    """Read the requirements file at *path*, which messages name *shown*.

    Relative paths in requirements start from the current folder, as for pip; those behind ``-r``, ``-c`` and
    ``--find-links`` from the file that holds them.

    Raises:
        InvalidEnvironmentFileError: if it cannot be read, or something in it is neither taken nor without effect.
    """
    shown = shown or str(path)
    return read_pip_lines(read_stated(path, shown), path.absolute().parent, file=shown, working=Path.cwd())
