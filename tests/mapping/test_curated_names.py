"""What people wrote about names: `names/overrides.yaml` and `names/bundlers.yaml` as they are shipped."""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import zstandard
from jsonschema import Draft202012Validator
from rattler import MatchSpec

from wheelbridge.mapping.overrides import InvalidOverrideError, Override, parse_overrides
from wheelbridge.mapping.rows import Relation
from wheelbridge.model.name import canonicalize_name
from wheelbridge.tables.documents import load_document

REPOSITORY = Path(__file__).parents[2]
MAPPINGS = REPOSITORY / "mappings"
PUBLIC = REPOSITORY.parent / "shared" / "data"

TABLES = {"names": "overrides", "bundlers": "bundlers"}
WITHOUT_DIST_INFO = frozenset({Relation.TOOL, Relation.LIBRARY, Relation.META})
ABSOLUTE = re.compile(r"(?<![\w./:-])/\w+/|\b[A-Z]:\\")
"""The path of a file on somebody's machine."""
FIRST_REVIEW = date(2026, 11, 21)

ROW: dict[str, Any] = {
    "pypi": "tzdata",
    "conda": "python-tzdata",
    "relation": "dist",
    "reason": "conda tzdata is the time zone database",
    "evidence": ["parselmouth issue 82"],
    "reviewed": "2026-11-21",
}
BUNDLER: dict[str, Any] = {
    "conda": "rosco",
    "not_theirs": ["numpy", "tzdata"],
    "reason": "the recipe installs other projects beside it",
    "evidence": ["parselmouth issue 82"],
    "reviewed": "2026-11-21",
}

needs_public_tables = pytest.mark.skipif(
    not (PUBLIC / "names").is_dir() or not (PUBLIC / "channels").is_dir(),
    reason="the public tables and the recorded channels are not beside the checkout",
)


@cache
def load_rows(table: str) -> list[dict[str, Any]]:
    """Load a table as JSON has it: dates are texts."""
    rows = load_document(MAPPINGS / "names" / f"{TABLES[table]}.yaml")
    return json.loads(json.dumps(rows, default=date.isoformat))  # type: ignore[no-any-return] # plain values, whatever they are


@cache
def load_validator(table: str) -> Draft202012Validator:
    """Load the schema of a table; ``format`` is checked too."""
    rules = json.loads((MAPPINGS / "schema" / f"{table}.schema.json").read_bytes())
    Draft202012Validator.check_schema(rules)
    return Draft202012Validator(rules, format_checker=Draft202012Validator.FORMAT_CHECKER)


@pytest.fixture(scope="module")
def overrides() -> tuple[Override, ...]:
    """Read the curated rows by our own parser."""
    return parse_overrides(load_rows("names"))


@pytest.fixture(scope="module")
def carried() -> Mapping[str, frozenset[str]]:
    """Load what packages of conda-forge were ever seen to carry; empty: seen, and no dist-info."""
    table = json.loads((PUBLIC / "names" / "parselmouth-v0-conda-forge.json").read_bytes())
    return {name: frozenset(map(canonicalize_name, projects or ())) for name, projects in table.items()}


@pytest.fixture(scope="module")
def owners(carried: Mapping[str, frozenset[str]]) -> Mapping[str, frozenset[str]]:
    """Turn it around: project -> packages."""
    found = defaultdict(set)
    for package, projects in carried.items():
        for project in projects:
            found[project].add(package)
    return {project: frozenset(packages) for project, packages in found.items()}


