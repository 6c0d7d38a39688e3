"""The table of external dependencies as a document of PEP 804, with what such a document cannot say told beside it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from wheelbridge.mapping.external.ids import Registry
from wheelbridge.mapping.external.pep804 import EcosystemMapping, Entry, render_document
from wheelbridge.mapping.external.pep804_managers import conda_managers
from wheelbridge.mapping.external.rows import CATEGORIES, SUBDIRS, Alternative, ExternalRow, Scheme, Specs

_EVERYWHERE = ("*",)
_OWN_KEY = "wheelbridge"
_COUNTED = frozenset({Scheme.PEP440, Scheme.SAME, Scheme.REFERENCE_LAPACK})


@dataclass(frozen=True, slots=True)
class Export:
    """A document, and notes on what it cannot say, a clause each."""

    document: dict[str, object]
    notes: tuple[str, ...]


def render_mapping(rows: Iterable[ExternalRow], channel: str, registry: Registry) -> Export:
    """Return the rows for *channel* as ``<channel>.mapping.json`` has them, sorted as they are.

    PEP 804 knows no platforms: the alternative for linux-64 stands first, those for others follow as further choices.
    Ids that the *registry* lacks are left out: an entry's id is a "DepURL, as provided in the central registry".
    """
    held = [row for row in rows if channel in row.channels]
    known = [row for row in held if row.id in registry.definitions]
    notes = [f"{row.id}: lost is {loss}" for row in known for loss in _losses(row)]
    if unknown := [row.id for row in held if row.id not in registry.definitions]:
        notes.insert(0, f"the registry lacks, and the mapping leaves out: {', '.join(unknown)}")
    mapping = EcosystemMapping(
        name=channel,
        description=f"Mapping for the conda channel {channel}",
        entries=tuple(entry for row in known for entry in _entries(row)),
        managers=conda_managers(channel),
    )
    return Export(render_document(mapping, registry), tuple(notes))


def _entries(row: ExternalRow) -> Iterator[Entry]:
    if not row.alternatives:
        yield Entry(id=row.id, specs=Specs(), description=row.reason)
    for alternative in sorted(row.alternatives, key=_rank):
        limited = {} if alternative.when == _EVERYWHERE else {_OWN_KEY: {"when": list(alternative.when)}}
        specs = Specs(build=alternative.build, host=alternative.host, run=alternative.run)
        yield Entry(id=row.id, specs=specs, description=row.reason, extra=limited)


def _rank(alternative: Alternative) -> int:
    return next((rank for rank, subdir in enumerate(SUBDIRS) if alternative.fits(subdir)), len(SUBDIRS))


def _losses(row: ExternalRow) -> Iterator[str]:
    for alternative in sorted(row.alternatives, key=_rank):
        if alternative.when != _EVERYWHERE:
            yield f"that {alternative.name!r} is for {', '.join(alternative.when)} only"
        if alternative.recipe != Specs():
            yield f"what recipes write for {alternative.name!r}"
    if unbound := sorted({spec for spec in _specs(row) if not _takes_bound(spec, row)}):
        yield f"that no version bound may be put on {', '.join(unbound)}"


def _specs(row: ExternalRow) -> Iterator[str]:
    for alternative in row.alternatives:
        for category in CATEGORIES:
            yield from alternative.of(category)


def _takes_bound(spec: str, row: ExternalRow) -> bool:
    """Tell whether a bound may be put behind the spec, as tools that read PEP 804 do with every one."""
    return row.version.scheme in _COUNTED and spec in row.version.apply_to
