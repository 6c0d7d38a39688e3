"""Why the tables answer as they do: every layer's word, who won, what was silenced, and how to decide otherwise."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from wheelbridge.api.mapping.answers import row_json
from wheelbridge.api.mapping.lookup import Found, Subject, look_up
from wheelbridge.api.mapping.rules import RuleAnswer, RuleTable, rules_for_package, rules_for_project
from wheelbridge.api.natives import LayeredWheelRow, NativeRows
from wheelbridge.mapping.lines import TableRow
from wheelbridge.mapping.lookup import Layer, LayerAnswer, LayeredNameTable
from wheelbridge.model.name import CondaName, NormalizedName, canonicalize_name
from wheelbridge.solver.names import SolverNames
from wheelbridge.translate.errors import NameNotExpressibleError


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerWord:
    """What one layer says of a project; *rival_project* has the package there, where a layer above gives it away."""

    said: LayerAnswer
    rival_project: NormalizedName | None = None

    def as_json(self) -> dict[str, object]:
        """Return the fields as JSON has them."""
        return {
            "layer": self.said.layer,
            "row": row_json(self.said.row) if self.said.row else None,
            "decides": self.said.decides,
            "rival": self.said.rival,
            "rival_project": self.rival_project,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectStory:
    """A project through all layers.

    Attributes:
        solver_name: what it is called in a solve; None where conda has no name for it.
        winner: the layer that decides; None where none speaks of it.
        why: one sentence.
        advice: what to do where nobody decided.
        wheels: every layer's rows of what its wheels need; those that count are the ones of *found*.
    """

    found: Found
    layers: tuple[LayerWord, ...]
    rules: tuple[RuleAnswer, ...]
    solver_name: str | None
    winner: str | None
    why: str
    advice: tuple[str, ...]
    wheels: tuple[LayeredWheelRow, ...] = ()

    def as_json(self) -> dict[str, object]:
        """Return the fields as JSON has them."""
        return {
            **self.found.as_json(),
            "solver_name": self.solver_name,
            "winner": self.winner,
            "why": self.why,
            "layers": [word.as_json() for word in self.layers],
            "rules": [rule.as_json() for rule in self.rules],
            "advice": list(self.advice),
            "wheels": [{**one.as_json(), "decides": one in self.found.wheels} for one in self.wheels],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """A row of *layer* that speaks of a package: as its ``answer``, as a ``candidate``, or to say it is ``not`` it."""

    layer: str
    row: TableRow
    kind: Literal["answer", "candidate", "not"]
    decides: bool

    def as_json(self) -> dict[str, object]:
        """Return the fields as JSON has them."""
        return {"layer": self.layer, "as": self.kind, "decides": self.decides, "row": row_json(self.row)}


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageStory:
    """A conda package through all layers; *projects* are those that it is, or might be."""

    found: Found
    mentions: tuple[Mention, ...]
    rules: tuple[RuleAnswer, ...]
    why: str
    projects: tuple[ProjectStory, ...]

    def as_json(self) -> dict[str, object]:
        """Return the fields as JSON has them."""
        return {
            **self.found.as_json(),
            "why": self.why,
            "mentions": [mention.as_json() for mention in self.mentions],
            "rules": [rule.as_json() for rule in self.rules],
            "projects": [story.as_json() for story in self.projects],
        }


def explain(
    subject: Subject, table: LayeredNameTable, known: RuleTable | None = None, natives: NativeRows | None = None
) -> ProjectStory | PackageStory:
    """Say why *table* answers as it does for a project or a package.

    *known* is conda-pypi's table; with *natives*, also what wheels of a project need is told.
    """
    if subject.world == "conda":
        return _explain_package(subject, table, known, natives)
    return _explain_project(subject, table, known, natives)


def _explain_project(
    subject: Subject, table: LayeredNameTable, known: RuleTable | None, natives: NativeRows | None
) -> ProjectStory:
    project = canonicalize_name(subject.name)
    words = tuple(_words(project, table))
    found = look_up(subject, table, natives=natives, guess=True)
    winner = next((word for word in words if word.said.decides), None)
    return ProjectStory(
        found=found,
        layers=words,
        rules=tuple(rules_for_project(project, table, known)),
        solver_name=_solver_name(project, table),
        winner=winner.said.layer if winner else None,
        why=_why(winner) if winner else "no layer speaks of it",
        advice=tuple(_advise(project, found)),
        wheels=tuple(row for layer in natives.layers(project) for row in layer) if natives else (),
    )


def _words(project: NormalizedName, table: LayeredNameTable) -> Iterator[LayerWord]:
    for depth, said in enumerate(table.trace(project)):
        rival = _rival_project(said.row, table.layers[:depth]) if said.row and said.rival else None
        yield LayerWord(said=said, rival_project=rival)


def _rival_project(row: TableRow, above: tuple[Layer, ...]) -> NormalizedName | None:
    for layer in above:
        for project in layer.mentions(row.conda) if row.conda else ():
            other = layer.row(project)
            if other and other.is_identity and other.conda == row.conda:
                return project
    return None


def _solver_name(project: NormalizedName, table: LayeredNameTable) -> str | None:
    try:
        return SolverNames(table)(project)
    except NameNotExpressibleError:
        return None


def _why(winner: LayerWord) -> str:
    said, row = winner.said, winner.said.row
    if row is None or row.relation is None:
        return f"{said.layer} has candidates, and nobody decided between them"
    if said.rival:
        return (
            f"{said.layer} says {row.conda}, but {said.rival} makes that package the project {winner.rival_project}: "
            "no package is two projects"
        )
    if row.conda is None:
        return f"{said.layer}, the first layer that speaks of it, says that it has no counterpart"
    return f"{said.layer} is the first layer that speaks of it"


def _advise(project: NormalizedName, found: Found) -> Iterator[str]:
    answer = found.answer
    if answer.ambiguous:
        candidate = answer.ambiguous[0]
        yield f"To decide for yourself, put `{project}: {candidate}` (or null) into a file, and give it with --map."
        yield f"To say where it comes from, give --route pypi:{project}=SOURCE; undecided, only an index serves it."
        yield f"To decide for everybody: wheelbridge map add {project}."
    elif found.guesses:
        names = ", ".join(found.guesses)
        yield f"Called alike, and no more than a guess: {names}. Look before you put a row into a map."


def _explain_package(
    subject: Subject, table: LayeredNameTable, known: RuleTable | None, natives: NativeRows | None
) -> PackageStory:
    package = CondaName(subject.name)
    found = look_up(subject, table)
    mentions = tuple(_mentions(package, table))
    projects = (*(row.pypi for row in found.answer.rows), *found.answer.ambiguous)
    subjects = (Subject(f"pypi:{name}", "pypi", name) for name in projects)
    return PackageStory(
        found=found,
        mentions=mentions,
        rules=tuple(rules_for_package(package, table, known)),
        why=_why_package(found, mentions),
        projects=tuple(_explain_project(one, table, known, natives) for one in subjects),
    )


def _mentions(package: CondaName, table: LayeredNameTable) -> Iterator[Mention]:
    for depth, layer in enumerate(table.layers):
        spoken = [row for project in layer.mentions(package) if (row := layer.row(project))]
        for row in (*spoken, *_rejecting(package, layer)):
            decides = not any(above.row(row.pypi) for above in table.layers[:depth])
            yield Mention(layer=layer.name, row=row, kind=_kind(package, row), decides=decides)


def _kind(package: CondaName, row: TableRow) -> Literal["answer", "candidate", "not"]:
    if package in row.rejected:
        return "not"
    return "answer" if row.conda == package else "candidate"


def _rejecting(package: CondaName, layer: Layer) -> Iterator[TableRow]:
    """Yield the rows that say they are not *package*; most lines have nothing behind the first columns."""
    for fields in layer.projects:
        if any(package in text for text in fields[5:]):
            row = TableRow.parse(fields)
            if package in row.rejected and package not in row.packages:
                yield row


def _why_package(found: Found, mentions: tuple[Mention, ...]) -> str:
    if rows := found.answer.rows:
        return f"{rows[0].layer} makes it the project {rows[0].pypi}"
    if found.answer.ambiguous:
        return "it may be one of several, and nobody decided"
    acting = [mention.row.pypi for mention in mentions if mention.kind == "answer" and mention.decides]
    if acting:
        return f"it is no project itself; rows of {', '.join(acting)} speak of it"
    return "no project is this package" if found.known else "no layer knows a package of that name"
