"""Tables in YAML, put before the lint with a small channel, for tests of its rules."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from wheelbridge.api.mapping.lint_files import read_spec
from wheelbridge.mapping.generate import render_layer
from wheelbridge.mapping.lines import SortedLines, TableRow
from wheelbridge.mapping.linting.findings import Finding
from wheelbridge.mapping.linting.rows import ChannelNames, Document, Facts, Table
from wheelbridge.mapping.linting.rules import check_documents
from wheelbridge.mapping.lookup import Layer
from wheelbridge.mapping.rows import Confidence, Relation
from wheelbridge.model.name import CondaName, NormalizedName
from wheelbridge.tables.positions import read_positions

TODAY = date(2026, 11, 21)
HERE = "# <-"
"""Marks the line that a finding must point at."""
KNOWN = ("docker", "h3", "libblas", "libcblas", "libodbc", "openssl", "python-tzdata", "tzdata", "unixodbc", "zlib")


def generated(project: str, package: str, confidence: Confidence = Confidence.VERIFIED) -> TableRow:
    """Make a row of the generated table."""
    return TableRow(
        pypi=NormalizedName(project), conda=CondaName(package), relation=Relation.DIST, confidence=confidence
    )


def channel(present: frozenset[str] | None = None) -> ChannelNames:
    """Make what is known of a channel with a few packages."""
    rows = [
        generated("arrow", "arrow"),
        generated("docker", "docker-py"),
        generated("numpy", "numpy"),
        generated("zstd", "python-zstd", Confidence.OBSERVED),
    ]
    files = render_layer(rows, map(CondaName, KNOWN))
    return ChannelNames(
        Layer("generated", SortedLines(files.projects.encode()), SortedLines(files.packages.encode())), present
    )


def document(table: Table, text: str) -> Document:
    """Read a table."""
    read = read_positions(text, Path("table.yaml"))
    return Document(file=table, table=table, data=read.data, positions=read.positions)


def lint(
    table: Table, text: str, *others: Document, present: frozenset[str] | None = None, today: date = TODAY
) -> Sequence[Finding]:
    """Return what the rules find in one table; *others* are there to be referred to."""
    checked = document(table, text)
    facts = Facts(
        today=today,
        read_spec=read_spec,
        channels={"conda-forge": channel(present)},
        documents=(checked, *others),
    )
    return check_documents([checked], facts)


def expected_line(text: str) -> int:
    """Return the line that is marked, or the first one of the last row."""
    lines = text.splitlines()
    marked = [number for number, line in enumerate(lines, 1) if HERE in line]
    return marked[0] if marked else max(number for number, line in enumerate(lines, 1) if line.startswith("- "))


def told(findings: Sequence[Finding]) -> list[tuple[str, int | None]]:
    """Return code and line of each finding."""
    return [(finding.code, finding.line) for finding in findings]
