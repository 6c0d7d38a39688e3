"""``wheelbridge map site``."""

from pathlib import Path

from wheelbridge.api.mapping.site import Site, build_site, write_site
from wheelbridge.cli.output import note, out, print_json

FOLDER = Path("mapping-site")
"""Where the page goes by default."""


def run(folder: Path | None, mappings: Path | None, wanted: Path | None, *, history: bool, as_json: bool) -> int:
    """Write the page about the tables and say what is on it."""
    site = build_site(mappings, history=history, wanted=wanted)
    path = write_site(site, folder or FOLDER)
    if as_json:
        print_json({"success": True, "path": str(path), **site.as_json()})
    else:
        _show(site, path, history=history)
    return 0


def _show(site: Site, path: Path, *, history: bool) -> None:
    counts = site.counts
    out().print(f"{path}: {counts['projects']} projects, {counts['packages']} conda packages, {_megabytes(site)} MB")
    for name in site.missing:
        note(f"The tables have no {name}; its section says so.")
    if history and site.no_history:
        note(f"The rows have no history: {site.no_history}.")


def _megabytes(site: Site) -> str:
    return f"{len(site.text.encode()) / 1e6:.1f}"
