"""The sources of environment files among those that are configured."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace

from rattler import MatchSpec

from wheelbridge.api.manifests.settings import Files
from wheelbridge.configuration.levels import Levels
from wheelbridge.configuration.values import Configuration, SourceEntry
from wheelbridge.environment.manifest import Manifest
from wheelbridge.environment.merging import ConflictingFilesError
from wheelbridge.errors import UsageError
from wheelbridge.model.redaction import conceal, redact
from wheelbridge.model.source import PUBLIC_NAMES, SourceKind


def add_files(levels: Levels, files: Files, defaults: Configuration) -> Levels:
    """Return *levels* with what *files* say put before everything else that is configured.

    CEP 24: "When specified, these channels MUST be used to populate the channel list passed to the solver. The default
    channel configuration MUST be appended, unless the special name ``nodefaults`` is present." The same goes for
    indexes, as pip has it: ``--extra-index-url`` adds, ``--index-url`` replaces.

    Args:
        levels: what is configured.
        files: what was named with ``-f``.
        defaults: what holds where nothing is configured.

    Raises:
        UsageError: if something is listed that cannot be a source.
        ConflictingFilesError: if there shall be no index, and one is named.
    """
    manifest, own = files.manifest, files.settings.configuration
    told = tuple(replace(entry, variables=manifest.in_paths.get(entry.text, ())) for entry in own.sources)
    own = replace(own, sources=told)
    said = [*_listed(manifest), *own.sources]
    entries = [*_without_twins(said, own.sources), *_named_in_specs(manifest, said)]
    kinds = {entry.kind for entry in entries if not entry.explicit}
    places = (*levels.places, defaults)
    if "channel" in kinds and manifest.defaults:
        entries += _appended("channel", places)
    if "index" in kinds and not manifest.only_indexes:
        entries += _appended("index", places)
    ordered = entries if own.sources and any(e.kind == "channel" for e in own.sources) else _channels_first(entries)
    configuration = replace(own, sources=tuple(_once(ordered)))
    closed = _closed(manifest, own.sources, kinds)
    farther = (replace(p, sources=tuple(e for e in p.sources if e.kind not in closed)) for p in levels.places)
    return replace(levels, places=(configuration, *farther), closed=closed)


def _closed(manifest: Manifest, own: Sequence[SourceEntry], kinds: Collection[SourceKind]) -> frozenset[SourceKind]:
    """Return the kinds of which the files want no source at all: ``nodefaults`` or ``--no-index`` stands alone.

    pip's documentation: "--no-index Ignore package index (only looking at --find-links URLs instead)."
    """
    no_index = manifest.only_indexes and not manifest.indexes
    if no_index and (named := [entry for entry in own if entry.kind == "index"]):
        raise ConflictingFilesError(
            "--no-index",
            "one line wants no index, another names one",
            (", ".join(manifest.files), f"{named[0].origin}: {named[0].path}"),
            hint="Take one of the two out.",
        )
    closed: dict[SourceKind, bool] = {"channel": not manifest.defaults, "index": no_index}
    return frozenset(kind for kind, wanted in closed.items() if wanted and kind not in kinds)


def _listed(manifest: Manifest) -> Iterator[SourceEntry]:
    """Yield the channels of the files, and the indexes of their pip sections."""
    origin = ", ".join(manifest.files)
    for text in manifest.channels:
        yield _entry("channel", text, manifest)
    for text in manifest.find_links:
        if "://" in text and not text.startswith("file:"):
            hint = "If the host has a simple API, name that with --extra-index-url; or download the wheels to a folder."
            shown = conceal(redact(text), manifest.hidden)
            raise UsageError(f"{origin}: --find-links {shown} is a page of links, not a folder", hint=hint)
    for text in (*manifest.find_links, *manifest.indexes):
        yield _entry("index", text, manifest)


def _entry(kind: SourceKind, text: str, manifest: Manifest) -> SourceEntry:
    variables = manifest.in_paths.get(text, ())
    return SourceEntry(kind=kind, text=text, origin=", ".join(manifest.files), of_project=True, variables=variables)


def _without_twins(said: Iterable[SourceEntry], own: Sequence[SourceEntry]) -> list[SourceEntry]:
    """Leave out of the bare lists what a table says more of."""
    more = {(entry.kind, text) for entry in own for text in (entry.text, entry.name) if text}
    return [entry for entry in said if entry in own or (entry.kind, entry.text) not in more]


def _named_in_specs(manifest: Manifest, said: Iterable[SourceEntry]) -> Iterator[SourceEntry]:
    """Yield large public channels that only specs name, as in ``bioconda::hmmer``: they serve those specs alone.

    conda asks any channel that a spec names. Of others than these, a misspelt private name would go to strangers.
    """
    listed = {entry.text for entry in said if entry.kind == "channel"}
    for stated in manifest.specs:
        channel = MatchSpec(stated.text).channel
        name = channel.name if channel else None
        if name and name in PUBLIC_NAMES and name not in listed:
            listed.add(name)
            yield SourceEntry(kind="channel", text=name, explicit=True, origin=stated.place, of_project=True)


def _appended(kind: SourceKind, places: Iterable[Configuration]) -> list[SourceEntry]:
    """Return the sources of one kind that hold without the files: those of the nearest place that has any."""
    for place in places:
        found = [entry for entry in place.sources if entry.kind == kind and not entry.explicit]
        if found:
            return [replace(entry, claim=entry.claim or place.fallback) for entry in found]
    return []


def _channels_first(entries: Iterable[SourceEntry]) -> list[SourceEntry]:
    return sorted(entries, key=lambda entry: entry.kind == "index")


def _once(entries: Iterable[SourceEntry]) -> Iterator[SourceEntry]:
    """Yield each source once, as it is said first."""
    seen: set[tuple[SourceKind, str]] = set()
    for entry in entries:
        if (entry.kind, entry.text) not in seen:
            seen.add((entry.kind, entry.text))
            yield entry
