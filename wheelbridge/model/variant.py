"""Wheel variants (PEP 825): properties, the variants of a release, and who governs its namespaces."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, Self

from wheelbridge.errors import TranslationError

_NAME = r"[a-z0-9_]+"
_VALUE = r"[a-z0-9_.]+"
_COMPONENTS = re.compile(rf"\s*({_NAME})\s*::\s*({_NAME})\s*::\s*({_VALUE})\s*")
_LABEL = re.compile(r"[0-9a-z_.]+")

NULL_LABEL = "null"
"""PEP 825: "The label ``null`` is reserved and always corresponds to the variant with zero properties"."""

ABI_DEPENDENCY = "abi_dependency"
"""The namespace whose features are projects and whose values are beginnings of their versions; nobody declares it."""

ProviderKind = Literal["plugin", "static", "none"]

Features = Mapping[str, tuple[str, ...]]
"""Feature -> values, both best first."""

_NONE: Mapping[str, tuple[str, ...]] = MappingProxyType({})


def no_features() -> Features:
    """Return no features."""
    return _NONE


class InvalidVariantPropertyError(TranslationError):
    """A text has not the form ``namespace :: feature :: value``."""

    code = "invalid-variant-property"

    def __init__(self, text: str) -> None:
        super().__init__(
            f"{text!r} is no variant property", hint="Write it like 'x86_64 :: level :: v3', in small letters."
        )
        self.text = text


@dataclass(frozen=True, slots=True, order=True)
class VariantProperty:
    """One statement about what a wheel needs from the system (PEP 825)."""

    namespace: str
    feature: str
    value: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the serialized form; blanks around ``::`` mean nothing.

        >>> VariantProperty.parse("x86_64 :: level :: v3").feature
        'level'

        Raises:
            InvalidVariantPropertyError: if *text* does not have the three components.
        """
        if (match := _COMPONENTS.fullmatch(text)) is None:
            raise InvalidVariantPropertyError(text)
        return cls(*match.groups())

    def __str__(self) -> str:
        """Write the serialized form."""
        return f"{self.namespace} :: {self.feature} :: {self.value}"


Properties = frozenset[VariantProperty]


def is_label(text: str) -> bool:
    """Tell whether *text* can be a variant label.

    PEP 825: it "MUST be non-empty and consist only of ``0-9``, ``a-z``, ``_`` and ``.`` ASCII characters".
    """
    return _LABEL.fullmatch(text) is not None


def group_by_feature(properties: Iterable[VariantProperty]) -> dict[tuple[str, str], tuple[str, ...]]:
    """Return (namespace, feature) -> values, all sorted.

    >>> group_by_feature([VariantProperty("a", "f", "2"), VariantProperty("a", "f", "1")])
    {('a', 'f'): ('1', '2')}
    """
    groups: dict[tuple[str, str], list[str]] = {}
    for item in sorted(set(properties)):
        groups.setdefault((item.namespace, item.feature), []).append(item.value)
    return {key: tuple(values) for key, values in groups.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantProvider:
    """Who says what a namespace means in one release: a namespace has no meaning beyond it.

    Attributes:
        kind: ``plugin``: *requires* and *plugin_api* name it; ``static``: the release lists the values itself;
            ``none``: nobody is named.
        requires: PEP 508 requirements of the plugin, as written.
        plugin_api: ``module:object``, None where it is not given.
        optional: it counts only where the user enables it.
        enable_if: a marker (older dialects), None for everywhere.
        static: the values that the release lists.
        feature_order: features to put first, as the release has it.
        value_order: values to put first, as older dialects have it.
        ambiguous: the release lists several features and does not order them.
    """

    namespace: str
    kind: ProviderKind
    requires: tuple[str, ...] = ()
    plugin_api: str | None = None
    optional: bool = False
    enable_if: str | None = None
    static: Features = field(default_factory=no_features)
    feature_order: tuple[str, ...] = ()
    value_order: Features = field(default_factory=no_features)
    ambiguous: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseVariants:
    """The variants of one release, as its metadata has them, whatever the dialect.

    Attributes:
        namespaces: in order of priority, as listed; then those that properties use beyond the list.
        providers: namespace -> provider; every one of *namespaces* but ``abi_dependency``.
        variants: label -> properties; none for a null variant.
        invalid: label -> why it cannot be used.
        document: the metadata as it was published, decoded; of wheels that speak for themselves, all of it combined.
    """

    namespaces: tuple[str, ...]
    providers: Mapping[str, VariantProvider]
    variants: Mapping[str, Properties]
    invalid: Mapping[str, str] = field(default_factory=dict)
    document: Mapping[str, object] = field(default_factory=dict, repr=False, compare=False)

    def in_order(self, properties: Properties) -> list[tuple[tuple[str, str], tuple[str, ...]]]:
        """Return (namespace, feature) and values of *properties*, the most important namespace first."""
        groups = group_by_feature(properties)
        return sorted(groups.items(), key=lambda item: (self.namespaces.index(item[0][0]), item[0][1]))


@dataclass(frozen=True, slots=True, kw_only=True)
class NamespaceSupport:
    """What a target supports of one namespace of one release.

    Attributes:
        features: the supported features and values, best first; empty: every property is unsupported.
        read_from: where this was read, for people.
        missing: why nothing is supported, a clause for people; empty where something is.
        derived: it follows from the target's virtual packages, so that they can be required of another machine.
    """

    namespace: str
    features: Features = field(default_factory=no_features)
    read_from: str = ""
    missing: str = ""
    derived: bool = False


Support = Mapping[str, NamespaceSupport]
"""Namespace -> what a target supports of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WheelVariant:
    """What one wheel is as a variant, on one target.

    Attributes:
        properties: as its metadata has them; none for the null variant.
        supported: those of them that the target supports.
        depends: MatchSpecs of virtual packages, so that the record says on which other machines it runs.
        flags: CEP 45 flags, by which users can ask for it.
    """

    label: str
    properties: Properties = frozenset()
    supported: Properties = frozenset()
    depends: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()

    def as_json(self) -> dict[str, object]:
        """Return label and properties as JSON has them."""
        return {"label": self.label, "properties": [str(item) for item in sorted(self.properties)]}
