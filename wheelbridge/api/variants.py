"""The variants of a release, and what a target makes of them."""

from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from wheelbridge.api.mapping.maps import open_names
from wheelbridge.api.providers import Provider
from wheelbridge.api.solving import Settings
from wheelbridge.errors import UsageError, WheelbridgeError
from wheelbridge.index.variants import read_variants
from wheelbridge.index.wheelfile import VARIANT_JSON, read_member
from wheelbridge.model.distribution import DistributionFile, ProjectPage
from wheelbridge.model.source import Source
from wheelbridge.model.target import Target
from wheelbridge.model.variant import ReleaseVariants
from wheelbridge.model.variant_policy import VariantPolicy
from wheelbridge.solver.admission import admission_of
from wheelbridge.solver.candidates import Offer
from wheelbridge.solver.errors import PackageNotFoundError
from wheelbridge.solver.names import SolverNames
from wheelbridge.solver.ownership import Rule
from wheelbridge.solver.variant_choice import ask_plugins, read_own_variant
from wheelbridge.translate.errors import InvalidWheelNameError
from wheelbridge.translate.pythons import KNOWN_MINORS
from wheelbridge.translate.requirement import parse_requirement
from wheelbridge.translate.variant_documents import combine_own_variants
from wheelbridge.translate.variant_order import Ranking, rank_variants
from wheelbridge.translate.variant_wheel import require_properties
from wheelbridge.translate.wheel import WheelName


class NoVariantsError(WheelbridgeError):
    """No release has variant wheels."""

    code = "no-variants"

    def __init__(self, what: str) -> None:
        super().__init__(
            f"No release that {what!r} allows has variant wheels", hint="Wheels of it differ by tags alone."
        )
        self.what = what


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantReport:
    """The variants of a release on a target.

    Attributes:
        name: what was looked at.
        source: the index, or the file.
        depends: label -> MatchSpecs of the machine, of all variants.
        wheels: label -> file names; empty for a file of metadata.
    """

    name: str
    source: str
    release: ReleaseVariants
    policy: VariantPolicy
    ranking: Ranking
    depends: Mapping[str, tuple[str, ...]]
    wheels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def as_json(self) -> dict[str, object]:
        """Return what ``wheelbridge variants --json`` prints."""
        ranking = self.ranking
        labels = [*(variant.label for variant in ranking.order), *ranking.incompatible, *ranking.excluded]
        return {
            "name": self.name,
            "source": self.source,
            "order": [variant.label for variant in ranking.order],
            "incompatible": dict(ranking.incompatible),
            "excluded": dict(ranking.excluded),
            "depends": {label: list(specs) for label, specs in self.depends.items()},
            "variants": [self._variant(label) for label in labels],
            "namespaces": [self._namespace(name) for name in self.release.namespaces],
        }

    def decided_by(self, label: str) -> str:
        """Say what puts a variant before the next one in the order."""
        order = self.ranking.order
        place = self.ranking.positions[label]
        if place + 1 == len(order):
            return ""
        one, other = order[place], order[place + 1]
        if one.key == other.key:
            return "the label alone"
        for pattern, mine, theirs in zip(self.policy.prefer, one.key, other.key, strict=False):
            if mine != theirs:
                return f"you prefer {pattern}"
        for best, rival in zip(one.best, other.best, strict=False):
            if best != rival:
                return f"{best} comes before {rival}"
        return f"{other.label} lacks {one.best[len(other.best)]}"

    def _variant(self, label: str) -> dict[str, object]:
        variant = self.ranking.variant(label)
        return {
            "label": label,
            "compatible": label not in self.ranking.incompatible,
            "reason": self.ranking.reason(label),
            "decided_by": self.decided_by(label) if variant else "",
            "properties": [str(item) for item in sorted(self.release.variants.get(label, ()))],
            "supported": [str(item) for item in sorted(variant.supported)] if variant else [],
            "depends": list(self.depends.get(label, ())),
            "files": list(self.wheels.get(label, ())),
        }

    def _namespace(self, name: str) -> dict[str, object]:
        support = self.ranking.support[name]
        return {
            "namespace": name,
            "read_from": support.read_from,
            "missing": support.missing,
            "supported": {feature: list(values) for feature, values in support.features.items()},
        }


def report_file(path: Path, settings: Settings) -> VariantReport:
    """Report on a file of variant metadata, or on a variant wheel.

    Raises:
        UsageError: if it cannot be opened.
        NotAWheelError: if it is a wheel without variant metadata.
        InvalidVariantsError: if it cannot be read.
    """
    try:
        with path.open("rb") as stream:
            is_wheel = path.suffix == ".whl"
            text = read_member(stream, path.name, VARIANT_JSON) if is_wheel else stream.read()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    project = canonicalize_name(path.name.partition("-")[0])
    release = read_variants(text)
    providers = settings.open_providers().values()
    plugins = next((provider.plugins for provider in providers), None)
    target = ask_plugins(release, settings.target, settings.variants, plugins)
    return make_report(path.name, str(path), release, target, settings.variants, project=project)


