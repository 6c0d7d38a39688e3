"""wheelbridge's own configuration: ``wheelbridge.toml``, or ``[tool.wheelbridge]`` of a pyproject.toml."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Literal, cast

from packaging.utils import canonicalize_name, is_normalized_name

from wheelbridge.configuration.cutoff import read_cutoff
from wheelbridge.configuration.fields import Fields
from wheelbridge.configuration.folders import find_channel, find_index
from wheelbridge.configuration.maps import read_maps
from wheelbridge.configuration.texts import is_host, is_marker, is_source_name, read_patterns
from wheelbridge.configuration.values import Configuration, RouteChoice, RouteEntry, SourceEntry
from wheelbridge.errors import UsageError
from wheelbridge.model.attestation import AttestationPolicy
from wheelbridge.model.name import ALL_PROJECTS
from wheelbridge.model.source import CLAIMS, Claim, SourceKind

_KEYS = ("priority", "exclude-newer", "channel-relations", "sources", "routes", "map", "maps", "no-external")
_SOURCE_KEYS = (
    "name",
    "channel",
    "index",
    "claim",
    "explicit",
    "group",
    "trusted-hosts",
    "exclude-newer",
    "missing-codes",
    "attestations",
)
_STATUSES = range(400, 600)


def read_document(values: Mapping[str, object], origin: str, folder: Path, path: str = "") -> Configuration:
    """Read a configuration out of *values*.

    Args:
        values: what the file holds.
        origin: what people call the file.
        folder: what relative folders are relative to.
        path: leads to the values, such as ``tool.wheelbridge``.

    Raises:
        InvalidConfigurationError: with the path to what cannot be read.
    """
    fields = Fields(values, origin, path)
    fields.check_keys(_KEYS)
    sources = tuple(_read_source(table, folder) for table in fields.tables("sources"))
    _check_names(fields, sources)
    _check_groups(fields, sources)
    return Configuration(
        origin=origin,
        sources=sources,
        routes=tuple(_read_routes(fields)),
        priority=cast("Claim | None", fields.choice("priority", CLAIMS)),
        exclude_newer=_read_cutoff(fields),
        channel_relations=fields.flag("channel-relations"),
        maps=tuple(read_maps(fields, folder)),
        no_external=frozenset(_read_no_external(fields)),
    )


def _read_no_external(fields: Fields) -> Iterator[str]:
    for place, project in enumerate(fields.texts("no-external", one=True)):
        if project != ALL_PROJECTS and not is_normalized_name(name := canonicalize_name(project)):
            raise fields.error(f"no-external[{place}]", f"{project!r} is no name of a project")
        yield project if project == ALL_PROJECTS else name


def _read_source(fields: Fields, folder: Path) -> SourceEntry:
    fields.check_keys(_SOURCE_KEYS)
    name, group = fields.text("name"), fields.text("group")
    for key, text in (("name", name), ("group", group)):
        if text is not None and not is_source_name(text):
            raise fields.error(key, f"{text!r} is no name", hint="Leave out blanks and the signs '=', ',' and ';'.")
    channel, index = fields.text("channel"), fields.text("index")
    if (channel is None) == (index is None):
        raise fields.error("", "it must have one of 'channel' and 'index'")
    for number in fields.numbers("missing-codes"):
        if number not in _STATUSES:
            raise fields.error("missing-codes", f"{number} is no HTTP status of an error")
    text = find_channel(channel, folder) if channel is not None else find_index(str(index), folder)
    if text is None:
        raise fields.error("index", "it is neither a URL nor a folder that exists", hint="'pypi' is the public index.")
    kind: SourceKind = "channel" if channel is not None else "index"
    build = partial(SourceEntry, kind=kind, origin=fields.file)
    return build(
        text=text,
        name=name,
        claim=cast("Claim | None", fields.choice("claim", CLAIMS)),
        explicit=fields.flag("explicit"),
        group=group,
        trusted_hosts=_read_hosts(fields),
        exclude_newer=_read_cutoff(fields),
        missing_codes=frozenset(fields.numbers("missing-codes")) if "missing-codes" in fields.values else None,
        attestations=_read_attestations(fields, kind),
        path=fields.path,
    )


def _read_hosts(fields: Fields) -> tuple[str, ...] | None:
    if "trusted-hosts" not in fields.values:
        return None
    hosts = fields.texts("trusted-hosts")
    for place, host in enumerate(hosts):
        if not is_host(host):
            raise fields.error(
                f"trusted-hosts[{place}]",
                f"{host!r} is no host",
                hint="Write it like files.host.example or *.host.example; http://HOST lets it go without TLS.",
            )
    return hosts


def _read_cutoff(fields: Fields) -> datetime | None:
    value = fields.values.get("exclude-newer")
    text = value.isoformat() if isinstance(value, date) else fields.text("exclude-newer")
    try:
        return read_cutoff(text)
    except UsageError as error:
        raise fields.error("exclude-newer", error.message, hint=error.hint) from error


def _read_attestations(fields: Fields, kind: SourceKind) -> AttestationPolicy | Literal[False] | None:
    value = fields.values.get("attestations")
    if value is None or isinstance(value, bool):
        return AttestationPolicy() if value else value
    if not isinstance(value, dict):
        raise fields.error("attestations", "it must be true, false or a table")
    table = Fields(value, fields.file, fields.at("attestations"))
    table.check_keys(("publishers",))
    globs = table.table("publishers")
    return AttestationPolicy(publishers=tuple(_read_publishers(globs, kind)) if globs else ())


def _read_publishers(fields: Fields, kind: SourceKind) -> Iterator[tuple[str, str]]:
    """Yield (glob over names, glob over publishers); a pattern that can match no name would let everybody publish."""
    for key in fields.values:
        pattern = next(read_patterns(f"{'pypi' if kind == 'index' else 'conda'}:{key}"), None)
        publishers = fields.texts(key, one=True)
        if pattern is None:
            raise fields.error(key, f"{key!r} is no pattern of names", hint="Write it like corp-*.")
        if not all(publisher.strip() for publisher in publishers) or not publishers:
            raise fields.error(key, "it names no publisher", hint="Write it like github:corp/*.")
        for publisher in publishers:
            yield pattern.partition(":")[2], publisher


def _check_names(fields: Fields, sources: Sequence[SourceEntry]) -> None:
    seen: dict[str, str] = {}
    for source in sources:
        if source.name is None:
            continue
        if source.name in seen:
            raise fields.error(
                f"{source.path.removeprefix(fields.path).lstrip('.')}.name",
                f"{source.name!r} is the name of {seen[source.name]} already",
            )
        seen[source.name] = source.path


def _check_groups(fields: Fields, sources: Sequence[SourceEntry]) -> None:
    """Entries of one group are one tier: neighbours of one kind with one claim."""
    done: set[str] = set()
    names = {source.name for source in sources}
    for group, members in groupby(sources, key=lambda source: source.group):
        if group is None:
            continue
        entries = list(members)
        place = f"{entries[0].path.removeprefix(fields.path).lstrip('.')}.group"
        if group in done:
            raise fields.error(place, f"the sources of the group {group!r} do not follow one another")
        if group in names - {entry.name for entry in entries}:
            raise fields.error(place, f"{group!r} is the name of a source outside the group")
        for what in ("kind", "claim", "explicit"):
            if len({getattr(entry, what) or None for entry in entries}) > 1:
                raise fields.error(
                    place, f"the sources of the group {group!r} differ in {what}", hint="A group counts as one source."
                )
        done.add(group)


def _read_routes(fields: Fields) -> Iterator[RouteEntry]:
    table = fields.table("routes")
    for key, value in table.values.items() if table else ():
        patterns = list(read_patterns(key))
        if table is None or not patterns:
            raise fields.error("routes", f"{key!r} is no pattern of names", hint="Write it like corp-* or pypi:torch.")
        choices = tuple(_read_choices(table, key, value))
        for pattern in patterns:
            yield RouteEntry(pattern=pattern, choices=choices, origin=fields.file, path=table.at(key))


def _read_choices(table: Fields, key: str, value: object) -> Iterator[RouteChoice]:
    items = value if isinstance(value, list) else [value]
    if not items:
        raise table.error(key, "it leads to no source")
    for place, item in enumerate(items):
        where = f"{key}[{place}]" if isinstance(value, list) else key
        if isinstance(item, str) and item:
            yield RouteChoice(item)
            continue
        if not isinstance(item, dict):
            raise table.error(where, "it must be a source, or a table with 'source' and 'marker'")
        choice = Fields(item, table.file, table.at(where))
        choice.check_keys(("source", "marker"))
        source, marker = choice.text("source"), choice.text("marker")
        if source is None:
            raise choice.error("source", "it is missing")
        if marker is not None and not is_marker(marker):
            raise choice.error("marker", f"{marker!r} is no marker (PEP 508)")
        yield RouteChoice(source, marker)
