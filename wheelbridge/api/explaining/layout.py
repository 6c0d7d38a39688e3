"""Where the packages of a graph stand on a page: in layers, each package right of all that need it."""

from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean

_SWEEPS = 6
"""Passes over the layers; more change little."""


def lay_out(names: Sequence[str], edges: Iterable[tuple[str, str]], roots: Sequence[str]) -> list[list[str]]:
    """Return the layers, each from top to bottom; layered drawing after Sugiyama.

    Circles are opened where a walk from *roots*, which reach all *names*, closes them; a layer is as far right as the
    longest way to it; then neighbours are drawn towards each other.

    >>> lay_out(["a", "b", "c"], [("a", "b"), ("b", "c"), ("a", "c"), ("c", "a")], ["a"])
    [['a'], ['b'], ['c']]
    """
    targets: dict[str, list[str]] = {name: [] for name in names}
    for owner, target in edges:
        if owner != target:
            targets[owner].append(target)
    order = _walk(targets, roots)
    place = {name: number for number, name in enumerate(order)}
    forward = {name: [one for one in targets[name] if place[one] > place[name]] for name in order}
    depth = dict.fromkeys(order, 0)
    for name in order:
        for target in forward[name]:
            depth[target] = max(depth[target], depth[name] + 1)
    layers: list[list[str]] = [[] for _ in range(max(depth.values(), default=-1) + 1)]
    for name in order:
        layers[depth[name]].append(name)
    return _straighten(layers, forward)


def _walk(targets: Mapping[str, Sequence[str]], roots: Sequence[str]) -> list[str]:
    """Return the names so that each stands before what it needs, circles aside: depth first, reversed."""
    finished: list[str] = []
    seen: set[str] = set()
    for root in reversed(roots):
        if root in seen:
            continue
        seen.add(root)
        stack = [(root, iter(targets[root]))]
        while stack:
            name, left = stack[-1]
            fresh = next((one for one in left if one not in seen), None)
            if fresh is None:
                finished.append(name)
                stack.pop()
            else:
                seen.add(fresh)
                stack.append((fresh, iter(targets[fresh])))
    return finished[::-1]


def _straighten(layers: list[list[str]], forward: Mapping[str, Sequence[str]]) -> list[list[str]]:
    """Order each layer by the middle of the neighbours on one side, then on the other."""
    back: dict[str, list[str]] = {name: [] for name in forward}
    for name, targets in forward.items():
        for target in targets:
            back[target].append(name)
    for sweep in range(_SWEEPS):
        neighbours = forward if sweep % 2 else back
        heights = _heights(layers)
        for layer in layers[::-1] if sweep % 2 else layers:
            middles = {name: fmean([heights[one] for one in neighbours[name]] or [heights[name]]) for name in layer}
            layer.sort(key=middles.__getitem__)
            heights.update(_heights([layer]))
    return layers


def _heights(layers: Iterable[Sequence[str]]) -> dict[str, float]:
    """Return the place of each name, measured from the middle of its layer."""
    return {name: place - len(layer) / 2 for layer in layers for place, name in enumerate(layer)}
