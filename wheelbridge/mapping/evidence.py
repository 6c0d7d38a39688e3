"""Evidence about names: what public tables saw, as one value."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any

from wheelbridge.mapping.survey import Survey
from wheelbridge.model.name import CondaName, NormalizedName, canonicalize_name, is_conda_name

_GARBAGE = re.compile(r"[0-9a-f]{32,}|unknown|python")
_NEVER = frozenset({CondaName("python")})
_AFFIXES = ("python-", "py-", "py", "spacy-model-"), ("-python", "-py", "-base", "-core")
_BASE_SUFFIXES = ("-base", "-core")
_MOST_CONTESTED = 3
"""Dist-infos of one package; with more it is a bundle, and nobody's candidate."""
_NOTHING: Mapping[Any, Any] = MappingProxyType({})


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What is known of one channel, by who looked.

    Attributes:
        carried: conda name -> projects whose dist-info any build ever had (parselmouth); empty where builds were
            seen and had none. Never pruned, so old splits and vendored copies are in it.
        recipes: project -> conda name whose recipe builds the project's file (regro).
        exceptions: project -> conda name, as the people of grayskull wrote it.
        locked: conda name -> projects that lock files recorded; empty where they recorded that there is none.
            A name outside *carried* was guessed by the lock's writer.
        foreign: projects that share no version with the package that carries their dist-info (a survey of the index).
    """

    carried: Mapping[CondaName, frozenset[NormalizedName]]
    recipes: Mapping[NormalizedName, CondaName]
    exceptions: Mapping[NormalizedName, CondaName]
    locked: Mapping[CondaName, frozenset[NormalizedName]]
    foreign: frozenset[NormalizedName] = frozenset()

    @cached_property
    def packages(self) -> frozenset[CondaName]:
        """Every conda name that a source has seen in the channel."""
        return frozenset(self.carried) | frozenset(self.locked)

    @cached_property
    def projects(self) -> frozenset[NormalizedName]:
        """Every project that some source ties to a conda package."""
        return frozenset(self.recipes).union(self.exceptions, *self.carried.values())

    @cached_property
    def owners(self) -> Mapping[NormalizedName, tuple[CondaName, ...]]:
        """Project -> the conda packages that are it and nothing else, sorted."""
        owners: dict[NormalizedName, list[CondaName]] = defaultdict(list)
        for package in sorted(self.carried.keys() - _NEVER):
            if project := self.own_project(package):
                owners[project].append(package)
        return {project: tuple(packages) for project, packages in owners.items()}

    def own_project(self, package: CondaName) -> NormalizedName | None:
        """Return the one project that *package* is, or None: a bundle, or no Python distribution.

        Of several names, the recipe's project or the package's own name decides; the rest is vendored.
        """
        names = {name for name in self._current(package) if not is_garbage(name)}
        if len(names) < 2:  # noqa: PLR2004 -- one name or none needs no choice
            return next(iter(names), None)
        sources = names.intersection(self._recipe_projects.get(package, ()))
        if len(sources) == 1:
            return sources.pop()
        own = canonicalize_name(package)
        return own if own in names and not self._homeless(names - {own}, package) else None

    def contested(self, project: NormalizedName) -> tuple[CondaName, ...]:
        """Return the packages that carry *project* beside another one that no other package has: nobody knows which.

        Conda's ``iris`` carries ``iris`` and ``scitools-iris``, which it is; ``iris`` on PyPI is another thing.
        """
        return tuple(
            package
            for package in self._carriers.get(project, ())
            if self.own_project(package) is None
            and self._homeless(self._current(package) - {project}, package)
            and len(self._current(package)) <= _MOST_CONTESTED
        )

    def _homeless(self, projects: frozenset[NormalizedName] | set[NormalizedName], package: CondaName) -> bool:
        """Tell whether one of *projects* is carried by *package* alone."""
        return any(self._carriers.get(project, ()) == (package,) for project in projects if not is_garbage(project))

    @cached_property
    def _carriers(self) -> Mapping[NormalizedName, tuple[CondaName, ...]]:
        carriers: dict[NormalizedName, list[CondaName]] = defaultdict(list)
        for package in sorted(self.carried):
            for project in self._current(package):
                carriers[project].append(package)
        return {project: tuple(packages) for project, packages in carriers.items()}

    def is_locked_for(self, package: CondaName, project: NormalizedName) -> bool:
        """Tell whether lock files recorded *package* as *project*."""
        return project in self.locked.get(package, ())

    def carries_nothing(self, package: CondaName) -> bool:
        """Tell whether current builds of *package* are known to have no dist-info."""
        return not self._current(package) and package in self.packages

    def _current(self, package: CondaName) -> frozenset[NormalizedName]:
        carried = self.carried.get(package, frozenset())
        locked = self.locked.get(package)
        if locked is None:
            return carried
        return locked and (locked & carried or carried)

    @cached_property
    def _recipe_projects(self) -> Mapping[CondaName, frozenset[NormalizedName]]:
        projects: dict[CondaName, set[NormalizedName]] = defaultdict(set)
        for project, package in self.recipes.items():
            projects[package].add(project)
        return {package: frozenset(names) for package, names in projects.items()}


def parse_evidence(
    *,
    regro: Mapping[str, Mapping[str, str]] = _NOTHING,
    parselmouth: Mapping[str, list[str] | None] = _NOTHING,
    grayskull: Mapping[str, Mapping[str, str]] = _NOTHING,
    purls: Mapping[str, list[str]] = _NOTHING,
    bundlers: Mapping[CondaName, frozenset[NormalizedName]] = _NOTHING,
    survey: Survey | None = None,
) -> Evidence:
    """Read the four public tables, as their JSON or YAML is loaded, into one value; there may be less for a channel.

    Names that cannot be names are dropped: hashes out of file host addresses, ``unknown``, conda names against CEP 26;
    and what people know of *bundlers*, package -> projects that it carries without being them, is no evidence. With a
    *survey* of the index, what it did not find there is no project.
    """
    there = survey.present if survey else None
    return Evidence(
        carried=_without_foreign(_package_items(parselmouth), bundlers, there),
        recipes=_present(_project_items(regro, "conda_name"), there),
        exceptions=_present(_project_items(grayskull, "conda_forge"), there),
        locked=_without_foreign(_package_items(purls), bundlers, there),
        foreign=survey.foreign if survey else frozenset(),
    )


def is_garbage(project: str) -> bool:
    """Tell whether *project* is ``python`` or a known artefact: of broken metadata, of a file host's address.

    >>> is_garbage("unknown"), is_garbage("0164e082b29777fbc56c2373b68da93d23a29a04"), is_garbage("numpy")
    (True, True, False)
    """
    return _GARBAGE.fullmatch(project) is not None


def is_spelled_alike(project: NormalizedName, package: str) -> bool:
    """Tell whether the names differ in nothing but ``-``, ``_`` and ``.`` (PEP 503).

    >>> is_spelled_alike(canonicalize_name("ruamel.yaml"), "ruamel.yaml")
    True
    """
    return canonicalize_name(package) == project


def is_base_of(project: NormalizedName, package: str) -> bool:
    """Tell whether *package* is named as the bare half of a split *project*.

    >>> is_base_of(canonicalize_name("matplotlib"), "matplotlib-base")
    True
    """
    return canonicalize_name(package) in {project + suffix for suffix in _BASE_SUFFIXES}


def is_related(project: NormalizedName, package: str) -> bool:
    """Tell whether *package* is *project* but for the affixes that recipes add.

    A dist-info of an unrelated name is no evidence of the project: conda's ``nvidia-apex`` carries ``apex``, which on
    PyPI is something else.

    >>> is_related(canonicalize_name("lmdb"), "python-lmdb"), is_related(canonicalize_name("apex"), "nvidia-apex")
    (True, False)
    """
    plain = {canonicalize_name(package)}
    for _ in range(2):
        plain |= {name for known in plain for name in _without_affix(known)}
    return project in plain


def _without_affix(name: str) -> Iterator[NormalizedName]:
    prefixes, suffixes = _AFFIXES
    yield from (canonicalize_name(name.removeprefix(prefix)) for prefix in prefixes)
    yield from (canonicalize_name(name.removesuffix(suffix)) for suffix in suffixes)


def _without_foreign(
    items: Iterator[tuple[CondaName, frozenset[NormalizedName]]],
    bundlers: Mapping[CondaName, frozenset[NormalizedName]],
    there: frozenset[NormalizedName] | None,
) -> Mapping[CondaName, frozenset[NormalizedName]]:
    own = ((package, projects - bundlers.get(package, frozenset())) for package, projects in items)
    return {package: projects if there is None else projects & there for package, projects in own}


def _present(
    items: Iterator[tuple[NormalizedName, CondaName]], there: frozenset[NormalizedName] | None
) -> Mapping[NormalizedName, CondaName]:
    return {project: package for project, package in items if there is None or project in there}


def _package_items(
    table: Mapping[str, list[str] | None],
) -> Iterator[tuple[CondaName, frozenset[NormalizedName]]]:
    for name, projects in table.items():
        if is_conda_name(name):
            yield CondaName(name), frozenset(canonicalize_name(project) for project in projects or ())


def _project_items(table: Mapping[str, Mapping[str, str]], field: str) -> Iterator[tuple[NormalizedName, CondaName]]:
    for key, row in table.items():
        project, package = canonicalize_name(key), row.get(field, "")
        if is_conda_name(package) and not is_garbage(project) and package not in _NEVER:
            yield project, CondaName(package)
