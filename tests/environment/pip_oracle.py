"""pip's own reading of a requirements file, as plain values."""

import optparse
from dataclasses import dataclass, field
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from pip._internal.exceptions import InvalidEggFragment, PipError
from pip._internal.models.format_control import FormatControl
from pip._internal.models.link import Link as PipLink
from pip._internal.models.release_control import ReleaseControl
from pip._internal.models.search_scope import SearchScope
from pip._internal.network.session import PipSession
from pip._internal.req.constructors import install_req_from_parsed_requirement
from pip._internal.req.req_file import parse_requirements
from pip._internal.req.req_install import InstallRequirement
from pip._internal.vcs.versioncontrol import vcs

from wheelbridge.environment.manifest import Link, Manifest

REFUSALS = (PipError, InvalidEggFragment, UnicodeDecodeError, LookupError, ValueError)


@dataclass
class Finder:
    """What pip's parser sets on its finder."""

    search_scope: SearchScope = field(default_factory=lambda: SearchScope([], [], no_index=False))
    format_control: FormatControl = field(default_factory=FormatControl)
    release_control: ReleaseControl = field(default_factory=ReleaseControl)
    prefers_binary: bool = False

    @property
    def find_links(self) -> list[str]:
        """As pip has it."""
        return self.search_scope.find_links

    @property
    def index_urls(self) -> list[str]:
        """As pip has it."""
        return self.search_scope.index_urls

    def set_prefer_binary(self) -> None:
        """As pip does."""
        self.prefers_binary = True

    def set_release_control(self, control: ReleaseControl) -> None:
        """As pip does."""
        self.release_control = control


@dataclass(frozen=True)
class Reading:
    """The parts of a reading that pip and wheelbridge must agree on."""

    requirements: tuple[str, ...] = ()
    constraints: tuple[str, ...] = ()
    links: tuple[tuple[object, ...], ...] = ()
    hashes: tuple[tuple[str, tuple[str, ...]], ...] = ()
    indexes: tuple[str, ...] = ()
    no_index: bool = False
    find_links: tuple[str, ...] = ()
    no_binary: tuple[str, ...] = ()
    only_binary: tuple[str, ...] = ()
    pre: bool = False


def read_with_pip(path: Path) -> Reading:
    """Read the file at *path* as pip does.

    Raises:
        REFUSALS: as pip does.
    """
    finder = Finder()
    options = optparse.Values({"require_hashes": False, "no_require_hashes": False, "features_enabled": []})
    session = PipSession()
    try:
        parsed = list(parse_requirements(str(path), session, finder=finder, options=options))  # type: ignore[arg-type] # it looks like pip's
        found = [install_req_from_parsed_requirement(one, user_supplied=True) for one in parsed]
    finally:
        session.close()
    for one in found:
        _check_constraint(one)
    plain = [one for one in found if one.link is None]
    return Reading(
        requirements=_unique(_text(one) for one in plain if not one.constraint),
        constraints=_unique(_text(one) for one in plain if one.constraint),
        links=_unique(_link(one, one.link) for one in found if one.link),
        hashes=_hashes(plain),
        indexes=_unique(finder.index_urls),
        no_index=finder.search_scope.no_index,
        find_links=_unique(finder.find_links),
        no_binary=tuple(sorted(finder.format_control.no_binary)),
        only_binary=tuple(sorted(finder.format_control.only_binary)),
        pre=":all:" in finder.release_control.all_releases,
    )


def as_reading(manifest: Manifest) -> Reading:
    """Return the same parts of *manifest*."""
    return Reading(
        requirements=_unique(str(Requirement(one.text)) for one in manifest.requirements),
        constraints=_unique(str(Requirement(one.text)) for one in manifest.constraints),
        links=_unique(_our_link(one) for one in manifest.links),
        hashes=tuple(sorted((name, tuple(sorted(values))) for name, values in manifest.hashes.items())),
        indexes=manifest.indexes,
        no_index=manifest.only_indexes and not manifest.indexes,
        find_links=manifest.find_links,
        no_binary=manifest.builds,
        only_binary=manifest.only_wheels,
        pre=manifest.pre,
    )


def _check_constraint(one: InstallRequirement) -> None:
    """Say no as pip's resolver does, and as its documentation says of URLs."""
    if one.constraint and (one.editable or one.link or one.extras or (one.req and one.req.extras)):
        raise PipError("no constraint")


def _text(one: InstallRequirement) -> str:
    marker = f" ; {one.markers}" if one.markers and not (one.req and one.req.marker) else ""
    return str(Requirement(f"{one.req}{marker}"))


def _unique(values: object) -> tuple:  # type: ignore[type-arg] # of whatever it is given
    return tuple(dict.fromkeys(values))  # type: ignore[call-overload] # as above


def _hashes(found: list[InstallRequirement]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    sets: dict[bool, dict[str, set[str]]] = {True: {}, False: {}}
    for one in found:
        values = {f"{name}:{digest.lower()}" for name, all_of in one.hash_options.items() for digest in all_of}
        if values:
            sets[one.constraint].setdefault(canonicalize_name(one.name or ""), set()).update(values)
    names = {*sets[True], *sets[False]}
    both = {name: [kind[name] for kind in sets.values() if name in kind] for name in names}
    return tuple(sorted((name, tuple(sorted(set.intersection(*found)))) for name, found in both.items()))


def _link(one: InstallRequirement, link: PipLink) -> tuple[object, ...]:
    url, revision = link.url_without_fragment, None
    if link.is_vcs:
        backend = vcs.get_backend_for_scheme(link.scheme)
        assert backend is not None
        url, revision, _ = backend.get_url_rev_and_auth(link.url)
    extras = tuple(sorted(map(canonicalize_name, one.extras)))
    marker = str(one.markers) if one.markers else None
    is_local_copy = one.editable and not link.is_vcs
    name = canonicalize_name(one.name) if one.name else None
    return (
        url.rstrip("/"),
        revision,
        name,
        extras,
        marker,
        is_local_copy,
        link.subdirectory_fragment,
        _digests(one, link),
    )


def _digests(one: InstallRequirement, link: PipLink) -> tuple[str, ...]:
    stated = {f"{name}:{digest.lower()}" for name, all_of in one.hash_options.items() for digest in all_of}
    return tuple(sorted(stated | {f"{name}:{digest}" for name, digest in link._hashes.items()}))


def _our_link(link: Link) -> tuple[object, ...]:
    digests = tuple(sorted(f"{name}:{digest}" for name, digest in link.hashes.items()))
    return (
        link.url.rstrip("/"),
        link.revision,
        link.project,
        link.extras,
        link.marker,
        link.editable,
        link.subdirectory,
        digests,
    )
