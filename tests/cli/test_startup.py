"""What a command imports before it needs it: start-up is most of a command that has little to do."""

import subprocess
import sys

import pytest

SLOW = {"requests", "ruamel", "yaml", "rich", "installer", "filelock"}
UNUSED = {
    "wheelbridge.environment.locks.pylock",
    "wheelbridge.installer.cache",
    "wheelbridge.api.direct.provider",
    "wheelbridge.translate.variant_order",
    "wheelbridge.solver.explain",
}


def imported_by(module: str) -> set[str]:
    """Return the names of the modules, and of their packages, that *module* brings along."""
    code = f"import sys, {module}; print(*sys.modules)"
    names = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    return {*names, *(name.partition(".")[0] for name in names)}


@pytest.mark.parametrize("command", ["solve", "lock"])
def test_what_is_not_needed_yet_is_not_imported(command: str) -> None:
    """A solve without links, builds, variants and conflicts does not wait for what these need."""
    found = imported_by(f"wheelbridge.cli.{command}, wheelbridge.api.runtime_checks, wheelbridge.api.locking.making")

    assert not found & (SLOW | UNUSED)


def test_the_command_line_imports_no_command() -> None:
    """What only one command needs is imported when that command runs."""
    found = imported_by("wheelbridge.cli")

    assert not found & (SLOW | {"rattler", "wheelbridge.api.solving", "wheelbridge.environment"})
