"""``wheelbridge solve``: the plan, and nothing touched."""

from collections.abc import Sequence

from wheelbridge.api.mapping.maps import load_maps
from wheelbridge.api.solving import Settings, read_builds
from wheelbridge.api.sources import SourceList, gather_sources
from wheelbridge.cli.door import door
from wheelbridge.cli.options import Output, SolveOptions
from wheelbridge.cli.output import note, print_json
from wheelbridge.cli.progress import steps
from wheelbridge.configuration.cutoff import read_cutoff
from wheelbridge.configuration.levels import Levels
from wheelbridge.errors import UsageError
from wheelbridge.model.target import Target
from wheelbridge.target.detect import detect_target, is_this_machine


def read_settings(options: SolveOptions) -> Settings:
    """Turn the command line's options into settings.

    Raises:
        UsageError: if plugins, which speak of this machine, are to be asked for another target.
    """
    levels = door().load_levels(options.config, search=options.search_config)
    return make_settings(options, detect_target(options.platform, options.facts), levels)


def make_settings(options: SolveOptions, target: Target, levels: Levels) -> Settings:
    """Turn the command line's options into settings for *target*, with *levels* of configuration behind them.

    Raises:
        UsageError: if plugins, which speak of this machine, are to be asked for another target.
    """
    if options.trusted and not is_this_machine(options.platform, options.facts):
        raise UsageError(
            "--variant-trust asks what this machine supports, and the target is another one",
            hint="Leave out --platform and --virtual-package, or give the target's values with --virtual-package.",
        )
    listed = gather_sources(options.sources, levels, target)
    for text in listed.notes:
        note(text)
    return Settings(
        target=target,
        sources=listed.sources,
        routes=listed.routes,
        relations=listed.relations,
        claim=listed.claim,
        caches=door().open_caches(),
        exclude_newer=read_cutoff(options.exclude_newer) or listed.exclude_newer,
        offline=options.offline,
        variants=options.variants,
        trusted=tuple(options.trusted),
        maps=load_maps(listed.maps),
        no_external=listed.no_external,
        builds=read_builds(options.builds),
        pins=listed.pins if options.modifiers.pins else (),
        disallowed=listed.disallowed,
        names=listed.names,
        modifiers=options.modifiers,
    )


def list_sources(options: SolveOptions, target: Target) -> SourceList:
    """Merge what the command line and configurations say of sources."""
    return gather_sources(options.sources, door().load_levels(options.config, search=options.search_config), target)


def run(specs: Sequence[str], requirements: Sequence[str], options: SolveOptions, output: Output) -> int:
    """Solve, and print the packages."""
    from wheelbridge.api.life.modifying import solve_pinned
    from wheelbridge.api.runtime_checks import Asked, planned_clashes
    from wheelbridge.cli.asking import read_asked, tell_platforms
    from wheelbridge.cli.clashes import add_warnings, show_clashes
    from wheelbridge.cli.render import render_solution, solution_json

    asked = read_asked(specs, requirements, options)
    tell_platforms(asked)
    request, settings = asked.request, asked.settings
    if request.is_empty and not settings.links:
        raise UsageError("Nothing to solve", hint="Name packages, such as 'python=3.12' or 'pypi:torch'.")
    with steps(output) as progress:
        solution = solve_pinned(request, settings, progress)
    warnings = planned_clashes(solution, settings, asked=Asked(request, settings))
    if output.as_json:
        print_json(add_warnings(solution_json(solution, settings, dry_run=True), warnings))
        return 0
    for text in solution.notes:
        note(text)
    render_solution(solution, settings, verbose=output.verbose)
    show_clashes(warnings)
    return 0
