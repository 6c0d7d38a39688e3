"""A lock made: one solve for each target, near to what an earlier lock says."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from wheelbridge.api.locking.asked import Asked
from wheelbridge.api.locking.earlier import Earlier, keep
from wheelbridge.api.locking.request import lock_request
from wheelbridge.api.locking.solution import lock_solution, lock_sources, note_weak_hashes
from wheelbridge.api.solving import solve_request
from wheelbridge.environment.lock import Lock, LockedRequest, LockedSource, LockedTarget
from wheelbridge.errors import WheelbridgeError
from wheelbridge.solver.problem import Progress, Solution
from wheelbridge.solver.threads import Threads


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A lock, the solution of each of its targets by name, and what a user should know."""

    lock: Lock
    solutions: Mapping[str, Solution]
    notes: tuple[str, ...] = ()


def make_lock(
    asked: Sequence[Asked],
    folder: Path,
    progress: Progress,
    earlier: Earlier | None = None,
    *,
    all_variants: bool = False,
) -> Made:
    """Solve for every target, and lock what comes out.

    What *earlier* has is preferred where it still fits.

    Args:
        asked: one for each target.
        folder: where the lock will lie.
        progress: is told what happens.
        earlier: a lock that was made before.
        all_variants: lock the other variant wheels of a chosen release, too.

    Raises:
        UsageError: if a package is to be upgraded that the earlier lock does not have.
        UnhashedPackageError: if a channel has no hash of a package.
        WheelbridgeError: what a solve raises.
    """
    earlier = earlier or Earlier()
    earlier.check()
    request = lock_request(asked, folder)
    lock_one = partial(_lock_target, earlier=earlier, request=request, all_variants=all_variants)
    found = _each(lock_one, asked, progress)
    names = {source.name for one in asked for source in one.settings.sources}
    lock = Lock(
        targets=tuple(one.target for one in found),
        sources=merge_sources([lock_sources(one.solution, names) for one in found]),
        request=request,
    )
    notes = dict.fromkeys(text for one in found for text in one.notes)
    solutions = {one.target.name: one.solution for one in found}
    return Made(lock=_keep_cutoff(lock, earlier.lock), solutions=solutions, notes=tuple(notes))


def merge_sources(lists: Sequence[Sequence[LockedSource]]) -> tuple[LockedSource, ...]:
    """Return the sources of all targets as one list: a route or a channel's relations may add one on some only."""
    merged: dict[tuple[str, str], LockedSource] = {}
    for sources in lists:
        for source in sources:
            merged.setdefault((source.kind, source.name), source)
    return tuple(sorted(merged.values(), key=lambda source: source.tier))


@dataclass(frozen=True, slots=True)
class _Found:
    """What one solve led to."""

    target: LockedTarget
    solution: Solution
    notes: tuple[str, ...]


def _lock_target(
    asked: Asked, progress: Progress, *, earlier: Earlier, request: LockedRequest, all_variants: bool
) -> _Found:
    kept = keep(asked, earlier, request)
    solution = solve_request(asked.request, asked.settings, progress, kept.standing)
    packages = lock_solution(solution, asked.settings, kept.known, all_variants=all_variants)
    requested = tuple(sorted(solution.specs))  # in any order that a file may have them, they ask for the same
    locked = LockedTarget(name=asked.name, target=asked.settings.target, requested=requested, packages=packages)
    notes = (*((kept.note,) if kept.note else ()), *solution.notes, *note_weak_hashes(packages))
    return _Found(locked, solution, notes)


def _each(lock_one: Callable[[Asked, Progress], _Found], asked: Sequence[Asked], progress: Progress) -> list[_Found]:
    """Lock the first target, which fills the caches, then the others side by side: the solver is not Python.

    Where something is built, they take turns, since one build serves all of them that can use it.
    """

    def lock_named(one: Asked) -> _Found:
        try:
            return lock_one(one, _Named(one.name, progress))
        except WheelbridgeError as error:
            error.message = f"{one.name}: {error.message}"
            raise

    first, *others = asked
    if not others:
        return [lock_one(first, progress)]
    found = [lock_named(first)]
    if any(one.settings.builds or one.settings.links for one in asked):
        return [*found, *map(lock_named, others)]
    with Threads(min(len(others), os.cpu_count() or 1)) as executor:
        return [*found, *executor.map(lock_named, others)]


@dataclass(frozen=True, slots=True)
class _Named:
    """Says for which target a step is."""

    name: str
    progress: Progress

    def step(self, text: str) -> None:
        """Say what happens now."""
        self.progress.step(f"{self.name}: {text}")


def _keep_cutoff(lock: Lock, before: Lock | None) -> Lock:
    """Return *lock* with the earlier moment of ``exclude-newer`` where nothing else changed: an age moves by itself."""
    if before is None or before.request is None or lock.request is None or before.request.exclude_newer is None:
        return lock
    same = replace(lock, request=replace(lock.request, exclude_newer=before.request.exclude_newer))
    return same if lock.request.exclude_newer and same == replace(before, origin="", notes=()) else lock
