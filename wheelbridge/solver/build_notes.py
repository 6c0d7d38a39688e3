"""What came of builds that were asked for."""

from collections import ChainMap
from collections.abc import Collection, Iterable, Iterator

from packaging.utils import NormalizedName

from wheelbridge.solver.problem import ResolvedPackage
from wheelbridge.solver.wheels import WheelSource


def note_builds(
    builds: Collection[NormalizedName], packages: Iterable[ResolvedPackage], sources: Iterable[WheelSource]
) -> Iterator[str]:
    """Yield what is to be known of what was built, and a note for each project of which nothing that was is there."""
    built = ChainMap(*({**source.built} for source in sources))
    chosen = {package.pypi_name or package.name: package for package in packages}
    for project in sorted(builds):
        package = chosen.get(project)
        if package is None:
            yield f"--build {project}: it is not needed, or goes by another name."
        elif package.url not in built:
            yield f"--build {project}: nothing was built, it is {package.fn} of {package.source}."
        else:
            yield from built[package.url]
