"""The processes of builds: whoever interrupts a solve ends them, and does not wait for them."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from threading import Condition
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from io import BufferedWriter

    Process = subprocess.Popen[bytes]

_GRACE = 3.0
"""Seconds between the request to end, and the end; and at most so many for tidying up after it."""


class Processes:
    """The processes that the builds of one command run, in whichever threads.

    Each leads a group of its own, so that compilers that a backend runs end with it.
    """

    def __init__(self) -> None:
        self._guard = Condition()
        self._works = 0
        self._running: set[Process] = set()
        self._stopped = False

    def run(self, command: Sequence[str], *, cwd: str | None, env: Mapping[str, str], log: "BufferedWriter") -> None:
        """Run *command* to its end; its output goes to *log*.

        Raises:
            subprocess.CalledProcessError: if it fails.
            KeyboardInterrupt: if it was stopped, or would begin after that.
        """
        process = self._start(command, cwd, env, log)
        try:
            code = process.wait()
        except BaseException:
            _end([process])
            raise
        finally:
            with self._guard:
                self._running.discard(process)
        if self._stopped:
            raise KeyboardInterrupt
        if code:
            raise subprocess.CalledProcessError(code, command)

    @contextmanager
    def stopped_by_interrupt(self) -> Iterator[None]:
        """Stop all if the user interrupts the block: a build goes on in a thread, and would be waited for."""
        try:
            yield
        except KeyboardInterrupt:
            self.stop()
            raise

    @contextmanager
    def awaited(self) -> Iterator[None]:
        """Let who stops the processes wait a while for the block, which tidies up behind its own."""
        with self._guard:
            self._works += 1
        try:
            yield
        finally:
            with self._guard:
                self._works -= 1
                self._guard.notify_all()

    def stop(self) -> None:
        """End all that run, and let no other begin; returns when they are gone."""
        with self._guard:
            self._stopped = True
            running = [*self._running]
        _end(running)
        with self._guard:
            self._guard.wait_for(lambda: not self._works, timeout=_GRACE)

    def _start(
        self, command: Sequence[str], cwd: str | None, env: Mapping[str, str], log: "BufferedWriter"
    ) -> "Process":
        with self._guard:
            if self._stopped:
                raise KeyboardInterrupt
            process = subprocess.Popen(  # noqa: S603 - the user asked for a build, and so for the code of the project
                [*command],
                cwd=cwd,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            self._running.add(process)
            return process


def _end(processes: "Iterable[Process]") -> None:
    """Ask processes to end, and after a while make them."""
    running = [process for process in processes if process.poll() is None]
    try:
        for process in running:
            _signal(process, "SIGTERM")
        for process in running:
            with suppress(subprocess.TimeoutExpired):
                process.wait(_GRACE)
    finally:
        for process in running:
            _signal(process, "SIGKILL")
            process.wait()


def _signal(process: "Process", name: str) -> None:
    """Send a signal to a process and what it started; Windows knows one way, and no groups."""
    with suppress(ProcessLookupError, PermissionError):
        if sys.platform == "win32":
            process.kill()
        else:
            os.killpg(process.pid, signal.Signals[name])
