"""Tables are written whole, to where a path leads, and nothing is left beside them."""

import os
import sys
from pathlib import Path

import pytest

from wheelbridge.tables.writing import write_file


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    """Whoever keeps the map elsewhere finds the row there."""
    real, link = tmp_path / "real" / "names.yaml", tmp_path / "names.yaml"
    real.parent.mkdir()
    real.write_text("a: b\n")
    try:
        link.symlink_to(real)
    except OSError:
        pytest.skip("links cannot be made here")

    write_file(link, b"c: d\n")

    assert link.is_symlink()
    assert real.read_text() == "c: d\n"
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["names.yaml", "names.yaml", "real"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such permissions")
def test_permissions_stay(tmp_path: Path) -> None:
    """Of a file that was there."""
    path = tmp_path / "names.yaml"
    path.touch(mode=0o640)
    path.chmod(0o640)

    write_file(path, b"x")

    assert path.stat().st_mode & 0o777 == 0o640


def test_a_new_file_gets_its_folder(tmp_path: Path) -> None:
    """The inputs of the generated tables are kept in one that may not be there yet."""
    write_file(tmp_path / "new" / "file", b"x")

    assert (tmp_path / "new" / "file").read_bytes() == b"x"


def test_what_cannot_be_written_leaves_nothing_and_is_named(tmp_path: Path) -> None:
    """Not the part, whose name nobody knows."""
    path = tmp_path / "names.yaml"
    path.mkdir()

    with pytest.raises(OSError, match=r"names\.yaml") as caught:
        write_file(path, b"x")

    assert caught.value.filename == str(path)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root may give files away")
def test_the_owner_stays(tmp_path: Path) -> None:
    """And the group."""
    path = tmp_path / "x"
    path.write_bytes(b"old")
    os.chown(path, 4321, 1234)

    write_file(path, b"new")

    assert (path.read_bytes(), path.stat().st_uid, path.stat().st_gid) == (b"new", 4321, 1234)


def test_what_may_not_be_written_is_not_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Although the folder would allow it; root may write everything, so the system is made to say no."""
    path = tmp_path / "x"
    path.write_bytes(b"old")
    path.chmod(0o444)
    monkeypatch.setattr(os, "access", lambda place, mode: mode != os.W_OK or Path(place) != path)

    with pytest.raises(PermissionError) as caught:
        write_file(path, b"new")

    assert (caught.value.filename, path.read_bytes(), len(list(tmp_path.iterdir()))) == (str(path), b"old", 1)