@pytest.fixture(scope="module")
def known(carried: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """Load the names of the packages that conda-forge has: of the public list, and of the recorded channel."""
    names = set(carried)
    for path in (PUBLIC / "channels" / "conda-forge").glob("*/repodata.json.zst"):
        repodata = json.loads(zstandard.ZstdDecompressor().stream_reader(path.read_bytes()).read())
        names.update(
            record["name"] for kind in ("packages", "packages.conda") for record in repodata.get(kind, {}).values()
        )
    return frozenset(names)


class TestSchemas:
    """The schemas say what the tables are, and refuse what they are not."""

    @pytest.mark.parametrize("table", TABLES)
    def test_the_table_follows_its_schema(self, table: str) -> None:
        """Editors check against the schema."""
        errors = load_validator(table).iter_errors(load_rows(table))

        assert [f"{error.json_path}: {error.message}" for error in errors] == []

    @pytest.mark.parametrize(
        "change",
        [
            {"pypi": "ruamel.yaml"},
            {"pypi": "python"},
            {"conda": "Python-TZData"},
            {"conda": "python"},
            {"conda": None},
            {"relation": "none"},
            {"relation": "sibling"},
            {"reason": " "},
            {"evidence": []},
            {"evidence": "parselmouth issue 82"},
            {"not": ["two--dashes"]},
            {"channels": []},
            {"provenance": "hearsay"},
            {"reviewed": "21 Nov 2026"},
            {"aliases": []},
        ],
        ids=str,
    )
    def test_a_wrong_row_is_refused_by_schema_and_parser(self, change: dict[str, object]) -> None:
        """A file that an editor accepts is read, and the other way round."""
        assert load_validator("names").is_valid([ROW])
        assert parse_overrides([ROW])

        assert not load_validator("names").is_valid([ROW | change])
        with pytest.raises(InvalidOverrideError):
            parse_overrides([ROW | change])

    @pytest.mark.parametrize("field", ["reason", "evidence", "reviewed"])
    @pytest.mark.parametrize(("table", "row"), [("names", ROW), ("bundlers", BUNDLER)])
    def test_a_curated_row_accounts_for_itself(self, table: str, row: Mapping[str, Any], field: str) -> None:
        """Who writes a row says why, how that is known and when somebody looked."""
        rest = {name: value for name, value in row.items() if name != field}

        assert not load_validator(table).is_valid([rest])
        assert load_validator(table).is_valid([rest | {"provenance": "upstream"}])

    @pytest.mark.parametrize(
        "change", [{"conda": "ROSCO"}, {"not_theirs": []}, {"not_theirs": ["Numpy"]}, {"all": True}], ids=str
    )
    def test_a_wrong_bundler_is_refused(self, change: dict[str, object]) -> None:
        """What is not theirs is listed name by name."""
        assert load_validator("bundlers").is_valid([BUNDLER])
        assert not load_validator("bundlers").is_valid([BUNDLER | change])


class TestOverrides:
    """Each row of `names/overrides.yaml`."""

    def test_there_are_many(self, overrides: tuple[Override, ...]) -> None:
        """The table does not shrink by an accident of editing."""
        assert len(overrides) >= 150

    def test_every_spec_parses_strictly(self, overrides: tuple[Override, ...]) -> None:
        """A spec that only a lenient parser reads means different things to different engines."""
        texts = [(row.pypi, text) for row in overrides for text in (*row.specs, *([row.conda] if row.conda else ()))]

        for project, text in texts:
            assert MatchSpec(text, strict=True).name is not None, project

    @pytest.mark.parametrize("table", TABLES)
    def test_every_review_has_a_date(self, table: str) -> None:
        """Nobody has looked before the tables were there, or will have looked tomorrow."""
        reviews = [date.fromisoformat(row["reviewed"]) for row in load_rows(table)]

        assert min(reviews) >= FIRST_REVIEW
        assert max(reviews) <= max(datetime.now(UTC).date(), FIRST_REVIEW)

    @pytest.mark.parametrize("table", TABLES)
    def test_evidence_can_be_read_by_anybody(self, table: str) -> None:
        """It names recipes, issues and recorded data, no file of somebody's machine."""
        texts = [text for row in load_rows(table) for text in (row["reason"], *row["evidence"])]

        assert all(texts)
        assert [text for text in texts if ABSOLUTE.search(text)] == []

    @pytest.mark.shared_data
    @needs_public_tables
    def test_every_package_exists(self, overrides: tuple[Override, ...], known: frozenset[str]) -> None:
        """What is named as the answer, as a spec or as a trap is a package that people can meet."""
        named = {name for row in overrides for name in (*row.rejected, *([row.conda] if row.conda else ()))}
        named |= {MatchSpec(text).name.normalized for row in overrides for text in row.specs}

        assert sorted(named - known) == []

    @pytest.mark.shared_data
    @needs_public_tables
    def test_what_is_a_distribution_carries_it(
        self, overrides: tuple[Override, ...], carried: Mapping[str, frozenset[str]]
    ) -> None:
        """The dist-info was seen in builds, for each relation that says so."""
        rows = [row for row in overrides if row.relation in {Relation.DIST, Relation.BASE, Relation.PART}]

        assert len(rows) > 100
        assert [row.pypi for row in rows if row.pypi not in carried[row.conda or ""]] == []

    @pytest.mark.shared_data
    @needs_public_tables
    def test_what_is_no_distribution_carries_none(
        self, overrides: tuple[Override, ...], carried: Mapping[str, frozenset[str]]
    ) -> None:
        """A program or library with a dist-info would be more than its row says."""
        rows = [row for row in overrides if row.relation in WITHOUT_DIST_INFO]

        assert len(rows) > 100
        assert [row.pypi for row in rows if carried[row.conda or ""]] == []


class TestBundlers:
    """Each row of `names/bundlers.yaml`."""

    def test_it_is_sorted(self) -> None:
        """A person finds a package; a package is there once, a project once in a row."""
        packages = [row["conda"] for row in load_rows("bundlers")]

        assert 15 <= len(packages) == len(set(packages))
        assert packages == sorted(packages)
        assert [row["conda"] for row in load_rows("bundlers") if row["not_theirs"] != sorted(row["not_theirs"])] == []

    def test_nobody_loses_a_distribution_of_its_own(self, overrides: tuple[Override, ...]) -> None:
        """A package is no stranger to itself, and no row ties it to a project that is not its own."""
        strangers = {(row["conda"], project) for row in load_rows("bundlers") for project in row["not_theirs"]}
        own = {(row.conda, row.pypi) for row in overrides} | {
            (row["conda"], canonicalize_name(row["conda"])) for row in load_rows("bundlers")
        }

        assert strangers & own == set()

    @pytest.mark.shared_data
    @needs_public_tables
    def test_each_stranger_was_seen_and_lives_elsewhere(
        self, carried: Mapping[str, frozenset[str]], owners: Mapping[str, frozenset[str]]
    ) -> None:
        """The only package with a dist-info is not called a stranger to it."""
        pairs = [(row["conda"], project) for row in load_rows("bundlers") for project in row["not_theirs"]]

        assert [pair for pair in pairs if pair[1] not in carried[pair[0]]] == []
        assert [pair for pair in pairs if owners[pair[1]] == {pair[0]}] == []
        assert Counter(package for package, _ in pairs)["jupyter-sphinx"] > 50
