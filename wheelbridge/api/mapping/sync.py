"""The generated tables, made anew from their pinned inputs, and what that changes."""

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

from wheelbridge.api.mapping.diff import layer_answers, parse_layer, read_generated, read_names, read_overrides
from wheelbridge.api.places import Caches
from wheelbridge.errors import UsageError
from wheelbridge.index.boundary import Boundary
from wheelbridge.index.credentials import Credentials
from wheelbridge.index.patience import RetryPolicy, read_policy
from wheelbridge.index.transport import Transport
from wheelbridge.mapping.difference import Tables, difference
from wheelbridge.mapping.evidence import Evidence
from wheelbridge.mapping.lines import SortedLines, TableRow
from wheelbridge.mapping.lookup import Layer
from wheelbridge.mapping.pins import InputNotFoundError, Pin, UnpinnedInputError
from wheelbridge.mapping.report import (
    ChannelReport,
    PinChange,
    SyncReport,
    count_rows,
    find_contradicted,
    find_redundant,
)
from wheelbridge.model.name import CondaName, NormalizedName
from wheelbridge.tables.build import digest, make_packages_module
from wheelbridge.tables.bulk import BulkTable, Input, make_table, table_paths
from wheelbridge.tables.load import CHANNEL
from wheelbridge.tables.pinned import (
    PINS,
    check_input,
    different_files,
    kept_path,
    read_input,
    read_pins,
    render_pins,
)
from wheelbridge.tables.writing import write_file

_MANY = 3
"""More dist-infos than that in one package are seldom all its own."""

