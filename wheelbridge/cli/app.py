"""The typer application: every command's module is imported when the command runs, so that start-up stays fast."""

from pathlib import Path
from typing import Annotated

import typer

from wheelbridge.cli import check_app, life_app, lock_app, why_app
from wheelbridge.cli import groups as g
from wheelbridge.cli import life_options as life
from wheelbridge.cli import options as o
from wheelbridge.cli.edit_options import Edited
from wheelbridge.cli.external.app import external_app
from wheelbridge.cli.mapping.app import map_app

app = typer.Typer(
    help="Conda packages and wheels in one environment: one solve, one transaction.",
    no_args_is_help=True,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
)


def _show_version(value: bool) -> None:
    if value:
        from importlib.metadata import version

        typer.echo(f"wheelbridge {version('wheelbridge')}")
        raise typer.Exit


@app.callback()
def root(
    *, version: Annotated[bool, typer.Option("--version", "-V", callback=_show_version, is_eager=True)] = False
) -> None:
    """Conda packages and wheels in one environment: one solve, one transaction."""


@app.command()
@g.grouped
def target(*, machine: g.Machine, as_json: o.Json = False) -> int:
    """Describe this machine, or another, as the solver sees it."""
    from wheelbridge.cli.target import run

    return run(machine.platform, machine.virtual_package or [], as_json=as_json)


@app.command()
@g.grouped
def translate(
    kind: Annotated[str, typer.Argument(help="specifier, marker, requirement, wheel, variants, external or name")],
    inputs: Annotated[list[str] | None, typer.Argument(help="Texts; for a wheel, JSON objects or files.")] = None,
    *,
    machine: g.Machine,
    batch: Annotated[bool, typer.Option("--batch", help="Read one input per line from standard input.")] = False,
    target: Annotated[
        str | None, typer.Option("--target", metavar="FILE|-", help="A target as JSON; default: this machine.")
    ] = None,
    maps: o.Maps = None,
    as_json: o.Json = False,
) -> int:
    """Translate PyPA metadata to conda's words; one JSON object per line."""
    from wheelbridge.cli.translate import run

    del as_json
    facts = machine.virtual_package or []
    return run(kind, inputs or [], batch=batch, target=target, platform=machine.platform, facts=facts, maps=maps or [])


@app.command()
@g.grouped
def solve(
    ctx: typer.Context,
    specs: o.Specs = None,
    *,
    sources: g.Sources,
    machine: g.Machine,
    wishes: g.Variants,
    building: g.Building,
    files: g.Files,
    no_pin: life.NoPin = False,
    output: g.Output,
    pypi: o.Requirements = None,
) -> int:
    """Say what `create` would install; touch nothing."""
    from wheelbridge.cli.solve import run

    options = files.add_to(g.read_options(ctx.obj, sources, machine, wishes, building))
    options = life.without_pins(options) if no_pin else options
    return run(specs or [], pypi or [], options, output.settings())


app.command()(g.grouped(lock_app.lock))


@app.command()
@g.grouped
def create(
    ctx: typer.Context,
    specs: o.Specs = None,
    *,
    place: g.Place,
    sources: g.Sources,
    machine: g.Machine,
    wishes: g.Variants,
    building: g.Building,
    files: g.Files,
    changes: life.Dependencies,
    clone: life.CloneOf = None,
    asked: g.Confirmation,
    output: g.Output,
    pypi: o.Requirements = None,
) -> int:
    """Make a new environment."""
    from wheelbridge.cli.install import create as run

    options = changes.add_to(files.add_to(g.read_options(ctx.obj, sources, machine, wishes, building)))
    if clone is not None:
        from wheelbridge.cli.revisions import clone as run_clone

        o.check_alone("--clone", specs, pypi, files.file)
        changes.check_unsaid("--clone")
        return run_clone(place.path, clone, options, output.settings(asked))
    return run(place.path_of(options), specs or [], pypi or [], options, output.settings(asked))


@app.command()
@g.grouped
def install(
    ctx: typer.Context,
    specs: o.Specs = None,
    *,
    place: g.Place,
    sources: g.Sources,
    facts: g.Facts,
    wishes: g.Variants,
    building: g.Building,
    files: g.Files,
    changes: life.Changes,
    revision: life.RevisionNumber = None,
    asked: g.Confirmation,
    output: g.Output,
    pypi: o.Requirements = None,
    override_frozen: o.OverrideFrozen = False,
    override_externally_managed: o.OverrideManaged = False,
) -> int:
    """Add packages to an environment; what is there is kept unless it must move."""
    from wheelbridge.cli.install import install as run

    options = changes.add_to(files.add_to(g.read_options(ctx.obj, sources, facts, wishes, building)))
    overrides = o.read_overrides(frozen=override_frozen, managed=override_externally_managed)
    if revision is not None:
        from wheelbridge.cli.revisions import go_back

        o.check_alone("--revision", specs, pypi, files.file)
        changes.check_unsaid("--revision")
        return go_back(place.path, revision, options, output.settings(asked, overrides))
    return run(place.path_of(options), specs or [], pypi or [], options, output.settings(asked, overrides))


