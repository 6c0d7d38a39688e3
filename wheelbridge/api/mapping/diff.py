"""Two states of the tables, read and compared: folders, single tables, or what git recorded."""

import io
import os
import shutil
import subprocess
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from wheelbridge.errors import UsageError, WheelbridgeError
from wheelbridge.mapping.difference import (
    Difference,
    Entry,
    Tables,
    difference,
    kind_of_rows,
    name_entry,
    plain_entries,
)
from wheelbridge.mapping.generate import render_layer
from wheelbridge.mapping.lines import SortedLines, TableRow
from wheelbridge.mapping.lookup import Layer, LayeredNameTable
from wheelbridge.mapping.overrides import Override, compile_overrides, parse_overrides
from wheelbridge.model.name import NormalizedName
from wheelbridge.tables.documents import UnreadableTableError, load_document
from wheelbridge.tables.load import CHANNEL, CURATED, GENERATED
from wheelbridge.tables.locate import MissingTableError
from wheelbridge.tables.reading import read_rows

_FOLDER = "mappings"
"""Where a repository of wheelbridge has its tables."""
_NAMES = "names/"
_INVERSE = ".inverse"
_FORMS = "Name a folder of tables (it has 'names/'), a table, or REV: of a git checkout, such as HEAD:."
_TIMEOUT = 60
"""Seconds that git may take."""


class UnknownRevisionError(WheelbridgeError):
    """Git does not have the tables of a revision."""

    code = "unknown-revision"

    def __init__(self, revision: str, reason: str) -> None:
        super().__init__(
            f"The tables of {revision!r} cannot be read: {reason}",
            hint="Write REV: or REV:FOLDER inside a git checkout, such as HEAD: or HEAD~5:mappings.",
        )
        self.revision = revision
        self.reason = reason


class NotComparableError(WheelbridgeError):
    """Two tables are of different kinds."""

    code = "not-comparable"

    def __init__(self, old: str, new: str) -> None:
        super().__init__(f"{old} cannot be compared with {new}", hint="Compare two folders, or two tables of one kind.")
        self.old = old
        self.new = new


@dataclass(frozen=True, slots=True)
class _Side:
    """One state: *kind* is ``folder``, or what kind of table it is; empty for a table without rows."""

    kind: str
    tables: Tables


def compare_tables(old: str, new: str) -> Difference:
    """Compare two states of the tables.

    Args:
        old: a folder of tables; one table, as YAML, PEP 804 JSON or a look-up file; or ``REV:`` of a git checkout.
        new: the same.

    Raises:
        WheelbridgeError: if one cannot be read, or they are not of one kind.
    """
    before, after = _read_side(old), _read_side(new)
    if before.kind and after.kind and before.kind != after.kind:
        raise NotComparableError(_title(old, before), _title(new, after))
    return difference(before.tables, after.tables)


def read_folder(mappings: Path) -> Tables:
    """Return what the tables in a folder say: the effective answers for names, the rows of all else.

    Raises:
        WheelbridgeError: if a table cannot be read.
    """
    plain = {
        path.relative_to(mappings).with_suffix("").as_posix(): plain_entries(_rows(path))
        for path in _plain_tables(mappings)
    }
    return {**read_names(mappings), **plain}


def read_names(mappings: Path, generated: Mapping[str, bytes] | None = None) -> Tables:
    """Return the effective answers for names, a table a channel.

    Args:
        mappings: the folder of the tables.
        generated: channel -> look-up file, in the place of the ones in the folder.

    Raises:
        WheelbridgeError: if a table cannot be read.
    """
    overrides = read_overrides(mappings)
    bulk = {**read_generated(mappings), **(generated or {})}
    channels = sorted({*bulk, *(channel for row in overrides for channel in row.channels)})
    layers = {channel: _layers(channel, overrides, bulk) for channel in channels}
    return {f"{_NAMES}{channel}": _answers(channel, layers) for channel in channels}


def read_overrides(mappings: Path) -> tuple[Override, ...]:
    """Return the curated rows of a folder; of older tables not everything is asked that a new row must have.

    Raises:
        InvalidOverrideError: if a row breaks a rule; the path in it begins with the file.
    """
    path = mappings / "names" / "overrides.yaml"
    return read_rows(path, lambda data: parse_overrides(data, own=True), empty=[]) if path.exists() else ()


def read_generated(mappings: Path) -> Mapping[str, bytes]:
    """Return channel -> content of the generated tables in a folder."""
    found = sorted((mappings / "names" / "generated").glob("*.tsv"))
    return {path.stem: path.read_bytes() for path in found if "." not in path.stem}


def parse_layer(name: str, data: bytes) -> Layer:
    """Make a layer of a look-up file from projects to packages; the other direction is made here.

    Raises:
        UnreadableTableError: if it is none.
    """
    lines = SortedLines(data)
    try:
        rows = [TableRow.parse(fields) for fields in lines]
    except ValueError as error:
        raise UnreadableTableError(Path(name), str(error)) from None
    return Layer(name, lines, SortedLines(render_layer(rows).packages.encode()))


def layer_answers(layer: Layer) -> Mapping[str, Entry]:
    """Return what a layer says by itself."""
    table = LayeredNameTable((replace(layer, name="table"),))
    projects = (NormalizedName(fields[0]) for fields in layer.projects)
    return {project: name_entry(table.by_project(project)) for project in projects}


