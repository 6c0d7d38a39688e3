"""Files that several packages of one environment claim."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from wheelbridge.installer.cache import PackageFile


@dataclass(frozen=True, slots=True)
class Conflict:
    """A path that several packages claim.

    Attributes:
        identical: all bring the same content, as namespace packages of wheels do.
    """

    path: str
    packages: tuple[str, ...]
    identical: bool

    def __str__(self) -> str:
        """Return the path with the packages' names."""
        return f"{self.path} ({', '.join(self.packages)})"


def find_conflicts(
    linked: Mapping[str, Sequence[PackageFile]], kept: Mapping[str, Sequence[PackageFile]], *, fold: bool = False
) -> tuple[Conflict, ...]:
    """Return the paths that a package to be linked claims beside another package, sorted.

    Args:
        linked: name -> files of the packages to be linked.
        kept: name -> files of the packages that stay.
        fold: compare paths as Windows and macOS do, without case.
    """
    claims: dict[str, list[tuple[str, PackageFile]]] = {}
    for name, files in linked.items():
        for file in files:
            claims.setdefault(file.path.casefold() if fold else file.path, []).append((name, file))
    for name, files in kept.items():
        for file in files:
            if (key := file.path.casefold() if fold else file.path) in claims:
                claims[key].append((name, file))
    found = (_conflict(claim) for claim in claims.values() if len(claim) > 1)
    return tuple(sorted((conflict for conflict in found if len(conflict.packages) > 1), key=lambda item: item.path))


def ignores_case(subdir: str) -> bool:
    """Tell whether file systems of a platform mostly take names that differ in case for one.

    >>> ignores_case("osx-arm64"), ignores_case("linux-64")
    (True, False)
    """
    return subdir.startswith(("win-", "osx-"))


def _conflict(claim: Sequence[tuple[str, PackageFile]]) -> Conflict:
    files = [file for _, file in claim]
    same = len({file.sha256 for file in files}) == 1 and files[0].sha256 is not None
    packages = tuple(sorted({name for name, _ in claim}))
    return Conflict(files[0].path, packages, identical=same and not any(file.patched for file in files))
