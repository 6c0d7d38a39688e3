"""``wheelbridge create``, ``install`` and ``remove``: a plan, a question, one transaction."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path

from wheelbridge.api.installing import Prepared, carry_out, package_caches, prepare
from wheelbridge.api.life.erasing import erase, prepare_erasure
from wheelbridge.api.removing import prepare_removal
from wheelbridge.api.running import run_to_end
from wheelbridge.api.solving import Settings
from wheelbridge.cli.asking import read_asked, tell_platforms
from wheelbridge.cli.clashes import add_warnings, show_clashes
from wheelbridge.cli.door import door
from wheelbridge.cli.options import Output, SolveOptions
from wheelbridge.cli.output import note, out, print_json
from wheelbridge.cli.progress import reporter, steps
from wheelbridge.cli.render import render_plan, solution_json
from wheelbridge.cli.variables import VariableChange, plan_variables, set_variables, show_variables, variables_json
from wheelbridge.errors import UsageError
from wheelbridge.installer.listing import load_records
from wheelbridge.installer.plan import Plan
from wheelbridge.installer.prefix import hold_prefix, is_environment
from wheelbridge.installer.transaction import run_transaction
from wheelbridge.mapping.natives.clashes import Clash


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
    if not names:
        raise UsageError("Nothing to remove", hint="Name packages, or say --all.")
    with hold(prefix, output):
        removal = prepare_removal(prefix, names, override=output.overrides, command=door().command_line())
        if not output.as_json:
            render_plan(removal.plan, str(prefix), {})
        if not go_ahead(output, removal.plan):
            return 0
        if not output.dry_run:
            with reporter(output) as listener:
                caches = package_caches(door().open_caches())
                run_to_end(run_transaction(removal.transaction, caches, reporter=listener))
    if not output.as_json and not output.dry_run and not removal.plan.is_empty:
        out().print(f"Done: {prefix}")
    if output.as_json:
        gone = [record.name.normalized for record in removal.plan.unlink]
        print_json({"success": True, "dry_run": output.dry_run, "removed": gone})
    return 0


def remove_all(prefix: Path, names: Sequence[str], output: Output) -> int:
    """Remove an environment with its folder."""
    if names:
        raise UsageError("--all removes the whole environment; names beside it have no meaning")
    with hold(prefix, output):
        erasure = prepare_erasure(prefix, override=output.overrides)
        plan = Plan(unlink=erasure.packages)
        if not output.as_json:
            render_plan(plan, str(prefix), {})
        if erasure.foreign:
            note(f"{len(erasure.foreign)} files of no package go, too, such as {erasure.foreign[0]}.")
        if not go_ahead(output, plan):
            return 0
        if not output.dry_run and (rest := erase(erasure)):
            note(f"Not all of it could be removed; what is left is in {rest}.")
    if not output.as_json and not output.dry_run:
        out().print(f"Removed: {prefix}")
    if output.as_json:
        gone = [record.name.normalized for record in erasure.packages]
        print_json({"success": True, "dry_run": output.dry_run, "removed": gone, "foreign": list(erasure.foreign)})
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
    asked = read_asked(specs, requirements, options if new else for_environment(options, prefix))
    tell_platforms(asked)
    request, settings = asked.request, asked.settings
    if request.is_empty and not settings.links:
        raise UsageError("Nothing to install", hint="Name packages, such as 'python=3.12' or 'pypi:torch'.")
    with hold(prefix, output):
        variables = plan_variables(prefix, asked.manifest.variables if asked.manifest else {})
        with steps(output) as progress:
            prepared = prepare(
                prefix,
                request,
                settings,
                progress,
                create=new,
                override=output.overrides,
                command=door().command_line(),
            )
        show_prepared(prepared, prefix, output, variables)
        if not (confirm(output) if variables else go_ahead(output, prepared.plan)):
            return 0
        warnings = [*prepared.warnings, *(() if output.dry_run else carry_out_aloud(prepared, settings, output))]
        if not output.dry_run:
            set_variables(prefix, variables)
    if output.as_json:
        content = add_warnings(solution_json(prepared.solution, settings, dry_run=output.dry_run), warnings)
        print_json({**content, "variables": variables_json(variables)})
    return 0


def for_environment(options: SolveOptions, prefix: Path) -> SolveOptions:
    """Solve for the platform that the environment is for, which need not be this machine's."""
    subdirs = {record.subdir for record in load_records(prefix)} - {"noarch"} if is_environment(prefix) else set()
    return replace(options, platform=subdirs.pop()) if len(subdirs) == 1 else options


def hold(prefix: Path, output: Output) -> AbstractContextManager[None]:
    """Keep others away from the prefix, from reading it to changing it; a dry run touches nothing."""
    return nullcontext() if output.dry_run else hold_prefix(prefix)


def show_prepared(prepared: Prepared, prefix: Path, output: Output, variables: Sequence[VariableChange] = ()) -> None:
    """Show a person what is going to happen."""
    if output.as_json:
        return
    for text in prepared.solution.notes:
        note(text)
    if not (variables and prepared.plan.is_empty):
        render_plan(prepared.plan, str(prefix), {package.name: package for package in prepared.solution.packages})
    show_variables(variables)
    show_clashes(prepared.warnings)


def carry_out_aloud(prepared: Prepared, settings: Settings, output: Output) -> Sequence[Clash]:
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
    return plan.is_empty or confirm(output)


def confirm(output: Output) -> bool:
    """Ask, unless nobody is to be asked."""
    if output.dry_run or output.yes or output.as_json:
        return True
    return door().ask()
