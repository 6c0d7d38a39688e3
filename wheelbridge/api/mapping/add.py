"""A row for the curated names: checked against the tables, and put where it belongs."""

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import replace as changed
from datetime import date
from pathlib import Path

from rattler import MatchSpec
from rattler.exceptions import InvalidMatchSpecError

from wheelbridge.errors import UsageError, WheelbridgeError
from wheelbridge.mapping.lookup import LayeredNameTable
from wheelbridge.mapping.overlays import SECTIONS, InvalidMapError, parse_overlay
from wheelbridge.mapping.overrides import InvalidOverrideError, Override, parse_overrides
from wheelbridge.mapping.row_text import render_entry, render_row
from wheelbridge.mapping.rows import Relation
from wheelbridge.tables import load_names
from wheelbridge.tables.documents import load_document, parse_document
from wheelbridge.tables.inserting import insert_entry, insert_row
from wheelbridge.tables.reading import check_rows
from wheelbridge.tables.writing import write_file

_SUFFIXES = frozenset({".yaml", ".yml"})


class RowExistsError(WheelbridgeError):
    """The project has a row already."""

    code = "row-exists"

    def __init__(self, project: str, path: Path) -> None:
        super().__init__(f"{path} has a row for {project!r} already", hint="Edit it there, or say --replace.")
        self.project = project
        self.path = str(path)


@dataclass(frozen=True, slots=True)
class Draft:
    """A row that is about to be written.

    Attributes:
        path: the file it goes into.
        row: the row.
        text: the row as it will stand there.
        content: the whole file, with it.
        warnings: what speaks against it, and does not forbid it.
    """

    path: Path
    row: Override
    text: str
    content: str
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Table:
    """The file as it stands: its text, what YAML loads of it, and its rows in their order."""

    path: Path
    text: str
    data: object
    rows: tuple[Override, ...]


def draft_row(fields: Mapping[str, object], path: Path, names: LayeredNameTable, *, own: bool, replace: bool) -> Draft:
    """Check a row and see where it goes; nothing is written.

    Args:
        fields: the row, with the names that the file has for its fields.
        path: the file; it need not be there if the rows are somebody's *own*.
        names: the tables as they stand.
        own: the rows of the file need no evidence, and it may say ``project: package``.
        replace: take the place of a row that is there.

    Raises:
        InvalidOverrideError: if the row, or the file with it, breaks a rule.
        InvalidMapError: the same of a map of somebody's own; or if it cannot hold what the row says.
        RowExistsError: if the project has a row already.
        UsageError: if more than one row would have to go.
    """
    row = Override.parse(fields, "the new row", own=own)
    _check_specs(row)
    table = _read(path, own=own)
    place = _find_place(table, row, replace=replace)
    if isinstance(table.data, Mapping):
        text, content = _put_entry(table, table.data, row, place)
    else:
        text = render_row(row)
        content = insert_row(table.text, text, row.pypi, path, place)
    _parse(parse_document(content.encode(), path), path, own=own)
    lost = [] if place is None else [name for name in table.rows[place].channels if name not in row.channels]
    gone = [f"the row that was there held for {', '.join(lost)}, too; nothing does now"] if lost else []
    return Draft(path, row, text, content, (*gone, *_warnings(row, names)))


def _read(path: Path, *, own: bool) -> _Table:
    if own and not path.exists():
        return _Table(path, "", None, ())
    data = load_document(path)
    return _Table(path, path.read_bytes().decode("utf-8"), data, _parse(data, path, own=own))


def _parse(data: object, path: Path, *, own: bool) -> tuple[Override, ...]:
    if own:
        return parse_overlay(data, str(path)).rows
    return check_rows([] if data is None else data, path, parse_overrides)


