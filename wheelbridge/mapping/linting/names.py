"""Lint rules of the names: what ties PyPI projects to conda packages."""

import re
from collections.abc import Iterator, Mapping

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from wheelbridge.mapping.evidence import is_garbage
from wheelbridge.mapping.lines import TableRow
from wheelbridge.mapping.linting.findings import DropRow, Place, ReplaceText, Severity
from wheelbridge.mapping.linting.rows import (
    CHANNEL,
    SEEN,
    Document,
    Facts,
    Problem,
    Row,
    Rule,
    Table,
    each,
    is_spelled_alike,
)
from wheelbridge.mapping.rows import IDENTITIES, Confidence, Relation, Role, role_of
from wheelbridge.model.name import canonicalize_name, is_conda_name

_NAMES = frozenset({Table.NAMES})
_KEYS = _NAMES | {Table.WHEELS, Table.RUNTIMES, Table.PROVIDERS}
_PROJECTS = _KEYS | {Table.BUNDLERS}
_RANGES = frozenset({Table.NAMES, Table.WHEELS})
_PROJECT_FIELDS: Mapping[Table, tuple[str, ...]] = {
    Table.BUNDLERS: ("not_theirs",),
    Table.PROVIDERS: ("package",),
    Table.RUNTIMES: ("pypi", "bundled_by"),
}
_HASH = re.compile(r"[0-9a-f]{32,}")
_WITHOUT_DIST_INFO = frozenset({Relation.TOOL, Relation.LIBRARY, Relation.META})


def _projects(document: Document) -> Iterator[tuple[Place, str]]:
    for row in document.rows:
        for name in _PROJECT_FIELDS.get(document.table, ("pypi",)):
            yield from row.texts(name)


def _not_canonical(document: Document, _: Facts) -> Iterator[Problem]:
    """PEP 503: runs of ``-``, ``_`` and ``.`` are one ``-``, and all is in lower case."""
    for place, project in _projects(document):
        if (name := canonicalize_name(project)) != project:
            message = f"The project {project!r} is not normalized (PEP 503): it is {name!r}"
            yield Problem(place, message, fix=ReplaceText(place, name))


def _garbage(document: Document, _: Facts) -> Iterator[Problem]:
    for place, project in _projects(document):
        if is_garbage(project) or _HASH.fullmatch(project):
            hint = "It comes out of broken metadata or of a file's address; take the row out."
            yield Problem(place, f"{project!r} is no project that anybody can ask for", hint)


def _shared_package(document: Document, _: Facts) -> Iterator[Problem]:
    """No package is two projects: of those whose rows name it, one at most may be it."""
    owners: dict[tuple[str, str], str] = {}
    for row in document.rows:
        package, project = row.text("conda"), row.text("pypi")
        for channel in row.channels if _role(row) is Role.IDENTITY and package else ():
            owner = owners.setdefault((channel, package), project)
            if owner != project:
                hint = "Give all but one another relation: equivalent, part, meta …"
                yield Problem((row.number, "conda"), f"{package!r} is the identity of {owner!r} already", hint)
                break


def _redundant(document: Document, facts: Facts) -> Iterator[Problem]:
    """Find rows that say what the generated table says: they only hide later changes of the evidence."""
    for row in document.rows if not document.own else ():
        below = _generated(row, facts)
        more = ("not", "specs", "pypi_range")
        if below is None or below.relation is None or any(row.data.get(name) for name in more):
            continue
        if (row.data.get("conda"), row.text("relation")) == (below.conda, below.relation):
            message = f"The generated table says of {below.pypi!r} the same: {below.relation} {below.conda!r}"
            yield Problem(
                (row.number,), message, "Take the row out, or say in 'not' what is wrong.", DropRow(row.number)
            )


def _contradiction(row: Row, facts: Facts) -> Iterator[Problem]:
    """Compare with rows of level 4, where recipe and dist-info agree; a row that speaks of them has seen them."""
    below, package = _generated(row, facts), row.text("conda")
    if below is not None and below.confidence is Confidence.VERIFIED and below.conda is not None:
        rejected = [text for _, text in row.texts("not")]
        place = (row.number, "conda")
        if below.conda != package and below.conda not in rejected and not row.says(below.conda):
            hint = f"Name {below.conda!r} in 'not', or say in the reason or the evidence why it is not the answer."
            yield Problem(place, f"Recipe and dist-info say that {below.pypi!r} is {below.conda!r}", hint)
        if below.conda == package and row.text("relation") in _WITHOUT_DIST_INFO and not row.says(*SEEN):
            hint = "If current builds have no dist-info any more, say where that was seen."
            yield Problem((row.number, "relation"), f"Recipe and dist-info say that {package!r} is the project", hint)
    yield from _taken(row, facts)


def _taken(row: Row, facts: Facts) -> Iterator[Problem]:
    if _role(row) is not Role.IDENTITY or CHANNEL not in row.channels or CHANNEL not in facts.channels:
        return
    package = row.text("conda")
    other = facts.channels[CHANNEL].identity(package)
    if other is None or other.pypi == row.text("pypi") or other.confidence is not Confidence.VERIFIED:
        return
    curated = any(found.text("pypi") == other.pypi for found in facts.rows(Table.NAMES))
    if not curated and not row.says(other.pypi):
        hint = f"Write a row for {other.pypi!r} too, or say in the reason why the package is not that."
        message = f"Recipe and dist-info say that {package!r} is another project: {other.pypi!r}"
        yield Problem((row.number, "conda"), message, hint)


