"""Credentials in the URL of an index open it, and are found nowhere afterwards."""

import base64
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.e2e.conftest import Environment
from tests.loopback import LoopbackIndex, edited, login

SECRET = "s3cr3t"  # noqa: S105 - nobody's
LOGIN = base64.b64encode(f"me:{SECRET}".encode()).decode()
TRACES = (SECRET.encode(), LOGIN.rstrip("=").encode())


@pytest.fixture
def private(index: LoopbackIndex) -> Iterator[str]:
    """An index that nobody enters without a login; the URL has it."""
    index.fail("/", login(LOGIN))
    yield index.url.replace("://", f"://me:{SECRET}@")
    assert index.count(code=200)


def traces(*folders: Path) -> list[Path]:
    """Return the files below *folders* that hold the secret, in the clear or as it is sent."""
    files = (path for folder in folders for path in folder.rglob("*") if path.is_file())
    return [path for path in files if any(trace in path.read_bytes() for trace in TRACES)]


def test_they_are_stored_nowhere(run: Run, environment: Environment, private: str, tmp_path: Path) -> None:
    """Neither in the environment, its history and its records, nor in a cache, nor in what is said."""
    options = ("-p", str(environment.prefix), "-c", environment.channel)
    command = [sys.executable, "-m", "wheelbridge", "create", *options, "-i", private, "python", "pypi:app", "-y", "-v"]
    made = subprocess.run(command, capture_output=True, text=True, check=False)  # its own argv goes into the history
    assert made.returncode == 0, made.stderr
    ran = [
        run("install", *options, "-i", f"mine={private}", "pypi:extra-thing", "-y", "--json"),
        run("solve", *options[2:], "-i", private, "python", "pypi:app", "-v"),
        run("list", *options[:2]),
        run("list", *options[:2], "--json"),
        run("remove", *options[:2], "pypi:Extra_Thing", "-y"),
    ]
    assert [attempt.code for attempt in ran] == [0] * len(ran)
    said = [made.stdout, made.stderr, *(attempt.out + attempt.err for attempt in ran)]

    assert [text for text in said if any(trace.decode() in text for trace in TRACES)] == []
    assert "create" in (environment.prefix / "conda-meta" / "history").read_text()
    assert (tmp_path / "cache").is_dir()
    assert traces(environment.prefix, tmp_path / "cache") == []


@pytest.mark.parametrize("as_json", [(), ("--json",)], ids=["text", "json"])
def test_errors_do_not_show_them(
    run: Run, environment: Environment, private: str, index: LoopbackIndex, as_json: tuple[str, ...]
) -> None:
    """What is not found, what fails, what is refused, what cannot be read."""
    wrong = private.replace("me:", "me:x")
    options = ("-c", environment.channel, *as_json)
    ran = [
        run("solve", *options, "-i", private, "python", "pypi:nonesuch"),
        run("solve", *options, "-i", private, "python", "pypi:app>9"),
        run("solve", *options, "-i", wrong, "python", "pypi:app"),
        run("solve", *options, "-i", private.replace("http:", "ftp:"), "python", "pypi:app"),
        run("solve", *options, "-i", private.replace("127.0.0.1", "[::1"), "python", "pypi:app"),
    ]
    index.fail("/simple/lib/", edited(lambda page: page.update(files="none")))
    ran.append(run("solve", *options, "-i", private, "python", "pypi:app"))

    assert [attempt.code for attempt in ran] == [1] * len(ran)
    assert [attempt for attempt in ran if SECRET in attempt.out + attempt.err] == []
    if as_json:
        codes = ("package-not-found", "unsatisfiable", "index-unauthorized", "invalid-index-url", "invalid-index-url")
        assert [attempt.json["error"]["code"] for attempt in ran] == [*codes, "invalid-index-page"]


def test_without_them_the_index_is_closed(run: Run, environment: Environment, index: LoopbackIndex) -> None:
    """A 401 is no "not found"."""
    index.fail("/", login(LOGIN))
    ran = run("create", *environment.options, "python", "pypi:app", "-y", "--json")

    assert ran.json["error"]["code"] == "index-unauthorized"
    assert not environment.prefix.exists()


@pytest.mark.parametrize("as_json", [(), ("--json",)], ids=["text", "json"])
@pytest.mark.parametrize("option", ["-c", "--channel="])
@pytest.mark.parametrize("url", [f"http://me:{SECRET}/x@127.0.0.1:9/c", f"http://127.0.0.1:9/c?token={SECRET}"])
def test_a_channel_whose_login_cannot_be_read(run: Run, url: str, option: str, as_json: tuple[str, ...]) -> None:
    """It is refused before anything is asked; the hint says how to write it."""
    ran = run("solve", *((option, url) if option == "-c" else (option + url,)), "python", *as_json)

    assert ran.code == 2
    assert "127.0.0.1:9/c is no URL of a channel" in ran.out + ran.err
    assert SECRET not in ran.out + ran.err
    if as_json:
        assert ran.json["error"]["code"] == "usage"
        assert "%2F" in ran.json["error"]["hint"]
