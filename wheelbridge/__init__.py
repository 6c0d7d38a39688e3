"""wheelbridge: conda packages and wheels in one environment, decided in one solve, linked in one transaction.

The names below are the public API; they are imported when they are first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wheelbridge.api.external.describing import translate_external
    from wheelbridge.api.installing import install
    from wheelbridge.api.solving import solve
    from wheelbridge.api.variant_policies import read_variant_policy
    from wheelbridge.errors import WheelbridgeError
    from wheelbridge.model.target import Target
    from wheelbridge.model.variant_policy import VariantPolicy
    from wheelbridge.target.detect import detect_target
    from wheelbridge.translate.markers import translate_marker
    from wheelbridge.translate.requirement import translate_requirement
    from wheelbridge.translate.specifiers import translate_specifier
    from wheelbridge.translate.variant_documents import parse_variants
    from wheelbridge.translate.variant_order import rank_variants
    from wheelbridge.translate.wheel import translate_wheel

_HOMES = {
    "Target": "wheelbridge.model.target",
    "VariantPolicy": "wheelbridge.model.variant_policy",
    "WheelbridgeError": "wheelbridge.errors",
    "detect_target": "wheelbridge.target.detect",
    "install": "wheelbridge.api.installing",
    "parse_variants": "wheelbridge.translate.variant_documents",
    "rank_variants": "wheelbridge.translate.variant_order",
    "read_variant_policy": "wheelbridge.api.variant_policies",
    "solve": "wheelbridge.api.solving",
    "translate_external": "wheelbridge.api.external.describing",
    "translate_marker": "wheelbridge.translate.markers",
    "translate_requirement": "wheelbridge.translate.requirement",
    "translate_specifier": "wheelbridge.translate.specifiers",
    "translate_wheel": "wheelbridge.translate.wheel",
}

__all__ = [
    "Target",
    "VariantPolicy",
    "WheelbridgeError",
    "detect_target",
    "install",
    "parse_variants",
    "rank_variants",
    "read_variant_policy",
    "solve",
    "translate_external",
    "translate_marker",
    "translate_requirement",
    "translate_specifier",
    "translate_wheel",
]


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
