"""Rows put right for the time being: so a parser, which stops at its first problem, comes to the next one."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from wheelbridge.mapping.linting.findings import Finding, ReplaceText
from wheelbridge.mapping.linting.rows import Document

_UNKNOWN_FIELD = "WB003"
_ACCOUNT: Mapping[str, tuple[str, object]] = {
    "WB004": ("reason", "a reason"),
    "WB005": ("evidence", ["an issue"]),
    "WB006": ("reviewed", "2026-11-21"),
    "WB008": ("reviewed", "2026-11-21"),
}
"""Code -> the field that the rule is about, and something that it may be."""
_ABSENT = object()


def repair(document: Document, errors: Iterable[Finding]) -> tuple[Document, frozenset[int]]:
    """Return *document* as it would be without those *errors*, and the rows in which some remain.

    The document is for parsers only: its places are those of the original.
    """
    if not isinstance(document.data, list):
        return document, frozenset()
    by_row: dict[int, list[Finding]] = defaultdict(list)
    for finding in errors:
        if finding.place and isinstance(finding.place[0], int) and not document.own:
            by_row[finding.place[0]].append(finding)
    rows, blocked = list(document.data), set()
    for number, found in by_row.items():
        rows[number] = row = _copy(rows[number])
        if [finding for finding in found if not _mend(row, finding)]:
            blocked.add(number)
    return replace(document, data=rows), frozenset(blocked)


def _mend(row: Any, finding: Finding) -> bool:  # noqa: ANN401 - whatever stands in the file
    """Put one thing right; tell whether that was possible."""
    if isinstance(finding.fix, ReplaceText):
        *way, last = finding.fix.place[1:]
        for step in way:
            row = row[step]
        row[last] = finding.fix.text
        return True
    if finding.code == _UNKNOWN_FIELD:
        return row.pop(finding.place[1], _ABSENT) is not _ABSENT
    if finding.code in _ACCOUNT:
        field, value = _ACCOUNT[finding.code]
        row[field] = value
        return True
    return False


def _copy(value: Any) -> Any:  # noqa: ANN401 - as above
    if isinstance(value, Mapping):
        return {key: _copy(item) for key, item in value.items()}
    return [_copy(item) for item in value] if isinstance(value, list) else value
