"""What an environment remembers of where its packages came from, and what follows for later commands."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from packaging.utils import canonicalize_name
from rattler import PrefixRecord, RepoDataRecord

from wheelbridge.api.locking.asked import Asked
from wheelbridge.api.locking.links import is_link
from wheelbridge.api.locking.records import from_record
from wheelbridge.api.locking.request import join_requests, lock_request
from wheelbridge.api.locking.solution import lock_solution, lock_sources
from wheelbridge.api.solving import Settings
from wheelbridge.api.source_places import is_public_place
from wheelbridge.api.specs import Request
from wheelbridge.environment.lock import Lock, LockedPackage, LockedTarget
from wheelbridge.environment.locks.fields import Fields, UnexpectedFormError
from wheelbridge.environment.locks.json_form import (
    package_from_json,
    package_to_json,
    request_from_json,
    request_to_json,
    source_to_json,
    target_to_json,
)
from wheelbridge.environment.locks.places import SecretInLockError
from wheelbridge.index.credentials import split_credentials
from wheelbridge.installer.errors import BrokenRecordError
from wheelbridge.installer.history import canonical_channel, spec_name
from wheelbridge.installer.origins import Memory, Origin, load_memory, load_origins, origins_path, write_memory
from wheelbridge.model.redaction import without_telling_query
from wheelbridge.model.source import Route, Source
from wheelbridge.solver.problem import ResolvedPackage, Solution
from wheelbridge.solver.records import record_channel, wheel_project
from wheelbridge.translate.requirement import parse_requirement

IN_PATHS = "variables-in-paths"
"""Where an environment remembers URLs that have the value of a variable in their path."""
_RECORD = frozenset({"record"})
"""What ``conda-meta`` has of a package."""


def remember_origins(prefix: Path, solution: Solution, settings: Settings, request: Request | None = None) -> None:
    """Write down the decisions of *solution*, and what a lock says of its packages; of what stayed, that stays.

    *request* is what the solution answers, in the user's words; None where it answers no request of his.

    Raises:
        BrokenRecordError: if what was written before is damaged.
    """
    memory = load_memory(prefix)
    try:
        write_memory(prefix, _recall(memory, solution, settings, request))
    except UnexpectedFormError as error:
        raise BrokenRecordError(origins_path(prefix), str(error)) from error


def _recall(memory: Memory, solution: Solution, settings: Settings, request: Request | None) -> Memory:
    locked = {package.name: _to_json(package) for package in _lock_wheels(solution, settings, memory.origins)}
    sources = {source.name: source for source in solution.sources}
    origins: dict[str, Origin] = {}
    for package in solution.packages:
        before = memory.origins.get(package.name)
        kept = before if before is not None and before.url == package.url else None
        source = sources[package.source] if package.decision else None
        if origin := _origin(package, source, kept, locked.get(package.name)):
            origins[package.name] = origin
    return Memory(origins=origins, lock=_lock_part(solution, settings, memory, request))


def _origin(
    package: ResolvedPackage, source: Source | None, kept: Origin | None, locked: Mapping[str, object] | None
) -> Origin | None:
    """Return where a package is from: from *source* now, or as it is *kept*; None where nobody knows."""
    before = kept.locked if kept else {}
    content = before if before.get("direct_url") else locked or before  # a link tells where it is when it comes
    if package.decision is not None and source is not None:
        decision, private = package.decision.as_json(), source.claim == "strict"
        return Origin(url=package.url, source_url=source.url, private=private, decision=decision, locked=content)
    return replace(kept, locked=content) if kept else None


def _lock_part(solution: Solution, settings: Settings, memory: Memory, request: Request | None) -> Mapping[str, object]:
    """Return what a lock says beside its packages, and the requirements by which wheels were asked for."""
    before = Fields(memory.lock)
    asked = {spec_name(spec): spec for spec in (*before.texts("requested"), *solution.specs)}
    target = LockedTarget(name=settings.target.subdir, target=settings.target, requested=tuple(sorted(asked.values())))
    listed = [source.name for source in settings.sources]
    requirements = _requirements(solution, request.requirements if request else ())
    return {
        **target_to_json(target, with_packages=False),
        "sources": [source_to_json(source) for source in lock_sources(solution, listed)],
        "requirements": {**before.text_map("requirements"), **requirements},
        **_variables(settings, before),
        **_remembered_request(before, solution, settings, request),
    }


def _remembered_request(
    before: Fields, solution: Solution, settings: Settings, request: Request | None
) -> dict[str, object]:
    """Return what a lock of the environment answers: all that was asked for since it was made; nothing if unknown."""
    told = before.mapping("request")
    if before.data and told is None:
        return {}
    if request is None or settings.modifiers.deps == "only":
        return {"request": told} if told is not None and set(solution.specs) <= {*before.texts("requested")} else {}
    links = (replace(link, url=without_telling_query(link.url)) for link in (*request.links, *settings.links))
    linked = replace(settings, links=tuple(links))
    try:
        now = lock_request([Asked(name="", request=request, settings=linked)], None)
    except SecretInLockError:
        return {}
    joined = now if told is None else join_requests(request_from_json(told), now)
    return {"request": request_to_json(joined)}


def _variables(settings: Settings, before: Fields) -> dict[str, object]:
    """Return the variables in the paths of URLs, for `export`: URL -> one of them; nothing where there is none."""
    told = {split_credentials(url)[0].rstrip("/"): names[0] for url, names in settings.in_paths.items() if "://" in url}
    found = {**before.text_map(IN_PATHS), **told}
    return {IN_PATHS: found} if found else {}


def remember_lock(
    prefix: Path,
    lock: Lock,
    target: LockedTarget,
    installed: Iterable[LockedPackage],
    records: Iterable[RepoDataRecord],
) -> None:
    """Write down what *lock* says of one of its targets, which the environment now is.

    Args:
        prefix: the environment.
        lock: what it was made of.
        target: the lock's own.
        installed: its packages as they came to be there: completed, and wheels of links as this machine has them.
        records: those that were linked; where the lock has others, as for what was built anew, it has them here, too.
    """
    linked = {record.name.normalized: record for record in records}
    sources = {source.name: source for source in lock.sources}
    said = {_identity(package): package for package in target.packages}
    origins = {}
    for package in installed:
        told = said[_identity(package)]
        source = sources.get(told.source or "")
        is_known = told.record is None or from_record(linked[package.name]) == told.record
        record = None if is_known and not is_link(told) else told.record
        locked = replace(package, file=told.file, channel=told.channel, record=record)
        origins[package.name] = Origin(
            url=package.file.url,
            source_url=source.url if source else package.channel,
            private=source is not None and source.claim == "strict",
            decision=told.decision or {},
            locked=package_to_json(locked),
        )
    content = {**target_to_json(target, with_packages=False), "sources": [*map(source_to_json, lock.sources)]}
    if lock.request is not None:
        content["request"] = request_to_json(lock.request)
    write_memory(prefix, Memory(origins=origins, lock=content))


def _identity(package: LockedPackage) -> tuple[str, str]:
    """Return what tells packages of one target apart, before and after they are completed.

    A wheel and a conda package may be called the same, and be two things.
    """
    return package.kind, package.pypi_name or package.name


def _requirements(solution: Solution, requirements: Iterable[str]) -> dict[str, str]:
    """Return solver name -> the requirement of an index that a wheel was asked for by."""
    names = {package.pypi_name: package.name for package in solution.packages if package.pypi_name}
    projects = ((canonicalize_name(parse_requirement(text).name), text) for text in requirements)
    return {names[project]: text for project, text in projects if project in names}


def _to_json(package: LockedPackage) -> Mapping[str, object]:
    return package_to_json(package, leave_out=_RECORD)


def _lock_wheels(solution: Solution, settings: Settings, known: Mapping[str, Origin]) -> Iterable[LockedPackage]:
    """Return what a lock says of the wheels; of conda's packages ``conda-meta`` says it all."""
    wheels = tuple(_with_hash(package) for package in solution.packages if package.kind == "wheel")
    before = (package_from_json(origin.locked) for origin in known.values() if origin.locked)
    hashed = tuple(package for package in wheels if (package.file.hashes if package.file else package.sha256))
    earlier = {package.file.url: package for package in before}
    return lock_solution(replace(solution, packages=hashed), settings, earlier)


