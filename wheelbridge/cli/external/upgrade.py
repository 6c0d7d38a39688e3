"""``wheelbridge external upgrade``."""

import sys

from wheelbridge.api.external.project_file import read_project_file
from wheelbridge.api.external.upgrading import FileUpgrade, NotUpgradableError, upgrade_file
from wheelbridge.cli.output import note, out, print_json, printable


def run(place: str, *, check: bool, diff: bool, partial: bool, as_json: bool) -> int:
    """Upgrade a file in its place, or standard input to standard output.

    With *check* or *diff* nothing is written. Where something cannot be upgraded, nothing is written either, unless
    *partial* is given; the exit code is 1 then, and with *check* where there is something to do.
    """
    upgrade = upgrade_file(read_project_file(place))
    asking = check or diff
    if not as_json:
        for leftover in upgrade.leftovers:
            note(f"{leftover.path}: {leftover.reason}")
    if upgrade.leftovers and not (asking or partial):
        raise NotUpgradableError(upgrade.file.place, upgrade.leftovers)
    writes = not asking and upgrade.file.path is not None and upgrade.text != upgrade.file.text
    if writes and upgrade.file.path is not None:
        upgrade.write(upgrade.file.path)
    if as_json:
        print_json(_as_json(upgrade, written=writes, asking=asking, diff=diff))
    else:
        _show(upgrade, written=writes, asking=asking, diff=diff)
    return int(bool(upgrade.leftovers) or (check and bool(upgrade.upgrades)))


def _as_json(upgrade: FileUpgrade, *, written: bool, asking: bool, diff: bool) -> dict[str, object]:
    report: dict[str, object] = {
        "success": True,
        "file": None if upgrade.file.path is None else str(upgrade.file.path),
        "outdated": bool(upgrade.upgrades),
        "written": written,
        "upgrades": [one.as_json() for one in upgrade.upgrades],
        "leftovers": [one.as_json() for one in upgrade.leftovers],
    }
    if diff:
        report["diff"] = upgrade.diff
    if upgrade.file.path is None and not asking:
        report["document"] = upgrade.text
    return report


def _show(upgrade: FileUpgrade, *, written: bool, asking: bool, diff: bool) -> None:
    if upgrade.file.path is None and not asking:
        _write(upgrade.file.encode(upgrade.text))
    elif diff:
        _write(upgrade.diff.encode())
    elif not upgrade.upgrades:
        out().print(_explain_nothing(upgrade))
    else:
        for one in upgrade.upgrades:
            out().print(printable(f"{one.path}: {one.old} -> {one.new}"))
        out().print(printable(f"{'Wrote' if written else 'To be written:'} {upgrade.file.place}"))


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
