import subprocess
import sys
from pathlib import Path

import pypi_simple
import pytest

from wheelbridge.errors import WheelbridgeError
from wheelbridge.index import errors, open_index, resolve_index_url
from wheelbridge.index.http import HttpIndex
from wheelbridge.index.local import LocalIndex


def test_pypi_is_a_name() -> None:
    """Its URL is the constant of pypi-simple."""
    assert resolve_index_url("pypi") == pypi_simple.PYPI_SIMPLE_ENDPOINT.rstrip("/")


def test_folders_become_urls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Absolute and relative ones, spaces and all."""
    folder = tmp_path / "my wheels"
    folder.mkdir()
    monkeypatch.chdir(tmp_path)

    assert resolve_index_url("my wheels") == resolve_index_url(str(folder)) == folder.as_uri()
    assert isinstance(open_index("x", folder.as_uri(), cache_dir=tmp_path), LocalIndex)


@pytest.mark.parametrize("text", ["https://h.example/simple", "https://h.example/simple/", "HTTPS://h.example/simple"])
def test_urls_lose_their_last_slash(text: str, tmp_path: Path) -> None:
    """Model `Source`: a URL ends without a slash."""
    assert resolve_index_url(text).lower() == "https://h.example/simple"
    assert isinstance(open_index("x", text, cache_dir=tmp_path), HttpIndex)


@pytest.mark.parametrize("text", ["", "no such folder", "ftp://h.example/simple", "https://", "https://[", "pypy"])
def test_what_is_no_index(text: str) -> None:
    """The message repeats it, the hint says what would be one."""
    with pytest.raises(errors.InvalidIndexUrlError) as caught:
        resolve_index_url(text)

    assert str(caught.value).startswith(f"{text!r} is no index: ")
    assert "a folder of wheels" in (caught.value.hint or "")


def test_credentials_of_a_wrong_url_are_not_shown() -> None:
    """Not even if the scheme is misspelt."""
    with pytest.raises(errors.InvalidIndexUrlError) as caught:
        resolve_index_url("htps://me:secret@h.example/simple")

    assert "secret" not in str(caught.value.as_json())


@pytest.mark.parametrize(
    "url",
    [
        "https://me:123/s3cret@h.example/simple",
        "https://me:s3cret/x@h.example/simple",
        "https://me:s3cret#x@h.example/simple",
        "https://me:s3cret?x@h.example/simple",
        "https://h.example/simple?token=s3cret",
        "https://h.example/simple?token=x@s3cret",
        "https://h.example/simple#s3cret",
        "https://h.example/simple?",
        "https://h.example/@scope/simple",
        "me:s3cret@h.example/simple",
    ],
)
def test_urls_whose_login_cannot_be_told(url: str) -> None:
    """A part of a login that stands in the path would be shown and stored; the hint says how to write it."""
    with pytest.raises(errors.InvalidIndexUrlError) as caught:
        resolve_index_url(url)

    assert "s3cret" not in str(caught.value.as_json())
    assert "%2F" in (caught.value.hint or "") or "://" not in url


@pytest.mark.parametrize("url", ["https://me:p%2F%40%23s@h.example/simple", "file:///srv/a@b"])
def test_urls_whose_login_can_be_told(url: str) -> None:
    """Encoded ones; and a folder has no login."""
    assert resolve_index_url(url) == url


def test_folders_of_other_machines() -> None:
    """Their path alone would lead to a folder of this one."""
    with pytest.raises(errors.InvalidIndexUrlError, match="another machine"):
        resolve_index_url("file://server/share/wheels")


def test_codes_are_unique() -> None:
    """A program can tell the errors apart."""
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, WheelbridgeError)]
    codes = [kind.code for kind in kinds if kind is not WheelbridgeError]

    assert len(codes) == len(set(codes)) == 15
    assert "error" not in codes


def test_start_up_stays_cheap() -> None:
    """Neither requests nor pypi-simple is imported before it is needed."""
    code = (
        "import sys; from wheelbridge.index import resolve_index_url; resolve_index_url('pypi');"
        "print(sorted({'requests', 'pypi_simple', 'cachecontrol'} & sys.modules.keys()))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert result.stdout == "[]\n"
