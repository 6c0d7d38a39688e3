"""The commands about locks: lock, sync, export."""

from pathlib import Path
from typing import Annotated

import typer

from wheelbridge.cli import groups as g
from wheelbridge.cli import life_options as life
from wheelbridge.cli import options as o
from wheelbridge.cli.lock_options import Locking, Targets


def lock(
    ctx: typer.Context,
    *,
    files: g.Files,
    locking: Locking,
    targets: Targets,
    sources: g.Sources,
    wishes: g.Variants,
    building: g.Building,
    dry_run: o.DryRun = False,
    output: g.Output,
) -> int:
    """Write down exactly what files ask for, for one target or several; what an earlier lock has is preferred."""
    from wheelbridge.cli.lock import run

    options = life.without_pins(files.add_to(g.read_options(ctx.obj, sources, g.Facts(), wishes, building)))
    return run(options, targets, locking, output.settings(g.Confirmation(dry_run=dry_run)))


def sync(
    lock: Annotated[Path, typer.Argument(metavar="LOCK", help="A lock file: pixi.lock, pylock.toml, conda-lock.yml …")],
    *,
    place: g.Place,
    machine: g.Machine,
    access: g.Access,
    asked: g.Confirmation,
    output: g.Output,
    target: Annotated[
        str | None, typer.Option("--target", metavar="NAME", help="The target of the lock; default: what fits best.")
    ] = None,
    override_frozen: o.OverrideFrozen = False,
    override_externally_managed: o.OverrideManaged = False,
) -> int:
    """Make an environment exactly what a lock says: nothing is solved, and what the lock does not have goes."""
    from wheelbridge.cli.sync import Asked, run

    overrides = o.read_overrides(frozen=override_frozen, managed=override_externally_managed)
    told = output.settings(asked, overrides)
    return run(Asked(prefix=place.path, file=lock, machine=machine, access=access, output=told, name=target))


def export(
    *,
    place: g.Place,
    file: Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write it there.")] = None,
    form: Annotated[
        str | None,
        typer.Option("--format", metavar="FORMAT", help="environment.yml, pixi.lock, pylock.toml, explicit."),
    ] = None,
    from_history: Annotated[
        bool, typer.Option("--from-history", help="Only what was asked for, in an environment.yml.")
    ] = False,
    no_builds: Annotated[
        bool, typer.Option("--no-builds", help="Leave the build strings out of an environment.yml.")
    ] = False,
    as_json: o.Json = False,
) -> int:
    """Write an environment as a file that makes it anew."""
    from wheelbridge.cli.export import Asked, run

    return run(
        Asked(
            prefix=place.path,
            file=file,
            format=form,
            from_history=from_history,
            builds=not no_builds,
            as_json=as_json,
        )
    )
