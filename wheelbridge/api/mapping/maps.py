"""Maps of names: those of a command line, of configurations and of a call, read and put over the tables."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from wheelbridge.configuration.folders import find_file, show_path
from wheelbridge.configuration.values import COMMAND_LINE, MapEntry
from wheelbridge.errors import UsageError
from wheelbridge.mapping.external.layers import Mode
from wheelbridge.model.redaction import redact_argument
from wheelbridge.model.source import Source
from wheelbridge.tables import load_names

if TYPE_CHECKING:
    from wheelbridge.mapping.lookup import LayeredNameTable
    from wheelbridge.mapping.overlays import Overlay

MapLike: TypeAlias = "str | Path | Mapping[str, object]"
"""A file, with its mode before it in a text (``extend=names.yaml``); or what such a file holds."""

_FORM = "Write it like --map names.yaml, or --map use=names.yaml; the modes are patch, use and extend."
_FILE_NAME = re.compile(r"[A-Za-z0-9_-]+")
"""Of channels that tables may be shipped for."""


def read_maps(texts: Iterable[str]) -> tuple[MapEntry, ...]:
    """Read ``[MODE=]FILE``, those that win first.

    >>> [(entry.mode.value, entry.name) for entry in read_maps(["names.yaml", "use=more.toml"])]
    [('patch', '--map names.yaml'), ('use', '--map more.toml')]

    Raises:
        UsageError: if one has another form.
    """
    return tuple(map(_read_map, texts))


def _read_map(text: str) -> MapEntry:
    word, separator, rest = text.partition("=")
    mode = next((mode for mode in Mode if separator and mode == word), None)
    place = rest if mode else text
    if not place.strip():
        raise UsageError(f"{text!r} is no map", hint=_FORM)
    if "://" in place:
        hint = "Download the map, look at it, and name the copy."
        raise UsageError(f"The map {redact_argument(place)!r} is no file", hint=hint)
    file = find_file(place, Path())
    if place.startswith("conda=") and not file.exists():
        hint = "A map here says 'project: package'; turn one that says 'package: project', such as pixi's, round."
        raise UsageError(f"{text!r} is no map", hint=hint)
    return MapEntry(name=f"--map {show_path(file)}", mode=mode or Mode.PATCH, file=file, origin=COMMAND_LINE)


def load_maps(entries: Iterable[MapEntry]) -> "tuple[Overlay, ...]":
    """Read the maps that *entries* name, the nearest first, as far as they count.

    Raises:
        InvalidMapError: if one is not there, or breaks a rule.
        UnreadableTableError: if one is not YAML, JSON or TOML.
    """
    if not (listed := tuple(entries)):
        return ()
    from wheelbridge.mapping.overlays import effective  # noqa: PLC0415 - few commands have maps

    return tuple(map(_load, effective(listed)))


def _load(entry: MapEntry) -> "Overlay":
    from wheelbridge.tables.overlays import check_specs, load_overlay  # noqa: PLC0415 - few commands have maps

    if entry.overlay is not None:
        check_specs(entry.overlay)
        return entry.overlay
    if entry.file is None:
        raise ValueError(entry)
    return load_overlay(entry.file, entry.name, entry.mode)


def take_maps(given: Iterable[MapLike]) -> "tuple[Overlay, ...]":
    """Return the maps that a call gives, those that win first.

    Raises:
        WheelbridgeError: if one cannot be read.
    """
    return tuple(_take(number, item) for number, item in enumerate(given))


def _take(number: int, item: MapLike) -> "Overlay":
    if isinstance(item, Mapping):
        from wheelbridge.mapping.overlays import parse_overlay  # noqa: PLC0415 - few calls have maps

        return _load(MapEntry(name="", overlay=parse_overlay(item, f"maps[{number}]")))
    if isinstance(item, Path):
        return _load(MapEntry(name=str(item), file=item.absolute()))
    return _load(_read_map(item))


def open_names(
    sources: Iterable[Source] = (), maps: "Sequence[Overlay]" = (), mappings: Path | None = None
) -> "LayeredNameTable":
    """Open the name tables for a solve over *sources*, with *maps*, the nearest first, put over them.

    Args:
        sources: rows of their channels count.
        maps: see `wheelbridge.mapping.overlays.stack_overlays`.
        mappings: the folder of the tables; by default the one that came with wheelbridge.

    Raises:
        MissingTableError: if a file is missing.
    """
    channels = tuple(dict.fromkeys(_channel_names(sources)))
    shipped = [name for name in channels if _FILE_NAME.fullmatch(name)]
    if not maps:
        return load_names(mappings, channels=shipped)
    from wheelbridge.mapping.overlays import stack_overlays  # noqa: PLC0415 - few commands have maps

    stack = stack_overlays(maps, channels)
    return load_names(mappings, channels=shipped, above=stack.above, below=stack.below, alone=stack.alone)


def _channel_names(sources: Iterable[Source]) -> Iterator[str]:
    """Yield what rows may call the channels: their names, and what their URLs end in; labels have the same packages."""
    for source in sources:
        if source.kind == "channel":
            yield source.name.partition("/label/")[0]
            yield source.url.partition("/label/")[0].rpartition("/")[2]
