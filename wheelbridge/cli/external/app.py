"""``wheelbridge external``: what a project needs besides Python packages; a module is imported when it runs."""

from typing import Annotated

import typer

from wheelbridge.cli import groups as g
from wheelbridge.cli import options as o

external_app = typer.Typer(
    help="External dependencies of a project (PEP 725): packages that are no Python packages.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

Project = Annotated[
    str, typer.Argument(metavar="PYPROJECT", help="A pyproject.toml, a folder with one, or - for standard input.")
]
"""Whose external dependencies."""

Extras = Annotated[
    list[str] | None,
    typer.Option("--extra", metavar="NAME", help="The optional dependencies of this name, too; :all: for all."),
]
Groups = Annotated[
    list[str] | None, typer.Option("--group", metavar="NAME", help="The dependency group of this name, too.")
]


@external_app.command()
@g.grouped
def translate(
    project: Project,
    *,
    extra: Extras = None,
    group: Groups = None,
    platform: Annotated[
        list[str] | None,
        typer.Option(
            "--platform",
            metavar="SUBDIR",
            help="Another platform, such as osx-arm64; repeatable.",
            rich_help_panel="Target",
        ),
    ] = None,
    facts: g.Facts,
    ecosystem: Annotated[
        str,
        typer.Option("--ecosystem", metavar="NAME|FILE", help="conda-forge, or a mapping file (PEP 804) of another."),
    ] = "conda-forge",
    maps: o.Maps = None,
    form: Annotated[
        str, typer.Option("--format", metavar="specs|recipe|environment", help="What is printed.")
    ] = "specs",
    upgrade: Annotated[
        bool, typer.Option("--upgrade", help="Take a table of an older draft as if it were upgraded.")
    ] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Fail where a dependency has no package.")] = False,
    as_json: o.Json = False,
) -> int:
    """Say which conda packages the external dependencies of a project are."""
    from wheelbridge.cli.external.translate import TranslateOptions, run

    options = TranslateOptions(
        extras=tuple(extra or ()),
        groups=tuple(group or ()),
        platforms=tuple(platform or ()),
        facts=tuple(facts.virtual_package or ()),
        ecosystem=ecosystem,
        maps=tuple(maps or ()),
        form=form,
        upgrade=upgrade,
        strict=strict,
        as_json=as_json,
    )
    return run(project, options)


@external_app.command()
def upgrade(
    project: Project,
    *,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit with 1 where there is something to do.")
    ] = False,
    diff: Annotated[
        bool, typer.Option("--diff", help="Write nothing; print what would change as a unified diff.")
    ] = False,
    partial: Annotated[
        bool, typer.Option("--partial", help="Write what can be upgraded, even where something cannot.")
    ] = False,
    as_json: o.Json = False,
) -> int:
    r"""Bring the \[external] table of a pyproject.toml from an older draft of PEP 725 to the current one."""
    from wheelbridge.cli.external.upgrade import Act, View, run

    asked = {Act.CHECK: check, Act.LOOK: diff, Act.WRITE_PART: partial}
    act = next((one for one, wanted in asked.items() if wanted), Act.WRITE)
    view = (View.DIFF if diff else View.CHANGES) | (View.JSON if as_json else View.CHANGES)
    return run(project, act, view)


@external_app.command("build-env")
@g.grouped
def build_env(
    ctx: typer.Context,
    project: Annotated[str, typer.Argument(metavar="PYPROJECT", help="A pyproject.toml, or a folder with a project.")],
    *,
    place: g.Place,
    python: Annotated[
        str | None, typer.Option("--python", metavar="SPEC", help="The python to build with, such as 3.12.")
    ] = None,
    more: Annotated[
        list[str] | None,
        typer.Option("--with", metavar="SPEC", help="Another package for the environment, such as pypi:build."),
    ] = None,
    allow_unmapped: Annotated[
        bool, typer.Option("--allow-unmapped", help="What no conda package is known for is there, on the system.")
    ] = False,
    sources: g.Sources,
    machine: g.Machine,
    wishes: g.Variants,
    building: g.Building,
    asked: g.Confirmation,
    output: g.Output,
) -> int:
    """Make the environment that a project is built in, and say what to run there."""
    from wheelbridge.api.building.environments import Wishes
    from wheelbridge.cli.external.build_env import run

    options = g.read_options(ctx.obj, sources, machine, wishes, building)
    wanted = Wishes(python=python, packages=tuple(more or ()), allow_unmapped=allow_unmapped)
    return run(project, place.path, wanted, options, output.settings(asked))
