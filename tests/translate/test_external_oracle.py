"""What pyproject-external 0.1.17 answers, recorded, and every difference from it with its reason.

It is behaviour to compare with, not the truth. A difference that is not listed fails, and so does one that is listed
and is none any more.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from rattler import MatchSpec

from tests.external_differences import (
    BEHIND_QUALIFIERS,
    DIFFERENT_PACKAGES,
    EXTENSIONS,
    FAILING,
    FORMS,
    GRAMMAR,
    HEADERS,
    MISSPELLED,
    NO_BOUND,
    PARSED,
    UNMAPPED,
    WORDS,
)
from wheelbridge.api.external.rows import open_external
from wheelbridge.mapping.external.rows import CATEGORIES
from wheelbridge.model.external import ExternalSpecifier, InvalidDepURLError
from wheelbridge.model.target import Target
from wheelbridge.translate.external import (
    ExternalRows,
    UnmappedExternalError,
    translate_external,
    translate_external_dependency,
)
from wheelbridge.translate.external_table import (
    ExternalTable,
    InvalidExternalTableError,
    OutdatedExternalTableError,
)

ORACLE = Path(__file__).parents[3] / "shared" / "vectors" / "external_oracle.json"
LINUX = Target(subdir="linux-64")
"""Their answers are those of CPython 3.11 on linux-64."""

pytestmark = [
    pytest.mark.shared_data,
    pytest.mark.skipif(not ORACLE.is_file(), reason="the recorded oracle is not beside the checkout"),
]

Package = tuple[str, str | None, str | None]


@pytest.fixture(scope="module")
def oracle() -> Any:
    """Read the recorded answers."""
    return json.loads(ORACLE.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def rows() -> ExternalRows:
    """Open the shipped tables."""
    return open_external()


def read(specs: Iterable[str]) -> list[Package]:
    """Return name, version spec and build of MatchSpecs, as rattler reads them."""
    parsed = [MatchSpec(spec, strict=True) for spec in specs]
    return sorted((str(one.name.normalized), said(one.version), said(one.build)) for one in parsed)


def said(value: object) -> str | None:
    """Return the text of a part of a MatchSpec, None where it says nothing."""
    return None if value is None or str(value) == "*" else str(value)


def loosely(spec: str) -> Package:
    """Read a spec of theirs: they append the bound to whatever is there, builds included."""
    name, _, build = spec.partition(" * ")
    end = next((number for number, sign in enumerate(name) if sign in "<>="), len(name))
    bound = name[end:]
    if build and (cut := next((number for number, sign in enumerate(build) if sign in "<>="), None)):
        build, bound = build[:cut], build[cut:]
    if bound.startswith("=") and not bound.startswith("=="):
        bound = f"{bound[1:]}.*"
    return name[:end], bound or None, build or None


def translate(dependency: str, category: str, rows: ExternalRows) -> tuple[str, ...]:
    """Return what we answer."""
    try:
        specifier = ExternalSpecifier.parse(dependency)
        return tuple(map(str, translate_external_dependency(specifier, category, LINUX, rows).specs))
    except (InvalidDepURLError, UnmappedExternalError):
        return UNMAPPED


def listed() -> dict[str, tuple[Sequence[str], Sequence[str]]]:
    """Return the known differences without their reasons."""
    return {
        place: (theirs.split("; ") if theirs else (), ours.split("; ") if ours else ())
        for places in DIFFERENT_PACKAGES.values()
        for place, (theirs, ours) in places.items()
    }


class TestIds:
    """Every id of the registry, in six forms."""

    def test_the_packages_differ_where_it_is_listed_and_nowhere_else(self, oracle: Any, rows: ExternalRows) -> None:
        """No version asked for; a listed difference is exactly what it says."""
        known, found = listed(), {}
        for record in (one for one in oracle["registry_ids"] if "@" not in one["dep"]):
            for category in CATEGORIES:
                theirs = tuple(record[category]["first_nonempty"])
                ours = translate(record["dep"], category, rows)
                if sorted(theirs) != sorted(ours):
                    found[f"{record['dep']} {category}"] = (sorted(theirs), sorted(ours))
        assert found == {place: (sorted(theirs), sorted(ours)) for place, (theirs, ours) in known.items()}

    def test_a_bound_is_on_every_package_that_it_is_of(self, oracle: Any, rows: ExternalRows) -> None:
        """Or on none, where the id is listed; whatever the packages are."""
        bounded = 0
        for record in oracle["registry_ids"]:
            plain, version = split(record["dep"])
            for category in CATEGORIES:
                bare = translate(plain, category, rows)
                ours = translate(record["dep"], category, rows)
                if record["dep"].startswith(BEHIND_QUALIFIERS) or bare == UNMAPPED:
                    assert ours == UNMAPPED
                else:
                    bound = None if plain in NO_BOUND else FORMS[version][1]
                    assert read(ours) == sorted((name, bound, build) for name, _, build in read(bare)), record["dep"]
                    bounded += bool(bound and bare)
        assert bounded > 300

    def test_their_bounds_are_what_the_forms_say(self, oracle: Any) -> None:
        """So that the second column of the forms is the difference; versions of virtual ids they drop silently."""
        seen: Counter[str] = Counter()
        plain = {one["dep"]: one for one in oracle["registry_ids"] if "@" not in one["dep"]}
        for record in oracle["registry_ids"]:
            name, version = split(record["dep"])
            for category in CATEGORIES:
                bare = [loosely(spec) for spec in plain[name][category]["first_nonempty"]]
                theirs = [loosely(spec) for spec in record[category]["first_nonempty"]]
                bound = None if name.startswith("dep:virtual/") else FORMS[version][0]
                assert theirs == [(package, bound, build) for package, _, build in bare], record["dep"]
                seen[version] += bool(bound and theirs)
        assert set(FORMS) - {""} == {form for form, count in seen.items() if count}


def split(dependency: str) -> tuple[str, str]:
    """Split at the version."""
    plain, sign, version = dependency.partition("@")
    return plain, sign + version


KEYS = {
    "build_requires": ("build", "build-requires"),
    "host_requires": ("host", "host-requires"),
    "dependencies": ("run", "dependencies"),
    "optional_build_requires": ("build", "optional-build-requires"),
    "optional_host_requires": ("host", "optional-host-requires"),
    "optional_dependencies": ("run", "optional-dependencies"),
    "dependency_groups": ("run", "dependency-groups"),
}
"""Their attribute -> our category, and the key of the table."""


class TestTables:
    """Tables of projects: as they are, as they were, and as the PEP has them."""

    def test_which_can_be_read(self, oracle: Any) -> None:
        """Theirs stops with an error of Python; ours lists what to change."""
        reasons = {"outdated": GRAMMAR, "invalid": MISSPELLED}
        outcomes = Counter(
            (
                reasons.get(ours := outcome(table["input"]), ""),
                "parse_error" if "parse_error" in table["expected"] else "read",
                ours,
            )
            for table in oracle["tables"]
        )
        assert outcomes == PARSED

    def test_lists_are_made_of_what_the_ids_are(self, oracle: Any, rows: ExternalRows) -> None:
        """On both sides, so that what is listed of ids explains all differences in lists, but for unknown ids."""
        plain = {one["dep"]: one for one in oracle["registry_ids"] if "@" not in one["dep"]}
        failing: dict[str, set[str]] = {reason: set() for reason in FAILING}
        compared = 0
        for table in readable(oracle):
            for category, theirs, asked in lists(table):
                known = [
                    plain[name][category]["first_nonempty"] for name in map(without_version, asked) if name in plain
                ]
                if isinstance(theirs, dict):
                    dependency = theirs["error"].split("'")[1]
                    ours = translate(dependency, category, rows)
                    reason = WORDS if dependency.endswith("/cpp") else "" if ours == UNMAPPED else EXTENSIONS
                    failing[reason].add(dependency)
                    assert dependency not in plain
                else:
                    assert names(theirs) == names(spec for specs in known for spec in specs), table["source"]
                    compared += 1
        assert compared > 100
        assert failing == FAILING

    def test_ours_are_made_of_what_the_ids_are(self, oracle: Any, rows: ExternalRows) -> None:
        """Python aside, and what has no package, which is said."""
        for table in readable(oracle):
            parsed = ExternalTable.parse(table["input"])
            selected = parsed.select(parsed.extras, parsed.groups)
            ours = translate_external(parsed, LINUX, rows, extras=sorted(parsed.extras), groups=sorted(parsed.groups))
            missing = set()
            for category in CATEGORIES:
                answers = {str(one): translate(str(one), category, rows) for one in selected[category]}
                missing |= {text for text, answer in answers.items() if answer == UNMAPPED}
                wanted = names(spec for answer in answers.values() if answer != UNMAPPED for spec in answer)
                assert names(ours.of(category)) == wanted, table["source"]
            assert missing == {one.dependency for one in ours.unmapped}

    def test_python_is_there_for_every_compiler(self, oracle: Any, rows: ExternalRows) -> None:
        """PEP 725: they "must be assumed to be necessary when an ``[external]`` table contains … compiler packages"."""
        found: Counter[tuple[bool, bool]] = Counter()
        for table in readable(oracle):
            theirs = table["expected"].get("build_requires", [])
            ours = translate_external(ExternalTable.parse(table["input"]), LINUX, rows)
            if isinstance(theirs, list):
                assert "python" not in ours.build
                found["python" in theirs, "python" in ours.host] += 1
        assert found == HEADERS


def readable(oracle: Any) -> list[Any]:
    """Return the tables that both can read."""
    return [table for table in oracle["tables"] if outcome(table["input"]) == "read"]


def lists(table: Any) -> Iterator[tuple[str, Any, list[str]]]:
    """Yield category, their answer and what was asked, for every list of a table."""
    for attribute, (category, key) in KEYS.items():
        theirs, asked = table["expected"].get(attribute), table["input"].get(key)
        if isinstance(asked, dict):
            yield from ((category, theirs[name], asked[name]) for name in asked)
        elif theirs is not None:
            yield category, theirs, asked


def without_version(text: str) -> str:
    """Return the id of a specifier."""
    return text.partition(";")[0].strip().partition("@")[0]


def names(specs: Iterable[str]) -> set[str]:
    """Return the packages of specs, python left out: it is nobody's own word."""
    return {loosely(spec)[0].partition(" ")[0] for spec in specs} - {"python"}


def outcome(data: object) -> str:
    """Return what becomes of a table when we read it."""
    try:
        ExternalTable.parse(data)
    except OutdatedExternalTableError:
        return "outdated"
    except InvalidExternalTableError:
        return "invalid"
    return "read"
