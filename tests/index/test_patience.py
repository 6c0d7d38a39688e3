"""How long to wait for servers, and how often to ask again, is for the environment to say."""

from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from tests.loopback import LoopbackIndex, delayed, status
from wheelbridge.errors import UsageError
from wheelbridge.index.client import open_index
from wheelbridge.index.errors import IndexUnavailableError
from wheelbridge.index.patience import RetryPolicy, read_policy

RICH = canonicalize_name("rich")


def test_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty variable says nothing."""
    monkeypatch.setenv("WHEELBRIDGE_HTTP_RETRIES", "")

    assert read_policy() == RetryPolicy()


def test_all_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seconds may have a fraction."""
    for name, text in (("RETRIES", "0"), ("TIMEOUT", "12.5"), ("CONNECT_TIMEOUT", "3")):
        monkeypatch.setenv(f"WHEELBRIDGE_HTTP_{name}", text)

    assert read_policy() == RetryPolicy(total=0, timeout=12.5, connect=3.0)
    assert read_policy().timeouts == (3.0, 12.5)


def test_a_connection_has_the_same_limit() -> None:
    """Where nothing else is said of it."""
    assert RetryPolicy(timeout=2.0).timeouts == (2.0, 2.0)


@pytest.mark.parametrize("text", ["often", "-1", "1e3", "inf"])
def test_no_number(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """The variable is named."""
    monkeypatch.setenv("WHEELBRIDGE_HTTP_RETRIES", text)

    with pytest.raises(UsageError, match="WHEELBRIDGE_HTTP_RETRIES"):
        read_policy()


def test_an_index_goes_by_it(server: LoopbackIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One request, and no waiting."""
    monkeypatch.setenv("WHEELBRIDGE_HTTP_RETRIES", "0")
    monkeypatch.setenv("WHEELBRIDGE_HTTP_TIMEOUT", "0.1")
    index = open_index("it", server.url, cache_dir=tmp_path)
    server.fail("/simple/rich/", status(503), times=1)
    with pytest.raises(IndexUnavailableError):
        index.project_page(RICH)
    assert server.count("/simple/rich/") == 1

    server.fail("/simple/rich/", delayed(5))
    with pytest.raises(IndexUnavailableError, match="does not answer in time"):
        index.project_page(RICH)
