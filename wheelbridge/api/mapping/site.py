"""The web page about the tables: what stands in a folder of tables, as one file."""

import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from wheelbridge.errors import WheelbridgeError
from wheelbridge.mapping.coverage import Status
from wheelbridge.mapping.lines import TableRow
from wheelbridge.mapping.lookup import Layer
from wheelbridge.mapping.row_history import split_lines, split_rows
from wheelbridge.mapping.site_data import SiteTables, site_data
from wheelbridge.tables import CHANNEL, find_mappings, load_names
from wheelbridge.tables.documents import UnreadableTableError, load_document
from wheelbridge.tables.history import History, Split, read_history
from wheelbridge.tables.load import RESTORE
from wheelbridge.tables.locate import MissingTableError, find_built
from wheelbridge.tables.site_page import GENERATOR, render_page

FILE = "index.html"
"""The name of the page."""

_DOCUMENTS = {
    "names": ("names/overrides.yaml", "pypi"),
    "bundlers": ("names/bundlers.yaml", "conda"),
    "external": ("external/*.yaml", "id"),
    "registry": ("external/registry.yaml", "id"),
    "wheels": ("wheels/*.yaml", "pypi"),
    "sonames": ("sonames/*.yaml", "soname"),
    "providers": ("variants/providers.yaml", "package"),
    "runtimes": ("variants/runtimes.yaml", "runtime"),
}
"""Table -> its files, and the field that tells its rows apart."""
_GENERATED = "names/generated"
_UNMAPPED = ("pypi", Status.UNMAPPED)
"""World and status of the projects that no row speaks of."""
_HEAD = 2_000
"""Characters in which a page says what made it."""


