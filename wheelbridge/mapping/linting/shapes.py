"""The shape of files and rows: what the parsers of the tables refuse, row by row, so that one does not hide another."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial

from wheelbridge.errors import WheelbridgeError
from wheelbridge.mapping.bundlers import parse_bundlers
from wheelbridge.mapping.external.parsing import parse_external, parse_row
from wheelbridge.mapping.external.pep804 import parse_registry
from wheelbridge.mapping.linting.findings import Place, parse_place
from wheelbridge.mapping.linting.rows import CHANNEL, Document, Problem, Table
from wheelbridge.mapping.natives.fields import ACCOUNT, InvalidTableRowError
from wheelbridge.mapping.natives.sonames import FIELDS as SONAME_FIELDS
from wheelbridge.mapping.natives.sonames import SonameRow, parse_soname_rows
from wheelbridge.mapping.natives.variants import (
    PROVIDER_FIELDS,
    RUNTIME_FIELDS,
    ProviderRow,
    RuntimeRow,
    parse_provider_rows,
    parse_runtime_rows,
)
from wheelbridge.mapping.natives.wheels import FIELDS as WHEEL_FIELDS
from wheelbridge.mapping.natives.wheels import WheelRow, parse_wheel_rows
from wheelbridge.mapping.overrides import FIELDS as NAME_FIELDS
from wheelbridge.mapping.overrides import Override, parse_overrides

FIELDS: Mapping[Table, frozenset[str]] = {
    Table.NAMES: NAME_FIELDS,
    Table.BUNDLERS: (ACCOUNT - {"relation"}) | {"conda", "not_theirs"},
    Table.EXTERNAL: ACCOUNT | {"id", "alternatives", "version", "extension", "upstream"},
    Table.REGISTRY: frozenset({"id", "what", "provides", "urls"}),
    Table.WHEELS: WHEEL_FIELDS,
    Table.SONAMES: SONAME_FIELDS,
    Table.PROVIDERS: PROVIDER_FIELDS,
    Table.RUNTIMES: RUNTIME_FIELDS,
}
"""The fields that the rows of each table may have."""


def _parse_bundler(data: object, path: str) -> object:
    try:
        return parse_bundlers([data], CHANNEL)
    except InvalidTableRowError as error:
        raise InvalidTableRowError(error.path.replace("[0]", path, 1), error.problem) from None


_ROWS: Mapping[Table, Callable[[object, str], object]] = {
    Table.NAMES: Override.parse,
    Table.BUNDLERS: _parse_bundler,
    Table.EXTERNAL: parse_row,
    Table.WHEELS: WheelRow.parse,
    Table.SONAMES: SonameRow.parse,
    Table.PROVIDERS: ProviderRow.parse,
    Table.RUNTIMES: RuntimeRow.parse,
}
_FILES: Mapping[Table, Callable[[object], object]] = {
    Table.NAMES: parse_overrides,
    Table.EXTERNAL: parse_external,
    Table.REGISTRY: parse_registry,
    Table.WHEELS: parse_wheel_rows,
    Table.SONAMES: parse_soname_rows,
    Table.PROVIDERS: parse_provider_rows,
    Table.RUNTIMES: parse_runtime_rows,
}


def check_shape(document: Document) -> Iterator[Problem]:
    """Yield what the parser of the table has to say of each row by itself, or of a file that is no list of rows."""
    if document.data is None:
        yield Problem((), "The table is empty", "Write '[]' where there are no rows; restore them where there are.")
        return
    if not isinstance(document.data, list):
        yield Problem((), f"Expected a list of rows, got {type(document.data).__name__}", "Begin each row with '- '.")
        return
    for number, item in enumerate(document.data):
        if not isinstance(item, Mapping):
            yield Problem((number,), f"Expected a row with fields, got {item!r}", "Write it like 'field: value'.")
        elif (parser := _ROWS.get(document.table)) and not document.own:
            yield from _try(partial(parser, item, f"[{number}]"), document, (number,))


def check_file(document: Document) -> Iterator[Problem]:
    """Yield what the parser of the whole file refuses, so that what the lint finds no error in can be used."""
    if (parser := _FILES.get(document.table)) and not document.own and document.data is not None:
        yield from _try(partial(parser, document.data), document, ())


def _try(parse: Callable[[], object], document: Document, around: Place) -> Iterator[Problem]:
    try:
        parse()
    except WheelbridgeError as error:
        message = str(getattr(error, "problem", error.message))
        place = _locate(str(getattr(error, "path", "")), document) or around
        yield Problem(place, message[:1].upper() + message[1:], error.hint or "")


def _locate(path: str, document: Document) -> Place:
    """Read where a parser found something: the place of a value, or what a row is called."""
    if path.startswith("["):
        return parse_place(path)
    return next(((number,) for number, key in document.keys.items() if key == path), ())
