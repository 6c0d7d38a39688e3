"""From what conda asks of a solver to an answer; everything here may be slow to import."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from conda.base.context import context
from conda.models.channel import Channel
from conda.models.match_spec import MatchSpec
from conda.models.records import PackageRecord
from rattler import MatchSpec as RattlerSpec

from wheelbridge.api.installing import Prepared, conclude
from wheelbridge.api.life.site import Site, look_at
from wheelbridge.api.life.update_requests import bounds
from wheelbridge.api.solving import Settings, Silent
from wheelbridge.api.specs import Request
from wheelbridge.conda_plugin.solver.asking import read_asked
from wheelbridge.conda_plugin.solver.changes import Manner, Solved, solve_change
from wheelbridge.conda_plugin.solver.records import PIP, final_records
from wheelbridge.conda_plugin.solver.settings import read_settings
from wheelbridge.errors import WheelbridgeError
from wheelbridge.installer.history import conda_spec, merge_specs, spec_name
from wheelbridge.installer.journal import JOURNAL
from wheelbridge.installer.prefix import hold_prefix
from wheelbridge.model.distribution import DistributionFile


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What conda asks: *specs* of the environment at *prefix*, over *channels*, in a *manner*."""

    prefix: Path
    channels: tuple[str | Channel, ...]
    subdirs: tuple[str, ...]
    specs: tuple[MatchSpec, ...]
    manner: Manner


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the environment becomes, and what conda is to write down.

    Attributes:
        asked: what its history is to have of this request: names are the solver's, and no spec names an index, since
            none of conda's solvers would find one of that name again.
        outgrown: earlier requests that no longer hold; conda calls them neutered.
        notes: what a person should know.
    """

    site: Site
    prepared: Prepared
    asked: frozenset[MatchSpec]
    outgrown: tuple[MatchSpec, ...]
    notes: tuple[str, ...]

    @property
    def settings(self) -> Settings:
        """By which it was solved."""
        return self.site.settings

    @property
    def files(self) -> dict[str, tuple[str, DistributionFile]]:
        """URL -> index and file of the wheels that come from one."""
        packages = self.prepared.solution.packages
        return {package.url: (package.source, package.file) for package in packages if package.file}

    @property
    def requested(self) -> tuple[str, ...]:
        """What is asked for, now and before, with extras."""
        return (*self.prepared.solution.specs, *self.site.requested.values())

    def records(self, installed: Mapping[str, PackageRecord]) -> list[PackageRecord]:
        """Return all packages; those that stay are the *installed* ones."""
        return final_records(self.prepared, installed)


def answer(question: Question) -> Answer:
    """Solve.

    Raises:
        WheelbridgeError: if there is no answer.
    """
    _mend(question.prefix)
    settings, told = read_settings(question.channels, question.subdirs, question.manner.modifiers)
    asked = read_asked(question.specs, settings.sources)
    site = look_at(question.prefix, replace(settings, routes=(*asked.routes, *settings.routes)))
    solved = solve_change(site, asked.request, question.manner, Silent())
    if _lacks_pip(site, solved, question.manner):
        solved = _with_pip(site, asked.request, question.manner) or solved
    request, standing, solution = solved
    prepared = conclude(site, request, solution, standing)
    clashes = (clash.message for clash in prepared.warnings)
    return Answer(
        site=site,
        prepared=prepared,
        asked=_asked(question.specs, prepared),
        outgrown=_outgrown(site, prepared),
        notes=(*told, *solution.notes, *clashes),
    )


def _mend(prefix: Path) -> None:
    """Put right what an interrupted transaction of ours left behind: conda does not know of it."""
    if (prefix / "conda-meta" / JOURNAL).exists() and not context.dry_run:
        with hold_prefix(prefix):
            pass


def _lacks_pip(site: Site, solved: Solved, manner: Manner) -> bool:
    """Tell whether a python comes, and conda is to bring pip with it (``add_pip_as_python_dependency``)."""
    names = {package.name for package in solved[2].packages}
    fresh = "python" in names and (manner.prune or "python" not in site.records)
    return fresh and PIP not in names and bool(context.add_pip_as_python_dependency) and manner.deps.name == "NOT_SET"


def _with_pip(site: Site, asked: Request, manner: Manner) -> Solved | None:
    """Solve once more, with pip; None where nobody has it: conda would refuse, and python needs none."""
    try:
        request, standing, solution = solve_change(site, replace(asked, specs=(*asked.specs, PIP)), manner, Silent())
    except WheelbridgeError:
        return None
    specs = tuple(spec for spec in solution.specs if spec_name(spec) != PIP)
    return request, standing, replace(solution, specs=specs)


def _asked(specs: Iterable[MatchSpec], prepared: Prepared) -> frozenset[MatchSpec]:
    """Return what was asked for now: of conda packages in conda's words, of wheels by the names that they have here."""
    solution = prepared.solution
    kinds = {package.name: package.kind for package in solution.packages}
    said = frozenset(spec for spec in specs if kinds.get(spec.name) == "conda")
    others = kinds.keys() - {spec.name for spec in said}
    answered = [text for text in solution.specs if text not in solution.loosened and spec_name(text) in others]
    return said | {MatchSpec(conda_spec(spec)) for spec in merge_specs(map(RattlerSpec, answered))}


def _outgrown(site: Site, prepared: Prepared) -> tuple[MatchSpec, ...]:
    """Return the names of what was asked for earlier in bounds that it has left."""
    chosen = {package.name: package.record for package in prepared.solution.packages}
    now = set(map(spec_name, prepared.solution.specs)) - set(map(spec_name, prepared.solution.loosened))
    return tuple(
        MatchSpec(name)
        for name, spec in site.requested.items()
        if name in chosen and name not in now and not bounds(spec).matches(chosen[name])
    )
