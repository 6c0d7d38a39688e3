"""Whether a downloaded variant wheel is the variant that was solved for."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from wheelbridge.errors import WheelbridgeError
from wheelbridge.index.errors import NotAWheelError
from wheelbridge.index.variants import read_variants
from wheelbridge.index.wheelfile import VARIANT_JSON, read_member
from wheelbridge.model.variant import WheelVariant
from wheelbridge.solver.problem import ResolvedPackage
from wheelbridge.translate.variant_documents import InvalidVariantsError, check_own_variant


class VariantMismatchError(WheelbridgeError):
    """A variant wheel is not the variant that its index announced."""

    code = "variant-mismatch"

    def __init__(self, fn: str, reason: str) -> None:
        super().__init__(
            f"{fn} is not the variant that its index announced: {reason}; nothing was changed",
            hint="Tell the maintainers of the project; --no-variants does without its variants.",
        )
        self.fn = fn


def check_variants(packages: Iterable[ResolvedPackage], wheels: Mapping[str, Path]) -> None:
    """Compare the ``variant.json`` of every downloaded variant wheel with what the solve went by.

    PEP 825: the index-level metadata "MUST be consistent with the variant metadata of the individual wheels". A wheel
    that says nothing of itself contradicts nobody; what is wrong with it otherwise shows when it is unpacked.

    Args:
        packages: of the solution.
        wheels: URL -> downloaded file.

    Raises:
        VariantMismatchError: if one differs.
    """
    for package in packages:
        path = wheels.get(package.url)
        if path is not None and package.wheel is not None and package.wheel.variant is not None:
            _check(package.fn, path, package.wheel.variant)


def _check(fn: str, path: Path, expected: WheelVariant) -> None:
    try:
        with path.open("rb") as stream:
            text = read_member(stream, fn, VARIANT_JSON)
        release = check_own_variant(read_variants(text), expected.label)
    except NotAWheelError:
        return
    except InvalidVariantsError as error:
        raise VariantMismatchError(fn, error.message) from error
    if release.variants[expected.label] != expected.properties:
        own = ", ".join(map(str, sorted(release.variants[expected.label]))) or "none"
        raise VariantMismatchError(fn, f"its own properties are {own}")
