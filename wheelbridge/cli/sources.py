"""``wheelbridge sources``: the list that a solve would use, and how it came about."""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from wheelbridge.api.related import add_related
from wheelbridge.api.sources import SourceList
from wheelbridge.cli.door import door
from wheelbridge.cli.options import SolveOptions
from wheelbridge.cli.output import note, out, print_json, printable
from wheelbridge.cli.solve import list_sources
from wheelbridge.configuration.cutoff import read_cutoff
from wheelbridge.configuration.values import MapEntry
from wheelbridge.errors import UsageError
from wheelbridge.model.source import Route, Source
from wheelbridge.target.detect import detect_target

_ANY_HOST = ("*",)


def run(options: SolveOptions, *, as_json: bool) -> int:
    """Print the sources in order, with their settings, and the routes."""
    target = detect_target(options.platform, options.facts)
    listed = add_related(list_sources(options, target), target.subdir, door().open_caches())
    cutoff = read_cutoff(options.exclude_newer) or listed.exclude_newer
    if as_json:
        print_json({"success": True, **_as_json(listed, cutoff)})
        return 0
    for text in listed.notes:
        note(text)
    _show_sources(listed, cutoff)
    _show_routes(listed)
    _show_maps(listed)
    if not listed.relations:
        out().print("Channels do not say which others belong to them.")
    return 0


def run_import(tool: str, file: Path | None, write: Path | None, *, as_json: bool) -> int:
    """Print what *tool* is configured to as wheelbridge's own configuration, or add it to the file *write*."""
    from wheelbridge.api.importing import IMPORTERS, import_sources
    from wheelbridge.configuration.writing import add_to_file, render_document

    if tool not in IMPORTERS:
        raise UsageError(f"{tool!r} cannot be imported", hint=f"One of {', '.join(IMPORTERS)} can.")
    found = import_sources(tool, file)
    text = render_document(found.configuration)
    if write is not None:
        add_to_file(write, found.configuration)
    if as_json:
        left_out = [{"name": one.name, "origin": one.origin, "reason": one.reason} for one in found.left_out]
        print_json({"success": True, "toml": text, "left_out": left_out, "notes": list(found.notes)})
        return 0
    for one in found.left_out:
        note(f"{one.origin}: {one.name} is left out: {one.reason}.")
    for said in found.notes:
        note(said)
    out().print(text if write is None else f"Added to {write}.", end="\n" if write else "")
    return 0


def _as_json(listed: SourceList, cutoff: datetime | None) -> dict[str, object]:
    return {
        "sources": [_source_json(source, listed.reasons[source.name]) for source in listed.sources],
        "routes": [
            {
                "pattern": route.pattern,
                "sources": list(route.sources),
                "marker": route.marker,
                "origin": route.origin,
                "holds": holds,
            }
            for route, holds in _all_routes(listed)
        ],
        "maps": [
            {
                "name": entry.name,
                "mode": entry.mode.value,
                "file": str(entry.file) if entry.file else None,
                "origin": entry.origin,
                "holds": holds,
            }
            for entry, holds in _all_maps(listed)
        ],
        "channel_relations": listed.relations,
        "exclude_newer": cutoff.isoformat() if cutoff else None,
        "notes": list(listed.notes),
    }


def _source_json(source: Source, reason: str) -> dict[str, object]:
    policy = source.attestations
    return {
        **source.as_json(),
        "claim_reason": reason,
        "trusted_hosts": list(source.trusted_hosts),
        "exclude_newer": source.exclude_newer.isoformat() if source.exclude_newer else None,
        "missing_codes": sorted(source.missing_codes),
        "attestations": {"publishers": [list(pair) for pair in policy.publishers]} if policy else None,
        "origin": source.origin,
    }


def _all_routes(listed: SourceList) -> Iterable[tuple[Route, bool]]:
    yield from ((route, True) for route in listed.routes)
    yield from ((route, False) for route in listed.idle_routes)


def _show_sources(listed: SourceList, cutoff: datetime | None) -> None:
    from rich.table import Table

    table = Table(title="Sources, in order of priority", title_justify="left", box=None, pad_edge=False)
    for heading in ("tier", "name", "kind", "claim", "because", "from", "URL"):
        table.add_column(heading, no_wrap=heading in ("tier", "kind", "claim"), overflow="fold")
    for source in listed.sources:
        because = listed.reasons[source.name]
        cells = (source.name, source.kind, source.claim, because, source.origin, source.url)
        table.add_row(str(source.tier), *map(printable, cells), style="dim" if source.explicit else "")
    out().print(table)
    for source in listed.sources:
        if settings := list(_settings(source)):
            out().print(printable(f"{source.name}: {'; '.join(settings)}"))
    if cutoff:
        out().print(f"Nothing published after {cutoff.isoformat()} is taken.")


def _settings(source: Source) -> Iterable[str]:
    if source.explicit:
        yield "serves only what is routed to it"
    if source.trusted_hosts == _ANY_HOST:
        yield "leads to any host"
    elif source.trusted_hosts:
        yield f"may lead to {', '.join(source.trusted_hosts)}"
    if source.exclude_newer:
        yield f"nothing published after {source.exclude_newer.isoformat()}"
    if source.missing_codes:
        yield f"{', '.join(map(str, sorted(source.missing_codes)))} mean that it lacks a project"
    if source.attestations:
        pairs = ", ".join(f"{names} by {publisher}" for names, publisher in source.attestations.publishers)
        yield f"its files must be attested{f' ({pairs})' if pairs else ''}"


def _show_routes(listed: SourceList) -> None:
    from rich.table import Table

    table = Table(title="Routes", title_justify="left", box=None, pad_edge=False)
    for heading in ("project", "sources", "where", "from"):
        table.add_column(heading, overflow="fold")
    for route, holds in _all_routes(listed):
        where = (route.marker or "") if holds else f"does not hold here{f': {route.marker}' if route.marker else ''}"
        cells = (route.pattern, ", ".join(route.sources), where, route.origin)
        table.add_row(*map(printable, cells), style="" if holds else "dim")
    if table.row_count:
        out().print(table)


def _all_maps(listed: SourceList) -> Iterable[tuple[MapEntry, bool]]:
    """Yield every map, and whether it holds: behind one that is used alone, none does."""
    from wheelbridge.mapping.overlays import effective

    count = len(effective(listed.maps))
    yield from ((entry, place < count) for place, entry in enumerate(listed.maps))


def _show_maps(listed: SourceList) -> None:
    from rich.table import Table

    table = Table(title="Maps of names, the nearest first", title_justify="left", box=None, pad_edge=False)
    for heading in ("map", "mode", "where", "from"):
        table.add_column(heading, overflow="fold")
    for entry, holds in _all_maps(listed):
        where = "does not hold: a nearer map is used alone" if not holds else str(entry.file or "")
        table.add_row(*map(printable, (entry.name, entry.mode, where, entry.origin)), style="" if holds else "dim")
    if table.row_count:
        out().print(table)
