"""The variant metadata of a release, in any of its dialects, as one value.

Dialects: PEP 817 (formats up to 0.0.3), PEP 825 (0.1.1), the draft on providers (0.2.0). The reader is tolerant, as
PEP 825 asks: tools "SHOULD prefer to degrade gracefully rather than fail outright".
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import reduce

from wheelbridge.errors import TranslationError
from wheelbridge.model.variant import (
    ABI_DEPENDENCY,
    NULL_LABEL,
    Features,
    InvalidVariantPropertyError,
    Properties,
    ProviderKind,
    ReleaseVariants,
    VariantProperty,
    VariantProvider,
    is_label,
)

_VERSION = re.compile(r"v(\d{1,9})\.\d+(?:\.\d+)?\.json$")
_SUFFIX = "-variants.json"
_NOT_AT_INSTALL = frozenset({"none", "build"})


class InvalidVariantsError(TranslationError):
    """The variant metadata of a release cannot be used; its non-variant wheels can."""

    code = "invalid-variants"

    def __init__(self, reason: str) -> None:
        super().__init__(f"The variant metadata cannot be used: {reason}")
        self.reason = reason


def is_variants_file(filename: str) -> bool:
    """Tell whether *filename* is that of index-level metadata.

    PEP 825: "a corresponding ``{name}-{version}-variants.json`` file MUST be hosted as well".
    """
    return filename.endswith(_SUFFIX)


def parse_variants(document: object) -> ReleaseVariants:
    """Read a decoded ``variant.json`` or ``{name}-{version}-variants.json``; unknown keys are ignored.

    A label whose properties cannot be read is left out, and told in ``invalid``.

    >>> parse_variants({"default-priorities": {"namespace": ["a"]}, "variants": {"x": {"a": {"f": ["1"]}}}}).namespaces
    ('a',)

    Raises:
        InvalidVariantsError: if the whole cannot be used; the message names the place.
    """
    data = _object(document, "the document")
    _check_version(data.get("$schema"))
    priorities = _object(data.get("default-priorities", {}), "default-priorities")
    variants: dict[str, Properties] = {}
    invalid: dict[str, str] = {}
    for label, properties in _object(data.get("variants", {}), "variants").items():
        try:
            variants[label] = _read_label(label, properties)
        except InvalidVariantsError as error:
            invalid[label] = error.reason
    namespaces = _namespaces(priorities, variants.values())
    providers = {name: _read_provider(name, data, priorities) for name in namespaces if name != ABI_DEPENDENCY}
    return ReleaseVariants(
        namespaces=namespaces, providers=providers, variants=variants, invalid=invalid, document=data
    )


def merge_variants(releases: Sequence[ReleaseVariants]) -> ReleaseVariants:
    """Combine what the wheels of one release say, in any order.

    PEP 825: "the lists MUST either be identical, or the longer MUST start with the elements of the shorter one"; "the
    same variant label MUST always map to the same set of properties".

    Raises:
        InvalidVariantsError: if they contradict each other, or there is none.
    """
    if not releases:
        raise InvalidVariantsError("there is none")
    return reduce(_merge, releases)


def combine_own_variants(found: Mapping[str, ReleaseVariants | str]) -> ReleaseVariants:
    """Combine what wheels, one of each label, say of themselves; a text is the reason why one cannot be used.

    Raises:
        InvalidVariantsError: if they contradict each other, or none can be used.
    """
    release = merge_variants([one for one in found.values() if isinstance(one, ReleaseVariants)])
    reasons = {label: one for label, one in found.items() if isinstance(one, str)}
    return replace(release, invalid={**release.invalid, **reasons})


def check_own_variant(release: ReleaseVariants, label: str) -> ReleaseVariants:
    """Check that the ``variant.json`` of one wheel is about that wheel.

    PEP 825: "it MUST contain exactly one entry, whose key is the variant label present in that wheel's filename".

    Raises:
        InvalidVariantsError: if it is not.
    """
    if [*release.variants] != [label] or release.invalid:
        found = ", ".join([*release.variants, *release.invalid.values()]) or "none"
        raise InvalidVariantsError(f"the wheel is called {label!r}, its own variants are: {found}")
    return release


def _merge(one: ReleaseVariants, other: ReleaseVariants) -> ReleaseVariants:
    namespaces = _merge_namespaces(one.namespaces, other.namespaces)
    for label in sorted(one.variants.keys() & other.variants.keys()):
        if one.variants[label] != other.variants[label]:
            raise InvalidVariantsError(f"the label {label!r} has other properties in another place")
    for name in sorted(one.providers.keys() & other.providers.keys()):
        if one.providers[name] != other.providers[name]:
            raise InvalidVariantsError(f"the namespace {name!r} has another provider in another place")
    invalid = {**other.invalid, **one.invalid}
    variants = {**one.variants, **other.variants}
    return ReleaseVariants(
        namespaces=namespaces,
        providers={**one.providers, **other.providers},
        variants={label: properties for label, properties in variants.items() if label not in invalid},
        invalid=invalid,
        document=_merge_documents(one.document, other.document),
    )


def _merge_documents(one: Mapping[str, object], other: Mapping[str, object]) -> dict[str, object]:
    """Combine two documents that do not contradict each other: objects key by key, of lists the longer one."""
    merged = {**one}
    for key, value in other.items():
        known = merged.get(key)
        if isinstance(known, dict) and isinstance(value, dict):
            merged[key] = _merge_documents(known, value)
        elif known is None or (isinstance(known, list) and isinstance(value, list) and len(value) > len(known)):
            merged[key] = value
    return merged


def _merge_namespaces(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    """Return the longer list; the reserved namespace, which nobody declares, stays the last one."""
    reserved = tuple(name for name in (ABI_DEPENDENCY,) if name in (*one[-1:], *other[-1:]))
    shorter, longer = sorted((tuple(name for name in names if name not in reserved) for names in (one, other)), key=len)
    if longer[: len(shorter)] != shorter:
        raise InvalidVariantsError(
            f"the namespaces are ordered {list(shorter)} in one place, {list(longer)} in another"
        )
    return (*longer, *reserved)


def _check_version(schema: object) -> None:
    """PEP 825: "Tools MUST reject metadata with a major version number that they do not support"; drafts are 0."""
    match = _VERSION.search(schema) if isinstance(schema, str) else None
    if match and int(match[1]) > 0:
        raise InvalidVariantsError(f"$schema: major version {match[1]} is newer than this reader")


def _read_label(label: str, value: object) -> Properties:
    place = f"variants.{label}"
    if not is_label(label):
        raise InvalidVariantsError(f"{place}: a label has only 0-9, a-z, _ and .")
    found: set[VariantProperty] = set()
    for namespace, features in _object(value, place).items():
        if not features:
            raise InvalidVariantsError(f"{place}.{namespace}: it has no features")
        for feature, values in _object(features, f"{place}.{namespace}").items():
            for text in _texts(values, f"{place}.{namespace}.{feature}") or [""]:
                found.add(_property(f"{namespace} :: {feature} :: {text}", place))
    if label == NULL_LABEL and found:
        raise InvalidVariantsError(f"{place}: PEP 825 reserves this label for zero properties")
    return frozenset(found)


def _property(text: str, place: str) -> VariantProperty:
    try:
        return VariantProperty.parse(text)
    except InvalidVariantPropertyError as error:
        raise InvalidVariantsError(f"{place}: {error.message}") from error


def _namespaces(priorities: Mapping[str, object], variants: Iterable[Properties]) -> tuple[str, ...]:
    """Return the namespaces as ordered, then those nobody ordered; the reserved one comes last."""
    listed = _texts(priorities.get("namespace", []), "default-priorities.namespace")
    used = {item.namespace for properties in variants for item in properties} - set(listed)
    return tuple(dict.fromkeys([*listed, *sorted(used, key=lambda name: (name == ABI_DEPENDENCY, name))]))


def _read_provider(name: str, data: Mapping[str, object], priorities: Mapping[str, object]) -> VariantProvider:
    entry = _entry(data, "providers", name)
    at_install = _text(entry.get("plugin-use")) not in _NOT_AT_INSTALL and entry.get("install-time") is not False
    property_order = _object(priorities.get("property", {}), "default-priorities.property")
    values = _features(property_order.get(name, {}), f"default-priorities.property.{name}")
    inner = _features(entry.get("static-properties", {}), f"providers.{name}.static-properties")
    outer = _features(_entry(data, "static-properties", name), f"static-properties.{name}")
    static = inner or outer or ({} if at_install else values)
    requires = _texts(entry.get("requires", []), f"providers.{name}.requires")
    plugin_api = _text(entry.get("plugin-api"))
    order = _texts(entry.get("feature-order", []), f"providers.{name}.feature-order")
    feature_order = _object(priorities.get("feature", {}), "default-priorities.feature")
    order = order or _texts(feature_order.get(name, []), f"default-priorities.feature.{name}")
    kind: ProviderKind = "static" if static else "plugin" if at_install and (requires or plugin_api) else "none"
    return VariantProvider(
        namespace=name,
        kind=kind,
        requires=tuple(requires),
        plugin_api=plugin_api,
        optional=entry.get("optional") is True,
        enable_if=_text(entry.get("enable-if")),
        static=static,
        feature_order=tuple(order),
        value_order=values,
        ambiguous=kind == "static" and len(set(static) - set(order)) > 1,
    )


def _entry(data: Mapping[str, object], key: str, name: str) -> Mapping[str, object]:
    """Return ``data[key][name]``; an empty object where it is missing."""
    outer = _object(data.get(key, {}), key)
    return _object(outer.get(name, {}), f"{key}.{name}")


def _features(value: object, place: str) -> Features:
    return {
        feature: tuple(dict.fromkeys(_texts(values, f"{place}.{feature}")))
        for feature, values in _object(value, place).items()
    }


def _object(value: object, place: str) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise InvalidVariantsError(f"{place}: expected an object, got {type(value).__name__}")
    return value


def _texts(value: object, place: str) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise InvalidVariantsError(f"{place}: expected a list of texts")
    return value


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
