"""``wheelbridge map sync``: the generated tables out of their pinned inputs, with a report."""

from collections.abc import Sequence
from pathlib import Path

from wheelbridge.api.mapping.sync import PinFetcher, SyncPlan, SyncRequest, plan_sync
from wheelbridge.cli.mapping.diff import show_difference
from wheelbridge.cli.output import note, out, print_json
from wheelbridge.mapping.pins import parse_move
from wheelbridge.mapping.report import LIMIT, render_report
from wheelbridge.tables.locate import find_mappings
from wheelbridge.tables.shipped import refuse_shipped


def run(
    *,
    mappings: Path | None,
    source: Path | None,
    pins: Sequence[str],
    channels: Sequence[str],
    report: Path | None,
    check: bool,
    as_json: bool,
) -> int:
    """Make the tables; return 1 where they had to be others and *check* only asks."""
    if not check:
        refuse_shipped(mappings, hint="Work in a checkout, or name a folder with --mappings; --check only asks.")
    folder = (mappings or find_mappings()).absolute()
    moves = dict(parse_move(text) for text in pins)
    plan = plan_sync(SyncRequest(mappings=folder, source=source, moves=moves, channels=tuple(channels)), PinFetcher())
    if report is not None:
        report.write_text(render_report(plan.report), encoding="utf-8")
    if not check:
        plan.write()
    if as_json:
        print_json(_as_json(plan, folder, check=check))
    else:
        _show(plan, folder, check=check)
    return int(check and bool(plan.changed))


def _as_json(plan: SyncPlan, folder: Path, *, check: bool) -> dict[str, object]:
    pins = [
        {
            "name": pin.name,
            "commit": {"old": pin.old_commit, "new": pin.new_commit},
            "sha256": {"old": pin.old_sha256, "new": pin.new_sha256},
        }
        for pin in plan.report.pins
    ]
    return {
        "success": True,
        "different": bool(plan.changed),
        "written": not check,
        "files": [{"file": _name(path, folder), "changed": path in plan.changed} for path in plan.files],
        "pins": pins,
        "channels": [channel.as_json() for channel in plan.report.channels],
    }


def _show(plan: SyncPlan, folder: Path, *, check: bool) -> None:
    for channel in plan.report.channels:
        out().print(f"{channel.channel}: {sum(channel.after.values())} rows", style="bold")
        if channel.changes.changes:
            show_difference(channel.changes, LIMIT)
        for title, names in (
            ("generated answers that changed behind curated rows", [change.key for change in channel.behind]),
            ("curated rows that two sources contradict now", channel.contradicted),
            ("curated rows that the table says by itself now", channel.redundant),
        ):
            if names:
                note(f"{title}: {', '.join(names[:LIMIT])}{' …' if len(names) > LIMIT else ''}")
    for path in plan.changed:
        out().print(f"{'differs' if check else 'wrote'} {_name(path, folder)}")
    if not plan.changed:
        out().print("The tables are what their inputs make.")


def _name(path: Path, folder: Path) -> str:
    """Name a file for people: within the folder of the tables, or beside it in the checkout."""
    home = folder if path.is_relative_to(folder) else folder.parent
    return path.relative_to(home).as_posix()
