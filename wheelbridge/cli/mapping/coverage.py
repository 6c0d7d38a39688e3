"""``wheelbridge map coverage``: how much of what files ask for the tables answer."""

from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from wheelbridge.api.mapping.coverage import measure_demands
from wheelbridge.api.mapping.demands import read_demands
from wheelbridge.cli.output import note, out, print_json
from wheelbridge.mapping.coverage import Coverage, NameCoverage, Status, World

_MOST_CANDIDATES = 3
_TITLES = {"pypi": "PyPI projects", "conda": "conda packages", "external": "external dependencies"}


def run(paths: Sequence[Path], *, mappings: Path | None, top: int, as_json: bool) -> int:
    """Print the counts by status, the ambiguous names and the most wanted ones without a row."""
    demands = read_demands(paths)
    coverage = measure_demands(demands, mappings)
    if as_json:
        counts = {world: _counts_json(coverage, world) for world in get_args(World)}
        listed = [name.as_json() for name in coverage.names]
        print_json({"success": True, "counts": counts, "names": listed, "unread": demands.unread})
        return 0
    for world in get_args(World):
        _show(coverage, world, top)
    if demands.unread:
        note(f"Not counted, as nothing is named there: {len(demands.unread)}, such as {demands.unread[0]!r}.")
    return 0


def _counts_json(coverage: Coverage, world: World) -> dict[str, dict[str, int]]:
    return {
        status.value: {"names": names, "mentions": mentions}
        for status, (names, mentions) in coverage.counts(world).items()
    }


def _show(coverage: Coverage, world: World, top: int) -> None:
    from rich.table import Table

    counts = coverage.counts(world)
    if not counts:
        return
    whole = [sum(column) for column in zip(*counts.values(), strict=True)]
    table = Table(title=f"{_TITLES[world]}: {whole[0]} names", title_justify="left", box=None, pad_edge=False)
    for heading in ("status", "names", "", "mentions", " "):
        table.add_column(heading, justify="left" if heading == "status" else "right")
    for status, (names, mentions) in counts.items():
        table.add_row(status.value, str(names), f"{names / whole[0]:.1%}", str(mentions), f"{mentions / whole[1]:.1%}")
    out().print(table)
    for status in (Status.AMBIGUOUS, Status.UNMAPPED):
        _show_wanted(coverage, world, status, top)
    out().print()


def _show_wanted(coverage: Coverage, world: World, status: Status, top: int) -> None:
    wanted = coverage.wanted(status, world)
    if not wanted or not top:
        return
    more = f" and {len(wanted) - top} more" if wanted[top:] else ""
    out().print(f"{status.value}, by mentions: {', '.join(map(_render, wanted[:top]))}{more}")


def _render(name: NameCoverage) -> str:
    candidates = f" ({' or '.join(name.candidates[:_MOST_CANDIDATES])})" if name.candidates else ""
    return f"{name.name} {name.mentions}{candidates}"
