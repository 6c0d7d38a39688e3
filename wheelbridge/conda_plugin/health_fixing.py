"""What ``conda doctor --fix`` does for wheelbridge: as ``wheelbridge check --fix``, with conda's questions."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from conda.base.context import context

from wheelbridge.conda_plugin.health import INTERRUPTED, WRONG_TAGS, Check, Confirm
from wheelbridge.conda_plugin.health_showing import can_run, examine, find, is_hidden, list_findings, say, tell
from wheelbridge.errors import WheelbridgeError

if TYPE_CHECKING:
    from wheelbridge.api.checks.findings import Finding
    from wheelbridge.api.checks.fixing import Mending
    from wheelbridge.api.solving import Settings
    from wheelbridge.cli.options import Output

_Mend = Callable[[Path, Sequence["Finding"], Confirm], None]


def fix(check: Check, prefix: str, confirm: Confirm) -> int:
    """Mend what *check* finds and can be mended; return 0 where nothing of it is left, else 1.

    Raises:
        CondaSystemExit: if the user declines.
        DryRunExit: if nothing is to be changed, once it was said what would be.
    """
    if not can_run():
        return 1
    from wheelbridge.cli.door import entering
    from wheelbridge.conda_plugin.door import CondaDoor

    try:
        with entering(CondaDoor()):
            return _fix(check, Path(prefix), confirm)
    except WheelbridgeError as error:
        say(f"{check.name} could not be fixed:\n")
        tell(error)
        return 1


def _fix(check: Check, prefix: Path, confirm: Confirm) -> int:
    found = find(check, examine(prefix))
    if not found:
        say(f"{check.sound}\n")
        return 0
    if is_hidden(check, found):
        say(f"{check.name} can fix nothing after a change that was interrupted:\n")
        list_findings(found)
        return 1
    try:
        _mend_of(check)(prefix, found, confirm)
    finally:
        examine.cache_clear()
    left = find(check, examine(prefix))
    say(f"{check.unsound}\n" if left else f"{check.sound}\n")
    list_findings(left)
    return 1 if left else 0


def _mend_of(check: Check) -> _Mend:
    if INTERRUPTED in check.codes:
        return _recover
    return _replace if WRONG_TAGS in check.codes else partial(_mend, check)


def _recover(prefix: Path, found: Sequence["Finding"], confirm: Confirm) -> None:
    """Hold the environment once, which undoes or completes what was interrupted."""
    list_findings(found)
    confirm("Undo or complete the change?")
    with _hold(prefix):
        pass


def _mend(check: Check, prefix: Path, found: Sequence["Finding"], confirm: Confirm) -> None:
    """Link anew, remove, and complete the history."""
    from wheelbridge.api.checks.checking import Examination
    from wheelbridge.api.checks.fixing import mend, plan_mending
    from wheelbridge.cli.door import door
    from wheelbridge.cli.progress import reporter

    if plan_mending(found).is_empty:
        return
    with _hold(prefix):  # and what is done is done about what is there then
        mending = plan_mending(find(check, Examination(prefix)))
        if mending.is_empty:
            return
        _show_plan(check, mending)
        confirm("Do this?")
        output = _output()
        with reporter(output) as listener:
            command = door().command_line()
            failures = mend(prefix, mending, _settings(prefix), listener, override=output.overrides, command=command)
    for failure in failures:
        say(f"  {failure.package} stays as it is: {failure.reason}.\n")


def _replace(prefix: Path, found: Sequence["Finding"], confirm: Confirm) -> None:
    """Solve for other wheels in the place of those that do not fit; what has no record, no solve can replace."""
    from wheelbridge.api.checks.replacing import prepare_replacement, wheel_names
    from wheelbridge.cli.door import door
    from wheelbridge.cli.install import carry_out_aloud, show_prepared
    from wheelbridge.cli.progress import steps

    names = wheel_names(examine(prefix).environment, {str(finding.details["project"]) for finding in found})
    if not names:
        return
    output, settings = _output(), _settings(prefix)
    with _hold(prefix):
        with steps(output) as progress:
            command = door().command_line()
            prepared = prepare_replacement(
                prefix, names, settings, progress, override=output.overrides, command=command
            )
        show_prepared(prepared, prefix, output)
        confirm("Install these in the place of wheels that do not fit?")
        carry_out_aloud(prepared, settings, output)


def _show_plan(check: Check, mending: "Mending") -> None:
    say(f"To be done by {check.name}:\n")
    for name in mending.relinked:
        say(f"  link anew: {name}")
    for path in mending.removed:
        say(f"  remove: {path}")
    if mending.history:
        say("  complete the history")
    say()


def _hold(prefix: Path) -> AbstractContextManager[None]:
    """Keep others away from the environment, if it may be changed at all; a dry run touches nothing."""
    from wheelbridge.installer.prefix import check_environment, hold_prefix

    check_environment(prefix, override=_output().overrides)
    return nullcontext() if context.dry_run else hold_prefix(prefix)


def _output() -> "Output":
    from wheelbridge.cli.options import Output, read_overrides

    frozen = not context.protect_frozen_envs
    return Output(
        quiet=bool(context.quiet or context.json),
        verbose=int(context.verbosity),
        dry_run=bool(context.dry_run),
        overrides=read_overrides(frozen=frozen, managed=True),
    )


def _settings(prefix: Path) -> "Settings":
    """Return the settings of `wheelbridge check --fix`: what is configured, for the environment's platform."""
    from wheelbridge.api.sources import SourceChoice
    from wheelbridge.cli.install import for_environment
    from wheelbridge.cli.options import SolveOptions
    from wheelbridge.cli.solve import read_settings
    from wheelbridge.model.variant_policy import VariantPolicy

    options = SolveOptions(sources=SourceChoice(), variants=VariantPolicy(), offline=bool(context.offline))
    return read_settings(for_environment(options, prefix))
