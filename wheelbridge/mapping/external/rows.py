"""External dependencies: what the packages of a channel are that a DepURL (PEP 725) asks for."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase

from wheelbridge.mapping.lines import join_items, split_items
from wheelbridge.mapping.rows import Relation

CATEGORIES = ("build", "host", "run")
"""PEP 804: "the categories ``build``, ``host`` and ``run``", in this order everywhere."""

SUBDIRS = (
    "linux-64",
    "linux-aarch64",
    "linux-ppc64le",
    "linux-riscv64",
    "linux-s390x",
    "osx-64",
    "osx-arm64",
    "win-64",
    "win-arm64",
    "linux-32",
    "linux-armv6l",
    "linux-armv7l",
    "linux-ppc64",
    "win-32",
    "emscripten-wasm32",
)
"""The subdirs that globs are checked against; what is said of one comes first in an export."""

RELATIONS = (Relation.LIBRARY, Relation.TOOL, Relation.META, Relation.NONE)
"""What a package can be to an external dependency; no package is one's Python distribution."""

PROVENANCES = ("curated", "upstream", "generated")
CONFIDENCES = ("curated", "upstream", "verified", "observed", "recipe", "guess")
CHANNELS = ("conda-forge",)

COLUMNS = (
    *("id", "relation", "alternatives", "scheme", "apply_to", "map", "extension", "channels"),
    *("provenance", "confidence", "reason", "evidence", "reviewed", "upstream"),
)
"""Of a line of a look-up file."""

_PART_END, _CHOICE_END = "\x01", "\x02"
"""No text of a row has them. ASCII's other separators will not do: `str.splitlines` ends a line at each of them."""

_NAME = re.compile(r"(?:[^\s:\[]+::)?(?P<name>[A-Za-z0-9_.-]+)")


