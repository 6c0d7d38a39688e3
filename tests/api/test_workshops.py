"""Builds that are cut short: their processes end, their folders go, a few of their logs stay."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from threading import Thread

import pytest
from filelock import FileLock

from wheelbridge.api.building.errors import BuildFailedError
from wheelbridge.api.building.processes import Processes
from wheelbridge.api.building.workshops import clear_workshops, open_workshop, opened_log

posix_only = pytest.mark.skipif(os.name == "nt", reason="Windows has no groups of processes")

_PARENT = """
import pathlib, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
pathlib.Path(sys.argv[1]).write_text(str(child.pid))
time.sleep(60)
"""


def wait_for(condition: Callable[[], object]) -> None:
    """Wait until *condition* holds."""
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def is_alive(pid: int) -> bool:
    """Tell whether a process runs; what nobody has waited for yet does not."""
    found = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return found.stdout.strip()[:1] not in {"", "Z"}


class TestProcesses:
    """What a build runs."""

    def run(self, processes: Processes, log: Path, *command: str) -> None:
        """Run a command of Python."""
        with log.open("ab") as stream:
            processes.run([sys.executable, *command], cwd=None, env=dict(os.environ), log=stream)

    def test_output_and_failure_are_told(self, tmp_path: Path) -> None:
        """What it prints is in the log; how it ended is in the error."""
        with pytest.raises(subprocess.CalledProcessError) as caught:
            self.run(Processes(), tmp_path / "log", "-c", "print('no such header'); raise SystemExit(3)")

        assert (caught.value.returncode, (tmp_path / "log").read_text()) == (3, "no such header\n")

    @posix_only
    def test_an_interrupt_ends_all_of_it(self, tmp_path: Path) -> None:
        """A backend ends at once, and so does the compiler that it runs; no other begins."""
        processes, caught, pid = Processes(), list[BaseException](), tmp_path / "pid"

        def build() -> None:
            try:
                self.run(processes, tmp_path / "log", "-c", _PARENT, str(pid))
            except BaseException as error:  # noqa: BLE001 - a thread of its own would lose it
                caught.append(error)

        thread = Thread(target=build)
        thread.start()
        wait_for(lambda: pid.exists() and pid.read_text())
        processes.stop()
        thread.join(20)

        assert [type(error) for error in caught] == [KeyboardInterrupt]
        wait_for(lambda: not is_alive(int(pid.read_text())))
        with pytest.raises(KeyboardInterrupt):
            self.run(processes, tmp_path / "log", "-c", "print('never')")
        assert "never" not in (tmp_path / "log").read_text()


class TestWorkshops:
    """Folders of builds."""

    def test_one_is_gone_when_it_is_left(self, tmp_path: Path) -> None:
        """However it is left, nothing stays: no folder, no lock."""
        with open_workshop(tmp_path / "builds") as workshop:
            (workshop / "file").write_text("x")

        def fail() -> None:
            with open_workshop(tmp_path / "builds"):
                raise ValueError("the build went wrong")

        with pytest.raises(ValueError, match="the build went wrong"):
            fail()
        assert [*(tmp_path / "builds").iterdir()] == []

    def test_the_next_build_clears_away_what_was_killed(self, tmp_path: Path) -> None:
        """A lock that nobody holds tells; what is in use stays."""
        killed = tmp_path / "killed"
        (killed / "env").mkdir(parents=True)
        (tmp_path / "killed.lock").touch()
        busy = tmp_path / "busy"
        busy.mkdir()
        with FileLock(tmp_path / "busy.lock"), open_workshop(tmp_path):
            assert (killed.exists(), busy.exists()) == (False, True)

        assert [path.name for path in tmp_path.iterdir() if "killed" in path.name] == []

    def test_the_newest_logs_stay(self, tmp_path: Path) -> None:
        """Nobody reads the log of a build that failed long ago."""
        for number in range(15):
            log = tmp_path / f"{number}.log"
            log.touch()
            os.utime(log, (number, number))

        clear_workshops(tmp_path)

        assert sorted(int(log.stem) for log in tmp_path.iterdir()) == [*range(5, 15)]

    def test_a_log_that_an_error_names_is_there(self, tmp_path: Path) -> None:
        """A backend that says nothing leaves the reason in its log; one that was interrupted leaves none."""

        def leave(error: BaseException) -> bool:
            with pytest.raises(type(error)), opened_log(tmp_path / "a.log"):
                raise error
            return (tmp_path / "a.log").exists()

        assert leave(BuildFailedError("greet", "it is no wheel", log=tmp_path / "a.log"))
        assert "it is no wheel" in (tmp_path / "a.log").read_text()
        assert not leave(KeyboardInterrupt())
        assert not leave(OSError())
