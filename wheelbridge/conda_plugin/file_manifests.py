"""Environment files, and others that ask, as environments of conda's: solved jointly, whatever solver conda has."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path

from conda.base.context import context
from conda.exceptions import InvalidMatchSpec
from conda.models.environment import EXTERNAL_PACKAGES_PYPI_KEY, Environment
from conda.models.match_spec import MatchSpec

from wheelbridge.api.installing import Prepared, check_proofs, fetch_wheels, prepare
from wheelbridge.api.manifests.reading import read_files
from wheelbridge.api.origins import remember_origins
from wheelbridge.api.solving import Settings
from wheelbridge.api.sources import SourceChoice
from wheelbridge.cli.asking import Asked, read_asked, tell_platforms
from wheelbridge.cli.options import Output, SolveOptions
from wheelbridge.cli.variables import plan_variables
from wheelbridge.conda_plugin.command_line import named, said
from wheelbridge.conda_plugin.door import CondaDoor
from wheelbridge.conda_plugin.file_locks import inside_conda, overrides
from wheelbridge.conda_plugin.file_transactions import Outcome, as_environment, check_alone
from wheelbridge.conda_plugin.telling import tell
from wheelbridge.environment.manifest import Stated
from wheelbridge.installer.prefix import is_environment
from wheelbridge.installer.reporter import Reporter
from wheelbridge.model.source import SourceKind
from wheelbridge.model.variant_policy import VariantPolicy
from wheelbridge.target.detect import detect_target
from wheelbridge.translate.requirement import parse_requirement


def describe_manifest(path: Path, subdir: str) -> Environment:
    """Return what the file at *path* asks for, unsolved; conda asks for the name of the environment so."""
    manifest = read_files([str(path)], detect_target(subdir)).manifest
    return Environment(
        platform=subdir,
        name=manifest.name,
        prefix=str(manifest.prefix) if manifest.prefix else None,
        requested_packages=list(_conda_specs(manifest.specs)),
        external_packages={EXTERNAL_PACKAGES_PYPI_KEY: list(_plain_requirements(manifest.requirements))},
        variables=dict(manifest.variables),
    )


def solve_manifest(path: Path, subdir: str) -> Environment:
    """Solve what the file at *path* asks for, and return the packages as conda's explicit installer takes them."""
    check_alone(path)
    with inside_conda() as door:
        asked = read_asked((), (), _options(path, subdir))
        tell_platforms(asked)
        prefix = Path(context.target_prefix)
        variables = asked.manifest.variables if asked.manifest else {}
        plan_variables(prefix, variables)
        prepared = _solve(asked, prefix, door)
        tell((*prepared.solution.notes, *(clash.message for clash in prepared.warnings)))
        return as_environment(_outcome(path, prepared, asked), subdir)


def _options(path: Path, subdir: str) -> SolveOptions:
    channels: tuple[tuple[SourceKind, str], ...] = tuple(("channel", name) for name in named("channel"))
    return SolveOptions(
        sources=SourceChoice(sources=channels, defaults=not said("override_channels")),
        variants=VariantPolicy(),
        offline=bool(context.offline),
        platform=subdir,
        files=(str(path),),
    )


def _solve(asked: Asked, prefix: Path, door: CondaDoor) -> Prepared:
    with door.steps(Output(as_json=bool(context.json), quiet=bool(context.quiet))) as progress:
        return prepare(
            prefix,
            asked.request,
            asked.settings,
            progress,
            create=not is_environment(prefix),
            override=overrides(),
            command=door.command_line(),
        )


def _outcome(path: Path, prepared: Prepared, asked: Asked) -> Outcome:
    prefix, manifest = prepared.transaction.prefix, asked.manifest
    verb = "create" if prepared.transaction.create else "install"
    direct = prepared.transaction.direct_urls
    return Outcome(
        file=path,
        command=(verb, "-p", prefix, "-f", path),
        plan=prepared.plan,
        requested=prepared.transaction.requested,
        records=prepared.transaction.records,
        sources=prepared.solution.sources,
        fetch=lambda urls: _fetch(prepared, asked.settings, urls),
        remember=lambda: remember_origins(prefix, prepared.solution, asked.settings, prepared.wish),
        linked=[package.name for package in prepared.solution.packages if package.url in direct],
        name=manifest.name if manifest else None,
        variables=manifest.variables if manifest else {},
        is_solved=True,
    )


def _fetch(prepared: Prepared, settings: Settings, urls: Collection[str]) -> Mapping[str, Path]:
    providers = settings.open_providers()
    packages = [package for package in prepared.solution.packages if package.url in urls]
    tasks = [(one.url, providers[one.source], one.file) for one in packages if one.file]
    wheels = fetch_wheels(prepared, tasks, settings, Reporter())
    check_proofs(prepared, wheels, settings, providers)
    return wheels


def _conda_specs(stated: Iterable[Stated]) -> Iterator[MatchSpec]:
    """Yield the specs that conda can read; those of repodata's third version it cannot."""
    for one in stated:
        try:
            yield MatchSpec(one.text)
        except InvalidMatchSpec:
            continue


def _plain_requirements(stated: Iterable[Stated]) -> Iterator[str]:
    """Yield requirements without extras and markers, of which conda knows nothing."""
    for one in stated:
        requirement = parse_requirement(one.text)
        yield f"{requirement.name}{requirement.specifier}"
