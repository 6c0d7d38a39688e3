"""``wheelbridge map``: the commands for the maintainers of the tables; a command's module is imported when it runs."""

from pathlib import Path
from typing import Annotated

import typer

from wheelbridge.cli import options as o

map_app = typer.Typer(
    help="Look into the mapping tables, and maintain them.", no_args_is_help=True, pretty_exceptions_enable=False
)

Mappings = Annotated[
    Path | None,
    typer.Option("--mappings", metavar="DIR", help="The folder of the tables; default: the one of wheelbridge."),
]
"""Which tables a maintainer works on."""

__all__ = ["Mappings", "map_app", "o"]
