"""Packages of a lock that came from no index, taken from where they are."""

import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import InvalidVersion, Version

from wheelbridge.api.direct.direct_urls import LINKS_URL, read_direct_url
from wheelbridge.api.locking.records import IncompleteLockError
from wheelbridge.api.solving import Settings
from wheelbridge.environment.lock import LockedFile, LockedPackage
from wheelbridge.environment.manifest import Link
from wheelbridge.index.local import url_to_path


@dataclass(frozen=True, slots=True)
class Taken:
    """What links led to: the packages, with the wheels that are on this machine now; URL of each -> its path."""

    packages: tuple[LockedPackage, ...]
    wheels: Mapping[str, Path]


def is_link(package: LockedPackage) -> bool:
    """Tell whether *package* must be built, or is where its ``direct_url`` says: all but wheels by URL."""
    if package.kind == "conda":
        return False
    direct = package.direct_url or {}
    return not package.file.filename.endswith(".whl") or bool(direct.keys() & {"vcs_info", "dir_info"})


def is_changing(package: LockedPackage) -> bool:
    """Tell whether *package* is built of what a folder holds at the time; an editable one is what the folder holds."""
    info = (package.direct_url or {}).get("dir_info")
    return isinstance(info, Mapping) and not info.get("editable")


def take_links(packages: Iterable[LockedPackage], settings: Settings, python: str | None) -> Taken:
    """Take or build the wheels of *packages* with the minor version *python*; a build runs the project's code.

    Raises:
        IncompleteLockError: if there is no python to build for.
        WheelbridgeError: if one cannot be had, or is another version by now.
    """
    from wheelbridge.api.direct.taking import take_wheel  # noqa: PLC0415 - it builds, and so installs: a circle

    taken: list[LockedPackage] = []
    wheels: dict[str, Path] = {}
    for package in packages:
        if python is None:
            raise IncompleteLockError(package.name, "it has to be built, and there is no python to build it for")
        project = canonicalize_name(package.pypi_name or package.name)
        link = _link(package, project)
        file = take_wheel(link, settings, python=python, version=_version(package))
        wheels[file.url] = url_to_path(file.url)
        locked = LockedFile(filename=file.filename, url=file.url, hashes=dict(file.hashes), size=file.size)
        taken.append(replace(package, file=locked, channel=LINKS_URL))
    return Taken(tuple(taken), wheels)


def _link(package: LockedPackage, project: NormalizedName) -> Link:
    """Return where *package* is; a source distribution of an index is a file with a hash."""
    if package.direct_url is not None:
        return read_direct_url(dict(package.direct_url), project, place=package.name)
    return Link(kind="file", url=package.file.url, project=project, hashes=package.file.hashes, place=package.name)


def discard_editable(packages: Iterable[LockedPackage]) -> None:
    """Remove the wheels that editable projects were installed of.

    PEP 660: "The wheel must be discarded after installation and must not be cached nor distributed."
    """
    for package in packages:
        info = (package.direct_url or {}).get("dir_info")
        if isinstance(info, Mapping) and info.get("editable") and package.file.url.startswith("file:"):
            shutil.rmtree(url_to_path(package.file.url).parent, ignore_errors=True)


def _version(package: LockedPackage) -> Version | None:
    try:
        return Version(package.version) if package.version else None
    except InvalidVersion:  # as a conda record has it
        return None
