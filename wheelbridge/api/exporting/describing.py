"""An environment as a lock: what it remembers of one, with the records that ``conda-meta`` has."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from rattler import MatchSpec, PrefixRecord

from wheelbridge.api.locking.direct import without_build
from wheelbridge.api.locking.links import is_link
from wheelbridge.api.locking.records import clean_record
from wheelbridge.api.origins import IN_PATHS
from wheelbridge.environment.lock import Lock, LockedFile, LockedPackage, LockedRequest, LockedSource, LockedTarget
from wheelbridge.environment.locks.fields import Fields, UnexpectedFormError
from wheelbridge.environment.locks.json_form import (
    package_from_json,
    request_from_json,
    source_from_json,
    target_from_json,
)
from wheelbridge.environment.locks.secrets import check_variables
from wheelbridge.index.metadata import parse_metadata
from wheelbridge.installer.distributions import Distribution, load_distributions
from wheelbridge.installer.errors import BrokenRecordError, NotAnEnvironmentError
from wheelbridge.installer.history import (
    conda_spec,
    exact_spec,
    load_history,
    merge_specs,
    requested_specs,
    spec_name,
)
from wheelbridge.installer.layout import find_layout
from wheelbridge.installer.listing import installed_variant, load_installed_files, load_records
from wheelbridge.installer.origins import Memory, Origin, load_memory, origins_path
from wheelbridge.installer.prefix import is_environment
from wheelbridge.installer.record_files import record_path
from wheelbridge.installer.state import load_variables
from wheelbridge.installer.unmanaged import unmanaged
from wheelbridge.installer.wheel import is_wheel
from wheelbridge.model.redaction import without_login
from wheelbridge.model.source import SourceKind, default_claim
from wheelbridge.solver.records import record_channel, wheel_project
from wheelbridge.target.detect import detect_target

_OF_PREFIX = frozenset(
    {
        "channel",
        "extracted_package_dir",
        "files",
        "fn",
        "link",
        "package_tarball_full_path",
        "paths_data",
        "requested_spec",
        "requested_specs",
        "url",
    }
)
"""Fields of ``conda-meta`` that are no part of the package's record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """An environment as a lock.

    Attributes:
        lock: it has one target.
        by_pip: distributions that no record has.
        inexact: what of the lock is not certain, or is not in it, for people.
        requirements: name of a requested wheel -> the requirement by which it was asked for, where that is known.
        in_paths: URL of a source or a link -> an environment variable whose value is in its path.
    """

    lock: Lock
    requirements: Mapping[str, str] = field(default_factory=dict)
    by_pip: tuple[Distribution, ...] = ()
    inexact: tuple[str, ...] = ()
    in_paths: Mapping[str, str] = field(default_factory=dict, repr=False)

    def check_variables(self) -> None:
        """Make sure that a file that is shared may have the URLs of all packages.

        Raises:
            SecretInLockError: if one has the value of an environment variable in its path.
        """
        for package in self.target.packages:
            places = (package.file.url, package.channel or "", str((package.direct_url or {}).get("url", "")))
            known = (name for url, name in self.in_paths.items() if any(place.startswith(url) for place in places))
            check_variables(package.name, known)

    @property
    def target(self) -> LockedTarget:
        """The one target."""
        return self.lock.targets[0]


def describe_environment(prefix: Path) -> Described:
    """Return what a lock says of the environment at *prefix*; one that was synced is its lock again.

    Raises:
        NotAnEnvironmentError: if there is none.
        BrokenRecordError: if what it remembers, or a record, cannot be read.
    """
    if not is_environment(prefix):
        raise NotAnEnvironmentError(prefix)
    records = load_records(prefix)
    memory = load_memory(prefix)
    try:
        described = _describe(prefix, records, memory)
    except UnexpectedFormError as error:
        raise BrokenRecordError(origins_path(prefix), str(error)) from error
    return described


def _describe(prefix: Path, records: Sequence[PrefixRecord], memory: Memory) -> Described:
    sources = _sources(records, memory)
    told = target_from_json(memory.lock) if memory.lock.get("target") else None
    subdir = told.target.subdir if told else next((one.subdir for one in records if one.subdir != "noarch"), None)
    distributions = _distributions(prefix, records, subdir)
    owned = {one.owner: one for one in distributions if one.owner is not None}
    packages, inexact = list[LockedPackage](), list[str]()
    for record in records:
        package = _package(prefix, record, _origin(memory, record), owned.get(record.name.normalized))
        packages.append(package if _is_remembered(memory, record) else _with_source(package, record, sources))
        inexact += _doubts(record, package)
    target = LockedTarget(
        name=told.name if told else detect_target(subdir).subdir,
        target=told.target if told else detect_target(subdir),
        requested=_requested(prefix, records, told.requested if told else ()),
        packages=tuple(sorted(packages, key=lambda package: package.name)),
    )
    by_pip = unmanaged(distributions)
    inexact += [f"{one} was put there by {one.installer or 'another tool'}: no record has it" for one in by_pip]
    return Described(
        lock=Lock(targets=(target,), sources=sources, request=_request(prefix, records, target, memory)),
        by_pip=by_pip,
        inexact=tuple(inexact),
        requirements=Fields(memory.lock).text_map("requirements"),
        in_paths=Fields(memory.lock).text_map(IN_PATHS),
    )


def _sources(records: Sequence[PrefixRecord], memory: Memory) -> tuple[LockedSource, ...]:
    """Return the sources that are remembered, and those of packages of which nobody told."""
    told = tuple(source_from_json(part.data, part.place) for part in Fields(memory.lock).parts("sources"))
    return (*told, *_other_sources([record for record in records if not _is_remembered(memory, record)], told))


def _origin(memory: Memory, record: PrefixRecord) -> Origin | None:
    known = memory.origins.get(record.name.normalized)
    return known if known is not None and known.url == record.url else None


def _is_remembered(memory: Memory, record: PrefixRecord) -> bool:
    origin = _origin(memory, record)
    return origin is not None and bool(origin.locked)


def _distributions(prefix: Path, records: Sequence[PrefixRecord], subdir: str | None) -> tuple[Distribution, ...]:
    layout = find_layout(records, subdir) if subdir else None
    return load_distributions(prefix, layout, load_installed_files(prefix, tuple(records)))


def _package(prefix: Path, record: PrefixRecord, origin: Origin | None, info: Distribution | None) -> LockedPackage:
    """Return one package: as it was locked, where that is remembered, else as its record and its files say."""
    if origin is not None and origin.locked:
        locked = package_from_json({**origin.locked})
        whole = locked if locked.record is not None else _with_record(prefix, record, locked)
        return replace(whole, record=without_build(whole.record or {})) if is_link(whole) else whole
    package = LockedPackage(
        kind="wheel" if is_wheel(record) else "conda",
        name=record.name.normalized,
        version=str(record.version),
        file=_file(record),
        channel=without_login(record_channel(record)),
        decision=(origin.decision or None) if origin else None,
    )
    package = _with_record(prefix, record, package)
    return _with_metadata(package, prefix, record, info) if package.kind == "wheel" else package


def _file(record: PrefixRecord) -> LockedFile:
    digests = {"md5": record.md5, "sha256": record.sha256}
    wheel = is_wheel(record)
    return LockedFile(
        filename=record.file_name,
        url=without_login(record.url),
        hashes={name: digest.hex() for name, digest in digests.items() if digest},
        size=record.size,
        upload_time=record.timestamp if wheel else None,
    )


def _with_record(prefix: Path, record: PrefixRecord, package: LockedPackage) -> LockedPackage:
    """Add the repodata record, as ``conda-meta`` has it; who wrote that may have added fields of its own."""
    path = record_path(prefix, record)
    try:
        content = json.loads(path.read_bytes())
        own = {key: value for key, value in content.items() if key not in _OF_PREFIX}
        own["depends"] = [*record.depends]  # as the package itself has them
        return replace(package, record=clean_record(own))
    except Exception as error:  # rattler raises many kinds, none of them with a common root
        raise BrokenRecordError(path, str(error)) from error


def _with_metadata(
    package: LockedPackage, prefix: Path, record: PrefixRecord, info: Distribution | None
) -> LockedPackage:
    """Add what the installed wheel says of itself."""
    package = replace(package, pypi_name=wheel_project(record.file_name), variant=installed_variant(prefix, record))
    if info is None or not info.metadata:
        return package
    metadata = parse_metadata(info.metadata, record.file_name)
    return replace(
        package,
        requires_dist=metadata.requires_dist,
        requires_python=metadata.requires_python,
        direct_url=info.direct_url,
    )


def _doubts(record: PrefixRecord, package: LockedPackage) -> list[str]:
    """Return what of *package* a lock cannot tell exactly."""
    if "://" not in package.file.url:
        return [f"{record.file_name} has no URL: nobody can fetch it anew"]
    doubts = []
    if not package.file.hashes and not is_link(package):
        doubts.append(f"{record.file_name} has no hash: what is fetched will not be checked")
    if package.variant is not None and package.variants_json is None:
        doubts.append(f"nobody wrote down the variants of {package.pypi_name} {package.version} beside the chosen one")
    return doubts


def _with_source(package: LockedPackage, record: PrefixRecord, sources: Iterable[LockedSource]) -> LockedPackage:
    kind = _kind_of_source(record)
    found = (source.name for source in sources if (source.kind, source.url) == (kind, package.channel))
    return replace(package, source=next(found, None))


def _other_sources(records: Iterable[PrefixRecord], known: Sequence[LockedSource]) -> list[LockedSource]:
    """Return the sources of packages that nobody wrote down: those below the others, channels first."""
    there = {(source.kind, source.url) for source in known}
    urls: dict[tuple[SourceKind, str], None] = {}
    for record in sorted(records, key=is_wheel):
        place = _kind_of_source(record), _channel(record)
        if "://" in place[1] and place not in there:
            urls[place] = None
    names = {source.name for source in known}
    found = []
    for tier, (kind, url) in enumerate(urls, len(known)):
        name = url if (short := url.rpartition("/")[2]) in names else short
        names.add(name)
        found.append(LockedSource(name=name, kind=kind, url=url, tier=tier, claim=default_claim(name)))
    return found


def _kind_of_source(record: PrefixRecord) -> SourceKind:
    """Return what a package is from that nobody wrote down: a channel that lists wheels ends builds with a number."""
    listed = str(record.build).endswith(f"_{record.build_number}")
    return "index" if is_wheel(record) and not listed else "channel"


def _channel(record: PrefixRecord) -> str:
    return without_login(record_channel(record))


def _requested(prefix: Path, records: Iterable[PrefixRecord], told: Sequence[str]) -> tuple[str, ...]:
    """Return what the history says was asked for, in the words of the memory where they mean the same."""
    names = [record.name.normalized for record in records]
    history = requested_specs(load_history(prefix), names, exact=True)
    known = {spec.name.normalized for spec in merge_specs(map(MatchSpec, told)) if _is_in(history, spec)}
    same = [text for text in told if spec_name(text) in known]
    others = history.keys() - set(map(spec_name, same))
    return (*same, *(history[name] for name in sorted(others)))


def _is_in(history: Mapping[str, str], spec: MatchSpec) -> bool:
    return history.get(spec.name.normalized or "") == (exact_spec(spec) or conda_spec(spec))


def _request(
    prefix: Path, records: Iterable[PrefixRecord], target: LockedTarget, memory: Memory
) -> LockedRequest | None:
    """Return what was asked for.

    As the lock had it, while the environment is still what that says; then as the history has it.
    """
    fields, variables = Fields(memory.lock), load_variables(prefix)
    there = {record.name.normalized: record.url for record in records}
    is_same = there == {name: origin.url for name, origin in memory.origins.items()}
    if is_same and list(target.requested) == list(fields.texts("requested")):
        told = fields.mapping("request")
        if told is None:
            return LockedRequest(variables=variables) if variables else None
        return replace(request_from_json(told), variables=variables)
    return LockedRequest(specs=tuple(sorted(target.requested)), variables=variables)
