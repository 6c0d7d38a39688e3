"""What the user wants proved of sources holds for the packages of a lock, too."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from packaging.utils import canonicalize_name
from rattler import RepoDataRecord

from wheelbridge.api.locking.completing import as_distribution
from wheelbridge.api.providers import Provider
from wheelbridge.api.syncing.packages import Gathered
from wheelbridge.environment.lock import LockedPackage
from wheelbridge.installer.plan import Plan
from wheelbridge.model.distribution import DistributionFile
from wheelbridge.model.source import Source
from wheelbridge.solver.problem import ResolvedPackage, Solution, Statistics
from wheelbridge.solver.records import record_channel


def check_attested(gathered: Gathered, records: Iterable[RepoDataRecord], plan: Plan) -> None:
    """Verify what *plan* newly links from sources that must attest their files; nothing is touched.

    A lock does not say where attestations are: the index is asked.

    Raises:
        WheelbridgeError: as `wheelbridge.api.attesting.check_attestations` does.
    """
    settings = gathered.settings
    attested = {source.url: source for source in settings.sources if source.attestations}
    if not attested:
        return
    from wheelbridge.api.attesting import check_attestations  # noqa: PLC0415 - few sources must attest their files

    providers = settings.open_providers()
    new = {record.url for record in plan.to_link}
    locked = {package.file.url: package for package in gathered.packages}
    packages = tuple(
        _resolve(locked[record.url], record, attested[record_channel(record)], providers)
        for record in records
        if record.url in new and record.url in locked and record_channel(record) in attested
    )
    solution = Solution(packages=packages, refused=(), statistics=Statistics(), sources=settings.sources)
    check_attestations(solution, plan, settings, providers)


def _resolve(
    package: LockedPackage, record: RepoDataRecord, source: Source, providers: Mapping[str, Provider]
) -> ResolvedPackage:
    return ResolvedPackage(
        kind=package.kind,
        name=package.name,
        version=package.version,
        build=str(record.build),
        build_number=record.build_number,
        subdir=record.subdir,
        source=source.name,
        fn=record.file_name,
        url=record.url,
        sha256=record.sha256.hex() if record.sha256 else None,
        size=record.size,
        depends=tuple(record.depends),
        record=record,
        pypi_name=package.pypi_name,
        file=_find_file(package, providers[source.name]) if source.kind == "index" else None,
    )


def _find_file(package: LockedPackage, provider: Provider) -> DistributionFile:
    """Return the file with the place of its provenance, where its page tells one."""
    page = provider.project_page(canonicalize_name(package.pypi_name or package.name))
    listed = (file.provenance for file in (page.files if page else ()) if file.url == package.file.url)
    return replace(as_distribution(package), provenance=next(listed, None))
