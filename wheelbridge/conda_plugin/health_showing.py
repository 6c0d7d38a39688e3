"""What ``conda doctor`` says of an environment for wheelbridge, in the style of its own checks."""

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from conda.base.constants import OK_MARK, X_MARK

from wheelbridge.conda_plugin.errors import through_conda
from wheelbridge.conda_plugin.health import INTERRUPTED, Check
from wheelbridge.conda_plugin.needs import require_rattler
from wheelbridge.errors import WheelbridgeError
from wheelbridge.model.printing import printable

if TYPE_CHECKING:
    from wheelbridge.api.checks.checking import Examination
    from wheelbridge.api.checks.findings import Environment, Finding

_FEW = 10
"""As many findings of a check are told without ``-v``."""


def show(check: Check, prefix: str, *, verbose: bool) -> None:
    """Print what *check* finds; what works and no record has is told with *verbose* alone."""
    if not can_run():
        return
    try:
        findings = find(check, examine(Path(prefix), notes=verbose))
    except WheelbridgeError as error:
        say(f"{X_MARK} {check.summary}: this could not be done.\n")
        tell(error)
        return
    if is_hidden(check, findings):
        say(f"{X_MARK} {check.summary}: this cannot be done after a change that was interrupted.\n")
        return
    sound = all(finding.severity == "note" for finding in findings)
    say(f"{OK_MARK} {check.sound}\n" if sound else f"{X_MARK} {check.unsound}\n")
    list_findings(findings if verbose else findings[:_FEW])
    if len(findings) > _FEW and not verbose:
        say(f"  {len(findings) - _FEW} more are shown with -v.\n")


def show_solvers() -> None:
    """Print which solver of this conda wants another py-rattler than the one that is there."""
    from wheelbridge.conda_plugin.other_solvers import find_breakage

    if (found := find_breakage()) is None:
        say(f"{OK_MARK} All solvers of this conda take its py-rattler.\n")
        return
    say(f"{X_MARK} A solver of this conda does not take its py-rattler:\n")
    say(f"  {found.message}")
    say(f"    {found.hint}\n")


def find(check: Check, examination: "Examination") -> tuple["Finding", ...]:
    """Return the findings of a check; of a change that was interrupted, it is told in any case."""
    environment = examination.environment
    return tuple(one for one in examination.find(check.codes) if _counts(one, check, environment))


@cache
def can_run() -> bool:
    """Tell whether the checks can be made; if they cannot, say why, once."""
    try:
        require_rattler()
    except WheelbridgeError as error:
        say(f"{X_MARK} The checks of wheelbridge were not made.\n")
        tell(error)
        return False
    return True


@cache
def examine(prefix: Path, *, notes: bool = False) -> "Examination":
    """Return what the checks of a run share; to be forgotten (``cache_clear``) when something changed."""
    from wheelbridge.api.checks.checking import Examination

    return Examination(prefix, notes=notes)


def list_findings(findings: Iterable["Finding"]) -> None:
    """Print what was found, and what to do about each."""
    for finding in findings:
        say(f"  {printable(finding.message)} [{finding.code}]")
        say(f"    {printable(through_conda(finding.hint))}\n")


def is_hidden(check: Check, findings: Iterable["Finding"]) -> bool:
    """Tell whether all that was found is that nothing can be found."""
    return INTERRUPTED not in check.codes and any(finding.code == INTERRUPTED for finding in findings)


def tell(error: WheelbridgeError) -> None:
    """Print an error, which may have several lines, and what to do about it."""
    first, *more = map(printable, error.message.split("\n"))
    for line in (f"{first} [{error.code}]", *more):
        say(f"  {line}")
    for line in map(printable, through_conda(error.hint or "").splitlines()):
        say(f"    {line}")
    say()


def say(text: str = "") -> None:
    """Print a line where conda's own checks print theirs."""
    print(text)  # noqa: T201 - conda doctor has no other way


def _counts(finding: "Finding", check: Check, environment: "Environment") -> bool:
    """Tell whether a finding is not one of conda's own checks as well."""
    name = str(finding.details.get("package"))
    known = {record.name.normalized for record in environment.records}
    return finding.code not in check.of_wheels or name not in known or environment.is_wheel(name)
