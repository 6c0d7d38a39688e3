"""What a sync with nothing to do costs, from the shell: ``python -m tests.benchmarks.sync [PACKAGES]``.

Beside it, in processes that take turns, ``uv pip sync`` of the same wheels into a virtual environment that has them,
and a python that starts and does nothing. The packages are made here: small wheels, all in one lock.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.loopback import LoopbackIndex
from tests.real_python import make_real_channel
from wheelbridge.api.demo import build_wheel

PACKAGES = 200
RUNS = 15


def main(count: int) -> None:
    """Print the median times of all three, and the ratios."""
    with tempfile.TemporaryDirectory(prefix="wheelbridge-") as name:
        folder = Path(name)
        channel = make_real_channel(folder / "channel")
        wheels = folder / "wheels"
        wheels.mkdir()
        made = {f"package-{n}": [build_wheel(wheels, f"package_{n}", "1.0", {f"p{n}.py": ""})] for n in range(count)}
        with LoopbackIndex(made) as index:
            ours, theirs = _prepare(folder, channel.url, index.url, list(made))
            _compare(
                {"wheelbridge sync": ours, "uv pip sync": theirs, "python -c pass": [sys.executable, "-c", "pass"]}
            )


def _prepare(folder: Path, channel: str, index: str, projects: Sequence[str]) -> tuple[list[str], list[str]]:
    """Make both environments; return the commands that then have nothing to do."""
    ours, lock, venv = str(folder / "env"), str(folder / "pixi.lock"), str(folder / "venv")
    tool = [sys.executable, "-m", "wheelbridge"]
    specs = [f"pypi:{project}" for project in projects]
    _run([*tool, "create", "-p", ours, "-c", channel, "-i", index, "-O", "python", *specs, "-y"])
    _run([*tool, "export", "-p", ours, "-o", lock])
    sync = [*tool, "sync", "-p", ours, lock, "-y"]
    _run(sync)
    listed = folder / "requirements.txt"
    listed.write_text("".join(f"{project}==1.0\n" for project in projects), encoding="utf-8")
    _run(["uv", "venv", "-q", "--python", sys.executable, venv])
    peer = ["uv", "pip", "sync", "-q", "--python", venv, "--index-url", index, str(listed)]
    _run(peer)
    return sync, peer


def _compare(commands: dict[str, list[str]]) -> None:
    times: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(RUNS):
        for name, command in commands.items():
            started = time.perf_counter()
            _run(command)
            times[name].append(time.perf_counter() - started)
    medians = {name: statistics.median(column) for name, column in times.items()}
    for name, median in medians.items():
        print(f"{name}: {median:.3f} s, {median / medians['uv pip sync']:.1f} x uv pip sync")


def _run(command: Sequence[str]) -> None:
    subprocess.run(command, check=True, capture_output=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else PACKAGES)
