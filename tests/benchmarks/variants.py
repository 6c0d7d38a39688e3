"""What variants cost, alone and in a warm solve: ``python -m tests.benchmarks.variants``.

The ranking, beside variantlib's, is of one release of 100 variants. The solve is of 20 projects, once with plain
wheels, once with six variants of each beside them.
"""

import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from variantlib.api import get_variants_by_priority
from variantlib.variants_json import VariantsJson

from tests.benchmarks.solve import measure
from tests.loopback import LoopbackIndex
from tests.solver.scenario import write_channel
from tests.variantwheels import X86_64, make_document
from wheelbridge.api.demo import build_wheel
from wheelbridge.model.target import Target
from wheelbridge.translate.variant_documents import parse_variants
from wheelbridge.translate.variant_order import rank_variants

RUNS = 50
PROJECTS = 20
VALUES = [str(number) for number in range(10)]


def main() -> None:
    """Print both."""
    rank()
    with tempfile.TemporaryDirectory() as folder:
        share(Path(folder))


def rank() -> None:
    """Print the median time to rank 100 variants, with the reading of their metadata and without, beside variantlib."""
    document = make_release()
    release, target = parse_variants(document), Target(subdir="linux-64")
    ours = time_it(lambda: rank_variants(release, target))
    reading = time_it(lambda: rank_variants(parse_variants(document), target))
    peer = VariantsJson(document)
    theirs = time_it(lambda: get_variants_by_priority(variants_json=peer))
    print(f"rank 100 variants: {ours * 1000:.2f} ms, {ours / theirs:.3f} x variantlib")
    print(f"read and rank them: {reading * 1000:.2f} ms")


def make_release() -> dict[str, Any]:
    """Return the metadata of 100 variants over two features with ten values each."""
    static = {
        "providers": {"lib": {"static-properties": {"one": VALUES, "two": VALUES}, "feature-order": ["one", "two"]}}
    }
    variants = {f"v{a}{b}": {"lib": {"one": [a], "two": [b]}} for a in VALUES for b in VALUES}
    return make_document(["lib"], static["providers"], variants)


def share(place: Path) -> None:
    """Print the time of a warm solve with plain wheels, and with variants beside them."""
    levels = {f"x86_64_v{level}": {"x86_64": {"level": [f"v{level}"]}} for level in (1, 2, 3, 4)}
    document = make_document(
        ["x86_64"], {"x86_64": X86_64}, {**levels, "avx2": {"x86_64": {"avx2": ["on"]}}, "null": {}}
    )
    channel = write_channel(place / "channel", [])
    plain = {name: [build_wheel(place, name, "1.0", {f"{name}.py": ""})] for name in names()}
    variants = {name: [*wheels, *make_variants(place, name, document)] for name, wheels in plain.items()}
    with LoopbackIndex(plain) as one, LoopbackIndex(variants) as other:
        solve = [sys.executable, "-m", "wheelbridge", "solve", "--json", "-O", "-c", channel, "python=3.12"]
        request = [f"pypi:{name}" for name in names()]
        commands = {
            "python -c pass": [sys.executable, "-c", "pass"],
            "20 plain wheels": [*solve, "-i", one.url, *request],
            "20 projects of 6 variants": [*solve, "-i", other.url, *request],
            "the same, --no-variants": [*solve, "-i", other.url, *request, "--no-variants"],
        }
        measure(
            commands, {**os.environ, "WHEELBRIDGE_CACHE_DIR": str(place / "cache"), "CONDA_OVERRIDE_ARCHSPEC": "zen4"}
        )


def names() -> list[str]:
    """Return the names of the projects."""
    return [f"project{number}" for number in range(PROJECTS)]


def make_variants(place: Path, name: str, document: dict[str, Any]) -> list[Path]:
    """Build every variant of a project, and the metadata of its release."""
    found = []
    for label, properties in document["variants"].items():
        own = {**document, "variants": {label: properties}}
        found.append(build_wheel(place, name, "1.0", {f"{name}.py": ""}, label=label, variant_json=own))
    release = place / f"{name}-1.0-variants.json"
    release.write_text(json.dumps(document), encoding="utf-8")
    return [*found, release]


def time_it(call: Callable[[], object]) -> float:
    """Return the median time of a call in seconds."""
    times = []
    for _ in range(RUNS):
        started = time.perf_counter()
        call()
        times.append(time.perf_counter() - started)
    return statistics.median(times)


if __name__ == "__main__":
    main()
