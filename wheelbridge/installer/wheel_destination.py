"""Where the installer library writes to: a conda package directory (CEP 34)."""

import base64
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from installer.destinations import WheelDestination
from installer.records import Hash, RecordEntry
from installer.utils import Scheme, construct_record_file, copyfileobj_with_hashing, fix_shebang

from wheelbridge.installer.errors import InvalidWheelError
from wheelbridge.installer.layout import PythonLayout

if TYPE_CHECKING:
    import os

    from installer.scripts import ScriptSection

PLACEHOLDER = "/opt/anaconda1anaconda2anaconda3"
"""CEP 34: "the default placeholder"; every conda client replaces it by the prefix."""

_SCRIPTS = Scheme("scripts")
_EXECUTABLE = 0o111


class PackageDestination(WheelDestination):
    """Writes the files of one wheel into *directory*, as a ``noarch: python`` package has them.

    Attributes:
        paths: the path entries for ``info/paths.json``.
        entry_points: command -> ``command = module:function`` for ``info/link.json``.
    """

    def __init__(self, directory: Path, layout: PythonLayout, *, fn: str, project: str) -> None:
        self.paths: list[dict[str, object]] = []
        self.entry_points: dict[str, str] = {}
        self._directory = directory
        self._layout = layout
        self._fn = fn
        self._claimed: set[str] = set()
        headers = f"{layout.include}/{project}/"
        self._in_package = {"scripts": "python-scripts/", "data": "", "headers": headers}
        self._in_record = {
            "scripts": f"{layout.up}{layout.scripts}/",
            "data": layout.up,
            "headers": f"{layout.up}{headers}",
        }

    def write_script(self, name: str, module: str, attr: str, section: "ScriptSection") -> RecordEntry:
        """Note an entry point that `open_wheel` has checked.

        The file is made when the package is linked, since it names the prefix's python. RECORD mentions it without
        a hash, so that it can be uninstalled.
        """
        del section  # rattler has one launcher; a gui script opens a console on Windows
        self.entry_points[name] = f"{name} = {module}:{attr}"
        first, *_ = self._launchers(name)
        return RecordEntry(first, None, None)

    def write_file(
        self,
        scheme: Scheme,
        path: "str | os.PathLike[str]",
        stream: BinaryIO,
        is_executable: bool,  # noqa: FBT001 - the library's signature
    ) -> RecordEntry:
        """Write one file of the wheel.

        A shebang ``#!python`` becomes one with the placeholder, which linking replaces by the prefix.
        """
        if scheme != _SCRIPTS:
            return self._write(scheme, str(path), stream, executable=is_executable)
        with fix_shebang(stream, f"{PLACEHOLDER}/{'python.exe' if self._layout.windows else 'bin/python'}") as fixed:
            if fixed is stream:
                return self._write(scheme, str(path), stream, executable=True)
            self._write(scheme, str(path), fixed, executable=True)
            self.paths[-1] |= {"prefix_placeholder": PLACEHOLDER, "file_mode": "text"}
            return RecordEntry(str(path), None, None)

    def finalize_installation(
        self, scheme: Scheme, record_file_path: str, records: Iterable[tuple[Scheme, RecordEntry]]
    ) -> None:
        """Write RECORD, with each path relative to ``site-packages`` of the environment."""
        rest = [RecordEntry(path, None, None) for name in self.entry_points for path in self._launchers(name)[1:]]
        rows = [*records, *((_SCRIPTS, entry) for entry in rest)]
        with construct_record_file(rows, self._in_record.get) as stream:
            self._write(scheme, record_file_path, BytesIO(stream.read()), executable=False)
        for command in self.entry_points:
            for path in self._layout.entry_point_paths(command):
                self._claim(path)

    def _launchers(self, command: str) -> list[str]:
        prefix = f"{self._layout.scripts}/"
        return [path.removeprefix(prefix) for path in self._layout.entry_point_paths(command)]

    def _write(self, scheme: Scheme, path: str, stream: BinaryIO, *, executable: bool) -> RecordEntry:
        name = f"{self._in_package.get(scheme, 'site-packages/')}{path}"
        self._claim(self._layout.target_path(name))
        target = self._directory / name
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as file:
            digest, size = copyfileobj_with_hashing(stream, file, "sha256")
        if executable:
            mode = target.stat().st_mode
            target.chmod(mode | (_EXECUTABLE & (mode >> 2)))
        sha256 = base64.urlsafe_b64decode(f"{digest}=").hex()
        self.paths.append({"_path": name, "path_type": "hardlink", "sha256": sha256, "size_in_bytes": size})
        return RecordEntry(path, Hash("sha256", digest), size)

    def _claim(self, path: str) -> None:
        key = path.casefold() if self._layout.windows else path
        if key in self._claimed:
            raise InvalidWheelError(self._fn, f"two of its files belong at {path}")
        self._claimed.add(key)
