"""What a command is asked for: its command line and the files it names, as one request under one set of settings."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.utils import NormalizedName, canonicalize_name

from wheelbridge.api.specs import Request, read_request
from wheelbridge.cli.door import door
from wheelbridge.cli.options import SolveOptions, find_prefix
from wheelbridge.cli.output import hide, note
from wheelbridge.cli.solve import make_settings
from wheelbridge.configuration.levels import Levels
from wheelbridge.errors import UsageError
from wheelbridge.model.name import ALL_PROJECTS
from wheelbridge.model.target import Target
from wheelbridge.target.detect import detect_target

if TYPE_CHECKING:
    from wheelbridge.api.manifests.reading import Choice
    from wheelbridge.api.manifests.settings import Files
    from wheelbridge.api.solving import Settings
    from wheelbridge.environment.manifest import Manifest


_OF_FILES = (".yml", ".yaml", ".txt", ".toml", ".lock")


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be solved, and how; *manifest* is what the files say, None where none is named."""

    request: Request
    settings: "Settings"
    manifest: "Manifest | None" = None


def read_asked(specs: Sequence[str], requirements: Sequence[str], options: SolveOptions) -> Asked:
    """Read the command line's *specs*, *requirements* and *options* with the files that these name.

    What files say of sources stands before the configuration, and behind the command line.

    Raises:
        UsageError: if nothing is asked for.
        WheelbridgeError: if something cannot be read.
    """
    for spec in specs:
        if spec.endswith(_OF_FILES) and Path(spec).is_file():
            raise UsageError(f"{spec} is a file, not a spec", hint=f"To install what it asks for, say -f {spec}.")
    request = read_request(specs, [*requirements, *(f"-e {path}" for path in options.editables)])
    if options.files:
        asked = _read_with_files(request, options)
    else:
        asked = Asked(request, make_settings(options, options.describe_target(), _levels(options)))
    settings = replace(asked.settings, links=(*request.links, *asked.settings.links))
    return replace(asked, request=replace(asked.request, links=()), settings=settings)


def _read_with_files(request: Request, options: SolveOptions) -> Asked:
    from wheelbridge.api.manifests.sources import add_files
    from wheelbridge.api.sources import DEFAULTS

    files = _read_files(options)
    hide(files.manifest.hidden)
    for text in files.manifest.notes:
        note(text)
    target = _target(options, files)
    settings = make_settings(options, target, add_files(_levels(options), files, DEFAULTS))
    settings = replace(
        settings,
        variants=settings.variants.over(files.settings.variants),
        builds=settings.builds | _builds(files),
        links=(*settings.links, *files.manifest.links),
        in_paths=files.manifest.in_paths,
    )
    externals = _externals(files.manifest, options, settings)
    return Asked(_join(request, files.manifest, externals), settings, files.manifest)


def _choice(options: SolveOptions) -> "Choice":
    from wheelbridge.api.manifests.reading import Choice

    return Choice(tuple(options.extras), tuple(options.groups))


def _read_files(options: SolveOptions) -> "Files":
    from wheelbridge.api.manifests.reading import read_files

    return read_files(options.files, detect_target(options.platform), _choice(options))


def _externals(manifest: "Manifest", options: SolveOptions, settings: "Settings") -> tuple[str, ...]:
    if not manifest.external:
        return ()
    from wheelbridge.api.manifests.externals import specs_of_externals

    return specs_of_externals(manifest, _choice(options), settings)


def tell_platforms(asked: Asked) -> None:
    """Tell of platforms that a file names where the one that is solved for is none of them; a lock has them all."""
    subdir = asked.settings.target.subdir
    if asked.manifest and asked.manifest.platforms and subdir not in asked.manifest.platforms:
        named = ", ".join(asked.manifest.platforms)
        note(f"{', '.join(asked.manifest.files)}: the platforms are {named}, and this is for {subdir} all the same.")


def place_of(options: SolveOptions) -> Path:
    """Return the folder of the environment that the files of *options* name, by ``prefix`` or ``name``.

    Raises:
        UsageError: if they name none.
    """
    manifest = _read_files(options).manifest
    if not (manifest.prefix or manifest.name):
        for text in manifest.notes:  # such as that base is no name for a new one
            note(text)
        raise UsageError("The files name no environment", hint="Give -p PATH, or -n NAME; or a file 'name: NAME'.")
    return find_prefix(manifest.prefix, None if manifest.prefix else manifest.name)


def _levels(options: SolveOptions) -> Levels:
    return door().load_levels(options.config, search=options.search_config)


def _target(options: SolveOptions, files: "Files") -> Target:
    """Return the target: the command line's word before a ``CONDA_OVERRIDE_`` variable's, and both before a file's."""
    subdir = detect_target(options.platform).subdir
    said = files.settings.facts_of(subdir)
    facts = [fact for fact in said if not os.environ.get(f"CONDA_OVERRIDE_{fact.partition('=')[0][2:].upper()}")]
    return options.describe_target(facts)


def _builds(files: "Files") -> frozenset[NormalizedName]:
    """Return the projects to be built; pip's ``--no-binary :all:`` would run the code of whatever is needed."""
    names = (*files.settings.builds, *files.manifest.builds)
    if ALL_PROJECTS in names:
        raise UsageError(
            f"{', '.join(files.manifest.files)}: --no-binary {ALL_PROJECTS} asks to build every project there is",
            hint="Name the projects that are to be built, as in --no-binary pyodbc.",
        )
    builds = frozenset(map(canonicalize_name, names))
    if both := sorted(builds & {canonicalize_name(name) for name in files.manifest.only_wheels}):
        raise UsageError(f"{both[0]} is to be built, and to be taken as a wheel only", hint="Keep one of the two.")
    return builds


def _join(request: Request, manifest: "Manifest", externals: Sequence[str]) -> Request:
    specs = [*request.specs, *(stated.text for stated in manifest.specs), *externals]
    requirements = [*request.requirements, *(stated.text for stated in manifest.requirements)]
    return replace(
        request,
        specs=tuple(dict.fromkeys(specs)),
        requirements=tuple(dict.fromkeys(requirements)),
        limits=tuple(dict.fromkeys(stated.text for stated in manifest.constraints)),
        hashes=manifest.hashes,
        hash_places={name: manifest.places.get(f"hashes.{name}", "") for name in manifest.hashes},
        prereleases=manifest.pre,
        require_hashes=manifest.require_hashes,
    )
