"""From the solver's records to the packages of a solution."""

from collections.abc import Iterable, Sequence

from rattler import RepoDataRecord

from wheelbridge.model.source import Source
from wheelbridge.solver.problem import ResolvedPackage
from wheelbridge.solver.records import record_channel, wheel_project
from wheelbridge.solver.wheels import WheelSource


def collect_packages(
    records: Iterable[RepoDataRecord], wheels: Iterable[WheelSource], sources: Sequence[Source]
) -> tuple[ResolvedPackage, ...]:
    """Tell of every record where it came from, sorted by name."""
    by_url = {(source.source.url, url): wheel for source in wheels for url, wheel in source.wheels.items()}
    channels = {source.url: source.name for source in sources}
    packages = []
    for record in records:
        channel = record_channel(record)
        origin = by_url.get((channel, record.url))
        sha256 = record.sha256
        packages.append(
            ResolvedPackage(
                kind="wheel" if record.file_name.endswith(".whl") else "conda",
                name=record.name.normalized,
                pypi_name=origin.project if origin else wheel_project(record.file_name),
                version=str(record.version),
                build=str(record.build),
                build_number=record.build_number,
                subdir=record.subdir,
                source=channels.get(channel, channel),
                fn=record.file_name,
                url=record.url,
                sha256=sha256.hex() if sha256 else None,
                size=record.size,
                depends=tuple(record.depends),
                record=record,
                file=origin.file if origin else None,
                wheel=origin.record if origin else None,
            )
        )
    return tuple(sorted(packages, key=lambda package: package.name))
