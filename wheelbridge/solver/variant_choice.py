"""What becomes of the variant wheels of one release: which are taken, in which order, and why the others are not."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from packaging.utils import NormalizedName

from wheelbridge.errors import TranslationError, WheelbridgeError
from wheelbridge.model.distribution import DistributionFile
from wheelbridge.model.record import Refusal
from wheelbridge.model.target import Target
from wheelbridge.model.variant import ReleaseVariants, WheelVariant
from wheelbridge.model.variant_policy import VariantPin, VariantPolicy
from wheelbridge.solver.problem import VariantPlugins
from wheelbridge.translate.variant_documents import InvalidVariantsError, check_own_variant
from wheelbridge.translate.wheel import WheelName, WheelSupport

if TYPE_CHECKING:
    from wheelbridge.translate.variant_order import Ranking

INCOMPATIBLE_VARIANT = "incompatible-variant"
"""The code of a refusal: the target does not run the variant."""
UNWANTED_VARIANT = "unwanted-variant"
"""The code of a refusal: the user banned the variant, pinned another one, or wants none."""
_UNUSABLE = frozenset({"file-not-on-index", "invalid-metadata", "invalid-wheel", "hash-mismatch", "offline"})
"""Codes of an index that only mean that variants cannot be used; any other speaks against the index."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A wheel that the target can run, by its file name and page.

    Attributes:
        variant: what it is as a variant; None for a non-variant wheel.
        position: of its variant, the best highest, 0 for a non-variant wheel.
        rank: of the wheel among the candidates of its version, the best highest.
    """

    file: DistributionFile
    name: WheelName
    support: WheelSupport
    variant: WheelVariant | None = None
    position: int = 0
    rank: int = 0

    @property
    def preference(self) -> tuple[int, int, tuple[int, str] | tuple[()]]:
        """Order the wheels of one version, the best highest: by variant, then by tags, then by build tag."""
        return (self.position, self.support.preference, self.name.build_tag)


def read_own_variant(
    read: Callable[[DistributionFile], ReleaseVariants], file: DistributionFile, label: str
) -> ReleaseVariants | str:
    """Return what a wheel says of itself as *label*, or why that cannot be used."""
    try:
        return check_own_variant(read(file), label)
    except WheelbridgeError as error:
        if not is_about_variants(error):
            raise
        return error.message


def is_about_variants(error: WheelbridgeError) -> bool:
    """Tell whether *error* leaves the wheels without a variant as they are."""
    return isinstance(error, TranslationError) or error.code in _UNUSABLE


def ask_plugins(
    release: ReleaseVariants, target: Target, policy: VariantPolicy, plugins: VariantPlugins | None
) -> Target:
    """Return *target* with what the trusted plugins of *release* say it supports."""
    from wheelbridge.translate.providers import find_obstacle  # noqa: PLC0415 - few releases have variants

    answers = {
        name: plugins(provider)
        for name, provider in release.providers.items()
        if plugins is not None
        and name not in target.variants
        and plugins.trusts(provider)
        and not find_obstacle(provider, target, policy.enabled)
    }
    return replace(target, variants={**target.variants, **answers}) if answers else target


@dataclass(frozen=True)
class VariantChoice:
    """The variants of one release, judged for a target under a policy.

    Attributes:
        release: its variant metadata; None where there is none, or it cannot be used.
        ranking: the variants in order.
        problem: why the metadata cannot be used.
    """

    project: NormalizedName
    policy: VariantPolicy
    target: Target
    release: ReleaseVariants | None = None
    ranking: "Ranking | None" = None
    problem: str = ""
    _described: dict[str, WheelVariant] = field(default_factory=dict)

    @classmethod
    def judge(
        cls, release: ReleaseVariants, project: NormalizedName, policy: VariantPolicy, target: Target
    ) -> "VariantChoice":
        """Rank the variants of *release*."""
        from wheelbridge.translate.variant_order import rank_variants  # noqa: PLC0415 - as above

        return cls(project, policy, target, release, rank_variants(release, target, policy, project=project))

    def take(self, candidate: Candidate) -> Candidate | Refusal:
        """Return *candidate* as the variant it is, or why it must not be taken."""
        label = candidate.name.label
        if label is None:
            pin = self._pinned_elsewhere()
            reason = f"It is not taken: you pinned {pin}"
            return Refusal(candidate.file.filename, UNWANTED_VARIANT, reason) if pin else candidate
        if self.policy.disabled:
            return Refusal(candidate.file.filename, UNWANTED_VARIANT, "variants are switched off")
        if self.release is None or self.ranking is None:
            return Refusal(candidate.file.filename, InvalidVariantsError.code, self.problem)
        if why_not := self.ranking.reason(label):
            code = UNWANTED_VARIANT if label in self.ranking.excluded else INCOMPATIBLE_VARIANT
            return Refusal(candidate.file.filename, code, f"It {why_not}")
        position = len(self.ranking.order) - self.ranking.positions[label]
        return replace(candidate, variant=self._describe(label), position=position)

    def better_than(self, label: str | None, available: Collection[str]) -> tuple[str, ...]:
        """Return the labels among *available* that are better than *label*, None for no variant; the best first."""
        order = [variant.label for variant in self.ranking.order] if self.ranking else []
        end = order.index(label) if label is not None and label in order else len(order)
        return tuple(better for better in order[:end] if better in available)

    def _pinned_elsewhere(self) -> VariantPin | None:
        """Return the pin that keeps the wheel without a variant from being taken."""
        if own := self.policy.pins.get(self.project):
            return own if own.label != "" else None
        if (pin := self.policy.pin_all) is None or self.ranking is None:
            return None
        from wheelbridge.translate.variant_order import is_pinned  # noqa: PLC0415 - as above

        return pin if any(is_pinned(item, pin) for item in self.ranking.order) else None

    def _describe(self, label: str) -> WheelVariant:
        from wheelbridge.translate.variant_wheel import describe_variant  # noqa: PLC0415 - as above

        if label not in self._described and self.release and self.ranking and (item := self.ranking.variant(label)):
            self._described[label] = describe_variant(item, self.release, self.target)
        return self._described[label]
