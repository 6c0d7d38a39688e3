"""Options of the life of an environment: how it is changed, and to which of its revisions."""

from dataclasses import dataclass, fields, replace
from typing import Annotated

import typer

from wheelbridge.api.life.modifiers import Modifiers
from wheelbridge.cli.options import SolveOptions
from wheelbridge.errors import UsageError

_CHANGE = "What changes"

NoDeps = Annotated[
    bool,
    typer.Option(
        "--no-deps", help="Change nothing but what is named; its dependencies may be missing.", rich_help_panel=_CHANGE
    ),
]
OnlyDeps = Annotated[
    bool,
    typer.Option("--only-deps", help="Leave out what is named, put in what it needs.", rich_help_panel=_CHANGE),
]
NoPin = Annotated[
    bool,
    typer.Option(
        "--no-pin", help="Leave conda-meta/pinned and conda's pinned_packages aside.", rich_help_panel=_CHANGE
    ),
]
Freeze = Annotated[
    bool,
    typer.Option(
        "--freeze-installed",
        "--no-update-deps",
        help="Change nothing that is installed but what is named.",
        rich_help_panel=_CHANGE,
    ),
]
Reinstall = Annotated[
    bool,
    typer.Option(
        "--force-reinstall", help="Link what is named anew, even if it is there already.", rich_help_panel=_CHANGE
    ),
]
RevisionNumber = Annotated[
    int | None,
    typer.Option(
        "--revision", metavar="N", help="Go back to a revision of 'list --revisions'.", rich_help_panel=_CHANGE
    ),
]
CloneOf = Annotated[
    str | None,
    typer.Option(
        "--clone", metavar="PATH|NAME", help="Make it like this environment: the same files.", rich_help_panel=_CHANGE
    ),
]
Everything = Annotated[bool, typer.Option("--all", help="All packages; python keeps its minor version.")]
Whole = Annotated[bool, typer.Option("--all", help="The whole environment, with its folder.")]
Revisions = Annotated[bool, typer.Option("--revisions", "-r", help="List what was done to it, as conda does.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependencies:
    """What comes along with what is named, and what holds it."""

    no_deps: NoDeps = False
    only_deps: OnlyDeps = False
    no_pin: NoPin = False

    def add_to(self, options: SolveOptions) -> SolveOptions:
        """Return *options* with what is said here.

        Raises:
            UsageError: if that contradicts itself.
        """
        return replace(options, modifiers=_read(self))

    def check_unsaid(self, option: str) -> None:
        """Make sure that none is said where *option* says which packages there are to be.

        Raises:
            UsageError: if one is.
        """
        if said := [f"--{field.name.replace('_', '-')}" for field in fields(self) if getattr(self, field.name)]:
            raise UsageError(
                f"{option} says what is to be there; {', '.join(said)} beside it has no meaning", hint="Leave it out."
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes(Dependencies):
    """What may change of what is installed."""

    freeze_installed: Freeze = False
    force_reinstall: Reinstall = False

    def add_to(self, options: SolveOptions) -> SolveOptions:
        """Return *options* with what is said here.

        Raises:
            UsageError: if that contradicts itself.
        """
        if self.only_deps and self.force_reinstall:
            raise UsageError(
                "--only-deps leaves out what is named, and --force-reinstall links it anew", hint="Say one of the two."
            )
        modifiers = replace(_read(self), freeze=self.freeze_installed, reinstall=self.force_reinstall)
        return replace(options, modifiers=modifiers)


def _read(said: Dependencies) -> Modifiers:
    if said.no_deps and said.only_deps:
        raise UsageError("--no-deps leaves dependencies out, and --only-deps all else", hint="Say one of the two.")
    return Modifiers(deps="none" if said.no_deps else "only" if said.only_deps else "all", pins=not said.no_pin)


def without_pins(options: SolveOptions) -> SolveOptions:
    """Return *options* for a solve that pins do not hold: a lock is shared, and pins are one user's."""
    return replace(options, modifiers=replace(options.modifiers, pins=False))
