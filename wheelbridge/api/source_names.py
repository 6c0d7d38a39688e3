"""Whose a name is: a file that came with a project gives no source a name that means another place to the user."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from wheelbridge.api.source_candidates import Candidate, Level
from wheelbridge.configuration.errors import InvalidConfigurationError
from wheelbridge.index.client import PYPI
from wheelbridge.model.boundaries import is_this_machine
from wheelbridge.model.redaction import redact
from wheelbridge.model.source import is_public_name

_HINT = "Give it another name there, and lead the routes of that file to it."


def guard_names(levels: Sequence[Level]) -> list[Level]:
    """Return *levels*; what nobody named, and a project's file has, is called by its URL where its name means another.

    Routes, claims and logins go by names. So what a file calls `corp` or `pypi` must be what the user calls so.

    Raises:
        InvalidConfigurationError: if a project's file gives a source a public name, or one that means another place.
    """
    known = [candidate for level in levels for candidate in level]
    return [[_guard(candidate, known) for candidate in level] for level in levels]


def _guard(candidate: Candidate, known: Sequence[Candidate]) -> Candidate:
    if not candidate.entry.of_project:
        return candidate
    for name in _given_names(candidate):
        others = _called(name, candidate, known)
        if others:
            raise _taken(candidate, name, others[0])
        if is_public_name(name) and not _may_go_by(candidate, name) and not _is_users(candidate, name, known):
            reason = f"{redact(candidate.place.url)} is not the public source {name!r}, and must not go by its name"
            raise InvalidConfigurationError(candidate.entry.origin, candidate.entry.path, reason, hint=_HINT)
    place = candidate.place
    if not place.is_named and _called(place.name, candidate, known):
        return replace(candidate, place=replace(place, name=place.url))
    return candidate


def _given_names(candidate: Candidate) -> Iterator[str]:
    """Yield the names that its file itself gives it; of a channel, its name alone says where it is."""
    entry = candidate.entry
    if entry.name or (candidate.kind == "index" and candidate.place.is_named):
        yield entry.name or candidate.place.name
    if entry.group:
        yield entry.group


def _called(name: str, candidate: Candidate, known: Iterable[Candidate]) -> list[Candidate]:
    """Return what else *name* means, other than the source itself, its own group, and what it means by default.

    What a file's URL happens to end with is no name that it gives.
    """
    same = {one.place.key for one in known if one.entry is candidate.entry}
    return [
        one
        for one in known
        if name in (one.place.name, one.group, *one.aliases)
        and (not one.entry.of_project or one.place.is_named or name in _given_names(one))
        and one.place.key not in same
        and one.entry.origin != "default"
        and not (candidate.group == one.group == name and candidate.entry.origin == one.entry.origin)
    ]


def _is_users(candidate: Candidate, name: str, known: Iterable[Candidate]) -> bool:
    """Tell whether the user calls the very same place so."""
    mine = (one for one in known if not one.entry.of_project and one.place.key == candidate.place.key)
    return any(name in (one.place.name, one.group) for one in mine)


def _may_go_by(candidate: Candidate, name: str) -> bool:
    """Tell whether it is the public source of that name, or a copy on this machine."""
    place = candidate.place
    host = urlsplit(place.url).hostname or ""
    if place.url.startswith("file:") or is_this_machine(host):
        return True
    bare = name.partition("/label/")[0].removeprefix("pkgs/")
    is_index = place.kind == "index" and name != PYPI and bare in host.split(".")
    is_group = candidate.group == name == "defaults"
    return place.is_public and (is_index or is_group or place.public_name.removeprefix("pkgs/") in (name, bare))


def _taken(candidate: Candidate, name: str, other: Candidate) -> InvalidConfigurationError:
    reason = (
        f"{name!r} is {redact(candidate.place.url)} here, and {redact(other.place.url)} in {other.entry.origin}: "
        "one name means one place"
    )
    return InvalidConfigurationError(candidate.entry.origin, candidate.entry.path, reason, hint=_HINT)
