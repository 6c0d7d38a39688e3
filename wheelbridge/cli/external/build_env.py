"""``wheelbridge external build-env``: the environment to build a project in, and what to run there."""

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from wheelbridge.api.building.environments import (
    BuildEnvironment,
    BuildPlan,
    Wishes,
    check_platform,
    make_build_environment,
    plan_build_environment,
)
from wheelbridge.api.building.project import read_project
from wheelbridge.api.building.workshops import opened_log
from wheelbridge.api.solving import Settings, Silent
from wheelbridge.cli.door import door
from wheelbridge.cli.install import go_ahead, hold
from wheelbridge.cli.options import Output, SolveOptions
from wheelbridge.cli.output import note, out, print_json
from wheelbridge.cli.progress import reporter, steps
from wheelbridge.cli.render import render_plan, solution_json
from wheelbridge.cli.solve import read_settings


def run(place: str, prefix: Path, wishes: Wishes, options: SolveOptions, output: Output) -> int:
    """Make the environment to build the project at *place* in, and say what to run."""
    project = read_project(Path(place).expanduser())
    settings = read_settings(options)
    if not output.dry_run:
        check_platform(project, settings.target.subdir)
    with hold(prefix, output):
        with steps(output) as progress:
            plan = plan_build_environment(
                project, prefix, settings, progress, wishes=wishes, command=door().command_line()
            )
        _show(plan, output)
        if not go_ahead(output, plan.prepared.plan):
            return 0
        made = None if output.dry_run else _make(plan, settings, output)
    if output.as_json:
        print_json(_as_json(plan, made, settings))
    elif made is not None:
        _tell(made)
    return 0


def build_commands(environment: BuildEnvironment) -> list[str]:
    """Return the commands that build the project, out of what is in the environment."""
    folder = str(environment.project.folder)
    frontends = {
        "build": ("python", "-m", "build", "--wheel", "--no-isolation", folder),
        "pip": ("python", "-m", "pip", "wheel", "--no-build-isolation", "--no-deps", folder),
    }
    return [_join(command) for name, command in frontends.items() if name in environment.names]


def _make(plan: BuildPlan, settings: Settings, output: Output) -> BuildEnvironment:
    """Make it; the output of the project's backend is kept where that fails."""
    log = settings.caches.builds / f"{plan.project.folder.name}-build-env.log"
    with opened_log(log), reporter(output) as listener:
        return make_build_environment(plan, settings, Silent(), listener, log=log, command=door().command_line())


def _show(plan: BuildPlan, output: Output) -> None:
    if output.as_json:
        return
    for text in plan.notes:
        note(text)
    packages = {package.name: package for package in plan.prepared.solution.packages}
    render_plan(plan.prepared.plan, str(plan.prefix), packages)


def _tell(made: BuildEnvironment) -> None:
    if made.asked:
        out().print(f"The backend asked for {', '.join(made.asked)}.")
    out().print(f"Done: {made.prefix}\nTo build the project:\n  {_activation(made.prefix)}")
    commands = build_commands(made)
    for command in commands:
        out().print(f"  {command}")
    if not commands:
        out().print(f"  {_from_outside(made)}")
        note("No frontend is in the environment; --with pypi:build puts one there. pip can build from outside, too.")


def _as_json(plan: BuildPlan, made: BuildEnvironment | None, settings: Settings) -> dict[str, object]:
    solution = made.solution if made else plan.prepared.solution
    return {
        **solution_json(solution, settings, dry_run=made is None),
        "prefix": str(plan.prefix),
        "specs": {"build": list(plan.external.build), "host": list(plan.external.host)},
        "requires": list(plan.project.requires),
        "asked": list(made.asked) if made else None,
        "unmapped": [one.as_json() for one in plan.external.unmapped],
        "activate": _activation(plan.prefix),
        "commands": (build_commands(made) or [_from_outside(made)]) if made else [],
        "notes": list(plan.notes),
    }


def _activation(prefix: Path) -> str:
    return _join(("conda", "activate", str(prefix)))


def _from_outside(made: BuildEnvironment) -> str:
    """Return what builds with a pip of another environment; it needs the activation all the same."""
    folder = str(made.project.folder)
    return _join(("pip", "--python", str(made.python), "wheel", "--no-build-isolation", "--no-deps", folder))


def _join(words: Sequence[str]) -> str:
    if sys.platform == "win32":
        import subprocess

        return subprocess.list2cmdline(words)
    return shlex.join(words)
