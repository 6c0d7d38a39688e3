"""Lint rules of the native tables: what wheels need and do not say, sonames, variant providers, runtimes."""

from collections.abc import Iterator
from itertools import combinations

from wheelbridge.mapping.external.rows import SUBDIRS
from wheelbridge.mapping.linting.common import packages_of
from wheelbridge.mapping.linting.findings import Severity
from wheelbridge.mapping.linting.rows import SEEN, Document, Facts, Problem, Row, Rule, Table, each, matches_any
from wheelbridge.mapping.rows import Relation

_WHEELS = frozenset({Table.WHEELS})
_SONAMES = frozenset({Table.SONAMES})
_PROVIDERS = frozenset({Table.PROVIDERS})
_RUNTIMES = frozenset({Table.RUNTIMES})


def _two_answers(document: Document, _: Facts) -> Iterator[Problem]:
    """Compare the rows of one soname: two packages for one platform are a choice, the same one twice is not."""
    for first, second in combinations(document.rows, 2):
        same = first.text("soname") == second.text("soname") and set(first.channels) & set(second.channels)
        shared = _shared_subdirs(first, second) if same else ()
        packages = {str(row.data.get("conda")) for row in (first, second)}
        if shared and (len(packages) == 1 or "None" in packages):
            message = f"{second.text('soname')!r} has two rows for {shared[0]} that cannot both hold"
            yield Problem((second.number, "soname"), message, "Limit one of them with 'when', or take it out.")


def _python_distribution(document: Document, facts: Facts) -> Iterator[Problem]:
    for row in document.rows:
        if row.text("relation") == Relation.TOOL or row.says(*SEEN, "Python"):
            continue
        for place, package in packages_of(document.table, row, facts):
            for names in facts.names(row):
                if (owner := names.identity(package)) is not None:
                    hint = "Is it meant? Then say in the evidence that its dist-info was seen."
                    message = f"{package!r} is the Python distribution {owner.pypi!r}, not a library"
                    yield Problem(place, message, hint)


def _case_of_dll(row: Row, _: Facts) -> Iterator[Problem]:
    globs, name = _globs(row), row.text("soname")
    if name != name.lower() and any(matches_any(subdir, globs) for subdir in SUBDIRS if subdir.startswith("win-")):
        message = f"Windows does not tell {name!r} from {name.lower()!r}"
        yield Problem((row.number, "soname"), message, "Write it in lower case, or leave Windows out of 'when'.")


def _virtual_package(row: Row, _: Facts) -> Iterator[Problem]:
    """CEP 30: the names of virtual packages begin with two underscores."""
    for place, feature in row.mappings("features"):
        name = feature.get("virtual_package")
        if isinstance(name, str) and not name.startswith("__"):
            yield Problem((row.number, *place, "virtual_package"), f"{name!r} is no virtual package")


def _example(row: Row, facts: Facts) -> Iterator[Problem]:
    for place, feature in row.mappings("features"):
        for found, text in row.texts(*place, "example", "requires"):
            name = facts.read_spec(text).name
            if name and name != feature.get("virtual_package"):
                message = f"{text!r} asks for another package than {feature.get('virtual_package')!r}"
                yield Problem(found, message, "An example shows what the values translate to.")


def _feature_twice(row: Row, _: Facts) -> Iterator[Problem]:
    seen: set[str] = set()
    for place, feature in row.mappings("features"):
        name = str(feature.get("name"))
        if name in seen:
            yield Problem((row.number, *place, "name"), f"The feature {name!r} is there twice")
        seen.add(name)


def _conflicts(row: Row, facts: Facts) -> Iterator[Problem]:
    known = {other.text("runtime"): other for other in facts.rows(Table.RUNTIMES)}
    for place, name in row.texts("conflicts"):
        other = known.get(name)
        if other is None:
            yield Problem(place, f"There is no runtime {name!r}", "Was it misspelled?")
        elif row.text("runtime") not in {text for _, text in other.texts("conflicts")}:
            yield Problem(place, f"{name!r} does not say that it conflicts with {row.text('runtime')!r}")


def _shared_glob(document: Document, _: Facts) -> Iterator[Problem]:
    """Find globs that two runtimes share on one platform: a file would be both, which rivals may well have."""
    for first, second in combinations(document.rows, 2):
        globs = {text for _, text in first.texts("sonames")}
        rivals = first.text("runtime") in {text for _, text in second.texts("conflicts")}
        if rivals or not _shared_subdirs(first, second):
            continue
        for place, glob in second.texts("sonames"):
            if glob in globs:
                message = f"{glob!r} is a file of {first.text('runtime')!r} too"
                yield Problem(
                    place, message, "Write the globs so that a file is one runtime, or say that the two conflict."
                )


def _globs(row: Row) -> list[str]:
    return [text for _, text in row.texts("when")] or ["*"]


def _shared_subdirs(first: Row, second: Row) -> list[str]:
    one, other = _globs(first), _globs(second)
    return [subdir for subdir in SUBDIRS if matches_any(subdir, one) and matches_any(subdir, other)]


RULES = (
    Rule("WB301", Severity.ERROR, "Rows of one soname do not contradict each other.", _SONAMES, _two_answers),
    Rule(
        "WB302",
        Severity.WARNING,
        "A package that has a library is no Python distribution, or the evidence speaks of that.",
        _SONAMES | _WHEELS,
        _python_distribution,
    ),
    Rule("WB303", Severity.ERROR, "The name of a DLL is in lower case.", _SONAMES, each(_case_of_dll)),
    Rule("WB401", Severity.ERROR, "A virtual package has the name of one.", _PROVIDERS, each(_virtual_package)),
    Rule("WB402", Severity.ERROR, "An example asks for its feature's virtual package.", _PROVIDERS, each(_example)),
    Rule("WB403", Severity.ERROR, "A provider lists a feature once.", _PROVIDERS, each(_feature_twice)),
    Rule("WB404", Severity.ERROR, "Runtimes that conflict both say so.", _RUNTIMES, each(_conflicts)),
    Rule("WB405", Severity.WARNING, "No two runtimes have one file, unless they conflict.", _RUNTIMES, _shared_glob),
)
