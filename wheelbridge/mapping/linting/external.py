"""Lint rules of external dependencies: the ids of the registry, and what conda packages serve for them."""

from collections.abc import Iterator

from wheelbridge.mapping.external.ids import VIRTUAL, InvalidExternalIdError, normalize_alias, normalize_id
from wheelbridge.mapping.external.rows import CATEGORIES, SUBDIRS
from wheelbridge.mapping.linting.common import packages_of
from wheelbridge.mapping.linting.findings import ReplaceText, Severity
from wheelbridge.mapping.linting.rows import (
    SEEN,
    Document,
    Facts,
    Problem,
    Row,
    Rule,
    Table,
    each,
    matches_any,
    normalize,
)
from wheelbridge.mapping.rows import Relation

_EXTERNAL = frozenset({Table.EXTERNAL})
_REGISTRY = frozenset({Table.REGISTRY})
_GENERIC = ("dep:generic/", "dep:github/", "dep:gitlab/", "dep:bitbucket/")
_COVERED = {
    "linux-64": ("linux",),
    "linux-aarch64": ("linux", "aarch64"),
    "osx-64": ("macos", "osx"),
    "osx-arm64": ("macos", "osx", "arm64"),
    "win-64": ("windows", "win"),
}
"""The platforms that a row has to speak of: by an alternative, or in words where it has none."""
_ELSEWHERE = ("elsewhere", "only")
_PROGRAMS = ("build", "builds", "building", "program", "programs", "command", "commands", "compiler", "compilers")
"""What the account of a row speaks of if the package has more than a library."""
_OF_PROGRAMS = ("-tools", "-bin")


def _no_id(document: Document, _: Facts) -> Iterator[Problem]:
    read = normalize_alias if document.table is Table.REGISTRY else normalize_id
    for row in document.rows:
        if text := row.text("id"):
            try:
                read(text)
            except InvalidExternalIdError as error:
                yield Problem((row.number, "id"), f"{text!r} is no id: {error.reason}", error.hint or "")


def _not_normalized(row: Row, _: Facts) -> Iterator[Problem]:
    """PURL: what a type does not tell apart by case is written in lower case."""
    text = row.text("id")
    if (name := normalize(text)) and name != text:
        place = (row.number, "id")
        yield Problem(place, f"The id {text!r} is not normalized: it is {name!r}", fix=ReplaceText(place, name))


def _unregistered(row: Row, facts: Facts) -> Iterator[Problem]:
    """PEP 804 lets nobody but the registry add ids; one that it lacks is ours, and says so."""
    name, known = normalize(row.text("id")), facts.registry
    if not name or not known:
        return
    extension = row.data.get("extension") is True
    if name not in known and not extension:
        hint = "Was it misspelled? If the registry really lacks it, mark the row with 'extension: true'."
        yield Problem((row.number, "id"), f"The registry has no id {name!r}", hint)
    elif name in known and extension:
        yield Problem((row.number, "extension"), f"The registry has {name!r}, so it is no extension", "Drop the field.")


def _alias_row(row: Row, facts: Facts) -> Iterator[Problem]:
    name = normalize(row.text("id"))
    if target := _alias_of(facts.registry.get(name)):
        hint = f"Answer for {target!r} instead."
        yield Problem((row.number, "id"), f"{name!r} is an alias of {target!r}, so nobody ever asks for the row", hint)


def _overlap(row: Row, _: Facts) -> Iterator[Problem]:
    taken: dict[str, str] = {}
    for place, alternative in row.mappings("alternatives"):
        name = str(alternative.get("name", place[-1]))
        for subdir in _subdirs(row, place):
            if (other := taken.setdefault(subdir, name)) != name:
                hint = "One alternative answers for a platform; what else there is belongs into the reason."
                yield Problem((row.number, *place, "when"), f"{other!r} and {name!r} are both for {subdir}", hint)
                break


def _uncovered(row: Row, _: Facts) -> Iterator[Problem]:
    if not row.data.get("alternatives"):
        return
    covered = {subdir for place, _ in row.mappings("alternatives") for subdir in _subdirs(row, place)}
    silent = () if row.says(*_ELSEWHERE) else _COVERED.items()
    missing = [subdir for subdir, words in silent if subdir not in covered and not row.says(subdir, *words)]
    if missing:
        hint = "Add an alternative, or say in the reason why there is none for them."
        yield Problem((row.number, "alternatives"), f"No alternative is for {', '.join(missing)}", hint)


def _dangling(row: Row, facts: Facts) -> Iterator[Problem]:
    known = facts.registry
    for place, text in row.texts("provides"):
        if (name := normalize(text, alias=True)) and name not in known:
            yield Problem(place, f"{text!r} is not in the registry", "Was it misspelled, or taken out upstream?")


def _cycle(row: Row, facts: Facts) -> Iterator[Problem]:
    known, start = facts.registry, normalize(row.text("id"), alias=True)
    way = [start]
    while (target := _alias_of(known.get(way[-1]))) and target not in way:
        way.append(target)
    if target and target == start:
        chain = " -> ".join([*way, target])
        yield Problem(
            (row.number, "provides"), f"{start!r} is an alias of itself: {chain}", "One of them must be real."
        )


def _virtual_provides(row: Row, _: Facts) -> Iterator[Problem]:
    """PEP 804: an id that is virtual "MUST NOT" provide anything: it is what others provide."""
    if row.text("id").lower().startswith(VIRTUAL) and row.data.get("provides"):
        yield Problem((row.number, "provides"), f"The virtual id {row.text('id')!r} provides something", "Drop it.")


