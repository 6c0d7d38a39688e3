import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urljoin

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from packaging.utils import canonicalize_name
from pypi_simple import ProjectPage as ReferencePage

from tests.loopback import JSON_TYPE, RecordedContent
from wheelbridge.index.errors import InvalidIndexPageError, NotAnIndexPageError, UnsupportedIndexVersionError
from wheelbridge.index.page_checks import PageSource
from wheelbridge.index.page_json import _join
from wheelbridge.index.pages import parse_page
from wheelbridge.model.distribution import DistributionFile, ProjectPage

RICH = canonicalize_name("rich")
URL = "https://host.example/simple/rich/"
DIGEST = "ab" * 32


def parse(page: object, content_type: str = JSON_TYPE) -> ProjectPage:
    """Read *page* as the page of rich."""
    return parse_page(PageSource(RICH, URL, content_type, json.dumps(page).encode()))


def page_with(*files: object, **changes: object) -> dict[str, Any]:
    """Make a page."""
    return {"meta": {"api-version": "1.1"}, "name": "Rich", "files": list(files), **changes}


def file_with(**changes: object) -> dict[str, object]:
    """Make a file of a page; ``_`` in a key stands for ``-``."""
    entry = {"filename": "rich-1.0.tar.gz", "url": "../../files/rich-1.0.tar.gz", "hashes": {"sha256": DIGEST}}
    return {**entry, **{key.replace("_", "-"): value for key, value in changes.items()}}


def test_all_fields_of_a_file() -> None:
    """Every key of PEP 691 and 700 that matters arrives, relative URLs absolute, digests in lower case."""
    file = file_with(
        hashes={"sha256": DIGEST.upper(), "MD5": "0F"},
        requires_python=">=3.8",
        core_metadata={"sha256": DIGEST},
        yanked="broken",
        size=7,
        upload_time="2026-01-02T03:04:05.678901Z",
        provenance=None,
    )

    assert parse(page_with(file)) == ProjectPage(
        RICH,
        (
            DistributionFile(
                filename="rich-1.0.tar.gz",
                url="https://host.example/files/rich-1.0.tar.gz",
                hashes={"sha256": DIGEST, "md5": "0f"},
                requires_python=">=3.8",
                yanked="broken",
                core_metadata={"sha256": DIGEST},
                size=7,
                upload_time=datetime(2026, 1, 2, 3, 4, 5, 678901, UTC),
            ),
        ),
    )


@pytest.mark.parametrize(
    ("changes", "field", "expected"),
    [
        pytest.param({"yanked": True}, "yanked", "", id="yanked without a reason"),
        pytest.param({"yanked": False}, "yanked", None, id="not yanked"),
        pytest.param({"core_metadata": True}, "core_metadata", {}, id="metadata without a hash"),
        pytest.param({"core_metadata": False, "dist_info_metadata": True}, "core_metadata", None, id="PEP 714 wins"),
        pytest.param({"dist_info_metadata": True}, "core_metadata", {}, id="the key of PEP 658"),
        pytest.param({"requires_python": None}, "requires_python", None, id="no python bound"),
        pytest.param({"requires_python": ""}, "requires_python", None, id="an empty python bound"),
        pytest.param({"size": None}, "size", None, id="no size"),
        pytest.param({"url": "https://cdn.example/x#sha256=1"}, "url", "https://cdn.example/x", id="fragment"),
        pytest.param({"url": "/x?a=../b"}, "url", "https://host.example/x?a=../b", id="path and query"),
        pytest.param({"upload_time": "2026-01-02T03:04:05"}, "upload_time", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
                     id="a time without zone is UTC"),
    ],
)  # fmt: skip
def test_forms_of_a_field(changes: dict[str, object], field: str, expected: object) -> None:
    """The forms that the specifications allow."""
    (file,) = parse(page_with(file_with(**changes))).files

    assert getattr(file, field) == expected


