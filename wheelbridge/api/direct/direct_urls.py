"""``direct_url.json`` (PEP 610): what an environment knows of where a project came from, written and read."""

import json
import os
import shutil
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from packaging.direct_url import ArchiveInfo, DirectUrl, DirectUrlValidationError, DirInfo, VcsInfo
from packaging.utils import NormalizedName
from rattler import PrefixRecord, RepoDataRecord

from wheelbridge.environment.manifest import Link
from wheelbridge.environment.pip.links import InvalidLinkError
from wheelbridge.model.distribution import DistributionFile
from wheelbridge.model.redaction import without_telling_query
from wheelbridge.solver.problem import ResolvedPackage
from wheelbridge.solver.records import record_channel

DIRECT_URL = "direct_url.json"
LINKS_URL = "direct://links"
"""What records of links have for a channel: no place at all, and no channel of anybody's."""


def make_direct_url(
    link: Link, *, commit: str | None = None, hashes: Mapping[str, str] | None = None
) -> Mapping[str, object]:
    """Return the contents of ``direct_url.json`` for what came of *link*.

    PEP 610: "``url`` MUST be stripped of any sensitive authentication information"; the second field "MUST be one of
    ``vcs_info`` …, ``archive_info`` …, or ``dir_info``".

    >>> make_direct_url(Link(kind="folder", url="file:///there/tool", editable=True))
    {'url': 'file:///there/tool', 'dir_info': {'editable': True}}

    Args:
        link: what was followed.
        commit: the commit that a repository was taken at.
        hashes: those of a file.
    """
    vcs = VcsInfo(vcs=str(link.vcs), commit_id=str(commit), requested_revision=link.revision)
    direct = DirectUrl(
        url=without_telling_query(link.url),
        vcs_info=vcs if link.kind == "vcs" else None,
        archive_info=ArchiveInfo(hashes=dict(hashes or {})) if link.kind == "file" else None,
        dir_info=DirInfo(editable=link.editable or None) if link.kind == "folder" else None,
        subdirectory=link.subdirectory,
    )
    return direct.to_dict(generate_legacy_hash=True)  # as pip does, for those that know no hashes


def discard_editables(packages: Iterable[ResolvedPackage]) -> None:
    """Remove the wheels that editable projects were installed of.

    PEP 660: "The wheel must be discarded after installation and must not be cached nor distributed."
    """
    for package in packages:
        info = (package.direct_url or {}).get("dir_info")
        if isinstance(info, Mapping) and info.get("editable") and package.file:
            shutil.rmtree(_path_of(package.file.url).parent, ignore_errors=True)


def read_direct_url(data: Mapping[str, object], project: NormalizedName | None = None, *, place: str = "") -> Link:
    """Return the link that leads to what *data* was written for: a repository at its commit, a file with its hashes.

    >>> found = read_direct_url({"url": "https://host.example/t.git", "vcs_info": {"vcs": "git", "commit_id": "c0"}})
    >>> found.kind, found.revision
    ('vcs', 'c0')

    Raises:
        InvalidLinkError: if it breaks PEP 610.
    """
    try:
        direct = DirectUrl.from_dict(data)
    except DirectUrlValidationError as error:
        raise InvalidLinkError(str(data.get("url")), f"{place or DIRECT_URL}: {error}", hint=None) from error
    if direct.vcs_info:
        return Link(
            kind="vcs",
            url=direct.url,
            vcs=direct.vcs_info.vcs,
            revision=direct.vcs_info.commit_id,
            subdirectory=direct.subdirectory,
            project=project,
            place=place,
        )
    info = direct.dir_info
    return Link(
        kind="folder" if info else "file",
        url=direct.url,
        editable=bool(info and info.editable),
        subdirectory=direct.subdirectory,
        hashes=dict(direct.archive_info.hashes or {}) if direct.archive_info else {},
        project=project,
        place=place,
    )


@dataclass(frozen=True, slots=True)
class LinkedWheels:
    """The wheels of an environment that came of links, now or before.

    Attributes:
        direct_urls: URL of a record -> contents of its ``direct_url.json``.
        moved: names of packages that came of another place before; that is told anew, though the wheel be the same.
    """

    direct_urls: Mapping[str, Mapping[str, object]]
    moved: frozenset[str]


def linked_wheels(packages: Iterable[ResolvedPackage], prefix: Path, installed: Iterable[PrefixRecord]) -> LinkedWheels:
    """Return what is to be known of the *packages* that came of links; of what is kept, as it was *installed*."""
    records = [record for record in installed if record_channel(record) == LINKS_URL]
    known = {record.url: found for record in records if (found := installed_direct_url(prefix, record))}
    before = {record.name.normalized: known.get(record.url) for record in records}
    linked = [package for package in packages if record_channel(package.record) == LINKS_URL]
    now = {package.url: found for package in linked if (found := package.direct_url or known.get(package.url))}
    moved = (one.name for one in linked if one.name in before and before[one.name] != now.get(one.url))
    return LinkedWheels(now, frozenset(moved))


def linked_file(record: RepoDataRecord) -> DistributionFile:
    """Return the file of an installed wheel that came of a link, to be had again.

    Raises:
        InvalidLinkError: if it was built here, and thrown away.
    """
    if record.url.startswith("file:") and not _path_of(record.url).is_file():
        raise InvalidLinkError(
            record.file_name,
            "it has to be linked anew, and its wheel is not there any more",
            hint=f"Name the link again, as when {record.name.normalized} was installed.",
        )
    hashes = {"sha256": record.sha256.hex()} if record.sha256 else {}
    return DistributionFile(filename=record.file_name, url=record.url, hashes=hashes, size=record.size)


def installed_direct_url(prefix: Path, record: PrefixRecord) -> Mapping[str, object] | None:
    """Return the ``direct_url.json`` of an installed wheel; None where it has none, or none that can be read."""
    for path in record.files:
        if os.fspath(path).replace(os.sep, "/").endswith(f".dist-info/{DIRECT_URL}"):
            with suppress(OSError, ValueError):  # damaged: `check` tells of it
                data = json.loads((prefix / path).read_bytes())
                return data if isinstance(data, dict) else None
    return None


def folder_of(link: Link) -> Path:
    """Return the folder on this machine that *link* names."""
    return _path_of(link.url)


def _path_of(url: str) -> Path:
    """Return the path of a ``file:`` URL."""
    from wheelbridge.index.local import url_to_path  # noqa: PLC0415 - it takes a while, and few solves have links

    return url_to_path(url)
