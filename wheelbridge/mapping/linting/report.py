"""Findings as other tools read them: annotations of GitHub, and SARIF 2.1.0."""

from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import quote

from wheelbridge.mapping.linting.findings import Finding
from wheelbridge.mapping.linting.rows import Rule

SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
"""An address in the document, never asked."""
_VERSION = "2.1.0"


def render_github(findings: Iterable[Finding]) -> Iterator[str]:
    """Yield each finding as a workflow command of GitHub Actions, which makes an annotation of it.

    >>> from wheelbridge.mapping.linting.findings import Severity
    >>> next(render_github([Finding(code="WB009", severity=Severity.ERROR, file="a,b.yaml", message="50%", line=3)]))
    '::error file=a%2Cb.yaml,line=3,title=WB009::50%25.'
    """
    for finding in findings:
        fields = {"file": finding.file, "line": finding.line, "col": finding.column, "title": finding.code}
        properties = ",".join(f"{name}={_property(str(value))}" for name, value in fields.items() if value is not None)
        yield f"::{finding.severity} {properties}::{_message(_tell(finding))}"


def render_sarif(findings: Sequence[Finding], rules: Iterable[Rule], version: str) -> dict[str, object]:
    """Return the log of one run, ready for ``json.dumps``; *version* is that of wheelbridge."""
    listed = tuple(rules)
    known = {rule.code: number for number, rule in enumerate(listed)}
    driver = {"name": "wheelbridge map lint", "version": version, "rules": [_sarif_rule(rule) for rule in listed]}
    return {
        "$schema": SARIF_SCHEMA,
        "version": _VERSION,
        "runs": [
            {
                "tool": {"driver": driver},
                "columnKind": "unicodeCodePoints",
                "results": [_sarif_result(finding, known[finding.code]) for finding in findings],
            }
        ],
    }


def _sarif_rule(rule: Rule) -> dict[str, object]:
    return {
        "id": rule.code,
        "shortDescription": {"text": rule.summary},
        "defaultConfiguration": {"level": str(rule.severity)},
    }


def _sarif_result(finding: Finding, rule: int) -> dict[str, object]:
    place: dict[str, object] = {"artifactLocation": {"uri": _uri(finding.file)}}
    if finding.line is not None:
        place["region"] = {"startLine": finding.line, "startColumn": finding.column or 1}
    location: dict[str, object] = {"physicalLocation": place}
    if name := f"{finding.key} {finding.path}".strip():
        location["logicalLocations"] = [{"fullyQualifiedName": name}]
    return {
        "ruleId": finding.code,
        "ruleIndex": rule,
        "level": str(finding.severity),
        "message": {"text": _tell(finding)},
        "locations": [location],
    }


def _uri(file: str) -> str:
    """Return a relative file as a relative URI, an absolute one with its scheme (RFC 3986)."""
    path = quote(file.replace("\\", "/"))
    return f"file://{path}" if path.startswith("/") else path


def _tell(finding: Finding) -> str:
    return f"{finding.message}. {finding.hint}" if finding.hint else f"{finding.message}."


def _message(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")
