"""The typer application: every command's module is imported when the command runs, so that start-up stays fast."""

from typing import Annotated

import typer

from wheelbridge.cli import options as o
from wheelbridge.cli.order import order_sources

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
def target(*, platform: o.Platform = None, virtual_package: o.VirtualPackages = None, as_json: o.Json = False) -> int:
    """Describe this machine, or another, as the solver sees it."""
    from wheelbridge.cli.target import run

    return run(platform, virtual_package or [], as_json=as_json)


@app.command()
def translate(
    kind: Annotated[str, typer.Argument(help="specifier, marker, requirement, wheel, variants or name")],
    inputs: Annotated[list[str] | None, typer.Argument(help="Texts; for a wheel, JSON objects or files.")] = None,
    *,
    batch: Annotated[bool, typer.Option("--batch", help="Read one input per line from standard input.")] = False,
    target: Annotated[
        str | None, typer.Option("--target", metavar="FILE|-", help="A target as JSON; default: this machine.")
    ] = None,
    platform: o.Platform = None,
    virtual_package: o.VirtualPackages = None,
    as_json: o.Json = False,
) -> int:
    """Translate PyPA metadata to conda's words; one JSON object per line."""
    from wheelbridge.cli.translate import run

    del as_json
    return run(kind, inputs or [], batch=batch, target=target, platform=platform, facts=virtual_package or [])


@app.command()
def solve(
    ctx: typer.Context,
    specs: o.Specs = None,
    *,
    pypi: o.Requirements = None,
    channel: o.Channels = None,
    index: o.Indexes = None,
    override_channels: o.Override = False,
    exclude_newer: o.ExcludeNewer = None,
    offline: o.Offline = False,
    platform: o.Platform = None,
    virtual_package: o.VirtualPackages = None,
    variant: o.VariantPins = None,
    variant_prefer: o.VariantPrefer = None,
    variant_ban: o.VariantBan = None,
    variant_enable: o.VariantEnable = None,
    variant_trust: o.VariantTrust = None,
    variant_mode: o.VariantModes = "flexible",
    no_variants: o.NoVariants = False,
    as_json: o.Json = False,
    quiet: o.Quiet = False,
    verbose: o.Verbose = 0,
) -> int:
    """Say what `create` would install; touch nothing."""
    from wheelbridge.cli.solve import run

    sources = order_sources(ctx.obj, channel or [], index or [])
    policy = o.read_variants(variant_prefer, variant_ban, variant, variant_mode, variant_enable, disabled=no_variants)
    settings = o.SolveOptions(
        sources,
        not override_channels,
        exclude_newer,
        offline,
        virtual_package or [],
        platform,
        policy,
        variant_trust or [],
    )
    return run(specs or [], pypi or [], settings, o.Output(as_json=as_json, quiet=quiet, verbose=verbose))


@app.command()
def create(
    ctx: typer.Context,
    specs: o.Specs = None,
    *,
    prefix: o.Prefix = None,
    name: o.Name = None,
    pypi: o.Requirements = None,
    channel: o.Channels = None,
    index: o.Indexes = None,
    override_channels: o.Override = False,
    exclude_newer: o.ExcludeNewer = None,
    offline: o.Offline = False,
    platform: o.Platform = None,
    virtual_package: o.VirtualPackages = None,
    variant: o.VariantPins = None,
    variant_prefer: o.VariantPrefer = None,
    variant_ban: o.VariantBan = None,
    variant_enable: o.VariantEnable = None,
    variant_trust: o.VariantTrust = None,
    variant_mode: o.VariantModes = "flexible",
    no_variants: o.NoVariants = False,
    dry_run: o.DryRun = False,
    yes: o.Yes = False,
    as_json: o.Json = False,
    quiet: o.Quiet = False,
    verbose: o.Verbose = 0,
) -> int:
    """Make a new environment."""
    from wheelbridge.cli.install import create as run

    sources = order_sources(ctx.obj, channel or [], index or [])
    policy = o.read_variants(variant_prefer, variant_ban, variant, variant_mode, variant_enable, disabled=no_variants)
    settings = o.SolveOptions(
        sources,
        not override_channels,
        exclude_newer,
        offline,
        virtual_package or [],
        platform,
        policy,
        variant_trust or [],
    )
    output = o.Output(as_json=as_json, quiet=quiet, verbose=verbose, dry_run=dry_run, yes=yes)
    return run(o.find_prefix(prefix, name), specs or [], pypi or [], settings, output)


