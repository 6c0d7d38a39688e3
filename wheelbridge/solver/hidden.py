"""What the rule kept from the solver, and the smallest change that would let a request through."""

from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace

from wheelbridge.errors import WheelbridgeError
from wheelbridge.model.source import Route
from wheelbridge.solver.errors import UnsatisfiableError
from wheelbridge.solver.owners import Owners
from wheelbridge.solver.ownership import Hidden
from wheelbridge.solver.problem import Problem

_MOST_TRIED = 4


async def find_hidden(names: Iterable[str], owners: Owners) -> list[Hidden]:
    """Ask every source for *names*, and return what the rule hides of them."""
    found = []
    for name in sorted(names):
        with suppress(WheelbridgeError):  # what cannot be asked has nothing to tell
            await owners.survey(name)
        ruling, project = owners.judge(name), owners.project_of(name)
        for source in ruling.hidden:
            versions = tuple(sorted(await owners.versions(source, name)))
            found.append(Hidden(name=name, project=project, source=source, ruling=ruling, versions=versions))
    return found


async def find_way_out(
    problem: Problem, hidden: Sequence[Hidden], solve: Callable[[Problem], Awaitable[object]]
) -> tuple[Route, ...]:
    """Return the fewest routes to hidden sources that make *problem* solvable, none where they do not help.

    It is solved again and again, so that the advice is true.
    """
    routes = tuple({one.name: one.route for one in reversed(hidden)}.values())[:_MOST_TRIED]
    if not routes or not await _is_solvable(problem, routes, solve):
        return ()
    for route in routes:
        fewer = tuple(other for other in routes if other != route)
        if fewer and await _is_solvable(problem, fewer, solve):
            routes = fewer
    return routes


async def _is_solvable(
    problem: Problem, routes: Collection[Route], solve: Callable[[Problem], Awaitable[object]]
) -> bool:
    try:
        await solve(replace(problem, routes=(*routes, *problem.routes)))
    except WheelbridgeError:
        return False
    return True


def advise(error: UnsatisfiableError, routes: Sequence[Route]) -> UnsatisfiableError:
    """Add to *error* what would help."""
    options = " ".join(f"--route {route}" for route in routes)
    names = " and ".join(f"{route.pattern.removeprefix('pypi:')} of {route.sources[0]}" for route in routes)
    error.hint = f"If {names} {'are' if routes[1:] else 'is'} what you want: {options}."
    return error
