"""One transaction: from solved records to an environment that is the new one, or still the old one."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import cast

import rattler
from rattler import Client, MatchSpec, RepoDataRecord, Subdir
from rattler.exceptions import InvalidMatchSpecError
from rattler.install import InstallerReporter
from rattler.package_cache import PackageCache, PackageCacheLayer

from wheelbridge.installer.cache import PackageFile, entry_name, load_files
from wheelbridge.installer.errors import (
    FileConflictError,
    MissingWheelError,
    NoPythonError,
    NoSpaceError,
    RecoveryFailedError,
    from_rattler_error,
    os_errors,
)
from wheelbridge.installer.fetch import check_cached, fetch_packages, run_all
from wheelbridge.installer.history import (
    conda_spec,
    distribution,
    exact_spec,
    history_path,
    installed_distributions,
    load_history,
    render_revision,
    requested_specs,
)
from wheelbridge.installer.journal import Journal, begin, finish, forget, prune, roll_back
from wheelbridge.installer.layout import PythonLayout, find_layout
from wheelbridge.installer.listing import load_installed_files, load_records, record_path
from wheelbridge.installer.plan import Conflict, Plan, find_conflicts, make_plan
from wheelbridge.installer.prefix import check_environment, check_new, check_wheels_allowed, hold_prefix
from wheelbridge.installer.reporter import RattlerReporter, Reporter
from wheelbridge.installer.wheel import WheelUse, find_unpacked, is_wheel, unpack_wheel, wheel_record

_QUIET_ROUNDS = 3
_QUIET_SECONDS = 0.2
_Fetch = Callable[..., Awaitable[dict[str, tuple[PackageFile, ...]]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Caches:
    """Where unpacked packages are kept: *packages* is a cache of rattler's, *wheels* is ours."""

    packages: Path
    wheels: Path


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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Staged:
    """A plan with everything to link in the caches: where the wheels are, and which files all packages bring."""

    plan: Plan
    caches: Caches
    wheels: Mapping[str, Path]
    files: Mapping[str, tuple[PackageFile, ...]]


def wheels_to_fetch(request: Request, caches: Caches) -> tuple[RepoDataRecord, ...]:
    """Return the records whose wheels have to be downloaded for *request*.

    Ask while you hold the prefix (`wheelbridge.installer.prefix.hold_prefix`), or what you are told may be out of date.
    """
    plan = make_plan(load_records(request.prefix), request.records, request.subdir)
    uses = _uses(request)
    wheels = (record for record in plan.to_link if is_wheel(record))
    return tuple(
        record
        for record in wheels
        if record.url not in uses or not find_unpacked(wheel_record(record), caches.wheels, uses[record.url])
    )


async def run_transaction(
    request: Request,
    caches: Caches,
    *,
    reporter: Reporter | None = None,
    client: Client | None = None,
    check: Callable[[RepoDataRecord], None] | None = None,
) -> Outcome:
    """Make the environment what *request* says, or leave it as it is.

    Everything is downloaded, hash-checked, unpacked and checked for conflicts before the prefix is touched; then one
    ``rattler.install`` links it all. If that fails, the environment is put back; if the process is killed, the next
    transaction puts it back. With nothing to do, nothing is touched. Once linking has begun, cancellation waits for it.

    *check* raises for a record whose URL must not be fetched.

    Raises:
        WheelbridgeError: one of `wheelbridge.installer.errors`; the environment is as it was.
    """
    reporter = reporter or Reporter()
    if not request.create:  # what must not be changed is not locked either
        check_environment(request.prefix, override=request.override)
    with hold_prefix(request.prefix, timeout=request.timeout):
        _check_prefix(request)
        installed = load_records(request.prefix)
        plan = make_plan(installed, request.records, request.subdir)
        _check_wheels(request, plan)
        fetch = partial(fetch_packages, client=client, reporter=reporter, check=check)
        staged = await _stage(request, plan, caches, fetch, reporter)
        kept = load_installed_files(request.prefix, plan.keep) if not plan.is_empty else {}
        conflicts = _check_conflicts(request, staged, kept)
        _check_space(request, staged)
        journal = _make_journal(request, staged, kept)
        if plan.is_empty and not journal.revision:
            return Outcome(plan=plan)
        overwritten = await _link(request, staged, journal, reporter)
        prune(request.prefix, {*journal.old} - {*journal.new}, {file.path for files in kept.values() for file in files})
        return Outcome(plan=plan, conflicts=conflicts, overwritten=overwritten)


