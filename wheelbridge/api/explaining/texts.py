"""A graph as text: a tree for people, DOT for Graphviz."""

from collections.abc import Iterator, Mapping

from wheelbridge.api.explaining.graph import Graph, GraphEdge, GraphNode
from wheelbridge.model.printing import printable

_COLOURS = ("#cfe3ea", "#f3e2bd", "#d9ead3", "#e3d7ef", "#f4d6d2", "#d5dbe6", "#e8e6c9", "#d3ebe4")
"""Of sources, in the order of their names; then again from the first."""


def render_tree(graph: Graph) -> str:
    """Return one tree for each package that was asked for, or that nobody needs; each package is unfolded once.

    >>> nodes = (GraphNode(name="app", kind="wheel", version="1", requested="app>=1", source="pypi"),
    ...          GraphNode(name="lib", kind="conda", version="2", source="conda-forge"))
    >>> print(render_tree(Graph(nodes, (GraphEdge("app", "lib", "lib >=2"),))), end="")
    app 1 (wheel, pypi), asked for: app>=1
    └── lib 2 (conda, conda-forge), needed: lib >=2
    """
    nodes, needs = {node.name: node for node in graph.nodes}, graph.needs()
    shown: set[str] = set()
    lines: list[str] = []
    for root in graph.roots():
        if root in shown and not nodes[root].requested:
            continue
        again = " (unfolded above)" if root in shown and needs[root] else ""
        lines.append(_describe(nodes[root]) + again)
        if root not in shown:
            shown.add(root)
            lines += _branches(root, nodes, needs, shown)
    return "".join(f"{printable(line)}\n" for line in lines)


def _branches(
    root: str, nodes: Mapping[str, GraphNode], needs: Mapping[str, tuple[GraphEdge, ...]], shown: set[str]
) -> Iterator[str]:
    """Yield the lines below *root*; a list of what is to do stands in for recursion, which a long chain exhausts."""
    todo = [(edge, "", edge is needs[root][-1]) for edge in reversed(needs[root])]
    while todo:
        edge, indent, is_last = todo.pop()
        again = " (unfolded above)" if edge.target in shown and needs[edge.target] else ""
        branch = "└── " if is_last else "├── "
        yield f"{indent}{branch}{_describe(nodes[edge.target], asked=False)}, needed: {edge.spec}{again}"
        if edge.target not in shown:
            shown.add(edge.target)
            below = needs[edge.target]
            deeper = indent + ("    " if is_last else "│   ")
            todo += [(one, deeper, one is below[-1]) for one in reversed(below)]


def _describe(node: GraphNode, *, asked: bool = True) -> str:
    if node.kind == "missing":
        return f"{node.name} (missing)"
    variant = f", variant {node.variant}" if node.variant else ""
    wish = f", asked for: {node.requested}" if asked and node.requested else ""
    return f"{node.name} {node.version} ({node.kind}, {node.source}{variant}){wish}"


def render_dot(graph: Graph) -> str:
    r"""Return the graph in Graphviz's language: sources are colours, wheels have round corners.

    >>> print(render_dot(Graph((GraphNode(name='a"b', kind="missing"),), ())), end="")
    digraph environment {
      rankdir=LR
      node [shape=box, style=filled, fontname="sans-serif"]
      "a\"b" [label="a\"b\nmissing", fillcolor="#ffffff", style="filled,dashed"]
    }
    """
    sources = sorted({node.source for node in graph.nodes if node.kind != "missing"})
    colours = {source: _COLOURS[place % len(_COLOURS)] for place, source in enumerate(sources)}
    lines = ["rankdir=LR", 'node [shape=box, style=filled, fontname="sans-serif"]']
    lines += [_dot_node(node, colours) for node in graph.nodes]
    lines += [f"{_quote(edge.owner)} -> {_quote(edge.target)} [tooltip={_quote(edge.spec)}]" for edge in graph.edges]
    return "".join(["digraph environment {\n", *(f"  {line}\n" for line in lines), "}\n"])


def _dot_node(node: GraphNode, colours: Mapping[str, str]) -> str:
    styles = {"wheel": "filled,rounded", "conda": "filled", "missing": "filled,dashed"}
    second = "missing" if node.kind == "missing" else f"{node.version} ({node.source})"
    wide = ", penwidth=3" if node.requested else ""
    label = f"{_quote(node.name)[:-1]}\\n{_quote(second)[1:]}"
    colour = colours.get(node.source, "#ffffff") if node.kind != "missing" else "#ffffff"
    return f'{_quote(node.name)} [label={label}, fillcolor="{colour}", style="{styles[node.kind]}"{wide}]'


def _quote(text: str) -> str:
    """Return a quoted string of DOT; a backslash would begin an escape of labels."""
    return '"{}"'.format(printable(text).replace("\\", "\\\\").replace('"', '\\"'))
