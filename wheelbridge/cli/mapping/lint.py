"""``wheelbridge map lint``."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from wheelbridge.api.mapping.lint import LintReport, LintRequest, lint_tables
from wheelbridge.cli.output import note, out, print_json, printable
from wheelbridge.errors import UsageError
from wheelbridge.mapping.linting.findings import Finding, Severity
from wheelbridge.mapping.linting.rules import RULES
from wheelbridge.tables.shipped import refuse_shipped

FORMATS = ("text", "json", "sarif", "github")
_STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "bold yellow"}


@dataclass(frozen=True, slots=True, kw_only=True)
class LintOptions:
    """What the command line says.

    Attributes:
        form: one of `FORMATS`.
        as_json: the same as the format json.
        strict: warnings fail the command, too.
        rules: list the rules, check nothing.
    """

    mappings: Path | None = None
    maps: Sequence[str] = ()
    channel_data: Sequence[str] = ()
    select: Sequence[str] = ()
    ignore: Sequence[str] = ()
    form: str = "text"
    as_json: bool = False
    fix: bool = False
    strict: bool = False
    rules: bool = False


def run(options: LintOptions) -> int:
    """Check the tables and say what is wrong; 1 where something is."""
    if options.form not in FORMATS:
        raise UsageError(f"There is no format {options.form!r}", hint=f"There are {', '.join(FORMATS)}.")
    if options.as_json and options.form not in {"text", "json"}:
        raise UsageError(f"--json is another format than {options.form!r}", hint="Leave one of them out.")
    form = "json" if options.as_json else options.form
    if options.rules:
        return _list_rules(as_json=form != "text")
    if options.fix and (options.mappings or not options.maps):
        refuse_shipped(options.mappings, hint="Work in a checkout, or name a folder of tables with --mappings.")
    report = lint_tables(
        LintRequest(
            mappings=options.mappings,
            maps=options.maps,
            channel_data=options.channel_data,
            select=_codes(options.select),
            ignore=_codes(options.ignore),
            fix=options.fix,
        )
    )
    failed = bool(report.counts["errors"] or (options.strict and report.counts["warnings"]))
    _SHOW[form](report, not failed)
    return int(failed)


def _codes(texts: Sequence[str]) -> tuple[str, ...]:
    return tuple(code for text in texts for code in text.replace(",", " ").split())


def _list_rules(*, as_json: bool) -> int:
    if as_json:
        rules = [
            {"code": rule.code, "severity": rule.severity, "summary": rule.summary, "fixable": rule.fixable}
            | {"tables": sorted(rule.tables)}
            for rule in RULES
        ]
        print_json({"success": True, "rules": rules})
        return 0
    from rich.table import Table

    table = Table(box=None)
    for title in ("code", "severity", "--fix", "summary"):
        table.add_column(title)
    for rule in RULES:
        table.add_row(rule.code, rule.severity, "yes" if rule.fixable else "", rule.summary)
    out().print(table)
    return 0


def _show_text(report: LintReport, passed: bool) -> None:
    del passed
    for finding in report.fixed:
        _show_finding(finding, "fixed: ")
    for finding in report.findings:
        _show_finding(finding)
    for text in report.notes:
        note(text)
    counts = report.counts
    fixable = sum(finding.fixable for finding in report.findings)
    mended = f", {counts['fixed']} mended" if counts["fixed"] else ""
    more = f"; --fix mends {fixable}" if fixable else ""
    files = f"{len(report.files)} file{'' if len(report.files) == 1 else 's'}"
    out().print(f"{files}: {counts['errors']} errors, {counts['warnings']} warnings{mended}{more}")


def _show_finding(finding: Finding, before: str = "") -> None:
    from rich.text import Text

    place = ":".join(str(part) for part in (finding.file, finding.line, finding.column) if part is not None)
    key = f" {finding.key}:" if finding.key else ""
    style = "bold green" if before else _STYLES[finding.severity]
    said = printable(f" {finding.severity}:{key} {finding.message}")
    out().print(Text.assemble(printable(f"{place}: {before}"), (finding.code, style), said))
    if finding.hint and not before:
        out().print(printable(f"    {finding.hint}"))


def _show_json(report: LintReport, passed: bool) -> None:
    print_json({"success": passed, **report.as_json()})


def _show_sarif(report: LintReport, passed: bool) -> None:
    from importlib.metadata import version

    from wheelbridge.mapping.linting.report import render_sarif

    del passed
    print_json(render_sarif(report.findings, RULES, version("wheelbridge")))
    _say_notes(report)


def _show_github(report: LintReport, passed: bool) -> None:
    from wheelbridge.mapping.linting.report import render_github

    del passed
    for line in render_github(report.findings):
        out().print(printable(line))
    _say_notes(report)


def _say_notes(report: LintReport) -> None:
    for text in report.notes:
        note(text)


_SHOW: Mapping[str, Callable[[LintReport, bool], None]] = {
    "text": _show_text,
    "json": _show_json,
    "sarif": _show_sarif,
    "github": _show_github,
}
