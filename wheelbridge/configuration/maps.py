"""Maps of names in a configuration: the table ``map``, and the files that ``maps`` lists."""

from collections.abc import Iterator
from pathlib import Path

from wheelbridge.configuration.fields import Fields
from wheelbridge.configuration.folders import find_file, show_path
from wheelbridge.configuration.values import MapEntry
from wheelbridge.mapping.external.layers import Mode


def read_maps(fields: Fields, folder: Path) -> Iterator[MapEntry]:
    """Yield the maps of a configuration, those that win first: its own table, then the files, which lie in *folder*.

    Raises:
        InvalidConfigurationError: if one cannot be read; whether the files are there is seen when they are needed.
    """
    if (table := fields.table("map")) is not None:
        yield _read_table(table)
    listed = fields.values.get("maps", [])
    if not isinstance(listed, list):
        raise fields.error("maps", "it must be a list")
    for number, item in enumerate(listed):
        yield _read_file(fields, f"maps[{number}]", item, folder)


def _read_table(table: Fields) -> MapEntry:
    from wheelbridge.mapping.overlays import (  # noqa: PLC0415 - few configurations have maps
        InvalidMapError,
        parse_overlay,
    )

    try:
        overlay = parse_overlay({"names": table.values}, table.file)
    except InvalidMapError as error:
        raise table.error(error.path.removeprefix("names").lstrip("."), error.problem, hint=error.hint) from None
    return MapEntry(name=table.file, overlay=overlay, origin=table.file, path=table.path)


def _read_file(fields: Fields, key: str, item: object, folder: Path) -> MapEntry:
    if not isinstance(item, str | dict):
        raise fields.error(key, "it must be a file, or a table with 'file' and 'mode'")
    entry = Fields({"file": item} if isinstance(item, str) else item, fields.file, fields.at(key))
    entry.check_keys(("file", "mode"))
    text, mode = entry.text("file"), entry.choice("mode", [*Mode])
    if text is None:
        raise entry.error("file", "it is missing")
    if "://" in text:
        raise entry.error("file", "it must be a file", hint="Download the map, look at it, and name the copy.")
    file = find_file(text, folder)
    return MapEntry(
        name=f"{fields.file}: {show_path(file)}",
        mode=Mode(mode or Mode.PATCH),
        file=file,
        origin=fields.file,
        path=entry.path,
    )
