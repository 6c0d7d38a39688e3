"""Overrides: the rows that people wrote, checked and made into look-up lines."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Self

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import InvalidName

from wheelbridge.errors import WheelbridgeError
from wheelbridge.mapping.lines import TableRow
from wheelbridge.mapping.rows import Confidence, Relation, Role, role_of
from wheelbridge.model.name import PYPI_PREFIX, CondaName, NormalizedName, canonicalize_name, is_conda_name
from wheelbridge.model.redaction import redact_argument

_REQUIRED = ("pypi", "conda", "relation")
_ACCOUNTED = ("reason", "evidence", "reviewed")
"""What a row needs besides that others are to believe."""
_TEXTS = frozenset({"pypi", "relation", "reason", "pypi_range", "provenance", "confidence", "reviewed"})
_LISTS = frozenset({"not", "specs", "channels", "evidence"})
FIELDS = _TEXTS | _LISTS | {"conda"}
"""The fields of a row."""
_CHANNELS = ("conda-forge",)
_CHANNEL = re.compile(r"[a-z0-9][a-z0-9_-]*")
"""Of curated rows, whose channels are in the names of look-up files: no dot, as ``NAME.inverse`` is another file."""
_OWN_CHANNEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]*")
_SPEC = re.compile(r"(?P<name>[A-Za-z0-9_.-]+)(?:[\s=<>!~][^\[\]:/@]*)?")
"""A MatchSpec of name, version and build: extras, channels, hashes and the like could not be kept in a history."""
_PROVENANCES = ("curated", "upstream", "generated")
_RELATIONS = {str(relation): relation for relation in Relation}
_CONFIDENCES = {level.name.lower(): level for level in Confidence}


class InvalidOverrideError(WheelbridgeError):
    """A row of the curated table breaks a rule; *path* says where."""

    code = "invalid-override"

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(f"{path}: {problem}", hint="The fields are explained in mappings/README.md.")
        self.path = path
        self.problem = problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """One curated row.

    Attributes:
        pypi: the project, normalized.
        conda: the package; None exactly where *relation* is `Relation.NONE`.
        relation: what the package is to the project.
        reason: one sentence for people.
        evidence: issues, addresses or recorded data that show it.
        channels: the channels it holds for.
        rejected: packages that look right and are wrong (``not`` in the file).
        specs: match specs that must hold besides *conda*.
        pypi_range: the versions it holds for, a PEP 440 specifier.
        reviewed: the day somebody last looked, ISO 8601.
        confidence: how it was established.
        provenance: ``curated``, ``upstream`` or ``generated``.
    """

    pypi: NormalizedName
    conda: CondaName | None
    relation: Relation
    reason: str = ""
    evidence: tuple[str, ...] = ()
    channels: tuple[str, ...] = _CHANNELS
    rejected: tuple[CondaName, ...] = ()
    specs: tuple[str, ...] = ()
    pypi_range: str = ""
    reviewed: str = ""
    confidence: Confidence = Confidence.CURATED
    provenance: str = "curated"

    @classmethod
    def parse(cls, data: object, path: str, *, own: bool = False) -> Self:
        """Read one entry of the file as YAML loads it; *path* is its place, for messages.

        With *own*, a row of somebody's own, nobody else has to be convinced: reason and evidence may be missing.

        Raises:
            InvalidOverrideError: if a field is missing, unknown, of another type or not a name.
        """
        fields = _check_fields(data, path, _REQUIRED if own else (*_REQUIRED, *_ACCOUNTED))
        row = cls(
            pypi=NormalizedName(str(fields["pypi"])),
            conda=None if fields["conda"] is None else CondaName(str(fields["conda"])),
            relation=_RELATIONS[_check_word(str(fields["relation"]), _RELATIONS, path, "relation")],
            reason=" ".join(str(fields.get("reason", "")).split()),
            evidence=tuple(" ".join(text.split()) for text in _texts(fields.get("evidence", []))),
            channels=_texts(fields.get("channels", [*_CHANNELS])),
            rejected=tuple(map(CondaName, _texts(fields.get("not", [])))),
            specs=tuple(" ".join(text.split()) for text in _texts(fields.get("specs", []))),
            pypi_range=str(fields.get("pypi_range", "")),
            reviewed=str(fields.get("reviewed", "")),
            confidence=_CONFIDENCES[_check_word(str(fields.get("confidence", "curated")), _CONFIDENCES, path)],
            provenance=str(fields.get("provenance", "curated")),
        )
        for problem in row.problems(own=own):
            raise InvalidOverrideError(path, problem)
        return row

    @property
    def role(self) -> Role:
        """What the row may do in a solve."""
        return role_of(self.relation, specs=bool(self.specs), limited=bool(self.pypi_range))

    @property
    def is_identity(self) -> bool:
        """Whether the project and the package are the same thing."""
        return self.role is Role.IDENTITY

    def problems(self, *, own: bool = False) -> Iterator[str]:
        """Yield what is wrong with the row by itself, a clause each."""
        yield from self._problems_of_names()
        if not _is_specifier(self.pypi_range):
            yield f"'pypi_range' {self.pypi_range!r} is no version specifier (PEP 440)"
        if self.reviewed and not _is_date(self.reviewed):
            yield f"'reviewed' {self.reviewed!r} is no date; write it like 2026-11-21"
        if self.provenance not in _PROVENANCES:
            yield f"'provenance' {self.provenance!r} is none of {', '.join(_PROVENANCES)}"
        yield from self._problems_of_specs()
        yield from self._problems_of_channels(_OWN_CHANNEL if own else _CHANNEL)
        if not all(self.evidence):
            yield "an item of its evidence is blank"
        if not own and (not self.reason or not self.evidence):
            yield "a row needs a reason and its evidence"

    def _problems_of_specs(self) -> Iterator[str]:
        for spec in self.specs:
            match = _SPEC.fullmatch(spec)
            if match is None or not is_conda_name(match["name"].removeprefix("__")):
                yield f"{spec!r} says something else than the name, version and build of a conda package"
            elif match["name"].startswith(PYPI_PREFIX):
                yield f"{spec!r}: such names are kept for projects of an index"

    def _problems_of_channels(self, form: re.Pattern[str]) -> Iterator[str]:
        if not self.channels:
            yield "it holds for no channel"
        for channel in self.channels:
            if not form.fullmatch(channel):
                yield f"{redact_argument(channel)!r} is no name of a channel; write it like conda-forge"

    def _problems_of_names(self) -> Iterator[str]:
        if not _is_project(self.pypi):
            yield f"{self.pypi!r} cannot name a project (PEP 508)"
        elif canonicalize_name(self.pypi) != self.pypi:
            yield f"the project {self.pypi!r} is not normalized (PEP 503)"
        if (self.conda is None) != (self.relation is Relation.NONE):
            yield "'conda' is null exactly where the relation is 'none'"
        for name in (*([self.conda] if self.conda else []), *self.rejected):
            if not is_conda_name(name):
                yield f"{name!r} cannot name a conda package (CEP 26)"
            elif name.startswith(PYPI_PREFIX):
                yield f"{name!r} is a name that is kept for projects of an index"
        if "python" in {self.pypi, self.conda}:
            yield "python comes from a channel only and is never mapped"
        if self.conda in self.rejected:
            yield f"{self.conda!r} is both the answer and rejected"

    def as_row(self) -> TableRow:
        """Return the row as the look-up files hold it."""
        return TableRow(
            pypi=self.pypi,
            conda=self.conda,
            relation=self.relation,
            confidence=self.confidence,
            reason=self.reason,
            specs=self.specs,
            pypi_range=self.pypi_range,
            rejected=self.rejected,
            evidence=self.evidence,
            reviewed=self.reviewed,
        )


def parse_overrides(data: object, *, own: bool = False) -> tuple[Override, ...]:
    """Read the file as YAML loads it: a list of entries, sorted by project unless they are somebody's *own*.

    Raises:
        InvalidOverrideError: if an entry is wrong, a project is there twice, or two projects are one package.
    """
    if not isinstance(data, list):
        raise InvalidOverrideError("overrides", f"expected a list of rows, got {type(data).__name__}")
    rows = tuple(Override.parse(entry, f"[{number}]", own=own) for number, entry in enumerate(data))
    for channel in sorted({channel for row in rows for channel in row.channels}):
        held = [row for row in rows if channel in row.channels]
        _check_unique((row.pypi for row in held), "is there twice")
        _check_unique((row.conda for row in held if row.is_identity and row.conda), "is the identity of two projects")
    if not own and [row.pypi for row in rows] != sorted(row.pypi for row in rows):
        raise InvalidOverrideError("overrides", "the rows are not sorted by project")
    return rows


def compile_overrides(overrides: Iterable[Override], channel: str) -> tuple[TableRow, ...]:
    """Return the look-up rows of the overrides that hold for *channel*, sorted by project."""
    rows = (override.as_row() for override in overrides if channel in override.channels)
    return tuple(sorted(rows, key=lambda row: row.pypi))


def _check_fields(data: object, path: str, required: Iterable[str]) -> Mapping[str, object]:
    if not isinstance(data, Mapping):
        raise InvalidOverrideError(path, f"expected a mapping, got {type(data).__name__}")
    if missing := [field for field in required if field not in data]:
        raise InvalidOverrideError(path, f"the field {missing[0]!r} is missing")
    for field, value in data.items():
        if field not in FIELDS:
            raise InvalidOverrideError(path, f"there is no field {field!r}")
        if field in _LISTS and not (isinstance(value, list) and all(isinstance(item, str) for item in value)):
            raise InvalidOverrideError(path, f"{field!r} must be a list of texts, got {value!r}")
        if field in _TEXTS and not isinstance(value, str) and not (field == "reviewed" and isinstance(value, date)):
            raise InvalidOverrideError(path, f"{field!r} must be a text, got {value!r}")
    if not isinstance(data["conda"], str | None):
        raise InvalidOverrideError(path, f"'conda' must be a text or null, got {data['conda']!r}")
    return data


def _check_unique(names: Iterable[str], problem: str) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise InvalidOverrideError("overrides", f"{name!r} {problem}")
        seen.add(name)


def _check_word(text: str, known: Iterable[str], path: str, kind: str = "confidence") -> str:
    if text not in known:
        raise InvalidOverrideError(path, f"{text!r} is no {kind}; there are {', '.join(known)}")
    return text


def _texts(value: object) -> tuple[str, ...]:
    return tuple(str(item) for item in value) if isinstance(value, list) else ()


def _is_project(text: str) -> bool:
    try:
        canonicalize_name(text, validate=True)
    except InvalidName:
        return False
    return True


def _is_specifier(text: str) -> bool:
    try:
        SpecifierSet(text)
    except InvalidSpecifier:
        return False
    return True


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
