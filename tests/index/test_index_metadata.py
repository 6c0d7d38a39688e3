import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from email import message_from_bytes
from pathlib import Path
from zipfile import ZIP_LZMA, ZipFile

import pytest
from packaging.utils import canonicalize_name

from tests.index.conftest import OpenHttp, write_wheel
from tests.loopback import (
    Fault,
    LoopbackIndex,
    Reply,
    Request,
    WheelContent,
    body,
    corrupted,
    status,
    truncated,
    with_headers,
    without,
)
from wheelbridge.errors import WheelbridgeError
from wheelbridge.index import errors
from wheelbridge.index.metadata import MetadataCache, check_identity, parse_metadata
from wheelbridge.index.wheelfile import METADATA, read_member
from wheelbridge.model.distribution import CoreMetadata, DistributionFile

RICH = canonicalize_name("rich")
EXPECTED = CoreMetadata(
    name="rich",
    version="1.0",
    requires_dist=("pygments>=2",),
    requires_python=">=3.8",
    provides_extra=("jupyter",),
)
FILENAME = "rich-1.0-py3-none-any.whl"


def metadata_of(server: LoopbackIndex, open_http: OpenHttp) -> CoreMetadata:
    """Return what the only file of rich says of itself, to a new client."""
    index = open_http(server.url)
    (file,) = index.project_page(RICH).files
    return index.core_metadata(file)


def shorter(_: Request, reply: Reply) -> Reply:
    """Serve another file than the page lists."""
    return replace(reply, body=reply.body[:-100])


def short_range(_: Request, reply: Reply) -> Reply:
    """Answer with less than ``Content-Range`` says."""
    size = len(reply.body)
    headers = {"Content-Range": f"bytes {size - 65536}-{size - 1}/{size}"}
    return replace(reply, status=206, body=reply.body[-9:], headers=headers)


def another_range(_: Request, reply: Reply) -> Reply:
    """Answer with a range that nobody asked for."""
    return replace(reply, status=206, body=reply.body[5:10], headers={"Content-Range": f"bytes 5-9/{len(reply.body)}"})


class TestParse:
    """METADATA to the fields that decide."""

    def test_fields(self) -> None:
        """Folded lines and a description that looks like headers do not confuse it."""
        text = (
            b"Metadata-Version: 2.4\r\nName: rich\r\nVersion: 1.0\r\nLicense: long\r\n        text\r\n"
            b"Requires-Dist: a>=1; extra == 'x'\r\nRequires-Dist: b\r\n\r\nRequires-Dist: not-this\r\n"
        )

        assert parse_metadata(text, FILENAME) == CoreMetadata(
            name="rich", version="1.0", requires_dist=("a>=1; extra == 'x'", "b")
        )

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            pytest.param(b"", "it has no field 'name'", id="empty"),
            pytest.param(b"Name: rich\n", "it has no field 'version'", id="no version"),
            pytest.param(b"Name: rich\nVersion: 1\nRequires-Python: >3\nRequires-Python: <3\n",
                         "the field 'requires-python' cannot be read", id="twice"),
            pytest.param(b"Name: rich\nVersion: 1\nRequires-Dist: caf\xe9\n",
                         "the field 'requires-dist' cannot be read", id="not UTF-8"),
        ],
    )  # fmt: skip
    def test_what_cannot_be_read_is_refused(self, text: bytes, reason: str) -> None:
        """D5: nothing is dropped silently."""
        with pytest.raises(errors.InvalidMetadataError) as caught:
            parse_metadata(text, FILENAME)

        assert str(caught.value) == f"The metadata of {FILENAME} is invalid: {reason}"

    @pytest.mark.parametrize(
        ("name", "version", "filename"),
        [
            ("Ruamel.Yaml", "1.0", "ruamel_yaml-1.0-py3-none-any.whl"),
            ("rich", "1.0.0", FILENAME),
            ("rich", "1.0-1", "rich-1.0.post1-py3-none-any.whl"),
            ("rich", "1.0+a.b", "rich-1.0+a_b-py3-none-any.whl"),
            ("rich", "1.0", "rich-1.0-1-py3-none-any-x86_64_v3.whl"),
        ],
    )
    def test_own_metadata(self, name: str, version: str, filename: str) -> None:
        """Names are compared as PEP 503 says, versions as PEP 440 says."""
        metadata = CoreMetadata(name=name, version=version)

        assert check_identity(metadata, filename) is metadata

    @pytest.mark.parametrize(
        ("name", "version", "reason"),
        [
            ("poor", "1.0", "it is that of 'poor'"),
            ("rich", "2.0", "it is that of version '2.0'"),
            ("rich", "new", "it is that of version 'new'"),
        ],
    )
    def test_foreign_metadata(self, name: str, version: str, reason: str) -> None:
        """Metadata of another release is refused."""
        with pytest.raises(errors.InvalidMetadataError, match=reason):
            check_identity(CoreMetadata(name=name, version=version), FILENAME)

    @pytest.mark.shared_data
    def test_recorded_metadata_reads_as_the_standard_library_reads_it(self, recorded: Path) -> None:
        """All recorded METADATA, text by text."""
        paths = sorted((recorded / "metadata").iterdir())
        for path in paths:
            text = path.read_bytes()
            message = message_from_bytes(text)

            assert parse_metadata(text, path.name) == CoreMetadata(
                name=message["Name"],
                version=message["Version"],
                requires_dist=tuple(message.get_all("Requires-Dist", ())),
                requires_python=message["Requires-Python"],
                provides_extra=tuple(message.get_all("Provides-Extra", ())),
            )

        assert len(paths) == 2879


