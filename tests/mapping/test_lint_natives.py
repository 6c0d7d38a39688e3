import pytest

from tests.linting import expected_line, lint, told
from wheelbridge.mapping.linting.rows import Table

ACCOUNT = "  reason: a reason\n  evidence: [an issue]\n  reviewed: 2026-11-21\n"
WHEELS = f"""\
- pypi: pyodbc
  pypi_range: ">=4"
  depends: [unixodbc >=2.3]
  when: ["linux-*", "osx-*"]
  relation: library
{ACCOUNT}"""
SONAMES = f"""\
- soname: libodbc.so.2
  when: ["linux-*"]
  conda: unixodbc
  relation: library
{ACCOUNT}"""
PROVIDERS = f"""\
- package: nvidia-variant-provider
  namespace: nvidia
  plugin_api: ["nvidia_variant_provider.plugin:NvidiaVariantPlugin"]
  rules: nvidia
  features:
    - name: cuda_version_lower_bound
      virtual_package: __cuda
      exact: true
      example: {{values: ["12.8"], requires: "__cuda >=12.8"}}
{ACCOUNT}"""
SECOND = """\
    - {name: cuda_version_lower_bound, virtual_package: __x, exact: true, example: {values: ["1"], requires: __x}}"""
RUNTIMES = f"""\
- runtime: libgomp
  kind: openmp
  conda: [libodbc]
  sonames: ["libgomp*.so*"]
  conflicts: [llvm-openmp]
  relation: library
{ACCOUNT}- runtime: llvm-openmp
  kind: openmp
  pypi: [intel-openmp]
  conda: [libodbc]
  sonames: ["libomp*.so*"]
  conflicts: [libgomp]
  relation: library
{ACCOUNT}"""
TABLES = {
    Table.WHEELS: WHEELS,
    Table.SONAMES: SONAMES,
    Table.PROVIDERS: PROVIDERS,
    Table.RUNTIMES: RUNTIMES,
}


@pytest.mark.parametrize("table", TABLES)
def test_good_tables_have_no_findings(table: Table) -> None:
    """What the cases below break is sound."""
    assert lint(table, TABLES[table]) == ()


@pytest.mark.parametrize(
    ("table", "code", "old", "new"),
    [
        (Table.WHEELS, "WB002", "  depends: [unixodbc >=2.3]\n", ""),
        (Table.WHEELS, "WB003", "depends:", "depend: []  # <-\n  depends:"),
        (Table.WHEELS, "WB010", "unixodbc >=2.3", "unixodbc >>2.3]  # <-\n  one_of: [openssl, zlib"),
        (Table.WHEELS, "WB012", "[unixodbc >=2.3]", "[unixodbd]  # <-"),
        (Table.WHEELS, "WB012", "depends: [unixodbc >=2.3]", "one_of: [openssl, unixodbd]  # <-"),
        (Table.WHEELS, "WB016", '"osx-*"]', '"macos-*"]  # <-'),
        (Table.WHEELS, "WB101", "pypi: pyodbc", "pypi: PyODBC  # <-"),
        (Table.WHEELS, "WB110", '">=4"', '">=4,<4"  # <-'),
        (Table.WHEELS, "WB302", "[unixodbc >=2.3]", "[unixodbc, numpy]  # <-"),
        (Table.SONAMES, "WB002", "soname: libodbc.so.2", "soname: /usr/lib/libodbc.so.2  # <-"),
        (Table.SONAMES, "WB005", "evidence: [an issue]", "evidence: []  # <-"),
        (Table.SONAMES, "WB012", "conda: unixodbc", "conda: unixodbd  # <-"),
        (Table.SONAMES, "WB016", '"linux-*"', '"linux-*", unix]  # <-\n  specs: ["unixodbc"'),
        (Table.SONAMES, "WB302", "conda: unixodbc", "conda: arrow  # <-"),
        (Table.SONAMES, "WB303", 'libodbc.so.2\n  when: ["linux-*"]', "ODBC32.dll  # <-"),
        (Table.PROVIDERS, "WB002", "rules: nvidia", "rules: nvidea  # <-"),
        (Table.PROVIDERS, "WB010", "__cuda >=12.8", "__cuda ==12.*"),
        (Table.PROVIDERS, "WB101", "package: nvidia-", "package: nvidia_  # <-\n  #"),
        (Table.PROVIDERS, "WB401", "virtual_package: __cuda", "virtual_package: cuda  # <-"),
        (Table.PROVIDERS, "WB402", '"__cuda >=12.8"', '"__glibc >=12.8"'),
        (Table.PROVIDERS, "WB403", "  reason:", f"{SECOND}  # <-\n  reason:"),
        (Table.RUNTIMES, "WB002", "kind: openmp", "kind: openpm  # <-"),
        (Table.RUNTIMES, "WB012", "conda: [libodbc]", "conda: [libgomp]  # <-"),
        (Table.RUNTIMES, "WB101", "[intel-openmp]", "[intel_openmp]  # <-"),
        (Table.RUNTIMES, "WB404", "[llvm-openmp]", "[llvm-opnmp, llvm-openmp]  # <-"),
    ],
)
def test_a_broken_row_is_found_at_its_line(table: Table, code: str, old: str, new: str) -> None:
    """Just the rule that it breaks, just there."""
    assert old in TABLES[table]
    text = TABLES[table].replace(old, new, 1)
    first = {("WB010", Table.PROVIDERS): 9, ("WB402", Table.PROVIDERS): 9}
    if code == "WB401":
        text = text.replace("__cuda >=12.8", "cuda >=12.8")

    assert told(lint(table, text)) == [(code, first.get((code, table)) or expected_line(text))]


