"""What the lint says of files that are not there, and of generated tables, which nobody writes."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from wheelbridge.api.mapping.lint_files import show
from wheelbridge.mapping.linting.findings import Finding, Severity
from wheelbridge.mapping.linting.generated import GENERATED, REMEDY, check_generated
from wheelbridge.mapping.linting.rows import CHANNEL, Rule, Table
from wheelbridge.mapping.linting.rules import MISSING

_FOLDER = "names/generated"
_ENDS = (".tsv", ".inverse.tsv")
"""How the files of a channel end: from projects to packages, and back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratedTables:
    """The generated tables of a folder.

    Attributes:
        files: those that are there, for people.
        findings: what is wrong with them, and which are not there.
        sound: the channels whose tables can be gone by.
    """

    files: tuple[str, ...]
    findings: tuple[Finding, ...]
    sound: frozenset[str]


def check_tables(mappings: Path) -> GeneratedTables:
    """Check the generated tables of a folder; conda-forge's must be there, and the index of each."""
    folder = mappings / _FOLDER
    paths = [path for path in sorted(folder.glob("*.tsv")) if path.is_file()]
    channels = {CHANNEL, *(_channel(path) for path in paths)}
    found = {channel: tuple(_check(folder, channel)) for channel in sorted(channels)}
    return GeneratedTables(
        files=tuple(map(show, paths)),
        findings=tuple(finding for findings in found.values() for finding in findings),
        sound=frozenset(channel for channel, findings in found.items() if not findings),
    )


def find_missing(mappings: Path) -> Iterator[Finding]:
    """Yield the tables that people write and that are not there; of those of channels, conda-forge's."""
    for table in Table:
        path = mappings / table.replace("*", CHANNEL)
        if not path.is_file():
            yield _finding(MISSING, path, "The table is missing", "Restore it; where there are no rows, it is '[]'.")


def _check(folder: Path, channel: str) -> Iterator[Finding]:
    paths = [folder / f"{channel}{end}" for end in _ENDS]
    missing = [path for path in paths if not path.is_file()]
    for path in missing:
        yield _finding(MISSING, path, "The generated table is missing", REMEDY)
    if missing:
        return
    damages = check_generated(*(path.read_bytes() for path in paths))
    for path, damage in zip(paths, damages, strict=True):
        for one in damage:
            yield _finding(GENERATED, path, one.message, REMEDY, one.line)


def _channel(path: Path) -> str:
    return path.name.removesuffix(_ENDS[0]).removesuffix(".inverse")


def _finding(rule: Rule, path: Path, message: str, hint: str, line: int | None = None) -> Finding:
    column = None if line is None else 1
    return Finding(
        code=rule.code, severity=Severity.ERROR, file=show(path), message=message, hint=hint, line=line, column=column
    )
