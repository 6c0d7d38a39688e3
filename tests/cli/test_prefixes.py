"""Which folder ``-p`` and ``-n`` mean."""

from pathlib import Path

import pytest

from wheelbridge.cli.options import find_prefix


def test_scripts_never_name_a_way_through_a_parent(tmp_path: Path) -> None:
    """``..`` leads out of where a link leads, as it does for the system; a link itself stays."""
    (tmp_path / "far" / "sub").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "far" / "sub")
    here = tmp_path.resolve()

    assert find_prefix(tmp_path / "far" / ".." / "e", None) == here / "e"
    assert find_prefix(tmp_path / "link" / ".." / "e", None) == here / "far" / "e"
    assert find_prefix(tmp_path / "link" / "e", None) == tmp_path / "link" / "e"


def test_a_name_is_a_folder_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder of environments may be given in a roundabout way."""
    monkeypatch.setenv("CONDA_ENVS_PATH", str(tmp_path / "a" / ".." / "envs"))

    assert find_prefix(None, "work") == tmp_path.resolve() / "envs" / "work"
