"""Look-up of names through layers: the first layer that speaks of a name decides."""

from collections.abc import Iterator
from dataclasses import dataclass

from wheelbridge.mapping.lines import SortedLines, TableRow
from wheelbridge.mapping.rows import NameAnswer, NameRow
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

    def claims(self, package: CondaName, *, other_than: NormalizedName) -> bool:
        """Tell whether some row makes *package* the identity of another project."""
        others = (project for project in self.mentions(package) if project != other_than)
        rows = (row for project in others if (row := self.row(project)) is not None)
        return any(row.is_identity and row.conda == package for row in rows)


@dataclass(frozen=True, slots=True)
class LayerAnswer:
    """What one layer says of a project.

    Attributes:
        row: None where it says nothing.
        decides: no layer above it says anything.
        rival: the layer above that makes the row's package another project's, so that the row is no answer.
    """

    layer: str
    row: TableRow | None
    decides: bool
    rival: str | None = None


@dataclass(frozen=True, slots=True)
class LayeredNameTable:
    """The name tables as a `NameTable`: *layers* in order of precedence.

    A layer is silenced where a higher one speaks of the same project, or claims the package for another project: then
    the lower layer's package is a candidate only, so that no package is ever two projects. What the layers in *known*
    know counts as known, though they do not answer.
    """

    layers: tuple[Layer, ...]
    known: tuple[Layer, ...] = ()

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
        return any(layer.packages.find(name) is not None for layer in (*self.layers, *self.known))

    def trace(self, project: NormalizedName) -> Iterator[LayerAnswer]:
        """Yield what every layer says of *project*, in order: the first one with a row decides."""
        decided = False
        for depth, layer in enumerate(self.layers):
            row = layer.row(project)
            rival = self._rival(row, depth) if row else None
            yield LayerAnswer(layer.name, row, decides=row is not None and not decided, rival=rival)
            decided |= row is not None

    def rows(self) -> Iterator[NameRow]:
        """Return every row that answers, sorted by project: for bulk work."""
        projects = {NormalizedName(fields[0]) for layer in self.layers for fields in layer.projects}
        return (row for project in sorted(projects) for row in self.by_project(project).rows)

    def _answer(self, row: TableRow, depth: int) -> NameAnswer:
        if row.relation is None or row.confidence is None or self._rival(row, depth):
            return NameAnswer(ambiguous=row.packages)
        answer = NameRow(
            pypi=row.pypi,
            conda=row.conda,
            relation=row.relation,
            confidence=row.confidence,
            layer=self.layers[depth].name,
            reason=row.reason,
            specs=row.specs,
            pypi_range=row.pypi_range,
            rejected=row.rejected,
            evidence=row.evidence,
            reviewed=row.reviewed,
        )
        return NameAnswer(rows=(answer,))

    def _rival(self, row: TableRow, depth: int) -> str | None:
        """Return the layer above that makes the package of an identity another project's."""
        if not row.is_identity or row.conda is None:
            return None
        return next((layer.name for layer in self.layers[:depth] if layer.claims(row.conda, other_than=row.pypi)), None)

    def _mentions(self, name: CondaName) -> list[NormalizedName]:
        return list(dict.fromkeys(project for layer in self.layers for project in layer.mentions(name)))
