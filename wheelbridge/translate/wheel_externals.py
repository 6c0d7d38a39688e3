"""What a wheel needs of conda besides Python distributions: what it declares (PEP 725), and what the tables know."""

from collections.abc import Collection, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Protocol

from packaging.version import Version

from wheelbridge.mapping.external.rows import package_of
from wheelbridge.mapping.natives.wheels import Natives
from wheelbridge.mapping.rows import Relation
from wheelbridge.model.distribution import CoreMetadata
from wheelbridge.model.external import DepURL, ExternalSpecifier, InvalidDepURLError
from wheelbridge.model.name import ALL_PROJECTS, NormalizedName, canonicalize_name
from wheelbridge.model.record import WheelRecord
from wheelbridge.model.target import Target
from wheelbridge.translate.errors import InconsistentMetadataError
from wheelbridge.translate.external_dependency import (
    ExternalRows,
    ExternalTranslation,
    FoundExternal,
    UnmappedExternalError,
    translate_external_dependency,
)
from wheelbridge.translate.external_versions import ExternalVersionError
from wheelbridge.translate.pythons import Release
from wheelbridge.translate.requirement import only_extra
from wheelbridge.translate.row_specs import RowSpec

_IMPOSSIBLE = "__external_dependency_without_a_package"
"""A virtual package that no machine has: what a group needs that no package serves for."""


class NativeRows(Protocol):
    """The table of wheels that need what they neither carry nor ask for."""

    def find(self, project: NormalizedName, version: Version, subdir: str) -> Natives:
        """Return what wheels of *project* need besides."""


class _NoRows:
    def find(self, url: DepURL) -> FoundExternal:
        return FoundExternal(url.id, ())


class _NoNatives:
    def find(self, project: NormalizedName, version: Version, subdir: str) -> Natives:
        del project, version, subdir
        return Natives()


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalTables:
    """What is known of external dependencies.

    Attributes:
        rows: what the packages are that an id means.
        natives: what wheels need without a word in their metadata.
        off: projects whose wheels get nothing of conda for it; `ALL_PROJECTS` for every project.
        known: the packages that channels have; None: not known, all are taken to be there.
    """

    rows: ExternalRows = field(default_factory=_NoRows)
    natives: NativeRows = field(default_factory=_NoNatives)
    off: frozenset[str] = frozenset()
    known: Container[str] | None = None

    def is_off(self, project: NormalizedName) -> bool:
        """Tell whether wheels of *project* are to get nothing."""
        return project in self.off or ALL_PROJECTS in self.off

    def has(self, spec: str) -> bool:
        """Tell whether some channel has the package of a MatchSpec; what the machine has is no package."""
        name = package_of(spec)
        return self.known is None or name.startswith("__") or name in self.known


