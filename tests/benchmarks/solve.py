"""The joint solve beside uv, on the recorded data, in one run: ``python -m tests.benchmarks.solve``.

uv resolves the three projects alone; wheelbridge resolves them together with a native stack out of the channel. The
figures are for comparing two states of wheelbridge by their ratio to uv and to the bare start of Python, not for
racing: the work is not the same.
"""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import zstandard

from tests.loopback import RECORDED, LoopbackIndex, unpack_recorded

RUNS = 7
PROJECTS = ("jupyterlab", "pandas", "scikit-learn")


def main() -> None:
    """Print the median wall time, and the peak memory, of each command; warm, in turns."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        channel = unpack_channel(place / "conda-forge")
        with LoopbackIndex(unpack_recorded(place / "recorded")) as index:
            commands = make_commands(place, channel, index.url)
            environment = {
                **os.environ,
                "WHEELBRIDGE_CACHE_DIR": str(place / "cache"),
                "UV_CACHE_DIR": str(place / "uv"),
            }
            measure(commands, environment)


def make_commands(place: Path, channel: str, index: str) -> dict[str, list[str]]:
    """Return what is compared; uv only where it is installed."""
    wheelbridge = [sys.executable, "-m", "wheelbridge", "solve", "--json", "-O"]
    request = ["python=3.12", "gdal", *(f"pypi:{project}" for project in PROJECTS)]
    commands = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "wheelbridge, index first": [*wheelbridge, "-i", index, "-c", channel, *request],
        "wheelbridge, channel first": [*wheelbridge, "-c", channel, "-i", index, *request],
        "wheelbridge, channel only": [*wheelbridge, "-c", channel, "python=3.12", "gdal"],
    }
    if uv := shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"):
        requirements = place / "requirements.in"
        requirements.write_text("\n".join(PROJECTS), encoding="utf-8")
        options = ["--python", sys.executable, "--python-version", "3.12", "--no-config", "-q", "--index-url", index]
        commands["uv pip compile"] = [uv, "pip", "compile", str(requirements), *options, "-o", str(place / "out.txt")]
    return commands


def measure(commands: Mapping[str, Sequence[str]], environment: Mapping[str, str]) -> None:
    """Run the commands in turns, once to warm up; print median, ratio to the first, and peak memory."""
    times: dict[str, list[float]] = {name: [] for name in commands}
    peaks: dict[str, int] = {}
    for turn in range(RUNS + 1):
        for name, command in commands.items():
            started = time.perf_counter()
            process = subprocess.Popen(command, env=dict(environment), stdout=subprocess.DEVNULL)
            _, status, usage = os.wait4(process.pid, 0)
            if status:
                sys.exit(f"{name} failed")
            peaks[name] = max(peaks.get(name, 0), usage.ru_maxrss)
            if turn:
                times[name].append(time.perf_counter() - started)
    unit = 1024 if sys.platform != "darwin" else 1024**2
    base = statistics.median(next(iter(times.values())))
    for name, seconds in times.items():
        median = statistics.median(seconds)
        print(f"{name:28} {median:7.3f} s  {median / base:6.1f} x python  {peaks[name] / unit:6.0f} MB")


def unpack_channel(folder: Path) -> str:
    """Unpack the recorded channel; return its URL."""
    for packed in (RECORDED.parent / "channels" / "conda-forge").glob("*/repodata.json.zst"):
        target = folder / packed.parent.name / "repodata.json"
        target.parent.mkdir(parents=True)
        with packed.open("rb") as source, target.open("wb") as stream:
            zstandard.ZstdDecompressor().copy_stream(source, stream)
    return folder.as_uri()


if __name__ == "__main__":
    main()
