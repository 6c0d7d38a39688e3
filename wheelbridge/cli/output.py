"""Data on standard output, everything else on standard error."""

import json
import sys
from functools import cache
from typing import TYPE_CHECKING

from wheelbridge.errors import WheelbridgeError

if TYPE_CHECKING:
    from rich.console import Console


def print_json(value: object) -> None:
    """Print one JSON object on a line of standard output."""
    json.dump(value, sys.stdout, ensure_ascii=False)
    sys.stdout.write("\n")
    sys.stdout.flush()


@cache
def out() -> "Console":
    """Return the console on standard output."""
    from rich.console import Console  # noqa: PLC0415 - rich takes 40 ms to import; JSON does without

    return Console(highlight=False, soft_wrap=True)


@cache
def err() -> "Console":
    """Return the console on standard error."""
    from rich.console import Console  # noqa: PLC0415

    return Console(stderr=True, highlight=False, soft_wrap=True)


def show_error(error: WheelbridgeError) -> None:
    """Tell a person what went wrong, and what to do about it."""
    from rich.markup import escape  # noqa: PLC0415

    err().print(f"[bold red]error:[/] {escape(error.message)}")
    if error.hint:
        err().print(f"[bold cyan]hint:[/] {escape(error.hint)}")


def note(text: str) -> None:
    """Tell a person something that matters but stops nothing."""
    from rich.markup import escape  # noqa: PLC0415

    err().print(f"[bold yellow]note:[/] {escape(text)}")
