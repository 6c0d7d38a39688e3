"""One transaction: from solved records to an environment that is the new one, or still the old one."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import cast

import rattler
from rattler import Client, MatchSpec, PrefixRecord, RepoDataRecord, Subdir
from rattler.exceptions import InvalidMatchSpecError
from rattler.install import InstallerReporter
from rattler.package_cache import PackageCache, PackageCacheLayer

from wheelbridge.installer.cache import PackageFile, entry_name, load_files
from wheelbridge.installer.conflicts import Conflict, find_conflicts, ignores_case
from wheelbridge.installer.distributions import Distribution, load_distributions
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
from wheelbridge.installer.history import history_path
from wheelbridge.installer.journal import Journal, begin, finish, forget, prune, roll_back
from wheelbridge.installer.layout import find_layout
from wheelbridge.installer.listing import load_installed_files, load_records
from wheelbridge.installer.past import gather_past, write_past
from wheelbridge.installer.plain_depends import plain_depends, write_depends
from wheelbridge.installer.plan import Plan, contents, make_plan, shared_paths
from wheelbridge.installer.prefix import check_environment, check_new, check_wheels_allowed, hold_prefix
from wheelbridge.installer.record_files import record_path
from wheelbridge.installer.reporter import RattlerReporter, Reporter
from wheelbridge.installer.request import Caches, Outcome, Request, asked_of, requested_of, revision_of, uses_of
from wheelbridge.installer.settling import place_paths
from wheelbridge.installer.unmanaged import check_unmanaged, files_to_replace, unmanaged
from wheelbridge.installer.wheel import WheelUse, find_unpacked, is_wheel, unpack_wheel, wheel_record

__all__ = ["Caches", "Outcome", "Request", "run_transaction", "wheels_to_fetch"]

_QUIET_ROUNDS = 3
_QUIET_SECONDS = 0.2
_Fetch = Callable[..., Awaitable[dict[str, tuple[PackageFile, ...]]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Staged:
    """A plan with everything to link in the caches: where the wheels are, and which files all packages bring."""

    plan: Plan
    caches: Caches
    wheels: Mapping[str, Path]
    files: Mapping[str, tuple[PackageFile, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _There:
    """The files in the prefix: name -> those of packages that stay and of those that go; and what no record has."""

    kept: Mapping[str, tuple[PackageFile, ...]]
    gone: Mapping[str, tuple[PackageFile, ...]]
    unmanaged: tuple[Distribution, ...] = ()


def wheels_to_fetch(request: Request, caches: Caches) -> tuple[RepoDataRecord, ...]:
    """Return the records whose wheels have to be downloaded for *request*.

    Ask while you hold the prefix (`wheelbridge.installer.prefix.hold_prefix`), or what you are told may be out of date.
    """
    plan = make_plan(load_records(request.prefix), request.records, request.subdir, request.reinstall)
    uses = uses_of(request)
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
        plan = make_plan(installed, request.records, request.subdir, request.reinstall)
        _check_wheels(request, plan)
        fetch = partial(fetch_packages, client=client, reporter=reporter, check=check, archives=caches.archives)
        staged = await _stage(request, plan, caches, fetch, reporter)
        there = _look_around(request, plan, installed)
        _check_unmanaged(request, staged, there)
        conflicts = _check_conflicts(request, staged, there.kept)
        _check_space(request, staged)
        journal = _make_journal(request, staged, there)
        if plan.is_empty and not journal.foreign and not journal.revision:
            return Outcome(plan=plan)
        overwritten = await _link(request, staged, journal, reporter)
        claimed = {file.path for files in there.kept.values() for file in files}
        prune(request.prefix, {*journal.old, *journal.foreign} - {*journal.new}, claimed)
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


async def _stage(request: Request, plan: Plan, caches: Caches, fetch: _Fetch, reporter: Reporter) -> _Staged:
    """Bring everything to link into the caches."""
    layout, uses = request.layout, uses_of(request)
    wheels: dict[str, Path] = {}

    async def unpack(record: RepoDataRecord) -> None:
        name = record.name.normalized
        reporter.on_unpack_start(name)
        wheels[name] = await asyncio.to_thread(_unpack, request, record, uses[record.url], caches)
        reporter.on_unpack_complete(name)

    await run_all([unpack(record) for record in plan.to_link if is_wheel(record)])
    packages = [record for record in plan.to_link if not is_wheel(record)]
    if request.offline:
        check_cached(packages, caches.packages, layout, caches.archives)
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


def _look_around(request: Request, plan: Plan, installed: Sequence[PrefixRecord]) -> _There:
    if plan.is_empty and not request.replaced:
        return _There(kept={}, gone={})
    kept, gone = (load_installed_files(request.prefix, records) for records in (plan.keep, plan.to_unlink))
    layout = find_layout(installed, request.subdir)
    found = load_distributions(request.prefix, layout, {**kept, **gone})
    return _There(kept=kept, gone=gone, unmanaged=unmanaged(found))


def _check_unmanaged(request: Request, staged: _Staged, there: _There) -> None:
    """Keep what no record has from harm, but for what is to be replaced."""
    guarded = [one for one in there.unmanaged if one.project not in request.replaced]
    check_unmanaged(guarded, staged.files, there.gone, request.layout)


def _check_conflicts(
    request: Request, staged: _Staged, kept: Mapping[str, tuple[PackageFile, ...]]
) -> tuple[Conflict, ...]:
    """Refuse wheels that overwrite files of others; among conda's own packages conda allows it, and so do we."""
    conflicts = find_conflicts(staged.files, kept, fold=ignores_case(request.subdir))
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


