"""When runtimes are looked for: in a solution, before anything is fetched; in the files, before anything is linked."""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from rattler import PrefixRecord

from wheelbridge.api.mapping.maps import open_names
from wheelbridge.api.places import Caches
from wheelbridge.api.runtime_advice import Advisor
from wheelbridge.api.runtimes import (
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
from wheelbridge.api.solving import Settings
from wheelbridge.installer.cache import entry_name
from wheelbridge.installer.wheel import find_member
from wheelbridge.mapping.natives.clashes import Clash
from wheelbridge.solver.problem import ResolvedPackage, Solution


def planned_clashes(solution: Solution, settings: Settings, kept: Iterable[PrefixRecord] = ()) -> tuple[Clash, ...]:
    """Return the runtimes that can meet in the environment of *solution*, as far as the tables know.

    What has been so before, among packages that are *kept*, was told when it came; `check` still finds it.

    Raises:
        MissingTableError: if the table of runtimes is missing.
    """
    found = runtime_clashes(solved_parts(solution.packages), settings.target.subdir, _advisor(solution, settings))
    return _with_news(found, solution, kept)


def arrived_clashes(
    solution: Solution,
    kept: Iterable[PrefixRecord],
    wheels: Mapping[str, Path],
    told: Iterable[Clash],
    settings: Settings,
) -> tuple[Clash, ...]:
    """Return the clashes that only files show: of what is installed, in the caches, or among the *wheels* that came.

    Args:
        solution: the packages that the environment is to have.
        kept: those that stay.
        wheels: URL -> downloaded wheel.
        told: what `planned_clashes` found.
        settings: those of the solve.
    """
    kept = tuple(kept)
    files = {record.name.normalized: library_paths(map(str, record.files)) for record in kept}
    missing = [package for package in solution.packages if package.name not in files]
    files |= dict(_wheel_files((package for package in missing if package.kind == "wheel"), wheels, settings.caches))
    parts = add_files(solved_parts(solution.packages), files)
    subdir = settings.target.subdir
    if not any(copy.origin == "wheel" for copy in find_copies(parts, subdir, load_rows(subdir))):
        return ()
    files |= dict(_package_files((package for package in missing if package.kind == "conda"), settings.caches))
    found = runtime_clashes(add_files(parts, files), subdir, _advisor(solution, settings))
    return _with_news(new_clashes(found, told), solution, kept)


def _with_news(clashes: Iterable[Clash], solution: Solution, kept: Iterable[PrefixRecord]) -> tuple[Clash, ...]:
    """Return the clashes in which a package takes part that is not *kept*, as what loads a runtime does, too."""
    old = {record.name.normalized for record in kept}
    new = {package.pypi_name or package.name for package in solution.packages if package.name not in old}
    return tuple(
        clash for clash in clashes if not new.isdisjoint(name for copy in clash.copies for name in copy.involved)
    )


def _advisor(solution: Solution, settings: Settings) -> Advisor:
    return Advisor.of_solution(solution, lambda: open_names(settings.sources, settings.maps))


def _wheel_files(
    packages: Iterable[ResolvedPackage], wheels: Mapping[str, Path], caches: Caches
) -> Iterator[tuple[str, tuple[str, ...]]]:
    for package in packages:
        digest = package.record.sha256
        if package.url in wheels:
            yield package.name, wheel_libraries(wheels[package.url])
        elif digest and (record := find_member(digest.hex(), caches.unpacked_wheels, "RECORD")):
            yield package.name, library_paths(recorded_paths(record))


def _package_files(packages: Iterable[ResolvedPackage], caches: Caches) -> Iterator[tuple[str, tuple[str, ...]]]:
    for package in packages:
        if (paths := _unpacked_libraries(caches.packages / entry_name(package.record))) is not None:
            yield package.name, paths


def _unpacked_libraries(package: Path) -> tuple[str, ...] | None:
    """Return the libraries of an unpacked package; None where it is not there, or says nothing that can be read."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        entries = json.loads((package / "info" / "paths.json").read_bytes())["paths"]
        return library_paths(str(entry["_path"]) for entry in entries)
    return None
