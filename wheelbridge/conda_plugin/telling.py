"""What a command of conda says beside what conda itself says, on standard error."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from conda.base.context import context

from wheelbridge.cli.output import note
from wheelbridge.errors import WheelbridgeError
from wheelbridge.installer.errors import os_errors


def tell(notes: Iterable[str]) -> None:
    """Tell people what they should know."""
    for text in () if context.quiet else notes:
        note(text)


@contextmanager
def after_the_fact(prefix: Path) -> Iterator[None]:
    """Let the block write down more of a change that conda has made: where it cannot, that is told, and nothing fails.

    The environment at *prefix* is as it should be by then, and an error would take it back, or say that it is not.
    """
    try:
        with os_errors(prefix):
            yield
    except (WheelbridgeError, ValueError, KeyError) as error:
        reason = error.message if isinstance(error, WheelbridgeError) else str(error)
        note(f"{prefix} is as it should be, but not all of it is written down: {reason}")
