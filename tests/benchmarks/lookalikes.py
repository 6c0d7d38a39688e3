"""What the search for look-alikes costs: ``python -m tests.benchmarks.lookalikes``.

Each run is cold: the tables are read anew. Beside it, rapidfuzz compares the same names with all names of the tables by
edit distance, which finds other things, and more of them; only the ratio is worth a look.
"""

import statistics
import time
from collections.abc import Callable
from functools import partial

from packaging.utils import canonicalize_name
from rapidfuzz.distance import OSA
from rapidfuzz.process import extract

from wheelbridge.mapping.lookalikes import find_lookalikes
from wheelbridge.tables import find_mappings, load_known_names

RUNS = 30
SUSPECTS = [
    canonicalize_name("reqeusts"),
    canonicalize_name("colourama"),
    canonicalize_name("pythonhttpx"),
    canonicalize_name("tenserflow"),
    canonicalize_name("my-company-toolkit"),
    canonicalize_name("opentelemetry-instrumentation-acme"),
    canonicalize_name("nvidia-cublas"),
    canonicalize_name("flake8-datetimez"),
    canonicalize_name("sphinxcontrib-asyncio"),
    canonicalize_name("mkdocs-awesome-pages-plugin"),
    canonicalize_name("pygments-github-lexers"),
    canonicalize_name("railroad-diagrams"),
    canonicalize_name("sectorizedradialprofile"),
    canonicalize_name("tensorboard-plugin-profile"),
    canonicalize_name("coverage-enable-subprocess"),
    canonicalize_name("realesrgan"),
    canonicalize_name("jaraco-packaging"),
    canonicalize_name("dataframe-api-compat"),
    canonicalize_name("msgspec-python313-pre"),
    canonicalize_name("isort-psycopg"),
]


def main() -> None:
    """Print the median times for one and for twenty unknown projects, and their ratios to rapidfuzz's."""
    for count in (1, len(SUSPECTS)):
        ours, theirs = time_it(partial(search, count)), time_it(partial(compare, count))
        print(f"{count:3} projects: {ours * 1000:6.2f} ms, {ours / theirs:.2f} x rapidfuzz ({theirs * 1000:.1f} ms)")


def search(count: int) -> None:
    """Read the names, and look for look-alikes of *count* projects."""
    known = load_known_names()
    for suspect in SUSPECTS[:count]:
        find_lookalikes(suspect, known)


def compare(count: int) -> None:
    """Read the names, and compare *count* projects with each of them."""
    names: set[str] = set()
    for path in (find_mappings() / "names" / "generated").glob("*conda-forge.tsv"):
        names.update(line.partition("\t")[0] for line in path.read_text(encoding="utf-8").splitlines())
    for suspect in SUSPECTS[:count]:
        extract(suspect, names, scorer=OSA.distance, score_cutoff=1)


def time_it(work: Callable[[], None]) -> float:
    """Return the median of `RUNS` runs, in seconds."""
    times = []
    for _ in range(RUNS):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return statistics.median(times)


if __name__ == "__main__":
    main()
