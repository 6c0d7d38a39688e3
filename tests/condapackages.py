"""Conda packages made on the fly, as conda-build makes them, and a server of them that counts what it sends."""

import asyncio
import bz2
import hashlib
import json
import socket
import tarfile
import zipfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from threading import Lock, Thread
from typing import Any, Self

import zstandard
from rattler.index import index_fs

_CHUNK = 16 * 1024


@dataclass(frozen=True, slots=True)
class Link:
    """A symbolic link of a package."""

    target: str


Files = Mapping[str, str | bytes | Link]


def dist_info(name: str, version: str, *, folder: str = "site-packages", metadata_name: str | None = None) -> Files:
    """Return the files of a dist-info below *folder*."""
    place = f"{folder}/{name}-{version}.dist-info"
    text = f"Metadata-Version: 2.1\nName: {metadata_name or name}\nVersion: {version}\n\nText\n"
    return {f"{place}/METADATA": text, f"{place}/WHEEL": "Wheel-Version: 1.0\n"}


def make_conda(  # noqa: PLR0913 - one keyword for each thing that packages differ in
    channel: Path,
    name: str,
    version: str,
    files: Files,
    *,
    build: str = "0",
    build_number: int = 0,
    subdir: str = "noarch",
    suffix: str = ".conda",
    info: Mapping[str, str | None] | None = None,
    **index: Any,
) -> Path:
    """Make a package of *files*, in this order; *info* replaces what stands in ``info/``, None takes it out."""
    described = {"name": name, "version": version, "build": build, "build_number": build_number, "depends": []}
    texts: dict[str, str | None] = {
        "info/index.json": json.dumps({**described, "subdir": subdir, **index}),
        "info/paths.json": json.dumps({"paths_version": 1, "paths": [_entry(*item, files) for item in files.items()]}),
        **(info or {}),
    }
    said: Files = {path: text for path, text in texts.items() if text is not None}
    package = channel / subdir / f"{name}-{version}-{build}{suffix}"
    package.parent.mkdir(parents=True, exist_ok=True)
    if suffix == ".conda":
        package.write_bytes(_pack(package.name.removesuffix(suffix), files, said))
    else:
        package.write_bytes(bz2.compress(_tar({**said, **files})))
    return package


def index_channel(channel: Path) -> None:
    """Write the repodata of the packages in *channel*."""
    (channel / "noarch").mkdir(parents=True, exist_ok=True)
    asyncio.run(index_fs(channel))


def _pack(stem: str, files: Files, said: Files) -> bytes:
    """Pack as CEP 20 has it, the metadata behind the payload: readers need no more than the tail."""
    packer = zstandard.ZstdCompressor(level=1)
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("metadata.json", json.dumps({"conda_pkg_format_version": 2}))
        archive.writestr(f"pkg-{stem}.tar.zst", packer.compress(_tar(files)))
        archive.writestr(f"info-{stem}.tar.zst", packer.compress(_tar(said)))
    return buffer.getvalue()


def _tar(files: Files) -> bytes:
    buffer = BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for path, content in files.items():
            member = tarfile.TarInfo(path)
            if isinstance(content, Link):
                member.type, member.linkname = tarfile.SYMTYPE, content.target
                archive.addfile(member)
            else:
                data = _bytes(content)
                member.size = len(data)
                archive.addfile(member, BytesIO(data))
    return buffer.getvalue()


def _entry(path: str, content: str | bytes | Link, files: Files) -> dict[str, object]:
    """Return the path entry (CEP 34): of a link, what it leads to is described."""
    kind = "softlink" if isinstance(content, Link) else "hardlink"
    while isinstance(content, Link):
        content = files[f"{path.rpartition('/')[0]}/{content.target}"]
    data = _bytes(content)
    return {
        "_path": path,
        "path_type": kind,
        "sha256": hashlib.sha256(data).hexdigest(),
        "size_in_bytes": len(data),
    }


def _bytes(content: str | bytes) -> bytes:
    return content.encode() if isinstance(content, str) else content


class PackageServer:
    """A folder over HTTP, with ranges or without; *sent* is what went out of the bodies below a path.

    It sends little at a time, and into a small buffer, so that what a client did not want is not counted for long.
    """

    def __init__(self, folder: Path, *, ranges: bool = True) -> None:
        self.folder = folder
        self.ranges = ranges
        self.asked: list[str] = []
        self._sent: dict[str, int] = {}
        self._lock = Lock()
        self._server = _Server(("127.0.0.1", 0), partial(_Handler, self))
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    @property
    def url(self) -> str:
        """The URL of the folder, without a slash at the end."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        """Begin to serve."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop, when the last answer is out."""
        self._server.shutdown()
        self._server.server_close()

    def sent(self, end: str = "") -> int:
        """Return the bytes sent of bodies of paths with this *end*."""
        return sum(count for path, count in self._sent.items() if path.endswith(end))

    def count(self, path: str, size: int) -> None:
        """Take note of what was sent."""
        with self._lock:
            self._sent[path] = self._sent.get(path, 0) + size


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    """The end of the server waits for its answers, so that all is counted."""


class _Handler(BaseHTTPRequestHandler):
    """Ends every connection after one answer, as HTTP/1.0 has it, or when the client takes no more of it."""

    timeout = 2.0

    def __init__(self, owner: PackageServer, *given: Any) -> None:
        self._owner = owner
        super().__init__(*given)

    def setup(self) -> None:
        """Keep little in the kernel's hands."""
        self.request.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _CHUNK)
        super().setup()

    def do_GET(self) -> None:
        """Answer with the file, or the part of it that was asked for."""
        owner, path = self._owner, self.path.partition("?")[0]
        owner.asked.append(path)
        file = owner.folder / path.removeprefix("/")
        data = file.read_bytes() if file.is_file() and ".." not in path else None
        if data is None:
            self._answer(HTTPStatus.NOT_FOUND, b"", {})
            return
        wanted = self.headers.get("range", "")
        if not owner.ranges or not wanted.startswith("bytes="):
            self._answer(HTTPStatus.OK, data, {})
            return
        first, _, last = wanted.removeprefix("bytes=").partition("-")
        start = int(first) if first else max(0, len(data) - int(last))
        end = min(int(last), len(data) - 1) if first and last else len(data) - 1
        headers = {"Content-Range": f"bytes {start}-{end}/{len(data)}"}
        self._answer(HTTPStatus.PARTIAL_CONTENT, data[start : end + 1], headers)

    def _answer(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        with suppress(ConnectionError, TimeoutError):
            for part in _parts(body if self.command == "GET" else b""):
                self._owner.count(self.path, len(part))
                self.wfile.write(part)

    do_HEAD = do_GET  # noqa: N815 - as http.server calls it

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _parts(body: bytes) -> Iterable[bytes]:
    return (body[start : start + _CHUNK] for start in range(0, len(body), _CHUNK))
