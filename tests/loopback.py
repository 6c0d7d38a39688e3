"""A simple index on the loopback interface, honest or not.

It serves the recorded index or wheels on disk as PyPI does (PEP 503, 658, 691; ``ETag``, ``Cache-Control``, ranges),
and lies, stalls and breaks where a test tells it to::

    with LoopbackIndex({"rich": [wheel]}) as index:
        index.fail("/simple/rich/", status(500), times=1)
        open_index("here", index.url, cache_dir=...)

By hand, or for benchmarks: ``python -m tests.loopback DIR --port 8000``.
"""

import argparse
import hashlib
import html
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from ssl import SSLContext, SSLError
from threading import Event, Lock, Thread
from typing import Any, Self

from tests.contents import RECORDED, Content, RecordedContent, WheelContent, read_folder, unpack_recorded
from tests.faults import (
    Fault,
    PlannedFault,
    Reply,
    Request,
    authorization,
    body,
    corrupted,
    delayed,
    edited,
    hang_up,
    login,
    redirect,
    status,
    truncated,
    with_headers,
    without,
)

__all__ = [
    "HTML_TYPE",
    "JSON_TYPE",
    "RECORDED",
    "Content",
    "Fault",
    "LoopbackIndex",
    "RecordedContent",
    "Reply",
    "Request",
    "WheelContent",
    "authorization",
    "body",
    "corrupted",
    "delayed",
    "edited",
    "hang_up",
    "login",
    "read_folder",
    "redirect",
    "status",
    "truncated",
    "unpack_recorded",
    "with_headers",
    "without",
]

JSON_TYPE = "application/vnd.pypi.simple.v1+json"
HTML_TYPE = "application/vnd.pypi.simple.v1+html"


class LoopbackIndex:
    """The server: a context manager; *requests* tells what was asked, *fail* makes it misbehave.

    Args:
        content: a folder as `read_folder` takes it, wheels by project, or any `Content`.
        port: 0 takes a free one.
        html: answer in HTML only, as ``text/html``.
        tls: the context of a server of HTTPS, on ``localhost``; None: HTTP.
        channel: a conda channel in a folder, to be served below ``/channel``.

    *token* is one of conda's: where it is set, the channel is below ``/t/<token>/channel`` only.
    """

    def __init__(
        self,
        content: Path | Mapping[str, Sequence[Path]] | Content,
        *,
        port: int = 0,
        html: bool = False,
        tls: SSLContext | None = None,
        channel: Path | None = None,
    ) -> None:
        if isinstance(content, Path):
            content = read_folder(content)
        self.content: Content = WheelContent(content) if isinstance(content, Mapping) else content
        self.requests: list[tuple[Request, int]] = []
        self.token: str | None = None
        self._html = html
        self._tls = tls
        self._channel = channel
        self._faults: list[PlannedFault] = []
        self._lock = Lock()
        self._page = lru_cache(maxsize=None)(self._make_page)
        self._server = _Server(("127.0.0.1", port), self)
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    @property
    def root(self) -> str:
        """The URL of the server, without a slash at the end."""
        place = "http://127.0.0.1" if self._tls is None else "https://localhost"
        return f"{place}:{self._server.server_port}"

    @property
    def url(self) -> str:
        """The URL of the simple API, without a slash at the end."""
        return f"{self.root}/simple"

    @property
    def channel(self) -> str:
        """The URL of the channel, without a slash at the end and without its token."""
        return f"{self.root}/channel"

    def __enter__(self) -> Self:
        """Begin to serve."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop, and end what still stalls."""
        self._server.stopped.set()
        self._server.shutdown()
        self._server.server_close()

    def fail(self, path: str, fault: Fault, *, times: int | None = None) -> None:
        """Apply *fault* to every path that begins with *path*, or to the first *times* requests only."""
        self._faults.append(PlannedFault(path, fault, times))

    def heal(self) -> None:
        """Forget all faults."""
        self._faults.clear()

    def count(self, path: str = "/", code: int | None = None) -> int:
        """Count the requests whose path begins with *path*, and that were answered with *code*."""
        return sum(1 for asked, sent in self.requests if asked.path.startswith(path) and code in (None, sent))

    def answer(self, request: Request) -> Reply:
        """Return what goes back, after faults, conditions and ranges."""
        reply = self._honest(request)
        for planned in tuple(self._faults):
            if request.path.startswith(planned.path) and planned.take(self._lock):
                reply = planned.fault(request, reply)
        reply = _range_of(request, _unless_known(request, reply))
        self.requests.append((request, reply.status))
        return reply

    def _honest(self, request: Request) -> Reply:
        match request.path.partition("?")[0].split("/"):
            case ["", "simple", project, ""]:
                as_html = self._html or JSON_TYPE not in request.headers.get("accept", "")
                return self._page(project, as_html)
            case ["", "files", sha256, filename]:
                return self._file(sha256, filename)
            case ["", "channel", *names] if self.token is None:
                return self._part_of_channel(names)
            case ["", "t", token, "channel", *names] if token == self.token:
                return self._part_of_channel(names)
            case _:
                return Reply(status=404)

    def _make_page(self, project: str, as_html: bool) -> Reply:
        if (page := self.content.page(project)) is None:
            return Reply(status=404)
        if as_html:
            return _cacheable(_render_html(page).encode(), "text/html" if self._html else HTML_TYPE)
        return _cacheable(json.dumps(page).encode(), JSON_TYPE)

    def _part_of_channel(self, names: Sequence[str]) -> Reply:
        path = None if self._channel is None else self._channel.joinpath(*names)
        if path is None or ".." in names or not path.is_file():
            return Reply(status=404)
        return _cacheable(path.read_bytes(), "application/octet-stream")

    def _file(self, sha256: str, filename: str) -> Reply:
        is_metadata = filename.endswith(".metadata")
        data = self.content.metadata(sha256) if is_metadata else self.content.file(sha256)
        if data is None:
            return Reply(status=404)
        reply = _cacheable(data, "application/octet-stream")
        return replace(reply, headers={**reply.headers, "Accept-Ranges": "bytes"})


