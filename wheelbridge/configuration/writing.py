"""Sources and routes into a ``wheelbridge.toml``; what stands there keeps its order and its comments."""

import tomllib
from collections.abc import Iterable
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wheelbridge.configuration.documents import read_document
from wheelbridge.configuration.errors import InvalidConfigurationError
from wheelbridge.configuration.files import PYPROJECT
from wheelbridge.configuration.folders import show_path
from wheelbridge.configuration.inheriting import have_same_settings
from wheelbridge.configuration.values import Configuration, RouteEntry, SourceEntry
from wheelbridge.errors import UsageError
from wheelbridge.model.redaction import redact_argument, without_login

if TYPE_CHECKING:
    from tomlkit import TOMLDocument


def render_document(configuration: Configuration) -> str:
    """Return *configuration* as the text of a ``wheelbridge.toml``."""
    import tomlkit  # noqa: PLC0415 - few commands write TOML

    return tomlkit.dumps(_add(tomlkit.document(), configuration))


def add_to_file(path: Path, configuration: Configuration) -> None:
    """Add *configuration* to the file *path*, which need not be there yet.

    Raises:
        UsageError: if the file has a source or a route of the same name, or is a pyproject.toml.
        InvalidConfigurationError: if the file cannot be read.
    """
    import tomlkit  # noqa: PLC0415 - as above
    from tomlkit.exceptions import TOMLKitError  # noqa: PLC0415 - as above

    if path.name == PYPROJECT:
        raise UsageError("A pyproject.toml is not written to", hint="Write to a wheelbridge.toml.")
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    try:
        document = tomlkit.parse(text)
    except TOMLKitError as error:
        raise InvalidConfigurationError(show_path(path), "", f"it is no TOML: {error}") from None
    there = read_document(document.unwrap(), show_path(path), path.absolute().parent)
    _check_new("source", (one.name for one in there.sources), (one.name for one in configuration.sources), path)
    _check_places(there, configuration, path)
    _check_new("route", (one.pattern for one in there.routes), (one.pattern for one in configuration.routes), path)
    if there.exclude_newer and configuration.exclude_newer:
        raise UsageError(f"{show_path(path)} has 'exclude-newer' already", hint="Take it away first.")
    complete = tomlkit.dumps(_add(document, configuration))
    read_document(tomllib.loads(complete), show_path(path), path.absolute().parent)  # what is written can be read
    path.write_text(complete, encoding="utf-8")


def _check_new(what: str, there: Iterable[str | None], new: Iterable[str | None], path: Path) -> None:
    known = set(there)
    for name in new:
        if name in known:
            raise UsageError(
                f"{show_path(path)} has a {what} {name!r} already",
                hint=f"Take that {what} away, or give it another name.",
            )


def _check_places(there: Configuration, new: Configuration, path: Path) -> None:
    """See that no source comes in once more with another name or other settings: that would be an error to read."""
    for one, source in product(there.sources, new.sources):
        renamed = one.name is not None and one.name != source.name
        if _place(one) == _place(source) and (renamed or not have_same_settings(one, source)):
            raise UsageError(
                f"{show_path(path)} has the {source.kind} {redact_argument(source.text)} already, with another name or "
                "other settings",
                hint="Take that source away first.",
            )


def _place(source: SourceEntry) -> tuple[str, str]:
    return source.kind, without_login(source.text).rstrip("/")


def _add(document: "TOMLDocument", configuration: Configuration) -> "TOMLDocument":
    import tomlkit  # noqa: PLC0415 - as above

    if configuration.exclude_newer:
        document["exclude-newer"] = configuration.exclude_newer
    if configuration.sources:
        is_new = "sources" not in document
        tables = document.setdefault("sources", tomlkit.aot())
        for source in configuration.sources:
            table = _source_table(source)
            if not is_new:
                table.trivia.indent = "\n"  # a blank line before it; a new list has them already
            tables.append(table)
    if configuration.routes:
        routes = document.setdefault("routes", tomlkit.table())
        for route in configuration.routes:
            routes[route.pattern] = _route_value(route)
    return document


def _source_table(source: SourceEntry) -> Any:  # noqa: ANN401 - tomlkit's own
    import tomlkit  # noqa: PLC0415 - as above

    table = tomlkit.table()
    values = {
        "name": source.name,
        source.kind: source.text,
        "claim": source.claim,
        "explicit": source.explicit,
        "trusted-hosts": list(source.trusted_hosts or ()),
        "exclude-newer": source.exclude_newer,
        "missing-codes": sorted(source.missing_codes or ()),
    }
    for key, value in values.items():
        if value:
            table[key] = value
    return table


def _route_value(route: RouteEntry) -> Any:  # noqa: ANN401 - tomlkit's own
    import tomlkit  # noqa: PLC0415 - as above

    values = []
    for choice in route.choices:
        if choice.marker is None:
            values.append(choice.source)
            continue
        table: Any = tomlkit.inline_table()
        table.update({"source": choice.source, "marker": choice.marker})
        values.append(table)
    if len(values) == 1 and isinstance(values[0], str):
        return values[0]
    array: Any = tomlkit.array()
    array.extend(values)
    return array
