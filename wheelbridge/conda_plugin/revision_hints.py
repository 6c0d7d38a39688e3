"""The next step where conda cannot go back to a revision: it looks for packages in channels, and wheels are in none."""

from collections.abc import Iterator
from pathlib import Path

from conda.base.context import context
from conda.exceptions import PackagesNotFoundError
from conda.plugins.types import CondaErrorHint

from wheelbridge.conda_plugin.command_line import said
from wheelbridge.errors import shell_command

_OURS = "# wheelbridge version:"
"""Begins a line of each section that wheelbridge writes into a history."""


def hints_of_revision(error: object) -> Iterator[CondaErrorHint]:
    """Name the command that goes back to the revision asked for, in an environment that wheelbridge has changed."""
    number = said("revision")
    prefix = Path(context.target_prefix)
    if number is not None and isinstance(error, PackagesNotFoundError) and is_known(prefix):
        command = shell_command("conda", "wheelbridge", "install", "-p", prefix, "--revision", str(number))
        yield CondaErrorHint(f"Wheels come back, too, by: {command}", "wheelbridge_revision")


def is_known(prefix: Path) -> bool:
    """Tell whether wheelbridge has changed the environment at *prefix*."""
    history = prefix / "conda-meta" / "history"
    return history.is_file() and _OURS in history.read_text(encoding="utf-8", errors="replace")
