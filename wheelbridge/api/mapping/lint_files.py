"""What the lint reads: tables with the place of every value, maps of somebody's own, and the names of channels."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from rattler import MatchSpec
from rattler.exceptions import InvalidMatchSpecError

from wheelbridge.api.clients import open_client, split_channel_credentials
from wheelbridge.api.places import Caches
from wheelbridge.api.running import run_to_end
from wheelbridge.api.sources import read_sources
from wheelbridge.errors import UsageError
from wheelbridge.mapping.lines import SortedLines
from wheelbridge.mapping.linting.common import SHAPE
from wheelbridge.mapping.linting.findings import Finding, Place, Severity, render_place
from wheelbridge.mapping.linting.rows import CHANNEL, MAIN_SUBDIRS, ChannelNames, Document, Spec, Table
from wheelbridge.mapping.linting.rules import UNREADABLE
from wheelbridge.mapping.lookup import Layer
from wheelbridge.mapping.overlays import SECTIONS, InvalidMapError, Overlay, parse_overlay
from wheelbridge.mapping.overrides import Override
from wheelbridge.model.source import Source
from wheelbridge.solver.channels import ChannelAccess, Channels
from wheelbridge.tables.documents import UnreadableTableError, parse_document
from wheelbridge.tables.load import map_file
from wheelbridge.tables.locate import MissingTableError
from wheelbridge.tables.positions import InvalidYamlError, read_positions


def table_files(mappings: Path) -> Iterator[tuple[Path, Table]]:
    """Yield the YAML tables of a folder, and what each of them is.

    Raises:
        MissingTableError: if there are none.
    """
    found: dict[Path, Table] = {}
    for table in Table:
        for path in sorted(mappings.glob(table)):
            found.setdefault(path, table)
    if not found:
        raise MissingTableError(mappings / Table.NAMES)
    yield from found.items()


def read_table(path: Path, table: Table) -> Document | Finding:
    """Read a table, or find that it cannot be read."""
    try:
        document = read_positions(_read(path), path)
    except UnreadableTableError as error:
        return _unreadable(path, error)
    return Document(file=show(path), table=table, data=document.data, positions=document.positions)


def read_map(path: Path) -> tuple[Document | Finding, ...]:
    """Read a map of somebody's own, in any of its forms: its names, and its wheels; or find what is wrong with it.

    Its first problem hides the others; a map in JSON or TOML has no lines to point at.
    """
    positions: Mapping[Place, tuple[int, int]] = {}
    try:
        text = _read(path)
        if path.suffix in {".yaml", ".yml"}:
            positions = read_positions(text, path).positions
        data = parse_document(text.encode(), path)
    except UnreadableTableError as error:
        return (_unreadable(path, error),)
    try:
        overlay = parse_overlay(data, show(path))
    except InvalidMapError as error:
        place = _nearest(error.path, positions)
        return (_finding(SHAPE.code, path, error.problem, error.hint or "", place, positions.get(place)),)
    rows: list[object] = [_plain(row) for row in overlay.rows]
    origins = dict(enumerate(_places(data, overlay)))
    own = Document(file=show(path), table=Table.NAMES, data=rows, positions=positions, own=True, origins=origins)
    if not overlay.wheels or not isinstance(data, Mapping):
        return (own,)
    wheels: list[object] = [{**raw, "pypi": row.pypi} for raw, row in zip(data["wheels"], overlay.wheels, strict=True)]
    places: dict[int, Place] = {number: ("wheels", number) for number in range(len(wheels))}
    return own, replace(own, table=Table.WHEELS, data=wheels, origins=places)


def open_channels(mappings: Path, sound: Iterable[str], given: Sequence[str]) -> Mapping[str, ChannelNames]:
    """Return what is known of channels: from their *sound* generated tables, and from repodata.

    Args:
        mappings: the folder of the tables.
        sound: the channels whose tables can be gone by; what is broken would say that packages are unknown.
        given: the repodata, as ``[NAME=]PLACE``.

    Raises:
        WheelbridgeError: if repodata cannot be read.
    """
    present = dict(_read_channel(text) for text in given)
    tables = {channel: _open_table(mappings, channel) for channel in sound}
    return {channel: ChannelNames(tables.get(channel), present.get(channel)) for channel in sorted({*tables, *present})}


def read_spec(text: str) -> Spec:
    """Read a MatchSpec strictly.

    >>> read_spec("libblas * *_openblas")
    Spec(name='libblas', has_build=True, problem='')
    """
    try:
        spec = MatchSpec(text, strict=True)
    except InvalidMatchSpecError as error:
        return Spec(problem=" ".join(str(error).split("Caused by:")[0].split()))
    return Spec(spec.name.normalized or "", has_build=spec.build is not None)


def show(path: Path) -> str:
    """Return a file as annotations need it: from the working directory, with forward slashes."""
    here = Path.cwd()
    absolute = path.absolute()
    return absolute.relative_to(here).as_posix() if absolute.is_relative_to(here) else str(path)


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except OSError as error:
        raise UnreadableTableError(path, error.strerror or str(error)) from None
    except UnicodeDecodeError as error:
        raise UnreadableTableError(path, f"it is not UTF-8: {error.reason}") from None


def _unreadable(path: Path, error: UnreadableTableError) -> Finding:
    if isinstance(error, InvalidYamlError):
        position = (error.line, error.column or 1) if error.line else None
        return _finding(UNREADABLE.code, path, f"It is no YAML: {error.reason}", "", (), position)
    return _finding(UNREADABLE.code, path, error.message, error.hint or "", (), None)


def _finding(code: str, path: Path, message: str, hint: str, place: Place, position: tuple[int, int] | None) -> Finding:
    line, column = position or (None, None)
    text = message[:1].upper() + message[1:]
    return Finding(
        code=code,
        severity=Severity.ERROR,
        file=show(path),
        message=text,
        hint=hint,
        place=place,
        line=line,
        column=column,
    )


def _nearest(path: str, positions: Mapping[Place, tuple[int, int]]) -> Place:
    """Return the place that *path* tells, or the nearest one around it; names of projects may have dots."""
    around = {render_place(place): place for place in positions}
    told = [text for text in around if path == text or path.startswith((f"{text}.", f"{text}["))]
    return around[max(told, key=len)] if told else ()


def _plain(row: Override) -> dict[str, object]:
    fields = {"not": row.rejected, "specs": row.specs, "channels": row.channels, "evidence": row.evidence}
    return {
        "pypi": row.pypi,
        "conda": row.conda,
        "relation": str(row.relation),
        "reason": row.reason,
        "pypi_range": row.pypi_range,
        "reviewed": row.reviewed,
        **{name: list(values) for name, values in fields.items()},
    }


def _places(data: object, overlay: Overlay) -> Iterable[Place]:
    """Return where each row of a map stands in its file: in a list or below its project, or either below ``names``."""
    start: Place = ()
    if isinstance(data, Mapping) and data.keys() & SECTIONS:
        start, data = ("names",), data.get("names")
    keys: Iterable[str | int] = data if isinstance(data, Mapping) else range(len(overlay.rows))
    return [(*start, key) for key in keys]


def _open_table(mappings: Path, channel: str) -> Layer:
    folder = mappings / "names" / "generated"
    files = [map_file(folder / f"{channel}{end}") for end in (".tsv", ".inverse.tsv")]
    return Layer("generated", *map(SortedLines, files))


def _read_channel(text: str) -> tuple[str, frozenset[str]]:
    name, separator, place = text.partition("=")
    if not separator or "/" in name or ":" in name:
        name, place = CHANNEL, text
    if not place:
        raise UsageError(f"{text!r} is no channel", hint="Write --channel-data FOLDER, or NAME=FOLDER|URL.")
    clean, login = split_channel_credentials(place)
    sources = read_sources([("channel", login or clean)], defaults=False)
    return name, run_to_end(_read_names(sources))


async def _read_names(sources: Sequence[Source]) -> frozenset[str]:
    """Read the names of all platforms; a channel need not have each of them."""
    access = ChannelAccess(Caches.default().repodata, open_client(sources))
    names: set[str] = set()
    for subdir in MAIN_SUBDIRS:
        channels = Channels(sources, subdir, access, offline=False)
        await channels.open()
        names |= channels.names
    return frozenset(names)
