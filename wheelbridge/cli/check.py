"""``wheelbridge check``: is an environment sound?"""

from pathlib import Path

from wheelbridge.api.checking import check_environment
from wheelbridge.api.findings import Finding
from wheelbridge.cli.output import out, print_json, printable


def run(prefix: Path, *, as_json: bool) -> int:
    """Say what is wrong with the environment at *prefix*; the exit code is 1 where something is."""
    findings = check_environment(prefix)
    if as_json:
        content = [finding.as_json() for finding in findings]
        print_json({"success": not findings, "prefix": str(prefix), "findings": content})
    elif findings:
        for finding in findings:
            _show(finding)
    else:
        out().print(f"Nothing was found in {prefix}.")
    return 1 if findings else 0


def _show(finding: Finding) -> None:
    out().print(f"{finding.severity}: {printable(finding.message)} [{finding.code}]")
    if finding.hint:
        out().print(f"  hint: {printable(finding.hint)}")
