import pytest
from packaging.utils import canonicalize_name

from wheelbridge.index.errors import InvalidIndexPageError, NotAnIndexPageError, UnsupportedIndexVersionError
from wheelbridge.index.page_checks import PageSource
from wheelbridge.index.pages import parse_page
from wheelbridge.model.distribution import DistributionFile, ProjectPage

RICH = canonicalize_name("rich")
DIGEST = "ab" * 32


def parse(html: str, content_type: str = "text/html; charset=utf-8") -> ProjectPage:
    """Read *html* as the page of rich."""
    return parse_page(PageSource(RICH, "https://host.example/simple/rich/", content_type, html.encode()))


def test_all_attributes_of_a_link() -> None:
    """Hash, python bound, yank and metadata arrive; digests in lower case, entities decoded."""
    page = parse(
        f'<a href="../../files/rich-1.0-py3-none-any.whl#sha256={DIGEST.upper()}" data-requires-python="&gt;=3.8"'
        f' data-yanked="bad &amp; broken" data-core-metadata="sha256={DIGEST}">rich-1.0-py3-none-any.whl</a>'
    )

    assert page.files == (
        DistributionFile(
            filename="rich-1.0-py3-none-any.whl",
            url="https://host.example/files/rich-1.0-py3-none-any.whl",
            hashes={"sha256": DIGEST},
            requires_python=">=3.8",
            yanked="bad & broken",
            core_metadata={"sha256": DIGEST},
        ),
    )


@pytest.mark.parametrize(
    ("attributes", "field", "expected"),
    [
        pytest.param("", "core_metadata", None, id="nothing"),
        pytest.param('data-core-metadata="true"', "core_metadata", {}, id="metadata without a hash"),
        pytest.param('data-core-metadata="false"', "core_metadata", None, id="no metadata"),
        pytest.param('data-dist-info-metadata="true"', "core_metadata", {}, id="the attribute of PEP 658"),
        pytest.param(
            f'data-core-metadata="true" data-dist-info-metadata="sha256={DIGEST}"', "core_metadata", {}, id="PEP 714"
        ),
        pytest.param("data-yanked", "yanked", "", id="yanked, no value"),
        pytest.param('data-yanked=""', "yanked", "", id="yanked, empty"),
        pytest.param("", "yanked", None, id="not yanked"),
    ],
)
def test_forms_of_an_attribute(attributes: str, field: str, expected: object) -> None:
    """The forms that PEP 592, 658 and 714 allow."""
    (file,) = parse(f'<a href="rich-1.0.whl" {attributes}>rich-1.0.whl</a>').files

    assert getattr(file, field) == expected


def test_base_and_other_links() -> None:
    """``<base>`` counts; links to no distribution do not; where text and URL disagree, the URL is right.

    A file on a place where the index may not lead is kept, for the solver to refuse it by name.
    """
    page = parse(
        '<base href="https://cdn.example/f/"><a href="/">home</a> <a href="mailto:me@host.example">mail</a>'
        '<a href="rich-1.0%2Blocal-py3-none-any.whl">rich-1.0+lo...</a> <a href="ftp://x/rich-2.0.zip">rich-2.0.zip</a>'
    )

    assert [(file.filename, file.url) for file in page.files] == [
        ("rich-1.0+local-py3-none-any.whl", "https://cdn.example/f/rich-1.0%2Blocal-py3-none-any.whl"),
        ("rich-2.0.zip", "ftp://x/rich-2.0.zip"),
    ]


@pytest.mark.parametrize(
    ("html", "content_type"),
    [
        pytest.param("<title>Links for rich</title>", "text/html", id="title"),
        pytest.param("<html><body></body></html>", "text/html", id="nothing at all"),
        pytest.param('<meta name="pypi:repository-version" content="1.0"><form>', "text/html", id="version tag"),
        pytest.param("<form>", "application/vnd.pypi.simple.v1+html", id="media type"),
    ],
)
def test_empty_listings(html: str, content_type: str) -> None:
    """A project without files is a page, where it can be told from something else."""
    assert parse(html, content_type).files == ()


@pytest.mark.parametrize(
    "html",
    [
        pytest.param('<h1>Welcome to the hotel</h1><form action="/login"><input name="room"></form>', id="form"),
        pytest.param('<a href="/login">Log in</a>', id="link"),
        pytest.param('<meta http-equiv="refresh" content="0; url=/login">', id="refresh"),
        pytest.param("<script>location = '/login'</script>", id="script"),
    ],
)
def test_the_login_page_of_a_network_is_no_project_page(html: str) -> None:
    """HTML with status 200 is not believed."""
    with pytest.raises(NotAnIndexPageError) as caught:
        parse(html)

    assert str(caught.value) == (
        "https://host.example/simple/rich/ answered with 'text/html; charset=utf-8' that is no project page"
    )
    assert "login page" in (caught.value.hint or "")


def test_hash_that_is_none() -> None:
    """The error names the file."""
    with pytest.raises(InvalidIndexPageError, match=r"the link 'rich-1.0.whl', hash.sha256: 'xyz' is no hexadecimal"):
        parse('<a href="rich-1.0.whl#sha256=xyz">rich-1.0.whl</a>')


def test_link_that_cannot_be_read() -> None:
    """A broken URL is an error, not a crash."""
    with pytest.raises(InvalidIndexPageError, match="a link: it cannot be read"):
        parse('<a href="http://[x/rich-1.0.whl">rich-1.0.whl</a>')


def test_unknown_charset() -> None:
    """So is a charset that nobody knows."""
    with pytest.raises(InvalidIndexPageError, match="a link: it cannot be read"):
        parse("<a>", "text/html; charset=klingon")


def test_newer_major_version_is_refused() -> None:
    """PEP 629: "clients MUST hard fail with an appropriate error message for the user"."""
    with pytest.raises(UnsupportedIndexVersionError, match=r"'2\.0'"):
        parse('<meta name="pypi:repository-version" content="2.0">')


def test_newer_minor_version_is_fine() -> None:
    """No warning either: warnings are errors here."""
    assert parse('<meta content="1.99" name="pypi:repository-version">').files == ()


def test_index_level_variant_metadata_are_files_too() -> None:
    """PEP 825: the file "MUST be provided in all the responses where the variant wheels are included"."""
    names = ("a-1-py3-none-any-x.whl", "a-1-variants.json", "notes.json")
    links = "".join(f'<a href="{name}#sha256={"0" * 64}">{name}</a>' for name in names)
    body = f"<!DOCTYPE html><html><body>{links}</body></html>".encode()

    page = parse_page(PageSource(canonicalize_name("a"), "https://host.example/a/", "text/html", body))

    assert [file.filename for file in page.files] == ["a-1-py3-none-any-x.whl", "a-1-variants.json"]
    assert page.files[1].sha256 == "0" * 64
