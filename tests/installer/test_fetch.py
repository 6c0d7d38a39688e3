import asyncio
import json
import tarfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest
from rattler import PackageCache, PackageRecord, RepoDataRecord

from tests.installer.wheelmaker import SUBDIR, make_package
from wheelbridge.installer.cache import PackageFile, entry_name
from wheelbridge.installer.errors import (
    DownloadError,
    HashMismatchError,
    OtherPackageError,
    UnsafeNameError,
    UnsafePathError,
)
from wheelbridge.installer.fetch import check_cached, fetch_packages
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


class TestArchivesOfOtherTools:
    """What conda has downloaded need not be downloaded again."""

    def test_known_by_its_hash(self, tmp_path: Path, package: RepoDataRecord) -> None:
        """No server is there; offline, too, it counts as there."""
        package.url = f"http://127.0.0.1:1/noarch/{package.file_name}"
        archives = (tmp_path / "none", tmp_path / "channel" / "noarch")
        work = fetch_packages(
            [package], tmp_path / "cache", layout=LAYOUT, client=None, reporter=Reporter(), archives=archives
        )
        check_cached([package], tmp_path / "cache", LAYOUT, archives)

        assert {file.path for file in asyncio.run(work)["thing"]} >= {"share/x", "bin/run"}

    @pytest.mark.parametrize("sha256", [bytes(32), None], ids=["another", "unknown"])
    def test_another_archive_of_that_name(
        self, tmp_path: Path, server: str, package: RepoDataRecord, sha256: bytes | None
    ) -> None:
        """The name says nothing: without the announced hash the server is asked, and offline it is not there."""
        package.url, package.sha256 = f"{server}/noarch/other-1.0-0.tar.bz2", sha256
        archives = (tmp_path / "other",)
        archives[0].mkdir()
        (archives[0] / "other-1.0-0.tar.bz2").write_bytes(
            (tmp_path / "channel/noarch/thing-1.0-0.tar.bz2").read_bytes()
        )

        with pytest.raises(DownloadError, match="not in the cache"):
            check_cached([package], tmp_path / "cache", LAYOUT, archives)
        with pytest.raises(DownloadError, match="404"):
            asyncio.run(
                fetch_packages(
                    [package], tmp_path / "cache", layout=LAYOUT, client=None, reporter=Reporter(), archives=archives
                )
            )


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


class TestUntrustedRecords:
    """A record comes of a channel or a lock, which anybody may have written."""

    @pytest.mark.parametrize("build", ["x/../../victim", "..\\victim", "a b", "x\0", "/0"])
    def test_a_build_that_is_no_name(self, tmp_path: Path, package: RepoDataRecord, build: str) -> None:
        """CEP 26 says of what build strings consist; nothing is fetched, and what it leads to stays."""
        victim = tmp_path / "victim"
        victim.mkdir()

        with pytest.raises(UnsafeNameError):
            fetch(with_fields(tmp_path, package, build=build), tmp_path / "cache")
        assert victim.is_dir()
        assert not (tmp_path / "cache").exists()

    def test_all_names_are_seen_before_the_first_is_fetched(self, tmp_path: Path, package: RepoDataRecord) -> None:
        """One bad record among good ones."""
        bad = with_fields(tmp_path, package, name="other", build="x/../../victim")

        with pytest.raises(UnsafeNameError, match=r"other-1\.0-x"):
            asyncio.run(
                fetch_packages([package, bad], tmp_path / "cache", layout=None, client=None, reporter=Reporter())
            )
        assert not (tmp_path / "cache").exists()

    @pytest.mark.parametrize("changes", [{"name": "other"}, {"version": "9.9"}, {"build": "1"}])
    def test_another_package(self, tmp_path: Path, package: RepoDataRecord, changes: Mapping[str, str]) -> None:
        """An archive is what its own metadata says, whatever its record says; so is one that is in the cache."""
        said = with_fields(tmp_path, package, **changes)

        for _ in range(2):
            with pytest.raises(OtherPackageError, match=r"'thing-1\.0-0' by its own metadata"):
                fetch(said, tmp_path / "cache")

    @pytest.mark.parametrize(
        ("path", "command"), [("../x", "run"), ("site-packages/../../../x", "run"), ("/x", "run"), ("x", "../../x")]
    )
    def test_paths_that_lead_outside(self, tmp_path: Path, path: str, command: str) -> None:
        """What rattler is told it links; so nobody tells it."""
        files = {path: "", "share/x": ""}
        record = make_package(
            tmp_path / "channel", "thing", files, noarch="python", entry_points=[f"{command} = thing:main"]
        )

        with pytest.raises(UnsafePathError, match="leads outside"):
            fetch(record, tmp_path / "cache")


