import asyncio
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest
from rattler import PackageCache, RepoDataRecord

from tests.installer.wheelmaker import SUBDIR, make_package
from wheelbridge.installer.cache import PackageFile, entry_name
from wheelbridge.installer.errors import DownloadError, HashMismatchError
from wheelbridge.installer.fetch import fetch_packages
from wheelbridge.installer.layout import PythonLayout
from wheelbridge.installer.reporter import Reporter

LAYOUT = PythonLayout.of_python("3.12.1", "linux-64")


class Quiet(SimpleHTTPRequestHandler):
    """Serves a folder; breaks off the first answer of a folder called ``broken``."""

    broken: ClassVar[set[str]] = set()

    def do_GET(self) -> None:
        """Answer, or break off in the middle."""
        if self.path.startswith("/broken/") and self.path not in self.broken:
            self.broken.add(self.path)
            data = Path(self.translate_path(self.path.removeprefix("/broken"))).read_bytes()
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data[: len(data) // 2])
            self.close_connection = True
            return
        self.path = self.path.removeprefix("/broken")
        super().do_GET()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """The URL of a channel over HTTP."""
    (tmp_path / "channel").mkdir()
    Quiet.broken.clear()
    httpd = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path / "channel")))
    thread = threading.Thread(target=httpd.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{httpd.server_port}"
    httpd.shutdown()
    thread.join()
    httpd.server_close()


@pytest.fixture
def package(tmp_path: Path) -> RepoDataRecord:
    """A noarch python package with a script."""
    return make_package(
        tmp_path / "channel",
        "thing",
        {"site-packages/thing.py": "x = 1\n" * 1000, "share/x": "x"},
        noarch="python",
        entry_points=["run = thing:main"],
    )


def fetch(record: RepoDataRecord, cache: Path, reporter: Reporter | None = None) -> tuple[PackageFile, ...]:
    """Fetch one package; return what it links."""
    work = fetch_packages([record], cache, layout=LAYOUT, client=None, reporter=reporter or Reporter())
    return asyncio.run(work)[record.name.normalized]


class TestRattlerFindsIt:
    """The cache is rattler's: it must take our entries for its own."""

    def test_by_name_and_hash(self, tmp_path: Path, package: RepoDataRecord) -> None:
        """An archive of another hash is another package to it."""
        fetch(package, tmp_path / "cache")
        index = asyncio.run(PackageCache(tmp_path / "cache").index())
        assert index.contains_record(package)

        package.sha256 = bytes(32)
        assert not index.contains_record(package)


def test_files_are_listed_where_they_will_be(tmp_path: Path, package: RepoDataRecord) -> None:
    """The layout of the environment's python is applied, entry points included."""
    paths = {file.path for file in fetch(package, tmp_path / "cache")}

    assert paths == {"lib/python3.12/site-packages/thing.py", "share/x", "bin/run"}


def test_over_http_with_progress(tmp_path: Path, server: str, package: RepoDataRecord) -> None:
    """Bytes are counted as they come; a second time nothing is fetched."""
    seen: list[tuple[str, int]] = []

    class Listener(Reporter):
        def on_download_progress(self, name: str, received: int) -> None:
            seen.append((name, received))

    package.url = f"{server}/noarch/{package.file_name}"
    fetch(package, tmp_path / "cache", Listener())
    assert seen[-1] == ("thing", package.size)
    count = len(seen)
    fetch(package, tmp_path / "cache", Listener())
    assert len(seen) == count


def test_what_breaks_off_is_fetched_again(tmp_path: Path, server: str, package: RepoDataRecord) -> None:
    """A connection that ends in the middle is no reason to give up."""
    package.url = f"{server}/broken/noarch/{package.file_name}"

    assert fetch(package, tmp_path / "cache")


def test_another_hash_is_refused(tmp_path: Path, package: RepoDataRecord) -> None:
    """Nothing is unpacked, and nothing stays in the cache."""
    package.sha256 = bytes(32)

    with pytest.raises(HashMismatchError, match="thing-1"):
        fetch(package, tmp_path / "cache")
    assert [path.name for path in (tmp_path / "cache").iterdir()] == []


def test_md5_where_there_is_no_more(tmp_path: Path, package: RepoDataRecord) -> None:
    """Old channels have no sha256."""
    package.sha256 = None
    package.md5 = bytes(16)

    with pytest.raises(HashMismatchError):
        fetch(package, tmp_path / "cache")


def test_what_is_not_there(tmp_path: Path, server: str, package: RepoDataRecord) -> None:
    """The URL and the server's answer are named."""
    package.url = f"{server}/noarch/other-1.0-0.tar.bz2"

    with pytest.raises(DownloadError, match="404"):
        fetch(package, tmp_path / "cache")


def test_what_is_no_archive(tmp_path: Path, package: RepoDataRecord) -> None:
    """Something else under the right name."""
    Path(tmp_path / "channel/noarch" / package.file_name).write_bytes(b"<html>")
    package.sha256 = package.md5 = None

    with pytest.raises(DownloadError, match="cannot be extracted"):
        fetch(package, tmp_path / "cache")


def test_a_damaged_entry_is_fetched_again(tmp_path: Path, package: RepoDataRecord) -> None:
    """A file that is gone or cut short is noticed before the prefix is touched."""
    fetch(package, tmp_path / "cache")
    (tmp_path / "cache" / entry_name(package) / "share/x").write_text("")

    fetch(package, tmp_path / "cache")
    assert (tmp_path / "cache" / entry_name(package) / "share/x").read_text() == "x"
    assert SUBDIR
