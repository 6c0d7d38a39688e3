"""Data on standard output, everything else on standard error."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import TYPE_CHECKING

from wheelbridge.errors import WheelbridgeError
from wheelbridge.model.printing import printable

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["err", "note", "out", "print_json", "printable", "say_once", "show_error"]

_PIPE_WIDTH = 200
"""Columns of a table that goes into a file or a pipe; rich would cut it at 80."""
_said: ContextVar[set[str] | None] = ContextVar("said", default=None)
"""The notes that a block told, where it tells none twice."""


def print_json(value: object) -> None:
    """Print one JSON object on a line of standard output; ASCII, so that no encoding of a pipe can refuse it."""
    sys.stdout.write(f"{json.dumps(value)}\n")
    sys.stdout.flush()


@cache
def out() -> "Console":
    """Return the console on standard output."""
    from rich.console import Console

    return Console(highlight=False, markup=False, soft_wrap=True, width=None if sys.stdout.isatty() else _PIPE_WIDTH)


@cache
def err() -> "Console":
    """Return the console on standard error."""
    from rich.console import Console

    return Console(stderr=True, highlight=False, markup=False, soft_wrap=True)


def show_error(error: WheelbridgeError) -> None:
    """Tell a person what went wrong, and what to do about it; an explanation may have several lines."""
    _say("error", "bold red", _lines(error.message))
    if error.hint:
        _say("hint", "bold cyan", _lines(error.hint))


@contextmanager
def say_once() -> Iterator[None]:
    """Let the block tell no note twice, for a command that reads the same things for several targets."""
    token = _said.set(set())
    try:
        yield
    finally:
        _said.reset(token)


def note(text: str) -> None:
    """Tell a person something that matters but stops nothing."""
    if (said := _said.get()) is not None:
        if text in said:
            return
        said.add(text)
    _say("note", "bold yellow", printable(text))


def _lines(text: str) -> str:
    return "\n".join(map(printable, text.split("\n")))


def _say(label: str, style: str, text: str) -> None:
    from rich.text import Text

    err().print(Text.assemble((f"{label}:", style), " ", text))
