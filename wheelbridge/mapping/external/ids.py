"""Ids of external dependencies: one spelling of each, and which of them are only other words for one thing.

An id is a DepURL (PEP 725) that says what is needed and nothing of versions or conditions.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, unquote

from wheelbridge.errors import WheelbridgeError
from wheelbridge.mapping.external.fields import InvalidExternalError

VIRTUAL = "dep:virtual/"
_VIRTUAL_NAMESPACES = ("compiler", "interface")
_SCHEME = "dep:"
_TYPE = re.compile(r"[a-z][a-z0-9.+-]*")
_QUALIFIER = re.compile(r"(?P<key>[a-z][a-z0-9._-]*)=(?P<value>.+)", re.ASCII)
_SAFE = ":+~"
_LOWERED_NAMES = frozenset(
    {
        *("alpm", "apk", "bitbucket", "bitnami", "brew", "composer", "deb", "github", "gitlab", "hex", "luarocks"),
        *("oci", "otp", "pub", "pypi", "virtual"),
    }
)
"""purl-spec, ``types/*-definition.json``: ``"case_sensitive": false`` of the name; PEP 725 adds virtual."""
_LOWERED_NAMESPACES = _LOWERED_NAMES | {"qpkg", "rpm", "yocto"}
_REGISTRY_HINT = "The rules are those of PEP 804, 'Central registry'."
_FOREIGN = (
    (
        ";",
        "an environment marker",
        "Ids of the tables hold everywhere; 'when' limits an alternative to some platforms.",
    ),
    ("#", "a subpath", "Leave it out."),
    ("?", "qualifiers", "Register it as an alias of the plain id instead ('provides' in registry.yaml)."),
    ("@", "a version or an unescaped '@'", "Leave the version out; an '@' of a name is written '%40'."),
)
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

    @property
    def canonical(self) -> tuple[str, ...]:
        """The ids that are not aliases, in the registry's order."""
        return tuple(name for name, definition in self.definitions.items() if definition.alias_of is None)

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
    for sign, what, hint in _FOREIGN:
        if sign in text:
            raise InvalidExternalIdError(text, f"it has {what}", hint=hint)
    if not text.isprintable() or any(character.isspace() for character in text):
        raise InvalidExternalIdError(text, "it has white space or a control character")
    if text[: len(_SCHEME)].lower() != _SCHEME:
        raise InvalidExternalIdError(text, f"it does not begin with {_SCHEME!r}")
    kind, *path = text[len(_SCHEME) :].split("/")
    kind = kind.lower()
    if not _TYPE.fullmatch(kind):
        raise InvalidExternalIdError(text, f"{kind!r} is no type")
    parts = [_decode(part, text) for part in path]
    if not parts or not all(parts):
        raise InvalidExternalIdError(text, "a part of it is empty")
    *namespace, name = parts
    if kind == "virtual":
        _check_virtual(text, namespace)
    return _SCHEME + "/".join([kind, *(quote(part, safe=_SAFE) for part in _fold(kind, namespace, name))])


def normalize_alias(text: str) -> str:
    """Return the one spelling of an id that may have qualifiers, as aliases of the registry do.

    >>> normalize_alias("dep:generic/cmake?Repository_URL=https://host.example/cmake")
    'dep:generic/cmake?repository_url=https://host.example/cmake'

    Raises:
        InvalidExternalIdError: if *text* is no DepURL, or has a version, a marker or a subpath.
    """
    plain, mark, qualifiers = text.partition("?")
    name = normalize_id(plain)
    if not mark:
        return name
    return f"{name}?{'&'.join(sorted(_qualifier(item, text) for item in qualifiers.split('&')))}"


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


def _decode(part: str, text: str) -> str:
    try:
        decoded = unquote(part, errors="strict")
    except UnicodeDecodeError:
        raise InvalidExternalIdError(text, f"{part!r} is not UTF-8 when decoded") from None
    if "/" in decoded or not decoded.isprintable():
        raise InvalidExternalIdError(text, f"{part!r} hides a '/' or a control character")
    return decoded


def _check_virtual(text: str, namespace: list[str]) -> None:
    """PEP 725: the namespaces of virtual ids are ``compiler`` and ``interface``; only the registry may add others."""
    if len(namespace) != 1 or namespace[0].lower() not in _VIRTUAL_NAMESPACES:
        known = " or ".join(f"'{VIRTUAL}{name}/…'" for name in _VIRTUAL_NAMESPACES)
        raise InvalidExternalIdError(text, f"a virtual id is {known}")


def _fold(kind: str, namespace: list[str], name: str) -> list[str]:
    if kind in _LOWERED_NAMESPACES:
        namespace = [part.lower() for part in namespace]
    if kind in _LOWERED_NAMES:
        name = name.lower()
    if kind == "pypi":
        name = name.replace("_", "-")
    return [*namespace, name]


def _qualifier(item: str, text: str) -> str:
    key, _, value = item.partition("=")
    match = _QUALIFIER.fullmatch(f"{key.lower()}={value}")
    if match is None or not value.isprintable() or any(sign in value for sign in ";#? "):
        raise InvalidExternalIdError(text, f"the qualifier {item!r} is not key=value")
    return f"{match['key']}={match['value']}"


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