def _layers(channel: str, overrides: Iterable[Override], bulk: Mapping[str, bytes]) -> tuple[Layer, Layer]:
    files = render_layer(compile_overrides(overrides, channel))
    curated = Layer(CURATED, SortedLines(files.projects.encode()), SortedLines(files.packages.encode()))
    return curated, parse_layer(GENERATED, bulk.get(channel, b""))


def _answers(channel: str, layers: Mapping[str, tuple[Layer, Layer]]) -> Mapping[str, Entry]:
    """Ask as `wheelbridge.tables.load_names` does: another channel's people, ours, our bulk table, the other's."""
    own = layers[channel]
    ours = layers.get(CHANNEL, ())
    order = own if channel == CHANNEL else (own[0], *ours, own[1])
    table = LayeredNameTable(order)
    projects = dict.fromkeys(NormalizedName(fields[0]) for layer in own for fields in layer.projects)
    return {project: name_entry(table.by_project(project)) for project in projects}


def _plain_tables(mappings: Path) -> Iterator[Path]:
    for path in sorted(mappings.glob("*/*.yaml")):
        if path.parent.name != "names" or path.name == "bundlers.yaml":
            yield path


def _read_side(place: str) -> _Side:
    path = Path(place)
    if path.is_dir():
        return _Side("folder", read_folder(_tables_in(path)))
    if path.exists():
        return _read_table(path)
    if ":" not in place:
        raise MissingTableError(path, hint=_FORMS)
    with _revision(place) as folder:
        return _Side("folder", read_folder(folder))


def _tables_in(folder: Path) -> Path:
    """Return *folder*, or the tables of the checkout that it is."""
    if (found := _find_tables(folder)) is None:
        raise MissingTableError(folder / "names", hint=_FORMS)
    return found


def _find_tables(folder: Path) -> Path | None:
    return next((path for path in (folder, folder / _FOLDER) if (path / "names").is_dir()), None)


def _read_table(path: Path) -> _Side:
    if path.suffix == ".tsv":
        if path.stem.endswith(_INVERSE):
            raise UnreadableTableError(path, "it is the index of another table; compare that one")
        return _Side("names", {"names": layer_answers(parse_layer(path.stem, path.read_bytes()))})
    rows = _rows(path)
    kind = kind_of_rows(rows)
    if kind != "names":
        return _Side(kind, {kind or "rows": plain_entries(rows)})
    overrides = parse_overrides(rows, own=True)
    channels = sorted({channel for row in overrides for channel in row.channels})
    layers = {channel: _layers(channel, overrides, {})[0] for channel in channels}
    return _Side(kind, {_table_name(channel): layer_answers(layer) for channel, layer in layers.items()})


def _table_name(channel: str) -> str:
    return "names" if channel == CHANNEL else f"{_NAMES}{channel}"


def _rows(path: Path) -> list[Mapping[str, object]]:
    """Read the rows of a YAML table, or of a document of PEP 804."""
    data = load_document(path)
    if isinstance(data, Mapping):
        data = data.get("mappings", data.get("definitions"))
    if data is None:
        return []
    if not isinstance(data, list) or not all(isinstance(row, Mapping) for row in data):
        raise UnreadableTableError(path, "it is no list of rows")
    return data


def _title(place: str, side: _Side) -> str:
    return (
        f"{place!r} (a folder of tables)" if side.kind == "folder" else f"{place!r} (a table of the kind {side.kind})"
    )


@contextmanager
def _revision(place: str) -> Iterator[Path]:
    """Unpack the tables that git recorded, for as long as the block takes."""
    revision, _, folder = place.partition(":")
    top = _ask_git(place, "rev-parse", "--show-toplevel").decode().strip()
    tree = f"{revision}:{folder or _FOLDER}"
    commit = _ask_git(place, "rev-parse", "--verify", "--quiet", "--end-of-options", tree, at=top).decode().strip()
    packed = _ask_git(place, "archive", "--format=tar", commit, at=top)
    with TemporaryDirectory(prefix="wheelbridge-") as unpacked:
        try:
            with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
                archive.extractall(unpacked, filter="data")
        except tarfile.TarError as error:
            raise UnknownRevisionError(place, str(error)) from None
        if (tables := _find_tables(Path(unpacked))) is None:
            raise UnknownRevisionError(place, "there is no folder of tables in it")
        yield tables


def _ask_git(place: str, *arguments: str, at: str = ".") -> bytes:
    git = shutil.which("git")
    if git is None:
        raise UsageError(f"There is no git to read {place!r} with", hint="Give a folder, or install git.")
    # A hook's GIT_DIR would lead to another repository than the one of this folder.
    variables = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        done = subprocess.run(  # noqa: S603 - git, found on PATH; what the user wrote cannot be an option
            [git, "-C", at, *arguments], capture_output=True, timeout=_TIMEOUT, check=False, env=variables
        )
    except subprocess.SubprocessError as error:
        raise UnknownRevisionError(place, f"git does not answer ({type(error).__name__})") from None
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise UnknownRevisionError(place, said[0] if said else "there is no such revision, or no such folder in it")
    return done.stdout