def _make_journal(request: Request, staged: _Staged, there: _There) -> Journal:
    prefix, plan = request.prefix, staged.plan
    kept, old = there.kept, there.gone
    new = {file.path for files in staged.files.values() for file in files}
    shared = shared_paths(kept, new)
    reworded = plain_depends(request.records, asked_of(request).values())
    touched = {name for name, files in shared.items() if files} | reworded.keys()
    rewritten = [*plan.to_unlink, *(record for record in plan.keep if record.name.normalized in touched)]
    history = history_path(prefix)
    paths = {file.path for files in old.values() for file in files}
    return Journal(
        old=tuple(sorted(paths)),
        new=tuple(sorted(new)),
        foreign=tuple(sorted(files_to_replace(there.unmanaged, kept, request.replaced) - paths)),
        shared=tuple(sorted(set().union(*shared.values()))),
        before=tuple(sorted(record_path(prefix, record).name for record in rewritten)),
        after=tuple(sorted(f"{entry_name(record)}.json" for record in plan.to_link)),
        history=history.stat().st_size if history.exists() else None,
        revision=revision_of(request),
        held=tuple(sorted({path for path, _ in contents(old) & contents(kept)})),
    )


async def _link(request: Request, staged: _Staged, journal: Journal, reporter: Reporter) -> tuple[str, ...]:
    """Change the prefix, and put it back if that fails; return the foreign files that are replaced."""
    prefix = request.prefix
    with os_errors(prefix):
        past = gather_past(prefix, staged.plan.to_unlink)
        overwritten = begin(prefix, journal)
    try:
        place_paths(prefix, journal.before)
        cancelled = await _uninterrupted(_install(request, staged, reporter))
        write_depends(prefix, request.records, asked_of(request).values())
    except Exception as error:  # rattler's errors have no common root
        await _undo(prefix)
        raise from_rattler_error(error, prefix) from error
    finish(prefix)
    write_past(prefix, past)
    if cancelled is not None:
        raise cancelled
    return overwritten


async def _install(request: Request, staged: _Staged, reporter: Reporter) -> None:
    """Link everything in one transaction of rattler's; it is all in the caches."""
    specs = [spec._match_spec for spec in _parse_specs(requested_of(request).values())]  # noqa: SLF001 - py-rattler 0.28.0 wants the inner objects
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
