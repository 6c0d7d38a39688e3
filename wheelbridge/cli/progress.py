"""Progress for people: a spinner while solving, bars while downloading and linking; nothing without a terminal."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from wheelbridge.cli.options import Output
from wheelbridge.cli.output import err


class Steps(Protocol):
    """See `wheelbridge.solve.problem.Progress`."""

    def step(self, text: str) -> None:
        """Say what happens now."""


class _Silent:
    def step(self, text: str) -> None:
        """Say nothing."""


@contextmanager
def steps(output: Output) -> Iterator[Steps]:
    """Show what a solve does, where somebody looks."""
    if output.as_json or output.quiet or not err().is_terminal:
        yield _Silent()
        return
    with err().status("Starting") as status:

        class Spinner:
            def step(self, text: str) -> None:
                status.update(text)

        yield Spinner()