@pytest.mark.parametrize(
    ("page", "path", "reason"),
    [
        pytest.param([], "the top", "expected an object, got an array", id="array"),
        pytest.param({}, "meta", "expected an object, got nothing", id="no meta"),
        pytest.param(page_with(meta={"api-version": 1}), "meta.api-version", "expected a text, got 1", id="version"),
        pytest.param(page_with(name="poor"), "name", "the page of 'rich' says it is that of 'poor'", id="other name"),
        pytest.param(page_with(files={}), "files", "expected an array, got an object", id="files object"),
        pytest.param(page_with(file_with(), "x"), "files[1]", "expected an object, got 'x'", id="file text"),
        pytest.param(page_with({"url": "x"}), "files[0].filename", "expected a text, got nothing", id="no filename"),
        pytest.param(page_with(file_with(filename="../x")), "files[0].filename", "no plain file name", id="climbing"),
        pytest.param(page_with(file_with(url=None)), "files[0].url", "expected a text, got nothing", id="no url"),
        pytest.param(page_with(file_with(url="//[x")), "files[0].url", "'//[x' is no URL", id="broken url"),
        pytest.param(page_with(file_with(hashes=None)), "files[0].hashes", "expected an object", id="no hashes"),
        pytest.param(page_with(file_with(hashes={"sha256": "xyz"})), "files[0].hashes.sha256", "no hexadecimal",
                     id="hash not hex"),
        pytest.param(page_with(file_with(hashes={"sha256": "abcd"})), "files[0].hashes.sha256", "not the length",
                     id="short hash"),
        pytest.param(page_with(file_with(hashes={"md5": "abc"})), "files[0].hashes.md5", "'abc' is no hexadecimal",
                     id="half a byte"),
        pytest.param(page_with(file_with(hashes={"md5": 1})), "files[0].hashes.md5", "1 is no hexadecimal",
                     id="hash number"),
        pytest.param(page_with(file_with(), file_with(size=-1)), "files[1].size", "-1 is no number of bytes",
                     id="negative size"),
        pytest.param(page_with(file_with(size=True)), "files[0].size", "True is no number of bytes", id="size true"),
        pytest.param(page_with(file_with(requires_python=3)), "files[0].requires-python", "got 3", id="python number"),
        pytest.param(page_with(file_with(yanked=1)), "files[0].yanked", "expected a boolean or a text, got 1",
                     id="yanked number"),
        pytest.param(page_with(file_with(core_metadata="x")), "files[0].core-metadata", "expected an object, got 'x'",
                     id="metadata text"),
        pytest.param(page_with(file_with(upload_time="soon")), "files[0].upload-time", "'soon' is no ISO 8601 time",
                     id="time"),
    ],
)  # fmt: skip
def test_json_that_lies(page: object, path: str, reason: str) -> None:
    """The error says where and what."""
    with pytest.raises(InvalidIndexPageError) as caught:
        parse(page)

    assert caught.value.path == path
    assert reason in caught.value.reason
    assert str(caught.value).startswith(f"The project page {URL} is invalid at {path}: ")


def test_body_that_is_no_json() -> None:
    """A cut or foreign body is told apart from JSON that lies."""
    with pytest.raises(InvalidIndexPageError, match=r"invalid at the top: it is not JSON \(Expecting value"):
        parse_page(PageSource(RICH, URL, JSON_TYPE, b"<html>"))


def test_other_media_types_are_no_pages() -> None:
    """Only JSON and HTML can be project pages."""
    with pytest.raises(NotAnIndexPageError, match="answered with 'image/png' that is no project page"):
        parse(page_with(), "image/png")


def test_files_with_foreign_schemes_are_kept() -> None:
    """They are for the solver to refuse by name; the client goes nowhere near them."""
    urls = ["file:///etc/passwd", "ftp://x/y", "https://elsewhere.example/x"]

    assert [file.url for file in parse(page_with(*(file_with(url=url) for url in urls))).files] == urls


class TestPep629:
    """PEP 629: "When encountering a major version greater than expected, clients MUST hard fail"."""

    @pytest.mark.parametrize("version", ["2.0", "2", "10.1"])
    def test_a_newer_major_version_is_refused(self, version: str) -> None:
        """The message names the version."""
        with pytest.raises(UnsupportedIndexVersionError, match=f"API version '{version}'; only 1.x is supported"):
            parse(page_with(meta={"api-version": version}))

    @pytest.mark.parametrize("version", ["1.0", "1.4", "1.99"])
    def test_a_newer_minor_version_is_fine(self, version: str) -> None:
        """So are keys that nobody knows yet."""
        page = page_with(file_with(novelty={}), meta={"api-version": version, "x": 1})

        assert len(parse(page).files) == 1


@given(
    st.lists(st.sampled_from(["..", ".", "", "files", "a.whl", "x%20y", "~b+c!1"]), min_size=1).map("/".join),
    st.sampled_from(["https://h/simple/rich/", "https://h/a/b/c", "https://h/", "https://h/simple/x/?q=1"]),
)
@example("files//a.whl", "https://h/simple/rich/")
def test_joined_urls_are_those_of_the_standard_library(url: str, base: str) -> None:
    """The short cut for the common case never gives another result."""
    assert _join(base, url) == urljoin(base, url)


@pytest.mark.shared_data
def test_recorded_pages_read_as_pypi_simple_reads_them(recorded: Any) -> None:
    """On every recorded page, the field's own library sees the same files."""
    content = RecordedContent(recorded)
    pages = sorted((recorded / "simple").iterdir())
    for path in pages:
        project = canonicalize_name(path.stem)
        source = PageSource(project, f"https://h/simple/{project}/", JSON_TYPE, path.read_bytes())
        reference = ReferencePage.from_json_data(content.page(project), source.url)
        expected = [
            DistributionFile(
                filename=package.filename,
                url=package.url,
                hashes=package.digests,
                requires_python=package.requires_python,
                yanked=(package.yanked_reason or "") if package.is_yanked else None,
                core_metadata=package.metadata_digests if package.has_metadata else None,
                size=package.size,
                upload_time=package.upload_time,
            )
            for package in reference.packages
        ]

        assert list(parse_page(source).files) == expected

    assert len(pages) == 224
