import hashlib
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from packaging.utils import canonicalize_name

from tests.index.conftest import write_wheel
from wheelbridge.index import Index, errors, open_index, resolve_index_url
from wheelbridge.model.boundaries import ForeignSchemeError

RICH = canonicalize_name("rich")
ZOPE = canonicalize_name("zope.interface")


def open_local(folder: Path) -> Index:
    """Open *folder* as a user would name it."""
    return open_index("local", resolve_index_url(str(folder)), cache_dir=folder / "unused")


def test_flat_folder(tmp_path: Path) -> None:
    """Wheels and sdists lie in it, as for pip's ``--find-links``; others are not the project's."""
    wheel = write_wheel(tmp_path)
    write_wheel(tmp_path, "rich-click", "2.0")
    write_wheel(tmp_path, "zope.interface", "6.0", tag="cp312-cp312-win32")
    for name in (
        "rich-0.9.tar.gz",
        "rich-click-1.0.tar.gz",
        "rich-notes.txt",
        "richer-1.0-py3-none-any.whl",
        "rich-x.zip",
    ):
        (tmp_path / name).touch()
    index = open_local(tmp_path)

    sdist, file = index.project_page(RICH).files

    assert sdist.filename == "rich-0.9.tar.gz"
    assert (file.filename, file.url, file.size) == (wheel.name, wheel.as_uri(), wheel.stat().st_size)
    assert (file.core_metadata, file.upload_time) == (None, None)
    assert [file.filename for file in index.project_page(ZOPE).files] == ["zope_interface-6.0-cp312-cp312-win32.whl"]
    assert index.core_metadata(file).requires_dist == ("pygments>=2",)


def test_hashes_are_computed_when_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not for the page, then once, and again when the file changes."""
    wheel = write_wheel(tmp_path)
    index = open_local(tmp_path)
    digests: list[str] = []
    compute = hashlib.file_digest

    def count(stream: Any, algorithm: Any) -> Any:
        digests.append(algorithm)
        return compute(stream, algorithm)

    monkeypatch.setattr(hashlib, "file_digest", count)

    (file,) = index.project_page(RICH).files
    assert not digests
    assert file.sha256 == hashlib.sha256(wheel.read_bytes()).hexdigest()
    assert dict(file.hashes) == dict(index.project_page(RICH).files[0].hashes)
    assert len(digests) == 1
    write_wheel(tmp_path, headers="Summary: changed\n")
    assert file.sha256 == hashlib.sha256(wheel.read_bytes()).hexdigest()
    assert len(digests) == 2


@pytest.mark.parametrize("name", ["zope-interface", "zope.interface", "Zope_Interface"])
def test_project_folders(tmp_path: Path, name: str) -> None:
    """The layout of the simple API, whatever the spelling."""
    write_wheel(tmp_path / name, "zope.interface", "6.0")

    (file,) = open_local(tmp_path).project_page(ZOPE).files

    assert file.filename == "zope_interface-6.0-py3-none-any.whl"


def test_listed_files(tmp_path: Path) -> None:
    """A static simple index: relative URLs to files elsewhere on disk, hashes as listed."""
    wheel = write_wheel(tmp_path / "files")
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    page = tmp_path / "simple" / "rich" / "index.html"
    page.parent.mkdir(parents=True)
    page.write_text(
        f'<a href="../../files/{wheel.name}#sha256={digest}">{wheel.name}</a>'
        '<a href="https://h/rich-2.0.zip">rich-2.0.zip</a>'
    )
    index = open_local(tmp_path / "simple")

    file, elsewhere = index.project_page(RICH).files

    assert (file.url, file.hashes) == (wheel.as_uri(), {"sha256": digest})
    assert index.core_metadata(file).name == "rich"
    assert index.download(file, tmp_path / "got").read_bytes() == wheel.read_bytes()
    assert elsewhere.url == "https://h/rich-2.0.zip"
    for ask in (index.core_metadata, index.variants, lambda file: index.download(file, tmp_path / "got")):
        with pytest.raises(ForeignSchemeError, match="'local' may not lead to https://h/rich"):
            ask(elsewhere)


def test_listed_as_json(tmp_path: Path) -> None:
    """So with a page of PEP 691."""
    (tmp_path / "rich").mkdir()
    (tmp_path / "rich" / "index.json").write_text(
        '{"meta": {"api-version": "1.0"}, "name": "rich", "files": [{"filename": "r.whl", "url": "r.whl",'
        ' "hashes": {}}]}'
    )

    (file,) = open_local(tmp_path).project_page(RICH).files

    assert file.url == (tmp_path / "rich" / "r.whl").as_uri()


def test_download_is_checked(tmp_path: Path) -> None:
    """A wrong hash leaves nothing behind; a right copy reports its progress."""
    write_wheel(tmp_path)
    index = open_local(tmp_path)
    (file,) = index.project_page(RICH).files
    counts: list[int] = []

    assert index.download(file, tmp_path / "got", counts.append).name == file.filename
    assert sum(counts) == file.size
    with pytest.raises(errors.HashMismatchError):
        index.download(replace(file, hashes={"sha256": "ab" * 32}), tmp_path / "bad")
    assert not list((tmp_path / "bad").iterdir())


@pytest.mark.skipif(sys.platform == "win32", reason="it has no such files")
def test_what_is_no_regular_file(tmp_path: Path) -> None:
    """To open a pipe would be to wait for somebody who writes."""
    pipe = tmp_path / "rich-1.0-py3-none-any.whl"
    os.mkfifo(pipe)
    (tmp_path / "listed" / "rich").mkdir(parents=True)
    index = open_local(tmp_path)
    (tmp_path / "listed" / "rich" / "index.html").write_text(f'<a href="{pipe.as_uri()}">{pipe.name}</a>')
    (file,) = open_local(tmp_path / "listed").project_page(RICH).files

    with pytest.raises(errors.ProjectNotFoundError):
        index.project_page(RICH)
    for ask in (index.core_metadata, index.variants, lambda file: index.download(file, tmp_path / "got")):
        with pytest.raises(errors.FileNotOnIndexError):
            ask(file)
    assert index.provenance(replace(file, provenance=file.url)) is None


def test_what_is_not_there(tmp_path: Path) -> None:
    """Project, file and folder."""
    wheel = write_wheel(tmp_path)
    index = open_local(tmp_path)
    (file,) = index.project_page(RICH).files
    wheel.unlink()

    with pytest.raises(errors.ProjectNotFoundError, match=r"The index 'local' \(file://.*\) has no project 'rich'"):
        index.project_page(RICH)
    with pytest.raises(errors.FileNotOnIndexError, match=r"The index lists 'rich-1\.0-py3-none-any\.whl', but"):
        index.core_metadata(file)
    with pytest.raises(errors.FileNotOnIndexError):
        index.download(file, tmp_path / "got")
    with pytest.raises(errors.InvalidIndexUrlError, match="is no index: there is no such folder"):
        open_index("x", (tmp_path / "missing").as_uri(), cache_dir=tmp_path)