class TestPep658:
    """PEP 658: the repository serves the metadata file beside the distribution."""

    def test_the_metadata_file_is_enough(self, server: LoopbackIndex, open_http: OpenHttp) -> None:
        """The wheel itself is not asked for."""
        assert metadata_of(server, open_http) == EXPECTED
        assert [request.path.rpartition("/")[2] for request, _ in server.requests] == ["", f"{FILENAME}.metadata"]

    def test_it_is_never_asked_for_twice(self, server: LoopbackIndex, open_http: OpenHttp) -> None:
        """Not by the next client either, for what a hash names never changes."""
        server.fail("/", with_headers({"Cache-Control": "no-store"}))

        assert metadata_of(server, open_http) == metadata_of(server, open_http) == EXPECTED
        assert server.count("/files") == 1

    def test_threads_wait_for_each_other(self, server: LoopbackIndex, open_http: OpenHttp) -> None:
        """Sixteen that want the same make one request."""
        index = open_http(server.url)
        (file,) = index.project_page(RICH).files

        with ThreadPoolExecutor(16) as pool:
            results = set(pool.map(index.core_metadata, [file] * 64))

        assert results == {EXPECTED}
        assert server.count("/files") == 1

    def test_wheels_with_the_same_metadata_share_it(self, tmp_path: Path, open_http: OpenHttp) -> None:
        """The wheels of a release differ in their tags alone."""
        wheels = [write_wheel(tmp_path / "w", tag=f"cp3{minor}-none-any") for minor in range(10, 14)]
        with LoopbackIndex({"rich": wheels}) as server:
            index = open_http(server.url)

            assert {index.core_metadata(file) for file in index.project_page(RICH).files} == {EXPECTED}
            assert server.count("/files") == 1

    def test_wrong_hash(self, server: LoopbackIndex, open_http: OpenHttp) -> None:
        """Nothing wrong is kept."""
        server.fail("/files", corrupted, times=1)

        with pytest.raises(errors.HashMismatchError, match=rf"{FILENAME}.metadata: the index promises sha256"):
            metadata_of(server, open_http)
        assert metadata_of(server, open_http) == EXPECTED

    def test_metadata_without_a_hash(self, server: LoopbackIndex, open_http: OpenHttp, tmp_path: Path) -> None:
        """A file without any hash has the HTTP cache alone."""
        index = open_http(server.url)
        (file,) = index.project_page(RICH).files
        bare = replace(file, hashes={}, core_metadata={})

        assert index.core_metadata(bare) == open_http(server.url).core_metadata(bare) == EXPECTED
        assert server.count("/files") == 1
        assert not (tmp_path / "cache" / "metadata").exists()

    @pytest.mark.parametrize("code", [401, 403, 500])
    def test_other_failures_are_errors(self, server: LoopbackIndex, open_http: OpenHttp, code: int) -> None:
        """Only 404 leads to the wheel."""
        server.fail("/files", status(code))

        with pytest.raises((errors.IndexUnauthorizedError, errors.IndexUnavailableError)):
            metadata_of(server, open_http)

    def test_indexes_cannot_speak_for_each_other(self, tmp_path: Path, open_http: OpenHttp) -> None:
        """An index that claims the hash of another one's wheel does not change what that wheel requires."""
        honest, evil = (write_wheel(tmp_path / kind, headers=f"Requires-Dist: {kind}\n") for kind in ("good", "evil"))
        claimed = hashlib.sha256(honest.read_bytes()).hexdigest()
        ways: tuple[dict[str, str] | None, ...] = (None, {})
        for offered in ways:
            with LoopbackIndex({"rich": [evil]}) as one, LoopbackIndex({"rich": [honest]}) as other:
                requires = []
                for server in (one, other):
                    index = open_http(server.url)
                    (file,) = index.project_page(RICH).files
                    claim = replace(file, hashes={"sha256": claimed}, core_metadata=offered)
                    requires.append(index.core_metadata(claim).requires_dist)

            assert requires == [("evil",), ("good",)]


