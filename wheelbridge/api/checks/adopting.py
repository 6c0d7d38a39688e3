"""Distributions that pip put into an environment become known: kept as they are, or replaced by what a solve gives."""

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from packaging.utils import canonicalize_name
from rattler import MatchSpec, PrefixRecord

from wheelbridge.api.checks.adoption_limits import Limits
from wheelbridge.api.checks.adoption_records import RecordWriter, Refused, Written, load_record
from wheelbridge.api.checks.findings import Environment
from wheelbridge.api.checks.requirements import RequirementChecks
from wheelbridge.api.installing import Prepared, prepare
from wheelbridge.api.life.displaced import Displacements
from wheelbridge.api.mapping.maps import open_names
from wheelbridge.api.solving import Settings
from wheelbridge.api.specs import read_request
from wheelbridge.errors import WheelbridgeError, shell_command
from wheelbridge.installer.cache import entry_name
from wheelbridge.installer.distributions import Distribution
from wheelbridge.installer.listing import load_records
from wheelbridge.installer.plan import make_plan
from wheelbridge.installer.prefix import check_environment
from wheelbridge.installer.recording import write_records
from wheelbridge.installer.request import Request, revision_of
from wheelbridge.installer.unmanaged import unmanaged
from wheelbridge.model.name import CondaName, NormalizedName
from wheelbridge.solver.problem import Progress


class NotUnmanagedError(WheelbridgeError):
    """A distribution that was named is not there, or is known already."""

    code = "not-unmanaged"

    def __init__(self, name: str, prefix: Path) -> None:
        super().__init__(
            f"No other tool put {name!r} into {prefix}",
            hint=f"See what there is to adopt: {shell_command('wheelbridge', 'check', '-v', '-p', prefix)}.",
        )
        self.name = name
        self.prefix = str(prefix)


class NotAdoptableError(WheelbridgeError):
    """A distribution cannot be a record."""

    code = "not-adoptable"

    def __init__(self, reasons: Mapping[str, str]) -> None:
        said = "; ".join(f"{name}: {reason}" for name, reason in reasons.items())
        super().__init__(
            f"Nothing was adopted: {said}",
            hint="Let a solve give what comes in its place, with --replace, or uninstall it with the tool that put it "
            "there.",
        )
        self.reasons = dict(reasons)


@dataclass(frozen=True, slots=True, kw_only=True)
class Adopted:
    """A distribution with the record that it gets.

    Attributes:
        content: that record as JSON.
        instead_of: the record whose place it took, if it did.
        requested: whether somebody wants it for itself: it was asked for by name, or nothing else requires it.
    """

    distribution: Distribution
    record: PrefixRecord
    content: Mapping[str, object]
    instead_of: PrefixRecord | None = None
    requested: bool = False

    def as_json(self) -> dict[str, object]:
        """Return what people should know of it as JSON."""
        return {
            "project": self.distribution.project,
            "name": self.record.name.normalized,
            "version": str(self.record.version),
            "url": self.record.url,
            "sha256": self.record.sha256.hex() if self.record.sha256 else None,
            "installer": self.distribution.installer,
            "requested": self.requested,
            "instead_of": entry_name(self.instead_of) if self.instead_of else None,
            "depends": list(self.record.depends),
        }


@dataclass(frozen=True, slots=True)
class Adoptions:
    """What is adopted, sorted by project, and what cannot be."""

    taken: tuple[Adopted, ...]
    refused: tuple[Refused, ...] = ()


def prepare_adoption(
    prefix: Path, names: Sequence[str], settings: Settings, *, override: Collection[str] = ()
) -> Adoptions:
    """Find the records for what other tools put into the environment at *prefix*; *names* are projects, none: all.

    Raises:
        NotUnmanagedError: if nothing unknown has one of the names.
        NotAdoptableError: if one of them, or without names all, cannot be a record.
        WheelbridgeError: if the environment may not be changed.
    """
    check_environment(prefix, override=override)
    environment = Environment(prefix)
    found = _choose(environment, names)
    displaced = {NormalizedName(one.project): CondaName(one.name) for one in Displacements(environment).found}
    writer = RecordWriter(environment, settings, displaced)
    limits = Limits(environment, displaced)
    made = [(one, limits.refuse(one) or limits.admit(writer.make(one))) for one in found]
    refused = tuple(record for _, record in made if isinstance(record, Refused))
    if refused and (names or len(refused) == len(made)):
        raise NotAdoptableError({str(one.distribution): one.reason for one in refused})
    taken = _take(environment, [record for _, record in made if isinstance(record, Written)], displaced)
    return Adoptions(tuple(taken), refused)


