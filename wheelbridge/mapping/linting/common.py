"""Lint rules that hold in every table: shape, account, order, specs and names of packages."""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date

from wheelbridge.mapping.external.rows import CATEGORIES, SUBDIRS
from wheelbridge.mapping.linting.findings import Place, ReplaceText, Severity, SortRows
from wheelbridge.mapping.linting.rows import (
    KEYS,
    Document,
    Facts,
    Problem,
    Row,
    Rule,
    Table,
    each,
    matches_any,
)
from wheelbridge.mapping.linting.shapes import FIELDS, check_shape
from wheelbridge.model.name import canonicalize_name, is_conda_name

_EVERY = frozenset(Table)
_CURATED = _EVERY - {Table.REGISTRY}
_SPECS = _CURATED - {Table.BUNDLERS}
_WHEN = frozenset({Table.EXTERNAL, Table.WHEELS, Table.SONAMES, Table.RUNTIMES})
_ORDERED = _EVERY - {Table.REGISTRY}
"""The registry keeps the order of its upstream."""
_PROJECT_KEYS = frozenset({"pypi", "package"})
_YEARS = 2
_TEMPLATE = re.compile(r"\{\{|\}\}|\$\{\{")
_CONDA_FIELDS: Mapping[Table, str] = {Table.NAMES: "conda", Table.BUNDLERS: "conda", Table.SONAMES: "conda"}


def specs_of(table: Table, row: Row) -> Iterator[tuple[Place, str]]:
    """Yield the MatchSpecs of a row that somebody may install, with their places."""
    if table in {Table.NAMES, Table.SONAMES}:
        yield from row.texts("specs")
    elif table is Table.WHEELS:
        yield from row.texts("depends")
        yield from row.texts("one_of")
    elif table is Table.RUNTIMES:
        yield from row.texts("conda")
    elif table is Table.PROVIDERS:
        for place, _ in row.mappings("features"):
            yield from row.texts(*place, "example", "requires")
    elif table is Table.EXTERNAL:
        for place, _ in row.mappings("alternatives"):
            for category in CATEGORIES:
                yield from row.texts(*place, category)


def packages_of(table: Table, row: Row, facts: Facts) -> Iterator[tuple[Place, str]]:
    """Yield the packages that a row names as answers, with their places; those of machines are in no channel."""
    if (name := _CONDA_FIELDS.get(table)) and (package := row.text(name)):
        yield (row.number, name), package
    for place, text in specs_of(table, row) if table is not Table.PROVIDERS else ():
        if package := facts.read_spec(text).name:
            yield place, package


def _unknown_fields(document: Document, _: Facts) -> Iterator[Problem]:
    known = FIELDS[document.table]
    for row in document.rows:
        for name in row.data:
            if name not in known:
                hint = f"The fields of {document.table} are {', '.join(sorted(known))}."
                yield Problem((row.number, str(name)), f"There is no field {str(name)!r}", hint)


def _missing(name: str, hint: str) -> Callable[[Document, Facts], Iterator[Problem]]:
    def check(document: Document, _: Facts) -> Iterator[Problem]:
        for row in document.rows:
            if not document.own and row.is_curated and not _is_filled(row.data.get(name)):
                yield Problem((row.number, name), f"{_call(document, row)} has no {name!r}", hint)

    return check


def _reviewed(row: Row) -> date | None:
    try:
        return date.fromisoformat(str(row.data.get("reviewed", "")))
    except ValueError:
        return None


def _old_review(row: Row, facts: Facts) -> Iterator[Problem]:
    day = _reviewed(row)
    if day is not None and (facts.today.year - _YEARS, facts.today.month, facts.today.day) > (
        day.year,
        day.month,
        day.day,
    ):
        hint = "Look at its evidence again, then set the date; --fix never does."
        yield Problem((row.number, "reviewed"), f"Nobody has looked at it since {day}", hint)


def _wrong_date(row: Row, facts: Facts) -> Iterator[Problem]:
    if not _is_filled(row.data.get("reviewed")):
        return
    day, place = _reviewed(row), (row.number, "reviewed")
    if day is None:
        yield Problem(place, f"{str(row.data['reviewed'])!r} is no date", "Write it like 2026-11-21.")
    elif day > facts.today:
        yield Problem(place, f"{day} is yet to come", "Write the day on which you looked.")


def _unsorted(document: Document, _: Facts) -> Iterator[Problem]:
    items = document.data if isinstance(document.data, list) else []
    names = [document.keys.get(number, "") for number in range(len(items))]
    keys = [canonicalize_name(name) for name in names] if KEYS[document.table] in _PROJECT_KEYS else names
    if document.own or not all(keys) or keys == sorted(keys):
        return
    fix = SortRows(tuple(sorted(range(len(keys)), key=lambda number: keys[number])))
    late = next(number for number in range(1, len(keys)) if keys[number] < keys[number - 1])
    place = (late, KEYS[document.table])
    yield Problem(place, f"{names[late]!r} stands behind {names[late - 1]!r}", "Rows are sorted.", fix)


def _duplicates(document: Document, _: Facts) -> Iterator[Problem]:
    """Compare what makes a row itself: its key, and the channels, versions and platforms it holds for."""
    seen: dict[tuple[object, ...], int] = {}
    for row in document.rows:
        for identity in _identities(document, row) if document.keys[row.number] else ():
            if (first := seen.setdefault(identity, row.number)) != row.number:
                line = document.position((first,))
                where = f"on line {line[0]}" if line else f"as row {first + 1}"
                name = KEYS[document.table]
                yield Problem((row.number, name), f"{document.keys[row.number]!r} is there already, {where}")
                break


