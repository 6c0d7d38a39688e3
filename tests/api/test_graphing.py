"""The graph of an environment: nodes, edges, its parts, and its texts."""

import itertools
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.writtenprefix import CHANNEL, write_prefix
from wheelbridge.api.explaining.graph import Graph, GraphEdge, GraphNode, read_graph
from wheelbridge.api.explaining.layout import lay_out
from wheelbridge.api.explaining.page import render_graph_page
from wheelbridge.api.explaining.texts import render_dot, render_tree
from wheelbridge.installer.errors import NotAnEnvironmentError

RECORDS: list[dict[str, Any]] = [
    {"name": "app", "version": "1.0", "depends": ["lib >=2", "lib !=2.5", "gone >=1", "__glibc >=2.17"]},
    {"name": "lib", "version": "2.0", "depends": ["base"], "extra_depends": {"more": ["extra >=3"]}},
    {"name": "base", "version": "0.1", "depends": ["lib"]},
    {"name": "extra", "version": "3.0", "channel": "https://me:hunter2@host.example/t/token/other"},
    {"name": "lonely", "version": "1"},
]
HOSTILE = "</script><img src=x onerror=\"document.title='run'\">@@script@@\x1b[31m"


@pytest.fixture
def prefix(tmp_path: Path) -> Path:
    """App needs lib, twice, and what is not there; lib and base need each other; an extra of lib was asked for."""
    return write_prefix(tmp_path / "env", RECORDS, ["app>=1", "lib[extras=[more]]"])


def graph_of(text: str, requested: str = "") -> Graph:
    """Read ``ab bc`` as: a needs b, b needs c."""
    pairs = sorted({(pair[0], pair[1]) for pair in text.split()})
    names = sorted({name for pair in pairs for name in pair} | set(requested))
    nodes = [GraphNode(name=name, kind="conda", requested=name if name in requested else None) for name in names]
    return Graph(tuple(nodes), tuple(GraphEdge(one, other, other) for one, other in pairs))


def test_nodes_and_edges(prefix: Path) -> None:
    """All specs between two packages are on one edge; extras are named; what is missing is there as such."""
    graph = read_graph(prefix)

    assert [(edge.owner, edge.target, edge.spec) for edge in graph.edges] == [
        ("app", "gone", "gone >=1"),
        ("app", "lib", "lib !=2.5 and lib >=2"),
        ("base", "lib", "lib"),
        ("lib", "base", "base"),
        ("lib", "extra", "extra >=3 for its extra more"),
    ]
    nodes = {node.name: node for node in graph.nodes}
    assert nodes["gone"].kind == "missing"
    assert (nodes["app"].requested, nodes["app"].machine, nodes["app"].source) == (
        "app>=1",
        ("__glibc >=2.17",),
        CHANNEL,
    )


def test_no_login_in_a_graph(prefix: Path) -> None:
    """The channel of a record may hold one; what is shown does not."""
    text = json.dumps(read_graph(prefix).as_json())

    assert "hunter2" not in text
    assert "https://host.example/other" in text


def test_the_part_around_a_package(prefix: Path) -> None:
    """What leads to it, and what it needs; the rest is not there."""
    part = read_graph(prefix, "extra")

    assert [node.name for node in part.nodes] == ["app", "base", "extra", "lib"]
    assert ("app", "gone") not in {(edge.owner, edge.target) for edge in part.edges}


def test_no_environment(tmp_path: Path) -> None:
    """A folder that is no environment is refused."""
    with pytest.raises(NotAnEnvironmentError):
        read_graph(tmp_path)


def test_tree(prefix: Path) -> None:
    """What was asked for comes first; each package is unfolded once, so circles end."""
    lines = render_tree(read_graph(prefix)).splitlines()

    assert lines[0] == f"app 1.0 (conda, {CHANNEL}), asked for: app>=1"
    assert lines[1] == "├── gone (missing), needed: gone >=1"
    assert lines[2] == f"└── lib 2.0 (conda, {CHANNEL}), needed: lib !=2.5 and lib >=2"
    assert lines[3] == f"    ├── base 0.1 (conda, {CHANNEL}), needed: base"
    assert lines[4].endswith("needed: lib (unfolded above)")
    assert lines[-2].startswith("lib 2.0")
    assert lines[-2].endswith("(unfolded above)")
    assert lines[-1].startswith("lonely 1 ")


EDGES = st.lists(st.tuples(*[st.sampled_from("abcdefgh")] * 2), max_size=20)


