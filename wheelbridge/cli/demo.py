"""``wheelbridge demo``."""

import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from wheelbridge.api.demo import REQUEST, Demonstration, demonstrate
from wheelbridge.cli.output import err, out, print_json
from wheelbridge.cli.render import packages_table
from wheelbridge.errors import UsageError


def run(keep: str | None, facts: Sequence[str], *, as_json: bool) -> int:
    """Show the main job in *keep*, or in a folder that goes away, for a target with *facts*."""
    started = time.perf_counter()
    if keep is None:
        with tempfile.TemporaryDirectory(prefix="wheelbridge-demo-", ignore_cleanup_errors=True) as folder:
            demonstration = demonstrate(Path(folder).resolve(), err().print, facts)
    else:
        place = Path(keep).expanduser().absolute()
        if place.exists() and any(place.iterdir()):
            raise UsageError(f"{place} is not empty", hint="Choose a new folder for --keep.")
        demonstration = demonstrate(place, err().print, facts)
    seconds = time.perf_counter() - started
    if as_json:
        print_json(_as_json(demonstration, seconds))
    else:
        _show(demonstration, seconds)
    return 0


def _as_json(demonstration: Demonstration, seconds: float) -> dict[str, object]:
    solution = demonstration.prepared.solution
    return {
        "success": True,
        "request": list(REQUEST),
        "records": [package.as_json() for package in solution.packages],
        "refused": [refusal.as_json() for refusal in solution.refused],
        "said": demonstration.said,
        "chips": dict(demonstration.chips),
        "statistics": {**asdict(solution.statistics), "demo_seconds": seconds},
    }


def _show(demonstration: Demonstration, seconds: float) -> None:
    solution = demonstration.prepared.solution
    out().print()
    out().print(packages_table(solution.packages, "One environment, two worlds"))
    out().print()
    out().print(
        "Why these: python comes from the channel, as it always does. greeter was asked for, and its extra "
        "'loud' brought greeter-voice.\ngreeter-words 2.0rc1 is newer than 1.1, but a pre-release nobody asked "
        "for (PEP 440)."
    )
    for refusal in solution.refused:
        out().print(f"Refused: {refusal.fn}: {refusal.reason}.")
    for package in solution.packages:
        if package.variant:
            own, others = package.variant.label, ", ".join(f"{c}: {v}" for c, v in demonstration.chips.items())
            out().print(f"Of the variants of {package.pypi_name}, {own} is the best one for this target's CPU.")
            out().print(f"With --virtual-package __archspec=CHIP it would be, by chip: {others}.")
    out().print(f"\nThe new python said: {demonstration.said}", style="bold green")
    out().print(f"All of it in {seconds:.1f} s, {solution.statistics.wall_seconds:.2f} s of it solving.")
