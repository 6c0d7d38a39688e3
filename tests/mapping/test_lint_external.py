import pytest

from tests.linting import document, expected_line, lint, told
from wheelbridge.mapping.linting.findings import ReplaceText
from wheelbridge.mapping.linting.rows import Table

REGISTRY = """\
- {id: dep:generic/arrow}
- {id: dep:generic/libjpeg}
- {id: dep:generic/openssl}
- id: dep:github/openssl/openssl
  provides: [dep:generic/openssl]
- {id: dep:virtual/interface/blas}
"""
GOOD = """\
- id: dep:generic/openssl
  relation: library
  alternatives:
    - name: unix
      when: ["linux-*", "osx-*"]
      host: [openssl]
      run: [openssl]
    - name: windows
      when: ["win-*"]
      host: [openssl]
  version: {scheme: pep440, apply_to: [openssl]}
  reason: one package has library and headers
  evidence: [the recipe]
  reviewed: 2026-11-21
"""
BLAS = """\
- id: dep:virtual/interface/blas
  relation: library
  alternatives:
    - name: default
      when: ["*"]
      host: [libblas * *_openblas, libcblas]
      recipe: {host: ["{{ pin('libblas') }}"]}
  version: {scheme: reference-lapack, apply_to: [libblas]}
  reason: the reference interface
  evidence: [the recipe]
  reviewed: 2026-11-21
"""
OTHERS = (document(Table.REGISTRY, REGISTRY),)


def test_good_tables_have_no_findings() -> None:
    """What the cases below break is sound; recipe templates may stand below 'recipe'."""
    assert lint(Table.EXTERNAL, GOOD + BLAS, *OTHERS) == ()
    assert lint(Table.REGISTRY, REGISTRY) == ()


@pytest.mark.parametrize(
    ("code", "old", "new"),
    [
        ("WB002", "  relation: library\n", ""),
        ("WB002", "relation: library", "relation: dist  # <-"),
        ("WB002", "apply_to: [openssl]", "apply_to: [opensslx]"),
        ("WB002", "name: windows", "name: unix"),
        ("WB003", "reviewed:", "reveiwed: x  # <-\n  reviewed:"),
        ("WB004", "reason: one package has library and headers", "reason: ''  # <-"),
        ("WB006", "  reviewed: 2026-11-21\n", ""),
        ("WB007", "2026-11-21", "2020-11-21  # <-"),
        ("WB010", "run: [openssl]", "run: [openssl, openssl >>1]  # <-"),
        ("WB011", "run: [openssl]", "run: [openssl, \"{{ compiler('c') }}\"]  # <-"),
        ("WB012", "run: [openssl]", "run: [openssl, m2-openssl]  # <-"),
        ("WB016", 'when: ["win-*"]', 'when: ["win-*", "windows"]  # <-'),
        ("WB201", "id: dep:generic/openssl", "id: dep:generic/openssl@3  # <-"),
        ("WB201", "id: dep:generic/openssl", "id: openssl  # <-"),
        ("WB202", "id: dep:generic/openssl", "id: dep:Generic/openssl  # <-"),
        ("WB203", "id: dep:generic/openssl", "id: dep:generic/openssh  # <-"),
        ("WB203", "relation: library", "relation: library\n  extension: true  # <-"),
        ("WB204", "id: dep:generic/openssl", "id: dep:github/openssl/openssl  # <-"),
        ("WB205", 'when: ["win-*"]', 'when: ["win-*", osx-arm64]  # <-'),
        ("WB206", 'when: ["linux-*", "osx-*"]', 'when: ["linux-*"]'),
        ("WB211", "run: [openssl]", "run: [openssl, arrow]  # <-"),
        ("WB212", "host: [openssl]\n      run", "host: [libblas * *_mkl]\n      run"),
        ("WB213", "host: [openssl]\n      run", "build: [openssl]  # <-\n      run"),
    ],
)
def test_a_broken_row_is_found_at_its_line(code: str, old: str, new: str) -> None:
    """Just the rule that it breaks, just there; missing fields and platforms at the nearest thing there is."""
    assert old in GOOD
    text = GOOD.replace(old, new, 1)
    if code == "WB212":
        text = text.replace("  version: {scheme: pep440, apply_to: [openssl]}\n", "")
    lines = {"WB002": {"opensslx": 11, "name: unix": 3}, "WB206": {"": 3}}.get(code, {})
    expected = next((line for word, line in lines.items() if word in new and "# <-" not in new), expected_line(text))

    assert told(lint(Table.EXTERNAL, text, *OTHERS)) == [(code, expected)]


