"""Taking in a request: conda specs stay, requirements become MatchSpecs on solver names."""

import asyncio
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from rattler import MatchSpec, RepoDataRecord

from wheelbridge.errors import TranslationError
from wheelbridge.mapping.rows import NameTable
from wheelbridge.model.target import Target
from wheelbridge.solver.candidates import Offer
from wheelbridge.solver.errors import NoPythonError, NoWheelError, PackageNotFoundError, UndecidedLimitError
from wheelbridge.solver.owners import Owners
from wheelbridge.solver.problem import Problem
from wheelbridge.solver.records import wheel_project
from wheelbridge.solver.undecided import explain_absence
from wheelbridge.solver.wheels import Context
from wheelbridge.translate.requirement import (
    KnownVersions,
    Names,
    RequirementTranslation,
    parse_requirement,
    translate_requirement,
)
from wheelbridge.translate.wheel import WheelName

_FLAGS = re.compile(r"\s*\[\s*flags\s*=.*\]", re.DOTALL)
_ANYWHERE = Target(subdir="noarch")
_TYPO = 2
"""By how many letters two names may differ in length for one to be meant by the other."""


@dataclass(frozen=True, slots=True)
class Request:
    """What the solver is asked for, now and of old, and what the user should know of how it was understood.

    *limits* are MatchSpecs that hold for what is installed, and install nothing.
    """

    specs: tuple[str, ...]
    kept: tuple[str, ...]
    notes: tuple[str, ...]
    limits: tuple[str, ...] = ()


async def take_request(problem: Problem, table: NameTable, context: Context, owners: Owners) -> Request:
    """Read the specs and requirements of *problem* against what its sources have.

    A bare name that no channel has and that the tables know as a PyPI project is taken as such, with a note.

    Raises:
        PackageNotFoundError: if no source has a requested package.
        NoWheelError: if a requested project has source distributions only.
        NoPythonError: if wheels are wanted and no channel has a python for them.
    """
    taker = _Taker(problem, table, context, owners)
    limits = [spec for text in problem.limits for spec in await taker.take_limit(text)]
    requirements = [*problem.requirements, *await taker.take_specs()]
    if requirements and not context.pythons:
        there = "python" in owners.channels.names
        raise NoPythonError(
            "Wheels need a python, and no channel of this request has one that fits",
            hint="A channel has python: look at what the request, --exclude-newer, routes and claims say of it."
            if there
            else "Add a channel that has python, such as -c conda-forge.",
        )
    taken = await asyncio.gather(*map(taker.take_requirement, requirements), return_exceptions=True)
    for failure in filter(None, taken):  # of several, the first one as it was asked for, whoever answered first
        raise failure
    asked = (*taker.specs, *(spec for text in requirements for spec in taker.translations[text].base))
    names = {MatchSpec(spec).name.normalized for spec in asked}
    kept = tuple(spec for spec in problem.standing.kept if MatchSpec(spec).name.normalized not in names)
    return Request(asked, kept, tuple(taker.notes), tuple(limits))


def read_replaced(record: RepoDataRecord, kept: Iterable[str], names: Names) -> RequirementTranslation:
    """Return the requirement that an installed wheel be there in its version, with the extras it was asked for with."""
    try:
        version = str(WheelName.parse(record.file_name).version)
    except TranslationError:
        version = str(record.version)
    specs = (MatchSpec(spec) for spec in kept)
    extras = {extra for spec in specs if spec.name.normalized == record.name.normalized for extra in spec.extras or ()}
    asked = translate_requirement(f"{wheel_project(record.file_name)}[{','.join(sorted(extras))}]", _ANYWHERE, names)
    return replace(asked, specifier=SpecifierSet(f"==={version}"))


