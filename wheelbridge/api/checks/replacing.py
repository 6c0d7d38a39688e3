"""Wheels that an environment cannot run, and others in their place."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

from wheelbridge.api.checks.findings import Environment
from wheelbridge.api.installing import Prepared, conclude
from wheelbridge.api.life.modifying import solve_for
from wheelbridge.api.life.site import open_site, standing_of
from wheelbridge.api.solving import Settings
from wheelbridge.api.specs import Request
from wheelbridge.errors import shell_command
from wheelbridge.solver.errors import UnsatisfiableError
from wheelbridge.solver.problem import Progress, Standing

_NOTHING = Request((), ())


def wheel_names(environment: Environment, projects: Collection[str]) -> frozenset[str]:
    """Return the solver names of those of *projects* whose wheels have a record: a solve can replace them."""
    owners = {one.owner for one in environment.distributions if one.project in projects}
    return frozenset(name for name in owners if name is not None and environment.is_wheel(name))


def prepare_replacement(
    prefix: Path,
    names: Collection[str],
    settings: Settings,
    progress: Progress,
    *,
    override: Collection[str] = (),
    command: Sequence[str] = ("wheelbridge",),
) -> Prepared:
    """Solve for other wheels in the place of those *names*: of the same versions, unless something speaks against it.

    Nothing is asked for anew; the rest is kept unless it must move.

    Raises:
        WheelbridgeError: if the environment may not be changed, or there is no answer.
    """
    site = open_site(prefix, settings, override=override, command=command)
    standing = _let_go(standing_of(site, ()), names)
    try:
        solution = solve_for(site, _NOTHING, standing, progress)
    except UnsatisfiableError as error:
        removal = shell_command("wheelbridge", "remove", "-p", prefix, *sorted(names))
        error.hint = f"What no source has for this environment can be removed: {removal}."
        raise
    return conclude(site, _NOTHING, solution, standing)


def _let_go(standing: Standing, names: Collection[str]) -> Standing:
    """Return *standing* with other wheels wanted for *names*."""
    gone = tuple(record for record in standing.locked if record.name.normalized in names)
    kept = tuple(record for record in standing.locked if record not in gone)
    return replace(standing, locked=kept, replaced=(*standing.replaced, *gone))
