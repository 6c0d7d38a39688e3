"""Environments made and changed: solve, plan, fetch, and one transaction."""

import warnings
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from hashlib import file_digest, sha256
from pathlib import Path

from rattler import MatchSpec, PrefixRecord, RepoDataRecord

from wheelbridge.api.clients import check_records, open_client
from wheelbridge.api.external.tables import read_no_external
from wheelbridge.api.mapping.maps import MapLike, take_maps
from wheelbridge.api.origins import remember_origins, standing_routes
from wheelbridge.api.places import Caches
from wheelbridge.api.providers import Provider
from wheelbridge.api.running import run_to_end
from wheelbridge.api.runtime_checks import Asked, arrived_clashes, planned_clashes
from wheelbridge.api.solving import Settings, Silent, read_builds, solve_request
from wheelbridge.api.sources import read_sources
from wheelbridge.api.specs import Request, read_request
from wheelbridge.api.variant_checks import check_variants, split_unwanted
from wheelbridge.installer.errors import MissingWheelError
from wheelbridge.installer.history import load_history, requested_specs
from wheelbridge.installer.listing import installed_variant, load_records
from wheelbridge.installer.plan import Plan, make_plan
from wheelbridge.installer.prefix import check_environment, check_new, hold_prefix, is_environment
from wheelbridge.installer.reporter import Reporter
from wheelbridge.installer.transaction import Caches as PackageCaches
from wheelbridge.installer.transaction import Outcome, run_transaction, wheels_to_fetch
from wheelbridge.installer.transaction import Request as Transaction
from wheelbridge.mapping.natives.clashes import Clash
from wheelbridge.model.distribution import DistributionFile
from wheelbridge.model.source import SourceKind
from wheelbridge.model.target import Target
from wheelbridge.model.variant_policy import VariantPolicy
from wheelbridge.solver.problem import Progress, Solution, Standing
from wheelbridge.solver.records import record_channel, wheel_project
from wheelbridge.target.detect import detect_target

_DOWNLOADS = 8


@dataclass(frozen=True, slots=True)
class Prepared:
    """A change of an environment, ready to be shown and carried out.

    *warnings* are runtimes that can meet in it; *asked* is what the solution answers.
    """

    solution: Solution
    transaction: Transaction
    plan: Plan
    warnings: tuple[Clash, ...] = ()
    asked: Asked | None = None


def install(  # noqa: PLR0913 - one keyword for each thing that a caller may say
    prefix: Path,
    specs: Iterable[str],
    *,
    sources: Iterable[tuple[SourceKind, str]] = (),
    target: Target | None = None,
    variants: VariantPolicy | None = None,
    maps: Iterable[MapLike] = (),
    no_external: Iterable[str] = (),
    builds: Iterable[str] = (),
    create: bool = False,
) -> Outcome:
    """Add packages to the environment at *prefix*, or with *create* make it.

    Args:
        prefix: the environment's folder.
        specs: conda MatchSpecs, and PEP 508 requirements written ``pypi:REQUIREMENT``.
        sources: ("channel", URL or name) and ("index", URL or name) in order of priority; none: conda-forge, pypi.
        target: the machine the environment is for; None: this one.
        variants: what to prefer, ban and pin among wheel variants.
        maps: names of projects and packages of your own, as in `wheelbridge.solve`.
        no_external: projects whose wheels get nothing of conda, as in `wheelbridge.solve`.
        builds: projects of which a wheel is built of a source distribution, as in `wheelbridge.solve`.
        create: the environment is new.

    Runtimes that should not meet in one process are a `UserWarning`, as `warnings` has it.

    Raises:
        WheelbridgeError: the environment is then as it was.
    """
    settings = Settings(
        target=target or detect_target(),
        sources=read_sources(sources),
        caches=Caches.default(),
        variants=variants or VariantPolicy(),
        maps=take_maps(maps),
        no_external=read_no_external(no_external),
        builds=read_builds(builds),
    )
    with hold_prefix(prefix):
        prepared = prepare(prefix, read_request(specs), settings, Silent(), create=create)
        for clash in prepared.warnings:
            _warn(clash)
        return carry_out(prepared, settings, Reporter(), _warn)


