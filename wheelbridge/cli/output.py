"""Data on standard output, everything else on standard error."""

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from wheelbridge.errors import WheelbridgeError
from wheelbridge.model.printing import printable
from wheelbridge.model.redaction import conceal

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["concealed", "err", "hide", "note", "out", "print_json", "printable", "say_once", "show_error"]

_PIPE_WIDTH = 200
"""Columns of a table that goes into a file or a pipe; rich would cut it at 80."""
_said: ContextVar[set[str] | None] = ContextVar("said", default=None)
"""The notes that a block told, where it tells none twice."""
_hidden: ContextVar[Mapping[str, str]] = ContextVar("hidden", default=MappingProxyType({}))
"""Value of an environment variable -> how the files write it."""


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


def hide(values: Mapping[str, str]) -> None:
    """Let no later message show *values*, but what stands for each of them."""
    _hidden.set({**_hidden.get(), **values})


def concealed(value: object) -> object:
    """Return a value for JSON with nothing in it that is hidden."""
    if isinstance(value, dict):
        return {key: concealed(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [concealed(item) for item in value]
    return conceal(value, _hidden.get()) if isinstance(value, str) else value


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

    err().print(Text.assemble((f"{label}:", style), " ", conceal(text, _hidden.get())))