def adopt(prefix: Path, adoptions: Adoptions, *, command: Sequence[str] = ("wheelbridge",)) -> None:
    """Write the records of *adoptions*, and a revision of the history; the files stay as they are.

    Raises:
        WheelbridgeError: nothing has changed then.
    """
    removed = [one.instead_of for one in adoptions.taken if one.instead_of]
    gone = {record.name.normalized for record in removed}
    kept = (record for record in load_records(prefix) if record.name.normalized not in gone)
    records = (*kept, *(one.record for one in adoptions.taken))
    request = Request(
        prefix=prefix,
        subdir=next((record.subdir for record in records if record.subdir != "noarch"), "noarch"),
        records=records,
        requested=tuple(MatchSpec(one.record.name.normalized) for one in adoptions.taken if one.requested),
        command=tuple(command),
    )
    added = {f"{entry_name(one.record)}.json": one.content for one in adoptions.taken}
    write_records(prefix, added, removed, revision_of(request))


def prepare_replacement(
    prefix: Path,
    names: Sequence[str],
    settings: Settings,
    progress: Progress,
    *,
    override: Collection[str] = (),
    command: Sequence[str] = ("wheelbridge",),
) -> Prepared:
    """Solve for the projects *names*, none: all, that other tools put there, so that theirs go in one transaction.

    Raises:
        NotUnmanagedError: if nothing unknown has one of the names.
        WheelbridgeError: if the environment may not be changed, or the request cannot be met.
    """
    check_environment(prefix, override=override)
    environment = Environment(prefix)
    projects = [one.project for one in _choose(environment, names)]
    homes = {project: name for project, name in _homes(environment).items() if project in projects}
    back = _to_come_back(environment, homes, settings)
    request = read_request(back.values(), [project for project in projects if project not in back])
    prepared = prepare(prefix, request, settings, progress, create=False, override=override, command=command)
    transaction = replace(
        prepared.transaction,
        replaced=frozenset(projects),
        reinstall=prepared.transaction.reinstall | {*homes.values()},
    )
    plan = make_plan(load_records(prefix), transaction.records, transaction.subdir, transaction.reinstall)
    return replace(prepared, transaction=transaction, plan=plan)


def _take(
    environment: Environment, made: Sequence[Written], displaced: Mapping[NormalizedName, str]
) -> Iterator[Adopted]:
    """Yield the records with their files."""
    records = {record.name.normalized: record for record in environment.records}
    needed = RequirementChecks(environment).required
    for one in made:
        project = one.distribution.project
        before = records.get(displaced.get(project, ""))
        content = one.as_json(_inherited(environment, one.distribution, before))
        yield Adopted(
            distribution=one.distribution,
            record=load_record(content),
            content=content,
            instead_of=before,
            requested=one.distribution.is_requested or project not in needed,
        )


def _homes(environment: Environment) -> dict[NormalizedName, str]:
    """Return project -> the package that has it by its record, whatever another tool put beside it or in its place."""
    owned = {one.project: one.owner for one in environment.distributions if one.owner is not None}
    return owned | {NormalizedName(one.project): one.name for one in Displacements(environment).found}


def _to_come_back(
    environment: Environment, homes: Mapping[NormalizedName, str], settings: Settings
) -> dict[NormalizedName, str]:
    """Return those of *homes* that are conda packages and no project by the tables: no wheel comes in their place."""
    table = open_names(settings.sources, settings.maps)
    rows = {project: table.by_project(project).identity for project in homes}
    return {
        project: name
        for project, name in homes.items()
        if not environment.is_wheel(name) and ((row := rows[project]) is None or row.conda != name)
    }


def _inherited(environment: Environment, one: Distribution, before: PrefixRecord | None) -> frozenset[str]:
    """Return what is left of the package whose place *one* took, but for its metadata."""
    if before is None:
        return frozenset()
    paths = (file.path for file in environment.files[before.name.normalized])
    left = (path for path in paths if "-info/" not in path or path.startswith(f"{one.folder}/"))
    return frozenset(path for path in left if os.path.lexists(environment.prefix / path))


def _choose(environment: Environment, names: Sequence[str]) -> tuple[Distribution, ...]:
    """Return the distributions that no record has, and that are called one of *names*, none: all of them."""
    found = {one.project: one for one in unmanaged(environment.distributions)}
    for name in names:
        if canonicalize_name(name) not in found:
            raise NotUnmanagedError(name, environment.prefix)
    wanted = {canonicalize_name(name) for name in names} or found.keys()
    return tuple(found[project] for project in sorted(wanted))
