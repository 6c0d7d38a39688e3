"""Links opened: fetched, unpacked or cloned, until it is known which project and which version is there."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

from packaging.utils import NormalizedName, parse_wheel_filename
from packaging.version import Version

from wheelbridge.api.building.project import BuildProject, read_project
from wheelbridge.api.building.sdists import unpack_archive
from wheelbridge.api.direct.building import TreeBuilder
from wheelbridge.api.direct.direct_urls import LINKS_URL, folder_of, make_direct_url
from wheelbridge.api.direct.errors import LinkMismatchError
from wheelbridge.api.direct.fetching import Fetched, fetch_file, file_name
from wheelbridge.api.direct.git import check_out
from wheelbridge.api.direct.requirements import show_link
from wheelbridge.api.direct.trees import digest_of, enter, read_stated
from wheelbridge.api.solving import Settings
from wheelbridge.environment.manifest import Link
from wheelbridge.index.errors import OfflineError
from wheelbridge.model.distribution import DistributionFile
from wheelbridge.translate.wheel import WheelName


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedLink:
    """What is at a link.

    Attributes:
        file: what is offered: a wheel, or what stands for a source tree that a wheel is built of.
        direct_url: the contents of ``direct_url.json`` (PEP 610).
        archive: the file on this machine that the link names, a wheel or a source archive.
        wheel: the same, where it is a wheel.
        builder: builds a wheel, where it names sources.
    """

    link: Link
    project: NormalizedName
    version: Version
    file: DistributionFile
    direct_url: Mapping[str, object]
    archive: Path | None = None
    wheel: Path | None = None
    builder: TreeBuilder | None = None


def open_link(link: Link, settings: Settings, workshop: Path, python: str | None) -> OpenedLink:
    """Open *link*; nothing of it is run, unless its backend alone can tell its name or its version.

    The user named it, and so consents to its code, as with pip.

    Args:
        link: see `Link`.
        settings: those of the solve.
        workshop: an empty folder, for as long as what is opened is used.
        python: a version spec of the python that a backend is asked with; None: any.

    Raises:
        LinkMismatchError: if it is another project than the link says.
        WheelbridgeError: if it cannot be had, read or built.
    """
    if link.kind == "file" and (filename := file_name(link)).endswith(".whl"):
        _check_name(link, WheelName.parse(filename).project)
        return _open_wheel(link, fetch_file(link, settings.caches, offline=settings.offline))
    if link.kind == "file":
        fetched = fetch_file(link, settings.caches, offline=settings.offline)
        tree = unpack_archive(fetched.path, workshop / "tree")
        digest = _key(fetched.hashes["sha256"], link)
        direct_url = make_direct_url(link, hashes=fetched.hashes)
        return _open_tree(_Tree(link, tree, digest, direct_url, fetched.path), settings, python)
    if link.kind == "vcs":
        if settings.offline and not link.url.startswith("file:"):
            raise OfflineError(link.url)
        found = check_out(link, workshop / "tree")
        direct_url = make_direct_url(link, commit=found.commit)
        state = f"{found.commit}:{found.described}"
        return _open_tree(_Tree(link, found.folder, _key(state, link), direct_url), settings, python)
    folder = enter(folder_of(link), link.subdirectory, show_link(link))
    digest_now = None if link.editable else digest_of(folder)
    return _open_tree(_Tree(link, folder_of(link), digest_now, make_direct_url(link)), settings, python)


@dataclass(frozen=True, slots=True)
class _Tree:
    """A source tree, of an *archive* or not; *digest* tells what is in it, None where nothing may be kept of it."""

    link: Link
    folder: Path
    digest: str | None
    direct_url: Mapping[str, object]
    archive: Path | None = None


def _key(digest: str, link: Link) -> str:
    """Return a hash of one project in what *digest* stands for."""
    return sha256(f"{link.kind}:{digest}:{link.subdirectory or ''}".encode()).hexdigest()


def _open_wheel(link: Link, fetched: Fetched) -> OpenedLink:
    name = WheelName.parse(fetched.path.name)
    return OpenedLink(
        link=link,
        project=name.project,
        version=name.version,
        file=fetched.file,
        direct_url=make_direct_url(link, hashes=fetched.hashes),
        archive=fetched.path,
        wheel=fetched.path,
    )


def _open_tree(tree: _Tree, settings: Settings, python: str | None) -> OpenedLink:
    """Learn name and version of the project in *tree*; where nobody states them, a wheel of it does."""
    link = tree.link
    folder = enter(tree.folder, link.subdirectory, show_link(link))
    project = replace(read_project(folder, link.project), editable=link.editable)
    stated = read_stated(project, archive=link.kind == "file")
    if stated.project:
        _check_name(link, stated.project)
    builder = TreeBuilder(settings=settings, project=project, label=show_link(link), digest=tree.digest, stated=stated)
    if stated.project and stated.version:
        return _offer(tree, project, stated.project, stated.version, builder)
    name, version, _, _ = parse_wheel_filename(builder.build(python).file.filename)
    _check_name(link, name)
    return _offer(tree, project, name, version, builder)


def _offer(
    tree: _Tree, project: BuildProject, name: NormalizedName, version: Version, builder: TreeBuilder
) -> OpenedLink:
    stem = f"{name.replace('-', '_')}-{version}"
    return OpenedLink(
        link=tree.link,
        project=name,
        version=version,
        file=DistributionFile(
            filename=f"{stem}.tar.gz", url=f"{LINKS_URL}/{name}", requires_python=project.requires_python
        ),
        direct_url=tree.direct_url,
        archive=tree.archive,
        builder=builder,
    )


def _check_name(link: Link, found: NormalizedName) -> None:
    if link.project not in (None, found):
        raise LinkMismatchError(show_link(link), str(link.project), found)
