"""Tables that came with an installed package are not edited: the look-up files that came with them would not follow."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from wheelbridge.errors import UsageError
from wheelbridge.tables import find_mappings
from wheelbridge.tables.build import build_tables
from wheelbridge.tables.locate import PACKAGE
from wheelbridge.tables.shipped import refuse_shipped

ROW = ("add", "zz-new", "--conda", "tzdata", "--relation", "tool", "--reason", "a", "--evidence", "b", "--yes")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Lay the package out as its wheel does."""
    site = tmp_path_factory.mktemp("site")
    shutil.copytree(PACKAGE, site / "wheelbridge", ignore=shutil.ignore_patterns("__pycache__", "_data"))
    shutil.copytree(find_mappings(), site / "wheelbridge" / "_mappings")
    build_tables(find_mappings(), site / "wheelbridge" / "_data" / "built")
    return site


def call(site: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the installed package."""
    environment = os.environ | {"PYTHONPATH": str(site), "WHEELBRIDGE_CACHE_DIR": str(site / "cache")}
    command = [sys.executable, "-m", "wheelbridge", "map", *arguments]
    return subprocess.run(command, cwd=site, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("arguments", [ROW, ("lint", "--fix"), ("sync",)], ids=["add", "lint", "sync"])
def test_they_are_not_edited(site: Path, arguments: tuple[str, ...]) -> None:
    """The hint says where else one can work; no byte changes."""
    shipped = site / "wheelbridge" / "_mappings"
    before = {path: path.read_bytes() for path in shipped.rglob("*.*")}

    ran = call(site, *arguments)

    assert ran.returncode == 2, ran.stderr
    assert "came with the package" in ran.stderr
    assert "checkout" in ran.stderr
    assert {path: path.read_bytes() for path in shipped.rglob("*.*")} == before


def test_another_place_can_be_named(site: Path, tmp_path: Path) -> None:
    """A map of one's own, another folder of tables, or none."""
    folder = tmp_path / "tables"
    shutil.copytree(find_mappings(), folder)

    for more in (("--map", str(tmp_path / "names.yaml")), ("--mappings", str(folder)), ("--dry-run",)):
        ran = call(site, *ROW, *more)
        assert ran.returncode == 0, ran.stderr
    assert "zz-new" in (tmp_path / "names.yaml").read_text(encoding="utf-8")
    assert "zz-new" in (folder / "names" / "overrides.yaml").read_text(encoding="utf-8")


def test_naming_their_folder_makes_no_difference(site: Path) -> None:
    """It is the same folder; that of a checkout is another."""
    package = site / "wheelbridge"

    with pytest.raises(UsageError, match="came with the package"):
        refuse_shipped(package / "tables" / ".." / "_mappings", hint="", package=package)
    refuse_shipped(find_mappings(), hint="", package=package)
