"""The door that a command came in by: ``wheelbridge`` in a terminal, or another program's.

A door says what the surroundings are (configuration, caches, names of environments), and how to speak with people. The
commands are the same behind each.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from wheelbridge.errors import UsageError
from wheelbridge.model.redaction import redact_argument

if TYPE_CHECKING:
    from wheelbridge.api.places import Caches
    from wheelbridge.cli.options import Output
    from wheelbridge.cli.progress import Steps
    from wheelbridge.configuration.levels import Levels
    from wheelbridge.installer.reporter import Reporter


class Door(Protocol):
    """What a command asks of where it came in."""

    def load_levels(self, config: Path | None, *, search: bool) -> "Levels":
        """Return what is configured, as `wheelbridge.configuration.levels.load_levels` does."""

    def open_caches(self) -> "Caches":
        """Return where to keep what may be thrown away."""

    def find_named(self, name: str) -> Path:
        """Return the folder of the environment that is called so, or will be."""

    def find_unnamed(self) -> Path:
        """Return the folder of the environment that is meant where none is named.

        Raises:
            UsageError: if none is.
        """

    def command_line(self) -> tuple[str, ...]:
        """Return what the user typed, for the history, without secrets."""

    def ask(self) -> bool:
        """Ask whether to go ahead; a door may end the command itself where the answer is no.

        Raises:
            UsageError: if there is nobody to ask.
        """

    def steps(self, output: "Output") -> AbstractContextManager["Steps"]:
        """Show what a solve does."""

    def reporter(self, output: "Output") -> AbstractContextManager["Reporter"]:
        """Show how far downloads and linking are."""


class Terminal:
    """The command ``wheelbridge``: its own files, conda's as files, questions and progress on standard error."""

    def load_levels(self, config: Path | None, *, search: bool) -> "Levels":
        """Read the configuration of the project, of the user, and conda's."""
        from wheelbridge.configuration.levels import load_levels

        return load_levels(config, search=search)

    def open_caches(self) -> "Caches":
        """Return the user's cache."""
        from wheelbridge.api.places import Caches

        return Caches.default()

    def find_named(self, name: str) -> Path:
        """Return a folder below ``CONDA_ENVS_PATH``, or below ``~/.conda/envs``."""
        folders = os.environ.get("CONDA_ENVS_PATH", "").split(os.pathsep)
        return Path(folders[0] or "~/.conda/envs").expanduser() / name

    def find_unnamed(self) -> Path:
        """Refuse: wheelbridge knows of no active environment."""
        raise UsageError("Name one environment", hint="Give -p PATH, or -n NAME.")

    def command_line(self) -> tuple[str, ...]:
        """Return this process's command line."""
        return ("wheelbridge", *map(redact_argument, sys.argv[1:]))

    def ask(self) -> bool:
        """Ask on standard error."""
        from wheelbridge.cli.output import err

        if not is_somebody_there():
            raise nobody_to_ask()
        return err().input("Proceed ([y]/n)? ", markup=False).strip().lower() in {"", "y", "yes"}

    def steps(self, output: "Output") -> AbstractContextManager["Steps"]:
        """Show a spinner."""
        from wheelbridge.cli.progress import spinner

        return spinner(output)

    def reporter(self, output: "Output") -> AbstractContextManager["Reporter"]:
        """Show bars."""
        from wheelbridge.cli.progress import bars

        return bars(output)


def is_somebody_there() -> bool:
    """Tell whether standard input is a terminal; it may be closed, too."""
    return sys.stdin is not None and sys.stdin.isatty()


def nobody_to_ask() -> UsageError:
    """Return the error of a question that nobody answers."""
    return UsageError("There is nobody to ask", hint="Say --yes to go ahead, or --dry-run to see the plan only.")


_door: ContextVar[Door] = ContextVar("door", default=Terminal())  # noqa: B039 - it has no state


def door() -> Door:
    """Return the door that the command came in by."""
    return _door.get()


@contextmanager
def entering(other: Door) -> Iterator[None]:
    """Let what the block runs come in by another door."""
    token = _door.set(other)
    try:
        yield
    finally:
        _door.reset(token)
