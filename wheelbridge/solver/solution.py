"""From the solver's records to the packages of a solution."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from rattler import RepoDataRecord

from wheelbridge.model.source import Source, SourceKind
from wheelbridge.solver.problem import ResolvedPackage, Standing
from wheelbridge.solver.records import record_channel, wheel_project
from wheelbridge.solver.wheels import OfferedWheel, WheelSource


def collect_packages(
    records: Iterable[RepoDataRecord], wheels: Iterable[WheelSource], sources: Iterable[Source], standing: Standing
) -> tuple[ResolvedPackage, ...]:
    """Tell of every record where it came from, sorted by name."""
    offered = {(source.source.url, url): wheel for source in wheels for url, wheel in source.wheels.items()}
    names = {(source.kind, source.url): source.name for source in sources}
    packages = []
    for record in records:
        package = _package(record, offered.get((record_channel(record), record.url)), names)
        known = standing.variants.get(record.url)
        packages.append(replace(package, variant=known) if package.variant is None and known else package)
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
        source=names.get(("index" if project else "channel", channel), channel),
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
