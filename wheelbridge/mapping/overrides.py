"""Overrides: the rows that people wrote, checked and made into look-up lines."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

from wheelbridge.errors import WheelbridgeError
from wheelbridge.mapping.lines import TableRow
from wheelbridge.mapping.rows import IDENTITIES, Confidence, Relation
from wheelbridge.model.name import CondaName, NormalizedName, canonicalize_name, is_conda_name

_REQUIRED = ("pypi", "conda", "relation", "reason", "evidence")
_TEXTS = frozenset({"pypi", "relation", "reason", "pypi_range"})
_LISTS = frozenset({"not", "specs", "channels", "evidence"})
_FIELDS = _TEXTS | _LISTS | {"conda"}


class InvalidOverrideError(WheelbridgeError):
    """A row of the curated table breaks a rule; *path* says where."""

    code = "invalid-override"

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(f"{path}: {problem}", hint="The fields are explained in mappings/README.md.")
        self.path = path


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """One curated row.

    Attributes:
        pypi: the project, normalized.
        conda: the package; None exactly where *relation* is `Relation.NONE`.
        relation: what the package is to the project.
        reason: one sentence for people.
        evidence: issues, addresses or recorded data that show it; never empty.
        channels: the channels it holds for.
        rejected: packages that look right and are wrong (``not`` in the file).
        specs: match specs that must hold besides *conda*; such a row is never an identity.
        pypi_range: the versions it holds for, a PEP 440 specifier; such a row is never an identity.
    """

    pypi: NormalizedName
    conda: CondaName | None
    relation: Relation
    reason: str
    evidence: tuple[str, ...]
    channels: tuple[str, ...] = ("conda-forge",)
    rejected: tuple[CondaName, ...] = ()
    specs: tuple[str, ...] = ()
    pypi_range: str = ""

    @classmethod
    def parse(cls, data: object, path: str) -> Self:
        """Read one entry of the file as YAML loads it; *path* is its place, for messages.

        Raises:
            InvalidOverrideError: if a field is missing, unknown, of another type or not a name.
        """
        fields = _check_fields(data, path)
        row = cls(
            pypi=NormalizedName(str(fields["pypi"])),
            conda=None if fields["conda"] is None else CondaName(str(fields["conda"])),
            relation=_relation(str(fields["relation"]), path),
            reason=" ".join(str(fields["reason"]).split()),
            evidence=_texts(fields["evidence"]),
            channels=_texts(fields.get("channels", ["conda-forge"])),
            rejected=tuple(map(CondaName, _texts(fields.get("not", [])))),
            specs=_texts(fields.get("specs", [])),
            pypi_range=str(fields.get("pypi_range", "")),
        )
        for problem in row.problems():
            raise InvalidOverrideError(path, problem)
        return row

    @property
    def is_identity(self) -> bool:
        """Whether the project and the package are the same thing."""
        return self.relation in IDENTITIES

    def problems(self) -> Iterable[str]:
        """Return what is wrong with the row by itself, a clause each."""
        if canonicalize_name(self.pypi) != self.pypi:
            yield f"the project {self.pypi!r} is not normalized (PEP 503)"
        if (self.conda is None) != (self.relation is Relation.NONE):
            yield "'conda' is null exactly where the relation is 'none'"
        for name in (*([self.conda] if self.conda else []), *self.rejected):
            if not is_conda_name(name):
                yield f"{name!r} cannot name a conda package (CEP 26)"
        if "python" in {self.pypi, self.conda}:
            yield "python comes from a channel only and is never mapped"
        if self.conda in self.rejected:
            yield f"{self.conda!r} is both the answer and rejected"
        if self.is_identity and (self.specs or self.pypi_range):
            yield "a row with 'specs' or 'pypi_range' is no identity"
        if not self.reason or not self.evidence:
            yield "a row needs a reason and its evidence"

    def as_row(self) -> TableRow:
        """Return the row as the look-up files hold it."""
        return TableRow(
            pypi=self.pypi,
            conda=self.conda,
            relation=self.relation,
            confidence=Confidence.CURATED,
            reason=self.reason,
        )


def parse_overrides(data: object) -> tuple[Override, ...]:
    """Read the file as YAML loads it: a list of entries, sorted by project.

    Raises:
        InvalidOverrideError: if an entry is wrong, a project is there twice, or two projects are one package.
    """
    if not isinstance(data, list):
        raise InvalidOverrideError("overrides", f"expected a list of rows, got {type(data).__name__}")
    rows = tuple(Override.parse(entry, f"[{number}]") for number, entry in enumerate(data))
    _check_unique((row.pypi for row in rows), "is there twice")
    _check_unique((row.conda for row in rows if row.is_identity and row.conda), "is the identity of two projects")
    if [row.pypi for row in rows] != sorted(row.pypi for row in rows):
        raise InvalidOverrideError("overrides", "the rows are not sorted by project")
    return rows


def compile_overrides(overrides: Iterable[Override], channel: str) -> tuple[TableRow, ...]:
    """Return the look-up rows of the overrides that hold for *channel*, sorted by project."""
    rows = (override.as_row() for override in overrides if channel in override.channels)
    return tuple(sorted(rows, key=lambda row: row.pypi))


def _check_fields(data: object, path: str) -> Mapping[str, object]:
    if not isinstance(data, Mapping):
        raise InvalidOverrideError(path, f"expected a mapping, got {type(data).__name__}")
    if missing := [field for field in _REQUIRED if field not in data]:
        raise InvalidOverrideError(path, f"the field {missing[0]!r} is missing")
    for field, value in data.items():
        if field not in _FIELDS:
            raise InvalidOverrideError(path, f"there is no field {field!r}")
        if field in _LISTS and not (isinstance(value, list) and all(isinstance(item, str) for item in value)):
            raise InvalidOverrideError(path, f"{field!r} must be a list of texts, got {value!r}")
        if field in _TEXTS and not isinstance(value, str):
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


def _relation(text: str, path: str) -> Relation:
    try:
        return Relation(text)
    except ValueError:
        known = ", ".join(Relation)
        raise InvalidOverrideError(path, f"{text!r} is no relation; there are {known}") from None


def _texts(value: object) -> tuple[str, ...]:
    return tuple(str(item) for item in value) if isinstance(value, list) else ()
