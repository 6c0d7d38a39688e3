"""A real conda with this checkout's plugin in it; ``WHEELBRIDGE_TEST_CONDA`` names its executable, or its python."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.ran import Ran

NAMED = os.environ.get("WHEELBRIDGE_TEST_CONDA")
NEEDS_CONDA = pytest.mark.skipif(NAMED is None, reason="WHEELBRIDGE_TEST_CONDA names no conda; nothing was run in one")


def conda_command() -> list[str]:
    """Return how to start the conda that the tests are to use."""
    named = str(NAMED)
    return [named, "-m", "conda"] if Path(named).name.startswith("python") else [named]


@cache
def conda_python() -> str:
    """Return the python that the conda of the tests runs in, which has the plugin."""
    told = subprocess.run([*conda_command(), "info", "--json"], capture_output=True, text=True, check=True)
    return str(json.loads(told.stdout)["sys.executable"])


@cache
def why_not() -> str | None:
    """Return why the plugin cannot be tried: there is no conda, or it has no wheelbridge; None where it can.

    A plugin that is there and does not load is no reason: then every test of it fails.
    """
    if NAMED is None:
        return "WHEELBRIDGE_TEST_CONDA names no conda; the plugin was not tried"
    asked = [conda_python(), "-I", "-c", "from importlib.metadata import version; version('wheelbridge')"]
    if subprocess.run(asked, env=_surroundings(), capture_output=True, check=False).returncode == 0:
        return None
    return f"{NAMED} has no wheelbridge plugin, which was not tried; install this checkout beside it"


def _surroundings() -> dict[str, str]:
    """Return the variables of this process that are nobody's settings."""
    return {key: value for key, value in os.environ.items() if not key.startswith(("CONDA", "PYTHON"))}


@dataclass
class Conda:
    """A conda without a network, whose settings are *settings* and nothing else.

    Attributes:
        home: a folder of its own: caches, ``~``, and its ``condarc``.
        settings: keys of ``.condarc``; written before each command.
        variables: environment variables beside those of this process.
    """

    home: Path
    settings: dict[str, Any]
    variables: dict[str, str] = field(default_factory=dict)
    command: list[str] = field(default_factory=conda_command)

    def __call__(self, *arguments: object, code: int | None = 0, answer: str | None = None) -> Ran:
        """Run a command; *code* is the exit code it must have, None: any. *answer* is what it reads."""
        done = subprocess.run(
            [*self.command, *map(str, arguments)],
            env=self.environment(),
            cwd=self.home,
            input=answer or "",
            capture_output=True,
            text=True,
            check=False,
        )
        said = f"{' '.join(map(str, arguments))}\n{done.stdout}\n{done.stderr}"
        assert code is None or done.returncode == code, said
        return Ran(done.returncode, done.stdout, done.stderr)

    def environment(self) -> Mapping[str, str]:
        """Return the variables of its processes."""
        condarc = self.home / "condarc.yml"
        condarc.write_text(json.dumps(self.settings), encoding="utf-8")  # JSON is YAML
        own = {"HOME": str(self.home), "USERPROFILE": str(self.home), "CONDARC": str(condarc)}
        own["CONDA_ROOT"] = str(self.home / "root")  # it has settings, too: Miniforge puts a channel there
        cache = {"WHEELBRIDGE_CACHE_DIR": str(self.home / "cache")}
        # conda looks for a driver in a process that is spawned, and repeats the command in it where its script lets it
        driver = {"CONDA_OVERRIDE_CUDA": ""}
        return {**_surroundings(), **own, **cache, **driver, **self.variables}

    def in_terminal(self, *arguments: object, wait_for: str, press: str, code: int) -> str:
        """Run a command in a pseudo-terminal, press keys when it says something; return all that it says.

        *code* is the exit code it must have.
        """
        import fcntl  # noqa: PLC0415 - there is none of these three on Windows
        import pty  # noqa: PLC0415 - as above
        import termios  # noqa: PLC0415 - as above

        def take_terminal() -> None:
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        terminal, other = pty.openpty()
        command = [*self.command, *map(str, arguments)]
        with subprocess.Popen(
            command,
            env=self.environment(),
            stdin=other,
            stdout=other,
            stderr=other,
            start_new_session=True,
            preexec_fn=take_terminal,  # noqa: PLW1509 - Ctrl-C reaches who has the terminal; nothing else runs here
        ) as process:
            os.close(other)
            said = _read_until(terminal, wait_for)
            os.write(terminal, press.encode())
            said += _read_until(terminal, None)
        os.close(terminal)
        assert process.returncode == code, said
        return said

    def packages(self, prefix: Path) -> dict[str, dict[str, Any]]:
        """Return what ``conda list`` says of an environment, by name."""
        return {package["name"]: package for package in self("list", "-p", prefix, "--json").json}


def _read_until(terminal: int, text: str | None) -> str:
    """Read from a pseudo-terminal until it says *text*; None: until its other side is closed."""
    said = b""
    while text is None or text.encode() not in said:
        try:
            read = os.read(terminal, 4096)
        except OSError:  # Linux says so at the end
            read = b""
        if not read:
            break
        said += read
    assert text is None or text.encode() in said, said
    return said.decode(errors="replace")


def make_conda(home: Path, channels: Sequence[str], **settings: Any) -> Conda:
    """Return a conda with these channels, a home of its own and the ``classic`` solver."""
    home.mkdir(parents=True, exist_ok=True)
    said = {
        "solver": "classic",
        "channels": list(channels),
        "default_channels": [],
        "add_pip_as_python_dependency": False,
        "pkgs_dirs": [str(home / "pkgs")],
        "envs_dirs": [str(home / "envs")],
        "notify_outdated_conda": False,
        "number_channel_notices": 0,
        **settings,
    }
    return Conda(home, said)


def run_python(prefix: Path, *arguments: str) -> str:
    """Run the python of an environment; return what it prints."""
    python = prefix / ("python.exe" if sys.platform == "win32" else "bin/python")
    done = subprocess.run([python, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
