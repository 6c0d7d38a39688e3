"""The sources of a lock, with the user's logins and trust for the same places."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit, urlunsplit

from wheelbridge.api.sources import SourceChoice, gather_sources
from wheelbridge.configuration.levels import Levels
from wheelbridge.environment.lock import Lock, LockedPackage, LockedTarget
from wheelbridge.model.source import Source, SourceKind
from wheelbridge.model.target import Target

Place = tuple[SourceKind, str]
"""A source's kind and its URL."""


@dataclass(frozen=True, slots=True)
class Reached:
    """The sources of a lock's target as the user may reach them: all of them, and the URL of a file -> its own."""

    sources: tuple[Source, ...]
    of_file: Mapping[str, Source]


def reach_sources(
    lock: Lock, target: LockedTarget, levels: Levels, machine: Target, trusted_hosts: Sequence[str] = ()
) -> Reached:
    """Find the source that each package of *target* is fetched from.

    A source that the user has configured by the same URL lends its login, its trusted hosts and what its files must
    prove. What the lock calls a source counts for nothing: a lock may come from anywhere, and a name opens logins.

    Args:
        lock: says where its sources are.
        target: the packages.
        levels: what the user has configured.
        machine: decides what names of channels stand for.
        trusted_hosts: ``SOURCE=HOST``, as ``--trusted-host`` takes them.

    Raises:
        WheelbridgeError: if a source cannot be read, or conda's configuration forbids a channel.
    """
    named: dict[str, Place] = {source.name: (source.kind, source.url) for source in lock.sources}
    places = {package.file.url: find_place(package, named) for package in target.packages}
    choice = SourceChoice(
        sources=tuple(dict.fromkeys(places.values())), defaults=False, trusted_hosts=tuple(trusted_hosts)
    )
    sources = gather_sources(choice, replace(levels, override_allowed=True), machine).sources
    by_place = {(source.kind, source.url.rstrip("/")): source for source in sources}
    return Reached(sources, {file: by_place[kind, url.rstrip("/")] for file, (kind, url) in places.items()})


def find_place(package: LockedPackage, named: Mapping[str, Place]) -> Place:
    """Return where *package* is from; where the lock does not tell, the next best place that holds its file.

    >>> from wheelbridge.environment.lock import LockedFile
    >>> file = LockedFile(filename="a-1-0.conda", url="https://host.example/main/noarch/a-1-0.conda")
    >>> find_place(LockedPackage(kind="conda", name="a", version="1", file=file), {})
    ('channel', 'https://host.example/main')
    """
    if (place := named.get(package.source or "")) is not None:
        return place
    kind: SourceKind = "channel" if package.kind == "conda" else "index"
    if "://" in package.channel:
        return kind, package.channel.rstrip("/")
    parts = urlsplit(package.file.url)
    if package.kind == "conda":
        path = parts.path.rsplit("/", 2)[0]
    else:
        path = parts.path.rsplit("/", 1)[0] if parts.scheme == "file" else ""
    return kind, urlunsplit((parts.scheme, parts.netloc, path, "", ""))
