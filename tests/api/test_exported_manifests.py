"""An environment as an ``environment.yml``: what pip is told of indexes."""

from dataclasses import replace
from pathlib import Path

from tests.environment.lockmaker import INDEX, LINUX, SOURCES, conda, wheel
from wheelbridge.api.exporting.describing import Described
from wheelbridge.api.exporting.manifest import Wish, make_manifest
from wheelbridge.environment.lock import Lock, LockedRequest, LockedSource, LockedTarget
from wheelbridge.environment.yml.writing import render_environment

FOLDER = LockedSource(name="wh", kind="index", url="file:///there/my%20wheels", tier=1, claim="strict")


def lines(*indexes: LockedSource, request: LockedRequest | None = None) -> list[str]:
    """Return what the section of pip begins with where wheels are from *indexes*."""
    packages = (replace(wheel(f"w{place}"), source=index.name) for place, index in enumerate(indexes))
    requested = () if request is None else ("python",)
    target = LockedTarget(name="l", target=LINUX, requested=requested, packages=(conda("python"), *packages))
    lock = Lock(targets=(target,), sources=(SOURCES[0], *indexes), request=request)
    wish = Wish(name="e", folder=Path("/there/here"), from_history=request is not None)
    text = render_environment(make_manifest(Described(lock=lock), wish))
    return [line.strip().removeprefix("- ") for line in text.splitlines() if line.startswith("  - ")]


def test_a_folder_is_where_links_are_found() -> None:
    """Pip takes no flat folder for an index; the path is relative to the file."""
    corp = replace(SOURCES[1], tier=2)

    assert lines(FOLDER)[:2] == ["--no-index", "--find-links '../my wheels'"]
    assert lines(FOLDER, corp)[:2] == ["--find-links '../my wheels'", f"--index-url {INDEX}"]


def test_an_order_that_pip_does_not_know_is_ours() -> None:
    """Folders behind an index stand in our own table."""
    assert not any(line.startswith("--") for line in lines(replace(SOURCES[1], tier=1), replace(FOLDER, tier=2)))


def test_links_are_relative_to_the_file() -> None:
    """As a lock has them."""
    request = LockedRequest(specs=("python",), links=("-e file:///there/tool[x]",))

    assert lines(FOLDER, request=request)[2:] == ["-e ../tool[x]"]
