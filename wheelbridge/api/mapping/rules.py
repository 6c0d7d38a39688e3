"""What simpler rules would have made of a name, and whether that is another package: shown, never used."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from wheelbridge.mapping.lookup import LayeredNameTable
from wheelbridge.mapping.rows import NameRow
from wheelbridge.model.name import CondaName, NormalizedName, canonicalize_name
from wheelbridge.tables.documents import UnreadableTableError, load_document

Verdict = Literal["same", "candidate", "other-relation", "another", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleAnswer:
    """What a rule answers for a name.

    Attributes:
        rule: ``identity``: the same name; ``conda-pypi``: the table of that tool, else the same name.
        name: the answer.
        exact: False: the rule's table was not at hand, and may have said something else.
        verdict: ``same`` as the tables; a ``candidate`` of an ambiguous name, or one that was seen to carry the
            project; ``other-relation``: the tables name it, and not as the project itself; ``another`` thing;
            ``unknown``: there is none of that name for all that is known.
        text: the verdict, for people.
    """

    rule: Literal["identity", "conda-pypi"]
    name: str
    exact: bool = True
    verdict: Verdict
    text: str

    @property
    def is_wrong(self) -> bool:
        """Whether the rule leads to another thing; without its table it is not known to."""
        return self.verdict == "another" and self.exact

    def as_json(self) -> dict[str, object]:
        """Return the fields as JSON has them."""
        return {
            "rule": self.rule,
            "name": self.name,
            "exact": self.exact,
            "verdict": self.verdict,
            "text": self.text,
        }


@dataclass(frozen=True, slots=True)
class RuleTable:
    """The table that conda-pypi goes by: regro's."""

    packages: Mapping[NormalizedName, str] = field(default_factory=dict)
    projects: Mapping[str, tuple[NormalizedName, ...]] = field(default_factory=dict)


def load_rule_table(folder: Path) -> RuleTable:
    """Read ``names/regro-grayskull.json`` out of the public tables in *folder*.

    Raises:
        MissingTableError: if it is not there.
        UnreadableTableError: if it has another form.
    """
    path = folder / "names" / "regro-grayskull.json"
    data = load_document(path)
    try:
        pairs = [(canonicalize_name(str(key)), str(value["conda_name"])) for key, value in data.items()]
    except (AttributeError, KeyError, TypeError) as error:
        raise UnreadableTableError(path, f"it is not regro's table ({error})") from None
    projects: dict[str, tuple[NormalizedName, ...]] = {}
    for project, package in pairs:
        projects[package] = (*projects.get(package, ()), project)
    return RuleTable(dict(pairs), projects)


def rules_for_project(
    project: NormalizedName, table: LayeredNameTable, known: RuleTable | None = None
) -> Iterator[RuleAnswer]:
    """Yield what the rules make of a project; *known* is conda-pypi's table, where it is at hand."""
    verdict, text = _judge_package(CondaName(project), project, table)
    yield RuleAnswer(rule="identity", name=project, verdict=verdict, text=text)
    name = known.packages.get(project, project) if known else project
    verdict, text = _judge_package(CondaName(name), project, table)
    yield RuleAnswer(rule="conda-pypi", name=name, exact=known is not None, verdict=verdict, text=text)


def rules_for_package(
    package: CondaName, table: LayeredNameTable, known: RuleTable | None = None
) -> Iterator[RuleAnswer]:
    """Yield what the rules make of a conda package; where conda-pypi's table has several projects, each of them."""
    same = canonicalize_name(package)
    verdict, text = _judge_project(same, package, table)
    yield RuleAnswer(rule="identity", name=same, verdict=verdict, text=text)
    for name in (known.projects.get(package) if known else None) or (same,):
        verdict, text = _judge_project(name, package, table)
        yield RuleAnswer(rule="conda-pypi", name=name, exact=known is not None, verdict=verdict, text=text)


def _judge_package(name: CondaName, project: NormalizedName, table: LayeredNameTable) -> tuple[Verdict, str]:
    """Compare *name*, which a rule takes for *project*, with what the tables know."""
    answer = table.by_project(project)
    if row := next((row for row in answer.rows if row.conda == name), None):
        return _judge_row(row)
    if not table.is_conda_name(name):
        return "unknown", "no conda package of that name is known"
    if owner := next((row.pypi for row in table.by_conda(name).rows), None):
        return "another", f"that package is the PyPI project {owner}"
    said = [(one.layer, one.row) for one in table.trace(project) if one.row]
    if layer := next((layer for layer, row in said if name in row.rejected), None):
        return "another", f"{layer} says that it is not the project"
    if any(name in row.packages for _, row in said):
        return "candidate", "it may carry the project, too" if answer.rows else "it may be, nobody decided"
    return "another", "nothing shows that it carries the project"


def _judge_project(name: NormalizedName, package: CondaName, table: LayeredNameTable) -> tuple[Verdict, str]:
    """Compare the project *name*, which a rule takes for *package*, with what the tables know."""
    answer = table.by_project(name)
    row = next(iter(answer.rows), None)
    if row and row.conda == package:
        return _judge_row(row)
    if package in answer.ambiguous:
        return "candidate", "it may be, nobody decided"
    if not table.is_conda_name(package):
        return "unknown", "no conda package of that name is known"
    if row:
        other = f"is conda's {row.conda}" if row.conda else "has no conda package"
        seen = any(said.row and package in said.row.packages for said in table.trace(name))
        carries = seen and package not in row.rejected
        return ("candidate" if carries else "another"), f"the PyPI project {other}{', perhaps this one, too' * carries}"
    if owner := next((row.pypi for row in table.by_conda(package).rows), None):
        return "another", f"the package is the PyPI project {owner}"
    return "unknown", "the tables do not tie the package to a PyPI project of that name"


def _judge_row(row: NameRow) -> tuple[Verdict, str]:
    """Judge a rule whose answer is the row's own."""
    if row.is_identity:
        return "same", "as the tables say"
    return "other-relation", f"the tables know it as {row.relation.value}, not as the project itself"
