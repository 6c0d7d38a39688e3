"""What ``check --fix`` says of what it does, and of what it could not do."""

from pathlib import Path

import pytest

from tests.checkstage import Stage
from tests.cli.conftest import Run
from tests.installer.wheelmaker import make_package
from wheelbridge.installer.journal import Journal, begin


@pytest.fixture
def stage(tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """An environment of one wheel and one conda package; commands use its caches."""
    del run  # it sets a cache of its own
    stage = Stage(tmp_path)
    monkeypatch.setenv("WHEELBRIDGE_CACHE_DIR", str(stage.caches.root))
    stage.make(stage.wheel("alpha"), make_package(stage.folder / "channel", "tool", {"share/tool": "tool"}))
    return stage


def test_what_cannot_be_had_is_not_said_to_be_done(stage: Stage, run: Run) -> None:
    """Neither before nor after; what is done is told as such, and the hint names the way."""
    (stage.site / "alpha/__init__.py").unlink()
    for place in (stage.caches.downloads, stage.caches.unpacked_wheels):
        place.rename(place.with_name(f"{place.name}-away"))
    ran = run("check", "-p", stage.prefix, "--fix", "-y", "--offline")

    assert "hint: Link it anew with --fix; if nobody has it any more" in ran.out
    assert ("will link anew: alpha" in ran.out, "would" in ran.out, "Done" in ran.out) == (True, False, False)
    assert (ran.code, "alpha could not be linked anew" in ran.err) == (1, True)
    told = run("check", "-p", stage.prefix, "--fix", "-y", "--offline", "--json").json
    assert (told["fixed"]["relinked"], [one["package"] for one in told["failed"]]) == ([], ["alpha"])


def test_a_dry_run_says_would(stage: Stage, run: Run) -> None:
    """And changes nothing."""
    (stage.prefix / "share/tool").unlink()
    ran = run("check", "-p", stage.prefix, "--fix", "--dry-run")

    assert ("would link anew: tool" in ran.out, "Done" in ran.out, ran.code) == (True, False, 1)
    assert run("check", "-p", stage.prefix, "--fix", "-y").code == 0
    assert (stage.prefix / "share/tool").read_text() == "tool"


def test_an_interrupted_change_is_put_right(stage: Stage, run: Run) -> None:
    """Commands that only read say that there is one; --fix undoes it and says so."""
    journal = Journal(old=(), new=("x",), shared=(), before=(), after=(), history=1, revision="")
    begin(stage.prefix, journal)
    (stage.prefix / "x").write_text("half")
    for command in (("list",), ("why", "alpha"), ("export",)):
        assert "was interrupted" in run(*command, "-p", stage.prefix).err, command
    would = run("check", "-p", stage.prefix, "--fix", "--dry-run", "--json").json
    assert (would["fixed"]["recovered"], would["findings"][0]["fixable"]) == (True, True)
    assert (stage.prefix / "x").exists()

    ran = run("check", "-p", stage.prefix, "--fix", "-y")
    assert (ran.code, "was undone, or completed" in ran.err) == (0, True), ran.out + ran.err
    assert not (stage.prefix / "x").exists()
    assert run("list", "-p", stage.prefix).err == ""
