"""External dependencies (PEP 725): DepURLs, and specifiers, which are DepURLs with an environment marker.

Both are read strictly: "If metadata is improperly specified then tools MUST raise an error to notify the user about
their mistake."
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Self, TypeVar
from urllib.parse import quote, unquote

from packaging.markers import InvalidMarker, Marker
from packaging.specifiers import Specifier, SpecifierSet
from packaging.version import Version

from wheelbridge.errors import WheelbridgeError
from wheelbridge.model.old_spellings import respell
from wheelbridge.model.redaction import redact_text

VIRTUAL = "virtual"
COMPILER = "compiler"
VIRTUAL_NAMESPACES = (COMPILER, "interface")
"""PEP 725: the namespaces of virtual packages; only the central registry may add others."""

_SCHEME = "dep:"
_TYPE = re.compile(r"[A-Za-z][A-Za-z0-9.-]*")
_RAW = re.compile(r"[A-Za-z0-9._~:+%-]+")
_RAW_QUALIFIER = re.compile(r"[A-Za-z][A-Za-z0-9._-]*=[A-Za-z0-9._~:+%/?@!$'()*,=-]+")
_RAW_SUBPATH = re.compile(r"[A-Za-z0-9._~:+%@!$&'()*,=-]+")
_CLAUSE = re.compile(r"(?P<operator>>=|<=|==|>|<|)\s*(?P<version>[^\s<>=!~*][^\s<>=~*]*)")
_SAFE, _SAFE_VALUE = ":+~", "/:+~"
_LOWERED = frozenset({"brew", "chrome-extension", "deb", "otp", "vscode-extension", VIRTUAL})
_LOWERED_NAMESPACES = _LOWERED | {"rpm", "yocto"}
"""purl-spec, ``types/*-definition.json``: ``"case_sensitive": false``; those that packageurl does not know.

PEP 725 adds virtual names: "The *name* should be the most common name for the interface or language, lowercased".
"""
_KEPT = frozenset({"npm"})
"""purl-spec calls their names case-sensitive, since old packages have capitals; packageurl lowers them."""
_EXAMPLE = "Write it like 'dep:generic/zlib', 'dep:generic/zlib@>=1.2' or 'dep:virtual/compiler/c'."
_OPERATORS = "PEP 725 allows '>=', '>', '<', '<=', '==' and ',', or one version alone: 'dep:generic/zlib@>=1.2,<2'."
_MARKER = "Write it as in dependency specifiers: \"dep:generic/zlib; platform_system != 'Windows'\"."
_Read = TypeVar("_Read")


class InvalidDepURLError(WheelbridgeError):
    """A text is no DepURL, or no external dependency specifier (PEP 725)."""

    code = "invalid-dep-url"

    def __init__(self, text: str, reason: str, *, hint: str = _EXAMPLE) -> None:
        shown = redact_text(text)
        super().__init__(f"{shown!r} is no external dependency: {reason}", hint=hint)
        self.text = shown
        self.reason = reason


class OutdatedDepURLError(InvalidDepURLError):
    """An external dependency is written as an earlier draft of PEP 725 had it; *upgraded* is what to write instead."""

    code = "outdated-dep-url"

    def __init__(self, text: str, reason: str, upgraded: str) -> None:
        self.upgraded = redact_text(upgraded)
        super().__init__(text, reason, hint=f"Write {self.upgraded!r} instead.")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DepURL:
    """What is needed: "a scheme for identifying packages that is meant to be portable across packaging ecosystems".

    Two that are normalized alike are equal.

    Attributes:
        type: a type of PURL, or ``virtual``; lower case.
        namespace: percent-decoded and normalized as the type has it; may have ``/``.
        name: percent-decoded and normalized as the type has it.
        version: as written, percent-decoded.
        qualifiers: percent-decoded, sorted by key.
        subpath: percent-decoded.
    """

    type: str
    namespace: str | None = None
    name: str
    version: str | None = None
    qualifiers: Mapping[str, str] = field(default_factory=dict)
    subpath: str | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a DepURL.

        >>> url = DepURL.parse("dep:github/OpenMathLib/OpenBLAS@>=0.3.20")
        >>> url.namespace, url.name, url.version
        ('openmathlib', 'openblas', '>=0.3.20')

        White space is allowed where PEP 440 allows it, in versions, and nowhere else.

        Raises:
            OutdatedDepURLError: if it is written as an earlier draft of PEP 725 had it.
            InvalidDepURLError: if it is none.
        """
        return _read_or_upgrade(text, cls._read)

    @classmethod
    def _read(cls, text: str) -> Self:
        if not text.isprintable():
            raise InvalidDepURLError(text, "it has white space or a control character")
        if text[: len(_SCHEME)].lower() != _SCHEME:
            spaced = "it has white space before it" if text != text.strip() else f"it does not begin with {_SCHEME!r}"
            raise InvalidDepURLError(text, spaced)
        if ";" in text:
            raise InvalidDepURLError(text, "it has an environment marker or an unescaped ';'", hint=_MARKER)
        rest, subpath = _cut(text, text[len(_SCHEME) :], "#", "subpath")
        rest, qualifiers = _cut(text, rest, "?", "qualifiers")
        kind, path, version = _split_path(text, rest)
        read = {} if qualifiers is None else _read_qualifiers(text, qualifiers)
        *namespace, name = [_decode(text, part, _RAW) for part in path]
        namespace, name = _normalize(kind, namespace, name, read)
        if kind == VIRTUAL and (len(namespace) != 1 or namespace[0] not in VIRTUAL_NAMESPACES):
            known = " or ".join(f"'dep:virtual/{one}/…'" for one in VIRTUAL_NAMESPACES)
            raise InvalidDepURLError(text, f"a virtual id is {known}")
        return cls(
            type=kind,
            namespace="/".join(namespace) or None,
            name=name,
            version=None if version is None else _read_version(text, version),
            qualifiers=read,
            subpath=None if subpath is None else _read_subpath(text, subpath),
        )

    @property
    def id(self) -> str:
        """What is needed, normalized, without versions, qualifiers and subpath."""
        parts = [*(self.namespace or "").split("/"), self.name]
        return _SCHEME + "/".join([self.type, *(quote(part, safe=_SAFE) for part in parts if part)])

    @property
    def reference(self) -> str:
        """All but the version, normalized; registries have aliases with qualifiers."""
        return self.id + self._ending

    @property
    def specifier(self) -> SpecifierSet | None:
        """The versions that will do, None where all will; a version alone is ``==``.

        PEP 725: "``dep:pypi/numpy@2.0``: ``numpy`` pinned at exactly version 2.0".
        """
        if self.version is None:
            return None
        return SpecifierSet(",".join(f"{operator or '=='}{version}" for operator, version in _clauses(self.version)))

    @property
    def is_compiler(self) -> bool:
        """Whether it is a compiler of whatever language, so that Python's headers are needed too (PEP 725)."""
        return self.type == VIRTUAL and self.namespace == COMPILER

    def as_json(self) -> dict[str, object]:
        """Return the components, ready for ``json.dumps``."""
        return {
            "type": self.type,
            "namespace": self.namespace,
            "name": self.name,
            "version": self.version,
            "qualifiers": dict(self.qualifiers),
            "subpath": self.subpath,
        }

    def __str__(self) -> str:
        """Write the normalized form, with the versions of PEP 440 in the order written."""
        clauses = ",".join(f"{operator}{Version(version)}" for operator, version in _clauses(self.version or ""))
        return self.id + (f"@{clauses}" if clauses else "") + self._ending

    def __eq__(self, other: object) -> bool:
        """Compare normalized forms."""
        return str(self) == str(other) if isinstance(other, DepURL) else NotImplemented

    def __hash__(self) -> int:
        """Hash the normalized form."""
        return hash(str(self))

    @property
    def _ending(self) -> str:
        pairs = [f"{key}={quote(value, safe=_SAFE_VALUE)}" for key, value in sorted(self.qualifiers.items())]
        qualifiers = f"?{'&'.join(pairs)}" if pairs else ""
        return qualifiers + (f"#{quote(self.subpath, safe=_SAFE_VALUE)}" if self.subpath else "")


@dataclass(frozen=True, slots=True)
class ExternalSpecifier:
    """An external dependency specifier (PEP 725): "MUST contain a DepURL, and MAY contain environment markers"."""

    url: DepURL
    marker: Marker | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a DepURL, and the marker behind its ``;``.

        >>> specifier = ExternalSpecifier.parse("dep:github/AbiWord/enchant; platform_system!='Windows'")
        >>> str(specifier)
        'dep:github/abiword/enchant; platform_system != "Windows"'

        Raises:
            OutdatedDepURLError: if it is written as an earlier draft of PEP 725 had it.
            InvalidDepURLError: if it is none.
        """
        return _read_or_upgrade(text, cls._read)

    @classmethod
    def _read(cls, text: str) -> Self:
        # A DepURL writes ';' as '%3B', and a marker has it between quotes only: the first one is what divides them.
        url, mark, marker = text.partition(";")
        try:
            needed = DepURL._read(url.rstrip(" ") if mark else url)  # noqa: SLF001 - the same parser, one step further
        except InvalidDepURLError as error:
            raise InvalidDepURLError(text, error.reason, hint=error.hint or _EXAMPLE) from None
        return cls(needed, _read_marker(text, marker) if mark else None)

    def __str__(self) -> str:
        """Write the normalized form."""
        return str(self.url) if self.marker is None else f"{self.url}; {self.marker}"


def _read_or_upgrade(text: str, read: Callable[[str], _Read]) -> _Read:
    try:
        return read(text)
    except InvalidDepURLError as error:
        if (upgraded := respell(text)) is None:
            raise
        try:
            read(upgraded)
        except InvalidDepURLError as fault:
            reason = f"{error.reason}; as it is written today, {redact_text(upgraded)!r}, {fault.reason}"
            raise InvalidDepURLError(text, reason, hint=fault.hint or _EXAMPLE) from None
        raise OutdatedDepURLError(text, f"{error.reason}; earlier drafts of PEP 725 had it so", upgraded) from None


def _read_marker(text: str, marker: str) -> Marker:
    try:
        return Marker(marker)
    except (InvalidMarker, RecursionError, ValueError) as error:
        reason = f"its marker {marker.strip()!r} does not follow PEP 508"
        raise InvalidDepURLError(text, reason, hint=_MARKER) from error


def _cut(text: str, rest: str, sign: str, what: str) -> tuple[str, str | None]:
    """Split *rest* at the one *sign* before its *what*."""
    before, found, after = rest.partition(sign)
    if sign in after:
        raise InvalidDepURLError(text, f"it has {sign!r} twice; within its {what} write {quote(sign, safe='')!r}")
    return before, after if found else None


def _split_path(text: str, rest: str) -> tuple[str, list[str], str | None]:
    """Split what stands before qualifiers into the type, the encoded namespace and name, and the encoded version."""
    kind, *path = rest.split("/")
    if not _TYPE.fullmatch(kind):
        raise InvalidDepURLError(text, f"{kind!r} is no type")
    if not path or not all(path):
        raise InvalidDepURLError(text, "a part of it is empty")
    if "@vers:" in rest:
        raise InvalidDepURLError(text, "its version is a 'vers' URI", hint=_OPERATORS)
    path[-1], found, version = path[-1].rpartition("@") if "@" in path[-1] else (path[-1], "", "")
    if not path[-1]:
        raise InvalidDepURLError(text, "it has no name")
    return kind.lower(), path, version if found else None


def _decode(text: str, part: str, raw: re.Pattern[str]) -> str:
    if any(character.isspace() for character in part):
        raise InvalidDepURLError(text, "it has white space, which only versions may have")
    if not raw.fullmatch(part):
        wrong = next((sign for sign in part if not raw.fullmatch(sign)), part)
        reason = f"it has an unescaped {wrong!r} in {part!r}; it is written {quote(wrong, safe='')!r}"
        raise InvalidDepURLError(text, reason if part else "a part of it is empty")
    decoded = _unquote(text, part)
    if "/" in decoded:
        raise InvalidDepURLError(text, f"{part!r} hides a '/'")
    if decoded != decoded.strip():
        raise InvalidDepURLError(text, f"{part!r} hides white space at an end")
    return decoded


def _unquote(text: str, part: str) -> str:
    if re.search(r"%(?![0-9A-Fa-f]{2})", part):
        raise InvalidDepURLError(text, f"{part!r} has a '%' that encodes nothing; it is written '%25'")
    try:
        decoded = unquote(part, errors="strict")
    except UnicodeDecodeError:
        raise InvalidDepURLError(text, f"{part!r} is not UTF-8 when decoded") from None
    if not decoded.isprintable():
        raise InvalidDepURLError(text, f"{part!r} hides a control character")
    return decoded


def _normalize(kind: str, namespace: list[str], name: str, qualifiers: Mapping[str, str]) -> tuple[list[str], str]:
    """Apply the rules of the type: those that packageurl has, and those that it lacks."""
    from packageurl import normalize_name, normalize_namespace  # noqa: PLC0415 - 3 ms that most commands can save

    if kind not in _KEPT:
        name = normalize_name(name, dict(qualifiers), kind, encode=None) or name
    joined = normalize_namespace("/".join(namespace), kind, encode=None) or ""
    if kind in _LOWERED:
        name = name.lower()
    if kind in _LOWERED_NAMESPACES:
        joined = joined.lower()
    return joined.split("/") if joined else [], name


def _read_version(text: str, version: str) -> str:
    """Return *version*, decoded, if it is one of PEP 725.

    "MUST be a regular version specifier (PEP 440 semantics) as a single version or version range, with the restriction
    that only the following operators may be used: ``>=``, ``>``, ``<``, ``<=``, ``==``, ``,``."
    """
    decoded = _unquote(text, version).strip()
    clauses = decoded.split(",")
    for clause in map(str.strip, clauses):
        match = _CLAUSE.fullmatch(clause)
        if match is None:
            what = f"the version {clause!r}" if clause else "an empty version"
            raise InvalidDepURLError(text, f"it has {what}, which PEP 725 does not allow", hint=_OPERATORS)
        if not match["operator"] and len(clauses) > 1:
            raise InvalidDepURLError(text, f"the version {clause!r} of a range has no operator", hint=_OPERATORS)
        try:
            Specifier(f"{match['operator'] or '=='}{match['version']}")
            Version(match["version"])
        except ValueError:  # InvalidSpecifier, InvalidVersion, or a number too long for CPython to read
            raise InvalidDepURLError(text, f"{clause!r} is no version of PEP 440", hint=_OPERATORS) from None
    return decoded


def _clauses(version: str) -> list[tuple[str, str]]:
    """Split a version that was read into operators and versions."""
    matches = (_CLAUSE.fullmatch(clause.strip()) for clause in version.split(","))
    return [(match["operator"], match["version"]) for match in matches if match]


def _read_qualifiers(text: str, qualifiers: str) -> Mapping[str, str]:
    """PEP 725: "MUST parse as a valid PURL ``qualifier``"; what PURL would discard is refused."""
    from packageurl import normalize_qualifiers  # noqa: PLC0415 - as above

    items = qualifiers.split("&")
    for item in items:
        if not _RAW_QUALIFIER.fullmatch(item):
            raise InvalidDepURLError(text, f"the qualifier {redact_text(item)!r} is not key=value")
        if not _unquote(text, item.partition("=")[2]).strip():
            raise InvalidDepURLError(text, f"the qualifier {item!r} is empty")
    read = normalize_qualifiers(qualifiers, encode=False)
    if len(read) != len(items):
        raise InvalidDepURLError(text, "it has a qualifier twice")
    return read


def _read_subpath(text: str, subpath: str) -> str:
    """purl-spec: a segment of a subpath "shall not be any of '..' or '.'", nor be empty, nor hide a ``/``."""
    segments = [_decode(text, segment, _RAW_SUBPATH) for segment in subpath.split("/")]
    if any(segment in {"", ".", ".."} for segment in segments):
        raise InvalidDepURLError(text, f"its subpath {subpath!r} has an empty segment, '.' or '..'")
    return "/".join(segments)