class _Taker:
    def __init__(self, problem: Problem, table: NameTable, context: Context, owners: Owners) -> None:
        self._problem = problem
        self._table = table
        self._context = context
        self._owners = owners
        self._channels = owners.channels
        self._locked = {record.name.normalized for record in (*problem.standing.locked, *problem.standing.replaced)}
        self.specs: list[str] = []
        self.notes: list[str] = []
        self.translations: dict[str, RequirementTranslation] = {}

    async def take_specs(self) -> list[str]:
        """Keep the conda specs; return the names that only the tables know, bare or with flags, as requirements."""
        requirements = []
        names = self._context.demand.names
        asked = {names(canonicalize_name(parse_requirement(text).name)) for text in self._problem.requirements}
        for spec in self._problem.specs:
            name = MatchSpec(spec).name.normalized or ""
            flags = spec.strip().removeprefix(name)
            if name.startswith("__") or name in self._channels.names or name in self._locked or name in asked:
                self.specs.append(spec)
            elif (not flags or _FLAGS.fullmatch(flags)) and self._is_of_index(name):
                self.notes.append(f"No channel has {name!r}; it is taken as the PyPI project of that name.")
                requirements.append(name)
                if flags:
                    self.specs.append(f"{names(canonicalize_name(name))}{flags}")
            else:
                raise await self._not_found(name)
        return requirements

    async def take_requirement(self, text: str) -> None:
        """Translate one requirement, exactly, and check that some source can meet it."""
        translation = await self._translate(text)
        self.translations[text] = translation
        if translation.base:
            self._context.demand.add(translation, direct=True)
        project = translation.project
        await self._owners.prepare(project)
        if not translation.base or translation.name in self._locked or self._owners.in_channels(project):
            return
        offers = await self._owners.offers(project, opened=False)
        if not offers:
            raise await self._not_found(translation.name, project)
        if project not in self._problem.builds and all(map(_has_no_wheel, offers.values())):
            offers = await self._owners.offers(project)
            if all(map(_has_no_wheel, offers.values())):
                raise NoWheelError(project)

    async def take_limit(self, text: str) -> tuple[str, ...]:
        """Translate what holds for a project if it is installed; versions beyond it are not even offered."""
        translation = await self._translate(text, wished=False)
        if any(MatchSpec(spec).condition for spec in translation.base):
            raise UndecidedLimitError(text)
        if translation.base:
            limits, project = self._context.demand.limits, translation.project
            limits[project] = limits.get(project, SpecifierSet()) & translation.specifier
        return translation.base

    async def _translate(self, text: str, *, wished: bool = True) -> RequirementTranslation:
        known = KnownVersions()
        target, names = self._problem.target, self._context.demand.names
        pythons = () if wished else sorted(self._context.pythons)
        translation = translate_requirement(text, target, names, pythons=pythons, known=known)
        if translation.base and wished:
            self._context.demand.wished.add(translation.project)
        if not known.wanted:
            return translation
        versions = {project: await self._context.versions_of(project) for project in known.wanted}
        return translate_requirement(text, target, names, pythons=pythons, known=KnownVersions(versions))

    def _is_of_index(self, name: str) -> bool:
        """Tell whether a bare *name* means a project: the tables know one, or an index alone may serve it."""
        tiers = self._owners.rule.tiers(name, name)
        routed = self._owners.rule.judge(name, name, lambda _: False).route is not None
        only_indexes = routed and all(source.kind == "index" for tier in tiers for source in tier)
        return bool(self._owners.wheels) and (only_indexes or self._is_known_project(name))

    def _is_known_project(self, name: str) -> bool:
        answer = self._table.by_project(canonicalize_name(name))
        return bool(answer.rows or answer.ambiguous)

    async def _not_found(self, name: str, project: str | None = None) -> PackageNotFoundError:
        """Say who was asked, by which rule, and who has it but was not to be asked."""
        ruling = self._owners.judge(name)
        asked = [source for tier in self._owners.rule.tiers(name, project) for source in tier]
        await self._owners.survey(name)
        having = [source.name for source in self._owners.known(name) if source not in asked]
        hint = tell_way_out(project or name, having) if having else self._suggest(project or name)
        return PackageNotFoundError(project or name, [source.name for source in asked], route=ruling.route, hint=hint)

    def _suggest(self, name: str) -> str | None:
        if known := explain_absence(name, self._context.demand.names, self._channels.names):
            return known
        close = get_close_matches(name, self._candidates(name), n=3, cutoff=0.8)
        if close:
            return f"Did you mean {' or '.join(close)}?"
        if not self._owners.wheels:
            return "Add an index, such as -i pypi."
        spec = next((spec for spec in self._problem.specs if MatchSpec(spec).name.normalized == name), None)
        return f"To ask an index, write pypi:{spec if _is_requirement(spec) else name}." if spec else None

    def _candidates(self, name: str) -> Sequence[str]:
        return [known for known in self._channels.names if abs(len(known) - len(name)) <= _TYPO]


def tell_way_out(name: str, having: Sequence[str]) -> str:
    """Say how sources that have *name*, and must not serve it, could.

    >>> tell_way_out("foo", ["corp"])
    'corp has it; to take it from there: --route foo=corp.'
    """
    have = f"{' and '.join(having)} {'have' if having[1:] else 'has'} it"
    return f"{have}; to take it from there: --route {name}={having[0]}."


def _has_no_wheel(offer: Offer) -> bool:
    """Tell whether all that an index has of a project are source distributions that nobody asked to build."""
    return offer.only_sdists and not offer.builds


def _is_requirement(spec: str) -> bool:
    try:
        Requirement(spec)
    except InvalidRequirement:
        return False
    return True
