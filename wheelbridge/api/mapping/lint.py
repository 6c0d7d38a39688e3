"""The lint of the tables: files read, rules asked, what needs nobody's judgement mended."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

from wheelbridge.api.mapping.lint_files import open_channels, read_map, read_spec, read_table, show, table_files
from wheelbridge.api.mapping.lint_generated import check_tables, find_missing
from wheelbridge.api.mapping.maps import read_maps
from wheelbridge.mapping.linting.findings import Finding, Fix
from wheelbridge.mapping.linting.rows import ChannelNames, Document, Facts
from wheelbridge.mapping.linting.rules import check_documents, choose_codes, count
from wheelbridge.tables import find_mappings

_PASSES = 8
"""How often a file is mended: texts, then rows, then their order, and once more where that brought something up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LintRequest:
    """What to lint, and how.

    Attributes:
        mappings: the folder of the tables; by default the one that came with wheelbridge.
        maps: maps of somebody's own, ``[MODE=]FILE``; where there are any and *mappings* is not given, only they are
            checked, against the tables that came with wheelbridge.
        channel_data: ``[NAME=]FOLDER|URL`` of channels whose repodata says what exists, conda-forge's without a name.
        select: codes, or beginnings of codes; empty: all.
        ignore: the same, to be left out.
        fix: mend what needs nobody's judgement.
        today: the day that reviews are compared with; by default the clock's.
    """

    mappings: Path | None = None
    maps: Sequence[str] = ()
    channel_data: Sequence[str] = ()
    select: Sequence[str] = ()
    ignore: Sequence[str] = ()
    fix: bool = False
    today: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LintReport:
    """What the rules found.

    Attributes:
        findings: those that remain, by file and line.
        fixed: those that were mended.
        files: all that was checked.
        notes: what could not be checked or mended, and why.
    """

    findings: tuple[Finding, ...]
    fixed: tuple[Finding, ...] = ()
    files: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def counts(self) -> dict[str, int]:
        """Number of errors and of warnings that remain, and of findings that were mended."""
        return {**dict(count(self.findings)), "fixed": len(self.fixed)}

    def as_json(self) -> dict[str, object]:
        """Return the report, ready for ``json.dumps``."""
        return {
            "counts": self.counts,
            "files": list(self.files),
            "findings": [finding.as_json() for finding in self.findings],
            "fixed": [finding.as_json() for finding in self.fixed],
            "notes": list(self.notes),
        }


def lint_tables(request: LintRequest) -> LintReport:
    """Check the tables; a file that cannot be read is a finding, and the others are checked all the same.

    With *fix*, a file that cannot be mended without changing more than was asked for stays as it was, with a note.

    Raises:
        WheelbridgeError: if there are no tables, or a channel cannot be read.
    """
    lint = _Lint(request)
    if not request.fix:
        return lint.report(())
    fixed: list[Finding] = []
    for _ in range(_PASSES):
        if not (mended := lint.mend()):
            break
        fixed += mended
    return lint.report(fixed)


class _Lint:
    """One run: its files, and what is known besides them."""

    def __init__(self, request: LintRequest) -> None:
        self._codes = choose_codes(request.select, request.ignore)
        self._today = request.today or datetime.now(UTC).date()
        mappings = request.mappings or find_mappings()
        self._maps = tuple(entry.file for entry in read_maps(request.maps) if entry.file)
        self._tables = dict(table_files(mappings))
        self._only_maps = bool(request.maps) and request.mappings is None
        self._bulk = bulk = check_tables(mappings)
        self._missing = tuple(find_missing(mappings))
        self._channels = open_channels(mappings, bulk.sound, request.channel_data)
        self._read_spec = cache(read_spec)
        self._unsafe: dict[Path, str] = {}

    def report(self, fixed: Sequence[Finding]) -> LintReport:
        """Check all files."""
        found, asked = self.check()
        documents = [document for document in asked if isinstance(document, Document)]
        bulk = () if self._only_maps else self._bulk.files
        return LintReport(
            findings=found,
            fixed=tuple(fixed),
            files=tuple(sorted({*(item.file for item in asked), *bulk})),
            notes=(*_notes(documents, self._channels), *self._unsafe.values()),
        )

    def mend(self) -> list[Finding]:
        """Mend each table as far as can be done at once; return what was mended."""
        found, _ = self.check()
        mended: list[Finding] = []
        for path in () if self._only_maps else self._tables.keys() - self._unsafe.keys():
            wanted = {finding.fix: finding for finding in found if finding.file == show(path) and finding.fix}
            mended += (wanted[fix] for fix in self._mend(path, wanted))
        return sorted(mended, key=lambda finding: finding.file)

    def _mend(self, path: Path, fixes: Collection[Fix]) -> tuple[Fix, ...]:
        from wheelbridge.tables.fixing import UnsafeFixError, mend_file  # noqa: PLC0415 - only with --fix

        try:
            return mend_file(path, fixes) if fixes else ()
        except UnsafeFixError as error:
            self._unsafe[path] = f"{error.message}. {error.hint}"
            return ()

    def check(self) -> tuple[tuple[Finding, ...], Sequence[Document | Finding]]:
        """Return the findings of the wanted codes; and each file, or why it could not be read."""
        read = [read_table(path, table) for path, table in self._tables.items()]
        tables = [document for document in read if isinstance(document, Document)]
        own = [document for path in self._maps for document in read_map(path)]
        asked = [*own] if self._only_maps else [*read, *own]
        documents = tuple(document for document in asked if isinstance(document, Document))
        facts = Facts(
            today=self._today, read_spec=self._read_spec, channels=self._channels, documents=(*tables, *documents)
        )
        found = [finding for finding in asked if isinstance(finding, Finding)]
        found += () if self._only_maps else (*self._missing, *self._bulk.findings)
        found += check_documents(documents, facts)
        wanted = (finding for finding in found if finding.code in self._codes)
        return tuple(sorted(wanted, key=lambda finding: finding.file)), asked


def _notes(documents: Iterable[Document], channels: Mapping[str, ChannelNames]) -> Iterator[str]:
    """Yield what could not be checked: the names of channels that nobody knows."""
    used = {channel for document in documents for row in document.rows for channel in row.channels}
    for channel in sorted(used - channels.keys()):
        yield f"No names of the channel {channel!r} are known; give --channel-data {channel}=FOLDER|URL to check them."
