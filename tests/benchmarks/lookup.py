"""What the first look-up of a name costs in a fresh process: ``python -m tests.benchmarks.lookup``.

Beside it, in processes that take turns, the same names as one JSON object, as conda-pypi ships its table: imported,
parsed, asked once. Only the ratio is worth a look; what every Python has loaded by then is in neither.
"""

import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from wheelbridge.tables import load_names

RUNS = 25
_OURS = """
import time
import wheelbridge.tables
started = time.perf_counter()
from wheelbridge.tables import load_names
answer = load_names().by_project("matplotlib").identity.conda
print(answer, time.perf_counter() - started)
"""
_THEIRS = """
import sys, time
started = time.perf_counter()
import json
with open(sys.argv[1], "rb") as file:
    answer = json.load(file)["matplotlib"]
print(answer, time.perf_counter() - started)
"""


def main() -> None:
    """Print the median times of both, their ratio, and the sizes."""
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder, "names.json")
        table.write_text(json.dumps({row.pypi: row.conda for row in load_names().rows()}), encoding="utf-8")
        pairs = [(_ask(_OURS), _ask(_THEIRS, str(table))) for _ in range(RUNS)]
        size = table.stat().st_size
    ours, theirs = (statistics.median(column) * 1000 for column in zip(*pairs, strict=True))
    print(f"first look-up: {ours:.2f} ms, {ours / theirs:.2f} x a JSON object of {size / 1e6:.2f} MB ({theirs:.1f} ms)")


def _ask(code: str, *arguments: str) -> float:
    """Run *code* in a fresh process; return the seconds that it says."""
    run = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True)
    answer, seconds = run.stdout.split()
    assert answer == "matplotlib-base"
    return float(seconds)


if __name__ == "__main__":
    main()
