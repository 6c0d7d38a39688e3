"""The wheels of a provider plugin, chosen and fetched by clients that keep to the bounds of their index.

pip keeps to none, and knows fewer places of logins: so it is given the files, and asks no network.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from operator import itemgetter
from pathlib import Path
from platform import python_version

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.tags import sys_tags  # noqa: TID251 - a plugin runs on this interpreter, and for this machine alone
from packaging.utils import BuildTag, InvalidWheelFilename, NormalizedName, canonicalize_name, parse_wheel_filename
from packaging.version import Version

from wheelbridge.api.provider_errors import ProviderFailedError
from wheelbridge.index.errors import ProjectNotFoundError
from wheelbridge.index.protocol import Index
from wheelbridge.model.distribution import CoreMetadata, DistributionFile

_Rank = tuple[Version, int, BuildTag]


@dataclass(frozen=True, slots=True)
class _Found:
    """A wheel, where it is, and what it says of itself."""

    index: Index
    file: DistributionFile
    metadata: CoreMetadata


class _UnmetError(Exception):
    """There is no wheel for a requirement."""


def fetch_wheels(requires: Sequence[str], indexes: Sequence[Index], folder: Path) -> None:
    """Put the wheels that meet *requires*, with all that they require, into *folder*.

    The newest one that this Python runs is taken, as long as nothing speaks against it: who installs them sees whether
    they fit together.

    Raises:
        ProviderFailedError: if there is none of a project.
        BreachError: if an index leads where it may not.
        WheelbridgeError: if an index cannot be used.
    """
    try:
        chosen = _choose(map(Requirement, requires), indexes)
    except _UnmetError as error:
        hint = "The indexes have to have it, and what it requires, as wheels for this Python."
        raise ProviderFailedError(
            ", ".join(requires), "could not be installed", output=[str(error)], hint=hint
        ) from None
    for found in chosen:
        found.index.download(found.file, folder)


def _choose(requires: Iterable[Requirement], indexes: Sequence[Index]) -> list[_Found]:
    limits: dict[NormalizedName, SpecifierSet] = {}
    extras: dict[NormalizedName, frozenset[str]] = {}
    chosen: dict[NormalizedName, _Found] = {}
    read: set[tuple[str, frozenset[str]]] = set()
    pending = deque(item for item in requires if _holds(item, frozenset()))
    while pending:
        wanted = pending.popleft()
        name = canonicalize_name(wanted.name)
        limits[name] = limits.get(name, SpecifierSet()) & wanted.specifier
        extras[name] = extras.get(name, frozenset()) | wanted.extras
        found = chosen[name] = _find(name, limits[name], indexes)
        if (found.file.filename, extras[name]) not in read:
            read.add((found.file.filename, extras[name]))
            pending.extend(_needs(found, extras[name]))
    return list(chosen.values())


def _needs(found: _Found, extras: frozenset[str]) -> Iterator[Requirement]:
    filename = found.file.filename
    for text in found.metadata.requires_dist:
        try:
            requirement = Requirement(text)
        except InvalidRequirement as error:
            raise _UnmetError(f"{filename} requires {text!r}, which cannot be read") from error
        if _holds(requirement, extras):
            if requirement.url is not None:
                raise _UnmetError(f"{filename} requires {requirement.name} from a URL, and not from an index")
            yield requirement


def _holds(requirement: Requirement, extras: frozenset[str]) -> bool:
    marker = requirement.marker
    return marker is None or any(marker.evaluate({"extra": extra}) for extra in extras or {""})


def _find(name: NormalizedName, limits: SpecifierSet, indexes: Sequence[Index]) -> _Found:
    """Return the best wheel of the first index that has the project: as pip, the newest one, then the nearest tag."""
    for index in indexes:
        try:
            files = index.project_page(name).files
        except ProjectNotFoundError:
            continue
        ranked = [(rank, file) for file in files if file.yanked is None and (rank := _rank(file))]
        versions = {rank[0] for rank, _ in ranked}
        admitted = set(limits.filter(versions))
        for rank, file in sorted(ranked, key=itemgetter(0), reverse=True):
            if rank[0] in admitted and _runs(metadata := index.core_metadata(file)):
                return _Found(index, file, metadata)
        known = ", ".join(map(str, sorted(versions))) or "none"
        raise _UnmetError(f"no wheel of {name}{limits} runs on this Python (from versions: {known})")
    raise _UnmetError(f"no index has {name}")


def _rank(file: DistributionFile) -> _Rank | None:
    """Return what to sort wheels by, the best last; None where this Python does not run it."""
    try:
        _, version, build, tags = parse_wheel_filename(file.filename)
    except InvalidWheelFilename:
        return None
    places = [place for tag in tags if (place := _supported().get(tag)) is not None]
    return (version, -min(places), build) if places and _runs(file) else None


def _runs(said: DistributionFile | CoreMetadata) -> bool:
    """Tell whether this Python is among those that a page or a wheel names; as pip, by what can be read."""
    try:
        return SpecifierSet(said.requires_python or "").contains(python_version().rstrip("+"), prereleases=True)
    except InvalidSpecifier:
        return True


@cache
def _supported() -> dict[object, int]:
    return {tag: place for place, tag in enumerate(sys_tags())}
