"""Going back to revisions of a real environment, and showing them as conda does."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.lifestage import Life, Shelf, start_life
from tests.loopback import LoopbackIndex
from tests.real_python import RealChannel
from tests.realconda import NAMED, conda_command
from wheelbridge.api.life.restoring import UnavailableError
from wheelbridge.api.life.revisions import NoSuchRevisionError, prepare_revision
from wheelbridge.api.solving import Silent
from wheelbridge.installer.history import distribution, load_history, states_of
from wheelbridge.installer.listing import load_records
from wheelbridge.installer.origins import load_origins
from wheelbridge.installer.revisions import log_objects, render_log


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory, real_channel: RealChannel) -> Iterator[Life]:
    """An environment with a few revisions.

    0: python, native 1, app and lib 1.0 asked for; 1: lib updated; 2: native 2; 3: app removed, and lib with it.
    """
    folder = tmp_path_factory.mktemp("revisions")
    shelf = Shelf(folder / "shelf")
    shelf.conda("native", "1.0")
    shelf.conda("native", "2.0")
    shelf.wheel("app", "1.0", "lib>=1")
    shelf.wheel("lib", "1.0")
    shelf.wheel("lib", "2.0")
    with LoopbackIndex(shelf.wheels) as index:
        life = start_life(folder / "env", shelf, index, real_channel, folder / "cache")
        life.create("python", "native<2", "pypi:app", "pypi:lib<2")
        life.update("lib")
        life.install("native>=2")
        life.remove("app", "lib")
        yield life


def state(life: Life) -> frozenset[str]:
    """Return the distributions that ``conda-meta`` has."""
    return frozenset(distribution(record) for record in load_records(life.prefix))


def test_a_revision_is_the_packages_of_then(life: Life) -> None:
    """Those files, wheels included, and what was asked for then; the history goes on and is true."""
    states = [one.distributions for one in states_of(load_history(life.prefix))]
    count = len(states)

    life.go_back(0)

    assert life.versions == {"native": "1.0", "app": "1.0", "lib": "1.0"}
    assert state(life) == states[0]
    assert states_of(load_history(life.prefix))[count].distributions == states[0]
    assert {name: spec.replace("'", "").replace('"', "") for name, spec in life.requested.items()} == {
        "native": "native[version=<2]",
        "app": "app",
        "lib": "lib[version=<2dev0]",
    }
    assert life.lost_files() == []
    origins = load_origins(life.prefix)
    assert {name: origins[name].url for name in ("app", "lib", "native", "python")} == {
        record.name.normalized: record.url for record in load_records(life.prefix)
    }

    life.go_back(3)
    assert life.versions == {"native": "2.0"}
    assert state(life) == states[3]
    assert life.requested.keys() == {"native"}


def test_a_request_that_came_later_is_taken_back(life: Life) -> None:
    """conda: "Doing a revert right now messes up user-requested spec history"; the new revision says it all."""
    life.install("pypi:app")
    number = len(load_history(life.prefix)) - 1
    life.install("pypi:lib")
    assert life.requested.keys() == {"app", "lib", "native"}

    restoration = life.go_back(number)

    assert restoration.plan.is_empty
    assert life.requested.keys() == {"app", "native"}
    life.go_back(3)


def test_no_index_and_no_cache_are_asked_for_what_is_unpacked(life: Life) -> None:
    """The memory has the hashes, the caches the files."""
    downloads = life.settings.caches.downloads
    shutil.rmtree(downloads)
    alone = Life(life.prefix, replace(life.settings, sources=()))
    alone.go_back(1)

    assert life.versions == {"native": "1.0", "app": "1.0", "lib": "2.0"}
    assert not downloads.exists() or not any(downloads.iterdir())
    life.go_back(3)


def test_a_wheel_comes_again_from_where_it_came_from(life: Life) -> None:
    """By its own URL, where no cache has it."""
    shutil.rmtree(life.settings.caches.unpacked_wheels)
    shutil.rmtree(life.settings.caches.downloads, ignore_errors=True)
    life.go_back(0)

    assert life.versions["lib"] == "1.0"
    assert life.lost_files() == []
    life.go_back(3)


def test_an_index_that_moved_has_the_same_files(life: Life) -> None:
    """By name and hash, at another URL; without it, the files of the one that is gone are named."""
    here, shelf = life.settings.sources, life.prefix.parent / "shelf"
    with LoopbackIndex({name: [*shelf.glob(f"{name}-*.whl")] for name in ("app", "lib")}) as gone:
        sources = (*here[:2], replace(here[2], url=gone.url.rstrip("/")))
        Life(life.prefix, replace(life.settings, sources=sources)).install("pypi:app")
    number = len(load_history(life.prefix)) - 1
    life.remove("app")
    for folder in (life.settings.caches.unpacked_wheels, life.settings.caches.downloads):
        shutil.rmtree(folder, ignore_errors=True)

    with pytest.raises(UnavailableError) as caught:
        Life(life.prefix, replace(life.settings, sources=here[:2])).go_back(number)
    assert f"Revision {number} cannot be restored" in caught.value.message
    assert "-i" in str(caught.value.hint)

    life.go_back(number)
    assert "app" in life.versions
    life.go_back(3)


def test_what_nobody_remembers_is_looked_for(life: Life) -> None:
    """As conda does it, by name, version and build, in the source that it came from; wheels alike."""
    shutil.rmtree(life.prefix / "conda-meta" / "wheelbridge-past")
    life.go_back(0)

    assert life.versions == {"native": "1.0", "app": "1.0", "lib": "1.0"}
    life.go_back(3)


def test_what_cannot_be_found_is_named(life: Life) -> None:
    """All of it, with the place it came from, and nothing is touched."""
    past = life.prefix / "conda-meta" / "wheelbridge-past"
    kept = past.rename(past.with_name("kept"))
    bare = Life(life.prefix, replace(life.settings, sources=()))
    before = state(life)
    with pytest.raises(UnavailableError) as caught:
        bare.go_back(0)
    kept.rename(past)

    assert {name.rpartition("::")[2].rsplit("-", 2)[0] for name in caught.value.missing} == {"app", "lib", "native"}
    assert all("is not among the sources" in reason for reason in caught.value.missing.values())
    assert state(life) == before


@pytest.mark.parametrize("number", [-1, 99])
def test_no_such_revision(life: Life, number: int) -> None:
    """conda: CondaIndexError; the range is told."""
    with pytest.raises(NoSuchRevisionError, match=rf"has no revision {number}: it has 0 to "):
        prepare_revision(life.prefix, number, life.settings, Silent())


def test_the_present_revision_is_nothing_to_do(life: Life) -> None:
    """Neither packages nor history change."""
    before = load_history(life.prefix)
    restoration = life.go_back(len(before) - 1)

    assert restoration.plan.is_empty
    assert load_history(life.prefix) == before


@pytest.mark.conda
@pytest.mark.skipif(NAMED is None, reason="WHEELBRIDGE_TEST_CONDA names no conda; its revisions were not compared")
def test_conda_shows_the_same_revisions(life: Life, tmp_path: Path) -> None:
    """``conda list --revisions``, as text and as JSON, to the letter."""
    revisions = load_history(life.prefix)
    (tmp_path / "condarc").write_text("channels: []\n")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("CONDA", "PYTHON"))}

    def conda(*more: str) -> str:
        command = [*conda_command(), "list", "-p", str(life.prefix), *more]
        environ = {**kept, "CONDARC": str(tmp_path / "condarc")}
        return subprocess.run(command, env=environ, capture_output=True, text=True, check=True).stdout

    assert conda("--revisions").rstrip("\n") == render_log(revisions).rstrip("\n")
    assert json.loads(conda("--revisions", "--json")) == log_objects(revisions)
    assert {item["name"]: item["version"] for item in json.loads(conda("--json"))}.keys() - {"python"} == (
        life.versions.keys()
    )
