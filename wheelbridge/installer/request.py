"""What a transaction is asked for, what it did, and what the history says of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from rattler import MatchSpec, RepoDataRecord

from wheelbridge.installer.conflicts import Conflict
from wheelbridge.installer.history import (
    State,
    conda_spec,
    distribution,
    exact_spec,
    load_history,
    merge_specs,
    render_revision,
    requested_specs,
    states_of,
)
from wheelbridge.installer.layout import PythonLayout, find_layout
from wheelbridge.installer.plan import Plan
from wheelbridge.installer.wheel import WheelUse, is_wheel


@dataclass(frozen=True, slots=True, kw_only=True)
class Caches:
    """Where unpacked packages are kept: *packages* is a cache of rattler's, *wheels* is ours.

    *archives* are folders with archives that other tools downloaded; these are read only.
    """

    packages: Path
    wheels: Path
    archives: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What an environment shall become.

    Attributes:
        prefix: where it is, or will be.
        subdir: the platform it is for.
        records: all its packages, those that are there already included.
        wheels: URL of a record -> the downloaded wheel; those that are unpacked already need not be there.
        direct_urls: URL of a record -> contents of ``direct_url.json``, for wheels that came from no index.
        requested: what the user asked for now, as solver specs.
        removed: names the user no longer asks for.
        command: the command line, for the history.
        create: make a new environment; otherwise change one.
        override: codes of refusals the user overrides: ``frozen``, ``externally-managed``, ``file-conflict``.
        reinstall: names of packages to link anew although they stay the same.
        replaced: projects, normalized, whose distributions go although no record of ``conda-meta`` has them.
        timeout: seconds to wait for another process to let go of the prefix.
        offline: fetch nothing over the network.
    """

    prefix: Path
    subdir: str
    records: tuple[RepoDataRecord, ...]
    wheels: Mapping[str, Path] = field(default_factory=dict)
    direct_urls: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    requested: tuple[MatchSpec, ...] = ()
    removed: tuple[str, ...] = ()
    command: tuple[str, ...] = ("wheelbridge",)
    create: bool = False
    override: frozenset[str] = frozenset()
    reinstall: frozenset[str] = frozenset()
    replaced: frozenset[str] = frozenset()
    timeout: float = 60.0
    offline: bool = False

    @property
    def layout(self) -> PythonLayout | None:
        """The directories of the environment's python, None where there is none."""
        return find_layout(self.records, self.subdir)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a transaction did.

    Attributes:
        plan: what was to be done.
        conflicts: paths that several packages claim and that were let through.
        overwritten: files that belonged to no package and are replaced.
    """

    plan: Plan
    conflicts: tuple[Conflict, ...] = ()
    overwritten: tuple[str, ...] = ()


def uses_of(request: Request) -> dict[str, WheelUse]:
    """Return URL -> how the environment uses the wheel."""
    if (layout := request.layout) is None:
        return {}
    asked = {*requested_of(request)}
    return {
        record.url: WheelUse(
            layout=layout,
            requested=record.name.normalized in asked,
            direct_url=request.direct_urls.get(record.url),
        )
        for record in request.records
        if is_wheel(record)
    }


def requested_of(request: Request) -> dict[str, str]:
    """Return name -> MatchSpec of all the user asks for, now and before."""
    names = {record.name.normalized for record in request.records}
    before = requested_specs(load_history(request.prefix), names)
    now = {spec.name.normalized: conda_spec(spec) for spec in merge_specs(request.requested)}
    return {name: spec for name, spec in (before | now).items() if name in names and name not in request.removed}


def asked_of(request: Request) -> dict[str, str]:
    """Return name -> MatchSpec of all the user asks for, as `requested_of` does, with extras and conditions."""
    names = {record.name.normalized for record in request.records} - {*request.removed}
    before = requested_specs(load_history(request.prefix), names, exact=True)
    specs = merge_specs(request.requested)
    now = {spec.name.normalized: exact_spec(spec) or conda_spec(spec) for spec in specs}
    return {name: spec for name, spec in (before | now).items() if name in names}


def revision_of(request: Request) -> str:
    """Return the section to append to the history, empty where it has nothing to tell."""
    revisions = load_history(request.prefix)
    names = {record.name.normalized for record in request.records}
    known = requested_specs(revisions, names, exact=True)
    requested = merge_specs(request.requested)
    update = {spec.name.normalized: conda_spec(spec) for spec in requested}
    exact = {spec.name.normalized: text for spec in requested if (text := exact_spec(spec))}
    state = states_of(revisions)[-1] if revisions else State()
    before = state.distributions
    after = frozenset(distribution(record) for record in request.records)
    asked = any(known.get(name) != spec for name, spec in (update | exact).items())
    news = before != after or asked or not known.keys().isdisjoint(request.removed) or not revisions
    if not news:
        return ""
    return render_revision(
        date=datetime.now().astimezone(),
        command=request.command,
        changes=(before if before == state.of_conda else after, after),
        specs={"wheelbridge": tuple(exact.values()), "remove": request.removed, "update": tuple(update.values())},
    )
