"""Clones of a real environment, and its end."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.condapackages import index_channel, make_conda
from tests.installer.wheelmaker import SUBDIR, clean_env
from tests.lifestage import Life, Shelf, start_life
from tests.linkstage import write_project
from tests.loopback import LoopbackIndex
from tests.real_python import RealChannel
from wheelbridge.api.life.cloning import UnmanagedClonedError, prepare_clone
from wheelbridge.api.life.erasing import EnvironmentInUseError, erase, prepare_erasure
from wheelbridge.api.life.restoring import UnavailableError
from wheelbridge.environment.manifest import Link
from wheelbridge.installer.errors import NotAnEnvironmentError, PrefixNotEmptyError
from wheelbridge.installer.listing import load_records
from wheelbridge.installer.origins import load_origins
from wheelbridge.installer.past import read_direct_url

ENTRY = "app-1.0.dist-info/entry_points.txt"


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory, real_channel: RealChannel) -> Iterator[Life]:
    """An environment with a package that has its prefix in a text, and a wheel with a script."""
    folder = tmp_path_factory.mktemp("clones")
    shelf = Shelf(folder / "shelf")
    shelf.conda("native", "1.0")
    text = "root=/opt/placeholder_placeholder\n"
    entry = {"_path": "etc/native.conf", "path_type": "hardlink", "prefix_placeholder": "/opt/placeholder_placeholder"}
    paths = {"paths_version": 1, "paths": [{**entry, "file_mode": "text"}]}
    make_conda(
        shelf.channel,
        "rooted",
        "1.0",
        {"etc/native.conf": text},
        subdir=SUBDIR,
        info={"info/paths.json": json.dumps(paths)},
    )
    index_channel(shelf.channel)
    code = "import sys\n\n\ndef main() -> None:\n    print(sys.prefix)\n".replace("\\\n", "\n")
    shelf.wheel("app", "1.0", files={"app.py": code, ENTRY: "[console_scripts]\nrun-app = app:main\n"})
    with LoopbackIndex(shelf.wheels) as index:
        life = start_life(folder / "env", shelf, index, real_channel, folder / "cache")
        life.create("python", "native<2", "rooted", "pypi:app")
        life.pin("native <2")
        yield life


def test_a_clone_is_the_same_elsewhere(life: Life, tmp_path: Path) -> None:
    """The same files, with its own paths in them; requests, pins and origins; one revision."""
    notes = life.prefix / "notes.txt"
    notes.write_text("mine")
    clone = life.clone(tmp_path / "copy")
    copy = Life(tmp_path / "copy", life.settings)

    assert clone.left == ("notes.txt",)
    notes.unlink()
    assert [(one.url, one.sha256) for one in load_records(copy.prefix)] == [
        (one.url, one.sha256) for one in load_records(life.prefix)
    ]
    assert copy.requested == life.requested
    assert copy.lost_files() == []
    assert not (copy.prefix / "notes.txt").exists()
    assert (copy.prefix / "etc" / "native.conf").read_text() == f"root={copy.prefix}\n"
    run = subprocess.run([copy.prefix / "bin" / "run-app"], capture_output=True, text=True, check=True, env=clean_env())
    assert run.stdout.strip() == str(copy.prefix)
    assert (copy.prefix / "conda-meta" / "pinned").read_text() == "native <2\n"
    assert load_origins(copy.prefix) == load_origins(life.prefix)
    assert (copy.prefix / "conda-meta" / "history").read_text().count("==>") == 1


def test_what_another_tool_put_there_is_not_left_out_silently(life: Life, tmp_path: Path) -> None:
    """A clone without it would be another environment."""
    site = next(life.prefix.rglob("site-packages"))
    info = site / "foreign-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: foreign\nVersion: 1.0\n")
    (info / "RECORD").write_text("foreign-1.0.dist-info/METADATA,,\nforeign-1.0.dist-info/RECORD,,\n")
    try:
        with pytest.raises(UnmanagedClonedError, match=r"foreign 1\.0"):
            prepare_clone(life.prefix, tmp_path / "copy", life.settings)
    finally:
        for path in info.iterdir():
            path.unlink()
        info.rmdir()
    assert not (tmp_path / "copy").exists()


class TestEditable:
    """A project in a folder has no wheel that anybody keeps; it is built of its folder again."""

    @pytest.fixture
    def linked(self, life: Life, tmp_path: Path) -> Life:
        """The environment with such a project, and caches that have nothing of it."""
        write_project(tmp_path / "tool")
        link = Link(kind="folder", url=(tmp_path / "tool").as_uri(), editable=True, given="tool")
        stage = Life(tmp_path / "env", replace(life.settings, links=(link,)))
        stage.create("python")
        shutil.rmtree(life.settings.caches.unpacked_wheels)
        return Life(stage.prefix, life.settings)

    def test_it_is_built_anew(self, linked: Life, tmp_path: Path) -> None:
        """And is editable in the clone."""
        copy = linked.clone(tmp_path / "copy").restoration.transaction.prefix
        (tmp_path / "tool" / "tool.py").write_text("WORD = 'second'\n")

        said = subprocess.run(
            [copy / "bin" / "python", "-c", "import tool; print(tool.WORD)"],
            capture_output=True,
            text=True,
            check=True,
            env=clean_env(),
        )
        assert said.stdout == "second\n"
        (record,) = (one for one in load_records(copy) if one.name.normalized == "tool")
        assert read_direct_url(copy, record) == read_direct_url(linked.prefix, record)

    def test_without_its_folder_that_is_refused_before_anything(self, linked: Life, tmp_path: Path) -> None:
        """With the folder named."""
        (tmp_path / "tool").rename(tmp_path / "moved")
        with pytest.raises(UnavailableError, match=f"tool .it was built of {tmp_path / 'tool'}") as caught:
            prepare_clone(linked.prefix, tmp_path / "copy", linked.settings)
        assert "Put it back" in str(caught.value.hint)
        assert not (tmp_path / "copy").exists()


def test_from_and_to_places_that_are_none(life: Life, tmp_path: Path) -> None:
    """An environment there, nothing here."""
    with pytest.raises(NotAnEnvironmentError):
        prepare_clone(tmp_path, tmp_path / "copy", life.settings)
    with pytest.raises(PrefixNotEmptyError):
        prepare_clone(life.prefix, life.prefix, life.settings)


def test_a_clone_goes_whole(life: Life, tmp_path: Path) -> None:
    """Its folder with what is in it; the caches and the other environment stay."""
    life.clone(tmp_path / "copy")
    (tmp_path / "copy" / "mine.txt").write_text("x")
    erasure = prepare_erasure(tmp_path / "copy")
    erase(erasure)

    assert erasure.foreign == ("mine.txt",)
    assert list(tmp_path.iterdir()) == []
    assert life.lost_files() == []


def test_what_is_needed_does_not_go(life: Life, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The active environment, and one that holds others."""
    monkeypatch.setenv("CONDA_PREFIX", str(life.prefix))
    with pytest.raises(EnvironmentInUseError, match="deactivate"):
        prepare_erasure(life.prefix)
    monkeypatch.delenv("CONDA_PREFIX")
    (life.prefix / "envs").mkdir()
    with pytest.raises(EnvironmentInUseError, match="envs/"):
        prepare_erasure(life.prefix)
    (life.prefix / "envs").rmdir()
    (tmp_path / "link").symlink_to(life.prefix)
    with pytest.raises(EnvironmentInUseError, match="is a link to"):
        prepare_erasure(tmp_path / "link")
    with pytest.raises(NotAnEnvironmentError):
        prepare_erasure(tmp_path)