app.command()(g.grouped(life_app.update))
app.command()(g.grouped(life_app.remove))


@app.command()
@g.grouped
def add(
    specs: Annotated[
        list[str],
        typer.Argument(metavar="SPEC...", help="Conda MatchSpecs; requirements of an index as 'pypi:rich>=14'."),
    ],
    *,
    edited: Edited,
    dry_run: o.DryRun = False,
    as_json: o.Json = False,
    quiet: o.Quiet = False,
) -> int:
    """Add lines to a file that people write, or change what is there; every other byte of it stays."""
    from wheelbridge.cli.edit import add as run

    output = g.Output(as_json=as_json, quiet=quiet).settings(g.Confirmation(dry_run=dry_run))
    return run(edited.file, specs, edited.place, output)


@app.command()
@g.grouped
def drop(
    names: Annotated[
        list[str],
        typer.Argument(metavar="NAME...", help="Names in the file; 'pypi:NAME' is one of the pip section only."),
    ],
    *,
    edited: Edited,
    dry_run: o.DryRun = False,
    as_json: o.Json = False,
    quiet: o.Quiet = False,
) -> int:
    """Take lines out of a file that people write; every other byte of it stays."""
    from wheelbridge.cli.edit import drop as run

    output = g.Output(as_json=as_json, quiet=quiet).settings(g.Confirmation(dry_run=dry_run))
    return run(edited.file, names, edited.place, output)


@app.command()
@g.grouped
def variants(
    ctx: typer.Context,
    subject: Annotated[
        str,
        typer.Argument(metavar="PROJECT|FILE", help="A requirement; or a file: -variants.json, or a variant wheel."),
    ],
    *,
    sources: g.Sources,
    machine: g.Machine,
    wishes: g.Wishes,
    as_json: o.Json = False,
) -> int:
    """Say which variants of a release run on the target, in which order, and why the others do not."""
    from wheelbridge.cli.variants import run

    return run(subject, g.read_options(ctx.obj, sources, machine, wishes), as_json=as_json)


@app.command()
@g.grouped
def inspect(
    wheels: Annotated[list[Path], typer.Argument(metavar="WHEEL...", help="Files of wheels.")],
    *,
    machine: g.Machine,
    maps: o.Maps = None,
    as_json: o.Json = False,
) -> int:
    """Say what wheels are on a target, which libraries they load, and which of those they do not carry."""
    from wheelbridge.cli.inspect import run

    return run(wheels, machine.platform, machine.virtual_package or [], maps=maps or [], as_json=as_json)


app.command()(g.grouped(lock_app.sync))
app.command()(g.grouped(lock_app.export))
app.command("why", cls=why_app.GraphCommand)(g.grouped(why_app.why))
app.command("list")(g.grouped(life_app.list_))
app.command()(g.grouped(check_app.check))
app.command()(g.grouped(check_app.adopt))
app.add_typer(external_app, name="external")
app.add_typer(map_app, name="map")

sources_app = typer.Typer(invoke_without_command=True, no_args_is_help=False, pretty_exceptions_enable=False)
app.add_typer(sources_app, name="sources")


@sources_app.callback()
@g.grouped
def sources(ctx: typer.Context, *, sources: g.Sources, machine: g.Machine, as_json: o.Json = False) -> int:
    """Show the sources that a solve would use, in order, and where each setting comes from."""
    if ctx.invoked_subcommand is not None:
        return 0
    from wheelbridge.cli.sources import run

    return run(g.read_options(ctx.obj, sources, machine, g.Wishes()), as_json=as_json)


@sources_app.command("import")
def import_(
    tool: Annotated[str, typer.Argument(metavar="pip|uv", help="Whose configuration to read.")],
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="Its file; default: where the tool looks for it.")
    ] = None,
    *,
    write: Annotated[
        Path | None, typer.Option("--write", metavar="FILE", help="Add it to this wheelbridge.toml.")
    ] = None,
    as_json: o.Json = False,
) -> int:
    """Print what pip or uv are configured to as text for a wheelbridge.toml."""
    from wheelbridge.cli.sources import run_import

    return run_import(tool, file, write, as_json=as_json)


@app.command()
@g.grouped
def demo(
    *,
    facts: g.Facts,
    keep: Annotated[str | None, typer.Option("--keep", metavar="PATH", help="Keep everything in this folder.")] = None,
    as_json: o.Json = False,
) -> int:
    """Show the main job without a network: a channel, an index, one solve, one transaction."""
    from wheelbridge.cli.demo import run

    return run(keep, facts.virtual_package or [], as_json=as_json)