def _identity_trap(row: Row, facts: Facts) -> Iterator[Problem]:
    """Find projects tied to the package of their own name, which was seen and never carried a dist-info."""
    project, package = row.text("pypi"), row.text("conda")
    if row.text("relation") not in IDENTITIES or not is_spelled_alike(project, package):
        return
    for names in facts.names(row):
        known = names.table is not None and names.table.packages.find(package) is not None
        if known and not names.mentions(package) and not row.says(*SEEN):
            hint = "It may be the C library or the program; say in the evidence where its dist-info was seen."
            yield Problem((row.number, "conda"), f"No build of {package!r} was ever seen with a dist-info", hint)


def _unknown_rejected(row: Row, facts: Facts) -> Iterator[Problem]:
    names = tuple(facts.names(row))
    for place, package in row.texts("not"):
        if names and is_conda_name(package) and not any(known.knows(package) for known in names):
            yield Problem(place, f"No package {package!r} is known, so nobody can take it for the project")


def _rejected_answer(row: Row, _: Facts) -> Iterator[Problem]:
    for place, package in row.texts("not"):
        if package == row.data.get("conda"):
            yield Problem(place, f"{package!r} is both the answer and rejected", "Take it out of one of them.")


def _relation_without_package(row: Row, _: Facts) -> Iterator[Problem]:
    relation = row.text("relation")
    if relation and "conda" in row.data and (row.data["conda"] is None) != (relation == Relation.NONE):
        message = f"'conda' is {row.data['conda']!r}, and the relation {relation!r}"
        yield Problem((row.number, "relation"), message, "'conda' is null exactly where the relation is none.")


def _dead_row(row: Row, _: Facts) -> Iterator[Problem]:
    if (limit := row.text("pypi_range")) and _is_empty(limit):
        message = f"No version is in {limit!r}, so the row never holds"
        yield Problem((row.number, "pypi_range"), message, "Mend the range, or take the row out.")


def _same_name_exists(row: Row, facts: Facts) -> Iterator[Problem]:
    if row.text("relation") != Relation.NONE:
        return
    project = row.text("pypi")
    rejected = [text for _, text in row.texts("not")]
    for names in facts.names(row):
        if project and names.knows(project) and project not in rejected:
            hint = "If it is something else, name it in 'not'."
            yield Problem((row.number, "relation"), f"There is a package {project!r}", hint)


def _bundled(row: Row, facts: Facts) -> Iterator[Problem]:
    """Find packages that are a project by one table, and only carry a copy of it by another."""
    package, project = row.text("conda"), row.text("pypi")
    if row.text("relation") not in IDENTITIES:
        return
    for bundler in facts.rows(Table.BUNDLERS):
        copies = [text for _, text in bundler.texts("not_theirs")]
        if bundler.text("conda") == package and project in copies and set(bundler.channels) & set(row.channels):
            message = f"bundlers.yaml says that the {project!r} in {package!r} is not its own"
            yield Problem((row.number, "conda"), message, "Take it out of one of the tables.")


def _role(row: Row) -> Role | None:
    relation = row.text("relation")
    if relation not in set(Relation):
        return None
    return role_of(Relation(relation), specs=bool(row.data.get("specs")), limited=bool(row.data.get("pypi_range")))


def _generated(row: Row, facts: Facts) -> TableRow | None:
    """Return the generated row of conda-forge, the one whose evidence has levels."""
    names = facts.channels.get(CHANNEL)
    return names.row(row.text("pypi")) if names and CHANNEL in row.channels else None


def _is_empty(limit: str) -> bool:
    try:
        return SpecifierSet(limit).is_unsatisfiable()
    except InvalidSpecifier:
        return False


RULES = (
    Rule("WB101", Severity.ERROR, "A project's name is normalized (PEP 503).", _PROJECTS, _not_canonical, fixable=True),
    Rule("WB102", Severity.ERROR, "A project's name is a name, not a hash or 'unknown'.", _KEYS, _garbage),
    Rule("WB103", Severity.ERROR, "A package is the identity of one project at most.", _NAMES, _shared_package),
    Rule("WB104", Severity.WARNING, "A row says more than the generated table.", _NAMES, _redundant, fixable=True),
    Rule(
        "WB105",
        Severity.WARNING,
        "A row does not contradict what recipe and dist-info agree on, or says why.",
        _NAMES,
        each(_contradiction),
    ),
    Rule(
        "WB106",
        Severity.WARNING,
        "A package with its project's very name was seen with a dist-info.",
        _NAMES,
        each(_identity_trap),
    ),
    Rule("WB107", Severity.ERROR, "What 'not' names exists.", _NAMES, each(_unknown_rejected)),
    Rule("WB108", Severity.ERROR, "What 'not' names is not the answer.", _NAMES, each(_rejected_answer)),
    Rule(
        "WB109",
        Severity.ERROR,
        "'conda' is null exactly where the relation is none.",
        _NAMES,
        each(_relation_without_package),
    ),
    Rule("WB110", Severity.WARNING, "Some version is in the range of a row.", _RANGES, each(_dead_row)),
    Rule(
        "WB111",
        Severity.WARNING,
        "A project without a counterpart has no package of its name, or rejects it.",
        _NAMES,
        each(_same_name_exists),
    ),
    Rule(
        "WB112",
        Severity.ERROR,
        "A package is no project that bundlers.yaml says it only carries.",
        _NAMES,
        each(_bundled),
    ),
)
