"""``wheelbridge check``: is an environment sound, and can it be mended?"""

from collections.abc import Sequence
from pathlib import Path

from wheelbridge.api.checks.checking import check_environment
from wheelbridge.api.checks.findings import Finding
from wheelbridge.api.checks.fixing import Failure, Mending, mend, plan_mending
from wheelbridge.cli.install import command_line, confirm, hold
from wheelbridge.cli.options import Output, SolveOptions
from wheelbridge.cli.output import note, out, print_json, printable
from wheelbridge.cli.progress import reporter
from wheelbridge.environment.lock import Lock


def run(prefix: Path, lock: Path | None, output: Output) -> int:
    """Say what is wrong with the environment at *prefix*; the exit code is 1 where something is."""
    findings = check_environment(prefix, lock=_read(lock), notes=bool(output.verbose))
    if output.as_json:
        print_json({"success": _is_sound(findings), "prefix": str(prefix), "findings": _as_json(findings)})
    else:
        _show_all(findings, prefix)
    return 0 if _is_sound(findings) else 1


def fix(prefix: Path, lock: Path | None, options: SolveOptions, output: Output) -> int:
    """Mend what can be mended; the exit code is 1 where something is left, or would be."""
    read = _read(lock)
    with hold(prefix, output):
        before = check_environment(prefix, lock=read)
        mending = plan_mending(before)
        if not output.as_json:
            _show_all(before, prefix)
            if before:
                _show_plan(mending)
        if output.dry_run or mending.is_empty:
            return _report(prefix, mending, before, (), output)
        if not confirm(output):
            return 1
        failures = _mend(prefix, mending, options, output)
        after = check_environment(prefix, lock=read)
    return _report(prefix, mending, after, failures, output)


def _mend(prefix: Path, mending: Mending, options: SolveOptions, output: Output) -> tuple[Failure, ...]:
    from wheelbridge.cli.solve import read_settings

    settings = read_settings(options)
    with reporter(output) as listener:
        return mend(prefix, mending, settings, listener, override=output.overrides, command=command_line())


def _report(
    prefix: Path, mending: Mending, left: Sequence[Finding], failures: Sequence[Failure], output: Output
) -> int:
    """Say what is left."""
    sound = _is_sound(left)
    if output.as_json:
        print_json(
            {
                "success": sound,
                "dry_run": output.dry_run,
                "prefix": str(prefix),
                "fixed": mending.as_json(),
                "failed": [{"package": one.package, "reason": one.reason} for one in failures],
                "findings": _as_json(left),
            }
        )
        return 0 if sound else 1
    for one in failures:
        note(f"{one.package} could not be had again, and stays as it is: {one.reason}.")
    if not output.dry_run and not mending.is_empty:
        out().print(f"Done: {prefix}")
        if left:
            out().print("Left:")
            for finding in left:
                _show(finding)
    return 0 if sound else 1


def _read(lock: Path | None) -> Lock | None:
    if lock is None:
        return None
    from wheelbridge.environment.locks.files import read_lock

    return read_lock(lock)


def _show_plan(mending: Mending) -> None:
    if mending.is_empty:
        out().print("Nothing of it can be mended here.")
    for name in mending.relinked:
        out().print(f"would link anew: {name}", markup=False)
    for path in mending.removed:
        out().print(f"would remove: {path}", markup=False)
    if mending.history:
        out().print("would complete the history")


def _show_all(findings: Sequence[Finding], prefix: Path) -> None:
    for finding in findings:
        _show(finding)
    if not findings:
        out().print(f"Nothing was found in {prefix}.")


def _show(finding: Finding) -> None:
    out().print(f"{finding.severity}: {printable(finding.message)} [{finding.code}]")
    if finding.hint:
        out().print(f"  hint: {printable(finding.hint)}")


def _as_json(findings: Sequence[Finding]) -> list[dict[str, object]]:
    return [finding.as_json() for finding in findings]


def _is_sound(findings: Sequence[Finding]) -> bool:
    return all(finding.severity == "note" for finding in findings)
