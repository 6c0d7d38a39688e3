"""``wheelbridge adopt``: what another tool put into an environment becomes known, or is replaced."""

from collections.abc import Sequence
from pathlib import Path

from wheelbridge.api.checks.adopting import Adopted, Adoptions, adopt, prepare_adoption, prepare_replacement
from wheelbridge.api.installing import carry_out
from wheelbridge.cli.door import door
from wheelbridge.cli.install import confirm, go_ahead, hold
from wheelbridge.cli.options import Output, SolveOptions
from wheelbridge.cli.output import note, out, print_json
from wheelbridge.cli.progress import reporter, steps
from wheelbridge.cli.render import render_plan, solution_json
from wheelbridge.cli.solve import read_settings


def keep(prefix: Path, names: Sequence[str], options: SolveOptions, output: Output) -> int:
    """Write records for what is there; the exit code is 1 where something cannot have one."""
    settings = read_settings(options)
    with hold(prefix, output):
        adoptions = prepare_adoption(prefix, names, settings, override=output.overrides)
        if not output.as_json:
            _show(adoptions, "would" if output.dry_run else "will")
        if adoptions.taken and not output.dry_run and confirm(output):
            adopt(prefix, adoptions, command=door().command_line())
            if not output.as_json:
                out().print(f"Done: {prefix}")
    if output.as_json:
        refused = [{"project": one.distribution.project, "reason": one.reason} for one in adoptions.refused]
        adopted = [one.as_json() for one in adoptions.taken]
        print_json({"success": True, "dry_run": output.dry_run, "adopted": adopted, "refused": refused})
    return 1 if adoptions.refused else 0


def replace(prefix: Path, names: Sequence[str], options: SolveOptions, output: Output) -> int:
    """Exchange what is there for what a solve gives, in one transaction."""
    settings = read_settings(options)
    with hold(prefix, output):
        with steps(output) as progress:
            prepared = prepare_replacement(
                prefix, names, settings, progress, override=output.overrides, command=door().command_line()
            )
        packages = {package.name: package for package in prepared.solution.packages}
        if not output.as_json:
            for text in prepared.solution.notes:
                note(text)
            render_plan(prepared.plan, str(prefix), packages)
            for project in sorted(prepared.transaction.replaced):
                out().print(f"the files of another tool go: {project}", markup=False)
        if not go_ahead(output, prepared.plan):
            return 0
        if not output.dry_run:
            with reporter(output) as listener:
                carry_out(prepared, settings, listener)
            if not output.as_json:
                out().print(f"Done: {prefix}")
    if output.as_json:
        replaced = sorted(prepared.transaction.replaced)
        said = solution_json(prepared.solution, settings, dry_run=output.dry_run)
        print_json({**said, "replaced": replaced})
    return 0


def _show(adoptions: Adoptions, auxiliary: str) -> None:
    if not adoptions.taken and not adoptions.refused:
        out().print("No other tool put anything there.")
    for one in adoptions.taken:
        out().print(f"{auxiliary} be known: {_describe(one)}", markup=False)
    for refused in adoptions.refused:
        note(f"{refused.distribution} cannot be adopted: {refused.reason}.")


def _describe(one: Adopted) -> str:
    instead = f", in the place of {one.instead_of.name.normalized} {one.instead_of.version}" if one.instead_of else ""
    return f"{one.distribution} as {one.record.name.normalized}, from {one.record.url}{instead}"