def test_runtimes_that_conflict_say_so_both() -> None:
    """Whoever loads one must learn it from either."""
    text = RUNTIMES.replace("  conflicts: [libgomp]\n", "").replace("[llvm-openmp]", "[llvm-openmp]  # <-")

    assert told(lint(Table.RUNTIMES, text)) == [("WB404", expected_line(text))]


def test_a_file_is_one_runtime() -> None:
    """Rivals may have one name: that is what they conflict about."""
    text = RUNTIMES.replace('["libomp*.so*"]', '["libomp*.so*", "libgomp*.so*"]  # <-')
    strangers = text.replace("  conflicts: [libgomp]\n", "").replace("  conflicts: [llvm-openmp]\n", "")

    assert lint(Table.RUNTIMES, text) == ()
    assert told(lint(Table.RUNTIMES, strangers)) == [("WB405", expected_line(strangers))]


@pytest.mark.parametrize(
    ("second", "codes"),
    [
        ("  conda: unixodbc\n  relation: library\n", ["WB301"]),
        ("  conda: null\n  relation: none\n", ["WB301"]),
        ("  conda: libodbc\n  relation: library\n", []),
        ("  conda: unixodbc\n  relation: library\n  channels: [bioconda]\n", []),
        ("  conda: unixodbc\n  relation: library\n  when: [osx-64]\n", []),
    ],
)
def test_two_rows_of_a_soname_may_offer_a_choice_and_not_contradict(second: str, codes: list[str]) -> None:
    """Two packages are a choice; one package twice, or a package and none, are not."""
    text = SONAMES + f"- soname: libodbc.so.2\n{second}{ACCOUNT}"

    assert [finding.code for finding in lint(Table.SONAMES, text)] == codes


def test_a_project_may_have_rows_for_several_versions_and_platforms() -> None:
    """But not the same twice."""
    other = WHEELS.replace(">=4", "<4")

    assert lint(Table.WHEELS, WHEELS + other) == ()
    assert told(lint(Table.WHEELS, WHEELS + WHEELS)) == [("WB014", 9)]
    assert told(lint(Table.WHEELS, WHEELS + other.replace("pyodbc", "pymssql"))) == [("WB009", 9)]


@pytest.mark.parametrize(("table", "more"), [(Table.WHEELS, "numpy"), (Table.WHEELS, "zlib")])
def test_python_may_be_meant(table: Table, more: str) -> None:
    """The evidence says so, or the row is about a program."""
    text = WHEELS.replace("unixodbc >=2.3", more)

    assert lint(table, text.replace("an issue", f"{more} 1.0 has a dist-info")) == ()
    assert lint(table, text.replace("relation: library", "relation: tool")) == ()


def test_provenance_relieves_of_the_account() -> None:
    """What is taken from upstream has nobody who looked."""
    text = SONAMES.replace(ACCOUNT, "  provenance: upstream\n")

    assert lint(Table.SONAMES, text) == ()
    assert [finding.code for finding in lint(Table.SONAMES, text.replace("upstream", "curated"))] == [
        "WB004",
        "WB005",
        "WB006",
    ]
