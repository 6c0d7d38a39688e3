"""The packages of a lock with all that it takes to install them: where each is fetched from, and whole records."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rattler import RepoDataRecord

from wheelbridge.api.direct.provider import DirectProvider
from wheelbridge.api.listed_wheels import ListedProvider
from wheelbridge.api.locking.completing import complete_target
from wheelbridge.api.locking.links import is_link, take_links
from wheelbridge.api.places import Caches
from wheelbridge.api.providers import Provider
from wheelbridge.api.solving import Settings
from wheelbridge.api.syncing.sources import Reached, reach_sources
from wheelbridge.configuration.levels import Levels
from wheelbridge.environment.lock import Lock, LockedPackage, LockedTarget
from wheelbridge.model.target import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """How the files of a lock are reached.

    Attributes:
        caches: where files are kept.
        levels: what the user has configured: logins and trust for sources.
        trusted_hosts: ``SOURCE=HOST``.
        offline: use caches alone.
    """

    caches: Caches
    levels: Levels
    trusted_hosts: tuple[str, ...] = ()
    offline: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """The packages of a lock, ready to be installed.

    Attributes:
        packages: each with its record and the URL of its source; what came of links, with the wheel of this machine.
        settings: the machine, the sources, the caches.
        providers: URL of each wheel of an index -> that index.
        wheels: URL of each wheel that is on this machine already -> its path.
    """

    packages: tuple[LockedPackage, ...]
    settings: Settings
    providers: Mapping[str, Provider]
    wheels: Mapping[str, Path]


def gather_packages(
    lock: Lock, target: LockedTarget, machine: Target, reach: Reach, kept: Sequence[RepoDataRecord] = ()
) -> Gathered:
    """Find where every package of *target* is from, take what came of links, and complete what the lock does not tell.

    Raises:
        WheelbridgeError: if a source may not be used, a link cannot be taken, or a package cannot be read.
    """
    links = [package for package in target.packages if is_link(package)]
    others = replace(target, packages=tuple(package for package in target.packages if not is_link(package)))
    reached = reach_sources(lock, others, reach.levels, machine, reach.trusted_hosts)
    settings = Settings(target=machine, sources=reached.sources, caches=reach.caches, offline=reach.offline)
    taken = take_links(links, settings, _python_release(target, kept))
    opened = settings.open_providers()
    providers: dict[str, Provider] = {
        url: opened[source.name] for url, source in reached.of_file.items() if source.kind == "index"
    }
    providers |= _listed(others.packages, reached, reach)
    for url in taken.wheels:
        providers[url] = DirectProvider(reach.caches, offline=True)
    packages = (*_with_channels(others.packages, reached), *taken.packages)
    complete = complete_target(replace(target, packages=packages), settings, providers, kept)
    return Gathered(packages=complete.packages, settings=settings, providers=providers, wheels=taken.wheels)


def _with_channels(packages: Iterable[LockedPackage], reached: Reached) -> Iterable[LockedPackage]:
    """Yield *packages* with the place that each is from as its channel, where the lock tells none."""
    for package in packages:
        known = "://" in package.channel
        yield package if known else replace(package, channel=reached.of_file[package.file.url].url)


def _listed(packages: Iterable[LockedPackage], reached: Reached, reach: Reach) -> dict[str, Provider]:
    """Return URL -> who fetches it, of the wheels that channels list."""
    places = {package.file.url: reached.of_file[package.file.url] for package in packages if package.kind == "wheel"}
    listed = {url: source for url, source in places.items() if source.kind == "channel"}
    return {url: ListedProvider(source, reach.caches, offline=reach.offline) for url, source in listed.items()}


def _python_release(target: LockedTarget, kept: Iterable[RepoDataRecord]) -> str | None:
    """Return the minor version of the environment's python, such as ``3.12``; None where there is none."""
    versions = [package.version for package in target.packages if package.name == "python"]
    versions += [str(record.version) for record in kept if record.name.normalized == "python"]
    return ".".join(versions[0].split(".")[:2]) if versions else None
