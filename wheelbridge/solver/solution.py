"""From the solver's records to the packages of a solution."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from rattler import RepoDataRecord

from wheelbridge.errors import TranslationError
from wheelbridge.model.distribution import DistributionFile
from wheelbridge.model.source import Source, SourceKind
from wheelbridge.model.target import Target
from wheelbridge.solver.problem import ChosenRelease, ResolvedPackage, Standing
from wheelbridge.solver.records import record_channel, wheel_project
from wheelbridge.solver.wheels import OfferedWheel, WheelSource
from wheelbridge.translate.wheel import WheelName, translate_tags


def collect_packages(
    records: Sequence[RepoDataRecord],
    wheels: Iterable[WheelSource],
    sources: Iterable[Source],
    standing: Standing,
    target: Target,
) -> tuple[ResolvedPackage, ...]:
    """Tell of every record where it came from, sorted by name."""
    offered = {(source.source.url, url): (source, wheel) for source in wheels for url, wheel in source.wheels.items()}
    names = {(source.kind, source.url): source.name for source in sources}
    python = next((record for record in records if record.name.normalized == "python"), None)
    packages = []
    for record in records:
        source, wheel = offered.get((record_channel(record), record.url), (None, None))
        package = _package(record, wheel, names)
        known = standing.variants.get(record.url)
        if package.variant is None and known:
            package = replace(package, variant=known)
        if source and wheel:
            package = replace(package, release=_release(source, wheel, python, target))
        packages.append(package)
    return tuple(sorted(packages, key=lambda package: package.name))


def _package(
    record: RepoDataRecord, wheel: OfferedWheel | None, names: Mapping[tuple[SourceKind, str], str]
) -> ResolvedPackage:
    channel = record_channel(record)
    project = wheel.project if wheel else wheel_project(record.file_name)
    return ResolvedPackage(
        kind="wheel" if project else "conda",
        name=record.name.normalized,
        pypi_name=project,
        version=str(record.version),
        build=str(record.build),
        build_number=record.build_number,
        subdir=record.subdir,
        source=(project and names.get(("index", channel))) or names.get(("channel", channel), channel),
        fn=record.file_name,
        url=record.url,
        sha256=record.sha256.hex() if record.sha256 else None,
        size=record.size,
        depends=tuple(record.depends),
        record=record,
        file=wheel.file if wheel else None,
        variant=wheel.record.variant if wheel else None,
        wheel=wheel.record if wheel else None,
    )


def _release(source: WheelSource, wheel: OfferedWheel, python: RepoDataRecord | None, target: Target) -> ChosenRelease:
    metadata, variants, files = source.release(wheel)
    known = ChosenRelease(metadata=metadata, sdist=source.built_of(wheel))
    if variants is None or python is None:
        return known
    others = tuple(_run_by(python, target, (file for file in files if file.url != wheel.file.url)))
    return replace(known, variants=variants, others=others)


def _run_by(python: RepoDataRecord, target: Target, files: Iterable[DistributionFile]) -> Iterator[DistributionFile]:
    """Yield the wheels that *python* runs on the platform of *target*."""
    if (minor := python.version.as_major_minor()) is None:
        return
    for file in files:
        try:
            support = translate_tags(WheelName.parse(file.filename).tags, target, file.requires_python)
        except TranslationError:
            continue
        fitting = (one for one in support.pythons if minor in support.minors and one.covers(minor))
        if any(one.build_regex is None or re.match(one.build_regex, str(python.build)) for one in fitting):
            yield file