class TestOutOfTheWheel:
    """Where the index offers no metadata file, METADATA is read out of the wheel."""

    @pytest.fixture
    def large(self, tmp_path: Path) -> Path:
        """Write a wheel of 3 MB."""
        return write_wheel(tmp_path / "large", padding=3_000_000)

    @pytest.fixture
    def plain(self, large: Path) -> Iterator[LoopbackIndex]:
        """Serve it without a metadata file."""
        with LoopbackIndex(WheelContent({"rich": [large]}, metadata=False)) as server:
            yield server

    def received(self, server: LoopbackIndex) -> list[str]:
        """Return the ranges of the wheel that were asked for."""
        return [request.headers.get("range", "all") for request, _ in server.requests if "/files" in request.path]

    def test_one_range_request_does_it(self, plain: LoopbackIndex, open_http: OpenHttp, large: Path) -> None:
        """The metadata lies at the end of most wheels, beside the directory of the archive."""
        size = large.stat().st_size

        assert metadata_of(plain, open_http) == metadata_of(plain, open_http) == EXPECTED
        assert self.received(plain) == [f"bytes={size - 65536}-{size - 1}"]

    def test_size_that_is_not_known(self, plain: LoopbackIndex, open_http: OpenHttp) -> None:
        """A suffix range asks for the end."""
        index = open_http(plain.url)
        (file,) = index.project_page(RICH).files

        assert index.core_metadata(replace(file, size=None)) == EXPECTED
        assert self.received(plain) == ["bytes=-65536"]

    def test_metadata_far_from_the_end(self, tmp_path: Path, open_http: OpenHttp) -> None:
        """It costs one request more."""
        path = write_wheel(tmp_path / "odd", padding=200_000)
        with ZipFile(path, "a") as archive:
            archive.writestr("rich/more.bin", bytes(500_000))
            archive.writestr("rich/names.txt", "x")
        with LoopbackIndex(WheelContent({"rich": [path]}, metadata=False)) as server:
            assert metadata_of(server, open_http) == EXPECTED
            assert len(self.received(server)) == 2

    @pytest.mark.parametrize(
        "fault",
        [
            pytest.param(without("Accept-Ranges"), id="ranges ignored"),
            pytest.param(another_range, id="another range"),
            pytest.param(short_range, id="short range"),
        ],
    )
    def test_whole_download_as_the_last_resort(self, plain: LoopbackIndex, open_http: OpenHttp, fault: Fault) -> None:
        """A server without ranges works too, hash-checked."""
        plain.fail("/files", fault, times=1)
        plain.fail("/files", without("Accept-Ranges"))

        assert metadata_of(plain, open_http) == EXPECTED
        assert plain.count("/files") == 2

    def test_metadata_file_that_is_missing(self, large: Path, open_http: OpenHttp) -> None:
        """404 for the metadata file leads to the wheel."""
        with LoopbackIndex({"rich": [large]}) as server:
            (file,) = open_http(server.url).project_page(RICH).files
            server.fail(file.url.removeprefix(server.root) + ".metadata", status(404))

            assert metadata_of(server, open_http) == EXPECTED
            assert server.count("/files", 206) == 1

    @pytest.mark.parametrize(
        ("fault", "kind", "message"),
        [
            pytest.param(status(404), errors.FileNotOnIndexError, f"The index lists '{FILENAME}', but", id="404"),
            pytest.param(status(403), errors.IndexUnauthorizedError, "status 403", id="403"),
            pytest.param(status(500), errors.IndexUnavailableError, "500", id="500"),
            pytest.param(body(b"PK", "application/zip"), errors.SizeMismatchError, "but 2 came", id="other file"),
            pytest.param(shorter, errors.SizeMismatchError, "promises 3000667 bytes, but 3000567", id="shorter file"),
            pytest.param(truncated(99), errors.TruncatedBodyError, "incomplete: 99 of 65536 bytes", id="truncated"),
        ],
    )
    def test_faults(
        self, plain: LoopbackIndex, open_http: OpenHttp, fault: Fault, kind: type[WheelbridgeError], message: str
    ) -> None:
        """Each with its own error."""
        plain.fail("/files", fault)

        with pytest.raises(kind, match=message):
            metadata_of(plain, open_http)

    @pytest.mark.parametrize(
        ("dist_info", "reason"),
        [
            pytest.param("rich-1.0.info", "it has 0 .dist-info folders, not one", id="none"),
            pytest.param("poor-1.0.dist-info", "its .dist-info folder is 'poor-1.0.dist-info'", id="foreign"),
            pytest.param("a/rich-1.0.dist-info", "it has 0 .dist-info folders, not one", id="nested"),
        ],
    )
    def test_wheels_that_are_none(self, tmp_path: Path, open_http: OpenHttp, dist_info: str, reason: str) -> None:
        """One .dist-info folder, of the project."""
        wheel = write_wheel(tmp_path / "bad", dist_info=dist_info)
        with (
            LoopbackIndex(WheelContent({"rich": [wheel]}, metadata=False)) as server,
            pytest.raises(errors.NotAWheelError) as caught,
        ):
            metadata_of(server, open_http)

        assert str(caught.value) == f"{FILENAME} is no valid wheel: {reason}"

    def test_two_releases_in_one_wheel(self, tmp_path: Path) -> None:
        """Which of two .dist-info folders counts, nobody can say."""
        wheel = write_wheel(tmp_path)
        with ZipFile(wheel, "a") as archive:
            archive.writestr("rich-2.0.dist-info/METADATA", "")

        with wheel.open("rb") as stream, pytest.raises(errors.NotAWheelError, match=r"2 \.dist-info folders"):
            read_member(stream, FILENAME, METADATA)

    def test_metadata_of_monstrous_size(self, tmp_path: Path) -> None:
        """A small archive cannot fill the memory."""
        wheel = write_wheel(tmp_path, headers=f"Summary: {'x' * 2**24}\n")

        with wheel.open("rb") as stream, pytest.raises(errors.NotAWheelError, match="its METADATA has 167"):
            read_member(stream, FILENAME, METADATA)

    def test_damaged_lzma(self, tmp_path: Path) -> None:
        """Its library has an error of its own."""
        wheel = tmp_path / FILENAME
        name = f"{'-'.join(FILENAME.split('-')[:2])}.dist-info/METADATA"
        with ZipFile(wheel, "w", ZIP_LZMA) as archive:
            archive.writestr(name, "Metadata-Version: 2.1\n" * 100)
        data = bytearray(wheel.read_bytes())
        start = 30 + len(name) + 12
        data[start : start + 40] = b"\xaa" * 40
        wheel.write_bytes(data)

        with wheel.open("rb") as stream, pytest.raises(errors.NotAWheelError, match="the archive cannot be read"):
            read_member(stream, FILENAME, METADATA)

    def test_no_archive(self, tmp_path: Path, open_http: OpenHttp) -> None:
        """Not a zip at all."""
        path = tmp_path / FILENAME
        path.write_bytes(b"nothing" * 100)
        with (
            LoopbackIndex({"rich": [path]}) as server,
            pytest.raises(errors.NotAWheelError, match="the archive cannot be read"),
        ):
            metadata_of(server, open_http)


