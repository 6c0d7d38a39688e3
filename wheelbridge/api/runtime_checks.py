"""When runtimes are looked for: in a solution, before anything is fetched; in the files, before anything is linked."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from rattler import PrefixRecord

from wheelbridge.api.mapping.maps import open_names
from wheelbridge.api.places import Caches
from wheelbridge.api.runtimes import (
    Part,
    add_files,
    find_copies,
    library_paths,
    load_rows,
    new_clashes,
    recorded_paths,
    runtime_clashes,
    solved_parts,
    wheel_libraries,
)
from wheelbridge.api.solving import Settings, Silent, solve_request
from wheelbridge.api.specs import Request
from wheelbridge.errors import WheelbridgeError
from wheelbridge.mapping.natives.clashes import Clash
from wheelbridge.solver.problem import ResolvedPackage, Solution, Standing

if TYPE_CHECKING:
    from wheelbridge.api.runtime_advice import Change


@dataclass(frozen=True, slots=True)
class Asked:
    """What a solution answers; it can be asked again with a change, to see whether that helps."""

    request: Request
    settings: Settings
    standing: Standing | None = None

    def solve_with(self, change: "Change") -> Solution | None:
        """Return the answer to the request with *change*; None where there is none.

        Nothing is built: a trial runs nobody's code, and what cannot be solved without that is not advised.
        """
        if self.request.links or self.settings.links:
            return None
        settings = replace(
            self.settings,
            routes=(*change.routes, *self.settings.routes),
            no_external=self.settings.no_external | set(change.no_external),
            builds=frozenset(),
        )
        request = replace(self.request, specs=(*self.request.specs, *change.specs))
        try:
            return solve_request(request, settings, Silent(), self.standing)
        except WheelbridgeError:
            return None


def planned_clashes(
    solution: Solution, settings: Settings, kept: Iterable[PrefixRecord] = (), asked: Asked | None = None
) -> tuple[Clash, ...]:
    """Return the runtimes that can meet in the environment of *solution*, as far as the tables know.

    What has been so before, among packages that are *kept*, was told when it came; `check` still finds it. Where a
    clash is found and it is known what was *asked*, advice is tried before it is given.

    Raises:
        MissingTableError: if the table of runtimes is missing.
    """
    parts = solved_parts(solution.packages, solution.specs)
    found = _with_news(runtime_clashes(parts, settings.target.subdir), solution, kept)
    return _advise(found, solution, parts, settings, asked)


def arrived_clashes(
    solution: Solution,
    kept: Iterable[PrefixRecord],
    wheels: Mapping[str, Path],
    told: Iterable[Clash],
    settings: Settings,
    *,
    asked: Asked | None = None,
) -> tuple[Clash, ...]:
    """Return the clashes that only files show: of what is installed, in the caches, or among the *wheels* that came.

    Args:
        solution: the packages that the environment is to have.
        kept: those that stay.
        wheels: URL -> downloaded wheel.
        told: what `planned_clashes` found.
        settings: those of the solve.
        asked: what the solution answers; with it, advice is tried.
    """
    kept = tuple(kept)
    files = {record.name.normalized: library_paths(map(str, record.files)) for record in kept}
    missing = [package for package in solution.packages if package.name not in files]
    files |= dict(_wheel_files((package for package in missing if package.kind == "wheel"), wheels, settings.caches))
    parts = add_files(solved_parts(solution.packages, solution.specs), files)
    subdir = settings.target.subdir
    if not any(copy.origin == "wheel" for copy in find_copies(parts, subdir, load_rows(subdir))):
        return ()
    files |= dict(_package_files((package for package in missing if package.kind == "conda"), settings.caches))
    parts = add_files(parts, files)
    found = _with_news(new_clashes(runtime_clashes(parts, subdir), told), solution, kept)
    return _advise(found, solution, parts, settings, asked)


def _with_news(clashes: Iterable[Clash], solution: Solution, kept: Iterable[PrefixRecord]) -> tuple[Clash, ...]:
    """Return the clashes in which a package takes part that is not *kept*, as what loads a runtime does, too."""
    old = {record.name.normalized for record in kept}
    new = {package.pypi_name or package.name for package in solution.packages if package.name not in old}
    return tuple(
        clash for clash in clashes if not new.isdisjoint(name for copy in clash.copies for name in copy.involved)
    )


def _advise(
    clashes: Sequence[Clash], solution: Solution, parts: Sequence[Part], settings: Settings, asked: Asked | None
) -> tuple[Clash, ...]:
    if not clashes:
        return ()
    from wheelbridge.api.natives import open_natives  # noqa: PLC0415 - most solutions have no clash
    from wheelbridge.api.runtime_advice import Advisor  # noqa: PLC0415 - same

    advisor = replace(
        Advisor.of_solution(
            solution, parts, settings.target.subdir, lambda: open_names(settings.sources, settings.maps)
        ),
        natives=open_natives(settings.maps),
        routes=settings.routes,
        helps=partial(_helps, asked, solution, parts) if asked else None,
    )
    return tuple(advisor.advise(clash) for clash in clashes)


def _helps(asked: Asked, solution: Solution, parts: Iterable[Part], clash: Clash, change: "Change") -> bool:
    """Tell whether *change* leaves a request that can be met, by an environment without such a clash.

    Of packages that are the same in both, the files are known by the *parts* of *solution*.
    """
    if (answer := asked.solve_with(change)) is None:
        return False
    urls = {package.name: package.url for package in solution.packages}
    same = {package.name for package in answer.packages if urls.get(package.name) == package.url}
    files = {part.name: part.files for part in parts if part.name in same and part.files is not None}
    found = runtime_clashes(add_files(solved_parts(answer.packages, answer.specs), files), asked.settings.target.subdir)
    return clash.kind not in {other.kind for other in found}


def _wheel_files(
    packages: Iterable[ResolvedPackage], wheels: Mapping[str, Path], caches: Caches
) -> Iterator[tuple[str, tuple[str, ...]]]:
    from wheelbridge.installer.wheel import find_member  # noqa: PLC0415 - a plan alone does without the installer

    for package in packages:
        digest = package.record.sha256
        if package.url in wheels:
            yield package.name, wheel_libraries(wheels[package.url])
        elif digest and (record := find_member(digest.hex(), caches.unpacked_wheels, "RECORD")):
            yield package.name, library_paths(recorded_paths(record))


def _package_files(packages: Iterable[ResolvedPackage], caches: Caches) -> Iterator[tuple[str, tuple[str, ...]]]:
    from wheelbridge.installer.cache import entry_name  # noqa: PLC0415 - as above

    for package in packages:
        if (paths := _unpacked_libraries(caches.packages / entry_name(package.record))) is not None:
            yield package.name, paths


def _unpacked_libraries(package: Path) -> tuple[str, ...] | None:
    """Return the libraries of an unpacked package; None where it is not there, or says nothing that can be read."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        entries = json.loads((package / "info" / "paths.json").read_bytes())["paths"]
        return library_paths(str(entry["_path"]) for entry in entries)
    return None
