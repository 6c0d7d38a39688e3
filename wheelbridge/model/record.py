"""The repodata record that a wheel becomes, and the refusal it becomes instead."""

from dataclasses import asdict, dataclass, field, replace
from typing import Literal

from wheelbridge.model.name import CondaName
from wheelbridge.model.variant import WheelVariant

WHEEL_FLAG = "wheel"
"""The flag (CEP 45) of every record made from a wheel: ``requests[flags=[wheel]]`` never means conda's package."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WheelRecord:
    """A repodata record (CEP 36, CEP 48) made from a wheel; field names are the published ones.

    Attributes:
        build_number: orders the wheels of one version on one target, the best highest.
        depends: MatchSpecs, each a bare name or ``name[key="…"]`` (CEP 48).
        extra_depends: group -> MatchSpecs (CEP 44).
        sha256: lower-case hexadecimal.
        size: bytes.
        timestamp: milliseconds since the epoch, when the index received the file.
        variant: what the wheel is as a variant; no field of repodata.
        track_features: non-empty for a pre-release; the solver ranks such a record below every one that has none.
    """

    name: CondaName
    version: str
    build: str
    build_number: int
    subdir: str
    fn: str
    depends: tuple[str, ...] = ()
    constrains: tuple[str, ...] = ()
    extra_depends: dict[str, tuple[str, ...]] = field(default_factory=dict)
    noarch: Literal["python"] = "python"
    url: str | None = None
    sha256: str | None = None
    size: int | None = None
    timestamp: int | None = None
    track_features: tuple[str, ...] = ()
    flags: tuple[str, ...] = (WHEEL_FLAG,)
    purls: tuple[str, ...] = ()
    variant: WheelVariant | None = None

    def as_json(self) -> dict[str, object]:
        """Return the record as repodata has it; fields without a value are left out."""
        optional = {"url", "sha256", "size", "timestamp", "track_features", "purls", "constrains", "extra_depends"}
        values = asdict(replace(self, variant=None))
        del values["variant"]
        return {key: value for key, value in values.items() if value or key not in optional}


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a file cannot be a conda record on the target: *code* for programs, *reason* for people."""

    fn: str
    code: str
    reason: str

    def as_json(self) -> dict[str, str]:
        """Return the three fields."""
        return asdict(self)
