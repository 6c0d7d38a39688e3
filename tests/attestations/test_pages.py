"""PEP 740: where a page says that the provenance of a file is."""

import json
from pathlib import Path

import pytest

from tests.index.conftest import QUICK, write_wheel
from tests.loopback import HTML_TYPE, JSON_TYPE, LoopbackIndex, body, with_headers
from wheelbridge.index.errors import InvalidIndexPageError
from wheelbridge.index.http import HttpIndex
from wheelbridge.index.local import LocalIndex
from wheelbridge.index.page_checks import PageSource
from wheelbridge.index.pages import parse_page
from wheelbridge.model.boundaries import BreachError
from wheelbridge.model.distribution import DistributionFile
from wheelbridge.model.name import NormalizedName

LIB = NormalizedName("lib")
WHEEL = "lib-1.0-py3-none-any.whl"
PLACE = f"https://host.example/integrity/{WHEEL}/provenance"


def parse_json(value: object) -> str | None:
    """Return the provenance of a file on a JSON page."""
    entry = {"filename": WHEEL, "url": WHEEL, "hashes": {}, "provenance": value}
    page = {"meta": {"api-version": "1.3"}, "name": "lib", "files": [entry]}
    return _parse(json.dumps(page), JSON_TYPE)


def parse_html(attribute: str) -> str | None:
    """Return the provenance of a file on an HTML page."""
    return _parse(f'<a href="{WHEEL}" {attribute}>{WHEEL}</a>', HTML_TYPE)


def _parse(page: str, content_type: str) -> str | None:
    (file,) = parse_page(PageSource(LIB, "https://host.example/simple/lib/", content_type, page.encode())).files
    return file.provenance


def test_a_json_page() -> None:
    """PEP 740: "SHALL be either a JSON string or ``null``"."""
    assert (parse_json(PLACE), parse_json(None)) == (PLACE, None)
    with pytest.raises(InvalidIndexPageError, match=r"files\[0\]\.provenance: expected a text, got 1"):
        parse_json(1)


def test_an_html_page() -> None:
    """PEP 740: ``data-provenance``."""
    assert parse_html(f'data-provenance="{PLACE}"') == PLACE
    assert parse_html("") is None
    assert parse_html('data-provenance=""') is None


def test_a_folder(tmp_path: Path) -> None:
    """In a folder it lies beside the file."""
    path = write_wheel(tmp_path, "lib")
    index = LocalIndex("local", tmp_path.as_uri())
    (before,) = index.project_page(LIB).files
    beside = path.with_name(f"{path.name}.provenance")
    beside.write_bytes(b"{}")
    (after,) = index.project_page(LIB).files

    assert (before.provenance, index.provenance(before)) == (None, None)
    assert (after.provenance, index.provenance(after)) == (beside.as_uri(), b"{}")
    beside.unlink()
    assert index.provenance(after) is None


@pytest.mark.parametrize(
    ("place", "code"),
    [
        ("../relative", "foreign-scheme"),
        ("http://host.example/provenance", "insecure-url"),
        ("https://host.example/provenance", "foreign-host"),
        ("file:///etc/passwd", "foreign-scheme"),
    ],
)
def test_where_an_index_may_not_lead(tmp_path: Path, place: str, code: str) -> None:
    """PEP 740: "a fully qualified URL", "a secure origin"; and the hosts that the source trusts. Nothing is asked."""
    file = DistributionFile(filename=WHEEL, url=WHEEL, provenance=place)

    with LoopbackIndex({}) as server, pytest.raises(BreachError) as failed:
        HttpIndex("corp", server.url, cache_dir=tmp_path, policy=QUICK).provenance(file)

    assert failed.value.code == code
    assert server.requests == []


def test_a_folder_leads_to_files_only(tmp_path: Path) -> None:
    """As with the files themselves."""
    with pytest.raises(BreachError):
        LocalIndex("local", tmp_path.as_uri()).provenance(DistributionFile(filename=WHEEL, url=WHEEL, provenance=PLACE))


def test_an_index_on_the_network(tmp_path: Path) -> None:
    """It is asked as for everything else: cached, for offline work too; what is not there is None."""
    with LoopbackIndex({}) as server:
        server.fail("/provenance", body(b"{}", "application/json"))
        server.fail("/provenance", with_headers({"Cache-Control": "max-age=600"}))
        index, offline = (
            HttpIndex("corp", server.url, cache_dir=tmp_path, policy=QUICK, offline=offline)
            for offline in (False, True)
        )
        here = DistributionFile(filename=WHEEL, url=WHEEL, provenance=f"{server.root}/provenance")
        gone = DistributionFile(filename=WHEEL, url=WHEEL, provenance=f"{server.root}/gone")

        assert (index.provenance(here), index.provenance(gone)) == (b"{}", None)
        asked = len(server.requests)
        assert offline.provenance(here) == b"{}"
        assert len(server.requests) == asked
