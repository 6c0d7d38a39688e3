"""The commands about the soundness of environments: check, adopt."""

from pathlib import Path
from typing import Annotated

import typer

from wheelbridge.cli import groups as g
from wheelbridge.cli import options as o


def check(
    ctx: typer.Context,
    *,
    place: g.Place,
    lock: Annotated[
        Path | None, typer.Option("--lock", metavar="FILE", help="Say where it is not what this lock says, too.")
    ] = None,
    fix: Annotated[bool, typer.Option("--fix", help="Mend what can be mended without a solve.")] = False,
    asked: g.Confirmation,
    offline: o.Offline = False,
    override_frozen: o.OverrideFrozen = False,
    output: g.Output,
) -> int:
    """Say what is wrong with an environment, by its files, records and metadata; with --fix, mend it."""
    from wheelbridge.cli import check as command

    settings = output.settings(asked, o.read_overrides(frozen=override_frozen, managed=True))
    if not fix:
        return command.run(place.path, lock, settings)
    options = g.read_options(ctx.obj, g.Sources(offline=offline), g.Facts(), g.Wishes())
    return command.fix(place.path, lock, options, settings)


def adopt(
    ctx: typer.Context,
    projects: Annotated[
        list[str] | None, typer.Argument(metavar="NAME...", help="Projects; none: all that other tools put there.")
    ] = None,
    *,
    place: g.Place,
    replace: Annotated[
        bool, typer.Option("--replace", help="Put what a solve gives in the place of what is there.")
    ] = False,
    sources: g.Sources,
    facts: g.Facts,
    asked: g.Confirmation,
    override_frozen: o.OverrideFrozen = False,
    output: g.Output,
) -> int:
    """Take over what pip, or another tool, put into an environment, so that solves know it."""
    from wheelbridge.cli import adopt as command

    options = g.read_options(ctx.obj, sources, facts, g.Variants())
    settings = output.settings(asked, o.read_overrides(frozen=override_frozen, managed=False))
    return (command.replace if replace else command.keep)(place.path, projects or [], options, settings)