def _check_prefix(request: Request) -> None:
    if request.create:
        check_new(request.prefix)
    else:
        check_environment(request.prefix, override=request.override)


def _check_wheels(request: Request, plan: Plan) -> None:
    wheels = [record for record in plan.to_link if is_wheel(record)]
    if not wheels:
        return
    if (layout := request.layout) is None:
        raise NoPythonError(tuple(record.name.normalized for record in wheels))
    check_wheels_allowed(request.prefix, layout, override=request.override)


def _uses(request: Request) -> dict[str, WheelUse]:
    """Return URL -> how the environment uses the wheel."""
    if (layout := request.layout) is None:
        return {}
    asked = {*_requested(request)}
    return {
        record.url: WheelUse(
            layout=layout,
            requested=record.name.normalized in asked,
            direct_url=request.direct_urls.get(record.url),
        )
        for record in request.records
        if is_wheel(record)
    }


def _requested(request: Request) -> dict[str, str]:
    """Return name -> MatchSpec of all the user asks for, now and before."""
    names = {record.name.normalized for record in request.records}
    before = requested_specs(load_history(request.prefix), names)
    now = {spec.name.normalized: conda_spec(spec) for spec in request.requested}
    return {name: spec for name, spec in (before | now).items() if name in names and name not in request.removed}


async def _stage(request: Request, plan: Plan, caches: Caches, fetch: _Fetch, reporter: Reporter) -> _Staged:
    """Bring everything to link into the caches."""
    layout, uses = request.layout, _uses(request)
    wheels: dict[str, Path] = {}

    async def unpack(record: RepoDataRecord) -> None:
        name = record.name.normalized
        reporter.on_unpack_start(name)
        wheels[name] = await asyncio.to_thread(_unpack, request, record, uses[record.url], caches)
        reporter.on_unpack_complete(name)

    await run_all([unpack(record) for record in plan.to_link if is_wheel(record)])
    packages = [record for record in plan.to_link if not is_wheel(record)]
    if request.offline:
        check_cached(packages, caches.packages, layout)
    files = await fetch(packages, caches.packages, layout=layout)
    for name, directory in wheels.items():
        files[name] = load_files(directory, layout) or ()
    return _Staged(plan=plan, caches=caches, wheels=wheels, files=files)


def _unpack(request: Request, record: RepoDataRecord, use: WheelUse, caches: Caches) -> Path:
    value = wheel_record(record)
    if found := find_unpacked(value, caches.wheels, use):
        return found
    if (wheel := request.wheels.get(record.url)) is None:
        raise MissingWheelError(record.file_name)
    return unpack_wheel(wheel, value, caches.wheels, use=use)


def _check_conflicts(
    request: Request, staged: _Staged, kept: Mapping[str, tuple[PackageFile, ...]]
) -> tuple[Conflict, ...]:
    """Refuse wheels that overwrite files of others; among conda's own packages conda allows it, and so do we."""
    conflicts = find_conflicts(staged.files, kept, fold=request.subdir.startswith("win-"))
    wheels = {record.name.normalized for record in request.records if is_wheel(record)}
    refused = [item for item in conflicts if not item.identical and wheels.intersection(item.packages)]
    if refused and FileConflictError.code not in request.override:
        raise FileConflictError(tuple(map(str, refused)))
    return conflicts


def _check_space(request: Request, staged: _Staged) -> None:
    """Refuse to begin what the prefix has no space for.

    Files are hard-linked where the cache is on the same file system, and take no space then.
    """
    there = next(path for path in (request.prefix, *request.prefix.absolute().parents) if path.exists())
    needed = 0
    for record in staged.plan.to_link:
        cache = staged.caches.wheels if is_wheel(record) else staged.caches.packages
        linked = cache.stat().st_dev == there.stat().st_dev
        needed += sum(file.size for file in staged.files[record.name.normalized] if file.patched or not linked)
    free = shutil.disk_usage(there).free
    if needed > free:
        raise NoSpaceError(str(request.prefix), f"{needed} bytes are needed, {free} are free")