class Scheme(StrEnum):
    """What the version in a DepURL is of, and so whether it says anything about a package's version."""

    NONE = "none"
    """Of something that the packages' versions do not count: a bound cannot be applied."""
    PEP440 = "pep440"
    """Of the same software, in versions that PEP 440 reads."""
    SAME = "same"
    """Of the same software, but some versions are not PEP 440's: they are ordered as conda orders them."""
    REFERENCE_LAPACK = "reference-lapack"
    """Of Reference-LAPACK (PEP 804, appendix B); netlib's versions are what conda-forge's BLAS packages have."""
    CALENDAR_STD = "calendar-std"
    """The year of a language standard (PEP 804, appendix B)."""
    MAP = "map"
    """Of a standard: the row lists what version of the packages has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Specs:
    """Texts by category."""

    build: tuple[str, ...] = ()
    host: tuple[str, ...] = ()
    run: tuple[str, ...] = ()

    def of(self, category: str) -> tuple[str, ...]:
        """Return those of one of the `CATEGORIES`."""
        return {"build": self.build, "host": self.host, "run": self.run}[category]


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative(Specs):
    """The packages for some platforms: MatchSpecs to install, by category; an empty category needs no package.

    Attributes:
        name: for people; unique in its row.
        when: globs over subdirs.
        recipe: what a recipe writes instead: pins and templates, which are no MatchSpecs to install.
    """

    name: str
    when: tuple[str, ...]
    recipe: Specs = Specs()

    def fits(self, subdir: str) -> bool:
        """Tell whether it is for *subdir*.

        >>> Alternative(name="unix", when=("linux-*", "osx-*")).fits("osx-arm64")
        True
        """
        return any(fnmatchcase(subdir, glob) for glob in self.when)


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionPolicy:
    """How the version of a DepURL becomes one of packages.

    Attributes:
        scheme: what the version is of.
        apply_to: the packages that get the bound; others of the row do not.
        table: pairs of a version of the standard and the conda version spec that has it, with `Scheme.MAP` only.
        fixed: MatchSpecs that no bound can be put on; only rows out of documents of PEP 804 have them.
    """

    scheme: Scheme
    apply_to: tuple[str, ...] = ()
    table: tuple[tuple[str, str], ...] = ()
    fixed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalRow:
    """One id and what serves for it.

    Attributes:
        id: a DepURL, normalized.
        relation: one of `RELATIONS`; `Relation.NONE` exactly where there are no alternatives: known not to be packaged.
        alternatives: each for its own platforms; a platform that none is for has no answer.
        version: how versions are applied.
        extension: whether the PEP 804 registry lacks the id.
        upstream: what the upstream mapping had where this row differs from it.
        channels: the channels it holds for.
        provenance: one of `PROVENANCES`.
        confidence: one of `CONFIDENCES`.
        reason: one sentence for people.
        evidence: what shows it.
        reviewed: the day a person last looked, ISO 8601.
    """

    id: str
    relation: Relation
    alternatives: tuple[Alternative, ...] = ()
    version: VersionPolicy = VersionPolicy(scheme=Scheme.NONE)
    extension: bool = False
    upstream: str = ""
    channels: tuple[str, ...] = CHANNELS
    provenance: str = "curated"
    confidence: str = "curated"
    reason: str = ""
    evidence: tuple[str, ...] = ()
    reviewed: str = ""

    def render_line(self) -> str:
        """Return the row as a line of a look-up file, without its end and the empty fields before it."""
        fields = (
            self.id,
            self.relation,
            _CHOICE_END.join(map(_pack_alternative, self.alternatives)),
            self.version.scheme,
            join_items(self.version.apply_to),
            join_items(map(_PART_END.join, self.version.table)),
            "extension" if self.extension else "",
            join_items(self.channels),
            self.provenance,
            self.confidence,
            self.reason,
            join_items(self.evidence),
            self.reviewed,
            self.upstream,
        )
        return "\t".join(fields).rstrip("\t")

    @classmethod
    def parse_line(cls, fields: Sequence[str]) -> "ExternalRow":
        """Read the fields of a line that `render_line` wrote."""
        padded = [*fields, *[""] * (len(COLUMNS) - len(fields))]
        name, relation, alternatives, scheme, apply_to, table, extension, channels, *rest = padded
        provenance, confidence, reason, evidence, reviewed, upstream = rest
        return cls(
            id=name,
            relation=Relation(relation),
            alternatives=tuple(map(_unpack_alternative, alternatives.split(_CHOICE_END) if alternatives else ())),
            version=VersionPolicy(
                scheme=Scheme(scheme),
                apply_to=split_items(apply_to),
                table=tuple(map(_unpack_pair, split_items(table))),
            ),
            extension=bool(extension),
            channels=split_items(channels),
            provenance=provenance,
            confidence=confidence,
            reason=reason,
            evidence=split_items(evidence),
            reviewed=reviewed,
            upstream=upstream,
        )


def choose(row: ExternalRow, subdir: str) -> Alternative | None:
    """Return the alternative for *subdir*; None where the row has no answer for it, or more than one.

    >>> windows = Alternative(name="windows", when=("win-*",))
    >>> choose(ExternalRow(id="dep:generic/x", relation=Relation.TOOL, alternatives=(windows,)), "linux-64") is None
    True
    """
    fitting = [alternative for alternative in row.alternatives if alternative.fits(subdir)]
    return fitting[0] if len(fitting) == 1 else None


def find_overlap(alternatives: Iterable[Alternative]) -> tuple[str, str, str] | None:
    """Return two names and a subdir that both are for, or None."""
    taken: dict[str, str] = {}
    for alternative in alternatives:
        for subdir in filter(alternative.fits, SUBDIRS):
            if subdir in taken:
                return taken[subdir], alternative.name, subdir
            taken[subdir] = alternative.name
    return None


def package_of(spec: str) -> str:
    """Return the package that a MatchSpec names; empty where it names none.

    >>> package_of("libblas * *_netlib"), package_of("${{ compiler('c') }}")
    ('libblas', '')
    """
    match = _NAME.match(spec)
    return match["name"] if match else ""


def packages_of(row: ExternalRow) -> frozenset[str]:
    """Return the packages that any alternative of *row* installs."""
    return frozenset(map(package_of, _all_specs(row)))


def _all_specs(row: ExternalRow) -> Iterator[str]:
    for alternative in row.alternatives:
        for category in CATEGORIES:
            yield from alternative.of(category)


def _pack_alternative(alternative: Alternative) -> str:
    lists = [
        alternative.when,
        *(specs.of(name) for specs in (alternative, alternative.recipe) for name in CATEGORIES),
    ]
    return _PART_END.join([alternative.name, *map(join_items, lists)])


def _unpack_alternative(text: str) -> Alternative:
    name, *lists = text.split(_PART_END)
    when, build, host, run, *recipe = map(split_items, lists)
    return Alternative(
        name=name,
        when=when,
        build=build,
        host=host,
        run=run,
        recipe=Specs(build=recipe[0], host=recipe[1], run=recipe[2]),
    )


def _unpack_pair(text: str) -> tuple[str, str]:
    version, _, spec = text.partition(_PART_END)
    return version, spec
