"""``wheelbridge check``: is an environment sound, and can it be mended?"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from wheelbridge.api.checks.checking import check_environment
from wheelbridge.api.checks.findings import Finding
from wheelbridge.api.checks.fixing import Failure, Mending, mend, plan_mending
from wheelbridge.cli.door import door
from wheelbridge.cli.install import confirm, hold
from wheelbridge.cli.options import Output, SolveOptions
from wheelbridge.cli.output import note, out, print_json, printable
from wheelbridge.cli.progress import reporter
from wheelbridge.environment.lock import Lock
from wheelbridge.installer.journal import is_interrupted


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
    interrupted = is_interrupted(prefix)
    with hold(prefix, output):
        if interrupted and not output.dry_run:
            note(f"An interrupted change of {prefix} was undone, or completed.")
        before = check_environment(prefix, lock=read)
        mending = plan_mending(before)
        if not output.as_json:
            _show_all(before, prefix)
            if before and not (output.dry_run and interrupted):
                _show_plan(mending, "would" if output.dry_run else "will")
        if output.dry_run or mending.is_empty:
            return _report(prefix, mending, before, (), output, recovered=interrupted)
        if not confirm(output):
            return 1
        failures = _mend(prefix, mending, options, output)
        after = check_environment(prefix, lock=read)
    failed = {one.package for one in failures}
    done = replace(mending, relinked=tuple(name for name in mending.relinked if name not in failed))
    return _report(prefix, done, after, failures, output, recovered=interrupted)


def _mend(prefix: Path, mending: Mending, options: SolveOptions, output: Output) -> tuple[Failure, ...]:
    from wheelbridge.cli.solve import read_settings

    settings = read_settings(options)
    with reporter(output) as listener:
        return mend(prefix, mending, settings, listener, override=output.overrides, command=door().command_line())


def _report(
    prefix: Path,
    mending: Mending,
    left: Sequence[Finding],
    failures: Sequence[Failure],
    output: Output,
    *,
    recovered: bool,
) -> int:
    """Say what was done, and what is left."""
    sound = _is_sound(left)
    if output.as_json:
        print_json(
            {
                "success": sound,
                "dry_run": output.dry_run,
                "prefix": str(prefix),
                "fixed": {**mending.as_json(), "recovered": recovered},
                "failed": [{"package": one.package, "reason": one.reason} for one in failures],
                "findings": _as_json(left),
            }
        )
        return 0 if sound else 1
    for one in failures:
        note(f"{one.package} could not be linked anew, and stays as it is: {one.reason}.")
    if not output.dry_run and (failures or not mending.is_empty):
        if not mending.is_empty:
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


def _show_plan(mending: Mending, auxiliary: str) -> None:
    if mending.is_empty:
        out().print("Nothing of it can be mended here.")
    for name in mending.relinked:
        out().print(f"{auxiliary} link anew: {name}", markup=False)
    for path in mending.removed:
        out().print(f"{auxiliary} remove: {path}", markup=False)
    if mending.history:
        out().print(f"{auxiliary} complete the history")


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
