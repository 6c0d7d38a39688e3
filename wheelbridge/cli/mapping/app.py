"""``wheelbridge map``: the commands for the maintainers of the tables; a command's module is imported when it runs."""

from pathlib import Path
from typing import Annotated

import typer

from wheelbridge.cli import groups as g
from wheelbridge.cli import options as o

map_app = typer.Typer(
    help="Look into the mapping tables, and maintain them.", no_args_is_help=True, pretty_exceptions_enable=False
)

Mappings = Annotated[
    Path | None,
    typer.Option("--mappings", metavar="DIR", help="The folder of the tables; default: the one of wheelbridge."),
]
"""Which tables a maintainer works on."""


Names = Annotated[
    list[str],
    typer.Argument(metavar="NAME...", help="pypi:torch, conda:pytorch, dep:generic/zlib, or a bare name: both worlds."),
]


@map_app.command()
@g.grouped
def lookup(
    ctx: typer.Context,
    names: Names,
    *,
    sources: g.Sources,
    guess: Annotated[
        bool, typer.Option("--guess", help="Show packages that are called alike, too; the solver never takes them.")
    ] = False,
    mappings: Mappings = None,
    as_json: o.Json = False,
) -> int:
    """Say what the tables answer for names, of either world."""
    from wheelbridge.cli.mapping.lookup import run_lookup

    options = g.read_options(ctx.obj, sources, g.Machine(), g.Wishes())
    return run_lookup(names, options, mappings=mappings, guess=guess, as_json=as_json)


@map_app.command()
@g.grouped
def explain(
    ctx: typer.Context,
    names: Names,
    *,
    sources: g.Sources,
    data: Annotated[
        Path | None,
        typer.Option("--data", metavar="DIR", help="The folder of the public tables, for conda-pypi's exact rule."),
    ] = None,
    mappings: Mappings = None,
    as_json: o.Json = False,
) -> int:
    """Say what every layer of the tables says of names, who won and why."""
    from wheelbridge.cli.mapping.lookup import run_explain

    options = g.read_options(ctx.obj, sources, g.Machine(), g.Wishes())
    return run_explain(names, options, mappings=mappings, data=data, as_json=as_json)


@map_app.command("diff")
def diff(
    old: Annotated[str, typer.Argument(help="A folder of tables, one table, or REV: of a git checkout.")],
    new: Annotated[str, typer.Argument(help="The same, newer.")],
    *,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print Markdown, for a pull request.")] = False,
    everything: Annotated[bool, typer.Option("--all", help="Show every change, not the first 50 of a kind.")] = False,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="Exit with 1 where there is a difference.")] = False,
    as_json: o.Json = False,
) -> int:
    """Say what two states of the tables say differently: answers first."""
    from wheelbridge.cli.mapping.diff import run

    return run(old, new, as_json=as_json, markdown=markdown, everything=everything, exit_code=exit_code)


@map_app.command("sync")
def sync(
    *,
    source: Annotated[
        Path | None, typer.Option("--from", metavar="DIR", help="A folder with the inputs; default: fetch them.")
    ] = None,
    pins: Annotated[
        list[str] | None,
        typer.Option("--pin", metavar="NAME=COMMIT", help="Move the pin of an input; NAME= to a file of no commit."),
    ] = None,
    channels: Annotated[
        list[str] | None,
        typer.Option("--channel", metavar="NAME", help="A channel; default: those that have a table."),
    ] = None,
    report: Annotated[
        Path | None, typer.Option("--report", metavar="FILE", help="Write what changed there, as Markdown.")
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write no table; exit with 1 where one would be another.")
    ] = False,
    mappings: Mappings = None,
    as_json: o.Json = False,
) -> int:
    """Make the generated tables from their pinned inputs."""
    from wheelbridge.cli.mapping.sync import run

    return run(
        mappings=mappings,
        source=source,
        pins=pins or (),
        channels=channels or (),
        report=report,
        check=check,
        as_json=as_json,
    )


