"""What the plugin costs conda: ``WHEELBRIDGE_TEST_CONDA=... python -m tests.benchmarks.plugin``.

``conda --help`` with the plugin must take at most 5 ms more than without it. The processor's time tells more than the
clock's where other work runs beside.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.realconda import NAMED, conda_python, make_conda

RUNS = 20
_START = "import sys; from conda.cli.main import main; sys.exit(main())"
HIDE = (
    "from importlib import metadata; find = metadata.distributions;"
    "metadata.distributions = lambda: (one for one in find() if 'wheelbridge-' not in str(one._path))\n"
)
"""As if wheelbridge were not installed: conda looks for plugins by that function."""

_OWN = """
import argparse, contextlib, io, time
from conda.cli.main import main
with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
    main("--help")
started = time.process_time()
from wheelbridge.conda_plugin import hooks
list(hooks.conda_settings())
next(iter(hooks.conda_subcommands())).configure_parser(argparse.ArgumentParser(add_help=False))
asked = "conda_environment_specifiers", "conda_environment_exporters"
[list(getattr(hooks, hook)()) for hook in asked if hasattr(hooks, hook)]
print(time.process_time() - started)
"""
"""What ``conda --help`` asks the plugin for, behind one without it: what is imported anyway does not count."""


def main() -> None:
    """Print the medians of each command, taken in turns, and what it takes beyond the first."""
    if NAMED is None:
        sys.exit("WHEELBRIDGE_TEST_CONDA names no conda")
    with tempfile.TemporaryDirectory() as folder:
        conda = make_conda(Path(folder), [])
        environment = conda.environment()
        python = conda_python()
    hidden, shown = [python, "-c", HIDE + _START], [python, "-c", _START]
    commands = {
        "conda --help, not installed": [*hidden, "--help"],
        "conda --help": [*shown, "--help"],
        "conda --help, no plugins": [*shown, "--no-plugins", "--help"],
        "conda wheelbridge --help": [*shown, "wheelbridge", "--help"],
        "conda wheelbridge install --help": [*shown, "wheelbridge", "install", "--help"],
    }
    measure(commands, environment)
    own = [python, "-c", HIDE + _OWN]
    shares = [float(subprocess.check_output(own, env=dict(environment))) for _ in range(RUNS)]
    print(f"the plugin's own share of conda --help: {1000 * statistics.median(shares):.1f} ms of the processor")


def measure(commands: Mapping[str, Sequence[str]], environment: Mapping[str, str]) -> None:
    """Run the commands in turns, once to warm up; print the medians of the clock and of the processor."""
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
    for turn in range(RUNS + 1):
        for name, command in commands.items():
            seconds = run(command, environment)
            if turn:
                taken[name].append(seconds)
    medians = {name: [statistics.median(column) for column in zip(*rows, strict=True)] for name, rows in taken.items()}
    base = next(iter(medians.values()))
    for name, median in medians.items():
        clock, processor = (
            f"{1000 * one:7.1f} ms {1000 * (one - of):+7.1f}" for one, of in zip(median, base, strict=True)
        )
        print(f"{name:34} clock {clock}   processor {processor}")


def run(command: Sequence[str], environment: Mapping[str, str]) -> tuple[float, float]:
    """Return the seconds that a command takes by the clock, and of the processor."""
    started = time.perf_counter()
    process = subprocess.Popen(command, env=dict(environment), stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{' '.join(command)} failed")
    return time.perf_counter() - started, usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    main()
