"""What no record of ``conda-meta`` has, and a transaction must not damage: distributions that pip put there."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from wheelbridge.installer.cache import PackageFile
from wheelbridge.installer.distributions import Distribution, provided_projects
from wheelbridge.installer.errors import UnmanagedDistributionError
from wheelbridge.installer.layout import PythonLayout

_COMPILED = ".pyc"


def unmanaged(distributions: Iterable[Distribution]) -> tuple[Distribution, ...]:
    """Return those that no record has as they are, and that are more than a remainder."""
    return tuple(one for one in distributions if one.owner is None and one.headers)


def check_unmanaged(
    found: Sequence[Distribution],
    linked: Mapping[str, Sequence[PackageFile]],
    unlinked: Mapping[str, Sequence[PackageFile]],
    layout: PythonLayout | None,
) -> None:
    """Refuse to write over a distribution that no record has, to install its project again, or to remove its files.

    Args:
        found: the distributions that must stay as they are.
        linked: name -> files of the packages to be linked.
        unlinked: name -> files of the packages that go.
        layout: where the environment will keep modules.

    Raises:
        UnmanagedDistributionError: if something of *found* would be damaged.
    """
    if not found:
        return
    claims = {path: one for one in found for path in one.files if not path.endswith(_COMPILED)}
    projects = {one.project: one for one in found}
    reasons: dict[str, Distribution] = {}
    for name, files in linked.items():
        paths = [file.path for file in files]
        provided = provided_projects(paths, layout.site_packages) if layout else frozenset()
        for one in _touched(paths, claims, (projects[project] for project in provided if project in projects)):
            reasons.setdefault(f"{name} would be installed over {one}", one)
    for name, files in unlinked.items():
        for one in _touched((file.path for file in files), claims):
            reasons.setdefault(f"{name} would take files of {one} with it", one)
    if reasons:
        prefix = found[0].prefix
        names = sorted({one.project for one in reasons.values()})
        raise UnmanagedDistributionError(prefix, tuple(reasons), tuple(names))


def files_to_replace(
    found: Iterable[Distribution], kept: Mapping[str, Sequence[PackageFile]], projects: Collection[str]
) -> frozenset[str]:
    """Return the files of the distributions of *projects*, without what packages that stay have too."""
    paths = {path for one in found if one.project in projects for path in (*one.files, *_in_folder(one))}
    return frozenset(paths - {file.path for files in kept.values() for file in files})


def _touched(
    paths: Iterable[str], claims: Mapping[str, Distribution], more: Iterable[Distribution] = ()
) -> Iterator[Distribution]:
    yield from dict.fromkeys((*more, *(claims[path] for path in paths if path in claims)))


def _in_folder(one: Distribution) -> Iterator[str]:
    """Yield what stands in the folder and not in RECORD, so that nothing of it stays."""
    root = one.prefix / one.folder
    for path in root.rglob("*") if root.is_dir() else ():
        if not path.is_dir():
            yield path.relative_to(one.prefix).as_posix()
