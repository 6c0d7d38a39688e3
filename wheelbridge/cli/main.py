"""The entry point: runs a command, and turns whatever goes wrong into one message and one exit code."""

import atexit
import errno
import gc
import os
import re
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import copy_context
from copy import copy
from pathlib import Path

import typer
from typer.main import get_command, get_command_name

from wheelbridge.cli.app import app
from wheelbridge.cli.output import concealed, print_json, show_error
from wheelbridge.errors import UsageError, WheelbridgeError
from wheelbridge.model.redaction import redact_text

_INTERRUPTED = 130
_OBJECTS = 100_000
"""New objects between two collections; Python's own 700 cost a fifth of a solve."""
_HIDDEN = re.compile(r"\.(.+\..+)\.(?:part|[0-9]+)").fullmatch
_MAY_NOT = "Check who may read and write there, or name another place."
_NO_ROOM = "Make room there, or name another place."
_HINTS = {
    errno.EACCES: _MAY_NOT,
    errno.EPERM: _MAY_NOT,
    errno.EROFS: _MAY_NOT,
    errno.ENOSPC: _NO_ROOM,
    errno.EDQUOT: _NO_ROOM,
    errno.ENOENT: "Check that the folder, or the file, is there.",
}
"""What to do about errors of the operating system, by their numbers."""
_ClickError: type[typer.BadParameter] = typer.BadParameter.__mro__[2]
"""Click's root error as typer has it: in its own copy of click, or in the click package before that."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line *argv*, default: this process's; return the exit code.

    0 done; 1 refused or impossible; 2 wrong usage; 130 interrupted.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    with rare_collections():
        return copy_context().run(_run, arguments, as_json="--json" in arguments)


def _run(arguments: list[str], *, as_json: bool) -> int:
    try:
        outcome = get_command(needed(arguments)).main(
            arguments, prog_name="wheelbridge", standalone_mode=False, obj=arguments
        )
    except BrokenPipeError:
        sys.stderr.close()
        return 1
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the last line of defence
        return _fail(as_ours(error), as_json=as_json)
    if outcome == _INTERRUPTED:
        return _fail(_InterruptedError(), as_json=as_json)
    return outcome if isinstance(outcome, int) else 0


def needed(arguments: Sequence[str]) -> typer.Typer:
    """Return the application with no command but the one that *arguments* begin with: to build all takes 30 ms."""
    wanted = arguments[0] if arguments else ""
    commands = [one for one in app.registered_commands if wanted == (one.name or _name_of(one.callback))]
    groups = [one for one in app.registered_groups if wanted == one.name]
    if not commands and not groups:
        return app
    needed = copy(app)
    needed.registered_commands, needed.registered_groups = commands, groups
    return needed


def _name_of(command: Callable[..., object] | None) -> str:
    return get_command_name(command.__name__) if command else ""


def as_ours(error: BaseException) -> WheelbridgeError:
    """Return the error that stands for *error*: a program that reads JSON gets JSON, whatever went wrong."""
    if isinstance(error, WheelbridgeError):
        return error
    if isinstance(error, _ClickError):
        return _usage_error(error)
    if isinstance(error, KeyboardInterrupt | typer.Abort):
        return _InterruptedError()
    if isinstance(error, OSError):
        return OperatingSystemError(error)
    sys.stderr.write(redact_text("".join(traceback.format_exception(error))))
    return InternalError(error)


@contextmanager
def rare_collections() -> Iterator[None]:
    """Look for reference cycles seldom: a solve makes many objects and few cycles, and ends soon.

    When the process ends, python would look through all that is left once more: a tenth of a solve.
    """
    atexit.register(gc.freeze)
    thresholds = gc.get_threshold()
    gc.set_threshold(_OBJECTS, *thresholds[1:])
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)


class OperatingSystemError(WheelbridgeError):
    """The operating system refused something: no space, no permission."""

    code = "os-error"

    def __init__(self, error: OSError) -> None:
        place = _shown_place(error.filename2 or error.filename)
        hint = _HINTS.get(error.errno or 0, "Check that path." if place else None)
        super().__init__(f"{error.strerror or error}{f' ({place})' if place else ''}", hint=hint)
        self.errno = error.errno


def _shown_place(name: object) -> str:
    """Return a file as the user knows it: one that is replaced whole is written under a hidden name first."""
    if not isinstance(name, str | bytes | os.PathLike):
        return ""
    path = Path(os.fsdecode(name))
    hidden = _HIDDEN(path.name)
    return str(path.with_name(hidden[1]) if hidden else path)


class InternalError(WheelbridgeError):
    """Something went wrong that nobody foresaw."""

    code = "internal"

    def __init__(self, error: BaseException) -> None:
        kind = type(error).__name__
        super().__init__(
            f"{kind}: {redact_text(str(error))}",
            hint="This is an error of wheelbridge; please report it with the text above.",
        )
        self.kind = kind


class _InterruptedError(WheelbridgeError):
    """The user pressed Ctrl-C."""

    code = "interrupted"
    exit_code = _INTERRUPTED

    def __init__(self) -> None:
        super().__init__("Interrupted")


def _usage_error(error: typer.BadParameter) -> UsageError:
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "wheelbridge"
    return UsageError(error.format_message() or "No command was given", hint=f"See {command} --help.")


def _fail(error: WheelbridgeError, *, as_json: bool) -> int:
    try:
        if as_json:
            print_json({"success": False, "error": concealed(error.as_json())})
        else:
            show_error(error)
    except OSError:  # nobody listens, or no space is left for what was to be said
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - until the process ends
    return error.exit_code
