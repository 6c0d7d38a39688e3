"""A command of wheelbridge, run with what conda's context says."""

import os
import sys
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

from conda import CondaError
from conda.base.context import context
from conda.exceptions import DryRunExit

from wheelbridge.conda_plugin.arguments import dest_of, find_command, order_of, parameters, read_parameter
from wheelbridge.conda_plugin.conda_errors import complete_error
from wheelbridge.conda_plugin.context_network import network_from_context
from wheelbridge.conda_plugin.door import CondaDoor
from wheelbridge.conda_plugin.errors import as_conda_error
from wheelbridge.conda_plugin.lazy import path_of
from wheelbridge.conda_plugin.needs import require_rattler

_MAKING = {("create",), ("sync",)}
_NOT_FOLLOWED = {
    "use_index_cache": "-C/--use-index-cache",
    "repodata_fns": "--repodata-fn",
    "no_lock": "--no-lock",
    "experimental": "--experimental",
}


def run_command(args: Namespace) -> int:
    """Run the command that *args* are of, and return its exit code.

    Raises:
        CondaError: what went wrong, in conda's words.
    """
    from wheelbridge.cli.door import entering
    from wheelbridge.cli.main import as_ours, rare_collections

    door = CondaDoor(project=True)
    try:
        require_rattler()
        _tell_unfollowed(args)
        with entering(door), network_from_context().surroundings(), rare_collections():
            code = _invoke(args)
        if code == 0 and not context.dry_run:
            _settle(args, door)
    except BrokenPipeError:
        sys.stderr.close()
        return 1
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - raised again, as an error of conda's
        raise (complete_error(error) if isinstance(error, CondaError) else as_conda_error(as_ours(error))) from None
    if context.dry_run and not context.json and code == 0:
        raise DryRunExit
    return code


def _invoke(args: Namespace) -> int:
    command = find_command(path_of(args))
    order = order_of(args, getattr(args, "channel", None) or [])
    click = command.context_class(command, info_name=" ".join(("conda", "wheelbridge", *path_of(args))), obj=order)
    shared = dict(_shared(args))
    with click.scope():
        values = {
            param.name: read_parameter(param, shared.get(param.name, getattr(args, dest_of(param), None)), click)
            for param in parameters(command)
        }
        outcome = click.invoke(command.callback, **values)
    return outcome if isinstance(outcome, int) else 0


def _shared(args: Namespace) -> Iterator[tuple[str, object]]:
    """Yield the values of the options that are conda's own, as its context has them."""
    yield "as_json", bool(context.json)
    yield "quiet", bool(context.quiet)
    yield "verbose", int(context.verbosity)
    yield "dry_run", bool(context.dry_run)
    yield "yes", bool(context.always_yes)
    yield "offline", bool(context.offline)
    yield "override_frozen", not context.protect_frozen_envs
    if hasattr(args, "prefix"):
        yield "prefix", args.prefix
        yield "name", args.name
    if hasattr(args, "channel"):
        yield "channel", args.channel
        yield "override_channels", bool(getattr(args, "override_channels", False))
    if hasattr(args, "subdir") and (args.subdir or _is_foreign(context.subdir)):
        yield "platform", context.subdir
    for name in ("wheelbridge_variant_prefer", "wheelbridge_variant_ban"):
        if getattr(args, name, None) is None and (configured := getattr(context.plugins, name)):
            yield name.removeprefix("wheelbridge_"), list(configured)
    if facts := list(_facts(args)):
        yield "virtual_package", facts


def _is_foreign(subdir: str) -> bool:
    """Tell whether a platform is another than this machine's, or than the variable says, which may not count."""
    native = context._native_subdir()  # noqa: SLF001 - conda has no other word
    return {subdir} != {native, os.environ.get("CONDA_SUBDIR") or native}


def _facts(args: Namespace) -> Iterator[str]:
    """Yield virtual packages: those of ``override_virtual_packages``, which a variable beats, and those given now.

    An empty value takes one away, in either place.
    """
    for name, value in context.override_virtual_packages.items():
        if value is not None and f"CONDA_OVERRIDE_{name.upper()}" not in os.environ:
            yield f"__{name}={value}"
    yield from getattr(args, "wheelbridge_virtual_package", None) or ()


def _tell_unfollowed(args: Namespace) -> None:
    """Tell of options that conda's parsers bring along and that mean nothing here."""
    from wheelbridge.cli.output import note

    for dest, option in _NOT_FOLLOWED.items():
        if getattr(args, dest, None):
            note(f"{option} is conda's, and wheelbridge does not follow it.")


def _settle(args: Namespace, door: CondaDoor) -> None:
    """Let conda know of an environment that came or went, and say how to activate it."""
    from conda.cli.common import print_activate
    from conda.core.envs_manager import register_env, unregister_env

    path = path_of(args)
    if not hasattr(args, "prefix") or path not in {*_MAKING, ("remove",)}:
        return
    prefix = Path(context.target_prefix) if args.prefix or not door.found else door.found
    if path in _MAKING:
        register_env(str(prefix))
        if path == ("create",):
            _remember_platform(prefix)
            print_activate(args.name or str(prefix))
    elif not prefix.exists():
        unregister_env(str(prefix))


def _remember_platform(prefix: Path) -> None:
    """Let conda's other commands take packages of the platform that a new environment is for, as ``conda create``."""
    from conda.cli.main_config import set_keys
    from conda.common.configuration import DEFAULT_CONDARC_FILENAME

    if context.subdir != context._native_subdir():  # noqa: SLF001 - conda has no other word
        set_keys(("subdir", context.subdir), path=prefix / DEFAULT_CONDARC_FILENAME)
