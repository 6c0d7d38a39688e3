"""What the rule kept from the solver, and the smallest change that would let a request through."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace

from wheelbridge.errors import WheelbridgeError
from wheelbridge.model.source import Route
from wheelbridge.solver.owners import Owners
from wheelbridge.solver.ownership import Hidden
from wheelbridge.solver.problem import Problem

_MOST_TRIED = 4
_NEAREST = ("the command line", "the spec")
"""Where routes are given that another one on the command line does not replace."""
Solve = Callable[[Problem], Awaitable[object]]


async def find_hidden(names: Iterable[str], owners: Owners) -> list[Hidden]:
    """Ask every source for *names*, and return what the rule hides of them."""
    found = []
    for name in sorted(names):
        await owners.survey(name)
        ruling, project = owners.judge(name), owners.project_of(name)
        for source in ruling.hidden:
            versions = tuple(sorted(await owners.versions(source, name)))
            found.append(Hidden(name=name, project=project, source=source, ruling=ruling, versions=versions))
    return found


async def find_way_out(problem: Problem, hidden: Sequence[Hidden], solve: Solve) -> str | None:
    """Return what the user could change to make *problem* solvable, as little as possible; None where that is unknown.

    First the fewest routes to hidden sources, then claims. The problem is solved again with each, so that the advice
    is true.
    """
    routes = await _find_routes(problem, hidden, solve)
    if routes:
        options = " ".join(f"--route {route}" for route in routes)
        names = " and ".join(f"{route.pattern.removeprefix('pypi:')} of {route.sources[0]}" for route in routes)
        nearer = (one.ruling.route for one in hidden if one.ruling.route)
        given = dict.fromkeys(str(route) for route in nearer if route.origin.startswith(_NEAREST))
        instead = f" in the place of {', '.join(given)}" if given else ""
        return f"If {names} {'are' if routes[1:] else 'is'} what you want: {options}{instead}."
    owners = list(dict.fromkeys(one.claimant.name for one in hidden if one.claimant))
    sources = [replace(one, claim="flexible") if one.name in owners else one for one in problem.sources]
    if owners and await _is_solvable(replace(problem, sources=tuple(sources)), solve):
        options = " ".join(f"--priority {name}=flexible" for name in owners)
        return f"If {' and '.join(owners)} may leave to others what no version of theirs meets: {options}."
    return None


async def _find_routes(problem: Problem, hidden: Sequence[Hidden], solve: Solve) -> tuple[Route, ...]:
    listed = {source.name for source in problem.sources}
    open_to = [one for one in reversed(hidden) if one.source.name in listed]
    routes = tuple({one.name: one.route for one in open_to}.values())[:_MOST_TRIED]
    problem = _without([one.ruling.route for one in open_to], problem)
    if not routes or not await _is_solvable(_routed(problem, routes), solve):
        return ()
    for route in routes:
        fewer = tuple(other for other in routes if other != route)
        if fewer and await _is_solvable(_routed(problem, fewer), solve):
            routes = fewer
    return routes


def _without(routes: Iterable[Route | None], problem: Problem) -> Problem:
    replaced = [route for route in routes if route]
    return replace(problem, routes=tuple(route for route in problem.routes if route not in replaced))


def _routed(problem: Problem, routes: Sequence[Route]) -> Problem:
    return replace(problem, routes=(*routes, *problem.routes))


async def _is_solvable(problem: Problem, solve: Solve) -> bool:
    try:
        await solve(problem)
    except WheelbridgeError:
        return False
    return True
