"""Requirements of a project on itself, such as ``project[all]``: what its extras need, in their place."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import NormalizedName, canonicalize_name

from wheelbridge.environment.errors import InvalidEnvironmentFileError
from wheelbridge.environment.manifest import Stated


@dataclass(frozen=True, slots=True)
class Project:
    """What a ``pyproject.toml`` says of its project.

    Attributes:
        name: normalized; None where there is no ``[project]``.
        version: None where it is dynamic.
        extras: extra, normalized -> its requirements.
        is_dynamic: the build backend makes the extras.
    """

    name: NormalizedName | None
    version: str | None
    extras: Mapping[NormalizedName, tuple[Stated, ...]]
    is_dynamic: bool = False


def expand_itself(asked: Iterable[Stated], project: Project) -> Iterator[Stated]:
    """Yield what is *asked*; in the place of extras of *project* what they need, under the marker they stand under.

    >>> extras = {canonicalize_name("cli"): (Stated("rich", "p"),)}
    >>> project = Project(canonicalize_name("tool"), "1.0", extras)
    >>> [one.text for one in expand_itself([Stated("tool[cli]; os_name == 'nt'", "p")], project)]
    ['rich; os_name == "nt"']

    Raises:
        InvalidEnvironmentFileError: if an extra is not there, or a version of the project is asked for that it has not.
    """
    yield from _expand(asked, project, None, frozenset())


def names_itself(asked: Iterable[Stated], project: Project) -> bool:
    """Tell whether *project* is among what is *asked*."""
    found = [requirement for stated in asked if (requirement := _parse(stated.text))]
    return any(canonicalize_name(requirement.name) == project.name for requirement in found)


def _expand(
    asked: Iterable[Stated], project: Project, marker: str | None, parents: frozenset[NormalizedName]
) -> Iterator[Stated]:
    for stated in asked:
        requirement = _parse(stated.text)
        if requirement is None:
            yield stated  # who reads it says what is wrong
            continue
        both = _both(marker, str(requirement.marker) if requirement.marker else None)
        if requirement.url or canonicalize_name(requirement.name) != project.name:
            yield _under(requirement, both, stated)
            continue
        _check(requirement, project, stated)
        for extra in sorted(map(canonicalize_name, requirement.extras)):
            if extra not in parents:  # what leads to itself needs no more than it needs anyway
                yield from _expand(project.extras[extra], project, both, parents | {extra})


def _parse(text: str) -> Requirement | None:
    try:
        return Requirement(text)
    except (InvalidRequirement, RecursionError):
        return None


def _both(first: str | None, second: str | None) -> str | None:
    if first and second:
        return f"({first}) and ({second})"
    return first or second


def _under(requirement: Requirement, marker: str | None, stated: Stated) -> Stated:
    """Return *stated* as it was written, but for a marker that it stands under."""
    if marker is None or (requirement.marker and marker == str(requirement.marker)):
        return stated
    requirement.marker = None
    return Stated(str(Requirement(f"{requirement} ; {marker}")), stated.place)


def _check(requirement: Requirement, project: Project, stated: Stated) -> None:
    if project.version and not requirement.specifier.contains(project.version, prereleases=True):
        reason = f"{stated.text!r} asks for another version than the project has, {project.version}"
        raise InvalidEnvironmentFileError(stated.place, "", reason, hint="Drop the version: it is this one.")
    for extra in map(canonicalize_name, requirement.extras):
        if extra not in project.extras:
            reason = f"{stated.text!r} asks for an extra that the file does not list: {extra}"
            hint = "The build backend makes the extras: ask for '-e .[extra]' in a requirements file."
            raise InvalidEnvironmentFileError(
                stated.place, "", reason, hint=hint if project.is_dynamic else "List it, or drop it."
            )