def _make_journal(request: Request, staged: _Staged, kept: Mapping[str, tuple[PackageFile, ...]]) -> Journal:
    prefix, plan = request.prefix, staged.plan
    old = load_installed_files(prefix, plan.to_unlink)
    new = {file.path for files in staged.files.values() for file in files}
    shared = {name: {file.path for file in files} & new for name, files in kept.items()}
    rewritten = [*plan.to_unlink, *(record for record in plan.keep if shared.get(record.name.normalized))]
    history = history_path(prefix)
    return Journal(
        old=tuple(sorted({file.path for files in old.values() for file in files})),
        new=tuple(sorted(new)),
        shared=tuple(sorted(set().union(*shared.values()))),
        before=tuple(sorted(record_path(prefix, record).name for record in rewritten)),
        after=tuple(sorted(f"{entry_name(record)}.json" for record in plan.to_link)),
        history=history.stat().st_size if history.exists() else None,
        revision=_revision(request),
    )


def _revision(request: Request) -> str:
    """Return the section to append to the history, empty where it has nothing to tell."""
    revisions = load_history(request.prefix)
    names = {record.name.normalized for record in request.records}
    known = requested_specs(revisions, names, exact=True)
    update = {spec.name.normalized: conda_spec(spec) for spec in request.requested}
    exact = {spec.name.normalized: text for spec in request.requested if (text := exact_spec(spec))}
    before = installed_distributions(revisions)
    after = frozenset(distribution(record) for record in request.records)
    news = before != after or any(known.get(name) != spec for name, spec in (update | exact).items()) or not revisions
    if not news:
        return ""
    return render_revision(
        date=datetime.now().astimezone(),
        command=request.command,
        changes=(before, after),
        specs={"wheelbridge": tuple(exact.values()), "remove": request.removed, "update": tuple(update.values())},
    )


async def _link(request: Request, staged: _Staged, journal: Journal, reporter: Reporter) -> tuple[str, ...]:
    """Change the prefix, and put it back if that fails; return the foreign files that are replaced."""
    prefix = request.prefix
    with os_errors(prefix):
        overwritten = begin(prefix, journal)
    try:
        cancelled = await _uninterrupted(_install(request, staged, reporter))
    except Exception as error:  # rattler's errors have no common root
        await _undo(prefix)
        raise from_rattler_error(error, prefix) from error
    finish(prefix)
    if cancelled is not None:
        raise cancelled
    return overwritten


async def _install(request: Request, staged: _Staged, reporter: Reporter) -> None:
    """Link everything in one transaction of rattler's; it is all in the caches."""
    specs = [spec._match_spec for spec in _parse_specs(_requested(request).values())]  # noqa: SLF001 - py-rattler 0.28.0 wants the inner objects
    await rattler.install(
        list(request.records),
        request.prefix,
        reinstall_packages={change.new.name.normalized for change in staged.plan.relink},
        platform=Subdir(request.subdir),
        show_progress=False,
        requested_specs=cast("list[MatchSpec]", specs),
        reporter=cast("InstallerReporter", RattlerReporter(reporter)),
        package_cache=_layered_cache(staged),
    )


def _parse_specs(texts: Iterable[str]) -> Iterator[MatchSpec]:
    for text in texts:
        with suppress(InvalidMatchSpecError):  # the history may hold what only conda reads
            yield MatchSpec(text)


def _layered_cache(staged: _Staged) -> PackageCache:
    """Return the package cache of one transaction: rattler's own, then one layer for each wheel.

    rattler locks the first layer, which is the one it shares with others. Should that one hold something of the name,
    version and build of a wheel, it is kept from looking.
    """
    cache = staged.caches.packages
    packages = PackageCacheLayer(cache)
    for record in staged.plan.to_link:
        if record.name.normalized in staged.wheels and (cache / entry_name(record)).exists():
            packages = packages.excluding(MatchSpec(record.name.normalized))
    layers = sorted({directory.parent for directory in staged.wheels.values()})
    return PackageCache.from_layers([packages, *map(PackageCacheLayer, layers)])


async def _uninterrupted(work: Coroutine[object, object, None]) -> asyncio.CancelledError | None:
    """Await *work* to its end whatever happens; return the cancellation that came meanwhile, if one did."""
    task = asyncio.ensure_future(work)
    cancelled = None
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError as error:
            if task.cancelled():
                raise
            cancelled = error
    task.result()
    return cancelled


async def _undo(prefix: Path) -> None:
    """Put the prefix back.

    When rattler gives up, its threads may still be linking other packages, and nothing says when they end. So it is
    put back until nothing appears any more.
    """
    quiet = 0
    try:
        while quiet < _QUIET_ROUNDS:
            quiet = 0 if roll_back(prefix) else quiet + 1
            await asyncio.sleep(_QUIET_SECONDS)
        forget(prefix)
    except OSError as error:
        raise RecoveryFailedError(prefix, str(error)) from error
