"""``wheelbridge list --revisions``, ``install --revision`` and ``create --clone``."""

import os
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from rattler import RepoDataRecord

from wheelbridge.api.life.cloning import carry_out_clone, prepare_clone
from wheelbridge.api.life.restoring import Restoration, carry_out_restoration
from wheelbridge.api.life.revisions import prepare_revision
from wheelbridge.api.solving import Settings
from wheelbridge.cli.door import door
from wheelbridge.cli.install import for_environment, go_ahead, hold
from wheelbridge.cli.options import Output, SolveOptions, find_prefix
from wheelbridge.cli.output import note, out, print_json
from wheelbridge.cli.progress import reporter, steps
from wheelbridge.cli.render import render_plan
from wheelbridge.cli.solve import read_settings
from wheelbridge.installer.errors import NotAnEnvironmentError
from wheelbridge.installer.history import load_history
from wheelbridge.installer.prefix import is_environment
from wheelbridge.installer.revisions import log_objects, render_log
from wheelbridge.installer.wheel import is_wheel

_SHOWN = 5


def show(prefix: Path, *, as_json: bool) -> int:
    """Print the revisions of the environment at *prefix*, to the letter as conda does."""
    if not is_environment(prefix):
        raise NotAnEnvironmentError(prefix)
    revisions = load_history(prefix)
    if as_json:
        print_json(log_objects(revisions))
    else:
        out().print(render_log(revisions), markup=False, highlight=False)
    return 0


def go_back(prefix: Path, number: int, options: SolveOptions, output: Output) -> int:
    """Make the environment what it was after a revision."""
    settings = read_settings(for_environment(options, prefix))
    with hold(prefix, output):
        with steps(output) as progress:
            restoration = prepare_revision(
                prefix, number, settings, progress, override=output.overrides, command=door().command_line()
            )
        if not output.as_json:
            render_plan(restoration.plan, str(prefix), {})
        if not go_ahead(output, restoration.plan):
            return 0
        if not output.dry_run:
            with reporter(output) as listener:
                carry_out_restoration(restoration, listener)
    return _tell(restoration, prefix, output, {"revision": number})


def clone(prefix: Path, origin: str, options: SolveOptions, output: Output) -> int:
    """Make an environment like another one."""
    place = find_environment(origin)
    settings: Settings = read_settings(for_environment(options, place))
    with _hold_if_ours(place, output), hold(prefix, output):
        made = prepare_clone(place, prefix, settings, command=door().command_line())
        if not output.as_json:
            render_plan(made.restoration.plan, str(prefix), {})
        if made.left:
            more = f" and {len(made.left) - _SHOWN} more" if len(made.left) > _SHOWN else ""
            note(f"Files of no package are not copied: {', '.join(made.left[:_SHOWN])}{more}.")
        if not go_ahead(output, made.restoration.plan):
            return 0
        if not output.dry_run:
            with reporter(output) as listener:
                carry_out_clone(made, listener)
    return _tell(made.restoration, prefix, output, {"clone_of": str(place), "not_copied": list(made.left)})


def _hold_if_ours(place: Path, output: Output) -> AbstractContextManager[None]:
    """Keep others away from what is cloned, where that is ours to do: one may clone what one cannot change."""
    ours = is_environment(place) and os.access(place / "conda-meta", os.W_OK)
    return hold(place, output) if ours else nullcontext()


def find_environment(text: str) -> Path:
    """Return the folder of the environment that a path or a name stands for, as ``conda create --clone`` does.

    What has a separator, or begins with a dot, is a path.
    """
    is_path = "/" in text or "\\" in text or text.startswith((".", "~"))
    return find_prefix(Path(text), None) if is_path else find_prefix(None, text)


def _tell(restoration: Restoration, prefix: Path, output: Output, more: dict[str, object]) -> int:
    if output.as_json:
        told = [_describe(past.record) for past in restoration.packages]
        print_json({"success": True, "dry_run": output.dry_run, "prefix": str(prefix), **more, "packages": told})
    elif not output.dry_run and not restoration.plan.is_empty:
        out().print(f"Done: {prefix}")
    return 0


def _describe(record: RepoDataRecord) -> dict[str, object]:
    """Return what is to be said of a package that comes, or stays."""
    return {
        "kind": "wheel" if is_wheel(record) else "conda",
        "name": record.name.normalized,
        "version": str(record.version),
        "build": str(record.build),
        "fn": record.file_name,
        "url": record.url,
    }
