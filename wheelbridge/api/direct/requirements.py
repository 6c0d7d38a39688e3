"""Requirements that links are for: one for each that the user gives, and those of wheels that name the same place."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import NormalizedName

from wheelbridge.environment.manifest import Link
from wheelbridge.environment.pip.links import InvalidLinkError, parse_link
from wheelbridge.errors import TranslationError
from wheelbridge.index.credentials import split_credentials
from wheelbridge.model.distribution import CoreMetadata
from wheelbridge.model.target import Target
from wheelbridge.translate.markers import translate_marker


def holds(link: Link, target: Target) -> bool:
    """Tell whether *link* can be asked for on *target*: its marker is not false there, whatever python is chosen."""
    if link.marker is None:
        return True
    with suppress(TranslationError):  # what cannot be said is refused where the requirement is translated
        return translate_marker(link.marker, target).base.value is not False
    return True


def requirement_of(link: Link, project: NormalizedName) -> str:
    """Return what *link* asks for, now that its source alone serves the project.

    >>> requirement_of(Link(kind="folder", url="file:///tool", extras=("cli",), marker='os_name == "nt"'), "tool")
    'tool[cli] ; os_name == "nt"'
    """
    extras = f"[{','.join(link.extras)}]" if link.extras else ""
    return f"{project}{extras}" + (f" ; {link.marker}" if link.marker else "")


def accept_links(metadata: CoreMetadata, links: Sequence[Link]) -> CoreMetadata:
    """Let wheels need what a URL names, where the user links to the same place; else it stays, and is refused.

    PEP 440: "Direct references are intended as a tool for software integrators rather than publishers." So it is for
    the user, who integrates, to say that what a wheel names may be fetched from there.
    """
    if not links or not any("@" in line for line in metadata.requires_dist):
        return metadata
    return replace(metadata, requires_dist=tuple(_accept(line, links) for line in metadata.requires_dist))


def _accept(line: str, links: Sequence[Link]) -> str:
    try:
        stated = Requirement(line)
        if stated.url is None:
            return line
        wanted = parse_link(f"{stated.name} @ {stated.url}", Path("/"))
    except (InvalidRequirement, InvalidLinkError):
        return line
    if not any(_is_same(wanted, link) for link in links):
        return line
    extras = f"[{','.join(sorted(stated.extras))}]" if stated.extras else ""
    return f"{stated.name}{extras}" + (f" ; {stated.marker}" if stated.marker else "")


def _is_same(wanted: Link, given: Link) -> bool:
    """Tell whether two links lead to the same; a hash that only one has decides nothing."""
    if given.project not in (None, wanted.project):
        return False
    return same_place(wanted, given)


def same_place(one: Link, other: Link) -> bool:
    """Tell whether two links lead to the same place, and do not want different contents of it."""
    hashes = all(one.hashes[name] == other.hashes[name] for name in one.hashes.keys() & other.hashes.keys())
    return hashes and _place(one) == _place(other)


def _place(link: Link) -> tuple[object, ...]:
    return (link.kind, split_credentials(link.url)[0], link.vcs, link.revision, link.subdirectory or "", link.editable)