def _same_name_exists(row: Row, facts: Facts) -> Iterator[Problem]:
    if row.text("relation") != Relation.NONE and row.data.get("alternatives"):
        return
    name = row.text("id").rpartition("/")[2].lower()
    for names in facts.names(row):
        if name and names.knows(name) and not row.says(name):
            hint = f"If {name!r} is something else, say so in the reason."
            yield Problem((row.number, "relation"), f"It is not packaged, but there is a package {name!r}", hint)


def _python_distribution(row: Row, facts: Facts) -> Iterator[Problem]:
    """Find what ``arrow`` is: conda's package of the name of a C++ library carries a date library in Python."""
    if not row.text("id").startswith(_GENERIC) or row.says(*SEEN, "Python"):
        return
    for place, package in packages_of(Table.EXTERNAL, row, facts):
        for names in facts.names(row):
            if (owner := names.identity(package)) is not None:
                hint = "Is it the same software? Then say in the evidence that its dist-info was seen."
                message = f"{package!r} is the Python distribution {owner.pypi!r}, and the id is not Python's"
                yield Problem(place, message, hint)


def _no_version_policy(row: Row, facts: Facts) -> Iterator[Problem]:
    if "version" in row.data or not row.data.get("alternatives"):
        return
    hint = "Say which scheme the version in a DepURL follows and which packages it is of; 'scheme: none' if none."
    place = (row.number, "version")
    if row.text("id").lower().startswith(VIRTUAL):
        yield Problem(place, f"The virtual id {row.text('id')!r} has no version policy", hint)
        return
    for _, spec in _specs(row):
        if facts.read_spec(spec).has_build:
            yield Problem(place, f"{spec!r} asks for a build, and there is no version policy", hint)
            return


def _library_to_build_with(row: Row, facts: Facts) -> Iterator[Problem]:
    """Find libraries below ``build``: nothing that runs while building is linked, so they are for another platform."""
    library = row.text("relation") == Relation.LIBRARY
    if row.says(*_PROGRAMS):
        return
    for place, _ in row.mappings("alternatives"):
        for found, spec in row.texts(*place, "build"):
            name = facts.read_spec(spec).name
            if (library or name.startswith("lib")) and name and not name.endswith(_OF_PROGRAMS):
                hint = "Put it below 'host', or say in the reason which program of it builds run."
                yield Problem(found, f"{name!r} is a library, and 'build' is for programs", hint)


def _alias_of(row: Row | None) -> str:
    """PEP 804: entries without ``provides``, "or, if populated, only with ``dep:virtual/``", are canonical."""
    if row is None:
        return ""
    targets = (normalize(text, alias=True) for _, text in row.texts("provides"))
    return next((target for target in targets if target and not target.startswith(VIRTUAL)), "")


def _subdirs(row: Row, place: tuple[str | int, ...]) -> Iterator[str]:
    globs = [text for _, text in row.texts(*place, "when")]
    return (subdir for subdir in SUBDIRS if matches_any(subdir, globs))


def _specs(row: Row) -> Iterator[tuple[tuple[str | int, ...], str]]:
    for place, _ in row.mappings("alternatives"):
        for category in CATEGORIES:
            yield from row.texts(*place, category)


RULES = (
    Rule("WB201", Severity.ERROR, "An id is a DepURL without version and marker.", _EXTERNAL | _REGISTRY, _no_id),
    Rule("WB202", Severity.ERROR, "An id is normalized.", _EXTERNAL, each(_not_normalized), fixable=True),
    Rule("WB203", Severity.ERROR, "An id is in the registry, or marked as extension.", _EXTERNAL, each(_unregistered)),
    Rule("WB204", Severity.ERROR, "A row answers for no alias: nobody asks for it.", _EXTERNAL, each(_alias_row)),
    Rule("WB205", Severity.ERROR, "One alternative at most is for a platform.", _EXTERNAL, each(_overlap)),
    Rule(
        "WB206",
        Severity.ERROR,
        "An alternative is for each platform, or the reason speaks of those without one.",
        _EXTERNAL,
        each(_uncovered),
    ),
    Rule("WB207", Severity.ERROR, "What an id provides is in the registry.", _REGISTRY, each(_dangling)),
    Rule("WB208", Severity.ERROR, "No id is an alias of itself.", _REGISTRY, each(_cycle)),
    Rule("WB209", Severity.ERROR, "A virtual id provides nothing.", _REGISTRY, each(_virtual_provides)),
    Rule(
        "WB210",
        Severity.WARNING,
        "What is not packaged has no package of its name, or the reason speaks of it.",
        _EXTERNAL,
        each(_same_name_exists),
    ),
    Rule(
        "WB211",
        Severity.WARNING,
        "A package for an id that is not Python's is no Python distribution, or the evidence speaks of that.",
        _EXTERNAL,
        each(_python_distribution),
    ),
    Rule(
        "WB212",
        Severity.ERROR,
        "A virtual id, and one whose specs ask for a build, has a version policy.",
        _EXTERNAL,
        each(_no_version_policy),
    ),
    Rule(
        "WB213",
        Severity.WARNING,
        "'build' lists no library, or the reason speaks of its programs.",
        _EXTERNAL,
        each(_library_to_build_with),
    ),
)
