"""``wheelbridge sync``: an environment made exactly what a lock says."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from wheelbridge.cli.door import door
from wheelbridge.cli.groups import Access, Machine
from wheelbridge.cli.options import Output
from wheelbridge.cli.output import note, out, print_json
from wheelbridge.errors import UsageError
from wheelbridge.installer.synced import Wanted, find_synced, write_synced

if TYPE_CHECKING:
    from wheelbridge.api.syncing.packages import Reach
    from wheelbridge.api.syncing.syncing import PreparedSync
    from wheelbridge.environment.lock import Lock
    from wheelbridge.model.target import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a command line says; *name* is the lock's target, None where the machine decides."""

    prefix: Path
    file: Path
    machine: Machine
    access: Access
    output: Output
    name: str | None = None


def run(asked: Asked) -> int:
    """Sync an environment with a lock.

    Nothing heavy is imported before it is known that there is something to do: most often there is not.
    """
    wanted = _read_wanted(asked)
    if target := find_synced(asked.prefix, wanted):
        _tell(asked, target, None)
        return 0
    prepared = _sync(asked, wanted)
    if prepared is not None:
        _tell(asked, prepared.target.name, prepared)
    return 0


def _read_wanted(asked: Asked) -> Wanted:
    try:
        content = asked.file.read_bytes()
    except OSError as error:
        hint = "Name a lock file, such as pixi.lock or pylock.toml; wheelbridge lock makes one."
        raise UsageError(f"{asked.file} cannot be read: {error.strerror}", hint=hint) from error
    place = str(asked.file.absolute())  # paths in a lock are relative to it
    choice = (place, asked.name or "", asked.machine.platform or "", *(asked.machine.virtual_package or ()))
    return Wanted(lock=content, choice=choice)


def _sync(asked: Asked, wanted: Wanted) -> "PreparedSync | None":
    """Make the environment what the lock says; return what was done, or would be, None where the user said no."""
    from wheelbridge.api.syncing.syncing import carry_out_sync, prepare_sync
    from wheelbridge.cli.install import confirm, hold
    from wheelbridge.cli.progress import reporter
    from wheelbridge.environment.locks.files import read_lock

    output, lock = asked.output, read_lock(asked.file)
    machine, reach = _read_machine(asked, lock), _read_reach(asked.access)
    with hold(asked.prefix, output):
        prepared = prepare_sync(
            asked.prefix,
            lock,
            machine,
            reach,
            name=asked.name,
            override=output.overrides,
            command=door().command_line(),
        )
        _show(prepared, asked)
        if not prepared.is_empty and not confirm(output):
            return None
        if not output.dry_run:
            with reporter(output) as listener:
                carry_out_sync(prepared, listener)
            if prepared.lasts:
                write_synced(asked.prefix, wanted, prepared.target.name)
    return prepared


def _read_machine(asked: Asked, lock: "Lock") -> "Target":
    """Return the machine that the environment is for; a target that is chosen by name says which platform."""
    from wheelbridge.target.detect import detect_target

    named = (target.target.subdir for target in lock.targets if target.name == asked.name)
    return detect_target(asked.machine.platform or next(named, None), asked.machine.virtual_package or ())


def _read_reach(access: Access) -> "Reach":
    from wheelbridge.api.syncing.packages import Reach

    return Reach(
        caches=door().open_caches(),
        levels=door().load_levels(access.config, search=not access.no_config),
        trusted_hosts=tuple(access.trusted_host or ()),
        offline=access.offline,
    )


def _show(prepared: "PreparedSync", asked: Asked) -> None:
    from wheelbridge.cli.render import render_plan

    for text in prepared.notes:
        note(text)
    if not asked.output.as_json and not prepared.plan.is_empty:
        render_plan(prepared.plan, str(asked.prefix), {})


def _tell(asked: Asked, target: str, prepared: "PreparedSync | None") -> None:
    """Say how it ended; without *prepared*, there was nothing to do."""
    output = asked.output
    is_done = prepared is None or prepared.is_empty
    if output.as_json:
        changes = _changes(prepared) if prepared else {"added": [], "changed": [], "removed": []}
        notes = list(prepared.notes) if prepared else []
        content = {"prefix": str(asked.prefix), "target": target, "up_to_date": is_done, **changes, "notes": notes}
        print_json({"success": True, "dry_run": output.dry_run, **content})
    elif is_done:
        print(f"Nothing to do: {asked.prefix} is what {asked.file} says ({target}).")  # noqa: T201 - rich takes a tenth of a second to import
    elif not output.dry_run:
        out().print(f"Done: {asked.prefix} is what {asked.file} says ({target}).")


def _changes(prepared: "PreparedSync") -> dict[str, list[str]]:
    plan = prepared.plan
    return {
        "added": [record.name.normalized for record in plan.link],
        "changed": [change.new.name.normalized for change in (*plan.change, *plan.relink)],
        "removed": [record.name.normalized for record in plan.unlink]
        + [one.project for one in prepared.strays.foreign],
    }