def test_cached_metadata_is_still_that_of_the_wheel(tmp_path: Path) -> None:
    """A page that gives the metadata of one project to the wheel of another is found out, from the cache too."""
    file = DistributionFile(filename=FILENAME, url="https://h/x.whl", core_metadata={"sha256": "ab" * 32})
    cache = MetadataCache(tmp_path)
    cache.get(file, lambda: b"Name: rich\nVersion: 1.0\n")

    with pytest.raises(errors.InvalidMetadataError, match="it is that of 'rich'"):
        cache.get(replace(file, filename="poor-1.0-py3-none-any.whl"), bytes)


def test_damaged_cache_entries_are_made_anew(tmp_path: Path) -> None:
    """Half an entry is no entry."""
    file = DistributionFile(filename=FILENAME, url="https://h/x.whl", core_metadata={"sha256": "ab" * 32})
    cache = MetadataCache(tmp_path)
    texts = [b"Name: rich\nVersion: 1.0\n"]
    first = cache.get(file, texts.pop)
    (path,) = tmp_path.rglob("*.json")
    path.write_text('{"name": "rich"}')

    assert path == tmp_path / "ab" / f"{'ab' * 32}.json"
    assert cache.get(file, lambda: b"Name: rich\nVersion: 1.0\n") == first
    assert cache.get(file, texts.pop) == first