@given(edges=EDGES, requested=st.sets(st.sampled_from("abcdefgh")))
def test_a_tree_has_every_package_and_need(edges: list[tuple[str, str]], requested: set[str]) -> None:
    """Whatever the circles, each package is in the tree, and each need once."""
    graph = graph_of(" ".join(map("".join, edges)), "".join(requested))

    lines = render_tree(graph).splitlines()

    first = {line.split("── ")[-1].split()[0] for line in lines}
    assert first == {node.name for node in graph.nodes}
    assert sum("needed: " in line for line in lines) == len(graph.edges)


@given(edges=EDGES)
def test_a_part_has_all_that_leads_there_and_away(edges: list[tuple[str, str]]) -> None:
    """The part around a package is closed: by a naive walk, nothing of it is missing and nothing else is in it."""
    graph = graph_of(" ".join(map("".join, edges)), "a")
    pairs = {(edge.owner, edge.target) for edge in graph.edges}

    def closure(steps: set[tuple[str, str]]) -> set[str]:
        found = {"a"}
        while more := {target for owner, target in steps if owner in found} - found:
            found |= more
        return found

    expected = closure(pairs) | closure({(target, owner) for owner, target in pairs})
    part = graph.around("a")
    assert {node.name for node in part.nodes} == expected
    assert {end for edge in part.edges for end in (edge.owner, edge.target)} <= expected


@given(edges=EDGES)
def test_layers(edges: list[tuple[str, str]]) -> None:
    """Each package is on the page once; without circles each need points to the right."""
    graph = graph_of(" ".join(map("".join, edges)), "a")
    forward = [(one, other) for one, other in edges if one < other]

    layers = lay_out([node.name for node in graph.nodes], edges, graph.roots())
    straight = graph_of(" ".join(map("".join, forward)), "a")
    depth = {
        name: number
        for number, layer in enumerate(lay_out([node.name for node in straight.nodes], forward, straight.roots()))
        for name in layer
    }

    assert sorted(name for layer in layers for name in layer) == [node.name for node in graph.nodes]
    assert all(depth[one] < depth[other] for one, other in forward)


def test_long_chains_exhaust_nothing() -> None:
    """A chain of thousands is neither too deep for the tree nor for the page."""
    names = [f"p{number:05}" for number in range(3000)]
    nodes = tuple(GraphNode(name=name, kind="conda") for name in names)
    graph = Graph(nodes, tuple(GraphEdge(one, other, other) for one, other in itertools.pairwise(names)))

    assert len(lay_out(names, [(edge.owner, edge.target) for edge in graph.edges], graph.roots())) == len(names)
    assert render_tree(graph).count("\n") == len(names)


def hostile_graph() -> Graph:
    """Return a graph in which every text that others write tries to be more than text."""
    odd = GraphNode(
        name=HOSTILE,
        kind="wheel",
        version=HOSTILE,
        build=HOSTILE,
        source=HOSTILE,
        variant=HOSTILE,
        requested=HOSTILE,
        machine=(HOSTILE,),
    )
    return Graph((odd, GraphNode(name="plain", kind="missing")), (GraphEdge(HOSTILE, "plain", HOSTILE),))


def test_hostile_names_are_texts() -> None:
    """No name ends an element of the page, a quoted string of DOT, or a line of a terminal."""
    page, dot, tree = (
        render_graph_page(hostile_graph(), HOSTILE),
        render_dot(hostile_graph()),
        render_tree(hostile_graph()),
    )

    assert page.count("<img") == 0
    assert page.count("</script>") == 3
    assert page.count("sourceMappingURL") == 0
    assert "\x1b" not in dot + tree
    assert '\\"document.title=' in dot
    assert dot.replace('\\"', "").count('"') % 2 == 0


def test_the_page_names_no_other() -> None:
    """It stands alone: no address of the web but names of XML is in it."""
    page = render_graph_page(graph_of("ab"), "env")

    assert page.count("http") == page.count("http://www.w3.org/2000/svg") + page.count("http-equiv")
    assert "@@" not in page


def test_dot_tells_kinds_apart() -> None:
    """Sources are colours, wheels are round, what is missing is dashed, what was asked for is thick."""
    nodes = (
        GraphNode(name="a", kind="wheel", version="1", source="pypi", requested="a"),
        GraphNode(name="b", kind="conda", version="2", source="forge"),
        GraphNode(name="c", kind="missing"),
    )
    lines = render_dot(Graph(nodes, (GraphEdge("a", "b", "b >=1"),))).splitlines()

    assert '"a" [label="a\\n1 (pypi)"' in lines[3]
    assert "rounded" in lines[3]
    assert "penwidth=3" in lines[3]
    assert lines[3].partition("fillcolor=")[2][:9] != lines[4].partition("fillcolor=")[2][:9]
    assert "dashed" in lines[5]
    assert lines[6].strip() == '"a" -> "b" [tooltip="b >=1"]'
