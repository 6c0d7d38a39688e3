"""A lock in the place of a file that asks: the very packages of one target, and nothing else."""

from collections.abc import Mapping, Sequence

from packaging.utils import NormalizedName, canonicalize_name

from wheelbridge.environment.errors import InvalidEnvironmentFileError
from wheelbridge.environment.lock import Lock, LockedPackage, LockedTarget
from wheelbridge.environment.locks.pixi_entries import told_by
from wheelbridge.environment.locks.pylock import ANY
from wheelbridge.environment.manifest import Link, Manifest, Stated
from wheelbridge.model.target import Target


def lock_as_manifest(lock: Lock, target: Target) -> Manifest:
    """Return what asks for exactly the packages that *lock* has for *target*, with their hashes.

    Raises:
        InvalidEnvironmentFileError: if the lock has nothing for the target, or several that it may mean.
    """
    chosen = choose_target(lock, target)
    wheels = [package for package in chosen.packages if package.kind == "wheel"]
    return Manifest(
        files=(lock.origin,),
        channels=tuple(source.url for source in lock.sources if source.kind == "channel"),
        indexes=tuple(source.url for source in lock.sources if source.kind == "index"),
        specs=tuple(Stated(_spec(item), lock.origin) for item in chosen.packages if item.kind == "conda"),
        requirements=tuple(Stated(_requirement(item), lock.origin) for item in wheels if item.direct_url is None),
        links=tuple(_link(item, item.direct_url, lock.origin) for item in wheels if item.direct_url is not None),
        hashes=_hashes(wheels),
        variables=lock.request.variables if lock.request else {},
        notes=lock.notes,
    )


def choose_target(lock: Lock, target: Target) -> LockedTarget:
    """Return the locked target that describes *target*, or the only one of its subdir.

    Raises:
        InvalidEnvironmentFileError: if there is none, or several.
    """
    found = [item for item in lock.targets if item.target.subdir == target.subdir or item.name == ANY]
    same = [item for item in found if item.target == target]
    chosen = same or found
    if len(chosen) == 1:
        return chosen[0]
    if not chosen:
        names = ", ".join(item.name for item in lock.targets) or "nothing"
        raise InvalidEnvironmentFileError(lock.origin, "", f"it locks {names}, not {target.subdir}")
    names = ", ".join(item.name for item in chosen)
    raise InvalidEnvironmentFileError(
        lock.origin, "", f"it locks several targets of {target.subdir}: {names}", hint="Describe one of them exactly."
    )


def _spec(package: LockedPackage) -> str:
    build = (package.record or {}).get("build") or told_by(package.file.url).get("build")
    spec = f"{package.name}=={package.version}" + (f"={build}" if build else "")
    kind = next((kind for kind in ("sha256", "md5") if kind in package.file.hashes), None)
    return f"{spec}[{kind}={package.file.hashes[kind]}]" if kind else spec


def _requirement(package: LockedPackage) -> str:
    project = package.pypi_name or package.name
    version = f"=={package.version}" if package.version else ""
    return f"{project}{version}" + (f" ; {package.marker}" if package.marker else "")


def _hashes(wheels: Sequence[LockedPackage]) -> Mapping[NormalizedName, frozenset[str]]:
    found: dict[NormalizedName, frozenset[str]] = {}
    for package in wheels:
        files = (package.file, *package.alternatives)
        digests = frozenset(f"{kind}:{digest}" for file in files for kind, digest in file.hashes.items())
        project = canonicalize_name(package.pypi_name or package.name)
        if digests and package.direct_url is None:
            found[project] = found.get(project, frozenset()) | digests
    return found


def _link(package: LockedPackage, direct: Mapping[str, object], place: str) -> Link:
    info = direct.get("vcs_info") or direct.get("dir_info") or {}
    details = info if isinstance(info, Mapping) else {}
    vcs = "vcs_info" in direct
    return Link(
        kind="vcs" if vcs else "folder" if "dir_info" in direct else "file",
        url=str(direct["url"]),
        project=canonicalize_name(package.pypi_name or package.name),
        marker=package.marker,
        editable=details.get("editable") is True,
        vcs=str(details["vcs"]) if vcs else None,
        revision=str(details["commit_id"]) if vcs else None,
        subdirectory=str(direct["subdirectory"]) if "subdirectory" in direct else None,
        hashes=package.file.hashes if package.file.url == direct["url"] else {},
        place=place,
    )
