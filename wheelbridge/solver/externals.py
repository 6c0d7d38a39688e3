"""What wheels need of conda besides Python distributions: what may serve for it, and what is told of it."""

from collections.abc import Container, Iterable, Iterator

from rattler import RepoDataRecord

from wheelbridge.solver.choices import ONE_OF
from wheelbridge.solver.owners import Owners
from wheelbridge.solver.records import needed_name, record_channel, wheel_project
from wheelbridge.solver.wheels import OfferedWheel, WheelSource


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


def note_externals(
    records: Iterable[RepoDataRecord], sources: Iterable[WheelSource], kept: Container[str]
) -> list[str]:
    """Return what people should know of the external dependencies of the wheels in a solution.

    Of *kept* URLs, those of installed wheels, it was told when they came; but one that is asked for once more and would
    need more today is not changed for that.
    """
    wheels = {(source.source.url, url): wheel for source in sources for url, wheel in source.wheels.items()}
    found = ((record, wheels.get((record_channel(record), record.url))) for record in records)
    return [
        note
        for record, wheel in found
        if wheel
        for note in (
            _lacks(record, wheel) if record.url in kept else (*wheel.externals.notes, *_choices(record, wheel))
        )
    ]


def _lacks(record: RepoDataRecord, wheel: OfferedWheel) -> Iterator[str]:
    present = {*map(needed_name, record.depends)}
    lacking = [name for spec in wheel.externals.depends if (name := needed_name(spec)) not in present]
    packages = [name for name in lacking if not name.startswith(ONE_OF)]
    if packages:
        yield (
            f"{wheel.project} was installed without {' and '.join(packages)}, and stays so; to change that, "
            f"name {'it' if len(packages) == 1 else 'them'} in the request."
        )


def _choices(record: RepoDataRecord, wheel: OfferedWheel) -> Iterator[str]:
    for options in wheel.externals.choices:
        taken = next((option for option in options if option in record.depends), "")
        others = [needed_name(option) for option in options if option != taken]
        if others:
            yield (
                f"{wheel.project} gets {needed_name(taken)} of conda; {' or '.join(others)} would do as well, "
                "if you name it in the request."
            )