def _identities(document: Document, row: Row) -> Iterator[tuple[object, ...]]:
    """Yield what no other row may be: of wheels there may be several rows for other versions and platforms."""
    more: tuple[object, ...] = ()
    if document.table is Table.WHEELS:
        more = row.text("pypi_range"), *(text for _, text in row.texts("when"))
    channels = (None,) if document.table is Table.REGISTRY else row.channels
    yield from ((document.keys[row.number], channel, more) for channel in channels)


def _white_space(row: Row, _: Facts) -> Iterator[Problem]:
    for place, text in (*row.texts("reason"), *row.texts("evidence")):
        if text.strip() and (plain := " ".join(text.split())) != text.removesuffix("\n"):
            message = f"There is white space at an end of {_cut(plain)!r}, or too much inside"
            yield Problem(place, message, fix=ReplaceText(place, plain))


def _refused_specs(document: Document, facts: Facts) -> Iterator[Problem]:
    for row in document.rows:
        for place, text in specs_of(document.table, row):
            if not _TEMPLATE.search(text) and (problem := facts.read_spec(text).problem):
                hint = "Write it like 'name >=1,<2' or 'name 1.* *_build'."
                yield Problem(place, f"{text!r} is no MatchSpec: {problem}", hint)


def _templates(document: Document, _: Facts) -> Iterator[Problem]:
    for row in document.rows:
        for place, text in specs_of(document.table, row):
            if _TEMPLATE.search(text):
                hint = "Nobody can install a recipe's template; in an external row it belongs below 'recipe'."
                yield Problem(place, f"{text!r} is a template of recipes", hint)


def _unknown_packages(document: Document, facts: Facts) -> Iterator[Problem]:
    for row in document.rows:
        names = tuple(facts.names(row))
        for place, package in packages_of(document.table, row, facts):
            if names and is_conda_name(package) and not any(known.knows(package) for known in names):
                hint = "Was it misspelled, or is it newer than the generated table? Then give --channel-data."
                yield Problem(place, f"No package {package!r} is known in {', '.join(row.channels)}", hint)


def _gone_packages(document: Document, facts: Facts) -> Iterator[Problem]:
    for row in document.rows:
        for channel in facts.names(row):
            if (present := channel.present) is None:
                continue
            for place, package in packages_of(document.table, row, facts):
                if package not in present and channel.knows(package):
                    hint = "It may have been renamed; look at the channel."
                    yield Problem(place, f"The channel's repodata has no package {package!r} any more", hint)


def _dead_globs(document: Document, _: Facts) -> Iterator[Problem]:
    for row in document.rows:
        for place, glob in _globs_of(row):
            if not any(matches_any(subdir, [glob]) for subdir in SUBDIRS):
                hint = "Globs are over subdirs such as 'linux-*', 'osx-arm64', 'win-*' or '*'."
                yield Problem(place, f"{glob!r} matches no platform of conda", hint)


def _globs_of(row: Row) -> Iterator[tuple[Place, str]]:
    yield from row.texts("when")
    for place, _ in row.mappings("alternatives"):
        yield from row.texts(*place, "when")


def _shapes(document: Document, _: Facts) -> Iterator[Problem]:
    return check_shape(document)


def _is_filled(value: object) -> bool:
    if isinstance(value, list):
        return any(_is_filled(item) for item in value)
    return bool(str(value).strip()) if value is not None else False


def _call(document: Document, row: Row) -> str:
    return repr(document.keys[row.number]) if document.keys[row.number] else "The row"


def _cut(text: str, most: int = 40) -> str:
    return text if len(text) <= most else f"{text[:most]}…"


SHAPE = Rule("WB002", Severity.ERROR, "The file and its rows have the shape of their table.", _EVERY, _shapes)
"""What is left to the parsers: reported only where no other rule found an error in the row."""

RULES = (
    SHAPE,
    Rule("WB003", Severity.ERROR, "A row has no field that its table does not know.", _EVERY, _unknown_fields),
    Rule(
        "WB004",
        Severity.ERROR,
        "A curated row has a reason.",
        _CURATED,
        _missing("reason", "Say in one sentence why, for the person who wonders."),
    ),
    Rule(
        "WB005",
        Severity.ERROR,
        "A curated row has evidence.",
        _CURATED,
        _missing("evidence", "Name an issue, a recipe with its commit, or what a package was seen to hold."),
    ),
    Rule(
        "WB006",
        Severity.ERROR,
        "A curated row has the date of its review.",
        _CURATED,
        _missing("reviewed", "Write the day on which you looked, like 2026-11-21."),
    ),
    Rule("WB007", Severity.WARNING, "A review is not older than two years.", _CURATED, each(_old_review)),
    Rule("WB008", Severity.ERROR, "The date of a review is a date, and not to come.", _CURATED, each(_wrong_date)),
    Rule("WB009", Severity.ERROR, "Rows are sorted.", _ORDERED, _unsorted, fixable=True),
    Rule("WB010", Severity.ERROR, "A spec is a MatchSpec, read strictly.", _SPECS, _refused_specs),
    Rule("WB011", Severity.ERROR, "A spec holds no template of recipes.", _SPECS, _templates),
    Rule("WB012", Severity.ERROR, "The channel knows the package.", _CURATED, _unknown_packages),
    Rule("WB013", Severity.WARNING, "The channel's repodata still has the package.", _CURATED, _gone_packages),
    Rule("WB014", Severity.ERROR, "No two rows are about the same.", _EVERY - {Table.SONAMES}, _duplicates),
    Rule("WB015", Severity.WARNING, "Texts have no needless white space.", _CURATED, each(_white_space), fixable=True),
    Rule("WB016", Severity.ERROR, "A platform glob matches a platform.", _WHEN, _dead_globs),
)
