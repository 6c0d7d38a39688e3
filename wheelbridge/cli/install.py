"""``wheelbridge create``, ``install`` and ``remove``: a plan, a question, one transaction."""

import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path

from wheelbridge.api.installing import Prepared, carry_out, package_caches, prepare
from wheelbridge.api.places import Caches
from wheelbridge.api.removing import prepare_removal
from wheelbridge.api.running import run_to_end
from wheelbridge.api.solving import Settings
from wheelbridge.api.specs import read_request
from wheelbridge.cli.clashes import add_warnings, show_clashes
from wheelbridge.cli.options import Output, SolveOptions
from wheelbridge.cli.output import err, note, out, print_json
from wheelbridge.cli.progress import reporter, steps
from wheelbridge.cli.render import render_plan, solution_json
from wheelbridge.cli.solve import read_settings
from wheelbridge.errors import UsageError
from wheelbridge.installer.listing import load_records
from wheelbridge.installer.plan import Plan
from wheelbridge.installer.prefix import hold_prefix, is_environment
from wheelbridge.installer.transaction import run_transaction
from wheelbridge.mapping.natives.clashes import Clash
from wheelbridge.model.redaction import redact_argument


def create(
    prefix: Path, specs: Sequence[str], requirements: Sequence[str], options: SolveOptions, output: Output
) -> int:
    """Make a new environment."""
    return _change(prefix, specs, requirements, options, output, new=True)


def install(
    prefix: Path, specs: Sequence[str], requirements: Sequence[str], options: SolveOptions, output: Output
) -> int:
    """Add packages to an environment."""
    return _change(prefix, specs, requirements, options, output, new=False)


def remove(prefix: Path, names: Sequence[str], output: Output) -> int:
    """Remove packages from an environment."""
    with hold(prefix, output):
        removal = prepare_removal(prefix, names, override=output.overrides, command=command_line())
        if not output.as_json:
            render_plan(removal.plan, str(prefix), {})
        if not go_ahead(output, removal.plan):
            return 0
        if not output.dry_run:
            with reporter(output) as listener:
                caches = package_caches(Caches.default())
                run_to_end(run_transaction(removal.transaction, caches, reporter=listener))
    if not output.as_json and not output.dry_run and not removal.plan.is_empty:
        out().print(f"Done: {prefix}")
    if output.as_json:
        gone = [record.name.normalized for record in removal.plan.unlink]
        print_json({"success": True, "dry_run": output.dry_run, "removed": gone})
    return 0


def _change(
    prefix: Path,
    specs: Sequence[str],
    requirements: Sequence[str],
    options: SolveOptions,
    output: Output,
    *,
    new: bool,
) -> int:
    request = read_request(specs, requirements)
    if request.is_empty:
        raise UsageError("Nothing to install", hint="Name packages, such as 'python=3.12' or 'pypi:torch'.")
    settings = read_settings(options if new else _for_environment(options, prefix))
    with hold(prefix, output):
        with steps(output) as progress:
            prepared = prepare(
                prefix,
                request,
                settings,
                progress,
                create=new,
                override=output.overrides,
                command=command_line(),
            )
        _show(prepared, prefix, output)
        if not go_ahead(output, prepared.plan):
            return 0
        warnings = [*prepared.warnings, *(() if output.dry_run else _carry_out(prepared, settings, output))]
    if output.as_json:
        print_json(add_warnings(solution_json(prepared.solution, settings, dry_run=output.dry_run), warnings))
    return 0


def _for_environment(options: SolveOptions, prefix: Path) -> SolveOptions:
    """Solve for the platform that the environment is for, which need not be this machine's."""
    subdirs = {record.subdir for record in load_records(prefix)} - {"noarch"} if is_environment(prefix) else set()
    return replace(options, platform=subdirs.pop()) if len(subdirs) == 1 else options


def hold(prefix: Path, output: Output) -> AbstractContextManager[None]:
    """Keep others away from the prefix, from reading it to changing it; a dry run touches nothing."""
    return nullcontext() if output.dry_run else hold_prefix(prefix)


def _show(prepared: Prepared, prefix: Path, output: Output) -> None:
    if output.as_json:
        return
    for text in prepared.solution.notes:
        note(text)
    render_plan(prepared.plan, str(prefix), {package.name: package for package in prepared.solution.packages})
    show_clashes(prepared.warnings)


def _carry_out(prepared: Prepared, settings: Settings, output: Output) -> Sequence[Clash]:
    """Carry it out, and return what only the files showed; a person is told of it before anything is linked."""
    warnings: list[Clash] = []

    def warn(clash: Clash) -> None:
        warnings.append(clash)
        if not output.as_json:
            show_clashes([clash])

    with reporter(output) as listener:
        outcome = carry_out(prepared, settings, listener, warn)
    for path in outcome.overwritten:
        note(f"{path} belonged to no package and was replaced.")
    for conflict in outcome.conflicts:
        if not conflict.identical:
            note(f"Several packages claim {conflict}.")
    if not output.as_json and not outcome.plan.is_empty:
        out().print(f"Done: {prepared.transaction.prefix}")
    return warnings


def go_ahead(output: Output, plan: Plan) -> bool:
    """Ask, unless there is nothing to ask for or nobody to ask."""
    if output.dry_run or output.yes or output.as_json or plan.is_empty:
        return True
    if not sys.stdin.isatty():
        raise UsageError("There is nobody to ask", hint="Say --yes to go ahead, or --dry-run to see the plan only.")
    return err().input("Proceed ([y]/n)? ", markup=False).strip().lower() in {"", "y", "yes"}


def command_line() -> tuple[str, ...]:
    """Return this process's command line for the history, without secrets."""
    return ("wheelbridge", *map(redact_argument, sys.argv[1:]))
