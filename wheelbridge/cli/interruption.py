"""What the commands say that only read an environment which somebody is changing, or was."""

from pathlib import Path

from wheelbridge.cli.output import note
from wheelbridge.installer.journal import is_interrupted


def tell_interruption(prefix: Path) -> None:
    """Say so where a change of *prefix* was interrupted: what is read there is neither its old state nor its new."""
    if is_interrupted(prefix):
        note(f"A change of {prefix} was interrupted, or is being made: what is said of it may be wrong.")
