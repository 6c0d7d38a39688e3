"""Options of the commands that edit files."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from wheelbridge.errors import UsageError

PYPROJECT = "pyproject.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited:
    """Which file is edited, and where in it."""

    file: Annotated[
        Path,
        typer.Option(
            "--file", "-f", metavar="FILE", help="An environment.yml, a pyproject.toml, or a requirements.txt."
        ),
    ] = Path("environment.yml")
    extra: Annotated[
        str | None, typer.Option("--extra", metavar="NAME", help="The extra of a pyproject.toml that is edited.")
    ] = None
    group: Annotated[
        str | None, typer.Option("--group", metavar="NAME", help="The dependency group of it (PEP 735).")
    ] = None

    @property
    def place(self) -> Sequence[str]:
        """Which list of a ``pyproject.toml`` is meant.

        Raises:
            UsageError: if there is no such list in the file, or two are named.
        """
        if self.extra and self.group:
            raise UsageError("--extra and --group name two lists", hint="Give one of them.")
        if (self.extra or self.group) and self.file.name != PYPROJECT:
            raise UsageError(f"{self.file} has no extras and no groups", hint=f"Name a {PYPROJECT}.")
        if self.extra:
            return "project", "optional-dependencies", self.extra
        return ("dependency-groups", self.group) if self.group else ("project", "dependencies")