@map_app.command()
def coverage(
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE...",
            help="Requirement files, environment.yml, pyproject.toml, environments, folders of an index or of these.",
        ),
    ],
    *,
    top: Annotated[int, typer.Option("--top", metavar="N", min=0, help="How many of the most wanted to list.")] = 20,
    mappings: Mappings = None,
    as_json: o.Json = False,
) -> int:
    """Say how much of what files ask for the tables answer, and what they miss most."""
    from wheelbridge.cli.mapping.coverage import run

    return run(paths, mappings=mappings, top=top, as_json=as_json)


@map_app.command("lint")
@map_app.command("check", help="Another name of lint.")
def lint(
    *,
    mappings: Mappings = None,
    maps: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            metavar="[MODE=]FILE",
            help="A map of your own; without --mappings, only such ones are checked, against wheelbridge's tables.",
        ),
    ] = None,
    channel_data: Annotated[
        list[str] | None,
        typer.Option(
            "--channel-data",
            metavar="[NAME=]DIR|URL",
            help="A channel whose repodata says which packages there are; NAME is conda-forge by default.",
        ),
    ] = None,
    select: Annotated[
        list[str] | None, typer.Option("--select", metavar="CODE", help="Only these rules, such as WB101 or WB1.")
    ] = None,
    ignore: Annotated[list[str] | None, typer.Option("--ignore", metavar="CODE", help="All rules but these.")] = None,
    fix: Annotated[bool, typer.Option("--fix", help="Mend what needs nobody's judgement; all else stays.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 for warnings, too.")] = False,
    form: Annotated[
        str, typer.Option("--format", metavar="text|json|sarif|github", help="How findings are written.")
    ] = "text",
    rules: Annotated[bool, typer.Option("--rules", help="List the rules; check nothing.")] = False,
    as_json: o.Json = False,
) -> int:
    """Check the tables by all rules; mend some of it."""
    from wheelbridge.cli.mapping.lint import LintOptions, run

    return run(
        LintOptions(
            mappings=mappings,
            maps=maps or (),
            channel_data=channel_data or (),
            select=select or (),
            ignore=ignore or (),
            form=form,
            as_json=as_json,
            fix=fix,
            strict=strict,
            rules=rules,
        )
    )


@map_app.command()
def site(
    *,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="DIR", help="Where the page goes; default: mapping-site.")
    ] = None,
    mappings: Mappings = None,
    history: Annotated[
        bool, typer.Option("--history/--no-history", help="Ask git when each row was added and changed.")
    ] = True,
    wanted: Annotated[
        Path | None,
        typer.Option("--wanted", metavar="FILE", help="What coverage --json printed: lists its unmapped projects."),
    ] = None,
    as_json: o.Json = False,
) -> int:
    """Write a web page of the tables: one file that searches, explains and counts them."""
    from wheelbridge.cli.mapping.site import run

    return run(output, mappings, wanted, history=history, as_json=as_json)


