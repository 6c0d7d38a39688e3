"""What wheels need of conda besides Python distributions: the one of several that is taken, and what is told of it."""

from collections.abc import Container, Iterable, Sequence

from rattler import MatchSpec, RepoDataRecord

from wheelbridge.solver.owners import Owners
from wheelbridge.solver.records import record_channel, wheel_project
from wheelbridge.solver.wheels import WheelSource


class CondaPackages:
    """The packages that an external dependency may be met by: those that a channel serves here, or that are installed.

    A channel that has a name and must not serve it brings nothing.
    """

    def __init__(self, owners: Owners, installed: Iterable[RepoDataRecord] = ()) -> None:
        self._owners = owners
        self._installed = {record.name.normalized for record in installed if not wheel_project(record.file_name)}

    def __contains__(self, name: object) -> bool:
        """Tell whether *name* is one of them."""
        if name in self._installed:
            return True
        serving = self._owners.judge(str(name)).serving
        return any(source.kind == "channel" and self._owners.channels.has(source, str(name)) for source in serving)


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