def _warn(clash: Clash) -> None:
    warnings.warn(clash.message, stacklevel=3)


def prepare(
    prefix: Path,
    request: Request,
    settings: Settings,
    progress: Progress,
    *,
    create: bool,
    override: Collection[str] = (),
    command: Sequence[str] = ("wheelbridge",),
) -> Prepared:
    """Solve *request* for the environment at *prefix*, keeping what is there unless it must move.

    To create an environment that is there already and has what is asked for is to do nothing.

    Raises:
        WheelbridgeError: if the prefix may not be changed, or the request cannot be met.
    """
    repeated = create and is_environment(prefix)
    if repeated or not create:
        check_environment(prefix, override=override)
    else:
        check_new(prefix)
    installed = load_records(prefix) if is_environment(prefix) else ()
    bound = replace(settings, routes=(*settings.routes, *standing_routes(prefix, installed, settings.sources)))
    standing = _standing(prefix, installed, request, settings)
    solution = solve_request(request, bound, progress, standing)
    _adopt_hashes(solution, installed)
    transaction = Transaction(
        prefix=prefix,
        subdir=settings.target.subdir,
        records=tuple(package.record for package in solution.packages),
        requested=tuple(MatchSpec(spec) for spec in solution.specs),
        command=tuple(command),
        create=create and not repeated,
        override=frozenset(override),
        offline=settings.offline,
    )
    plan = make_plan(installed, transaction.records, transaction.subdir)
    if repeated and not plan.is_empty:
        check_new(prefix)
    asked = Asked(request, bound, standing)
    return Prepared(solution, transaction, plan, planned_clashes(solution, settings, plan.keep, asked), asked)


def _standing(prefix: Path, installed: Sequence[PrefixRecord], request: Request, settings: Settings) -> Standing:
    """Return what the environment brings along; the user's word on variants may speak against some of its wheels."""
    locked, unwanted = split_unwanted(prefix, installed, settings.target, settings.variants)
    return Standing(
        kept=_kept_specs(prefix, installed),
        present=tuple(record.name.normalized for record in installed),
        locked=locked,
        replaced=unwanted,
        variants={record.url: variant for record in installed if (variant := installed_variant(prefix, record))},
        constraints=_keep_python(installed, request.specs),
    )


def _adopt_hashes(solution: Solution, installed: Sequence[PrefixRecord]) -> None:
    """Give a record without a hash that of the same file as it is installed: an index need not publish any."""
    known = {(record.url, str(record.version)): record.sha256 for record in installed}
    for package in solution.packages:
        if package.record.sha256 is None and (digest := known.get((package.url, package.version))):
            package.record.sha256 = digest


def carry_out(
    prepared: Prepared, settings: Settings, reporter: Reporter, warn: Callable[[Clash], None] = lambda _: None
) -> Outcome:
    """Fetch what is missing and link it all in one transaction.

    *warn* is called before anything is linked, with each clash of runtimes that only the files show.

    Raises:
        WheelbridgeError: the environment is then as it was.
    """
    caches = package_caches(settings.caches)
    files = {package.url: (package.source, package.file) for package in prepared.solution.packages if package.file}
    missing = wheels_to_fetch(prepared.transaction, caches)
    providers = settings.open_providers()
    tasks = [
        (record.url, providers[files[record.url][0]], files[record.url][1])
        if record.url in files
        else (record.url, *_find_again(record, settings, providers))
        for record in missing
    ]
    wheels = _download(tasks, settings.caches, reporter)
    check_variants(prepared.solution.packages, wheels, settings.caches.unpacked_wheels)
    told, asked = prepared.warnings, prepared.asked
    for clash in arrived_clashes(prepared.solution, prepared.plan.keep, wheels, told, settings, asked=asked):
        warn(clash)
    _complete_hashes(prepared.transaction, wheels)
    if any(source.attestations for source in prepared.solution.sources):
        from wheelbridge.api.attesting import check_attestations  # noqa: PLC0415 - few sources must attest their files

        check_attestations(prepared.solution, prepared.plan, settings, providers)
    sources = prepared.solution.sources
    transaction = replace(prepared.transaction, wheels=wheels)
    check, client = check_records(sources), open_client(sources)
    outcome = run_to_end(run_transaction(transaction, caches, reporter=reporter, client=client, check=check))
    remember_origins(prepared.transaction.prefix, prepared.solution)
    return outcome


