"""``wheelbridge external upgrade``."""

import sys
from dataclasses import dataclass
from enum import Enum, Flag, auto

from wheelbridge.api.external.project_file import read_project_file
from wheelbridge.api.external.upgrading import FileUpgrade, NotUpgradableError, upgrade_file
from wheelbridge.cli.output import note, out, print_json, printable


class Act(Enum):
    """What is done with a file that can be upgraded."""

    WRITE = auto()
    """It is written, if nothing is left over."""
    WRITE_PART = auto()
    """It is written, whatever is left over."""
    LOOK = auto()
    """Nothing is written."""
    CHECK = auto()
    """Nothing is written, and it is a failure where there is something to do."""

    @property
    def writes(self) -> bool:
        """Whether anything is written."""
        return self in {Act.WRITE, Act.WRITE_PART}


class View(Flag):
    """What is printed."""

    CHANGES = 0
    DIFF = auto()
    JSON = auto()


@dataclass(frozen=True, slots=True)
class _Outcome:
    """An upgrade, and what was done with it; *success* goes with the exit code."""

    upgrade: FileUpgrade
    written: bool
    success: bool
    document: bytes | None
    """What standard output gets instead of a file."""


def run(place: str, act: Act, view: View) -> int:
    """Upgrade a file in its place, or standard input to standard output.

    Where something cannot be upgraded, the exit code is 1.
    """
    upgrade = upgrade_file(read_project_file(place))
    if View.JSON not in view:
        for leftover in upgrade.leftovers:
            note(f"{leftover.path}: {leftover.reason}")
    outcome = _act(upgrade, act)
    if View.JSON in view:
        diff = {"diff": upgrade.diff} if View.DIFF in view else {}
        print_json({**_as_json(outcome), **diff})
    elif View.DIFF in view:
        _write(upgrade.diff.encode())
    else:
        _show(outcome)
    return int(not outcome.success)


def _act(upgrade: FileUpgrade, act: Act) -> _Outcome:
    if act is Act.WRITE and upgrade.leftovers:
        raise NotUpgradableError(upgrade.file.place, upgrade.leftovers)
    path = upgrade.file.path
    written = act.writes and path is not None and upgrade.text != upgrade.file.text
    if written and path is not None:
        upgrade.write(path)
    return _Outcome(
        upgrade,
        written=written,
        success=not upgrade.leftovers and not (act is Act.CHECK and upgrade.upgrades),
        document=upgrade.file.encode(upgrade.text) if act.writes and path is None else None,
    )


def _as_json(outcome: _Outcome) -> dict[str, object]:
    upgrade = outcome.upgrade
    report: dict[str, object] = {
        "success": outcome.success,
        "file": None if upgrade.file.path is None else str(upgrade.file.path),
        "outdated": upgrade.outdated,
        "written": outcome.written,
        "upgrades": [one.as_json() for one in upgrade.upgrades],
        "leftovers": [one.as_json() for one in upgrade.leftovers],
    }
    if outcome.document is not None:
        report["document"] = upgrade.text
    return report


def _show(outcome: _Outcome) -> None:
    upgrade = outcome.upgrade
    if outcome.document is not None:
        _write(outcome.document)
    elif not upgrade.upgrades:
        out().print(_explain_nothing(upgrade))
    else:
        for one in upgrade.upgrades:
            out().print(printable(f"{one.path}: {one.old} -> {one.new}"))
        out().print(printable(f"{'Wrote' if outcome.written else 'To be written:'} {upgrade.file.place}"))


def _explain_nothing(upgrade: FileUpgrade) -> str:
    place = printable(upgrade.file.place)
    if upgrade.file.external is None:
        return f"Nothing to do: {place} has no [external] table."
    if upgrade.leftovers:
        return f"Nothing can be upgraded in {place}."
    return f"Nothing to do: the [external] table of {place} follows the current draft of PEP 725."


def _write(data: bytes) -> None:
    """Write bytes as they are: a text stream would change line ends."""
    sys.stdout.flush()
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()
