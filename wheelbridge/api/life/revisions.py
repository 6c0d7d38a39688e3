"""Going back to a revision of an environment, as ``conda install --revision`` does, wheels included."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from packaging.utils import canonicalize_name

from wheelbridge.api.life.restoring import Restoration, UnavailableError, check_links, direct_urls, specs_to_write
from wheelbridge.api.life.site import Site, open_site
from wheelbridge.api.mapping.maps import open_names
from wheelbridge.api.solving import Settings, Silent, solve_request
from wheelbridge.api.specs import Request
from wheelbridge.errors import WheelbridgeError, shell_command
from wheelbridge.installer.history import (
    Revision,
    canonical_channel,
    distribution,
    load_history,
    requested_specs,
    states_of,
)
from wheelbridge.installer.past import Past, load_past, read_direct_url
from wheelbridge.installer.plan import make_plan
from wheelbridge.installer.revisions import NamedDistribution
from wheelbridge.installer.transaction import Request as Transaction
from wheelbridge.model.name import CondaName
from wheelbridge.model.source import Route, Source
from wheelbridge.solver.problem import Progress, Standing

_UNMAPPED = "pypi."
"""Begins the solver name of a project that no row maps where a channel has its name."""


class NoSuchRevisionError(WheelbridgeError):
    """The history has no revision of this number."""

    code = "no-such-revision"

    def __init__(self, number: int, last: int, prefix: Path) -> None:
        there = f"it has 0 to {last}" if last >= 0 else "it has none"
        command = shell_command("wheelbridge", "list", "--revisions", "-p", prefix)
        super().__init__(f"{prefix} has no revision {number}: {there}", hint=f"See them: {command}.")
        self.revision = number


def prepare_revision(
    prefix: Path,
    number: int,
    settings: Settings,
    progress: Progress,
    *,
    override: Collection[str] = (),
    command: Sequence[str] = ("wheelbridge",),
) -> Restoration:
    """Decide what makes the environment what it was after revision *number*, counted from 0 as conda does.

    Its packages are those very files: of the environment, of its memory of what went, or of the sources of *settings*,
    by name, version and build. What was asked for then is asked for again, which is more than conda remembers. The
    change is a new revision; nothing of the history is taken away.

    Raises:
        NoSuchRevisionError: if there is none of this number.
        UnavailableError: if a package cannot be found; all of those are named.
        WheelbridgeError: if the environment may not be changed.
    """
    site = open_site(prefix, settings, override=override, command=command)
    revisions = load_history(prefix)
    states = [state.distributions for state in states_of(revisions)]
    if not 0 <= number < len(states):
        raise NoSuchRevisionError(number, len(states) - 1, prefix)
    progress.step("Looking for the packages")
    packages = _find_all(site, number, states[number])
    restoration = _restoration(site, packages, revisions[: number + 1])
    check_links(restoration)
    return restoration


def _restoration(site: Site, packages: tuple[Past, ...], revisions: Sequence[Revision]) -> Restoration:
    records = tuple(past.record for past in packages)
    names = [record.name.normalized for record in records]
    requested = requested_specs(revisions, names, exact=True)
    transaction = Transaction(
        prefix=site.prefix,
        subdir=site.settings.target.subdir,
        records=records,
        direct_urls=direct_urls(packages),
        requested=specs_to_write(requested, site.requested),
        removed=tuple(sorted(site.requested.keys() - requested.keys())),
        command=site.command,
        override=site.override,
        offline=site.settings.offline,
    )
    return Restoration(
        what=f"Revision {len(revisions) - 1}",
        packages=packages,
        requested=tuple(requested.values()),
        settings=site.settings,
        transaction=transaction,
        plan=make_plan(site.installed, records, transaction.subdir),
    )


def _find_all(site: Site, number: int, state: Collection[str]) -> tuple[Past, ...]:
    there = {distribution(record): record for record in site.installed}
    found: list[Past] = []
    missing: dict[str, str] = {}
    for name in sorted(state):
        if record := there.get(name):
            found.append(Past(record, None, read_direct_url(site.prefix, record)))
        elif past := load_past(site.prefix, name) or _find_anew(site, name, state):
            found.append(past)
        else:
            missing[name] = _tell_absence(site, name)
    if missing:
        raise UnavailableError(f"Revision {number}", missing)
    return tuple(sorted(found, key=lambda past: past.record.name.normalized))


def _tell_absence(site: Site, name: str) -> str:
    channel = _place(name)
    if _source_of(site, name) is None:
        return f"it came from {channel}, which is not among the sources"
    return f"{channel} does not offer it any more"


def _find_anew(site: Site, name: str, state: Collection[str]) -> Past | None:
    """Look for a distribution that nobody remembers in the source that it came from."""
    if (source := _source_of(site, name)) is None:
        return None
    parts = NamedDistribution.parse(name)
    routes = (Route(pattern=parts.name, sources=(source.name,), origin="the revision"),)
    python = (one for one in map(NamedDistribution.parse, state) if one.name == "python")
    standing = Standing(constraints=tuple(f"python =={one.version} {one.build}" for one in python))
    for request in _requests(site, source, parts):
        settings = replace(site.settings, routes=(*routes, *site.settings.routes), pins=(), builds=frozenset())
        with suppress(WheelbridgeError):
            for package in solve_request(request, settings, Silent(), standing).packages:
                if distribution(package.record) == name:
                    return Past(package.record)
    return None


def _requests(site: Site, source: Source, parts: NamedDistribution) -> Iterator[Request]:
    if source.kind == "channel":
        yield Request((f"{parts.name} =={parts.version} {parts.build}",), ())
        return
    rows = open_names(site.settings.sources, site.settings.maps).by_conda(CondaName(parts.name)).rows
    for project in dict.fromkeys((*(row.pypi for row in rows if row.pypi), parts.name.removeprefix(_UNMAPPED))):
        yield Request((), (f"{canonicalize_name(project)}=={parts.version}",))


def _source_of(site: Site, name: str) -> Source | None:
    by_channel: Mapping[str, Source] = {canonical_channel(source.url): source for source in site.settings.sources}
    return by_channel.get(_place(name))


def _place(name: str) -> str:
    """Return the channel or index of a distribution, without the subdir behind it."""
    return NamedDistribution.parse(name).channel.rpartition("/")[0]