def _find_place(table: _Table, row: Override, *, replace: bool) -> int | None:
    """Return which row of the file is about the project in a channel of the new row's."""
    places = [
        number
        for number, one in enumerate(table.rows)
        if one.pypi == row.pypi and not set(one.channels).isdisjoint(row.channels)
    ]
    if places and not replace:
        raise RowExistsError(row.pypi, table.path)
    if len(places) > 1:
        raise UsageError(
            f"{table.path} has {len(places)} rows for {row.pypi!r} in {', '.join(row.channels)}",
            hint="Name the channels of one of them with --channel, or edit them there.",
        )
    return places[0] if places else None


def _put_entry(table: _Table, data: Mapping[str, object], row: Override, place: int | None) -> tuple[str, str]:
    """Write the row as a map has it that says ``project: package``; return its text, and that of the file."""
    forms = "A row of a short map is `project: package` or `project: null`; a map with more is a list of rows."
    if not SECTIONS.isdisjoint(data):
        raise InvalidMapError(str(table.path), "", "its rows stand below 'names'", hint=f"Write the row there. {forms}")
    plain = Override(pypi=row.pypi, conda=row.conda, relation=row.relation)
    if row.relation not in {Relation.DIST, Relation.NONE} or changed(row, reviewed="") != plain:
        raise InvalidMapError(str(table.path), row.pypi, "a short map cannot hold what the row says", hint=forms)
    text = render_entry(row)
    return text, insert_entry(table.text, text, table.path, None if place is None else list(data)[place])


def write_draft(draft: Draft) -> None:
    """Write the file whole; it keeps its permissions.

    Raises:
        OSError: if it cannot be written.
    """
    write_file(draft.path, draft.content.encode())


def check_own_file(path: Path) -> None:
    """See that a map of somebody's own is one that rows can be written into.

    Raises:
        UsageError: if it is not YAML by its name, or its folder is not there.
    """
    if path.suffix not in _SUFFIXES:
        raise UsageError(f"{path} is not YAML, and rows are written into YAML only", hint="Name a file ….yaml.")
    if not path.parent.is_dir():
        raise UsageError(f"There is no folder {str(path.parent)!r}", hint="Make it first, or name another file.")


def is_short(path: Path) -> bool:
    """Tell whether a map of somebody's own is there and says ``project: package``, with no room for more.

    Raises:
        UnreadableTableError: if it is not YAML.
    """
    return path.exists() and isinstance(load_document(path), Mapping)


def curated_file(mappings: Path) -> Path:
    """Return where the curated rows of *mappings* stand."""
    return mappings / "names" / "overrides.yaml"


def open_tables(mappings: Path | None) -> LayeredNameTable:
    """Open the tables that a new row is checked against."""
    return load_names(mappings)


def today() -> str:
    """Return the day of the review."""
    return date.today().isoformat()  # noqa: DTZ011 - a reviewer's own day


def find_spec_problem(spec: str) -> str | None:
    """Say what is wrong with a text that should be a MatchSpec.

    >>> find_spec_problem("cuda-version >=12,<13")
    """
    try:
        MatchSpec(spec, strict=True)
    except InvalidMatchSpecError as error:
        return f"{spec!r} is no MatchSpec: {error}"
    return None


def _check_specs(row: Override) -> None:
    for problem in filter(None, map(find_spec_problem, row.specs)):
        raise InvalidOverrideError("the new row", problem)


def _warnings(row: Override, names: LayeredNameTable) -> list[str]:
    found = [f"no table knows a conda package called {name!r}" for name in _unknown(row, names)]
    for answer in names.trace(row.pypi):
        below = answer.row if answer.layer.startswith("generated") else None
        plain = not (row.specs or row.pypi_range or row.rejected)
        if plain and below and (below.conda, below.relation) == (row.conda, row.relation):
            found.append(f"the {answer.layer} table says the same without it")
    if row.is_identity and row.conda:
        others = [one.pypi for one in names.by_conda(row.conda).rows if one.pypi != row.pypi]
        found += [f"{row.conda} is {other} now; with this row it is not any more" for other in others]
    return found


def _unknown(row: Override, names: LayeredNameTable) -> list[str]:
    mentioned = [*([row.conda] if row.conda else []), *row.rejected]
    return [name for name in mentioned if not names.is_conda_name(name)]
