"""``wheelbridge external translate``."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass

from wheelbridge.api.external.project_file import read_project_file
from wheelbridge.api.external.translating import ProjectTranslation, Selection, TargetTranslation, translate_project
from wheelbridge.api.mapping.maps import take_maps
from wheelbridge.cli.output import note, out, print_json, printable, show_error
from wheelbridge.errors import UsageError
from wheelbridge.mapping.external.rows import CATEGORIES, package_of
from wheelbridge.target.detect import detect_target
from wheelbridge.translate.external import UnmappedExternalError
from wheelbridge.translate.external_table import OutdatedExternalTableError

_FORMATS = ("specs", "recipe", "environment")
_PURPOSES = {"build": "to build with", "host": "to link with", "run": "to run with"}
_IMPLIED = "a compiler needs Python's headers"


@dataclass(frozen=True, slots=True, kw_only=True)
class TranslateOptions:
    """What a command line says of a translation."""

    extras: Sequence[str] = ()
    groups: Sequence[str] = ()
    platforms: Sequence[str] = ()
    facts: Sequence[str] = ()
    ecosystem: str
    maps: Sequence[str] = ()
    form: str = "specs"
    upgrade: bool = False
    strict: bool = False
    as_json: bool = False


def run(place: str, options: TranslateOptions) -> int:
    """Print what the external dependencies of a project are on each target; notes go to standard error.

    What has no package is part of the answer; it is an error with ``strict`` only.
    """
    if options.form not in _FORMATS:
        raise UsageError(f"{options.form!r} is no format", hint=f"Choose from {', '.join(_FORMATS)}.")
    translation = _translate(place, options)
    error = _missing(translation) if options.strict else None
    if options.as_json:
        print_json(_as_json(translation, options.form, error))
        return int(error is not None)
    for text in (*translation.notes, *_notes(translation, options.form)):
        note(text)
    if options.form == "specs":
        for number, one in enumerate(translation.targets):
            _show(one, translation.ecosystem, apart=number > 0)
    else:
        _write(_render(translation, options.form))
    if error is not None:
        show_error(error)
    return int(error is not None)


def _translate(place: str, options: TranslateOptions) -> ProjectTranslation:
    targets = [detect_target(platform, options.facts) for platform in dict.fromkeys(options.platforms)]
    selection = Selection(extras=tuple(options.extras), groups=tuple(options.groups), upgrade=options.upgrade)
    try:
        return translate_project(
            read_project_file(place),
            targets or [detect_target(None, options.facts)],
            selection,
            options.ecosystem,
            take_maps(options.maps),
        )
    except OutdatedExternalTableError as error:
        if not options.as_json:
            for one in error.upgrades:
                note(f"{one.path}: {one.old} -> {one.new}")
        raise


def _as_json(translation: ProjectTranslation, form: str, error: UnmappedExternalError | None) -> dict[str, object]:
    report: dict[str, object] = {"success": error is None}
    if error is not None:
        report["error"] = error.as_json()
    report["ecosystem"] = translation.ecosystem
    if form != "specs":
        report["document"] = _render(translation, form)
    targets = [one.as_json() for one in translation.targets]
    if len(targets) > 1:
        return {**report, "notes": list(translation.notes), "targets": targets}
    return {**report, **targets[0], "notes": [*translation.notes, *translation.targets[0].environment.notes]}


def _render(translation: ProjectTranslation, form: str) -> str:
    from wheelbridge.api.external.rendering import render_environment, render_recipe

    if form == "recipe":
        return render_recipe(translation.environments)
    return render_environment(translation.environments, translation.ecosystem, translation.name)


def _missing(translation: ProjectTranslation) -> UnmappedExternalError | None:
    """Return the error for the first dependency that has no package."""
    for one in translation.targets:
        for unmapped in one.environment.unmapped:
            error = UnmappedExternalError(unmapped.dependency, unmapped.reason)
            error.hint = "Put a row of your own into a map (--map FILE), or do without --strict."
            return error
    return None


def _notes(translation: ProjectTranslation, form: str) -> list[str]:
    """Return the notes of all targets, once each; what is not said of all of them names those that it is said of."""
    about: dict[str, list[str]] = {}
    for one in translation.targets:
        environment = one.environment
        for text in (*environment.notes, *(environment.recipe_notes if form == "recipe" else ())):
            about.setdefault(text, []).append(one.target.subdir)
    every = len(translation.targets)
    return [text if len(subdirs) == every else f"{', '.join(subdirs)}: {text}" for text, subdirs in about.items()]


def _show(translation: TargetTranslation, ecosystem: str, *, apart: bool) -> None:
    from rich.table import Table

    environment, subdir = translation.environment, translation.target.subdir
    if apart:
        out().print()
    table = Table(title=f"{ecosystem} on {subdir}", title_justify="left", box=None, pad_edge=False, show_header=False)
    table.add_column(overflow="fold")
    table.add_column(overflow="fold")
    for category in CATEGORIES:
        if specs := environment.of(category):
            table.add_row(f"{category} ({_PURPOSES[category]})", style="bold")
        for spec in specs:
            dependencies = environment.origins[category].get(package_of(spec))
            table.add_row(f"  {spec}", printable(", ".join(dependencies) if dependencies else _IMPLIED))
    if not table.row_count:
        table.add_row("no package is known" if environment.unmapped else "nothing is needed")
    out().print(table)
    if environment.unmapped:
        out().print("unmapped", style="bold")
    for one in environment.unmapped:
        out().print(f"  {printable(one.dependency)}: {printable(one.reason)}")


def _write(text: str) -> None:
    """Write a file as it is, in UTF-8 whatever the terminal's encoding."""
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode())
    sys.stdout.buffer.flush()
