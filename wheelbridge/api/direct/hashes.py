"""Hashes that a request lists, held against what it links to."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from hashlib import file_digest
from pathlib import Path

from wheelbridge.api.direct.errors import LinkConflictError, UnhashedLinkError
from wheelbridge.api.direct.opening import OpenedLink
from wheelbridge.api.direct.requirements import show_link, show_stated
from wheelbridge.api.specs import Request
from wheelbridge.environment.manifest import Link
from wheelbridge.index.errors import HashMismatchError

_WHAT = {"folder": "a folder", "vcs": "a repository"}


def require_hashes(links: Sequence[Link], request: Request) -> None:
    """Make sure, where *request* requires hashes, that each of the *links* has one; nothing is opened.

    pip's documentation: "Hash-checking mode also works with direct references", "VCS and editable requirements cannot
    be hashed", and "hash-checking is all or nothing".

    Raises:
        UnhashedLinkError: with the link that has none.
    """
    for link in links if request.require_hashes else ():
        if link.kind != "file":
            raise UnhashedLinkError(show_stated(link), f"{_WHAT[link.kind]} cannot have one")
        if not link.hashes and link.project not in (None, *request.hashes):
            raise UnhashedLinkError(show_stated(link), "it has none")


def check_listed(opened: Iterable[OpenedLink], request: Request) -> Request:
    """Return *request* without the hashes that are listed for what is linked to: the links have met them.

    Raises:
        LinkConflictError: if hashes are listed for a folder or a repository.
        HashMismatchError: if the file of a link has none of those that are listed.
        UnhashedLinkError: if hashes are required, and there is none for a link.
    """
    linked = {one.project: one for one in opened}
    for project, found in linked.items():
        listed = request.hashes.get(project)
        if listed:
            _check(found, listed, request.hash_places.get(project, "the list of hashes"))
        elif request.require_hashes and not found.link.hashes:
            raise UnhashedLinkError(show_stated(found.link), "it has none")
    return replace(request, hashes={name: found for name, found in request.hashes.items() if name not in linked})


def _check(found: OpenedLink, listed: frozenset[str], place: str) -> None:
    if found.archive is None:
        reason = f"hashes are listed for it, which {_WHAT.get(found.link.kind, 'it')} cannot have"
        hint = "Take the hashes out, or ask for the file that they are of."
        raise LinkConflictError(found.project, [place, show_stated(found.link)], reason=reason, hint=hint)
    for text in sorted(listed):
        algorithm, _, expected = text.partition(":")
        actual = _digest(found.archive, algorithm)
        if actual == expected:
            return
    raise HashMismatchError(show_link(found.link), algorithm, expected, actual)


def _digest(path: Path, algorithm: str) -> str:
    with path.open("rb") as stream:
        return file_digest(stream, algorithm).hexdigest()
