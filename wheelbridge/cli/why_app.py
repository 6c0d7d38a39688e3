"""The command line of ``wheelbridge why``."""

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from wheelbridge.cli import groups as g
from wheelbridge.cli import options as o

_GRAPH = "--graph"
_FORMATS = "text|dot|html"


class GraphCommand(TyperCommand):
    """A command whose ``--graph`` may stand alone: typer has no options with an optional value."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 - a class of typer's own copy of click
        """Read ``--graph`` without ``=`` as one with an empty value."""
        return super().parse_args(ctx, [f"{_GRAPH}=" if arg == _GRAPH else arg for arg in args])


def why(
    package: Annotated[
        str | None,
        typer.Argument(metavar="[NAME]", help="A package, by conda's name or PyPI's, perhaps with versions: numpy>=2."),
    ] = None,
    *,
    version: Annotated[
        str | None, typer.Option("--version", metavar="VERSION", help="Say what keeps this version out.")
    ] = None,
    graph: Annotated[
        str | None, typer.Option(_GRAPH, metavar=f"[={_FORMATS}]", help="Show who needs whom, around NAME or of all.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write the graph to a file.")
    ] = None,
    place: g.Place,
    as_json: o.Json = False,
) -> int:
    """Say why a package is in an environment, what keeps another version of it out, or who needs whom."""
    from wheelbridge.cli.why import Question, run

    question = Question(package=package, version=version, graph=graph, output=output)
    return run(place.path, question, as_json=as_json)
