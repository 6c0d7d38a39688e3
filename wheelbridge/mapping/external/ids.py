"""Ids of external dependencies: one spelling of each, and which of them are only other words for one thing.

An id is a DepURL (PEP 725) that says what is needed and nothing of versions or conditions.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from wheelbridge.errors import WheelbridgeError
from wheelbridge.mapping.external.fields import InvalidExternalError
from wheelbridge.model.external import DepURL, InvalidDepURLError

VIRTUAL = "dep:virtual/"
_REGISTRY_HINT = "The rules are those of PEP 804, 'Central registry'."
_EVERYWHERE = "Ids of the tables hold everywhere; 'when' limits an alternative to some platforms."
_BUILT_IN = dict.fromkeys(("dep:virtual/compiler/cpp", "dep:virtual/compiler/c++"), "dep:virtual/compiler/cxx")
"""PEP 725's own examples say ``compiler/cpp``; the registry only knows ``compiler/cxx``."""


class InvalidExternalIdError(WheelbridgeError):
    """A text is no id of an external dependency."""

    code = "invalid-external-id"

    def __init__(self, text: str, reason: str, *, hint: str | None = None) -> None:
        hint = hint or "Write it like 'dep:generic/zlib' or 'dep:virtual/compiler/c'."
        super().__init__(f"{text!r} is no id of an external dependency: {reason}", hint=hint)
        self.id = text
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """One id of the registry.

    Attributes:
        id: normalized.
        spelling: as the registry writes it, for those who compare texts.
        what: what it is, a few words.
        provides: the ids, normalized, that this one connects to.
        urls: where to read more: label -> address.
    """

    id: str
    spelling: str = ""
    what: str = ""
    provides: tuple[str, ...] = ()
    urls: Mapping[str, str] = field(default_factory=dict)

    @property
    def alias_of(self) -> str | None:
        """The id that means the same, or None for one that is canonical.

        PEP 804: "Entries without ``provides`` content or, if populated, only with ``dep:virtual/`` identifiers, are
        considered canonical."
        """
        return next((target for target in self.provides if not target.startswith(VIRTUAL)), None)


@dataclass(frozen=True, slots=True)
class Registry:
    """The ids that are known, each with its definition; closed and without cycles."""

    definitions: Mapping[str, Definition] = field(default_factory=dict)

    @classmethod
    def build(cls, definitions: Iterable[Definition]) -> "Registry":
        """Check *definitions* as a whole.

        Raises:
            InvalidExternalError: if an id is there twice, provides one that is not there, or is an alias of itself.
        """
        known: dict[str, Definition] = {}
        for definition in definitions:
            if definition.id in known:
                raise InvalidExternalError(definition.id, "the id is there twice", hint=_REGISTRY_HINT)
            known[definition.id] = definition
        for definition in known.values():
            _check_definition(definition, known)
        return cls(known)

    def spell(self, name: str) -> str:
        """Return the registry's own spelling of a normalized id, or *name* where it has none."""
        definition = self.definitions.get(name)
        return definition.spelling or name if definition else name


@dataclass(frozen=True, slots=True)
class Resolution:
    """The id that the tables answer for; *note* tells people when another word was meant to be written."""

    id: str
    note: str = ""


def normalize_id(text: str) -> str:
    """Return the one spelling of an id: lower case where the type says that case does not matter.

    >>> normalize_id("dep:github/OpenMathLib/OpenBLAS"), normalize_id("DEP:Virtual/Compiler/C")
    ('dep:github/openmathlib/openblas', 'dep:virtual/compiler/c')

    Raises:
        InvalidExternalIdError: if *text* is no DepURL, or has a version, a marker, qualifiers or a subpath.
    """
    url = _read(text)
    if url.qualifiers:
        hint = "Register it as an alias of the plain id instead ('provides' in registry.yaml)."
        raise InvalidExternalIdError(text, "it has qualifiers", hint=hint)
    return url.id


def normalize_alias(text: str) -> str:
    """Return the one spelling of an id that may have qualifiers, as aliases of the registry do.

    >>> normalize_alias("dep:generic/cmake?Repository_URL=https://host.example/cmake")
    'dep:generic/cmake?repository_url=https://host.example/cmake'

    Raises:
        InvalidExternalIdError: if *text* is no DepURL, or has a version, a marker or a subpath.
    """
    return _read(text).reference


def resolve(text: str, registry: Registry) -> Resolution:
    """Return the id that the tables have an answer for, if any has: aliases are followed to their end.

    >>> resolve("dep:virtual/compiler/cpp", Registry()).id
    'dep:virtual/compiler/cxx'

    An id that the registry does not know is returned as it is: "build frontends … SHOULD NOT do any validation of
    identifiers being canonical by default" (PEP 804).

    Raises:
        InvalidExternalIdError: if *text* is no id.
    """
    name = normalize_alias(text)
    if (meant := _BUILT_IN.get(name)) and name not in registry.definitions:
        return Resolution(meant, f"{text!r} is not in the PEP 804 registry; taken as {meant!r}")
    while (definition := registry.definitions.get(name)) and (target := definition.alias_of):
        name = target
    return Resolution(name)


def _read(text: str) -> DepURL:
    if ";" in text:
        raise InvalidExternalIdError(text, "it has an environment marker", hint=_EVERYWHERE)
    try:
        url = DepURL.parse(text)
    except InvalidDepURLError as error:
        raise InvalidExternalIdError(text, error.reason, hint=error.hint) from None
    if url.version is not None:
        raise InvalidExternalIdError(text, "it has a version", hint="Leave the version out; a row says how they apply.")
    if url.subpath is not None:
        raise InvalidExternalIdError(text, "it has a subpath", hint="Leave it out.")
    return url


def _check_definition(definition: Definition, known: Mapping[str, Definition]) -> None:
    if definition.provides and definition.id.startswith(VIRTUAL):
        raise InvalidExternalError(definition.id, "a virtual id provides nothing", hint=_REGISTRY_HINT)
    if missing := [target for target in definition.provides if target not in known]:
        raise InvalidExternalError(
            definition.id, f"it provides {missing[0]!r}, which is not in the registry", hint=_REGISTRY_HINT
        )
    meant = [target for target in definition.provides if not target.startswith(VIRTUAL)]
    if len(meant) > 1:
        raise InvalidExternalError(
            definition.id, f"it is an alias of {meant[0]!r} and of {meant[1]!r}", hint=_REGISTRY_HINT
        )
    seen: list[str] = [definition.id]
    while (current := known.get(seen[-1])) and (target := current.alias_of):
        if target in seen:
            raise InvalidExternalError(
                definition.id, f"it is an alias of itself: {' -> '.join([*seen, target])}", hint=_REGISTRY_HINT
            )
        seen.append(target)
