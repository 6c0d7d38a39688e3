"""What wheels need of conda besides Python distributions: the one of several that is taken, and what is told of it."""

from collections.abc import Container, Iterable, Sequence

from rattler import MatchSpec, RepoDataRecord

from wheelbridge.solver.records import record_channel
from wheelbridge.solver.wheels import WheelSource


def choose_external(choice: Sequence[str], records: Iterable[RepoDataRecord]) -> str:
    """Return the MatchSpec of *choice* that one of *records* meets; the first one where none does."""
    chosen = list(records)
    specs = ((spec, MatchSpec(spec)) for spec in choice)
    return next((text for text, spec in specs if any(map(spec.matches, chosen))), choice[0])


def note_externals(
    records: Iterable[RepoDataRecord], sources: Iterable[WheelSource], kept: Container[str]
) -> list[str]:
    """Return what people should know of the external dependencies of the wheels in a solution.

    Of *kept* URLs, those of installed wheels, it was told when they came.
    """
    wheels = {(source.source.url, url): wheel for source in sources for url, wheel in source.wheels.items()}
    found = (wheels.get((record_channel(record), record.url)) for record in records if record.url not in kept)
    return [note for wheel in found if wheel for note in wheel.externals.notes]
