"""The typer application: every command's module is imported when the command runs, so that start-up stays fast."""

from pathlib import Path
from typing import Annotated

import typer

from wheelbridge.cli import groups as g
from wheelbridge.cli import options as o
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
    output: g.Output,
    pypi: o.Requirements = None,
) -> int:
    """Say what `create` would install; touch nothing."""
    from wheelbridge.cli.solve import run

    options = g.read_options(ctx.obj, sources, machine, wishes, building)
    return run(specs or [], pypi or [], options, output.settings())


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
    asked: g.Confirmation,
    output: g.Output,
    pypi: o.Requirements = None,
) -> int:
    """Make a new environment."""
    from wheelbridge.cli.install import create as run

    options = g.read_options(ctx.obj, sources, machine, wishes, building)
    return run(place.path, specs or [], pypi or [], options, output.settings(asked))


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
    asked: g.Confirmation,
    output: g.Output,
    pypi: o.Requirements = None,
    override_frozen: o.OverrideFrozen = False,
    override_externally_managed: o.OverrideManaged = False,
) -> int:
    """Add packages to an environment; what is there is kept unless it must move."""
    from wheelbridge.cli.install import install as run

    options = g.read_options(ctx.obj, sources, facts, wishes, building)
    overrides = o.read_overrides(frozen=override_frozen, managed=override_externally_managed)
    return run(place.path, specs or [], pypi or [], options, output.settings(asked, overrides))


@app.command()
@g.grouped
def remove(
    names: Annotated[list[str], typer.Argument(help="Names of packages, conda's or PyPI's.")],
    *,
    place: g.Place,
    asked: g.Confirmation,
    override_frozen: o.OverrideFrozen = False,
    as_json: o.Json = False,
    quiet: o.Quiet = False,
) -> int:
    """Remove packages, what depends on them, and what nobody needs any more."""
    from wheelbridge.cli.install import remove as run

    overrides = o.read_overrides(frozen=override_frozen, managed=False)
    return run(place.path, names, g.Output(as_json=as_json, quiet=quiet).settings(asked, overrides))


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


@app.command()
@g.grouped
def why(
    package: Annotated[str, typer.Argument(metavar="NAME", help="A package, by conda's name or by PyPI's.")],
    *,
    place: g.Place,
    as_json: o.Json = False,
) -> int:
    """Say why a package is in an environment: who asked for it, who needs it, which variant it is."""
    from wheelbridge.cli.why import run

    return run(place.path, package, as_json=as_json)


@app.command("list")
@g.grouped
def list_(*, place: g.Place, as_json: o.Json = False) -> int:
    """List the packages of an environment, and where each came from."""
    from wheelbridge.cli.list import run

    return run(place.path, as_json=as_json)


@app.command()
@g.grouped
def check(*, place: g.Place, as_json: o.Json = False) -> int:
    """Say what is wrong with an environment: runtimes that can meet in one process, libraries that are missing."""
    from wheelbridge.cli.check import run

    return run(place.path, as_json=as_json)


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