@dataclass(frozen=True, slots=True, kw_only=True)
class WheelExternals:
    """What a wheel needs of conda.

    Attributes:
        depends: MatchSpecs as records have them (CEP 48).
        groups: extra -> MatchSpecs.
        choices: lists of MatchSpecs, of each of which it needs one.
        notes: what people should know if the wheel is taken.
    """

    depends: tuple[str, ...] = ()
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    choices: tuple[tuple[str, ...], ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def specs(self) -> tuple[str, ...]:
        """All that it may need, the groups' included."""
        return (*self.depends, *chain(*self.groups.values()))

    def add_to(self, record: WheelRecord) -> WheelRecord:
        """Return *record* needing this, too."""
        groups = {
            group: tuple(dict.fromkeys((*record.extra_depends.get(group, ()), *self.groups.get(group, ()))))
            for group in (*record.extra_depends, *self.groups)
        }
        return replace(record, depends=tuple(dict.fromkeys((*record.depends, *self.depends))), extra_depends=groups)


def translate_wheel_externals(
    metadata: CoreMetadata,
    version: Version,
    target: Target,
    tables: ExternalTables,
    *,
    pythons: Sequence[Release] = (),
    extras: Collection[str] | None = None,
) -> WheelExternals:
    """Say what a wheel needs of conda besides Python distributions.

    PEP 725: "``Requires-External-Dep``. An external requirement expressed as an external dependency specifier string."

    Args:
        metadata: of the wheel.
        version: of the wheel.
        target: the machine.
        tables: what is known of external dependencies.
        pythons: the minor versions of Python that the wheel runs on.
        extras: those that are asked for; None: groups of all are translated, and one that no package serves for is
            there and can never be met.

    Raises:
        TranslationError: if no package serves for what the wheel declares, or its version cannot be said.
    """
    project = canonicalize_name(metadata.name)
    lines = [line for line in metadata.requires_external if extras is None or only_extra(line) in {None, *extras}]
    natives = tables.natives.find(project, version, target.subdir)
    if tables.is_off(project):
        left = ", ".join([*lines, *natives.specs, *map(" or ".join, natives.choices)])
        return WheelExternals(notes=(f"{project} gets nothing of conda, as you wish; it needs {left}",) if left else ())
    declared = [_translate(line, target, tables, pythons, whole=extras is None) for line in lines]
    groups: dict[str, tuple[str, ...]] = {canonicalize_name(extra): () for extra in metadata.provides_external_extra}
    for one in declared:
        groups.update({extra: (*groups.get(extra, ()), *specs) for extra, specs in one.groups.items()})
    said = {package for one in declared for package in one.packages}
    missing = [spec for spec in natives.specs if not tables.has(spec) and package_of(spec) not in said]
    more = [spec for spec in natives.specs if tables.has(spec) and package_of(spec) not in said]
    return WheelExternals(
        depends=(*(spec for one in declared for spec in one.base), *map(_render, more)),
        groups=groups,
        choices=tuple(_offered(natives, tables, said)),
        notes=(*_notes(project, natives, more, missing), *(one.unserved for one in declared if one.unserved)),
    )


def _translate(
    line: str, target: Target, tables: ExternalTables, pythons: Sequence[Release], *, whole: bool
) -> ExternalTranslation:
    """Translate one Requires-External-Dep; with *whole*, what nobody serves for in a group makes the group impossible.

    Raises:
        TranslationError: if it cannot be.
    """
    try:
        specifier = ExternalSpecifier.parse(line)
    except InvalidDepURLError as error:
        raise InconsistentMetadataError(f"Requires-External-Dep: {error.message}") from error
    try:
        translated = translate_external_dependency(specifier, "run", target, tables.rows, pythons)
        _check(translated, tables)
    except (UnmappedExternalError, ExternalVersionError):
        if not whole or (extra := only_extra(line)) is None:
            raise
        return ExternalTranslation(specifier=specifier, groups={extra: (_IMPOSSIBLE,)})
    return translated


def _check(translated: ExternalTranslation, tables: ExternalTables) -> None:
    text = str(translated.specifier)
    if translated.unapplied:
        raise ExternalVersionError(text, translated.unapplied)
    for package in translated.packages:
        if not tables.has(package):
            raise UnmappedExternalError(text, f"no channel serves {package} in this request")


def _render(spec: str) -> str:
    """Write a MatchSpec of a table as records have it."""
    return RowSpec.parse(spec).record_text


def _offered(natives: Natives, tables: ExternalTables, said: Container[str]) -> Iterator[tuple[str, ...]]:
    """Yield the choices that the wheel did not make itself, of what channels have."""
    for choice in natives.choices:
        if any(package_of(spec) in said for spec in choice):
            continue
        if there := tuple(_render(spec) for spec in choice if tables.has(spec)):
            yield there


def _notes(project: str, natives: Natives, more: Sequence[str], missing: Sequence[str]) -> Iterator[str]:
    for row in natives.rows:
        why = f": it {row.reason}" if row.reason else ""
        gets = [spec for spec in row.depends if spec in more]
        lacks = [spec for spec in row.depends if spec in missing]
        if gets:
            yield f"{project} gets {' and '.join(gets)} of conda{why}"
        if lacks:
            yield f"{project} needs {' and '.join(lacks)}, which no channel serves in this request{why}"
        if row.relation is Relation.NONE:
            yield f"{project} needs what no channel has{why}"