Fetch = Callable[[Pin], bytes]
"""Gets the bytes of a pin that has a commit; whether they are the pinned ones is asked elsewhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncRequest:
    """What to make.

    Attributes:
        mappings: the folder of the tables.
        source: a folder with the inputs; None: they are fetched.
        moves: pin -> its new commit, None for one that nobody knows.
        channels: the channels to make tables of; none: those that have one, and conda-forge.
    """

    mappings: Path
    source: Path | None = None
    moves: Mapping[str, str | None] = field(default_factory=dict)
    channels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SyncPlan:
    """What would be written; *changed* are those of the *files* that are not so on disk."""

    files: Mapping[Path, bytes]
    changed: tuple[Path, ...]
    report: SyncReport

    def write(self) -> None:
        """Write what changed, each file at once; the pins come last, so that a killed run is made up for."""
        for path in self.changed:
            write_file(path, self.files[path])


def plan_sync(request: SyncRequest, fetch: Fetch) -> SyncPlan:
    """Make the tables of a request, without writing any.

    Raises:
        UsageError: if it names a pin or a channel that is not there.
        WheelbridgeError: if an input is missing, or not the pinned one.
    """
    pins = {pin.name: pin for pin in read_pins(request.mappings)}
    channels = _find_channels(request, pins.values())
    inputs = [
        _load(request, pin, fetch)
        for pin in pins.values()
        if pin.name in request.moves or not channels.isdisjoint(pin.channels)
    ]
    made = {channel: make_table(request.mappings, channel, inputs) for channel in sorted(channels)}
    files = _table_files(request.mappings, made) | _module_files(request.mappings) | _pin_files(request, inputs)
    pin_changes = tuple(_pin_change(pins[given.pin.name], given.pin) for given in inputs)
    return SyncPlan(files, different_files(files), SyncReport(pin_changes, _compare(request.mappings, made)))


def _module_files(mappings: Path) -> dict[Path, bytes]:
    """Return the module of the translator that is made from a table; only a checkout has both beside each other."""
    module = mappings.parent / "wheelbridge" / "translate" / "providers" / "packages.py"
    return {module: make_packages_module(mappings).encode()} if module.is_file() else {}


class PinFetcher:
    """Fetches inputs by HTTPS, and keeps them by their hash."""

    def __init__(self, cache: Path | None = None, policy: RetryPolicy | None = None) -> None:
        self._cache = cache or Caches.default().root / "tables" / "inputs"
        self._policy = policy or read_policy()

    def __call__(self, pin: Pin) -> bytes:
        """Return the bytes of *pin*; those of a pinned hash are fetched once.

        Raises:
            UnpinnedInputError: if it has no commit.
            InputNotFoundError: if the server does not have it.
            WheelbridgeError: if the server cannot be asked, or leads elsewhere.
        """
        kept = self._cache / pin.sha256
        if kept.is_file() and digest(kept) == pin.sha256:
            return kept.read_bytes()
        if (url := pin.place) is None:
            raise UnpinnedInputError(pin.name)
        parts = urlsplit(url)
        home = f"{parts.scheme}://{parts.netloc}"
        boundary, credentials = Boundary(pin.name, home), Credentials(home, None, None, None)
        transport = Transport(self._cache / "http", boundary, credentials, self._policy, offline=False)
        if (answer := transport.get(url, direct=True)) is None:
            raise InputNotFoundError(pin.name, url)
        write_file(self._cache / hashlib.sha256(answer.body).hexdigest(), answer.body)
        return answer.body


def _find_channels(request: SyncRequest, pins: Iterable[Pin]) -> frozenset[str]:
    known = {channel for pin in pins for channel in pin.channels}
    wanted = request.channels or {CHANNEL, *(known & read_generated(request.mappings).keys())}
    _check_known("channel", wanted, known)
    _check_known("pin", request.moves, {pin.name for pin in pins})
    return frozenset(wanted)


def _check_known(kind: str, wanted: Iterable[str], known: Collection[str]) -> None:
    for name in wanted:
        if name not in known:
            raise UsageError(f"There is no {kind} {name!r} in {PINS}", hint=f"There are {', '.join(sorted(known))}.")


def _load(request: SyncRequest, pin: Pin, fetch: Fetch) -> Input:
    """Get an input; unless its pin moves, it must be the pinned one."""
    if pin.name not in request.moves:
        data = read_input(request.mappings, pin, request.source)
        return Input(pin, check_input(fetch(pin) if data is None else data, pin))
    moved = replace(pin, commit=request.moves[pin.name])
    data = read_input(request.mappings, moved, request.source)
    if data is None:
        data = fetch(replace(moved, sha256=""))
    return Input(replace(moved, sha256=hashlib.sha256(data).hexdigest()), data)


def _table_files(mappings: Path, made: Mapping[str, BulkTable]) -> dict[Path, bytes]:
    files: dict[Path, bytes] = {}
    for channel, table in made.items():
        texts = (table.files.projects, table.files.packages)
        files |= {path: text.encode() for path, text in zip(table_paths(mappings, channel), texts, strict=True)}
    return files


def _pin_files(request: SyncRequest, inputs: Iterable[Input]) -> dict[Path, bytes]:
    """Return the file of the pins, and the inputs that are kept beside it, where a pin moves."""
    moved = {given.pin.name: given for given in inputs if given.pin.name in request.moves}
    if not moved:
        return {}
    mappings = request.mappings
    kept = {kept_path(mappings, given.pin): given.data for given in moved.values() if given.pin.local}
    return {**kept, mappings / PINS: render_pins(mappings, {name: given.pin for name, given in moved.items()})}


def _pin_change(old: Pin, new: Pin) -> PinChange:
    return PinChange(
        name=old.name,
        old_commit=old.commit,
        new_commit=new.commit,
        old_sha256=old.sha256,
        new_sha256=new.sha256,
    )


def _compare(mappings: Path, made: Mapping[str, BulkTable]) -> tuple[ChannelReport, ...]:
    old = read_names(mappings)
    new = read_names(mappings, {channel: table.files.projects.encode() for channel, table in made.items()})
    known = read_generated(mappings)
    return tuple(
        _report_channel(mappings, channel, table, known.get(channel, b""), old, new) for channel, table in made.items()
    )


def _report_channel(
    mappings: Path, channel: str, table: BulkTable, known: bytes, old: Tables, new: Tables
) -> ChannelReport:
    layers = parse_layer("generated", known), parse_layer("generated", table.files.projects.encode())
    before, after = map(_rows, layers)
    curated = [row for row in read_overrides(mappings) if channel in row.channels]
    name = f"names/{channel}"
    changes = difference({name: old.get(name, {})}, {name: new.get(name, {})})
    alone = difference(*({name: layer_answers(layer)} for layer in layers))
    seen = {change.key for change in changes.changes}
    return ChannelReport(
        channel=channel,
        before=count_rows(before.values()),
        after=count_rows(after.values()),
        changes=changes,
        behind=tuple(change for change in alone.answers if change.key not in seen),
        redundant=tuple(sorted(find_redundant(curated, after) - find_redundant(curated, before))),
        contradicted=tuple(sorted(find_contradicted(curated, after) - find_contradicted(curated, before))),
        bundlers=_new_bundlers(table.evidence),
        vanished=_vanished(table_paths(mappings, channel)[1], table.files.packages),
    )


def _rows(layer: Layer) -> Mapping[NormalizedName, TableRow]:
    rows = (TableRow.parse(fields) for fields in layer.projects)
    return {row.pypi: row for row in rows}


def _new_bundlers(evidence: Evidence) -> tuple[tuple[CondaName, int], ...]:
    """Return packages that carry many dist-infos, those left out that people know not to be theirs."""
    found = [(name, len(projects)) for name, projects in evidence.carried.items() if len(projects) > _MANY]
    return tuple(sorted(found, key=lambda pair: (-pair[1], pair[0])))


def _vanished(path: Path, packages: str) -> tuple[CondaName, ...]:
    if not path.exists():
        return ()
    now = {fields[0] for fields in SortedLines(packages.encode())}
    return tuple(CondaName(fields[0]) for fields in SortedLines(path.read_bytes()) if fields[0] not in now)
