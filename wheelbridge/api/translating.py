"""Translations for scripts: one JSON value in, one JSON object out (the contract of ``wheelbridge translate``)."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from packaging.utils import canonicalize_name

from wheelbridge.api.external.describing import InvalidInputError, describe_project, describe_specifier
from wheelbridge.api.external.rows import open_external
from wheelbridge.api.mapping.answers import answer_json
from wheelbridge.api.mapping.maps import open_names
from wheelbridge.api.variants import make_report
from wheelbridge.errors import TranslationError, WheelbridgeError
from wheelbridge.index.metadata import parse_metadata
from wheelbridge.mapping.rows import NameRow, NameTable
from wheelbridge.model.distribution import CoreMetadata, DistributionFile
from wheelbridge.model.name import CondaName
from wheelbridge.model.record import Refusal
from wheelbridge.model.target import Target
from wheelbridge.model.variant import Features, WheelVariant
from wheelbridge.model.variant_policy import VariantPolicy
from wheelbridge.solver.names import SolverNames
from wheelbridge.solver.stand_ins import act_as_specs
from wheelbridge.solver.variant_choice import INCOMPATIBLE_VARIANT
from wheelbridge.translate.markers import Condition, translate_marker
from wheelbridge.translate.requirement import KnownVersions, translate_requirement
from wheelbridge.translate.specifiers import translate_specifier
from wheelbridge.translate.variant_documents import InvalidVariantsError, check_own_variant, parse_variants
from wheelbridge.translate.variant_order import rank_variants
from wheelbridge.translate.variant_wheel import describe_variant
from wheelbridge.translate.wheel import split_label, translate_wheel
from wheelbridge.translate.wheel_externals import ExternalTables

if TYPE_CHECKING:
    from wheelbridge.mapping.overlays import Overlay

__all__ = ["InvalidInputError", "Translator"]

Result = dict[str, object]
_SHA256 = re.compile(r"[0-9a-f]{64}")
_Value = TypeVar("_Value")


class Translator:
    """Translates inputs of every kind for one target, with the tables loaded once."""

    def __init__(self, target: Target, maps: "Sequence[Overlay]" = ()) -> None:
        self._target = target
        self._maps = maps
        self._table: NameTable | None = None
        self._external_rows = open_external(maps)
        self._kinds: Mapping[str, Callable[[object], Result]] = {
            "specifier": self._specifier,
            "marker": self._marker,
            "requirement": self._requirement,
            "wheel": self._wheel,
            "variants": self._variants,
            "external": self._external,
            "name": self._name,
        }

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of input."""
        return tuple(self._kinds)

    def translate(self, kind: str, value: object) -> Result:
        """Translate one input; a failure becomes an ``error`` in the result, with a ``code`` and a ``message``."""
        try:
            return {"input": value, **self._kinds[kind](value)}
        except WheelbridgeError as error:
            return {"input": value, "error": error.as_json()}

    @property
    def _names(self) -> SolverNames:
        return SolverNames(self._names_table)

    @property
    def _names_table(self) -> NameTable:
        if self._table is None:
            self._table = open_names(maps=self._maps)
        return self._table

    def _specifier(self, value: object) -> Result:
        translated = translate_specifier(_text(value))
        result: Result = {"conda": translated.conda or "*", "lossy": translated.lossy}
        return {**result, "build": translated.build} if translated.build else result

    def _marker(self, value: object) -> Result:
        translated = translate_marker(_text(value), self._target)
        groups = {extra: _condition(condition) for extra, condition in translated.extras.items()}
        holds = set(translated.extras.values())
        common = translated.base.value is False and len(holds) == 1
        shown = holds.pop() if common else translated.base
        return {**_condition(shown), "extras": sorted(groups), "base": _condition(translated.base), "groups": groups}

    def _requirement(self, value: object) -> Result:
        names = self._names
        translated = translate_requirement(_text(value), self._target, names)
        plain = not translated.extras and not any("build=" in spec for spec in translated.base)
        row = names.stand_in(translated.project) if plain else None
        read = partial(_as_specs, row=row)
        groups = {extra: read(specs) for extra, specs in translated.groups.items()}
        return {
            "specs": read(translated.base),
            "pypi_name": translated.project,
            "name": row.conda if row else translated.name,
            "extra_depends": groups,
            "lossy": translated.lossy,
        }

    def _wheel(self, value: object) -> Result:
        if not isinstance(value, dict):
            raise InvalidInputError("A wheel is a JSON object with 'fn' and 'metadata'")
        file, metadata = _read_wheel(value)
        known = KnownVersions()
        variant = self._wheel_variant(file.filename, value.get("variant_json"))
        if isinstance(variant, Refusal):
            return {"refused": {"code": variant.code, "reason": variant.reason}}
        externals = ExternalTables(rows=self._external_rows)
        outcome = translate_wheel(file, metadata, self._target, self._names, known, variant, externals=externals)
        if isinstance(outcome, Refusal):
            return {"refused": {"code": outcome.code, "reason": outcome.reason}}
        result: Result = {"record": outcome.as_json(), "lossy": sorted(known.wanted)}
        return {**result, "variant": outcome.variant.as_json()} if outcome.variant else result

    def _wheel_variant(self, filename: str, document: object) -> WheelVariant | Refusal | None:
        """Return what a wheel is as a variant by its own ``variant.json``; a refusal if the target does not run it."""
        try:
            label = split_label(filename)[1]
        except TranslationError as error:
            return Refusal(filename, error.code, error.message)
        if label is None:
            return None
        if document is None:
            return Refusal(filename, InvalidVariantsError.code, "A variant wheel needs its 'variant_json'")
        try:
            release = check_own_variant(parse_variants(document), label)
        except InvalidVariantsError as error:
            return Refusal(filename, error.code, error.message)
        ranking = rank_variants(release, self._target)
        if (ranked := ranking.variant(label)) is None:
            return Refusal(filename, INCOMPATIBLE_VARIANT, f"It {ranking.reason(label)}")
        return describe_variant(ranked, release, self._target)

    def _variants(self, value: object) -> Result:
        if not isinstance(value, dict) or "variants_json" not in value:
            raise InvalidInputError("Variants are a JSON object with 'variants_json', and perhaps 'supported'")
        release = parse_variants(value["variants_json"])
        target = self._target
        if (supported := value.get("supported")) is not None:
            unlisted: dict[str, Features] = {
                name: {} for name, provider in release.providers.items() if not provider.static
            }
            target = replace(target, variants={**unlisted, **_read_supported(supported)})
        report = make_report("variants", "", release, target, VariantPolicy())
        return {key: item for key, item in report.as_json().items() if key in {"order", "incompatible", "depends"}}

    def _external(self, value: object) -> Result:
        if isinstance(value, str):
            return describe_specifier(value)
        return describe_project(value, self._target, self._external_rows)

    def _name(self, value: object) -> Result:
        world, separator, name = _text(value).partition(":")
        if not separator or world not in {"pypi", "conda"} or not name:
            raise InvalidInputError(f"{value!r} is no name", hint="Write it like pypi:torch or conda:pytorch.")
        if world == "pypi":
            answer = self._names_table.by_project(canonicalize_name(name))
        else:
            answer = self._names_table.by_conda(CondaName(name.lower()))
        return answer_json(answer, world)