def _cacheable(data: bytes, content_type: str) -> Reply:
    headers = {
        "Content-Type": content_type,
        "ETag": f'"{hashlib.md5(data, usedforsecurity=False).hexdigest()}"',
        "Cache-Control": "max-age=600, public",
        "Vary": "Accept, Accept-Encoding",
    }
    return Reply(body=data, headers=headers)


def _unless_known(request: Request, reply: Reply) -> Reply:
    if reply.status == HTTPStatus.OK and reply.headers.get("ETag", "") == request.headers.get("if-none-match"):
        return replace(reply, status=HTTPStatus.NOT_MODIFIED, body=b"")
    return reply


def _range_of(request: Request, reply: Reply) -> Reply:
    wanted = request.headers.get("range", "")
    if reply.status != HTTPStatus.OK or not wanted.startswith("bytes=") or "Accept-Ranges" not in reply.headers:
        return reply
    first, _, last = wanted.removeprefix("bytes=").partition("-")
    size = len(reply.body)
    start = int(first) if first else max(0, size - int(last))
    end = min(int(last), size - 1) if first and last else size - 1
    if start > end:
        return Reply(status=HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, headers={"Content-Range": f"bytes */{size}"})
    headers = {**reply.headers, "Content-Range": f"bytes {start}-{end}/{size}"}
    return replace(reply, status=HTTPStatus.PARTIAL_CONTENT, body=reply.body[start : end + 1], headers=headers)


def _render_html(page: dict[str, Any]) -> str:
    links = "\n".join(f"    {_render_link(file)}<br/>" for file in page["files"])
    title = f"Links for {page['name']}"
    meta = '<meta name="pypi:repository-version" content="1.1">'
    return (
        f"<!DOCTYPE html>\n<html>\n  <head>{meta}<title>{title}</title></head>\n  <body>\n{links}\n  </body>\n</html>\n"
    )


def _render_link(file: dict[str, Any]) -> str:
    attributes = {"href": f"{file['url']}#sha256={file['hashes']['sha256']}"}
    if metadata := file.get("core-metadata"):
        attributes["data-core-metadata"] = f"sha256={metadata['sha256']}"
    if requires := file.get("requires-python"):
        attributes["data-requires-python"] = requires
    if yanked := file.get("yanked"):
        attributes["data-yanked"] = yanked if isinstance(yanked, str) else ""
    text = " ".join(f'{name}="{html.escape(value)}"' for name, value in attributes.items())
    return f"<a {text}>{html.escape(file['filename'])}</a>"


class _Server(ThreadingHTTPServer):
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], index: LoopbackIndex) -> None:
        super().__init__(address, _Handler)
        self.index = index
        self.stopped = Event()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Keep quiet about clients that hang up."""
        if not isinstance(sys.exception(), ConnectionError | SSLError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_GET(self) -> None:
        """Answer, or misbehave as told."""
        request = Request(self.path, {name.lower(): value for name, value in self.headers.items()})
        reply = self.server.index.answer(request)
        self.server.stopped.wait(reply.delay)
        if reply.hang_up:
            self.close_connection = True
            return
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if reply.status != HTTPStatus.NOT_MODIFIED:
            self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(reply.body[: reply.cut])
        if reply.cut is not None:
            self.wfile.flush()
            self.server.stopped.wait(reply.stall)
            self.close_connection = True

    do_HEAD = do_GET  # noqa: N815 - as http.server calls it

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def main() -> None:
    """Serve a folder until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m tests.loopback", description=main.__doc__)
    parser.add_argument("folder", type=Path, help="an unpacked recording, or a folder of wheels")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--html", action="store_true", help="answer in HTML only")
    options = parser.parse_args()
    with LoopbackIndex(options.folder, port=options.port, html=options.html) as index:
        sys.stdout.write(f"{index.url}\n")
        sys.stdout.flush()
        try:
            Event().wait()
        except KeyboardInterrupt:
            sys.stdout.write("\n")


if __name__ == "__main__":
    main()
