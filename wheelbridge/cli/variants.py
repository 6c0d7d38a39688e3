"""``wheelbridge variants``."""

from pathlib import Path
from typing import TYPE_CHECKING

from wheelbridge.api.specs import PREFIX
from wheelbridge.api.variants import VariantReport, report_file, report_project
from wheelbridge.cli.options import SolveOptions
from wheelbridge.cli.output import out, print_json, printable
from wheelbridge.cli.solve import read_settings

if TYPE_CHECKING:
    from rich.table import Table


def run(subject: str, options: SolveOptions, *, as_json: bool) -> int:
    """Say what the target makes of the variants of a project or of a file of metadata."""
    settings = read_settings(options)
    path = Path(subject)
    if subject.endswith((".json", ".whl")):
        report = report_file(path, settings)
    else:
        report = report_project(subject.removeprefix(PREFIX), settings)
    if as_json:
        print_json({"success": True, "target": settings.target.as_json(), **report.as_json()})
    else:
        _show(report, settings.target.subdir)
    return 0


def _show(report: VariantReport, subdir: str) -> None:
    ranking = report.ranking
    order = _table(f"Variants of {report.name} on {subdir}", "", "label", "what counts", "before the next, because")
    for place, variant in enumerate(ranking.order, start=1):
        best = ", ".join(map(str, variant.best)) or "nothing: it runs everywhere"
        order.add_row(str(place), variant.label, best, report.decided_by(variant.label), style="green")
    out().print(order)
    others = _table("The others", "", "label", "why not")
    for label in [*ranking.excluded, *ranking.incompatible]:
        style = "yellow" if label in ranking.excluded else "red"
        others.add_row("-", *map(printable, (label, ranking.reason(label) or "")), style=style)
    if others.row_count:
        out().print(others)
    for name in report.release.namespaces:
        support = ranking.support[name]
        known = f"read from {support.read_from}" if support.features else f"nothing supported: {support.missing}"
        if support.features or support.missing:
            out().print(printable(f"{name}: {known}"))
    for name in sorted(ranking.ambiguous):
        out().print(f"{name}: the release does not order its features; --variant-prefer '{name} :: FEATURE' does")


def _table(title: str, *headings: str) -> "Table":
    from rich.table import Table

    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for heading in headings:
        table.add_column(heading)
    return table
