"""The sources of a row, set up for all who look at them: indexes on the loopback interface, channels on disk."""

import hashlib
import io
import json
import shutil
import socket
import tarfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self
from urllib.parse import unquote

from tests.faults import redirect, status
from tests.loopback import LoopbackIndex, WheelContent
from tests.priorities.rows import Row, RowPackage, RowSource
from wheelbridge.api.demo import build_wheel

PUBLISHED = 1_767_323_045_678
"""When all was: the time that `LoopbackIndex` says, so that none is newer than another."""


class Pages(WheelContent):
    """Wheels on disk, with what only a page can say of them."""

    def __init__(self, files: Mapping[str, Sequence[Path]], marks: Mapping[str, Mapping[str, str]]) -> None:
        super().__init__(files)
        self._marks = marks

    def page(self, project: str) -> dict[str, Any] | None:
        """Return the page, marked."""
        page = super().page(project)
        for file in page["files"] if page else ():
            file.update(self._marks.get(file["filename"], {}))
        return page


class Stage:
    """A context manager that serves a row.

    Attributes:
        indexes: name -> URL of the simple API, or of the folder of a flat one.
        channels: name -> URL.
        hashes: source and file name -> sha256.
        servers: name -> the server, where there is one.
    """

    def __init__(self, row: Row, folder: Path) -> None:
        self.row = row
        self.folder = folder
        self.indexes: dict[str, str] = {}
        self.channels: dict[str, str] = {}
        self.hashes: dict[tuple[str, str], str] = {}
        self.servers: dict[str, LoopbackIndex] = {}
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        """Set everything up."""
        for source in self.row.sources:
            if source.kind != "channel":
                self.indexes[source.name] = self._open_index(source)
            if source.kind != "index":
                self.channels[source.name] = self._write_channel(source.name, make_records(source.packages))
        self.channels["python"] = self._write_channel("python", _make_python())
        for source in self.row.sources:
            for name in self.row.names() if source.redirect else ():
                target = f"{self.servers[source.redirect or ''].url}/{name}/"
                self.servers[source.name].fail(f"/simple/{name}/", redirect(target))
        return self

    def __exit__(self, *_: object) -> None:
        """Stop the servers."""
        self._stack.close()

    def origin(self, url: str) -> str:
        """Return the source that *url* lies in."""
        roots = [(name, root.removesuffix("/simple")) for name, root in (*self.indexes.items(), *self.channels.items())]
        found = [name for name, root in roots if url.startswith(f"{root}/")]
        if len(found) != 1:
            raise ValueError(f"{url} lies in {found} of {self.row.name}")
        return found[0]

    def check_hash(self, url: str, sha256: str) -> None:
        """Check that what is locked of the file at *url* is the hash of the file there."""
        filename = unquote(url.rsplit("/", 1)[-1])
        if self.hashes[self.origin(url), filename] != sha256:
            raise ValueError(f"{self.row.name}: {sha256} is not the hash of {url}")

    def _open_index(self, source: RowSource) -> str:
        if source.unreachable:
            held = self._stack.enter_context(socket.socket())  # bound, so that nobody else takes the port
            held.bind(("127.0.0.1", 0))
            return f"http://127.0.0.1:{held.getsockname()[1]}/simple"
        folder = self.folder / "indexes" / source.name
        folder.mkdir(parents=True)
        files: dict[str, list[Path]] = {name: [] for name in source.empty}
        marks = {}
        for package in source.packages:
            path = self._build(folder, source.name, package)
            files.setdefault(package.name, []).append(path)
            marks[path.name] = _marks(package)
            self.hashes[source.name, path.name] = hashlib.sha256(path.read_bytes()).hexdigest()
        if source.flat or source.links:
            return folder.as_uri()
        self.servers[source.name] = index = self._stack.enter_context(LoopbackIndex(Pages(files, marks)))
        if source.status is not None:
            index.fail("/simple/", status(source.status))
        return index.url

    def _write_channel(self, name: str, records: Mapping[str, Mapping[str, Any]]) -> str:
        folder = self.folder / "channels" / name
        for subdir, found in {"noarch": records, "linux-64": {}}.items():
            (folder / subdir).mkdir(parents=True)
            text = {"info": {"subdir": subdir}, "packages": {}, "packages.conda": found, "repodata_version": 1}
            (folder / subdir / "repodata.json").write_text(json.dumps(text), encoding="utf-8")
        return folder.as_uri()

    def _build(self, folder: Path, source: str, package: RowPackage) -> Path:
        """Write the file; files of one salt are made once and copied."""
        made = self.folder / "made" / (package.salt or source)
        made.mkdir(parents=True, exist_ok=True)
        project = package.name.replace("-", "_")
        tag = f"{package.build}-{package.tag}" if package.build else package.tag
        suffix = ".tar.gz" if package.sdist else f"-{tag}.whl"
        path = made / f"{project}-{package.version}{suffix}"
        if not path.exists():
            headers = "".join(f"Requires-Dist: {text}\n" for text in package.depends)
            headers += f"Requires-Python: {package.python}\n" if package.python else ""
            if package.sdist:
                _write_sdist(path, package, headers)
            else:
                content = {f"{project}/origin": package.salt or source}
                build_wheel(made, project, package.version, content, headers, tag=package.tag).rename(path)
        return Path(shutil.copy(path, folder / path.name))


def _marks(package: RowPackage) -> dict[str, str]:
    marks = {"yanked": package.yanked, "requires-python": package.python}
    return {key: value for key, value in marks.items() if value is not None}


def _write_sdist(path: Path, package: RowPackage, headers: str) -> None:
    """Write a source distribution whose metadata need no build (PEP 643)."""
    root = path.name.removesuffix(".tar.gz")
    info = f"Metadata-Version: 2.2\nName: {package.name}\nVersion: {package.version}\n{headers}"
    project = f'[project]\nname = "{package.name}"\nversion = "{package.version}"\n'
    with tarfile.open(path, "w:gz") as archive:
        for name, text in {"PKG-INFO": info, "pyproject.toml": project}.items():
            member = tarfile.TarInfo(f"{root}/{name}")
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))


def make_records(packages: Sequence[RowPackage]) -> dict[str, dict[str, Any]]:
    """Return file name -> record as repodata has it."""
    return {
        f"{package.name}-{package.version}-{package.build}.conda": {
            "name": package.name,
            "version": package.version,
            "build": str(package.build),
            "build_number": package.build,
            "depends": list(package.depends),
            "subdir": "noarch",
            "noarch": "generic",
            "sha256": hashlib.sha256(package.package.encode()).hexdigest(),
            "timestamp": PUBLISHED,
        }
        for package in packages
    }


def _make_python() -> dict[str, dict[str, Any]]:
    (record,) = make_records([RowPackage(package="python 3.11.9")]).values()
    return {"python-3.11.9-0_cpython.conda": record | {"build": "0_cpython"}}
