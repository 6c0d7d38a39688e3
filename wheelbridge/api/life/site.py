"""An environment that is about to be changed: what is in it, and what a change of it goes by."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rattler import MatchSpec, PrefixRecord

from wheelbridge.api.life.pins import load_pins
from wheelbridge.api.origins import standing_routes
from wheelbridge.api.solving import Settings
from wheelbridge.api.variant_checks import split_unwanted
from wheelbridge.installer.history import load_history, requested_specs
from wheelbridge.installer.listing import installed_variant, load_records
from wheelbridge.installer.prefix import check_environment, check_new, is_environment
from wheelbridge.solver.problem import Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """An environment that may be changed.

    Attributes:
        prefix: its folder.
        installed: sorted by name.
        requested: name -> MatchSpec of what was asked for before, extras and conditions included.
        settings: of the command, with the routes and pins that the environment brings along.
        new: it is made by this change.
        repeated: it was to be made, and is there already: then nothing may change.
        override: codes of refusals the user overrides.
        command: the command line, for the history.
    """

    prefix: Path
    installed: tuple[PrefixRecord, ...]
    requested: dict[str, str]
    settings: Settings
    new: bool
    repeated: bool
    override: frozenset[str]
    command: tuple[str, ...]

    @property
    def records(self) -> dict[str, PrefixRecord]:
        """Name -> what is installed."""
        return {record.name.normalized: record for record in self.installed}


def open_site(
    prefix: Path,
    settings: Settings,
    *,
    create: bool = False,
    override: Collection[str] = (),
    command: Sequence[str] = ("wheelbridge",),
) -> Site:
    """Look at the environment at *prefix*, which is to be changed, or with *create* made.

    Raises:
        WheelbridgeError: if it may not be changed, or what is in it cannot be read.
    """
    there = is_environment(prefix)
    if there or not create:
        check_environment(prefix, override=override)
    else:
        check_new(prefix)
    return replace(
        look_at(prefix, settings),
        new=create and not there,
        repeated=create and there,
        override=frozenset(override),
        command=tuple(command),
    )


def look_at(prefix: Path, settings: Settings) -> Site:
    """Return what there is at *prefix*, an environment or not, without a question whether it may be changed.

    Raises:
        WheelbridgeError: if what is in it cannot be read.
    """
    installed = load_records(prefix) if is_environment(prefix) else ()
    names = [record.name.normalized for record in installed]
    bound = replace(
        settings,
        routes=(*settings.routes, *standing_routes(prefix, installed, settings.sources)),
        pins=(*settings.pins, *load_pins(prefix)) if settings.modifiers.pins else (),
    )
    return Site(
        prefix=prefix,
        installed=installed,
        requested=requested_specs(load_history(prefix), names, exact=True) if installed else {},
        settings=bound,
        new=False,
        repeated=False,
        override=frozenset(),
        command=("wheelbridge",),
    )


def standing_of(site: Site, specs: Sequence[str]) -> Standing:
    """Return what the environment brings along; the user's word on variants may speak against some of its wheels.

    *specs* are conda's among what is asked for: python keeps its minor version where they do not name it, as in conda.
    """
    settings = site.settings
    locked, unwanted = split_unwanted(site.prefix, site.installed, settings.target, settings.variants)
    return Standing(
        kept=tuple(site.requested.values()),
        present=tuple(record.name.normalized for record in site.installed),
        locked=locked,
        replaced=unwanted,
        variants={
            record.url: variant for record in site.installed if (variant := installed_variant(site.prefix, record))
        },
        constraints=_keep_python(site.installed, specs),
    )


def _keep_python(installed: Sequence[PrefixRecord], specs: Sequence[str]) -> tuple[str, ...]:
    if any(MatchSpec(spec).name.normalized == "python" for spec in specs):
        return ()
    releases = [record.version.as_major_minor() for record in installed if record.name.normalized == "python"]
    return tuple(f"python {major}.{minor}.*" for major, minor in filter(None, releases))
