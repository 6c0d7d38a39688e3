"""The lint of the mapping tables: every rule with its code, and what they say of documents."""

from collections.abc import Iterable, Iterator, Sequence

from wheelbridge.errors import UsageError
from wheelbridge.mapping.linting import common, external, names, natives
from wheelbridge.mapping.linting.findings import Finding, Severity
from wheelbridge.mapping.linting.generated import GENERATED
from wheelbridge.mapping.linting.repairs import repair
from wheelbridge.mapping.linting.rows import Document, Facts, Problem, Rule, Table
from wheelbridge.mapping.linting.shapes import check_file

UNREADABLE = Rule("WB001", Severity.ERROR, "The file can be read.", frozenset(Table), lambda _document, _facts: ())
"""Found by who reads the files, not by a rule on their content."""

MISSING = Rule("WB017", Severity.ERROR, "Every table is there.", frozenset(Table), lambda _document, _facts: ())
"""The same."""

RULES: tuple[Rule, ...] = (
    UNREADABLE,
    *common.RULES,
    MISSING,
    *names.RULES,
    GENERATED,
    *external.RULES,
    *natives.RULES,
)
"""All rules, sorted by code: 0xx every table, 1xx names, 2xx external, 3xx wheels and sonames, 4xx variants."""


_OF_OTHERS = frozenset(
    {"WB009", "WB012", "WB014", "WB103", "WB107", "WB112", "WB203", "WB204", "WB207", "WB301", "WB404"}
)
"""What other rows, files and channels tell: a row can have it and be of the wrong shape besides."""


def check_documents(documents: Iterable[Document], facts: Facts) -> tuple[Finding, ...]:
    """Return what the rules find in *documents*, in the order of files and lines.

    What a table's parser refuses is left out where a rule has found an error in the same row: it says it better. What
    can be put right for the time being hides nothing, so that no finding comes up only after others were mended.
    """
    return tuple(finding for document in documents for finding in _check(document, facts))


def choose_codes(select: Sequence[str], ignore: Sequence[str]) -> frozenset[str]:
    """Return the codes that are selected, all if none is, less those that are ignored; ``WB1`` means all its kind.

    >>> sorted(choose_codes(["WB00"], ["WB003", "WB002"]))[:2]
    ['WB001', 'WB004']

    Raises:
        UsageError: if no rule has such a code.
    """
    chosen = {code for text in select for code in _expand(text)} or {rule.code for rule in RULES}
    return frozenset(chosen).difference(*map(_expand, ignore))


def _expand(text: str) -> set[str]:
    if codes := {rule.code for rule in RULES if text and rule.code.startswith(text.upper())}:
        return codes
    raise UsageError(f"There is no rule {text!r}", hint="`wheelbridge map lint --rules` lists them.")


def _check(document: Document, facts: Facts) -> list[Finding]:
    findings = [
        _finding(rule, document, problem)
        for rule in RULES
        if document.table in rule.tables and rule is not common.SHAPE
        for problem in rule.check(document, facts)
    ]
    errors = [found for found in findings if found.severity is Severity.ERROR and found.code not in _OF_OTHERS]
    mended, blocked = repair(document, errors)
    shapes = [_finding(common.SHAPE, document, problem) for problem in common.SHAPE.check(mended, facts)]
    findings += (finding for finding in shapes if not finding.place or finding.place[0] not in blocked)
    if not (blocked or shapes or any(found.code in _OF_OTHERS for found in findings)):
        findings += (_finding(common.SHAPE, document, problem) for problem in check_file(mended))
    return sorted(findings, key=lambda found: (found.line or 0, found.column or 0, found.code))


def _finding(rule: Rule, document: Document, problem: Problem) -> Finding:
    position = document.position(problem.place)
    number = problem.place[0] if problem.place else None
    return Finding(
        code=rule.code,
        severity=rule.severity,
        file=document.file,
        message=problem.message,
        hint=problem.hint,
        place=document.origin(problem.place),
        line=position[0] if position else None,
        column=position[1] if position else None,
        key=document.keys.get(number, "") if isinstance(number, int) else "",
        fix=None if document.own else problem.fix,
    )


def count(findings: Iterable[Finding]) -> Iterator[tuple[str, int]]:
    """Yield how many findings there are, by severity.

    >>> dict(count(()))
    {'errors': 0, 'warnings': 0}
    """
    severities = [finding.severity for finding in findings]
    yield "errors", severities.count(Severity.ERROR)
    yield "warnings", severities.count(Severity.WARNING)
