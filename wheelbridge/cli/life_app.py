"""The commands that change or show an environment that is there: update, remove, list."""

from typing import Annotated

import typer

from wheelbridge.cli import groups as g
from wheelbridge.cli import life_options as life
from wheelbridge.cli import options as o


def update(
    ctx: typer.Context,
    names: Annotated[list[str] | None, typer.Argument(help="Names of packages, conda's or PyPI's.")] = None,
    *,
    place: g.Place,
    everything: life.Everything = False,
    sources: g.Sources,
    facts: g.Facts,
    wishes: g.Variants,
    building: g.Building,
    changes: life.Changes,
    asked: g.Confirmation,
    output: g.Output,
    override_frozen: o.OverrideFrozen = False,
    override_externally_managed: o.OverrideManaged = False,
) -> int:
    """Move packages to their newest versions that fit; the rest changes where it must."""
    from wheelbridge.cli.update import run

    options = changes.add_to(g.read_options(ctx.obj, sources, facts, wishes, building))
    overrides = o.read_overrides(frozen=override_frozen, managed=override_externally_managed)
    return run(place.path, names or [], options, output.settings(asked, overrides), everything=everything)


def remove(
    names: Annotated[list[str] | None, typer.Argument(help="Names of packages, conda's or PyPI's.")] = None,
    *,
    place: g.Place,
    whole: life.Whole = False,
    asked: g.Confirmation,
    override_frozen: o.OverrideFrozen = False,
    as_json: o.Json = False,
    quiet: o.Quiet = False,
) -> int:
    """Remove packages, what depends on them, and what nobody needs any more; or all of an environment."""
    from wheelbridge.cli import install as command

    overrides = o.read_overrides(frozen=override_frozen, managed=False)
    output = g.Output(as_json=as_json, quiet=quiet).settings(asked, overrides)
    if whole:
        return command.remove_all(place.path, names or [], output)
    return command.remove(place.path, names or [], output)


def list_(*, place: g.Place, revisions: life.Revisions = False, as_json: o.Json = False) -> int:
    """List the packages of an environment, and where each came from; or its revisions."""
    if revisions:
        from wheelbridge.cli.revisions import show

        return show(place.path, as_json=as_json)
    from wheelbridge.cli.list import run

    return run(place.path, as_json=as_json)
