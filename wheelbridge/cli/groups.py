"""Options that go together, declared once: a command takes a group, typer sees its fields as options."""

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_type_hints

from wheelbridge.cli import options as o
from wheelbridge.cli.order import order_sources

if TYPE_CHECKING:
    from wheelbridge.api.sources import SourceChoice
    from wheelbridge.model.variant_policy import VariantPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Where packages come from."""

    channel: o.Channels = None
    index: o.Indexes = None
    override_channels: o.Override = False
    priority: o.Priorities = None
    route: o.Routes = None
    trusted_host: o.TrustedHosts = None
    no_channel_relations: o.NoRelations = False
    map: o.Maps = None
    no_external: o.NoExternal = None
    config: o.Config = None
    no_config: o.NoConfig = False
    exclude_newer: o.ExcludeNewer = None
    offline: o.Offline = False

    def choice(self, argv: Sequence[str]) -> "SourceChoice":
        """Return what they say of sources; the order of those is that of *argv*."""
        from wheelbridge.api.sources import SourceChoice

        return SourceChoice(
            sources=tuple(order_sources(argv, self.channel or [], self.index or [])),
            defaults=not self.override_channels,
            priorities=tuple(self.priority or ()),
            routes=tuple(self.route or ()),
            trusted_hosts=tuple(self.trusted_host or ()),
            relations=not self.no_channel_relations,
            maps=tuple(self.map or ()),
            no_external=tuple(self.no_external or ()),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """How the files that a lock names are reached."""

    trusted_host: o.TrustedHosts = None
    config: o.Config = None
    no_config: o.NoConfig = False
    offline: o.Offline = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of the machine."""

    virtual_package: o.VirtualPackages = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine(Facts):
    """Which machine it is."""

    platform: o.Platform = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """Which variants the user wants."""

    variant: o.VariantPins = None
    variant_prefer: o.VariantPrefer = None
    variant_ban: o.VariantBan = None
    variant_enable: o.VariantEnable = None
    variant_trust: o.VariantTrust = None

    @property
    def policy(self) -> "VariantPolicy":
        """What they amount to."""
        return self._read()

    def _read(self, mode: str = "flexible", *, disabled: bool = False) -> "VariantPolicy":
        from wheelbridge.api.variant_policies import read_variant_policy

        return read_variant_policy(
            prefer=self.variant_prefer or (),
            ban=self.variant_ban or (),
            pins=self.variant or (),
            mode=mode,
            disabled=disabled,
            enabled=self.variant_enable or (),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Variants(Wishes):
    """Which variants the user wants, and how a solve goes about it."""

    variant_mode: o.VariantModes = "flexible"
    no_variants: o.NoVariants = False

    @property
    def policy(self) -> "VariantPolicy":
        """What they amount to."""
        return self._read(self.variant_mode, disabled=self.no_variants)


@dataclass(frozen=True, slots=True, kw_only=True)
class Building:
    """What is built rather than taken."""

    build: o.Builds = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """Which files say what to install, and which folders are to be installed editable."""

    file: o.Files = None
    extra: o.Extras = None
    group: o.DependencyGroups = None
    editable: o.Editables = None

    def add_to(self, options: o.SolveOptions) -> o.SolveOptions:
        """Return *options* with the files and folders."""
        return replace(
            options,
            files=self.file or (),
            extras=self.extra or (),
            groups=self.group or (),
            editables=self.editable or (),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Which environment."""

    prefix: o.Prefix = None
    name: o.Name = None

    @property
    def path(self) -> Path:
        """Its folder."""
        return o.find_prefix(self.prefix, self.name)

    def path_of(self, options: o.SolveOptions) -> Path:
        """Return its folder; where the command line names none, that which the files of *options* name."""
        if self.prefix is None and self.name is None and options.files:
            from wheelbridge.cli.asking import place_of

            return place_of(options)
        return self.path


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """Whether to ask before something changes."""

    dry_run: o.DryRun = False
    yes: o.Yes = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """What to print."""

    as_json: o.Json = False
    quiet: o.Quiet = False
    verbose: o.Verbose = 0

    def settings(self, confirmation: Confirmation | None = None, overrides: frozenset[str] = frozenset()) -> o.Output:
        """Return what a command needs to know of asking and telling."""
        asked = confirmation or Confirmation()
        return o.Output(
            as_json=self.as_json,
            quiet=self.quiet,
            verbose=self.verbose,
            dry_run=asked.dry_run,
            yes=asked.yes,
            overrides=overrides,
        )


def read_options(
    argv: Sequence[str], sources: Sources, facts: Facts, wishes: Wishes, building: Building | None = None
) -> o.SolveOptions:
    """Return what the command line *argv* says of sources, target, variants and builds."""
    return o.SolveOptions(
        sources=sources.choice(argv),
        config=sources.config,
        search_config=not sources.no_config,
        exclude_newer=sources.exclude_newer,
        offline=sources.offline,
        facts=facts.virtual_package or [],
        platform=facts.platform if isinstance(facts, Machine) else None,
        variants=wishes.policy,
        trusted=wishes.variant_trust or [],
        builds=(building and building.build) or (),
    )


def grouped(command: Callable[..., int]) -> Callable[..., int]:
    """Let *command* take groups: typer sees their fields as options, the command gets a value of each group.

    typer reads a command's signature; it gets one with the fields in the place of the groups.
    """
    parameters = inspect.signature(command, eval_str=True).parameters.values()
    groups: dict[str, Any] = {item.name: item.annotation for item in parameters if is_dataclass(item.annotation)}
    own = [item for item in parameters if item.name not in groups]
    options = [option for group in groups.values() for option in _options(group)]

    def run(**given: object) -> int:
        values = {name: group(**{f.name: given.pop(f.name) for f in fields(group)}) for name, group in groups.items()}
        return command(**given, **values)

    run.__name__, run.__doc__ = command.__name__, command.__doc__
    run.__annotations__ = {item.name: item.annotation for item in (*own, *options)}
    vars(run)["__signature__"] = inspect.Signature([*own, *options])
    return run


def _options(group: type) -> list[inspect.Parameter]:
    hints = get_type_hints(group, include_extras=True)
    keyword = inspect.Parameter.KEYWORD_ONLY
    return [
        inspect.Parameter(field.name, keyword, default=field.default, annotation=hints[field.name])
        for field in fields(group)
    ]
