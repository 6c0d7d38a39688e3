"""The user's word on variants, from texts of a command line or a file."""

from collections.abc import Iterable
from typing import get_args

from packaging.utils import NormalizedName

from wheelbridge.errors import UsageError
from wheelbridge.model.variant_policy import VariantMode, VariantPattern, VariantPin, VariantPolicy, parse_pin


def read_variant_policy(
    *,
    prefer: Iterable[str] = (),
    ban: Iterable[str] = (),
    pins: Iterable[str] = (),
    mode: str = "flexible",
    disabled: bool = False,
    enabled: Iterable[str] = (),
) -> VariantPolicy:
    """Read what the user says of variants.

    Args:
        prefer: namespaces, features or properties such as ``blas_lapack :: library :: mkl``, the most wanted first.
        ban: the same, in any order.
        pins: ``PROJECT=LABEL``, ``PROJECT=PROPERTY``; without a project, for all.
        mode: ``flexible`` or ``strict``.
        disabled: no variant wheels at all.
        enabled: namespaces that their release calls optional.

    Raises:
        UsageError: if one of them has another form, or two contradict each other.
    """
    if mode not in get_args(VariantMode):
        raise UsageError(f"{mode!r} is no way to choose variants", hint="Choose flexible or strict.")
    own: dict[NormalizedName, VariantPin] = {}
    everywhere: VariantPin | None = None
    for text in pins:
        project, pin = parse_pin(text)
        known = everywhere if project is None else own.get(project)
        if known is not None and known != pin:
            raise UsageError(f"Two variants are pinned for {project or 'all projects'}: {known} and {pin}")
        if project is None:
            everywhere = _check_label(pin)
        else:
            own[project] = pin
    return VariantPolicy(
        prefer=tuple(map(VariantPattern.parse, prefer)),
        ban=tuple(map(VariantPattern.parse, ban)),
        pins=own,
        pin_all=everywhere,
        mode="strict" if mode == "strict" else "flexible",
        disabled=disabled,
        enabled=frozenset(map(_check_namespace, enabled)),
    )


def _check_namespace(text: str) -> str:
    pattern = VariantPattern.parse(text)
    if pattern.feature is not None:
        raise UsageError(f"{text!r} is no variant namespace", hint="Write it like nvidia.")
    return pattern.namespace


def _check_label(pin: VariantPin) -> VariantPin:
    if pin.label == "":
        raise UsageError("No variant is named", hint="To take none anywhere, say --no-variants.")
    return pin
