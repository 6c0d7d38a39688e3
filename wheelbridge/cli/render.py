"""Solutions and plans as people and programs read them."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING

from rattler import RepoDataRecord

from wheelbridge.api.solving import Settings
from wheelbridge.cli.output import out
from wheelbridge.solver.problem import ResolvedPackage, Solution

if TYPE_CHECKING:
    from rich.table import Table

    from wheelbridge.installer.plan import Plan

_UNITS = ("B", "kB", "MB", "GB")
_STEP = 1000


def solution_json(solution: Solution, settings: Settings, *, dry_run: bool) -> dict[str, object]:
    """Return what ``solve --json`` prints, and ``create`` and ``install`` too (commands, JSON)."""
    return {
        "success": True,
        "dry_run": dry_run,
        "target": settings.target.as_json(),
        "sources": [source.as_json() for source in solution.sources],
        "records": [package.as_json() for package in solution.packages],
        "refused": [refusal.as_json() for refusal in solution.refused],
        "notes": list(solution.notes),
        "statistics": asdict(solution.statistics),
    }


def render_solution(solution: Solution, settings: Settings, *, verbose: int = 0) -> None:
    """Print the packages of a solution as a table, and with *verbose* what was refused."""
    out().print(packages_table(solution.packages, f"Environment for {settings.target.subdir}"))
    statistics = solution.statistics
    wheels = sum(package.kind == "wheel" for package in solution.packages)
    out().print(
        f"{len(solution.packages)} packages ({wheels} wheels) in {statistics.wall_seconds:.2f} s: "
        f"rounds: {statistics.rounds}, pages: {statistics.pages}, metadata files: {statistics.metadata}"
    )
    if verbose:
        render_decisions(solution)
        render_refused(solution)


def render_decisions(solution: Solution) -> None:
    """Print why each package comes from its source, where another one has it too or a route decided."""
    for package in solution.packages:
        decision = package.decision
        if decision and (decision.route or decision.also):
            name = package.pypi_name or package.name
            out().print(f"{name} {package.version} {decision.describe()}", markup=False, highlight=False)


def render_refused(solution: Solution) -> None:
    """Print every file that was looked at and not offered."""
    from rich.table import Table

    table = Table("refused", "reason", box=None)
    for refusal in solution.refused:
        table.add_row(refusal.fn, refusal.reason)
    out().print(table)


def packages_table(packages: Iterable[ResolvedPackage], title: str) -> "Table":
    """Lay out packages: what, which version, from where, how big."""
    from rich.table import Table

    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for heading in ("package", "version", "build", "kind", "source"):
        table.add_column(heading, no_wrap=heading != "build", overflow="fold")
    table.add_column("size", justify="right", no_wrap=True)
    for package in packages:
        style = "green" if package.kind == "wheel" else ""
        name = package.name if package.pypi_name in (None, package.name) else f"{package.name} ({package.pypi_name})"
        size = render_size(package.size)
        table.add_row(name, package.version, package.build, package.kind, package.source, size, style=style)
    return table


def render_size(size: int | None) -> str:
    """Write a number of bytes for people.

    >>> render_size(1_234_567)
    '1.2 MB'
    """
    if size is None:
        return ""
    value, unit = float(size), 0
    while value >= _STEP and unit < len(_UNITS) - 1:
        value, unit = value / _STEP, unit + 1
    return f"{value:.1f} {_UNITS[unit]}" if unit else f"{size} B"


def render_plan(plan: "Plan", place: str, packages: Mapping[str, ResolvedPackage]) -> None:
    """Print what a transaction will do; the marks say it without colours too."""
    if plan.is_empty:
        out().print(f"Nothing to do: {place} has what was asked for.")
        return
    from rich.table import Table

    table = Table(title=f"Plan for {place}", title_justify="left", box=None, pad_edge=False)
    for heading in ("", "package", "version", "build", "source"):
        table.add_column(heading, no_wrap=heading != "build", overflow="fold")
    table.add_column("size", justify="right", no_wrap=True)
    for record in plan.link:
        table.add_row("+", *_cells(record, packages), style="green")
    for change in plan.change:
        cells = _cells(change.new, packages)
        table.add_row("~", cells[0], f"{change.old.version} -> {cells[1]}", *cells[2:], style="yellow")
    for change in plan.relink:
        table.add_row("=", *_cells(change.new, packages), style="yellow")
    for record in plan.unlink:
        table.add_row("-", *_cells(record, packages), style="red")
    out().print(table)
    counts = f"{len(plan.link)} to add, {len(plan.change)} to change, {len(plan.unlink)} to remove"
    anew = f", {len(plan.relink)} to link anew" if plan.relink else ""
    unknown = sum(record.size is None for record in plan.to_link)
    more = f" and {unknown} files of unknown size" if unknown else ""
    out().print(f"{counts}{anew}, {len(plan.keep)} kept; to fetch: at most {render_size(plan.size)}{more}")


def _cells(record: RepoDataRecord, packages: Mapping[str, ResolvedPackage]) -> tuple[str, str, str, str, str]:
    package = packages.get(record.name.normalized)
    source = f"{package.source} ({package.kind})" if package else ""
    return record.name.normalized, str(record.version), str(record.build), source, render_size(record.size)
