"""Options that several commands share, with one spelling and one help text each."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wheelbridge.api.life.modifiers import Modifiers
from wheelbridge.cli.door import door
from wheelbridge.errors import UsageError

if TYPE_CHECKING:
    from wheelbridge.api.sources import SourceChoice
    from wheelbridge.model.target import Target
    from wheelbridge.model.variant_policy import VariantPolicy

_SOURCES = "Sources, in order of priority"
_TARGET = "Target"
_VARIANTS = "Wheel variants"
_BUILDS = "Source distributions"
_FILES = "Files"
_OUTPUT = "Output"

Specs = Annotated[
    list[str] | None,
    typer.Argument(help="Conda MatchSpecs such as 'numpy>=2'; requirements of an index as 'pypi:torch>=2.5'."),
]
Requirements = Annotated[
    list[str] | None, typer.Option("--pypi", metavar="REQ", help="A PEP 508 requirement, as behind pypi:.")
]
Channels = Annotated[
    list[str] | None,
    typer.Option("--channel", "-c", metavar="URL|NAME", help="A conda channel.", rich_help_panel=_SOURCES),
]
Indexes = Annotated[
    list[str] | None,
    typer.Option(
        "--index", "-i", metavar="URL|NAME|NAME=URL", help="A Python package index.", rich_help_panel=_SOURCES
    ),
]
Override = Annotated[
    bool,
    typer.Option(
        "--override-channels",
        "-O",
        help="Use only the sources given here, neither configured nor default ones.",
        rich_help_panel=_SOURCES,
    ),
]
ExcludeNewer = Annotated[
    str | None,
    typer.Option(
        "--exclude-newer",
        metavar="DATE|DAYS",
        help="Leave out what was published later: 2026-01-31, a full ISO 8601 time, or an age such as 7d.",
        rich_help_panel=_SOURCES,
    ),
]
Priorities = Annotated[
    list[str] | None,
    typer.Option(
        "--priority",
        metavar="[SOURCE=]CLAIM",
        help="What the first source that has a project leaves to those below it: strict, flexible or disabled.",
        rich_help_panel=_SOURCES,
    ),
]
Routes = Annotated[
    list[str] | None,
    typer.Option(
        "--route",
        metavar="PROJECT=SOURCE[,SOURCE...]",
        help="The sources that alone may serve a project; '; MARKER' behind it says on which systems.",
        rich_help_panel=_SOURCES,
    ),
]
TrustedHosts = Annotated[
    list[str] | None,
    typer.Option(
        "--trusted-host",
        metavar="SOURCE=HOST",
        help="Another host that a source may lead to; http://HOST lets it go without TLS.",
        rich_help_panel=_SOURCES,
    ),
]
NoRelations = Annotated[
    bool,
    typer.Option(
        "--no-channel-relations",
        help="Channels do not say which others belong to them (CEP 42).",
        rich_help_panel=_SOURCES,
    ),
]
Maps = Annotated[
    list[str] | None,
    typer.Option(
        "--map",
        metavar="[MODE=]FILE",
        help="Rows of your own, of names, external dependencies and what wheels need: over the tables (patch), in "
        "their place (use), or below them (extend).",
        rich_help_panel=_SOURCES,
    ),
]
NoExternal = Annotated[
    list[str] | None,
    typer.Option(
        "--no-external",
        metavar="PROJECT",
        help="Wheels of it get nothing of conda for their external dependencies, and a build of it takes what no "
        "package is known for from the system; :all: for every project.",
        rich_help_panel=_SOURCES,
    ),
]
Builds = Annotated[
    list[str] | None,
    typer.Option(
        "--build",
        metavar="PROJECT",
        help="Build a wheel of its source distribution, and take none of an index: this runs the project's code, with "
        "solve and --dry-run, too.",
        rich_help_panel=_BUILDS,
    ),
]
Files = Annotated[
    list[str] | None,
    typer.Option(
        "--file",
        "-f",
        metavar="FILE",
        help="A file that says what to install: environment.yml, requirements.txt, pyproject.toml, or a lock.",
        rich_help_panel=_FILES,
    ),
]
Extras = Annotated[
    list[str] | None,
    typer.Option("--extra", metavar="NAME", help="An extra of a pyproject.toml named with -f.", rich_help_panel=_FILES),
]
Editables = Annotated[
    list[str] | None,
    typer.Option(
        "--editable",
        "-e",
        metavar="PATH",
        help="A project in a folder, installed so that changes of its files show (PEP 660); this runs its code.",
        rich_help_panel=_BUILDS,
    ),
]
DependencyGroups = Annotated[
    list[str] | None,
    typer.Option(
        "--group", metavar="NAME", help="A dependency group of a pyproject.toml named with -f.", rich_help_panel=_FILES
    ),
]
Config = Annotated[
    Path | None,
    typer.Option(
        "--config", metavar="FILE", help="A wheelbridge.toml, in the place of the project's.", rich_help_panel=_SOURCES
    ),
]
NoConfig = Annotated[
    bool,
    typer.Option("--no-config", help="Look for no configuration, conda's neither.", rich_help_panel=_SOURCES),
]
Offline = Annotated[
    bool, typer.Option("--offline", help="Use what is cached, ask no network.", rich_help_panel=_SOURCES)
]
Platform = Annotated[
    str | None,
    typer.Option("--platform", metavar="SUBDIR", help="Another platform, such as osx-arm64.", rich_help_panel=_TARGET),
]
VirtualPackages = Annotated[
    list[str] | None,
    typer.Option(
        "--virtual-package",
        metavar="NAME=VERSION",
        help="A fact of the target, such as __cuda=12.8 (beats CONDA_OVERRIDE_CUDA).",
        rich_help_panel=_TARGET,
    ),
]
VariantPrefer = Annotated[
    list[str] | None,
    typer.Option(
        "--variant-prefer",
        metavar="PROPERTY",
        help="A variant namespace, feature or property to prefer, such as 'blas_lapack :: library :: mkl'.",
        rich_help_panel=_VARIANTS,
    ),
]
VariantBan = Annotated[
    list[str] | None,
    typer.Option("--variant-ban", metavar="PROPERTY", help="One that must not be taken.", rich_help_panel=_VARIANTS),
]
VariantPins = Annotated[
    list[str] | None,
    typer.Option(
        "--variant",
        metavar="PROJECT=LABEL",
        help="The variant to take of a project, by label or property; without PROJECT=, of all that have it.",
        rich_help_panel=_VARIANTS,
    ),
]
VariantModes = Annotated[
    str,
    typer.Option(
        "--variant-mode",
        metavar="flexible|strict",
        help="flexible: the next variant where the best one does not fit; strict: the best one or nothing.",
        rich_help_panel=_VARIANTS,
    ),
]
VariantEnable = Annotated[
    list[str] | None,
    typer.Option(
        "--variant-enable",
        metavar="NAMESPACE",
        help="A namespace to use although its release calls it optional.",
        rich_help_panel=_VARIANTS,
    ),
]
VariantTrust = Annotated[
    list[str] | None,
    typer.Option(
        "--variant-trust",
        metavar="PROVIDER",
        help="A provider, by its package's name, whose plugin may be installed apart and asked what this machine has.",
        rich_help_panel=_VARIANTS,
    ),
]
NoVariants = Annotated[bool, typer.Option("--no-variants", help="Take no variant wheels.", rich_help_panel=_VARIANTS)]
Prefix = Annotated[
    Path | None,
    typer.Option("--prefix", "-p", metavar="PATH", help="The environment's folder.", rich_help_panel=_TARGET),
]
Name = Annotated[
    str | None,
    typer.Option(
        "--name",
        "-n",
        metavar="NAME",
        help="The environment's name, below CONDA_ENVS_PATH or ~/.conda/envs.",
        rich_help_panel=_TARGET,
    ),
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", "-d", help="Show the plan, change nothing.", rich_help_panel=_OUTPUT)
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.", rich_help_panel=_OUTPUT)]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.", rich_help_panel=_OUTPUT)]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress.", rich_help_panel=_OUTPUT)]
Verbose = Annotated[
    int, typer.Option("--verbose", "-v", count=True, help="Show reasons, too.", rich_help_panel=_OUTPUT)
]
OverrideFrozen = Annotated[
    bool,
    typer.Option("--override-frozen", help="Change the environment although it is marked as frozen (CEP 22)."),
]
OverrideManaged = Annotated[
    bool,
    typer.Option(
        "--override-externally-managed", help="Put wheels there although its python is externally managed (PEP 668)."
    ),
]


def read_overrides(*, frozen: bool, managed: bool) -> frozenset[str]:
    """Return the codes of the refusals that the command line overrides."""
    return frozenset(code for code, chosen in (("frozen", frozen), ("externally-managed", managed)) if chosen)


def check_alone(option: str, *asked: Sequence[str] | None) -> None:
    """Make sure that nothing else is asked for where *option* says which packages there are to be.

    Raises:
        UsageError: if something is.
    """
    if any(asked):
        raise UsageError(f"{option} says what is to be there; packages or files beside it have no meaning")


def find_prefix(prefix: Path | None, name: str | None) -> Path:
    """Return the folder of the environment that ``-p`` or ``-n`` names, without ``..``: scripts will name it.

    Raises:
        UsageError: if neither or both are given.
    """
    if prefix is not None and name is not None:
        raise UsageError("Name one environment", hint="Give -p PATH, or -n NAME.")
    found = prefix.expanduser() if prefix else door().find_named(name) if name else door().find_unnamed()
    return _without_parents(found.absolute())


def _without_parents(path: Path) -> Path:
    """Return *path* without ``..``, where it leads; other links in it are not followed.

    >>> _without_parents(Path("/nowhere/envs/../a")).as_posix()
    '/nowhere/a'
    """
    place = Path(path.anchor)
    for part in path.parts[1:]:
        place = place.resolve().parent if part == ".." else place / part
    return place


@dataclass(frozen=True, slots=True, kw_only=True)
class SolveOptions:
    """What a command line says about sources and target; of what it leaves out, what is configured holds."""

    sources: "SourceChoice"
    variants: "VariantPolicy"
    config: Path | None = None
    search_config: bool = True
    exclude_newer: str | None = None
    offline: bool = False
    facts: Sequence[str] = ()
    platform: str | None = None
    trusted: Sequence[str] = ()
    builds: Sequence[str] = ()
    modifiers: Modifiers = field(default_factory=Modifiers)
    files: Sequence[str] = ()
    extras: Sequence[str] = ()
    groups: Sequence[str] = ()
    editables: Sequence[str] = ()
    described: bool = False

    def describe_target(self, facts: Sequence[str] = ()) -> "Target":
        """Return the target, with *facts* that what the command line says of it beats.

        A platform that is *described* is its baseline, the same on every machine; else it may be this machine.

        Raises:
            InvalidTargetError: if the platform is unknown or a virtual package cannot be read.
        """
        from wheelbridge.target.detect import assume_target, detect_target

        if self.described and self.platform:
            return assume_target(self.platform, [*facts, *self.facts])
        return detect_target(self.platform, [*facts, *self.facts])


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """What a command line says about asking and telling."""

    as_json: bool = False
    quiet: bool = False
    verbose: int = 0
    dry_run: bool = False
    yes: bool = False
    overrides: frozenset[str] = frozenset()