@map_app.command()
def add(
    project: Annotated[str, typer.Argument(metavar="PROJECT", help="The PyPI project.")],
    *,
    conda: Annotated[str | None, typer.Option("--conda", metavar="NAME", help="The package; '' for none.")] = None,
    relation: Annotated[str | None, typer.Option("--relation", help="dist, base, part, equivalent, ...")] = None,
    reason: Annotated[str | None, typer.Option("--reason", metavar="TEXT", help="Why, in one sentence.")] = None,
    evidence: Annotated[
        list[str] | None, typer.Option("--evidence", metavar="TEXT", help="What shows it; repeatable.")
    ] = None,
    spec: Annotated[list[str] | None, typer.Option("--spec", metavar="SPEC", help="What must hold besides.")] = None,
    pypi_range: Annotated[
        str | None, typer.Option("--range", metavar="SPECIFIER", help="The versions it holds for.")
    ] = None,
    rejected: Annotated[
        list[str] | None, typer.Option("--not", metavar="NAME", help="A package that looks right and is wrong.")
    ] = None,
    channel: Annotated[
        list[str] | None, typer.Option("--channel", metavar="NAME", help="The channels it holds for.")
    ] = None,
    map_file: Annotated[
        Path | None, typer.Option("--map", metavar="FILE", help="A map of your own instead of the curated table.")
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Take the place of a row that is there.")] = False,
    mappings: Mappings = None,
    dry_run: o.DryRun = False,
    yes: o.Yes = False,
    as_json: o.Json = False,
) -> int:
    """Write a row of the curated names; what is not given is asked for."""
    from wheelbridge.cli.mapping.add import Fields, Manner, run

    fields = Fields(
        conda=conda,
        relation=relation,
        reason=reason,
        evidence=tuple(evidence or ()),
        specs=tuple(spec or ()),
        pypi_range=pypi_range,
        rejected=tuple(rejected or ()),
        channels=tuple(channel or ()),
    )
    manner = Manner(yes=yes, dry_run=dry_run, replace=replace, as_json=as_json)
    return run(project, fields, manner, mappings=mappings, map_file=map_file)


@map_app.command()
def verify(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME...]", help="Conda packages: the newest build of each is read."),
    ] = None,
    *,
    channel: Annotated[
        str | None,
        typer.Option("--channel", "-c", metavar="URL|NAME|DIR", help="The channel; default: conda-forge."),
    ] = None,
    packages: Annotated[
        list[str] | None, typer.Option("--package", metavar="FILE|URL", help="A package by its place; repeatable.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="All packages of the channel.")] = False,
    limit: Annotated[int | None, typer.Option("--limit", metavar="N", help="Read no more packages than these.")] = None,
    sonames: Annotated[
        bool, typer.Option("--sonames", help="Print the libraries they carry, as rows for mappings/sonames.")
    ] = False,
    thorough: Annotated[
        bool,
        typer.Option("--thorough", help="Read METADATA out of packages of any size; default: up to 64 MiB unpacked."),
    ] = False,
    platform: o.Platform = None,
    offline: o.Offline = False,
    mappings: Mappings = None,
    as_json: o.Json = False,
) -> int:
    """Say which rows real packages confirm or contradict; 1 where one contradicts the tables or cannot be read."""
    from wheelbridge.cli.mapping.verify import run

    return run(
        names or [],
        channel=channel,
        packages=packages or [],
        every=every,
        limit=limit,
        sonames=sonames,
        thorough=thorough,
        platform=platform,
        mappings=mappings,
        offline=offline,
        as_json=as_json,
    )


@map_app.command()
def export(
    *,
    channel: Annotated[str, typer.Option("--channel", metavar="NAME", help="The channel.")] = "conda-forge",
    output: Annotated[Path | None, typer.Option("-o", "--output", metavar="FILE", help="Write it there.")] = None,
    mappings: Mappings = None,
    as_json: o.Json = False,
) -> int:
    """Print what a channel has for external dependencies as a mapping of PEP 804."""
    from wheelbridge.cli.mapping.export import run

    return run(channel=channel, out=output, mappings=mappings, as_json=as_json)


@map_app.command()
def survey(
    *,
    index: Annotated[str, typer.Option("-i", "--index", metavar="URL|NAME", help="The index to ask.")] = "pypi",
    source: Annotated[
        Path | None, typer.Option("--from", metavar="DIR", help="The other inputs; default: their pinned places.")
    ] = None,
    repodata: Annotated[
        list[Path] | None,
        typer.Option("--channel-data", metavar="DIR", help="Repodata, to compare versions with; repeatable."),
    ] = None,
    mappings: Mappings = None,
    as_json: o.Json = False,
) -> int:
    """Ask an index which of the projects that conda packages are named after it really has."""
    from wheelbridge.cli.mapping.survey import run

    return run(index=index, source=source, repodata=repodata or (), mappings=mappings, as_json=as_json)
