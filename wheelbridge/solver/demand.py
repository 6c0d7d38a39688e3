"""What is asked of the indexes: it only ever grows, so that the order of answers decides nothing."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName

from wheelbridge.mapping.rows import NameRow, Relation
from wheelbridge.model.name import CondaName
from wheelbridge.solver.names import SolverNames
from wheelbridge.translate.requirement import RequirementTranslation

FIRST_WINDOW = 1
"""How many versions of a project are offered at first, for each specifier seen."""
_WIDENING = 4


@dataclass
class Demand:
    """What has been asked of the indexes so far, by the user and by wheels.

    Attributes:
        names: decides solver names, and remembers which projects were asked for.
        direct: projects that the user asked for with a specifier that names a pre-release.
        wished: projects that the user asked for.
        stood_for: conda package -> a project that was asked for and that it may stand for.
        changed: projects of which more is asked than has been answered.
        opened: projects that an index is asked for although a channel above it has them: what that has does not fit.
        limits: project -> the versions that may be installed at all, where the user limits them.
        prereleases: pre-releases are as good as other releases.
    """

    names: SolverNames
    direct: set[NormalizedName] = field(default_factory=set)
    wished: set[NormalizedName] = field(default_factory=set)
    stood_for: dict[CondaName, NormalizedName] = field(default_factory=dict)
    changed: set[NormalizedName] = field(default_factory=set)
    opened: set[NormalizedName] = field(default_factory=set)
    limits: dict[NormalizedName, SpecifierSet] = field(default_factory=dict)
    prereleases: bool = False
    _specifiers: dict[NormalizedName, dict[str, SpecifierSet]] = field(default_factory=dict)
    _extras: dict[NormalizedName, set[str]] = field(default_factory=dict)
    _windows: dict[NormalizedName, int] = field(default_factory=dict)

    def add(self, requirement: RequirementTranslation, *, direct: bool = False) -> None:
        """Remember what a requirement that holds asks for."""
        project = requirement.project
        specifiers, extras = self._specifiers.setdefault(project, {}), self._extras.setdefault(project, set())
        text = str(requirement.specifier)
        if text not in specifiers or not extras.issuperset(requirement.extras):
            self.names.ask(project)
            if (row := self.names.stand_in(project)) and row.conda:
                self.stood_for[row.conda] = project
            specifiers[text] = requirement.specifier
            extras.update(requirement.extras)
            self.changed.add(project)
        if direct:
            self.wished.add(project)
            if requirement.specifier.prereleases:
                self.direct.add(project)

    def add_extras(self, project: NormalizedName, extras: Collection[str]) -> None:
        """Remember that *extras* are asked of *project*."""
        known = self._extras.setdefault(project, set())
        if not known.issuperset(extras):
            known.update(extras)
            self.changed.add(project)

    def extras_of(self, project: NormalizedName) -> frozenset[str]:
        """Return the extras asked of *project*."""
        return frozenset(self._extras.get(project, ()))

    def follow(self, project: NormalizedName, requirements: Iterable[RequirementTranslation]) -> None:
        """Remember what a wheel of *project* asks for, with the extras that are asked of it."""
        extras = self.extras_of(project)
        for requirement in requirements:
            if requirement.base or any(extra in requirement.groups for extra in extras):
                self.add(requirement)

    def serve(self, project: NormalizedName) -> None:
        """Let indexes answer for *project* although nobody asked for it: a row maps it to what is wanted."""
        self.names.ask(project)
        self.changed.add(project)

    def stand_in(self, project: NormalizedName) -> NameRow | None:
        """Return the row that lets conda packages stand for *project*.

        Where they do not carry its distribution, only the user may be content with them: a wheel that needs it would
        not find it.
        """
        row = self.names.stand_in(project)
        return row if row and (row.relation is Relation.DIST or project in self.wished) else None

    @property
    def asked(self) -> set[NormalizedName]:
        """The projects that anybody asked for."""
        return set(self._specifiers)

    def open(self, project: NormalizedName) -> None:
        """Let every index be asked for *project*."""
        if project not in self.opened:
            self.opened.add(project)
            self.changed.add(project)

    def specifiers_of(self, project: NormalizedName) -> list[SpecifierSet]:
        """Return the specifiers seen for *project*; one that allows all where there are none."""
        seen = list(self._specifiers.get(project, {}).values()) or [SpecifierSet()]
        if project in self.limits:
            seen = [one & self.limits[project] for one in seen]
        return [SpecifierSet(str(one), prereleases=True) for one in seen] if self.prereleases else seen

    def window_of(self, project: NormalizedName) -> int:
        """Return how many versions to offer for each specifier of *project*."""
        return self._windows.get(project, FIRST_WINDOW)

    def widen(self, project: NormalizedName) -> None:
        """Offer more versions of *project* from now on."""
        self._windows[project] = self.window_of(project) * _WIDENING
        self.changed.add(project)
