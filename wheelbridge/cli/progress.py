"""Progress for people: while solving, while downloading and linking; nothing where nobody looks."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Protocol

from wheelbridge.cli.door import door
from wheelbridge.cli.options import Output
from wheelbridge.cli.output import concealed, err
from wheelbridge.installer.reporter import Reporter

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


class Steps(Protocol):
    """See `wheelbridge.solver.problem.Progress`."""

    def step(self, text: str) -> None:
        """Say what happens now."""


class Silent:
    """Nobody looks."""

    def step(self, text: str) -> None:
        """Say nothing."""


def steps(output: Output) -> AbstractContextManager[Steps]:
    """Show what a solve does, as the door that the command came in by does it."""
    return door().steps(output)


def reporter(output: Output) -> AbstractContextManager[Reporter]:
    """Show how far downloads and linking are, as the door that the command came in by does it."""
    return door().reporter(output)


@contextmanager
def spinner(output: Output) -> Iterator[Steps]:
    """Show what a solve does on a terminal."""
    if output.as_json or output.quiet or not err().is_terminal:
        yield Silent()
        return
    with err().status("Starting") as status:

        class Spinner:
            def step(self, text: str) -> None:
                status.update(str(concealed(text)))

        yield Spinner()


@contextmanager
def bars(output: Output) -> Iterator[Reporter]:
    """Show bars for downloads and for linking on a terminal."""
    if output.as_json or output.quiet or not err().is_terminal:
        yield Reporter()
        return
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=err(), transient=True) as progress:
        yield _Bars(progress)


class _Bars(Reporter):
    """A bar for each download, and one for linking."""

    def __init__(self, progress: "Progress") -> None:
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}
        self._linking: TaskID | None = None

    def on_download_start(self, name: str, size: int | None) -> None:
        """Show a bar."""
        self._tasks[name] = self._progress.add_task(name, total=size)

    def on_download_progress(self, name: str, received: int) -> None:
        """Move the bar."""
        self._progress.update(self._tasks[name], completed=received)

    def on_download_complete(self, name: str) -> None:
        """Take the bar away."""
        self._progress.remove_task(self._tasks.pop(name))

    def on_link_start(self, operations: int) -> None:
        """Show the bar of linking."""
        self._linking = self._progress.add_task("Linking", total=operations)

    def on_linked(self, name: str) -> None:
        """Move the bar of linking."""
        if self._linking is not None:
            self._progress.update(self._linking, advance=1, description=f"Linking {name}")