def report_project(text: str, settings: Settings) -> VariantReport:
    """Report on the newest release with variant wheels that *text*, a requirement, allows.

    The indexes are asked in order, down to the first that has the project and claims it strictly.

    Raises:
        InvalidRequirementError: if *text* is none.
        PackageNotFoundError: if no index has the project.
        NoVariantsError: if no release that fits has variant wheels.
    """
    requirement = parse_requirement(text)
    project = canonicalize_name(requirement.name)
    providers, asked, found = settings.open_providers(), [], False
    for source in _indexes(project, settings):
        page = providers[source.name].project_page(project)
        asked.append(source.name)
        if page is None:
            continue
        found = True
        if report := _report_page(page, requirement.specifier, source, settings, providers[source.name]):
            return report
        if source.claim == "strict":
            break
    if not found:
        raise PackageNotFoundError(project, asked)
    raise NoVariantsError(text)


def _indexes(project: NormalizedName, settings: Settings) -> list[Source]:
    """Return the indexes that may serve *project*, in order."""
    name = SolverNames(open_names(settings.sources, settings.maps))(project)
    tiers = Rule(settings.sources, settings.routes).tiers(name, project)
    return [source for tier in tiers for source in tier if source.kind == "index"]


def _report_page(
    page: ProjectPage, specifier: SpecifierSet, source: Source, settings: Settings, provider: Provider
) -> VariantReport | None:
    """Report on the newest release of *page* with variant wheels; None where it has none that fits."""
    cutoff, admit = source.exclude_newer or settings.exclude_newer, admission_of(source, page)
    offer = Offer(page, settings.target, frozenset(KNOWN_MINORS), cutoff, admit=admit)
    for version in offer.admitted(specifier):
        if wheels := _labelled(offer, version):
            release = _read(provider, offer.variants_file(version), wheels)
            files = {label: tuple(file.filename for file in found) for label, found in wheels.items()}
            policy, what = settings.variants, f"{page.project} {version}"
            target = ask_plugins(release, settings.target, policy, provider.plugins)
            report = make_report(what, source.name, release, target, policy, project=page.project, wheels=files)
            runnable = {str(candidate.name.label) for candidate in offer.unread(version)}
            return _without_wheels(report, runnable, settings.target.subdir)
    return None


def make_report(
    name: str,
    source: str,
    release: ReleaseVariants,
    target: Target,
    policy: VariantPolicy,
    *,
    project: NormalizedName | None = None,
    wheels: Mapping[str, tuple[str, ...]] | None = None,
) -> VariantReport:
    """Rank the variants of *release*, and say what each requires of a machine."""
    return VariantReport(
        name=name,
        source=source,
        release=release,
        policy=policy,
        ranking=rank_variants(release, target, policy, project=project),
        depends={
            label: require_properties(properties, release, replace(target, variants={}))
            for label, properties in release.variants.items()
        },
        wheels=wheels or {},
    )


def _without_wheels(report: VariantReport, runnable: Collection[str], subdir: str) -> VariantReport:
    """Take out of the order the variants of which the target runs no wheel, by their tags."""
    ranking = report.ranking
    reason = f"has no wheel whose tags fit {subdir}"
    lacking = {v.label: reason for v in ranking.order if v.label not in runnable}
    lacking.update((label, ranking.reason(label) or "") for label in report.wheels if not ranking.knows(label))
    order = tuple(variant for variant in ranking.order if variant.label not in lacking)
    return replace(report, ranking=replace(ranking, order=order, incompatible={**ranking.incompatible, **lacking}))


def _labelled(offer: Offer, version: Version) -> dict[str, list[DistributionFile]]:
    """Return label -> variant wheels of *version*, of all platforms."""
    found: dict[str, list[DistributionFile]] = {}
    for file in offer.files(version):
        with suppress(InvalidWheelNameError):
            if label := WheelName.parse(file.filename).label:
                found.setdefault(label, []).append(file)
    return found


def _read(
    provider: Provider, file: DistributionFile | None, wheels: Mapping[str, list[DistributionFile]]
) -> ReleaseVariants:
    """Read the index's file for the release, or, where the index has none, one wheel of each label."""
    if file is not None:
        return provider.variants(file)
    own = {label: read_own_variant(provider.variants, found[0], label) for label, found in wheels.items()}
    return combine_own_variants(own)
