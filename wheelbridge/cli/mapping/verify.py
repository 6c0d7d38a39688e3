"""``wheelbridge map verify``."""

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from wheelbridge.api.mapping.soname_rows import SiftedSonames, sift_soname_rows
from wheelbridge.api.mapping.verify import (
    PackageReport,
    VerifyReport,
    VerifyRequest,
    VerifySettings,
    verify_tables,
)
from wheelbridge.api.sources import DEFAULT_CHANNEL, SourceChoice, gather_sources
from wheelbridge.cli.door import door
from wheelbridge.cli.options import Output
from wheelbridge.cli.output import note, out, print_json, printable
from wheelbridge.cli.progress import steps
from wheelbridge.errors import UsageError
from wheelbridge.mapping.verdicts import Status, Verdict
from wheelbridge.model.name import is_conda_name
from wheelbridge.tables import load_names
from wheelbridge.tables.natives import load_sonames
from wheelbridge.target.detect import detect_target

if TYPE_CHECKING:
    from rich.table import Table

_STYLES = {Status.CONFIRMED: "green", Status.CONTRADICTED: "bold red", Status.SILENT: "dim", Status.NEW: "yellow"}
_SHOWN = 4


def run(
    names: Sequence[str],
    *,
    channel: str | None = None,
    packages: Sequence[str] = (),
    every: bool = False,
    limit: int | None = None,
    sonames: bool = False,
    thorough: bool = False,
    platform: str | None = None,
    mappings: Path | None = None,
    offline: bool = False,
    as_json: bool = False,
) -> int:
    """Say which rows of the tables real packages confirm, and which they contradict.

    Returns:
        1 where a package contradicts the tables or cannot be read, else 0.
    """
    _check(names, packages, every=every, limit=limit)
    settings = _read_settings(channel, platform, mappings, offline=offline)
    request = VerifyRequest(names=names, every=every, limit=limit, packages=packages, thorough=thorough)
    with steps(Output(as_json=as_json)) as progress:
        report = verify_tables(request, settings, progress)
    sifted = sift_soname_rows(report.soname_rows(), load_sonames(mappings)) if sonames else None
    if as_json:
        rows = {"soname_rows": list(sifted.rows)} if sifted else {}
        print_json({"success": True, **report.as_json(), **rows})
    elif sifted:
        _show_sonames(report, sifted)
    else:
        _show(report)
    return 0 if report.is_sound else 1


def _check(names: Sequence[str], packages: Sequence[str], *, every: bool, limit: int | None) -> None:
    if not (names or packages or every):
        raise UsageError("Nothing to verify", hint="Name conda packages, or give --package FILE, or --all.")
    if names and every:
        raise UsageError("--all means all packages of the channel, and some are named besides")
    if limit is not None and limit < 1:
        raise UsageError(f"--limit {limit} leaves nothing", hint="Give at least 1.")
    if wrong := [name for name in names if not is_conda_name(name)]:
        raise UsageError(f"{wrong[0]!r} is no name of a conda package", hint="Files and URLs go behind --package.")


def _read_settings(
    channel: str | None, platform: str | None, mappings: Path | None, *, offline: bool
) -> VerifySettings:
    target = detect_target(platform)
    choice = SourceChoice(sources=(("channel", channel or DEFAULT_CHANNEL),))
    listed = gather_sources(choice, door().load_levels(None, search=True), target)
    channels = tuple(source for source in listed.sources if source.kind == "channel" and not source.explicit)
    return VerifySettings(
        sources=channels,
        subdir=target.subdir,
        table=load_names(mappings, channels=[source.name for source in channels]),
        caches=door().open_caches(),
        offline=offline,
    )


def _show(report: VerifyReport) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for heading in ("package", "version", "dist-infos", "tables say", "verdict"):
        table.add_column(heading, no_wrap=heading == "package", overflow="fold")
    for package in report.packages:
        _add_rows(table, package)
    out().print(table)
    counts = Counter(verdict.status for package in report.packages for verdict in package.verdicts)
    failed = sum(package.error is not None for package in report.packages)
    said = ", ".join(f"{counts[status]} {status}" for status in Status if counts[status]) or "none"
    unread = f" ({failed} could not be read)" if failed else ""
    out().print(f"Packages: {len(report.packages)}{unread}; verdicts: {said}")
    _note_costs(report)


def _add_rows(table: "Table", package: PackageReport) -> None:
    evidence, error = package.evidence, package.error
    if evidence is None:
        hint = f" {error.hint}" if error and error.hint else ""
        name = package.asked.rpartition("/")[2]
        table.add_row(printable(name), "", "", "", printable(f"error: {error}.{hint}"), style="red")
        return
    direct = [f"{one.name} {one.version}".rstrip() for one in evidence.direct]
    more = [f"and {len(direct) - _SHOWN} more"] if len(direct) > _SHOWN else []
    carried = ", ".join([*direct[:_SHOWN], *more]) or "none"
    for number, verdict in enumerate(package.verdicts):
        known = (evidence.conda, evidence.version, carried) if number == 0 else ("", "", "")
        cells = (*known, _row_text(verdict), f"{verdict.status}: {verdict.text}")
        table.add_row(*map(printable, cells), style=_STYLES[verdict.status])


def _row_text(verdict: Verdict) -> str:
    row = verdict.row
    return "nothing" if row is None else f"{row.pypi} = {row.conda} ({row.relation}, {row.layer})"


def _show_sonames(report: VerifyReport, sifted: SiftedSonames) -> None:
    from ruamel.yaml import YAML
    from ruamel.yaml.comments import CommentedSeq

    for row in sifted.rows:
        when = CommentedSeq(row["when"])
        when.fa.set_flow_style()
        sys.stdout.write("\n")  # rows stand apart in the table that this may be appended to
        YAML().dump([{**row, "when": when}], sys.stdout)
    _note_sifted(sifted)
    owners = {(str(row["soname"]), str(row["conda"])) for row in report.soname_rows()}
    for soname, count in sorted(Counter(soname for soname, _ in owners).items()):
        if count > 1:
            packages = ", ".join(sorted(conda for name, conda in owners if name == soname))
            note(f"{soname} is carried by several packages: {packages}.")
    for package in report.packages:
        if package.error is not None:
            note(f"{package.asked}: {package.error}.")
        elif package.is_contradiction:
            note(f"{package.asked} contradicts the tables; see what is said without --sonames.")
    _note_costs(report)


def _note_sifted(sifted: SiftedSonames) -> None:
    if sifted.known:
        note(f"Left out, as the table has them: {sifted.known}.")
    for soname in sifted.denied:
        note(f"{soname}: left out where the table says that no package has it; look at that row.")


def _note_costs(report: VerifyReport) -> None:
    """Say what was not read, and what cost more than it should."""
    if report.left_out:
        note(f"Left out by --limit: {report.left_out}.")
    if whole := [package.asked for package in report.packages if package.access == "spooled"]:
        note(
            f"Downloaded whole: {len(whole)}, such as {whole[0]}; a .tar.bz2, and what lies on a server "
            "without ranges, cannot be read in part."
        )