@pytest.mark.parametrize("link", ["info", "info/repodata_record.json"])
def test_what_is_noted_goes_nowhere_else(tmp_path: Path, link: str) -> None:
    """An archive may bring a link to a folder or a file of the user, in the place that we write to."""
    record = make_package(tmp_path / "channel", "thing", {"share/x": "x"})
    archive = tmp_path / "channel" / record.subdir / record.file_name
    victim = tmp_path / "victim"
    victim.mkdir()
    (victim / "mine").write_text("mine")
    with tarfile.open(archive) as tar:
        members = [(member, tar.extractfile(member)) for member in tar.getmembers()]
        members = [(member, stream) for member, stream in members if link != "info" or "info/" not in member.name]
        with tarfile.open(tmp_path / "new.tar.bz2", "w:bz2") as changed:
            for member, stream in members:
                changed.addfile(member, stream)
            entry = tarfile.TarInfo(link)
            entry.type, entry.linkname = tarfile.SYMTYPE, str(victim if link == "info" else victim / "mine")
            changed.addfile(entry)
    (tmp_path / "new.tar.bz2").replace(archive)
    record.sha256 = record.md5 = None

    with suppress(DownloadError):
        fetch(record, tmp_path / "cache")
    assert {path.name: path.read_text() for path in victim.iterdir()} == {"mine": "mine"}


class TestOnlyMd5:
    """A record without a sha256 is not met by whatever has its name."""

    def test_other_content_is_fetched_again(self, tmp_path: Path, package: RepoDataRecord) -> None:
        """What is in the cache is of another MD5."""
        package.sha256 = None
        fetch(package, tmp_path / "cache")
        other = make_package(tmp_path / "other", "thing", {"share/x": "y"}, noarch="python")
        other.sha256 = None

        fetch(other, tmp_path / "cache")
        assert (tmp_path / "cache" / entry_name(other) / "share/x").read_text() == "y"

    def test_a_wrong_md5_is_refused(self, tmp_path: Path, package: RepoDataRecord) -> None:
        """Although the right package is in the cache."""
        fetch(package, tmp_path / "cache")
        package.sha256, package.md5 = None, bytes(16)

        with pytest.raises(HashMismatchError):
            fetch(package, tmp_path / "cache")

    @pytest.mark.parametrize("hashed", [True, False])
    def test_the_same_is_not_fetched_again(self, tmp_path: Path, package: RepoDataRecord, *, hashed: bool) -> None:
        """By its MD5, or where there is none by its URL; offline, it is found."""
        package.sha256, package.md5 = None, package.md5 if hashed else None
        fetch(package, tmp_path / "cache")
        Path(tmp_path / "channel/noarch" / package.file_name).unlink()

        assert fetch(package, tmp_path / "cache")

    def test_another_place_is_another_package(self, tmp_path: Path, package: RepoDataRecord) -> None:
        """Without any hash, only the URL tells packages apart."""
        package.sha256 = package.md5 = None
        fetch(package, tmp_path / "cache")
        other = make_package(tmp_path / "other", "thing", {"share/x": "y"}, noarch="python")
        other.sha256 = other.md5 = None

        fetch(other, tmp_path / "cache")
        assert (tmp_path / "cache" / entry_name(other) / "share/x").read_text() == "y"


def with_fields(folder: Path, record: RepoDataRecord, **changes: str) -> RepoDataRecord:
    """Return a record with other fields, as a channel or a lock may have them."""
    path = folder / "index.json"
    path.write_text(json.dumps({**json.loads(record.to_json()), **changes}))
    made = RepoDataRecord(PackageRecord.from_index_json(path), record.file_name, record.url, record.channel)
    made.sha256, made.md5 = record.sha256, record.md5
    return made


def test_a_damaged_entry_is_fetched_again(tmp_path: Path, package: RepoDataRecord) -> None:
    """A file that is gone or cut short is noticed before the prefix is touched."""
    fetch(package, tmp_path / "cache")
    (tmp_path / "cache" / entry_name(package) / "share/x").write_text("")

    fetch(package, tmp_path / "cache")
    assert (tmp_path / "cache" / entry_name(package) / "share/x").read_text() == "x"
    assert SUBDIR
