"""Whether a variant wheel, downloaded or installed, is the one that it should be."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from rattler import PrefixRecord

from wheelbridge.errors import WheelbridgeError
from wheelbridge.index.errors import NotAWheelError
from wheelbridge.index.variants import read_variants
from wheelbridge.index.wheelfile import VARIANT_JSON, read_member
from wheelbridge.installer.listing import installed_release, installed_variant
from wheelbridge.installer.wheel import find_member
from wheelbridge.model.target import Target
from wheelbridge.model.variant import WheelVariant, group_by_feature
from wheelbridge.model.variant_policy import VariantPolicy, is_meant
from wheelbridge.solver.problem import ResolvedPackage
from wheelbridge.solver.records import wheel_project
from wheelbridge.translate.variant_documents import InvalidVariantsError, check_own_variant
from wheelbridge.translate.variant_order import rank_variants


class VariantMismatchError(WheelbridgeError):
    """A variant wheel is not the variant that its index announced."""

    code = "variant-mismatch"

    def __init__(self, fn: str, reason: str) -> None:
        super().__init__(
            f"{fn} is not the variant that its index announced: {reason}; nothing was changed",
            hint="Tell the maintainers of the project; --no-variants does without its variants.",
        )
        self.fn = fn


def check_variants(packages: Iterable[ResolvedPackage], wheels: Mapping[str, Path], cache: Path) -> None:
    """Compare the ``variant.json`` of every variant wheel with what the solve went by.

    PEP 825: the index-level metadata "MUST be consistent with the variant metadata of the individual wheels". A wheel
    that says nothing of itself contradicts nobody; what is wrong with it otherwise shows when it is unpacked.

    Args:
        packages: of the solution.
        wheels: URL -> downloaded file.
        cache: where wheels that were not downloaded are, unpacked.

    Raises:
        VariantMismatchError: if one differs.
    """
    for package in packages:
        if package.wheel is not None and (expected := package.wheel.variant) is not None:
            text = _own_text(package, wheels.get(package.url), cache)
            if text is not None:
                _check(package.fn, text, expected)


def split_unwanted(
    prefix: Path, installed: Iterable[PrefixRecord], target: Target, policy: VariantPolicy
) -> tuple[tuple[PrefixRecord, ...], tuple[PrefixRecord, ...]]:
    """Tell the installed packages that may stay from the wheels that the user's word on variants speaks against."""
    kept: list[PrefixRecord] = []
    unwanted: list[PrefixRecord] = []
    for record in installed:
        (unwanted if _is_unwanted(prefix, record, target, policy) else kept).append(record)
    return tuple(kept), tuple(unwanted)


def _is_unwanted(prefix: Path, record: PrefixRecord, target: Target, policy: VariantPolicy) -> bool:
    """Judge an installed wheel as a solve would judge it, by what the target supports of it."""
    project = wheel_project(record.file_name)
    variant = installed_variant(prefix, record)
    if project is None or variant is None:
        own = policy.pins.get(project) if project else None
        return own is not None and not is_meant(None, own)
    if policy.disabled or (policy.pin_all and project not in policy.pins and not is_meant(variant, policy.pin_all)):
        return True
    release = installed_release(prefix, record)
    ranking = rank_variants(release, target, policy, project=project) if release else None
    if ranking is not None and (variant.label in ranking.positions or variant.label in ranking.excluded):
        return variant.label in ranking.excluded
    pin = policy.pins.get(project)
    return (pin is not None and not is_meant(variant, pin)) or _is_banned(variant, policy)


def _is_banned(variant: WheelVariant, policy: VariantPolicy) -> bool:
    """Judge by the properties alone what the target cannot run, and is there all the same."""
    groups = group_by_feature(variant.properties)
    banned = group_by_feature(item for item in variant.properties if policy.is_banned(item))
    return any(groups[key] == values for key, values in banned.items())


def _own_text(package: ResolvedPackage, wheel: Path | None, cache: Path) -> bytes | None:
    """Return the ``variant.json`` of a wheel, downloaded or unpacked; None where it has none."""
    if wheel is None:
        found = find_member(package.sha256, cache, VARIANT_JSON) if package.sha256 else None
        return found.read_bytes() if found else None
    try:
        with wheel.open("rb") as stream:
            return read_member(stream, package.fn, VARIANT_JSON)
    except NotAWheelError:
        return None


def _check(fn: str, text: bytes, expected: WheelVariant) -> None:
    try:
        release = check_own_variant(read_variants(text), expected.label)
    except InvalidVariantsError as error:
        raise VariantMismatchError(fn, error.message) from error
    if release.variants[expected.label] != expected.properties:
        own = ", ".join(map(str, sorted(release.variants[expected.label]))) or "none"
        raise VariantMismatchError(fn, f"its own properties are {own}")
