"""Look-up of names through layers: the first layer that speaks of a name decides."""

from collections.abc import Iterator
from dataclasses import dataclass

from wheelbridge.mapping.lines import SortedLines, TableRow
from wheelbridge.mapping.rows import IDENTITIES, NameAnswer, NameRow
from wheelbridge.model.name import CondaName, NormalizedName


@dataclass(frozen=True, slots=True)
class Layer:
    """One source of rows, in both directions; *packages* may know names that *projects* does not speak of."""

    name: str
    projects: SortedLines
    packages: SortedLines

    def row(self, project: NormalizedName) -> TableRow | None:
        """Return what the layer says of *project*."""
        fields = self.projects.find(project)
        return None if fields is None else TableRow.parse(fields)

    def mentions(self, package: CondaName) -> tuple[NormalizedName, ...]:
        """Return the projects whose rows speak of *package*."""
        fields = self.packages.find(package)
        return () if fields is None else tuple(map(NormalizedName, fields[1].split()))

    def claims(self, package: CondaName) -> bool:
        """Tell whether some row makes *package* the identity of a project."""
        for project in self.mentions(package):
            row = self.row(project)
            if row is not None and _is_identity(row) and row.conda == package:
                return True
        return False


@dataclass(frozen=True, slots=True)
class LayeredNameTable:
    """The name tables as a `NameTable`: *layers* in order of precedence.

    A layer is silenced where a higher one speaks of the same project, or claims the package for another project: then
    the lower layer's package is a candidate only, so that no package is ever two projects.
    """

    layers: tuple[Layer, ...]

    def by_project(self, project: NormalizedName) -> NameAnswer:
        """Answer for a PyPI project: at most one row, or candidates."""
        for depth, layer in enumerate(self.layers):
            if (row := layer.row(project)) is not None:
                return self._answer(row, depth)
        return NameAnswer()

    def by_conda(self, name: CondaName) -> NameAnswer:
        """Answer for a conda package: the project that it is, and those that it might be."""
        answers = [(project, self.by_project(project)) for project in self._mentions(name)]
        rows = (answer.identity for _, answer in answers)
        return NameAnswer(
            rows=tuple(row for row in rows if row is not None and row.conda == name),
            ambiguous=tuple(project for project, answer in answers if name in answer.ambiguous),
        )

    def is_conda_name(self, name: str) -> bool:
        """Tell whether some layer knows a conda package called *name*."""
        return any(layer.packages.find(name) is not None for layer in self.layers)

    def rows(self) -> Iterator[NameRow]:
        """Return every row that answers, sorted by project: for bulk work."""
        projects = {NormalizedName(fields[0]) for layer in self.layers for fields in layer.projects}
        return (row for project in sorted(projects) for row in self.by_project(project).rows)

    def _answer(self, row: TableRow, depth: int) -> NameAnswer:
        taken = row.conda and _is_identity(row) and any(layer.claims(row.conda) for layer in self.layers[:depth])
        if taken or row.relation is None or row.confidence is None:
            return NameAnswer(ambiguous=row.packages)
        answer = NameRow(
            pypi=row.pypi,
            conda=row.conda,
            relation=row.relation,
            confidence=row.confidence,
            layer=self.layers[depth].name,
            reason=row.reason,
        )
        return NameAnswer(rows=(answer,))

    def _mentions(self, name: CondaName) -> list[NormalizedName]:
        return list(dict.fromkeys(project for layer in self.layers for project in layer.mentions(name)))


def _is_identity(row: TableRow) -> bool:
    return row.relation in IDENTITIES
