"""A row for the curated names: checked against the tables, and put where it belongs."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from rattler import MatchSpec
from rattler.exceptions import InvalidMatchSpecError

from wheelbridge.errors import WheelbridgeError
from wheelbridge.mapping.lookup import LayeredNameTable
from wheelbridge.mapping.overrides import InvalidOverrideError, Override, parse_overrides
from wheelbridge.mapping.row_text import render_row
from wheelbridge.tables import load_names
from wheelbridge.tables.documents import load_document, parse_document
from wheelbridge.tables.inserting import insert_row


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


def draft_row(fields: Mapping[str, object], path: Path, names: LayeredNameTable, *, own: bool, replace: bool) -> Draft:
    """Check a row and see where it goes; nothing is written.

    Args:
        fields: the row, with the names that the file has for its fields.
        path: the file; it need not be there if the rows are somebody's *own*.
        names: the tables as they stand.
        own: the rows of the file need no evidence.
        replace: take the place of a row that is there.

    Raises:
        InvalidOverrideError: if the row, or the file with it, breaks a rule.
        RowExistsError: if the project has a row already.
    """
    row = Override.parse(fields, "the new row", own=own)
    _check_specs(row)
    rows = parse_overrides(load_document(path) or [], own=own) if path.exists() or not own else ()
    exists = any(one.pypi == row.pypi and set(one.channels) & set(row.channels) for one in rows)
    if exists and not replace:
        raise RowExistsError(row.pypi, path)
    text = render_row(row)
    before = path.read_bytes().decode("utf-8") if path.exists() else ""
    content = insert_row(before, text, row.pypi, path)
    parse_overrides(parse_document(content.encode(), path), own=own)
    return Draft(path, row, text, content, tuple(_warnings(row, names)))


def write_draft(draft: Draft) -> None:
    """Write the file whole; it keeps its permissions."""
    part = draft.path.with_name(f".{draft.path.name}.part")
    part.write_bytes(draft.content.encode())
    if draft.path.exists():
        part.chmod(draft.path.stat().st_mode & 0o777)
    part.replace(draft.path)


def curated_file(mappings: Path) -> Path:
    """Return where the curated rows of *mappings* stand."""
    return mappings / "names" / "overrides.yaml"


def open_tables(mappings: Path | None) -> LayeredNameTable:
    """Open the tables that a new row is checked against."""
    return load_names(mappings)


def today() -> str:
    """Return the day of the review."""
    return date.today().isoformat()  # noqa: DTZ011 - a reviewer's own day


def _check_specs(row: Override) -> None:
    for spec in row.specs:
        try:
            MatchSpec(spec, strict=True)
        except InvalidMatchSpecError as error:
            raise InvalidOverrideError("the new row", f"{spec!r} is no MatchSpec: {error}") from None


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
