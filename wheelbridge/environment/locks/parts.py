"""What stands in a lock file under our own key, whatever the format: sources, request, and each target's rest."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from wheelbridge.environment.lock import LockedPackage, LockedSource
from wheelbridge.environment.locks.differences import complete, difference
from wheelbridge.environment.locks.fields import Fields, UnexpectedFormError
from wheelbridge.environment.locks.json_form import Json, package_from_json, package_to_json

KEY = "wheelbridge"
VERSION = 1


def check_version(part: Fields) -> None:
    """Check that this version of wheelbridge can read our own part of a lock.

    Raises:
        UnexpectedFormError: if it was written by a later one.
    """
    if part.integer("version") != VERSION:
        raise UnexpectedFormError(
            part.at("version"), f"it has version {part.data.get('version')!r}, and this wheelbridge reads {VERSION}"
        )


def with_source(package: LockedPackage, sources: Iterable[LockedSource]) -> LockedPackage:
    """Return *package* with the name of the source that its channel is the URL of."""
    names = [source.name for source in sources if source.url == package.channel]
    return replace(package, source=names[0]) if package.channel and len(names) == 1 else package


def rest_of(package: LockedPackage, said: LockedPackage) -> Json:
    """Return what must be said of *package* where the format says *said*; empty where that is all.

    The order of keys in mappings says nothing: it is always the same, whatever they were read from.
    """
    rest = difference(package_to_json(package), package_to_json(said))
    return {key: with_sorted_keys(value) for key, value in rest.items()}


def with_sorted_keys(value: object) -> object:
    """Return JSON with the keys of mappings sorted.

    >>> with_sorted_keys([{"b": 1, "a": {"d": 2, "c": 3}}])
    [{'a': {'c': 3, 'd': 2}, 'b': 1}]
    """
    if isinstance(value, Mapping):
        return {key: with_sorted_keys(value[key]) for key in sorted(value)}
    return [with_sorted_keys(item) for item in value] if isinstance(value, list) else value


def with_rest(said: LockedPackage, rest: Mapping[str, object], place: str) -> LockedPackage:
    """Return the package of which the format says *said*, and our own part *rest*.

    Raises:
        UnexpectedFormError: if *rest* has another form.
    """
    return package_from_json(complete(package_to_json(said), rest, place), place) if rest else said


def in_order(packages: Iterable[LockedPackage]) -> tuple[LockedPackage, ...]:
    """Return packages sorted by name."""
    return tuple(sorted(packages, key=lambda package: (package.name, package.file.url)))
