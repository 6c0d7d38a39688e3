"""A warm lock beside ``uv pip compile``, on the recorded data, in one run: ``python -m tests.benchmarks.lock``.

uv resolves the projects alone, for one target; wheelbridge locks them together with a native stack out of the channel,
about 200 packages with their whole records. ``three targets`` must take at most twice what ``one target`` takes, and a
check no solve at all. The figures are ratios to compare two states of wheelbridge by.
"""

import os
import shutil
import sys
import tempfile
from pathlib import Path

from tests.benchmarks.solve import PROJECTS, measure, unpack_channel
from tests.loopback import LoopbackIndex, unpack_recorded

TARGETS = ("a=linux-64", "b=linux-64", "c=linux-64")
FACTS = ("b:__cuda=12.8", "c:__glibc=2.39")


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
    file = place / "environment.yml"
    listed = "".join(f"      - {project}\n" for project in PROJECTS)
    file.write_text(f"dependencies:\n  - python=3.12\n  - gdal\n  - pip:\n{listed}", encoding="utf-8")
    lock = [sys.executable, "-m", "wheelbridge", "lock", "--json", "-f", str(file), "-O", "-i", index, "-c", channel]
    platforms = [option for target in TARGETS for option in ("--platform", target)]
    three = [*platforms, *(option for fact in FACTS for option in ("--virtual-package", fact))]
    one, many = ["-o", str(place / "one" / "pixi.lock")], ["-o", str(place / "many" / "pixi.lock")]
    commands = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "one target": [*lock, *platforms[:2], *one, "--upgrade"],
        "one target, again": [*lock, *platforms[:2], *one],
        "three targets": [*lock, *three, *many, "--upgrade"],
        "three targets, again": [*lock, *three, *many],
        "check": [*lock, *platforms[:2], *one, "--check"],
    }
    if uv := shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"):
        requirements = place / "requirements.in"
        requirements.write_text("\n".join(PROJECTS), encoding="utf-8")
        options = ["--python", sys.executable, "--python-version", "3.12", "--no-config", "-q", "--index-url", index]
        output = ["--generate-hashes", "-o", str(place / "out.txt")]
        commands["uv pip compile"] = [uv, "pip", "compile", str(requirements), *options, *output]
    return commands


if __name__ == "__main__":
    main()