class ForeignPageError(WheelbridgeError):
    """In the place of the page is one that wheelbridge did not write."""

    code = "foreign-page"

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"{str(path)!r} was not written by wheelbridge and is left as it is",
            hint="Name another folder with -o, or remove the file.",
        )
        self.path = str(path)


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The page, and what is on it.

    Attributes:
        text: the file.
        counts: how many rows it has: projects and packages of the name tables, rows of each other table.
        missing: the tables that the folder does not have.
        no_history: why rows have no history; empty where they have one.
        revision: the newest commit that touched the tables, empty without a history.
    """

    text: str
    counts: Mapping[str, int]
    missing: tuple[str, ...]
    no_history: str
    revision: str

    def as_json(self) -> dict[str, object]:
        """Return what is on the page, ready for ``json.dumps``."""
        content = self.text.encode()
        return {
            "bytes": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
            "counts": dict(self.counts),
            "missing": list(self.missing),
            "history": {"revision": self.revision or None, "missing": self.no_history or None},
        }


def build_site(mappings: Path | None = None, *, history: bool = True, wanted: Path | None = None) -> Site:
    """Make the page about the tables in *mappings*, by default those that came with wheelbridge.

    Args:
        mappings: the folder of the tables.
        history: whether rows tell when they changed; git is asked for that.
        wanted: what ``wheelbridge map coverage --json`` printed: its unmapped projects are on the page.

    Raises:
        MissingTableError: if the folder has no name tables.
        UnreadableTableError: if a table is not what its name says.
        WheelbridgeError: if a curated row breaks a rule.
    """
    folder = mappings or find_mappings()
    _check_texts(folder)
    found = read_history(folder, dict(_splits(folder))) if history else History(missing="it was not asked for")
    documents = {name: _load_rows(folder, name) for name in _DOCUMENTS if name != "names"}
    tables = SiteTables(
        channel=CHANNEL,
        names=load_names(folder),
        others={channel: _own_layers(folder, channel) for channel in _other_channels(folder)},
        documents=documents,
        histories={(_table_of(file), file): table for file, table in found.tables.items()},
        revision=found.revision,
        no_history=found.missing,
        shallow=found.shallow,
        wanted=None if wanted is None else tuple(_read_wanted(wanted)),
    )
    data = site_data(tables)
    return Site(
        text=render_page(data),
        counts=_counts(data),
        missing=tuple(_DOCUMENTS[name][0] for name, rows in documents.items() if rows is None),
        no_history=found.missing,
        revision=found.revision.commit,
    )


def write_site(site: Site, folder: Path) -> Path:
    """Write the page into *folder*, which is made where it is not there; return the file.

    Raises:
        ForeignPageError: if a file that wheelbridge did not write is in its place.
    """
    path = folder / FILE
    if path.exists() and GENERATOR not in path.read_bytes()[:_HEAD].decode("utf-8", "replace"):
        raise ForeignPageError(path)
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f".{FILE}.{os.getpid()}"
    part.write_bytes(site.text.encode())
    part.replace(path)
    return path


def _files(folder: Path, table: str) -> list[str]:
    """Return the files of a table, relative to *folder*; the registry of ids is a table of its own."""
    pattern = _DOCUMENTS[table][0]
    found = sorted(path.relative_to(folder).as_posix() for path in folder.glob(pattern))
    return [name for name in found if table == "registry" or name != _DOCUMENTS["registry"][0]]


def _load_rows(folder: Path, table: str) -> list[object] | None:
    files = _files(folder, table)
    return [row for name in files for row in _load_list(folder / name)] if files else None


def _load_list(path: Path) -> list[object]:
    rows = load_document(path) or []
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise UnreadableTableError(path, "a list of rows is expected")
    return rows


def _splits(folder: Path) -> Iterator[tuple[str, Split]]:
    for table, (_, field) in _DOCUMENTS.items():
        for name in _files(folder, table):
            yield name, partial(split_rows, field=field)
    for path in _generated(folder):
        yield path.relative_to(folder).as_posix(), split_lines


def _check_texts(folder: Path) -> None:
    """See that every file is a text, and every line of a generated one a row."""
    inverse = (folder / _GENERATED).glob("*.inverse.tsv")
    for path in [*(folder / name for name, _ in _splits(folder)), *sorted(inverse)]:
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError as error:
            raise UnreadableTableError(path, f"it is not UTF-8: {error.reason} (byte {error.start})") from None
        if path.suffix == ".tsv" and not path.name.endswith(".inverse.tsv"):
            _check_lines(path, text)


def _check_lines(path: Path, text: str) -> None:
    for number, line in enumerate(text.split("\n")[:-1], 1):
        if not line.startswith("#"):
            try:
                TableRow.parse(line.split("\t"))
            except ValueError:
                raise UnreadableTableError(path, f"line {number} is no row", hint=RESTORE) from None


def _table_of(file: str) -> str:
    if file.startswith(_GENERATED):
        return "generated"
    exact = (table for table, (pattern, _) in _DOCUMENTS.items() if pattern == file)
    return next(exact, file.partition("/")[0])


def _generated(folder: Path) -> list[Path]:
    return [path for path in sorted((folder / _GENERATED).glob("*.tsv")) if not path.name.endswith(".inverse.tsv")]


def _other_channels(folder: Path) -> list[str]:
    built = find_built(folder).glob("curated.*.inverse.tsv")
    curated = {path.name.removeprefix("curated.").removesuffix(".inverse.tsv") for path in built}
    return sorted((curated | {path.name.removesuffix(".tsv") for path in _generated(folder)}) - {CHANNEL})


def _own_layers(folder: Path, channel: str) -> tuple[Layer, ...]:
    layers = load_names(folder, channels=(channel,)).layers
    return tuple(layer for layer in layers if layer.name.endswith(f"({channel})"))


def _read_wanted(path: Path) -> Iterator[tuple[str, int]]:
    """Yield name and mentions of the projects that no row speaks of, what is wanted most first."""
    try:
        names = [name for name in load_document(path)["names"] if (name["world"], name["status"]) == _UNMAPPED]
        items = [(str(name["name"]), int(name["mentions"])) for name in names]
    except MissingTableError:
        raise MissingTableError(path, hint="Write what `wheelbridge map coverage --json` prints there.") from None
    except (KeyError, TypeError, ValueError):
        raise UnreadableTableError(path, "what `wheelbridge map coverage --json` prints is expected") from None
    yield from sorted(items, key=lambda item: (-item[1], item[0]))


def _counts(data: Mapping[str, Any]) -> dict[str, int]:
    names, documents = data["counts"], data["documents"]
    totals = {name: names[name] for name in ("projects", "ambiguous", "packages")}
    return totals | {table: len(rows or ()) for table, rows in documents.items()}
