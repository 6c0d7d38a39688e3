"""A mapping of PEP 804 for an ecosystem of the conda kind, read as rows: what it cannot say is told beside them."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from wheelbridge.mapping.external.pep804 import EcosystemMapping
from wheelbridge.mapping.external.rows import (
    CATEGORIES,
    Alternative,
    ExternalRow,
    Scheme,
    Specs,
    VersionPolicy,
    package_of,
)
from wheelbridge.mapping.rows import Relation

CONDA_MANAGERS = frozenset({"conda", "mamba", "micromamba", "pixi", "rattler"})
"""Package managers that install conda packages."""

_ONLY_TEMPLATES = "the mapping has nothing but what is no MatchSpec"
_NAME_ALONE = re.compile(r"(?:[^\s:\[]+::)?[A-Za-z0-9_.-]+")


@dataclass(frozen=True, slots=True)
class MappedRows:
    """The rows of an ecosystem.

    Attributes:
        rows: one for each id.
        notes: by id, what was left out.
    """

    rows: tuple[ExternalRow, ...]
    notes: Mapping[str, str]


def is_conda_kind(mapping: EcosystemMapping) -> bool:
    """Tell whether the packages of an ecosystem are conda's: its package managers say so."""
    return any(manager.name in CONDA_MANAGERS for manager in mapping.managers)


def read_rows(mapping: EcosystemMapping, is_spec: Callable[[str], bool]) -> MappedRows:
    """Return a row for each id of *mapping*: its first alternative that has specs, for all platforms.

    PEP 804 has no platforms and no rule that chooses between alternatives; what stands first is the usual one.

    Args:
        mapping: of an ecosystem of the conda kind.
        is_spec: tells whether a text is a MatchSpec; what is none, such as a template of recipes, is left out.
    """
    rows, notes = [], {}
    for name in dict.fromkeys(entry.id for entry in mapping.entries):
        alternatives = mapping.alternatives(name)
        kept = [_keep(specs, is_spec) for specs in alternatives]
        chosen = next((specs for specs in kept if _texts(specs)), Specs())
        left = list(_left_out(alternatives, kept, chosen))
        rows.append(_row(name, chosen, mapping.name, _ONLY_TEMPLATES if left else ""))
        if left:
            notes[name] = f"The mapping has what is no MatchSpec for {name}, left out: {', '.join(left)}"
    return MappedRows(tuple(rows), notes)


def _keep(specs: Specs, is_spec: Callable[[str], bool]) -> Specs:
    return Specs(**{category: tuple(filter(is_spec, specs.of(category))) for category in CATEGORIES})


def _texts(specs: Specs) -> tuple[str, ...]:
    return tuple(text for category in CATEGORIES for text in specs.of(category))


def _left_out(alternatives: Iterable[Specs], kept: Iterable[Specs], chosen: Specs) -> Iterator[str]:
    """Yield what is missing of the alternatives up to the chosen one, once each."""
    seen: dict[str, None] = {}
    for whole, part in zip(alternatives, kept, strict=True):
        seen.update(dict.fromkeys(text for text in _texts(whole) if text not in _texts(part)))
        if part is chosen:
            break
    yield from seen


def _row(name: str, specs: Specs, channel: str, reason: str) -> ExternalRow:
    if not _texts(specs):
        return ExternalRow(id=name, relation=Relation.NONE, channels=(channel,), provenance="upstream", reason=reason)
    alternative = Alternative(name=channel, when=("*",), build=specs.build, host=specs.host, run=specs.run)
    return ExternalRow(
        id=name,
        relation=Relation.LIBRARY,
        alternatives=(alternative,),
        version=VersionPolicy(
            scheme=Scheme.PEP440,
            apply_to=tuple(dict.fromkeys(map(package_of, _first(specs)))),
            fixed=tuple(spec for spec in dict.fromkeys(_first(specs)) if not _NAME_ALONE.fullmatch(spec)),
        ),
        channels=(channel,),
        provenance="upstream",
        confidence="upstream",
    )


def _first(specs: Specs) -> list[str]:
    """Return the first spec of each category: PEP 804 does not say which package a version is of."""
    return [specs.of(category)[0] for category in CATEGORIES if specs.of(category)]