def _as_specs(specs: Iterable[str], row: NameRow | None) -> list[str]:
    """Return specs on names that channels have, where a row says what a project amounts to."""
    return [translated for spec in specs for translated in (act_as_specs(spec, row) if row else [spec])]


def _condition(condition: Condition) -> Result:
    return {"when": condition.when, "value": condition.value}


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise InvalidInputError(f"Expected a text, got {type(value).__name__}")
    return value


def _read_wheel(data: dict[str, object]) -> tuple[DistributionFile, CoreMetadata]:
    """Read the input of kind ``wheel``; `InvalidInputError` names the field that is not as it should be."""
    filename = _field(data, "fn", str) or ""
    if not filename:
        raise InvalidInputError("A wheel needs 'fn', its file name")
    file = DistributionFile(
        filename=filename,
        url=_field(data, "url", str) or "",
        hashes=_digest(data),
        size=_field(data, "size", int),
        upload_time=_time(data.get("upload_time")),
    )
    metadata = _field(data, "metadata", str)
    if metadata is None:
        raise InvalidInputError("A wheel needs 'metadata', the text of its METADATA file")
    return file, parse_metadata(metadata.encode("utf-8", "surrogateescape"), filename)


def _read_supported(data: object) -> dict[str, dict[str, tuple[str, ...]]]:
    """Read ``{namespace: [[feature, [value…]]…]}``; an object of features will do, too."""
    if not isinstance(data, dict):
        raise InvalidInputError("'supported' must be an object of namespaces")
    return {namespace: dict(_read_features(namespace, features)) for namespace, features in data.items()}


def _read_features(namespace: str, features: object) -> Iterator[tuple[str, tuple[str, ...]]]:
    entries: Iterable[object] = features.items() if isinstance(features, dict) else [features]
    if isinstance(features, list):
        entries = features
    for entry in entries:
        match entry:
            case (str(feature), [*values]) if all(isinstance(value, str) for value in values):
                yield feature, tuple(map(str, values))
            case _:
                raise InvalidInputError(f"supported.{namespace}: expected [feature, [value]], got {entry!r}")


def _digest(data: Mapping[str, object]) -> dict[str, str]:
    sha256 = _field(data, "sha256", str)
    if sha256 is None:
        return {}
    if not _SHA256.fullmatch(sha256.lower()):
        raise InvalidInputError(f"'sha256' must have 64 hexadecimal digits, got {sha256!r}")
    return {"sha256": sha256.lower()}


def _field(data: Mapping[str, object], key: str, kind: type[_Value]) -> _Value | None:
    value = data.get(key)
    if value is not None and (not isinstance(value, kind) or isinstance(value, bool)):
        raise InvalidInputError(f"{key!r} must be of type {kind.__name__}, got {value!r}")
    return value


def _time(value: object) -> datetime | None:
    if value is None:
        return None
    try:
        if isinstance(value, int | float):
            return datetime.fromtimestamp(value / 1000, UTC)
        parsed = datetime.fromisoformat(str(value))
    except (ValueError, OverflowError, OSError) as error:
        raise InvalidInputError(f"'upload_time' must be an ISO 8601 time, got {value!r}") from error
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