def _with_hash(package: ResolvedPackage) -> ResolvedPackage:
    """Give the file of an index that publishes no hash the hash of what came."""
    digest = package.record.sha256
    if package.file is None or package.file.hashes or digest is None:
        return package
    return replace(package, file=replace(package.file, hashes={"sha256": digest.hex()}))


def origin_of(prefix: Path, record: PrefixRecord) -> Origin | None:
    """Return the origin of an installed package, None where nobody wrote it down."""
    return _own(load_origins(prefix), record)


def standing_routes(prefix: Path, installed: Sequence[PrefixRecord], sources: Sequence[Source]) -> tuple[Route, ...]:
    """Return the routes that an environment brings along, the least near ones of a solve.

    A package that was routed to a source stays with it. One from a source that claims strictly stays private where a
    command does not name that source: a public package of its name cannot take its place. A wheel that somebody else
    put there is private for all that is known, unless its record names a large public source.
    """
    origins = load_origins(prefix)
    return tuple(
        Route(pattern=f"conda:{record.name.normalized}", sources=places, origin=_reason(origin))
        for record in installed
        if (origin := _own(origins, record) or _presume(record)) and (places := _bound(origin, sources))
    )


def _presume(record: PrefixRecord) -> Origin | None:
    """Return where a wheel is from as far as its record tells: a private source; None where it is a public one."""
    channel = record_channel(record).removesuffix(f"/{record.subdir}")  # conda's own records have it in there
    if not wheel_project(record.file_name) or is_public_place(canonical_channel(channel)):
        return None
    place = channel if "://" in channel else record.url  # conda calls a file's channel <unknown>
    source = without_telling_query(split_credentials(place)[0])
    return Origin(url=record.url, source_url=source, private=True)


def _bound(origin: Origin, sources: Sequence[Source]) -> tuple[str, ...]:
    """Return the names of the sources that a package is bound to; its own URL, which is no name, where none is left."""
    own = tuple(source.name for source in sources if source.url == origin.source_url)
    if origin.decision.get("route"):
        return own or (origin.source_url,)
    if own or not origin.private:
        return ()
    private = tuple(source.name for source in sources if source.claim == "strict" and not source.explicit)
    return private or (origin.source_url,)


def _reason(origin: Origin) -> str:
    kind = "it was routed to" if origin.decision.get("route") else "it came from the private"
    return f"the environment: {kind} {origin.source_url}"


def _own(origins: Mapping[str, Origin], record: PrefixRecord) -> Origin | None:
    origin = origins.get(record.name.normalized)
    return origin if origin and origin.url == record.url else None
