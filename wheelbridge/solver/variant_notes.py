"""What users should hear of the variants in a solution: a better one was passed over, or nothing but a name decided."""

from collections.abc import Collection, Container, Iterable, Iterator
from typing import TYPE_CHECKING

from rattler import RepoDataRecord

from wheelbridge.model.variant import ReleaseVariants
from wheelbridge.model.variant_policy import VariantPolicy, is_meant
from wheelbridge.solver.problem import ResolvedPackage
from wheelbridge.solver.records import record_channel
from wheelbridge.solver.variant_choice import Candidate, VariantChoice
from wheelbridge.solver.wheels import OfferedWheel, WheelSource
from wheelbridge.translate.pythons import Release

if TYPE_CHECKING:
    from wheelbridge.translate.variant_order import RankedVariant


def note_variants(
    records: Iterable[RepoDataRecord], sources: Iterable[WheelSource], known: Container[str]
) -> tuple[str, ...]:
    """Return a sentence for every variant of a solution that its order alone does not explain.

    Of *known* URLs, those of installed wheels, there is nothing to say: they are kept because they are there.
    """
    chosen = list(records)
    pythons = [record.version.as_major_minor() for record in chosen if record.name.normalized == "python"]
    python = pythons[0] if pythons and pythons[0] else None
    wheels = {(source.source.url, url): (source, wheel) for source in sources for url, wheel in source.wheels.items()}
    notes: list[str] = []
    for record in chosen:
        if record.url not in known and (found := wheels.get((record_channel(record), record.url))):
            source, wheel = found
            choice, candidates = source.rivals(wheel)
            if choice is not None and choice.ranking is not None:
                notes.extend(
                    _notes(
                        wheel, choice, [*_runs_on((one for one in candidates if one.file.url in source.wheels), python)]
                    )
                )
    return tuple(notes)


def note_idle_pins(policy: VariantPolicy, packages: Collection[ResolvedPackage]) -> tuple[str, ...]:
    """Return a sentence for every pin that decided nothing: a word of the user's is never lost in silence."""
    wheels = {package.pypi_name: package.variant for package in packages}
    notes = [
        f"--variant {project}={pin.label or pin.pattern or ''} decided nothing: no such wheel of {project} is taken."
        for project, pin in policy.pins.items()
        if project not in wheels or not is_meant(wheels[project], pin)
    ]
    pin = policy.pin_all
    if pin and not any(variant and is_meant(variant, pin) for variant in wheels.values()):
        notes.append(f"--variant {pin} decided nothing: no wheel that is taken has such a variant.")
    return tuple(notes)


def note_idle_wishes(policy: VariantPolicy, releases: Iterable[ReleaseVariants]) -> tuple[str, ...]:
    """Return a sentence for every preference and ban that is about nothing in *releases*: it may be misspelt."""
    known = {item for release in releases for properties in release.variants.values() for item in properties}
    wishes = [("prefer", pattern) for pattern in policy.prefer] + [("ban", pattern) for pattern in policy.ban]
    return tuple(
        f"--variant-{option} '{pattern}' decided nothing: no variant that was looked at has it. A namespace is written "
        "like nvidia, a property like 'blas_lapack :: library :: mkl'."
        for option, pattern in wishes
        if not any(map(pattern.matches, known))
    )


def _runs_on(candidates: Iterable[Candidate], python: Release | None) -> Iterator[str]:
    for candidate in candidates:
        if candidate.name.label is not None and (python is None or python in candidate.support.minors):
            yield candidate.name.label


def _notes(wheel: OfferedWheel, choice: VariantChoice, available: list[str]) -> Iterator[str]:
    label = wheel.candidate.name.label
    taken = f"the variant {label}" if label is not None else "the wheel without a variant"
    release = f"{wheel.project} {wheel.candidate.name.version}"
    if better := choice.better_than(label, available):
        yield (
            f"{release}: {taken} is taken although {better[0]} suits this target better, for that does not fit with "
            "the request and what it brings; --variant-mode strict would refuse to do without it."
        )
    if label is None or choice.ranking is None or (item := choice.ranking.variant(label)) is None:
        return
    ties = [other for other in choice.ranking.ties(label) if other in available]
    if ties:
        yield (
            f"{release}: {label} and {', '.join(ties)} suit this target equally; the name decides. To decide yourself, "
            f"say --variant {wheel.project}={ties[0]}, or --variant-prefer with what you want."
        )
    for namespace in sorted(choice.ranking.ambiguous & {_decider(item, choice, available)}):
        yield (
            f"{release}: the release does not say which feature of {namespace} matters most; the order of its file "
            f"decides for {label}. To decide yourself, say --variant-prefer '{namespace} :: FEATURE'."
        )


def _decider(item: "RankedVariant", choice: VariantChoice, available: list[str]) -> str:
    """Return the namespace in which *item* differs from the next one in the order, empty if there is none."""
    order = [other for other in choice.ranking.order if other.label in available] if choice.ranking else []
    after = order[order.index(item) + 1 :] if item in order else []
    if not after:
        return ""
    for one, other in zip(item.best, after[0].best, strict=False):
        if one != other:
            return one.namespace if one.feature != other.feature else ""
    return ""
