"""The graph of an environment: which package needs which, where each is from, what was asked for."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

from rattler import MatchSpec, PrefixRecord, RepoDataRecord

from wheelbridge.api.removing import find_installed
from wheelbridge.installer.errors import NotAnEnvironmentError
from wheelbridge.installer.history import canonical_channel, load_history, requested_specs
from wheelbridge.installer.listing import describe_installed, load_records
from wheelbridge.installer.origins import Origin, load_origins
from wheelbridge.installer.prefix import is_environment
from wheelbridge.model.redaction import redact
from wheelbridge.solver.soundness import active_needs

UNKNOWN = "unknown"
"""The source of what nobody recorded one for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphNode:
    """A package.

    Attributes:
        kind: ``missing`` is what something needs and nobody installed.
        source: the name of its source, else its channel.
        variant: the label of a variant wheel.
        requested: the spec by which the user asked for it.
        machine: what it needs of the machine: specs of virtual packages.
    """

    name: str
    kind: Literal["conda", "wheel", "missing"]
    version: str = ""
    build: str = ""
    source: str = UNKNOWN
    variant: str | None = None
    requested: str | None = None
    machine: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, order=True)
class GraphEdge:
    """*owner* needs *target*, as *spec* says."""

    owner: str
    target: str
    spec: str


@dataclass(frozen=True, slots=True)
class Graph:
    """An environment, or a part of it; nodes and edges are sorted, and both ends of an edge are nodes."""

    nodes: tuple[GraphNode, ...]
    edges: tuple[GraphEdge, ...]

    def as_json(self) -> dict[str, object]:
        """Return the fields as JSON has them."""
        nodes = [{**asdict(node), "machine": list(node.machine)} for node in self.nodes]
        return {"nodes": nodes, "edges": [asdict(edge) for edge in self.edges]}

    def needs(self) -> dict[str, tuple[GraphEdge, ...]]:
        """Return package -> the edges to what it needs."""
        found: dict[str, list[GraphEdge]] = {node.name: [] for node in self.nodes}
        for edge in self.edges:
            found[edge.owner].append(edge)
        return {name: tuple(edges) for name, edges in found.items()}

    def roots(self) -> tuple[str, ...]:
        """Return where to begin: what was asked for, what nobody needs, and one of each circle that is left.

        >>> nodes = tuple(GraphNode(name=name, kind="conda") for name in "abc")
        >>> Graph(nodes, (GraphEdge("b", "c", "c"), GraphEdge("c", "b", "b"))).roots()
        ('a', 'b')
        """
        needs, needed = self.needs(), {edge.target for edge in self.edges if edge.owner != edge.target}
        asked = [node.name for node in self.nodes if node.requested]
        roots = [*asked, *(node.name for node in self.nodes if not node.requested and node.name not in needed)]
        seen = _follow(needs, roots)
        for node in self.nodes:
            if node.name not in seen:
                roots.append(node.name)
                seen |= _follow(needs, [node.name])
        return tuple(roots)

    def around(self, name: str) -> "Graph":
        """Return the part that leads to *name*, and what *name* needs, near and far."""
        back: dict[str, list[GraphEdge]] = {node.name: [] for node in self.nodes}
        for edge in self.edges:
            back[edge.target].append(replace(edge, owner=edge.target, target=edge.owner))
        above, below = _follow(back, [name]), _follow(self.needs(), [name])
        edges = tuple(
            edge for edge in self.edges if {edge.owner, edge.target} <= above or {edge.owner, edge.target} <= below
        )
        return Graph(tuple(node for node in self.nodes if node.name in above | below), edges)


def read_graph(prefix: Path, name: str | None = None) -> Graph:
    """Read the graph of the environment at *prefix*; with *name*, conda's or PyPI's, the part around that package.

    Raises:
        NotAnEnvironmentError: if there is no environment.
        NotInstalledError: if it has no such package.
        BrokenRecordError: if what it remembers of origins is damaged.
    """
    if not is_environment(prefix):
        raise NotAnEnvironmentError(prefix)
    installed = {record.name.normalized: record for record in load_records(prefix)}
    asked = requested_specs(load_history(prefix), installed, exact=True)
    origins = load_origins(prefix)
    edges = tuple(sorted(_edges(installed, asked.values())))
    nodes = [_node(prefix, record, asked, origins) for record in installed.values()]
    nodes += [GraphNode(name=name, kind="missing") for name in {edge.target for edge in edges} - installed.keys()]
    graph = Graph(tuple(sorted(nodes, key=lambda node: node.name)), edges)
    return graph if name is None else graph.around(find_installed(name, installed, prefix))


def installed_needs(installed: Mapping[str, PrefixRecord], asked: Iterable[str]) -> dict[str, dict[str, str]]:
    """Return package -> needed package, an installed one -> spec, conditions seen and groups followed."""
    needs: dict[str, dict[str, str]] = {}
    for edge in _edges(installed, asked):
        if edge.target in installed:
            needs.setdefault(edge.owner, {}).setdefault(edge.target, edge.spec)
    return needs


def shortest_way(needs: Mapping[str, Mapping[str, str]], root: str, goal: str) -> list[str]:
    """Return the shortest way from *root* to *goal*, empty if there is none.

    >>> shortest_way({"a": {"b": "b"}, "b": {"c": "c >1"}}, "a", "c")
    ['a', 'b', 'c']
    """
    ways = [[root]]
    seen = {root}
    while ways:
        longer: list[list[str]] = []
        for way in ways:
            if way[-1] == goal:
                return way
            fresh = [name for name in sorted(needs.get(way[-1], ())) if name not in seen]
            seen.update(fresh)
            longer.extend([*way, name] for name in fresh)
        ways = longer
    return []


def _edges(installed: Mapping[str, PrefixRecord], asked: Iterable[str]) -> Iterator[GraphEdge]:
    """Yield one edge for each pair of packages, with all the specs between them."""
    specs: dict[tuple[str, str], list[str]] = {}
    for need in active_needs(installed, asked):
        target = MatchSpec(need.spec).name.normalized or ""
        if need.owner is not None and not target.startswith("__"):
            specs.setdefault((need.owner.name.normalized, target), []).append(_as_shown(need.owner, need.spec))
    for (owner, target), several in specs.items():
        yield GraphEdge(owner, target, " and ".join(dict.fromkeys(sorted(several))))


def _as_shown(owner: RepoDataRecord, spec: str) -> str:
    """Name the extra that brings a dependency, where one does."""
    extras = [extra for extra, specs in owner.extra_depends.items() if spec in specs]
    return spec if spec in owner.depends or not extras else f"{spec} for its extra {extras[0]}"


def _node(prefix: Path, record: PrefixRecord, asked: Mapping[str, str], origins: Mapping[str, Origin]) -> GraphNode:
    package = describe_installed(prefix, record)
    origin = origins.get(package.name)
    told = origin.decision.get("source") if origin and origin.url == package.url else None
    channel = redact(canonical_channel(package.channel)) if package.channel else UNKNOWN
    return GraphNode(
        name=package.name,
        kind=package.kind,
        version=package.version,
        build=package.build,
        source=told if isinstance(told, str) and told else channel,
        variant=package.variant.label if package.variant else None,
        requested=asked.get(package.name),
        machine=tuple(spec for spec in record.depends if spec.startswith("__")),
    )


def _follow(edges: Mapping[str, Sequence[GraphEdge]], roots: Iterable[str]) -> set[str]:
    seen: set[str] = set()
    todo = list(roots)
    while todo:
        name = todo.pop()
        if name not in seen:
            seen.add(name)
            todo.extend(edge.target for edge in edges[name])
    return seen
