"""The graph of an environment as one HTML file that needs nothing else."""

import html
import re
from pathlib import Path

from wheelbridge.api.explaining.graph import Graph, GraphNode
from wheelbridge.api.explaining.layout import lay_out
from wheelbridge.api.explaining.texts import render_tree
from wheelbridge.tables.site_page import PAGE, embed_json, policy_hash

_PARTS = Path(__file__).with_name("graph_parts")
_COLUMN, _ROW = 300, 48
"""Distance of layers, and of packages in a layer, in CSS pixels."""
_COLOURS = 8
"""As many as the style knows; sources beyond share the last one."""


def render_graph_page(graph: Graph, title: str) -> str:
    """Return the page; it runs nothing but its own scripts, and asks nobody.

    The names of packages come from files of others: they are text on the page, whatever they look like.
    """
    style = (_PARTS / "style.css").read_text("utf-8")
    theme = (PAGE / "theme.js").read_text("utf-8")
    pieces = ['"use strict";', (PAGE / "dom.js").read_text("utf-8"), (_PARTS / "graph.js").read_text("utf-8")]
    script = "\n".join(pieces)
    policy = (
        "default-src 'none'; img-src data:; base-uri 'none'; form-action 'none'; "
        f"style-src {policy_hash(style)}; script-src {policy_hash(theme)} {policy_hash(script)}"
    )
    parts = {
        "policy": html.escape(policy),
        "title": html.escape(title),
        "style": style,
        "theme": theme,
        "tree": html.escape(render_tree(graph)),
        "data": embed_json(_data(graph, title)),
        "script": script,
    }
    template = (_PARTS / "index.html").read_text("utf-8")
    return re.sub(r"@@(\w+)@@", lambda match: parts[match[1]], template)


def _data(graph: Graph, title: str) -> dict[str, object]:
    layers = lay_out([node.name for node in graph.nodes], [(e.owner, e.target) for e in graph.edges], graph.roots())
    tallest = max(map(len, layers), default=0)
    places = {
        name: (column * _COLUMN, (row + (tallest - len(layer)) / 2) * _ROW)
        for column, layer in enumerate(layers)
        for row, name in enumerate(layer)
    }
    present = [node.source for node in graph.nodes if node.kind != "missing"]
    sources = sorted(set(present), key=lambda source: (-present.count(source), source))
    colours = {source: min(place, _COLOURS - 1) for place, source in enumerate(sources)}
    numbers = {node.name: number for number, node in enumerate(graph.nodes)}
    return {
        "title": title,
        "nodes": [_node(node, places[node.name], colours) for node in graph.nodes],
        "edges": [[numbers[edge.owner], numbers[edge.target], edge.spec] for edge in graph.edges],
        "sources": [{"name": one, "colour": colours[one], "count": present.count(one)} for one in sources],
    }


def _node(node: GraphNode, place: tuple[float, float], colours: dict[str, int]) -> dict[str, object]:
    return {
        "name": node.name,
        "version": node.version,
        "build": node.build,
        "kind": node.kind,
        "source": node.source,
        "colour": colours.get(node.source, -1) if node.kind != "missing" else -1,
        "variant": node.variant,
        "requested": node.requested,
        "machine": list(node.machine),
        "x": place[0],
        "y": place[1],
    }
