"""``wheelbridge lock``: what files ask for, solved for each target and written down exactly."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from itertools import chain
from typing import TYPE_CHECKING

from wheelbridge.api.locking.asked import Asked
from wheelbridge.api.locking.earlier import Earlier
from wheelbridge.api.locking.places import LockPlace
from wheelbridge.api.locking.targets import TargetChoice, choose_targets, repeat_targets
from wheelbridge.cli.asking import read_asked
from wheelbridge.cli.lock_options import Locking, Targets
from wheelbridge.cli.options import Output, SolveOptions
from wheelbridge.cli.output import note, out, print_json, say_once
from wheelbridge.cli.progress import steps
from wheelbridge.configuration.folders import show_path
from wheelbridge.environment.lock import Lock
from wheelbridge.environment.locks.secrets import check_variables
from wheelbridge.errors import UsageError

if TYPE_CHECKING:
    from wheelbridge.api.locking.changes import Change
    from wheelbridge.api.locking.making import Made

_MOST_SHOWN = 20


def run(options: SolveOptions, targets: Targets, locking: Locking, output: Output) -> int:
    """Make the lock, or with ``--check`` compare it.

    Raises:
        LockDriftError: if a lock that is checked does not answer the files.
    """
    if not options.files:
        raise UsageError("No file says what to lock", hint="Name one, as in -f environment.yml.")
    place = LockPlace.find(locking.output, locking.format, options.files[0])
    with say_once():
        if locking.check:
            return _check(place, options, targets, output)
        earlier = place.read()
        place.may_write(earlier)
        asked = read_targets(options, targets, earlier)
        if all(one.request.is_empty and not one.settings.links for one in asked):
            raise UsageError("Nothing to lock", hint=f"Name packages in {options.files[0]}.")
        return _make(place, asked, earlier, locking, output)


def read_targets(options: SolveOptions, targets: Targets, earlier: Lock | None) -> list[Asked]:
    """Read what is asked for on each target: those named, those of the files, those of the earlier lock, or this one.

    Raises:
        UsageError: if plugins, which speak of this machine, are to be asked for a platform by name.
    """
    facts = targets.virtual_package or []
    if targets.platform:
        return [_read(options, choice) for choice in choose_targets(targets.platform, facts)]
    first = read_asked((), (), options)
    if first.manifest is not None and first.manifest.platforms:
        return [_read(options, choice) for choice in choose_targets(first.manifest.platforms, facts)]
    if earlier is not None and earlier.request is not None:
        return [_read(options, choice) for choice in repeat_targets(earlier, facts)]
    return [_read(options, choice) for choice in choose_targets((), facts)]


def _read(options: SolveOptions, choice: TargetChoice) -> Asked:
    described = choice.platform is not None
    if described and options.trusted:
        raise UsageError(
            "--variant-trust asks what this machine supports, and a platform by name is any such machine",
            hint="Give its values with --virtual-package.",
        )
    read = read_asked((), (), replace(options, platform=choice.platform, facts=choice.facts, described=described))
    if read.manifest:
        check_variables("a source or a link", chain.from_iterable(read.manifest.in_paths.values()))
    settings = replace(read.settings, target=choice.settle(read.settings.target))
    variables = read.manifest.variables if read.manifest else {}
    return Asked(name=choice.name, request=read.request, settings=settings, variables=variables)


def _check(place: LockPlace, options: SolveOptions, targets: Targets, output: Output) -> int:
    from wheelbridge.api.locking.drift import LockDriftError, find_drift

    lock = place.read()
    if lock is None:
        raise UsageError(f"{show_path(place.path)} is not there", hint="Make it, or name another lock with -o.")
    moved = find_drift(read_targets(options, targets, lock), lock, place.folder)
    files = " ".join(f"-f {file}" for file in options.files)
    if moved:
        raise LockDriftError(show_path(place.path), moved, f"wheelbridge lock {files} -o {show_path(place.path)}")
    if output.as_json:
        print_json({"success": True, "lock": show_path(place.path), "moved": []})
    elif not output.quiet:
        out().print(f"{show_path(place.path)} answers {', '.join(options.files)}")
    return 0


def _make(place: LockPlace, asked: Sequence[Asked], earlier: Lock | None, locking: Locking, output: Output) -> int:
    from wheelbridge.api.locking.changes import compare_locks, dropped_targets
    from wheelbridge.api.locking.making import make_lock
    from wheelbridge.api.runtime_checks import planned_clashes

    kept = Earlier(lock=earlier, upgrade=locking.upgrade, packages=tuple(locking.upgrade_package or ()))
    with steps(output) as progress:
        made = make_lock(asked, place.folder, progress, kept, all_variants=locking.all_variants)
    clashes = (clash.message for one in asked for clash in planned_clashes(made.solutions[one.name], one.settings))
    dropped = tuple(f"The lock is not for {name} any more." for name in dropped_targets(earlier, made.lock))
    made = replace(made, notes=tuple(dict.fromkeys((*made.notes, *clashes, *dropped))))
    written = not output.dry_run and place.write(made.lock)
    changes = compare_locks(earlier, made.lock)
    if output.as_json:
        print_json({**_as_json(made, changes), "lock": show_path(place.path), "written": written})
        return 0
    for text in made.notes:
        note(text)
    if output.verbose:
        _explain(made)
    if not output.quiet:
        outcome = "Written" if written else "Not written" if output.dry_run else "Unchanged"
        _show(made.lock, changes if earlier else (), f"{outcome}: {show_path(place.path)}")
    return 0


def _explain(made: "Made") -> None:
    """Say of every package whose it is, and of wheels why they were refused."""
    from wheelbridge.cli.render import render_decisions, render_refused

    for solution in made.solutions.values():
        render_decisions(solution)
        render_refused(solution)


def _as_json(made: "Made", changes: "Sequence[Change]") -> dict[str, object]:
    refused = {refusal.fn: refusal.as_json() for one in made.solutions.values() for refusal in one.refused}
    return {
        "success": True,
        "targets": [
            {"name": one.name, "target": one.target.as_json(), "packages": len(one.packages)}
            for one in made.lock.targets
        ],
        "changes": [change.as_json() for change in changes],
        "refused": [refused[fn] for fn in sorted(refused)],
        "notes": [*made.notes],
        "statistics": {name: asdict(solution.statistics) for name, solution in made.solutions.items()},
    }


def _show(lock: Lock, changes: "Sequence[Change]", outcome: str) -> None:
    """Print what changed; the marks say it without colours too."""
    for change in changes[:_MOST_SHOWN]:
        mark = "+" if change.old is None else "-" if change.new is None else "~"
        where = f" ({change.target})" if len(lock.targets) > 1 else ""
        out().print(f"{mark} {change.name} {' -> '.join(filter(None, (change.old, change.new)))}{where}")
    if len(changes) > _MOST_SHOWN:
        out().print(f"  and {len(changes) - _MOST_SHOWN} more")
    for target in lock.targets:
        wheels = sum(package.kind == "wheel" for package in target.packages)
        out().print(f"{target.name}: {len(target.packages)} packages ({wheels} wheels)")
    out().print(outcome)
