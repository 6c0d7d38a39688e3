"""``wheelbridge why``."""

import json
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path

from wheelbridge.api.explaining.barriers import VersionAnswer, explain_version, read_subject
from wheelbridge.api.explaining.graph import Graph, read_graph
from wheelbridge.api.explaining.packages import Explanation, explain_package
from wheelbridge.cli.door import door
from wheelbridge.cli.interruption import tell_interruption
from wheelbridge.cli.output import note, out, print_json, printable
from wheelbridge.errors import UsageError

FORMATS = ("text", "dot", "html")
_SUFFIXES = {".html": "html", ".htm": "html", ".dot": "dot", ".gv": "dot"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked.

    Attributes:
        package: a name, perhaps with versions behind it; None for the whole environment.
        version: of interest instead of the installed one.
        graph: its format; empty: the one that the name of *output* tells, else text; None: no graph.
        output: the file to write to.
    """

    package: str | None = None
    version: str | None = None
    graph: str | None = None
    output: Path | None = None


def run(prefix: Path, question: Question, *, as_json: bool) -> int:
    """Say why a package is in the environment at *prefix*, what keeps another version out, or show who needs whom."""
    tell_interruption(prefix)
    if question.graph is not None:
        return _run_graph(prefix, question, as_json=as_json)
    if question.package is None:
        raise UsageError("why needs the name of a package", hint="Name one, or show all of them with --graph.")
    if question.output is not None:
        raise UsageError("-o writes a graph, and none is asked for", hint="Add --graph, or drop -o.")
    name, wanted = read_subject(question.package, question.version)
    explanation = explain_package(prefix, name)
    answer = explain_version(prefix, name, wanted, door().load_levels(None, search=True).pins) if wanted else None
    if as_json:
        found = {"another_version": answer.as_json()} if answer else {}
        print_json({"success": True, "prefix": str(prefix), **explanation.as_json(), **found})
    else:
        _show(explanation)
        if answer:
            _show_answer(answer, prefix)
    return 0


def _run_graph(prefix: Path, question: Question, *, as_json: bool) -> int:
    name, wanted = read_subject(question.package) if question.package else (None, None)
    if wanted or question.version:
        raise UsageError("A graph is of what is installed, not of another version", hint="Name no version.")
    form = _format(question)
    if as_json and question.graph:
        raise UsageError(f"--json and --graph={form} are two formats", hint="Keep --graph alone, or drop --json.")
    graph = read_graph(prefix, name)
    if as_json:
        text = f"{json.dumps({'success': True, 'prefix': str(prefix), **graph.as_json()})}\n"
    else:
        text = _render(graph, form, f"{name} in {prefix.name}" if name else prefix.name)
    if question.output is None:
        sys.stdout.write(text)
        sys.stdout.flush()
    else:
        question.output.write_text(text, encoding="utf-8")
        note(f"The graph is in {question.output}.")
    return 0


def _format(question: Question) -> str:
    if question.graph:
        if question.graph not in FORMATS:
            hint = f"Choose one of {', '.join(FORMATS)}."
            raise UsageError(f"{question.graph!r} is no format of a graph", hint=hint)
        return question.graph
    return _SUFFIXES.get(question.output.suffix.lower(), "text") if question.output else "text"


def _render(graph: Graph, form: str, title: str) -> str:
    if form == "html":
        from wheelbridge.api.explaining.page import render_graph_page

        return render_graph_page(graph, printable(title))
    from wheelbridge.api.explaining.texts import render_dot, render_tree

    return render_dot(graph) if form == "dot" else render_tree(graph)


def _show_answer(answer: VersionAnswer, prefix: Path) -> None:
    wanted = f"{answer.name} {answer.wanted}"
    if answer.is_installed:
        out().print(f"  {wanted} is what is installed")
        return
    for barrier in answer.barriers:
        out().print(f"  against {wanted}: {barrier.describe()}")
    if not answer.barriers:
        out().print(f"  nothing that is installed, pinned or asked for speaks against {wanted}")
    command = shlex.join(["wheelbridge", "install", "-p", str(prefix), answer.request, "--dry-run"])
    out().print(f"  what {wanted} needs itself, and whether there is one, a solve tells: {command}")


def _show(explanation: Explanation) -> None:
    package = explanation.package
    out().print(f"{package.name} {package.version} ({package.kind}), {package.fn}")
    out().print(f"  from {package.channel or 'nowhere that was recorded'}")
    if explanation.built_of:
        out().print(f"  built here of {explanation.built_of}")
    if explanation.decision:
        out().print(f"  {explanation.decision.describe()}")
    if explanation.requested:
        out().print(f"  you asked for it: {explanation.requested}")
    for owner, spec in explanation.needed_by.items():
        out().print(f"  {owner} needs {spec}")
    for chain in explanation.chains:
        out().print(f"  you asked for {chain[0]}: {' -> '.join(chain)}")
    if not (explanation.requested or explanation.needed_by):
        out().print("  nobody asked for it, and nothing needs it")
    if variant := package.variant:
        properties = ", ".join(map(str, sorted(variant.properties))) or "no properties: it runs everywhere"
        out().print(f"  variant {variant.label}: {properties}")
        machine = [spec for spec in explanation.needs if spec.startswith("__")]
        out().print(
            f"  it runs where there is: {', '.join(machine)}" if machine else "  its record requires no machine"
        )