def test_a_virtual_id_has_a_version_policy() -> None:
    """Its version is of a standard, not of a package."""
    text = BLAS.replace("  version: {scheme: reference-lapack, apply_to: [libblas]}\n", "")

    assert told(lint(Table.EXTERNAL, text, *OTHERS)) == [("WB212", 1)]


@pytest.mark.parametrize(
    "reason", ["Windows has none", "the recipe skips it on win-64", "elsewhere it is the system's"]
)
def test_a_reason_may_speak_of_the_platforms_without_an_alternative(reason: str) -> None:
    """A hole that somebody has seen is an answer."""
    text = GOOD.replace('"win-*"', '"osx-*"').replace('["linux-*", "osx-*"]', '["linux-*"]')

    assert told(lint(Table.EXTERNAL, text, *OTHERS)) == [("WB206", 3)]
    assert lint(Table.EXTERNAL, text.replace("one package has library and headers", reason), *OTHERS) == ()


def test_a_package_of_the_name_may_be_something_else() -> None:
    """Whoever says that an id is not packaged has to speak of the package that is called alike."""
    row = "- id: dep:generic/openssl\n  relation: none\n  alternatives: []\n  reason: R\n  evidence: [e]\n"
    row += "  reviewed: 2026-11-21\n"

    assert told(lint(Table.EXTERNAL, row, *OTHERS)) == [("WB210", 2)]
    assert lint(Table.EXTERNAL, row.replace("R", "conda's openssl is a game"), *OTHERS) == ()


def test_a_python_distribution_may_be_meant() -> None:
    """The evidence says that somebody has seen it."""
    text = GOOD.replace("run: [openssl]", "run: [openssl, arrow]").replace("the recipe", "arrow has a dist-info")

    assert lint(Table.EXTERNAL, text, *OTHERS) == ()


def test_programs_of_a_library_may_be_built_with() -> None:
    """Such as pg_config in libpq: the reason says so, or the package is called so."""
    text = GOOD.replace("host: [openssl]\n      run", "build: [openssl]\n      run")
    named = text.replace("build: [openssl]", "build: [openssl-tools]")

    assert lint(Table.EXTERNAL, text.replace("library and headers", "the program that builds call"), *OTHERS) == ()
    assert lint(Table.EXTERNAL, named, *OTHERS, present=frozenset({"openssl-tools", "openssl"})) == ()


@pytest.mark.parametrize(
    ("code", "old", "new"),
    [
        ("WB003", "provides:", "provide: x  # <-\n  provides:"),
        ("WB014", "{id: dep:generic/libjpeg}", "{id: dep:generic/arrow}  # <-"),
        ("WB201", "{id: dep:generic/libjpeg}", "{id: libjpeg}  # <-"),
        ("WB207", "provides: [dep:generic/openssl]", "provides: [dep:generic/opensl]  # <-"),
        (
            "WB209",
            "{id: dep:virtual/interface/blas}",
            "{id: dep:virtual/interface/blas, provides: [dep:generic/arrow]}",
        ),
    ],
)
def test_a_broken_registry_is_found_at_its_line(code: str, old: str, new: str) -> None:
    """Ids, and what they lead to."""
    assert old in REGISTRY
    text = REGISTRY.replace(old, new, 1)

    assert told(lint(Table.REGISTRY, text)) == [(code, expected_line(text))]


def test_aliases_lead_somewhere() -> None:
    """Both ids of a ring are found, one alone too."""
    ring = REGISTRY.replace(
        "{id: dep:generic/openssl}", "{id: dep:generic/openssl, provides: dep:github/OpenSSL/openssl}"
    )
    alone = REGISTRY.replace("{id: dep:generic/arrow}", "{id: dep:generic/arrow, provides: [dep:generic/arrow]}")

    assert told(lint(Table.REGISTRY, ring)) == [("WB208", 3), ("WB208", 5)]
    assert told(lint(Table.REGISTRY, alone)) == [("WB208", 1)]


def test_what_only_the_parser_knows_is_found_too() -> None:
    """What the lint lets through can be used."""
    text = REGISTRY.replace("[dep:generic/openssl]", "[dep:generic/openssl, dep:generic/arrow]")

    assert told(lint(Table.REGISTRY, text)) == [("WB002", 4)]


def test_a_fix_normalizes_the_id() -> None:
    """The type and whatever it does not tell apart by case."""
    (finding,) = lint(Table.EXTERNAL, GOOD.replace("dep:generic/openssl", "DEP:generic/openssl"), *OTHERS)

    assert finding.fix == ReplaceText((0, "id"), "dep:generic/openssl")
