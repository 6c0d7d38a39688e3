from pathlib import Path

import pytest

from tests.installer.wheelmaker import make_package
from wheelbridge.api.life.cloning import UnmanagedClonedError
from wheelbridge.api.life.revisions import NoSuchRevisionError
from wheelbridge.api.removing import NotInstalledError
from wheelbridge.cli.render import render_plan
from wheelbridge.errors import WheelbridgeError
from wheelbridge.installer.errors import NotAnEnvironmentError, UnmanagedDistributionError
from wheelbridge.installer.plan import Change, Plan

PLACE = Path("/my envs/a")


def test_what_is_linked_anew_is_in_the_plan(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Though neither added nor changed nor removed."""
    record = make_package(tmp_path, "again", {"share/a": "a"})
    render_plan(Plan(relink=(Change(record, record),)), "there", {})  # type: ignore[arg-type] # nothing asks for the rest

    said = capsys.readouterr().out
    assert "=  again    1.0" in said
    assert "0 to remove, 1 to link anew, 0 kept" in said


@pytest.mark.parametrize(
    "error",
    [
        NotInstalledError("a", PLACE),
        NoSuchRevisionError(3, 1, PLACE),
        NotAnEnvironmentError(PLACE),
        UnmanagedDistributionError(PLACE, ("a",), ("a",)),
        UnmanagedClonedError(PLACE, ["a"]),
    ],
    ids=lambda error: error.code,
)
@pytest.mark.skipif("sys.platform == 'win32'", reason="a shell there quotes otherwise")
def test_a_command_in_a_hint_can_be_run(error: WheelbridgeError) -> None:
    """For a path with a space too, and with that path rather than a word for it."""
    assert "-p '/my envs/a'" in str(error.hint)
