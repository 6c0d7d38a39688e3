"""Environments made and changed: solve, plan, fetch, and one transaction."""

import warnings
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import file_digest, sha256
from pathlib import Path

from rattler import MatchSpec, PrefixRecord, RepoDataRecord

from wheelbridge.api.clients import check_records, open_client
from wheelbridge.api.direct.direct_urls import LINKS_URL, discard_editables, linked_file, linked_wheels
from wheelbridge.api.direct.provider import LINKS
from wheelbridge.api.external.tables import read_no_external
from wheelbridge.api.life.finding import find_file
from wheelbridge.api.life.modifying import named_packages, solve_for
from wheelbridge.api.life.site import Site, open_site, standing_of
from wheelbridge.api.listed_wheels import find_listed
from wheelbridge.api.mapping.maps import MapLike, take_maps
from wheelbridge.api.origins import remember_origins
from wheelbridge.api.places import Caches
from wheelbridge.api.providers import Provider
from wheelbridge.api.running import run_to_end
from wheelbridge.api.runtime_checks import Asked, arrived_clashes, planned_clashes
from wheelbridge.api.solving import Settings, Silent, read_builds
from wheelbridge.api.sources import read_sources
from wheelbridge.api.specs import Request, read_request
from wheelbridge.api.variant_checks import check_variants
from wheelbridge.installer.errors import MissingWheelError
from wheelbridge.installer.plan import Plan, make_plan
from wheelbridge.installer.prefix import check_new, hold_prefix
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
from wheelbridge.solver.records import record_channel
from wheelbridge.solver.threads import Threads
from wheelbridge.target.detect import detect_target

_DOWNLOADS = 8


@dataclass(frozen=True, slots=True)
class Prepared:
    """A change of an environment, ready to be shown and carried out.

    *warnings* are runtimes that can meet in it; *asked* is what the solution answers, *wish* what of it the user said.
    """

    solution: Solution
    transaction: Transaction
    plan: Plan
    warnings: tuple[Clash, ...] = ()
    asked: Asked | None = None
    wish: Request | None = None


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
    site = open_site(prefix, settings, create=create, override=override, command=command)
    standing = standing_of(site, request.specs)
    return conclude(site, request, solve_for(site, request, standing, progress), standing)


def conclude(site: Site, request: Request, solution: Solution, standing: Standing) -> Prepared:
    """Make a change of *site* out of the *solution* of a *request*.

    Raises:
        PrefixNotEmptyError: if the environment was to be made, and is there with other packages.
    """
    settings = site.settings
    _adopt_hashes(solution, site.installed)
    linked = linked_wheels(solution.packages, site.prefix, site.installed)
    transaction = Transaction(
        prefix=site.prefix,
        subdir=settings.target.subdir,
        records=tuple(package.record for package in solution.packages),
        direct_urls=linked.direct_urls,
        requested=tuple(MatchSpec(spec) for spec in solution.specs),
        command=site.command,
        create=site.new,
        override=site.override,
        reinstall=linked.moved | (named_packages(solution) if settings.modifiers.reinstall else frozenset()),
        offline=settings.offline,
    )
    plan = make_plan(site.installed, transaction.records, transaction.subdir, transaction.reinstall)
    if site.repeated and not plan.is_empty:
        check_new(site.prefix)
    asked = Asked(request, settings, standing)
    return Prepared(solution, transaction, plan, planned_clashes(solution, settings, plan.keep, asked), asked, request)


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
    wheels = fetch_wheels(prepared, tasks, settings, reporter)
    told, asked = prepared.warnings, prepared.asked
    for clash in arrived_clashes(prepared.solution, prepared.plan.keep, wheels, told, settings, asked=asked):
        warn(clash)
    check_proofs(prepared, wheels, settings, providers)
    sources = prepared.solution.sources
    transaction = replace(prepared.transaction, wheels=wheels)
    check, client = check_records(sources), open_client(sources)
    outcome = run_to_end(run_transaction(transaction, caches, reporter=reporter, client=client, check=check))
    remember_origins(prepared.transaction.prefix, prepared.solution, settings, prepared.wish)
    discard_editables(prepared.solution.packages)
    return outcome


def package_caches(caches: Caches) -> PackageCaches:
    """Return where the installer keeps unpacked packages."""
    return PackageCaches(packages=caches.packages, wheels=caches.unpacked_wheels, archives=caches.archives)


def _find_again(
    record: RepoDataRecord, settings: Settings, providers: Mapping[str, Provider]
) -> tuple[Provider, DistributionFile]:
    """Find the file of a wheel that a channel lists, or of one that must be linked anew and is in no cache any more.

    Raises:
        MissingWheelError: if no index among the sources has the file, or has it any more.
        InvalidLinkError: if it came of a link, and has to be built anew.
    """
    if record_channel(record) == LINKS_URL:
        return providers[LINKS], linked_file(record)
    if listed := find_listed(record, settings.sources, settings.caches, offline=settings.offline):
        return listed
    if found := find_file(record, settings.sources, providers):
        return found
    raise MissingWheelError(record.file_name)


def fetch_wheels(
    prepared: Prepared,
    tasks: Sequence[tuple[str, Provider, DistributionFile]],
    settings: Settings,
    reporter: Reporter,
) -> dict[str, Path]:
    """Fetch the files of URLs, as `download_wheels` does; each is the variant that its index announced.

    Raises:
        WheelbridgeError: if one cannot be had, or is another one.
    """
    wheels = download_wheels(tasks, settings.caches, reporter)
    check_variants(prepared.solution.packages, wheels, settings.caches.unpacked_wheels)
    return wheels


def check_proofs(
    prepared: Prepared, wheels: Mapping[str, Path], settings: Settings, providers: Mapping[str, Provider]
) -> None:
    """See whether all that is new proves what its source wants it to, once all *wheels* are fetched.

    Raises:
        WheelbridgeError: if something does not.
    """
    complete_hashes(prepared.transaction, wheels)
    if any(source.attestations for source in prepared.solution.sources):
        from wheelbridge.api.attesting import check_attestations  # noqa: PLC0415 - few sources must attest their files

        check_attestations(prepared.solution, prepared.plan, settings, providers)


def complete_hashes(transaction: Transaction, wheels: Mapping[str, Path]) -> None:
    """Give a record whose index publishes no hash the hash of what came, so that caches can tell files apart."""
    for record in transaction.records:
        if record.sha256 is None and (wheel := wheels.get(record.url)):
            with wheel.open("rb") as stream:
                record.sha256 = file_digest(stream, "sha256").digest()


def download_wheels(
    missing: Sequence[tuple[str, Provider, DistributionFile]], caches: Caches, reporter: Reporter
) -> dict[str, Path]:
    """Fetch the files of URLs, each from its index; return URL -> file. What was downloaded before is taken."""

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

    with Threads(_DOWNLOADS) as executor:
        return dict(executor.map(fetch, missing))


def _has_hash(path: Path, digest: str) -> bool:
    """Tell whether *path* is there, and is the file it should be."""
    if not path.is_file():
        return False
    with path.open("rb") as stream:
        return file_digest(stream, "sha256").hexdigest() == digest