def package_caches(caches: Caches) -> PackageCaches:
    """Return where the installer keeps unpacked packages."""
    return PackageCaches(packages=caches.packages, wheels=caches.unpacked_wheels)


def _find_again(
    record: RepoDataRecord, settings: Settings, providers: Mapping[str, Provider]
) -> tuple[Provider, DistributionFile]:
    """Find the file of an installed wheel that must be linked anew and is in no cache any more.

    Raises:
        MissingWheelError: if its index is not among the sources, or does not have the file any more.
    """
    project = wheel_project(record.file_name)
    for source in settings.sources:
        if project and source.kind == "index" and source.url == record_channel(record):
            page = providers[source.name].project_page(project)
            for file in page.files if page else ():
                if file.url == record.url:
                    return providers[source.name], file
    raise MissingWheelError(record.file_name)


def _complete_hashes(transaction: Transaction, wheels: Mapping[str, Path]) -> None:
    """Give a record whose index publishes no hash the hash of what came, so that caches can tell files apart."""
    for record in transaction.records:
        if record.sha256 is None and (wheel := wheels.get(record.url)):
            with wheel.open("rb") as stream:
                record.sha256 = file_digest(stream, "sha256").digest()


def _download(
    missing: Sequence[tuple[str, Provider, DistributionFile]], caches: Caches, reporter: Reporter
) -> dict[str, Path]:
    def fetch(item: tuple[str, Provider, DistributionFile]) -> tuple[str, Path]:
        url, provider, file = item
        received = 0

        def progress(count: int) -> None:
            nonlocal received
            received += count
            reporter.on_download_progress(file.filename, received)

        folder = caches.downloads / (file.sha256 or sha256(file.url.encode()).hexdigest())
        if file.sha256 and _has_hash(folder / file.filename, file.sha256):
            return url, folder / file.filename
        reporter.on_download_start(file.filename, file.size)
        path = provider.download(file, folder, progress)
        reporter.on_download_complete(file.filename)
        return url, path

    with ThreadPoolExecutor(_DOWNLOADS) as executor:
        return dict(executor.map(fetch, missing))


def _has_hash(path: Path, digest: str) -> bool:
    """Tell whether *path* is there, and is the file it should be."""
    if not path.is_file():
        return False
    with path.open("rb") as stream:
        return file_digest(stream, "sha256").hexdigest() == digest


def _kept_specs(prefix: Path, installed: Sequence[PrefixRecord]) -> tuple[str, ...]:
    """Return what was asked for before."""
    names = [record.name.normalized for record in installed]
    return tuple(requested_specs(load_history(prefix), names, exact=True).values()) if installed else ()


def _keep_python(installed: Sequence[PrefixRecord], specs: Sequence[str]) -> tuple[str, ...]:
    """Keep python's minor version, as conda does, unless python is asked for."""
    if any(MatchSpec(spec).name.normalized == "python" for spec in specs):
        return ()
    releases = [record.version.as_major_minor() for record in installed if record.name.normalized == "python"]
    return tuple(f"python {major}.{minor}.*" for major, minor in filter(None, releases))
