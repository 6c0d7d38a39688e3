"""The entry point: runs a command, and turns whatever goes wrong into one message and one exit code."""

import gc
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import typer
from typer.main import get_command

from wheelbridge.cli.app import app
from wheelbridge.cli.output import print_json, show_error
from wheelbridge.errors import UsageError, WheelbridgeError

_INTERRUPTED = 130
_OBJECTS = 100_000
"""New objects between two collections; Python's own 700 cost a fifth of a solve."""
_ClickError: type[typer.BadParameter] = typer.BadParameter.__mro__[2]
"""Click's root error as typer has it: in its own copy of click, or in the click package before that."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line *argv*, default: this process's; return the exit code.

    0 done; 1 refused or impossible; 2 wrong usage; 130 interrupted.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    with _rare_collections():
        return _run(arguments, as_json="--json" in arguments)


def _run(arguments: list[str], *, as_json: bool) -> int:
    try:
        outcome = get_command(app).main(arguments, prog_name="wheelbridge", standalone_mode=False, obj=arguments)
    except WheelbridgeError as error:
        return _fail(error, as_json=as_json)
    except _ClickError as error:
        return _fail(_usage_error(error), as_json=as_json)
    except (KeyboardInterrupt, typer.Abort):
        return _fail(_InterruptedError(), as_json=as_json)
    except BrokenPipeError:
        sys.stderr.close()
        return 1
    except OSError as error:
        return _fail(OperatingSystemError(error), as_json=as_json)
    return outcome if isinstance(outcome, int) else 0


@contextmanager
def _rare_collections() -> Iterator[None]:
    """Look for reference cycles seldom: a solve makes many objects and few cycles, and ends soon."""
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
        place = f" ({error.filename})" if error.filename else ""
        super().__init__(f"{error.strerror or error}{place}")
        self.errno = error.errno


class _InterruptedError(WheelbridgeError):
    """The user pressed Ctrl-C."""

    code = "interrupted"
    exit_code = _INTERRUPTED

    def __init__(self) -> None:
        super().__init__("Interrupted")


def _usage_error(error: typer.BadParameter) -> UsageError:
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "wheelbridge"
    return UsageError(error.format_message(), hint=f"See {command} --help.")


def _fail(error: WheelbridgeError, *, as_json: bool) -> int:
    if as_json:
        print_json({"success": False, "error": error.as_json()})
    else:
        show_error(error)
    return error.exit_code
