"""What a session gives way in, a step at a time, when the solver finds no way."""

import re
from collections.abc import Collection, Mapping

from packaging.utils import NormalizedName
from rattler import MatchSpec

from wheelbridge.model.name import CondaName
from wheelbridge.model.record import WHEEL_FLAG
from wheelbridge.model.target import Target
from wheelbridge.solver.demand import Demand
from wheelbridge.solver.errors import UNSPOKEN
from wheelbridge.solver.owners import Owners
from wheelbridge.solver.problem import Problem
from wheelbridge.solver.request import Request, read_replaced
from wheelbridge.translate.requirement import translate_requirement

_NAME = re.compile(r"[a-z0-9_][a-z0-9._-]*")


class Concessions:
    """The specs of a session, and what may change about them and about what the indexes offer.

    In this order: other versions of wheels of which another variant is wanted; what is there; how it was asked for
    earlier; more of what the indexes have.

    Attributes:
        hard: specs that the solver lost on its way and gets once more.
        loosened: earlier spec -> what became of it.
    """

    def __init__(
        self,
        problem: Problem,
        request: Request,
        demand: Demand,
        owners: Owners,
        installed: Mapping[NormalizedName, CondaName],
    ) -> None:
        self.hard: list[str] = []
        self.loosened: dict[str, str] = {}
        self._target: Target = problem.target
        self._present = set(problem.standing.present)
        self._request = request
        self._demand = demand
        self._owners = owners
        self._installed = installed
        self._replaced: dict[NormalizedName, str] = {}
        for record in problem.standing.replaced:
            replaced = read_replaced(record, problem.standing.kept, demand.names)
            demand.add(replaced)
            demand.open(replaced.project)
            self._replaced[replaced.project] = (
                f'{record.name.normalized}[version="=={record.version}",flags=[{WHEEL_FLAG}]]'
            )

    @property
    def specs(self) -> list[str]:
        """What the solver is asked for: earlier requests, this one, and what is there."""
        named = [self.loosened.get(spec, spec) for spec in self._request.kept]
        asked = {spec_name(spec) for spec in (*named, *self._request.specs)}
        return [*named, *self._request.specs, *self.hard, *sorted(self._present - asked)]

    @property
    def constraints(self) -> list[str]:
        """What holds for as long as nothing speaks against it: a replaced wheel stays a wheel of its version."""
        return list(self._replaced.values())

    async def make(self, conflict: str) -> bool:
        """Give way in something that *conflict* names; False when there is nothing left."""
        if self._open_replaced(self._named(conflict)) or self._loosen(conflict) or await self._widen(conflict):
            return True
        return self._open_replaced({self._demand.names(project) for project in self._replaced})

    def _named(self, conflict: str) -> set[str]:
        """Return the names that take part in a conflict: all there are, if the solver could not say."""
        return set(map(spec_name, self.specs)) if conflict == UNSPOKEN else _names(conflict)

    def _open_replaced(self, names: Collection[str]) -> bool:
        """Offer other versions of installed wheels of which another variant is wanted, where theirs does not fit."""
        blocking = [project for project in self._replaced if self._demand.names(project) in names]
        for project in blocking:
            del self._replaced[project]
            self._demand.add(translate_requirement(project, self._target, self._demand.names))
        return bool(blocking)

    def _loosen(self, conflict: str) -> bool:
        """Let go of what is there, then of how it was asked for earlier, where the conflict names it."""
        names = self._named(conflict)
        if blocking := self._present & names:
            self._present -= blocking
            return True
        kept = {spec: name for spec in self._request.kept if (name := spec_name(spec)) in names and spec != name}
        tight = {spec: name for spec, name in kept.items() if spec not in self.loosened}
        self.loosened.update(tight)
        return bool(tight)

    async def _widen(self, conflict: str) -> bool:
        """Offer more of what the conflict names, else of anything; False when everything was offered.

        The solver's text leaves out what it said before, so that a culprit may go without its name.
        """
        names = self._named(conflict)
        named = {project for name in names if (project := self._demand.names.asked_project(name))}
        for projects in (named, self._demand.asked - named):
            for project in sorted(projects):
                await self._offer_more(project)
            if self._demand.changed:
                return True
        if self._owners.wheels:
            self._serve_more(names)
        return bool(self._demand.changed)

    async def _offer_more(self, project: NormalizedName) -> None:
        """Offer older versions of *project*; once there are none, ask the indexes that a source above holds back."""
        specifiers, window = self._demand.specifiers_of(project), self._demand.window_of(project)
        asked = await self._owners.indexes(project)
        offers = [offer for source in asked if (offer := await source.offer(project))]
        if any(not offer.exhausted(specifiers, window) for offer in offers):
            self._demand.widen(project)
        elif project not in self._demand.opened and self._owners.holds_back(project):
            self._demand.open(project)

    def _serve_more(self, names: Collection[str]) -> None:
        """Let the indexes answer for installed wheels that the conflict names, and for conda packages that rows map."""
        installed = {name: project for project, name in self._installed.items()}
        for name in names:
            project = installed.get(CondaName(name)) or self._demand.names.mapped_project(name)
            if project and not self._demand.names.asked_project(name):
                self._demand.serve(project)
                self._demand.open(project)


def spec_name(spec: str) -> str:
    """Return the name that a MatchSpec is about."""
    return MatchSpec(spec).name.normalized or ""


def _names(text: str) -> set[str]:
    return {name.rstrip(".") for name in _NAME.findall(text)}
