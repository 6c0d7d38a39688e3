"""The user's word on variants: what to prefer, what to leave out, what to take."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, Self

from packaging.utils import InvalidName, NormalizedName, canonicalize_name

from wheelbridge.errors import UsageError
from wheelbridge.model.variant import VariantProperty, WheelVariant, is_label

VariantMode = Literal["flexible", "strict"]

_PATTERN = re.compile(r"\s*([a-z0-9_]+)\s*(?:::\s*([a-z0-9_]+)\s*(?:::\s*([a-z0-9_.]+)\s*)?)?")
_LABEL_HINT = "A label has only 0-9, a-z, _ and . in it. For one project, write PROJECT=LABEL."
_HINT = "Write it like 'nvidia', 'x86_64 :: level' or 'blas_lapack :: library :: mkl'."


@dataclass(frozen=True, slots=True)
class VariantPattern:
    """A namespace, a feature of one, or a whole property; what is None stands for all."""

    namespace: str
    feature: str | None = None
    value: str | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``namespace``, ``namespace :: feature`` or ``namespace :: feature :: value``.

        >>> VariantPattern.parse("x86_64 :: level")
        VariantPattern(namespace='x86_64', feature='level', value=None)

        Raises:
            UsageError: if *text* has another form.
        """
        if (match := _PATTERN.fullmatch(text)) is None:
            raise UsageError(f"{text!r} names no variant namespace, feature or property", hint=_HINT)
        return cls(*match.groups())

    def matches(self, item: VariantProperty) -> bool:
        """Tell whether *item* is covered."""
        return (
            item.namespace == self.namespace
            and self.feature in (None, item.feature)
            and self.value in (None, item.value)
        )

    def __str__(self) -> str:
        """Write the pattern as it is read."""
        return " :: ".join(part for part in (self.namespace, self.feature, self.value) if part)


@dataclass(frozen=True, slots=True)
class VariantPin:
    """The variants to take: those with *label* (empty: the non-variant wheel), or with the property *pattern*."""

    label: str | None = None
    pattern: VariantPattern | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a label, or a property if there is ``::`` in it.

        >>> VariantPin.parse("cuda12.8").label
        'cuda12.8'

        Raises:
            UsageError: if *text* is neither.
        """
        if "::" in text:
            return cls(pattern=VariantPattern.parse(text))
        if text and not is_label(text):
            raise UsageError(f"{text!r} is no variant label", hint=_LABEL_HINT)
        return cls(label=text)

    def means(self, label: str, properties: Iterable[VariantProperty]) -> bool:
        """Tell whether a wheel with *label*, empty for none, and *properties* is meant."""
        return any(map(self.pattern.matches, properties)) if self.pattern else label == self.label

    def __str__(self) -> str:
        """Write the pin as it is read, for people."""
        return str(self.pattern) if self.pattern else self.label or "the wheel without a variant"


def _no_pins() -> Mapping[NormalizedName, VariantPin]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantPolicy:
    """What the user says of variants; it reorders or narrows, and never widens what the target runs.

    PEP 825: such options "MAY reorder or narrow that set, but MUST NOT cause selection of a wheel with properties the
    target system does not support".

    Attributes:
        prefer: comes before the release's own order, the first pattern first.
        ban: what is treated as unsupported.
        pins: project -> the variants to take.
        pin_all: the variants to take of every project that has such.
        mode: ``flexible``: the solver may fall to the next variant; ``strict``: the best one or nothing.
        disabled: no variant wheels at all.
        enabled: namespaces to use although their release calls them optional.
    """

    prefer: tuple[VariantPattern, ...] = ()
    ban: tuple[VariantPattern, ...] = ()
    pins: Mapping[NormalizedName, VariantPin] = field(default_factory=_no_pins)
    pin_all: VariantPin | None = None
    mode: VariantMode = "flexible"
    disabled: bool = False
    enabled: frozenset[str] = frozenset()

    def over(self, farther: Self) -> Self:
        """Return what this policy and one from *farther* away say together; where both speak, this one holds."""
        return type(self)(
            prefer=tuple(dict.fromkeys((*self.prefer, *farther.prefer))),
            ban=tuple(dict.fromkeys((*self.ban, *farther.ban))),
            pins={**farther.pins, **self.pins},
            pin_all=self.pin_all or farther.pin_all,
            mode="strict" if "strict" in {self.mode, farther.mode} else "flexible",
            disabled=self.disabled or farther.disabled,
            enabled=self.enabled | farther.enabled,
        )

    def is_banned(self, item: VariantProperty) -> bool:
        """Tell whether the user does not want *item*."""
        return any(pattern.matches(item) for pattern in self.ban)


def is_meant(variant: WheelVariant | None, pin: VariantPin) -> bool:
    """Tell whether a wheel that is *variant*, None for no variant, is one that *pin* means."""
    return pin.means(variant.label, variant.properties) if variant else pin.means("", ())


def parse_pin(text: str) -> tuple[NormalizedName | None, VariantPin]:
    """Read ``PROJECT=LABEL`` or ``PROJECT=PROPERTY``; without a project, or with ``*``, for all.

    >>> parse_pin("Torch=cuda12.8")
    ('torch', VariantPin(label='cuda12.8', pattern=None))

    Raises:
        UsageError: if *text* has another form.
    """
    project, separator, rest = text.partition("=")
    if not separator:
        project, rest = "*", text
    pin = VariantPin.parse(rest.strip())
    if project.strip() == "*":
        return None, pin
    try:
        return canonicalize_name(project.strip(), validate=True), pin
    except InvalidName as error:
        raise UsageError(f"{text!r} names no project", hint="Write it like torch=cuda12.8.") from error
