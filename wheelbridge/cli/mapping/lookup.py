"""``wheelbridge map lookup`` and ``wheelbridge map explain``: what the tables say of names, and why."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from wheelbridge.api.mapping.lookup import Found, Subject, look_up, read_subjects
from wheelbridge.api.mapping.maps import load_maps, open_names
from wheelbridge.cli.options import SolveOptions
from wheelbridge.cli.output import note, out, print_json, printable
from wheelbridge.cli.solve import list_sources
from wheelbridge.model.name import canonicalize_name
from wheelbridge.target.detect import detect_target

if TYPE_CHECKING:
    from wheelbridge.api.mapping.dependencies import Dependencies, Dependency
    from wheelbridge.api.mapping.explain import LayerWord, PackageStory, ProjectStory
    from wheelbridge.api.mapping.rules import RuleAnswer
    from wheelbridge.api.natives import LayeredWheelRow, NativeRows
    from wheelbridge.mapping.lines import TableRow
    from wheelbridge.mapping.lookup import LayeredNameTable
    from wheelbridge.mapping.natives.wheels import WheelRow
    from wheelbridge.mapping.overlays import Overlay

_MOST_ALIKE = 3
_BOTH = "looked up as a PyPI project first, and as a conda package; pypi: or conda: before a name leaves one of them."


class _Tables:
    """The tables that a command with these options goes by, opened when they are needed."""

    def __init__(self, options: SolveOptions, mappings: Path | None) -> None:
        self._sources = list_sources(options, detect_target(options.platform, options.facts))
        self._maps: tuple[Overlay, ...] = load_maps(self._sources.maps)
        self._mappings = mappings

    @cached_property
    def names(self) -> "LayeredNameTable":
        """The tables of names."""
        return open_names(self._sources.sources, self._maps, self._mappings)

    @cached_property
    def natives(self) -> "NativeRows":
        """The table of what wheels need."""
        from wheelbridge.api.natives import open_natives

        return open_natives(self._maps, self._mappings)

    @cached_property
    def dependencies(self) -> "Dependencies":
        """The table of external dependencies."""
        from wheelbridge.api.mapping.dependencies import open_dependencies

        return open_dependencies(self._mappings, self._maps)


@dataclass(frozen=True, slots=True)
class _Line:
    """What `lookup` shows of one name."""

    name: str
    answer: str
    relation: str = ""
    role: str = ""
    confidence: str = ""
    layer: str = ""


def run_lookup(
    names: Sequence[str], options: SolveOptions, *, mappings: Path | None, guess: bool, as_json: bool
) -> int:
    """Print what the tables say of each name, a line each."""
    tables = _Tables(options, mappings)
    subjects = [subject for text in names for subject in read_subjects(text)]
    found = [
        tables.dependencies.look_up(one.name)
        if one.world == "dep"
        else look_up(one, tables.names, natives=tables.natives, guess=guess)
        for one in subjects
    ]
    if as_json:
        print_json({"success": True, "names": [one.as_json() for one in found]})
        return 0
    _note_bare(subjects)
    _note_alike(found, mappings)
    _show_lines(line for one in found for line in (_lines(one) if isinstance(one, Found) else _dependency_lines(one)))
    return 0


def run_explain(
    names: Sequence[str], options: SolveOptions, *, mappings: Path | None, data: Path | None, as_json: bool
) -> int:
    """Print why the tables say what they say of each name; *data* holds the table of conda-pypi."""
    from wheelbridge.api.mapping.explain import explain
    from wheelbridge.api.mapping.rules import load_rule_table

    tables, known = _Tables(options, mappings), load_rule_table(data) if data else None
    subjects = [subject for text in names for subject in read_subjects(text)]
    stories = [
        tables.dependencies.look_up(one.name)
        if one.world == "dep"
        else explain(one, tables.names, known, tables.natives)
        for one in subjects
    ]
    if as_json:
        print_json({"success": True, "names": [_story_json(story) for story in stories]})
        return 0
    _note_bare(subjects)
    for number, story in enumerate(stories):
        for line in [*([""] if number else []), *_tell(story)]:
            out().print(printable(line))
    return 0


def _note_bare(subjects: Iterable[Subject]) -> None:
    if bare := dict.fromkeys(subject.text for subject in subjects if ":" not in subject.text):
        note(f"{', '.join(bare)}: {_BOTH}")


def _note_alike(found: "Iterable[Found | Dependency]", mappings: Path | None) -> None:
    """Point out known projects that are called almost like those that no row knows, under either name."""
    stories = [one for one in found if isinstance(one, Found)]
    known = {one.subject.text for one in stories if one.known}
    unknown = [one.subject for one in stories if one.subject.world == "pypi" and one.subject.text not in known]
    if not unknown:
        return
    from wheelbridge.mapping.lookalikes import find_lookalikes
    from wheelbridge.tables import load_known_names

    names = load_known_names(mappings)
    for subject in unknown:
        if alike := find_lookalikes(canonicalize_name(subject.name), names)[:_MOST_ALIKE]:
            note(f"{subject.text}: did you mean {' or '.join(one.name for one in alike)}?")


def _show_lines(lines: Iterable[_Line]) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for heading in ("name", "answer", "relation", "role", "confidence", "layer"):
        table.add_column(heading, overflow="fold")
    for line in lines:
        cells = (line.name, line.answer, line.relation, line.role, line.confidence, line.layer)
        table.add_row(*map(printable, cells))
    out().print(table)


def _lines(found: Found) -> Iterator[_Line]:
    name, world = str(found.subject), found.subject.world
    for row in found.answer.rows:
        answer = (row.conda or "no counterpart") if world == "pypi" else row.pypi
        specs = f" with {', '.join(row.specs)}" if row.specs else ""
        limit = f" for {row.pypi_range}" if row.pypi_range else ""
        confidence = row.confidence.name.lower()
        yield _Line(name, f"{answer}{specs}{limit}", row.relation.value, row.role.value, confidence, row.layer)
    if found.answer.ambiguous:
        yield _Line(name, f"ambiguous: {', '.join(found.answer.ambiguous)}")
    elif not found.answer.rows:
        yield _Line(name, "no row" if world == "pypi" or not found.known else "a package that is no project")
    for guess in found.guesses:
        yield _Line(name, guess, confidence="guess")
    for one in found.wheels:
        yield _Line(name, f"wheels {_needs(one.row)}", one.row.relation.value, "", one.row.confidence, one.layer)


def _needs(row: "WheelRow") -> str:
    """Say what wheels need: `need unixodbc on linux-*`."""
    wanted = [*row.depends, *([f"one of {' / '.join(row.one_of)}"] if row.one_of else [])]
    place = "" if row.when == ("*",) else f" on {', '.join(row.when)}"
    limit = f" in {row.pypi_range}" if row.pypi_range else ""
    return f"need {', '.join(wanted) or 'what no package has'}{place}{limit}"


def _dependency_lines(found: "Dependency") -> Iterator[_Line]:
    for one in found.rows:
        for item in one.row.alternatives:
            specs = "; ".join(f"{key}: {', '.join(item.of(key))}" for key in ("build", "host", "run") if item.of(key))
            place = "" if item.when == ("*",) else f" on {', '.join(item.when)}"
            answer = f"{specs or 'nothing to install'}{place}"
            yield _Line(found.resolution.id, answer, one.row.relation.value, "", one.row.confidence, one.layer)
        if not one.row.alternatives:
            yield _Line(found.resolution.id, "not packaged", one.row.relation.value, "", one.row.confidence, one.layer)
    if not found.rows:
        yield _Line(found.resolution.id, "no row")


def _story_json(story: "ProjectStory | PackageStory | Dependency") -> dict[str, object]:
    from wheelbridge.api.mapping.dependencies import Dependency

    return story.explain_json() if isinstance(story, Dependency) else story.as_json()


def _tell(story: "ProjectStory | PackageStory | Dependency") -> Iterator[str]:
    from wheelbridge.api.mapping.explain import PackageStory, ProjectStory

    if isinstance(story, ProjectStory):
        yield from _tell_project(story)
    elif isinstance(story, PackageStory):
        yield from _tell_package(story)
    else:
        yield from _tell_dependency(story)


def _tell_project(story: "ProjectStory") -> Iterator[str]:
    for line in _lines(replace(story.found, wheels=())):
        if line.confidence != "guess":
            told = ", ".join(filter(None, (line.relation, line.role, line.confidence, line.layer)))
            yield f"{line.name} -> {line.answer}{f' ({told})' if told else ''}"
    yield f"  because {story.why}"
    if story.solver_name:
        yield f"  in a solve it is called {story.solver_name}"
    for word in story.layers:
        yield from _tell_layer(word)
    for one in story.wheels:
        yield from _tell_wheel(one, decides=one in story.found.wheels)
    yield from map(_tell_rule, story.rules)
    for advice in story.advice:
        yield f"  {advice}"


def _tell_layer(word: "LayerWord") -> Iterator[str]:
    said = word.said
    if said.row is None:
        yield f"  {said.layer}: says nothing"
        return
    mark = " <- decides" if said.decides else " (not asked any more)"
    silenced = f"; silenced: {said.rival} makes that package {word.rival_project}" if said.rival else ""
    yield f"  {said.layer}: {_describe(said.row)}{silenced}{mark}"
    yield from _account(said.row)


def _describe(row: "TableRow") -> str:
    if row.relation is None or row.confidence is None:
        return f"candidates {', '.join(row.alternatives)}"
    others = f"; seen as well: {', '.join(row.alternatives)}" if row.alternatives else ""
    return f"{row.conda or 'no counterpart'}, {row.relation.value}, {row.confidence.name.lower()}{others}"


def _account(row: "TableRow") -> Iterator[str]:
    told = {
        "specs": ", ".join(row.specs),
        "versions": row.pypi_range,
        "not": ", ".join(row.rejected),
        "reason": row.reason,
        "reviewed": row.reviewed,
    }
    yield from (f"    {key}: {text}" for key, text in told.items() if text)
    yield from (f"    evidence: {text}" for text in row.evidence)


def _tell_wheel(one: "LayeredWheelRow", *, decides: bool) -> Iterator[str]:
    row = one.row
    yield f"  {one.layer}: wheels {_needs(row)}{' <- counts' if decides else ' (not asked any more)'}"
    account = [("reason", row.reason), *(("evidence", text) for text in row.evidence), ("reviewed", row.reviewed)]
    yield from (f"    {key}: {text}" for key, text in account if text)


def _tell_rule(rule: "RuleAnswer") -> str:
    what = {"identity": "the same name", "conda-pypi": "conda-pypi's rule"}[rule.rule]
    if not rule.exact:
        return f"  {what} without its table (see --data): {rule.name}: {rule.text}"
    return f"  {'WARNING: ' if rule.is_wrong else ''}{what} would answer {rule.name}: {rule.text}"


def _tell_package(story: "PackageStory") -> Iterator[str]:
    for line in _lines(story.found):
        told = ", ".join(filter(None, (line.relation, line.role, line.confidence, line.layer)))
        yield f"{line.name} -> {line.answer}{f' ({told})' if told else ''}"
    yield f"  because {story.why}"
    for mention in story.mentions:
        kind = {"answer": "is its answer", "candidate": "is a candidate", "not": "is not it"}[mention.kind]
        mark = "" if mention.decides else " (not asked any more)"
        yield f"  {mention.layer}: pypi:{mention.row.pypi}: {story.found.subject.name} {kind}{mark}"
        if mention.row.reason:
            yield f"    reason: {mention.row.reason}"
    yield from map(_tell_rule, story.rules)
    for project in story.projects:
        yield from (f"  {line}" for line in _tell_project(project))


def _tell_dependency(story: "Dependency") -> Iterator[str]:
    for line in _dependency_lines(story):
        told = ", ".join(filter(None, (line.relation, line.confidence, line.layer)))
        yield f"{line.name} -> {line.answer}{f' ({told})' if told else ''}"
    yield f"  because {story.why}"
    if story.resolution.note:
        yield f"  {story.resolution.note}"
    for one in story.layers:
        mark = " <- decides" if one in story.rows else " (not asked any more)"
        yield f"  {one.layer}: {', '.join(item.name for item in one.row.alternatives) or 'not packaged'}{mark}"
        account = [("reason", one.row.reason), *(("evidence", text) for text in one.row.evidence)]
        yield from (f"    {key}: {text}" for key, text in [*account, ("reviewed", one.row.reviewed)] if text)
