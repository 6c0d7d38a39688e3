"""The routes that an environment brings along, by its memory or by its records alone."""

from pathlib import Path

import pytest

from tests.writtenprefix import write_prefix
from wheelbridge.api.origins import standing_routes
from wheelbridge.index.client import resolve_index_url
from wheelbridge.installer.listing import load_records
from wheelbridge.model.source import Route, Source

CORP = "https://corp.example/simple"
FILE = "https://files.example/voice-1.0-py3-none-any.whl"
PUBLIC = resolve_index_url("pypi")
PYPI = Source(name="pypi", kind="index", url=PUBLIC, tier=0)
MINE = Source(name="mine", kind="index", url="https://mine.example/simple", tier=1, claim="strict")


def routes(prefix: Path, channel: str, *sources: Source, url: str = FILE) -> tuple[Route, ...]:
    """Return the routes of an environment whose one package somebody else put there."""
    record = {"name": "voice", "version": "1.0", "channel": channel, "url": url, "fn": url.rpartition("/")[2]}
    write_prefix(prefix, [record])
    return standing_routes(prefix, load_records(prefix), sources)


@pytest.mark.parametrize(
    ("channel", "bound"),
    [
        pytest.param(CORP, CORP, id="an index"),
        pytest.param(f"{CORP}/noarch", CORP, id="a channel, as conda writes it"),
        pytest.param("<unknown>", FILE, id="a file that was named by its URL"),
        pytest.param("https://me:secret@corp.example/simple", CORP, id="an index, and never a login"),
        pytest.param("file:///srv/wheels", "file:///srv/wheels", id="a folder"),
    ],
)
def test_a_wheel_that_nobody_remembers_is_private(tmp_path: Path, channel: str, bound: str) -> None:
    """A public package of its name cannot take its place."""
    (route,) = routes(tmp_path, channel, PYPI)

    assert (route.pattern, route.sources) == ("conda:voice", (bound,))
    assert "private" in route.origin


@pytest.mark.parametrize("channel", [PUBLIC, "pypi", "conda-forge", "https://conda.anaconda.org/conda-forge/noarch"])
def test_what_is_of_a_large_public_source_is_free(tmp_path: Path, channel: str) -> None:
    """Its name is everybody's."""
    assert routes(tmp_path, channel, PYPI) == ()


def test_it_may_come_from_another_private_source(tmp_path: Path) -> None:
    """As what is remembered may."""
    (route,) = routes(tmp_path, CORP, PYPI, MINE)

    assert route.sources == ("mine",)


def test_its_own_source_says_what_it_claims(tmp_path: Path) -> None:
    """Where it is among those of the command."""
    assert routes(tmp_path, CORP, Source(name="corp", kind="index", url=CORP, tier=1), PYPI) == ()


def test_conda_packages_are_free(tmp_path: Path) -> None:
    """Channels are configured for all environments, and conda itself moves packages between them."""
    assert routes(tmp_path, CORP, PYPI, url="https://corp.example/noarch/voice-1.0-0.conda") == ()
