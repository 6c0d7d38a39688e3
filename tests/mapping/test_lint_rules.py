import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.linting import TODAY, channel
from wheelbridge.api.mapping.lint_files import read_spec
from wheelbridge.mapping.linting.findings import Severity, parse_place, render_place
from wheelbridge.mapping.linting.rows import Document, Facts, Table
from wheelbridge.mapping.linting.rules import RULES, check_documents, choose_codes
from wheelbridge.mapping.linting.shapes import FIELDS, check_file

REPOSITORY = Path(__file__).parents[2]
SCHEMAS = {
    Table.NAMES: "names",
    Table.BUNDLERS: "bundlers",
    Table.EXTERNAL: "external",
    Table.REGISTRY: "registry",
    Table.WHEELS: "wheels",
    Table.SONAMES: "sonames",
    Table.PROVIDERS: "providers",
    Table.RUNTIMES: "runtimes",
}


def test_every_rule_is_seen_to_fire() -> None:
    """Each code is expected by some test beside this one."""
    files = [*Path(__file__).parent.glob("test_lint_*.py"), REPOSITORY / "tests" / "cli" / "test_map_lint.py"]
    expected = "".join(file.read_text(encoding="utf-8") for file in files if file != Path(__file__))

    assert [rule.code for rule in RULES if f'"{rule.code}"' not in expected] == []


def test_codes_are_unique_and_say_what_they_are_about() -> None:
    """0xx all tables, 1xx names, 2xx external, 3xx wheels and sonames, 4xx variants."""
    homes = {
        "1": {Table.NAMES},
        "2": {Table.EXTERNAL, Table.REGISTRY},
        "3": {Table.WHEELS, Table.SONAMES},
        "4": {Table.PROVIDERS, Table.RUNTIMES},
    }
    assert len({rule.code for rule in RULES}) == len(RULES)
    for rule in RULES:
        assert rule.summary.endswith(".")
        assert homes.get(rule.code[2], set(Table)) & rule.tables, rule.code


@pytest.mark.parametrize("table", Table)
def test_fields_are_those_of_the_schema(table: Table) -> None:
    """What the lint calls unknown, the schema refuses, and the other way round."""
    schema = json.loads((REPOSITORY / "mappings" / "schema" / f"{SCHEMAS[table]}.schema.json").read_text("utf-8"))

    row = schema["items"]
    if "$ref" in row:
        row = schema["$defs"][row["$ref"].removeprefix("#/$defs/")]
    assert set(row["properties"]) == FIELDS[table]


def test_without_a_selection_all_rules_count() -> None:
    """And what is ignored does not."""
    assert choose_codes([], []) == {rule.code for rule in RULES}
    assert choose_codes([], ["WB"]) == frozenset()


@pytest.mark.parametrize("text", ["", "[3]", "[3].alternatives[0].host[1]", "names.thing"])
def test_places_are_read_as_they_are_written(text: str) -> None:
    """The parsers of the tables speak of places, too."""
    assert render_place(parse_place(text)) == text


_SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(0, 9)
    | st.sampled_from(
        [
            "",
            " ",
            "numpy",
            "A_b",
            "dep:generic/zlib",
            "dep:virtual/x",
            "zlib >=1",
            "{{ x }}",
            "none",
            "dist",
            "2026-11-21",
            "*",
        ]
    )
)
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["name", "when", "build", "host", "example", "requires", "scheme", "virtual_package"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=6,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(table=st.sampled_from(Table), data=st.data())
def test_whatever_stands_in_a_table_is_told_and_breaks_nothing(table: Table, data: st.DataObject) -> None:
    """The lint is for tables that are wrong; what it finds no error in, the parser takes."""
    fields = st.sampled_from(sorted({*FIELDS[table], "more"}))
    content = data.draw(st.lists(st.dictionaries(fields, _VALUES, max_size=8) | _VALUES, max_size=3))
    document = Document(file="x", table=table, data=content)
    facts = Facts(today=TODAY, read_spec=read_spec, channels={"conda-forge": channel()}, documents=(document,))
    findings = check_documents([document], facts)

    assert all(finding.message and finding.code for finding in findings)
    if not any(finding.severity is Severity.ERROR for finding in findings):
        assert list(check_file(document)) == []
