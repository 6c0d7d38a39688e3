"""``wheelbridge update``: what moves, what stays and why, a question, one transaction."""

from collections.abc import Sequence
from pathlib import Path

from wheelbridge.api.life.updating import Update, prepare_update
from wheelbridge.cli.clashes import add_warnings
from wheelbridge.cli.door import door
from wheelbridge.cli.install import carry_out_aloud, for_environment, go_ahead, hold, show_prepared
from wheelbridge.cli.options import Output, SolveOptions
from wheelbridge.cli.output import note, print_json
from wheelbridge.cli.progress import steps
from wheelbridge.cli.render import solution_json
from wheelbridge.cli.solve import read_settings


def run(prefix: Path, names: Sequence[str], options: SolveOptions, output: Output, *, everything: bool) -> int:
    """Move packages of the environment at *prefix* to newer versions."""
    settings = read_settings(for_environment(options, prefix))
    with hold(prefix, output):
        with steps(output) as progress:
            update = prepare_update(
                prefix,
                names,
                settings,
                progress,
                everything=everything,
                override=output.overrides,
                command=door().command_line(),
            )
        _show(update, prefix, output)
        prepared = update.prepared
        if not go_ahead(output, prepared.plan):
            return 0
        warnings = [*prepared.warnings, *(() if output.dry_run else carry_out_aloud(prepared, settings, output))]
    if output.as_json:
        content = solution_json(prepared.solution, settings, dry_run=output.dry_run)
        told = {"moves": [move.as_json() for move in update.moves], "stays": [stay.as_json() for stay in update.stays]}
        print_json(add_warnings({**content, **told}, warnings))
    return 0


def _show(update: Update, prefix: Path, output: Output) -> None:
    show_prepared(update.prepared, prefix, output)
    if not output.as_json:
        for stay in update.stays:
            note(f"{stay.describe()}.")
