"""Requirements that links are for: one for each that the user gives, and those of wheels that name the same place."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import NormalizedName

from wheelbridge.api.direct.errors import LinkConflictError
from wheelbridge.api.direct.git import show_repository
from wheelbridge.environment.manifest import Link
from wheelbridge.environment.pip.links import InvalidLinkError, parse_link
from wheelbridge.errors import TranslationError
from wheelbridge.index.credentials import split_credentials
from wheelbridge.model.distribution import CoreMetadata
from wheelbridge.model.redaction import redact
from wheelbridge.model.target import Target
from wheelbridge.translate.markers import translate_marker


def show_link(link: Link) -> str:
    """Return what people see of *link*: no login, and the path as it was written.

    >>> show_link(Link(kind="file", url="https://me:secret@host.example/a-1-py3-none-any.whl"))
    'https://host.example/a-1-py3-none-any.whl'
    """
    return show_repository(link) if link.kind == "vcs" else link.given or redact(link.url)


def show_stated(link: Link) -> str:
    """Return what people see of *link*, with the place that states it.

    >>> show_stated(Link(kind="folder", url="file:///there/tool", given="tool", editable=True, place="a.txt:2"))
    '-e tool, a.txt:2'
    """
    return f"{'-e ' if link.editable else ''}{show_link(link)}" + (f", {link.place}" if link.place else "")


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


def wanted_links(links: Sequence[Link], target: Target) -> list[Link]:
    """Return the *links* that can be asked for on *target*, each with all the hashes that are given for it.

    Raises:
        LinkConflictError: if two want different contents of one place.
    """
    return unite_hashes([link for link in links if holds(link, target)])


def unite_hashes(links: Sequence[Link]) -> list[Link]:
    """Return *links*, each with the hashes that any of them has for the same place.

    >>> place = "https://host.example/a-1-py3-none-any.whl"
    >>> found = unite_hashes([Link(kind="file", url=place), Link(kind="file", url=place, hashes={"sha256": "00"})])
    >>> [one.hashes for one in found]
    [{'sha256': '00'}, {'sha256': '00'}]

    Raises:
        LinkConflictError: if two want different contents of one place.
    """
    return [_with_all_hashes(link, [one for one in links if _place(one) == _place(link)]) for link in links]


def _with_all_hashes(link: Link, twins: Sequence[Link]) -> Link:
    hashes: dict[str, str] = {}
    said: dict[str, Link] = {}
    for twin in twins:
        for name, digest in twin.hashes.items():
            other = said.setdefault(name, twin)
            if hashes.setdefault(name, digest) != digest:
                reason = f"two {name} hashes are given for one file"
                places = [show_stated(other), show_stated(twin)]
                raise LinkConflictError(link.project or show_link(link), places, reason=reason)
    return replace(link, hashes=hashes)


def same_place(one: Link, other: Link) -> bool:
    """Tell whether two links lead to the same place, and do not want different contents of it."""
    hashes = all(one.hashes[name] == other.hashes[name] for name in one.hashes.keys() & other.hashes.keys())
    return hashes and _place(one) == _place(other)


def _place(link: Link) -> tuple[object, ...]:
    return (link.kind, split_credentials(link.url)[0], link.vcs, link.revision, link.subdirectory or "", link.editable)
