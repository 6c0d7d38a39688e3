"""``wheelbridge map diff``: what two states of the tables say differently, the dangerous changes first."""

from typing import TYPE_CHECKING

from wheelbridge.api.mapping.diff import compare_tables
from wheelbridge.cli.output import out, print_json, printable
from wheelbridge.mapping.difference import Change, Difference
from wheelbridge.mapping.report import LIMIT, describe, render_difference

if TYPE_CHECKING:
    from rich.text import Text


def run(old: str, new: str, *, as_json: bool, markdown: bool, everything: bool, exit_code: bool) -> int:
    """Show the difference; return 1 where there is one and *exit_code* is asked for."""
    found = compare_tables(old, new)
    limit = None if everything else LIMIT
    if as_json:
        print_json({"success": True, **found.as_json()})
    elif markdown:
        out().print(render_difference(found, limit), end="")
    else:
        show_difference(found, limit)
    return int(exit_code and bool(found.changes))


def show_difference(found: Difference, limit: int | None) -> None:
    """Print a difference for people, *limit* lines of a kind; the changed answers come first."""
    if not found.changes:
        out().print("No difference.")
        return
    for title, changes in (("Answers that change", found.answers), ("Other changes", found.others)):
        if not changes:
            continue
        out().print(f"{title} ({len(changes)})", style="bold")
        for change in changes[:limit]:
            out().print(_line(change))
        if limit is not None and len(changes) > limit:
            out().print(f"  and {len(changes) - limit} more; --all shows them", style="dim")


def _line(change: Change) -> "Text":
    from rich.text import Text

    style = "bold red" if change.is_dangerous else ""
    table, key, what = map(printable, (change.table, change.key, describe(change)))
    return Text.assemble((f"  {table}  ", "dim"), (f"{change.kind.value:<10}  ", style), (key, "bold"), f"  {what}")
