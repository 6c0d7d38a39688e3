"""Rows that act as specs: conda packages that serve for a project without being it.

``cupy-cuda12x`` is conda's ``cupy`` with ``cuda-version`` 12; ``pyqt5`` is ``pyqt`` in the versions of 5. The solver
gets a record for each version, under the project's solver name, that needs these and nothing else: beside the wheels,
and under the same rule of who serves what. It is taken out of the answer.
"""

from collections.abc import Container, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain

from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version
from rattler import MatchSpec, PackageRecord, RepoDataRecord
from rattler.package import BuildString

from wheelbridge.mapping.rows import NameRow, Relation
from wheelbridge.model.record import WHEEL_FLAG
from wheelbridge.solver.channels import Records
from wheelbridge.solver.records import needed_name, no_version_of
from wheelbridge.translate.requirement import render_match_spec
from wheelbridge.translate.row_specs import intersect_versions
from wheelbridge.translate.specifiers import translate_specifier

Taken = Mapping[str, tuple[NameRow, RepoDataRecord]]
"""Solver name -> row and stand-in."""

_BUILD = "stand_in_0"


@dataclass
class StandIns:
    """The records of one solve that stand in for projects, and what was added to those of conda packages."""

    _rows: dict[str, NameRow] = field(default_factory=dict)
    _originals: dict[str, RepoDataRecord] = field(default_factory=dict)

    def make(self, name: str, row: NameRow, records: Records) -> Records:
        """Return what stands for the project of *row* under the solver name *name*, given the package's *records*."""
        made: Records = {}
        for url, builds in records.items():
            versions = {str(record.version): record for record in builds if is_within(row.pypi_range, record)}
            made[url] = [self._stand_in(name, row, record) for record in versions.values()]
        return made

    def complete(self, row: NameRow, records: Records, known: Container[str]) -> Records:
        """Return *records* of a bare package, needing as well what its metapackage adds, as far as that is *known*."""
        specs = [spec for spec in row.specs if needed_name(spec) in known]
        return {url: [self._with(record, specs) for record in same] for url, same in records.items()}

    def taken(self, records: Iterable[RepoDataRecord]) -> Taken:
        """Return solver name -> row and stand-in of those among *records*."""
        return {
            record.name.normalized: (row, record)
            for record in records
            if (row := self._rows.get(record.url)) is not None
        }

    def without(self, records: Iterable[RepoDataRecord]) -> list[RepoDataRecord]:
        """Return *records* without those that stand in."""
        return [record for record in records if record.url not in self._rows]

    def resolve(self, records: Sequence[RepoDataRecord]) -> list[RepoDataRecord]:
        """Return an answer as it will be installed: without stand-ins, and without what was added to conda's records.

        A wheel that needs a project which something stands for needs that: no later solve, and no other tool, has to
        know of the row.
        """
        taken = self.taken(records)
        whole = (self._originals.get(record.url, record) for record in self.without(records))
        return [self._without_names(record, taken) if WHEEL_FLAG in record.flags else record for record in whole]

    def keep_out(self, record: RepoDataRecord, name: str) -> RepoDataRecord:
        """Return the record of an installed wheel, keeping out the package *name*: the same distribution."""
        twin = RepoDataRecord(record, record.file_name, record.url, record.channel)
        twin.constrains = [*record.constrains, no_version_of(name)]
        self._originals[record.url] = record
        return twin

    def _stand_in(self, name: str, row: NameRow, record: RepoDataRecord) -> RepoDataRecord:
        version = str(record.version)
        package = PackageRecord(
            name=name,
            version=version,
            build=BuildString(_BUILD),
            build_number=0,
            subdir="noarch",
            depends=[f"{row.conda} =={version}", *row.specs],
        )
        file_name = f"{name}-{version}-{_BUILD}.conda"
        made = RepoDataRecord(package, file_name, f"{record.channel}/stand-ins/{file_name}", record.channel)
        self._rows[made.url] = row
        return made

    @staticmethod
    def _without_names(record: RepoDataRecord, taken: Taken) -> RepoDataRecord:
        needs = [*record.depends, *chain(*record.extra_depends.values())]
        if taken.keys().isdisjoint(map(needed_name, needs)):
            return record
        twin = RepoDataRecord(record, record.file_name, record.url, record.channel)
        twin.depends = list(translate_specs(record.depends, taken))
        groups = record.extra_depends.items()
        twin.extra_depends = {group: list(translate_specs(specs, taken)) for group, specs in groups}
        return twin

    def _with(self, record: RepoDataRecord, specs: Sequence[str]) -> RepoDataRecord:
        if not specs:
            return record
        twin = RepoDataRecord(record, record.file_name, record.url, record.channel)
        twin.depends = [*record.depends, *specs]
        self._originals[record.url] = record
        return twin


def translate_specs(specs: Iterable[str], taken: Taken) -> tuple[str, ...]:
    """Return *specs* on names that channels have: those that a stand-in was *taken* for become what it needs.

    Virtual packages are left out: they are the machine's, and held in the solve.
    """
    translated: list[str] = []
    for spec in specs:
        row = taken[name][0] if (name := needed_name(spec)) in taken else None
        acted = act_as_specs(spec, row) if row else [spec]
        translated += (one for one in acted if not row or not needed_name(one).startswith("__"))
    return tuple(dict.fromkeys(one for one in translated if needed_name(one) not in taken))


def act_as_specs(spec: str, row: NameRow) -> list[str]:
    """Return the conda specs that a *spec* on the project of *row* amounts to, one a name.

    >>> from wheelbridge.mapping.rows import Confidence
    >>> row = NameRow(pypi="cupy-cuda12x", conda="cupy", relation=Relation.EQUIVALENT, confidence=Confidence.CURATED,
    ...               layer="curated", specs=("cuda-version >=12,<13",))
    >>> act_as_specs('cupy-cuda12x[version=">=13"]', row)
    ['cupy[version=">=13"]', 'cuda-version[version=">=12,<13"]']
    """
    package, asked = row.conda or "", MatchSpec(spec)
    limit = translate_specifier(row.pypi_range).conda if row.pypi_range else None
    versions: dict[str, str | None] = {package: intersect_versions(_text(asked.version), limit)}
    builds: dict[str, str | None] = {package: _text(asked.build)}
    for other in map(MatchSpec, row.specs):
        name = other.name.normalized or ""
        versions[name] = intersect_versions(versions.get(name), _text(other.version))
        builds[name] = builds.get(name) or _text(other.build)
    return [
        render_match_spec(
            name,
            version=version,
            build=builds[name],
            extras=asked.extras or () if name == package else (),
            when=asked.condition,
        )
        for name, version in versions.items()
    ]


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def note_stand_ins(taken: Taken) -> list[str]:
    """Say which conda packages stand for which projects, and what that leaves open."""
    return [_note(row, record) for row, record in taken.values()]


def _note(row: NameRow, record: RepoDataRecord) -> str:
    more = f" with {' and '.join(row.specs)}" if row.specs else ""
    said = f"{row.conda} {record.version}{more} stands for {row.pypi}"
    return said if row.relation is Relation.DIST else f"{said}; as a distribution, {row.pypi} is not there."


def is_within(limit: str, record: RepoDataRecord) -> bool:
    """Tell whether the version of *record* is within a PEP 440 specifier; empty: all are."""
    if not limit:
        return True
    with suppress(InvalidVersion):
        return SpecifierSet(limit).contains(Version(str(record.version)), prereleases=True)
    return False
