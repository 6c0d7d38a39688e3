"""conda's door: its context, its prompts, its spinners and bars."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, TextIO, cast

from conda.base.context import context
from conda.reporters import confirm_yn, get_progress_bar, get_progress_bar_context_manager, get_spinner
from typer import Abort

from wheelbridge.cli.door import nobody_to_ask
from wheelbridge.installer.reporter import Reporter
from wheelbridge.model.redaction import redact_argument

if TYPE_CHECKING:
    from wheelbridge.api.places import Caches
    from wheelbridge.cli.options import Output
    from wheelbridge.cli.progress import Steps
    from wheelbridge.configuration.levels import Levels

_LINKING = "Linking"


class CondaDoor:
    """What comes in by conda; see `wheelbridge.cli.door.Door`.

    A *project* may say where packages come from in ``conda wheelbridge`` alone, not in conda's own commands.

    Attributes:
        found: the environment that was looked for last by its name, or without one.
    """

    def __init__(self, *, project: bool = False) -> None:
        self.found: Path | None = None
        self._project = project

    def load_levels(self, config: Path | None, *, search: bool) -> "Levels":
        """Return the project's and the user's configuration, and what conda's context says."""
        from wheelbridge.conda_plugin.configuration import levels_from_context

        return levels_from_context(config, search=search, project=self._project)

    def open_caches(self) -> "Caches":
        """Return a cache beside conda's packages."""
        from wheelbridge.conda_plugin.context_caches import caches_from_context

        return caches_from_context()

    def find_named(self, name: str) -> Path:
        """Return the environment of that name below ``envs_dirs``; a new one is made in the first that can be written.

        Raises:
            CondaError: if it is no name of an environment.
        """
        from conda.core.prefix_data import PrefixData

        self.found = Path(PrefixData.from_name(name).prefix_path)
        return self.found

    def find_unnamed(self) -> Path:
        """Return the active environment; without one, conda's own."""
        self.found = Path(context.target_prefix)
        return self.found

    def command_line(self) -> tuple[str, ...]:
        """Return what was typed behind ``conda``."""
        return ("conda", *map(redact_argument, sys.argv[1:]))

    def ask(self) -> bool:
        """Ask as conda does, whose prompt ends the command itself, with exit code 0, where the answer is no.

        Raises:
            UsageError: if there is nobody to ask.
            Abort: if the user presses Ctrl-C or Ctrl-D, which conda takes for no and for yes.
            CondaSystemExit: if the answer is no.
        """
        if sys.stdin is None:
            raise nobody_to_ask()
        with _Answers(sys.stdin).in_place():
            return bool(confirm_yn())

    @contextmanager
    def steps(self, output: "Output") -> Iterator["Steps"]:
        """Show conda's spinner."""
        from wheelbridge.cli.progress import Silent

        with nullcontext() if output.as_json else get_spinner("Solving environment"):
            yield Silent()

    @contextmanager
    def reporter(self, output: "Output") -> Iterator[Reporter]:
        """Show conda's bars."""
        if output.as_json or output.quiet:
            yield Reporter()
            return
        with get_progress_bar_context_manager() as manager:
            bars = _Bars(manager)
            try:
                yield bars
            finally:
                bars.close()


class _Answers:
    """Standard input, whose end is no answer; an empty one is the default, with conda."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def readline(self, size: int = -1) -> str:
        """Read an answer."""
        try:
            line = self._stream.readline(size)
        except KeyboardInterrupt:
            raise Abort from None
        if not line:
            raise Abort if self._stream.isatty() else nobody_to_ask()
        return line

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Let the block read this."""
        before, sys.stdin = sys.stdin, cast("TextIO", self)
        try:
            yield
        finally:
            sys.stdin = before


class _Bars(Reporter):
    """A bar of conda's for each download, and one for linking."""

    def __init__(self, manager: Any) -> None:  # noqa: ANN401 - conda's reporters have their own
        self._manager = manager
        self._bars: dict[str, tuple[Any, int | None]] = {}
        self._lock = Lock()
        self._linked = self._operations = 0

    def on_download_start(self, name: str, size: int | None) -> None:
        """Show a bar."""
        self._open(name, size)

    def on_download_progress(self, name: str, received: int) -> None:
        """Move the bar, where it is known how far there is to go."""
        bar, size = self._bars[name]
        if size:
            with self._lock:
                bar.update_to(min(received / size, 1))

    def on_download_complete(self, name: str) -> None:
        """Take the bar away."""
        self._close(name)

    def on_link_start(self, operations: int) -> None:
        """Show the bar of linking."""
        self._operations = operations
        self._open(_LINKING, operations)

    def on_linked(self, name: str) -> None:
        """Move the bar of linking."""
        del name
        if _LINKING in self._bars:
            self._linked += 1
            self._bars[_LINKING][0].update_to(min(self._linked / max(self._operations, 1), 1))

    def close(self) -> None:
        """Take all bars away."""
        for name in list(self._bars):
            self._close(name)

    def _open(self, name: str, size: int | None) -> None:
        with self._lock:
            shown = sys.stdout.isatty() and not context.verbose
            position = len(self._bars)
            bar = get_progress_bar(
                f"{name:<40.40} | ", context_manager=self._manager, position=position, leave=False, enabled=shown
            )
            self._bars[name] = (bar, size)

    def _close(self, name: str) -> None:
        with self._lock:
            bar, _ = self._bars.pop(name)
            bar.finish()
            bar.refresh()
            bar.close()