@app.command()
def install(
    ctx: typer.Context,
    specs: o.Specs = None,
    *,
    prefix: o.Prefix = None,
    name: o.Name = None,
    pypi: o.Requirements = None,
    channel: o.Channels = None,
    index: o.Indexes = None,
    override_channels: o.Override = False,
    exclude_newer: o.ExcludeNewer = None,
    offline: o.Offline = False,
    virtual_package: o.VirtualPackages = None,
    variant: o.VariantPins = None,
    variant_prefer: o.VariantPrefer = None,
    variant_ban: o.VariantBan = None,
    variant_enable: o.VariantEnable = None,
    variant_trust: o.VariantTrust = None,
    variant_mode: o.VariantModes = "flexible",
    no_variants: o.NoVariants = False,
    override_frozen: o.OverrideFrozen = False,
    override_externally_managed: o.OverrideManaged = False,
    dry_run: o.DryRun = False,
    yes: o.Yes = False,
    as_json: o.Json = False,
    quiet: o.Quiet = False,
    verbose: o.Verbose = 0,
) -> int:
    """Add packages to an environment; what is there is kept unless it must move."""
    from wheelbridge.cli.install import install as run

    sources = order_sources(ctx.obj, channel or [], index or [])
    policy = o.read_variants(variant_prefer, variant_ban, variant, variant_mode, variant_enable, disabled=no_variants)
    settings = o.SolveOptions(
        sources, not override_channels, exclude_newer, offline, virtual_package or [], None, policy, variant_trust or []
    )
    overrides = o.read_overrides(frozen=override_frozen, managed=override_externally_managed)
    output = o.Output(as_json=as_json, quiet=quiet, verbose=verbose, dry_run=dry_run, yes=yes, overrides=overrides)
    return run(o.find_prefix(prefix, name), specs or [], pypi or [], settings, output)


@app.command()
def remove(
    names: Annotated[list[str], typer.Argument(help="Names of packages, conda's or PyPI's.")],
    *,
    prefix: o.Prefix = None,
    name: o.Name = None,
    override_frozen: o.OverrideFrozen = False,
    dry_run: o.DryRun = False,
    yes: o.Yes = False,
    as_json: o.Json = False,
    quiet: o.Quiet = False,
) -> int:
    """Remove packages, what depends on them, and what nobody needs any more."""
    from wheelbridge.cli.install import remove as run

    overrides = o.read_overrides(frozen=override_frozen, managed=False)
    output = o.Output(as_json=as_json, quiet=quiet, dry_run=dry_run, yes=yes, overrides=overrides)
    return run(o.find_prefix(prefix, name), names, output)


@app.command()
def variants(
    ctx: typer.Context,
    subject: Annotated[str, typer.Argument(metavar="PROJECT|FILE", help="A requirement, or a -variants.json file.")],
    *,
    channel: o.Channels = None,
    index: o.Indexes = None,
    override_channels: o.Override = False,
    exclude_newer: o.ExcludeNewer = None,
    offline: o.Offline = False,
    platform: o.Platform = None,
    virtual_package: o.VirtualPackages = None,
    variant: o.VariantPins = None,
    variant_prefer: o.VariantPrefer = None,
    variant_ban: o.VariantBan = None,
    variant_enable: o.VariantEnable = None,
    variant_trust: o.VariantTrust = None,
    as_json: o.Json = False,
) -> int:
    """Say which variants of a release run on the target, in which order, and why the others do not."""
    from wheelbridge.cli.variants import run

    sources = order_sources(ctx.obj, channel or [], index or [])
    policy = o.read_variants(variant_prefer, variant_ban, variant, "flexible", variant_enable, disabled=False)
    settings = o.SolveOptions(
        sources,
        not override_channels,
        exclude_newer,
        offline,
        virtual_package or [],
        platform,
        policy,
        variant_trust or [],
    )
    return run(subject, settings, as_json=as_json)


@app.command()
def why(
    package: Annotated[str, typer.Argument(metavar="NAME", help="A package, by conda's name or by PyPI's.")],
    *,
    prefix: o.Prefix = None,
    name: o.Name = None,
    as_json: o.Json = False,
) -> int:
    """Say why a package is in an environment: who asked for it, who needs it, which variant it is."""
    from wheelbridge.cli.why import run

    return run(o.find_prefix(prefix, name), package, as_json=as_json)


@app.command("list")
def list_(*, prefix: o.Prefix = None, name: o.Name = None, as_json: o.Json = False) -> int:
    """List the packages of an environment, and where each came from."""
    from wheelbridge.cli.list import run

    return run(o.find_prefix(prefix, name), as_json=as_json)


@app.command()
def demo(
    *,
    keep: Annotated[str | None, typer.Option("--keep", metavar="PATH", help="Keep everything in this folder.")] = None,
    virtual_package: o.VirtualPackages = None,
    as_json: o.Json = False,
) -> int:
    """Show the main job without a network: a channel, an index, one solve, one transaction."""
    from wheelbridge.cli.demo import run

    return run(keep, virtual_package or [], as_json=as_json)
