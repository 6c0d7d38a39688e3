import pytest

from tests.linting import document, expected_line, lint, told
from wheelbridge.mapping.linting.findings import DropRow, ReplaceText, Severity
from wheelbridge.mapping.linting.rows import Table

GOOD = """\
# Curated names.

- pypi: tzdata
  conda: python-tzdata
  relation: dist
  not: [tzdata]
  reason: conda tzdata is the database
  evidence:
    - parselmouth issue 82
  reviewed: 2026-11-21
"""
MORE = """
- pypi: zdata
  conda: zlib
  relation: library
  reason: the C library
  evidence: [an issue]
  reviewed: 2026-11-21
"""


def test_a_good_table_has_no_findings() -> None:
    """What the cases below break is sound."""
    assert lint(Table.NAMES, GOOD + MORE) == ()
    assert lint(Table.NAMES, "[]") == ()
    assert lint(Table.NAMES, "[]") == ()


@pytest.mark.parametrize(
    ("code", "old", "new"),
    [
        ("WB002", "  relation: dist\n", ""),
        ("WB002", "relation: dist", "relation: dits"),
        ("WB002", "not: [tzdata]", "not: tzdata"),
        ("WB002", "conda: python-tzdata", "conda: Python tzdata"),
        ("WB003", "reviewed:", "evidnce: []  # <-\n  reviewed:"),
        ("WB003", "reviewed:", "evidnce:  # <-\n    - x\n  reviewed:"),
        ("WB004", "reason: conda tzdata is the database", "reason: ' '  # <-"),
        ("WB004", "  reason: conda tzdata is the database\n", ""),
        ("WB005", "evidence:\n    - parselmouth issue 82", "evidence: []  # <-"),
        ("WB006", "  reviewed: 2026-11-21\n", ""),
        ("WB007", "reviewed: 2026-11-21", "reviewed: 2024-11-20  # <-"),
        ("WB008", "reviewed: 2026-11-21", "reviewed: yesterday  # <-"),
        ("WB008", "reviewed: 2026-11-21", "reviewed: 2026-11-22  # <-"),
        ("WB010", "reviewed:", "specs: ['zlib ==1.*']  # <-\n  reviewed:"),
        ("WB011", "reviewed:", "specs: [\"{{ compiler('c') }}\"]  # <-\n  reviewed:"),
        ("WB012", "conda: python-tzdata", "conda: python-tzdta  # <-"),
        ("WB012", "reviewed:", "specs: [zlib, zlob >=1]  # <-\n  reviewed:"),
        ("WB015", "reason: conda tzdata is", "reason: conda  tzdata is  # <-"),
        ("WB015", "- parselmouth issue 82", "- 'parselmouth issue 82 '  # <-"),
        ("WB101", "pypi: tzdata", "pypi: TZ_data  # <-"),
        ("WB102", "pypi: tzdata", "pypi: unknown  # <-"),
        ("WB102", "pypi: tzdata", "pypi: 0164e082b29777fbc56c2373b68da93d23a29a04  # <-"),
        ("WB107", "not: [tzdata]", "not: [tzdata, tzdota]  # <-"),
        ("WB107", "not: [tzdata]", "not:\n    - tzdata\n    - tzdota  # <-"),
        ("WB108", "not: [tzdata]", "not: [tzdata, python-tzdata]  # <-"),
        ("WB109", "relation: dist", "relation: none  # <-"),
        ("WB109", "conda: python-tzdata\n  relation: dist", "conda: null\n  relation: dist  # <-"),
        ("WB110", "reviewed:", "pypi_range: '>=2,<1'  # <-\n  reviewed:"),
    ],
)
def test_a_broken_row_is_found_at_its_line(code: str, old: str, new: str) -> None:
    """Just the rule that it breaks, just there."""
    assert old in GOOD
    text = GOOD.replace(old, new, 1)

    assert told(lint(Table.NAMES, text)) == [(code, expected_line(text))]


@pytest.mark.parametrize(
    ("code", "second"),
    [
        ("WB009", MORE.replace("zdata", "apple  # <-")),
        ("WB014", MORE.replace("zdata", "tzdata  # <-")),
        ("WB103", MORE.replace("conda: zlib\n  relation: library", "conda: python-tzdata  # <-\n  relation: dist")),
    ],
)
def test_what_two_rows_break_is_found_at_the_second(code: str, second: str) -> None:
    """Order and uniqueness."""
    assert told(lint(Table.NAMES, GOOD + second)) == [(code, expected_line(GOOD + second))]


def test_rows_of_two_channels_may_be_about_one_project() -> None:
    """Names are per channel."""
    second = GOOD.partition("\n\n")[2].replace("reviewed", "channels: [bioconda]\n  reviewed")

    assert lint(Table.NAMES, GOOD + second) == ()


def _row(project: str, conda: str, relation: str, more: str = "", *, reason: str = "a reason") -> str:
    return (
        f"- pypi: {project}\n  conda: {conda}\n  relation: {relation}\n{more}"
        f"  reason: {reason}\n  evidence: [an issue]\n  reviewed: 2026-11-21\n"
    )


class TestEvidence:
    """What the generated table knows is held against what people wrote."""

    def test_a_row_that_repeats_the_generated_one_is_redundant(self) -> None:
        """It is dropped by --fix, and only hides later changes."""
        (finding,) = lint(Table.NAMES, _row("numpy", "numpy", "dist"))

        assert (finding.code, finding.line, finding.severity) == ("WB104", 1, Severity.WARNING)
        assert finding.fix == DropRow(0)

    @pytest.mark.parametrize("more", ["  not: [zlib]\n", "  specs: [zlib]\n", "  pypi_range: '>1'\n"])
    def test_a_row_that_says_more_is_not(self, more: str) -> None:
        """Then nothing of it is known otherwise."""
        assert "WB104" not in {finding.code for finding in lint(Table.NAMES, _row("numpy", "numpy", "dist", more))}

    @pytest.mark.parametrize(
        ("text", "line"),
        [
            (_row("docker", "docker", "library"), 2),
            (_row("docker", "null", "none", "  not: [docker]\n"), 2),
            (_row("numpy", "numpy", "tool"), 3),
            (_row("zlib", "numpy", "dist"), 2),
        ],
    )
    def test_a_contradiction_of_level_4_is_found(self, text: str, line: int) -> None:
        """Recipe and dist-info agree on something else, and the row does not speak of it."""
        assert told(lint(Table.NAMES, text)) == [("WB105", line)]

    @pytest.mark.parametrize(
        "text",
        [
            _row("docker", "docker", "library", "  not: [docker-py]\n"),
            _row("docker", "docker", "library", reason="docker-py was given up"),
            _row("numpy", "numpy", "tool", reason="its dist-info is gone since 3.0"),
            _row("zlib", "numpy", "dist", reason="numpy has changed hands"),
            _row("zstd", "zlib", "library"),
        ],
    )
    def test_a_row_that_speaks_of_the_evidence_may_contradict_it(self, text: str) -> None:
        """In 'not', in the reason or in the evidence; below level 4 there is nothing to explain."""
        assert lint(Table.NAMES, text) == ()

    def test_part_of_another_name_explains_nothing(self) -> None:
        """docker-py-more is not docker-py."""
        text = _row("docker", "docker", "library", reason="docker-py-more was given up")

        assert told(lint(Table.NAMES, text)) == [("WB105", 2)]

    def test_a_project_of_its_own_row_frees_the_package(self) -> None:
        """Whoever answers for numpy has seen that its package is somebody else's."""
        rows = _row("numpy", "null", "none", "  not: [numpy]\n") + _row("zlib", "numpy", "dist")

        assert lint(Table.NAMES, rows) == ()

    def test_the_identity_trap(self) -> None:
        """Conda's h3 is the C library; only somebody who saw a dist-info may say otherwise."""
        trap = _row("h3", "h3", "dist")

        assert told(lint(Table.NAMES, trap)) == [("WB106", 2)]
        assert lint(Table.NAMES, trap.replace("an issue", "h3 4.2 has h3-4.2.dist-info")) == ()
        assert lint(Table.NAMES, trap.replace("dist", "library")) == ()

    def test_none_where_a_package_has_the_name(self) -> None:
        """Unless that is rejected by name."""
        assert told(lint(Table.NAMES, _row("zlib", "null", "none"))) == [("WB111", 3)]
        assert lint(Table.NAMES, _row("zlib", "null", "none", "  not: [zlib]\n")) == ()

    def test_what_the_repodata_lacks_may_be_gone(self) -> None:
        """The generated table never forgets; the channel itself does."""
        text = _row("tzdata", "python-tzdata", "dist", "  not: [zlib]\n")

        assert told(lint(Table.NAMES, text, present=frozenset({"zlib"}))) == [("WB013", 2)]
        assert lint(Table.NAMES, text, present=frozenset({"zlib", "python-tzdata"})) == ()

    def test_what_only_the_repodata_has_is_known(self) -> None:
        """A package may be newer than the generated table."""
        text = _row("tzdata", "new-tzdata", "dist")

        assert told(lint(Table.NAMES, text)) == [("WB012", 2)]
        assert lint(Table.NAMES, text, present=frozenset({"new-tzdata"})) == ()


def test_a_fix_says_what_to_write() -> None:
    """A value that needs nobody's judgement."""
    (finding,) = lint(Table.NAMES, GOOD.replace("pypi: tzdata", "pypi: TZ_data"))

    assert finding.fix == ReplaceText((0, "pypi"), "tz-data")
    assert (finding.key, finding.path) == ("TZ_data", "[0].pypi")


@pytest.mark.parametrize("text", ["tzdata", "- tzdata", "a: b"])
def test_a_file_of_another_shape_is_found(text: str) -> None:
    """Once, and nothing breaks."""
    assert told(lint(Table.NAMES, text)) == [("WB002", 1)]


@pytest.mark.parametrize("text", ["", "# all gone\n"])
def test_an_empty_file_is_no_table(text: str) -> None:
    """Somebody emptied it: `[]` is a table without rows."""
    (finding,) = lint(Table.NAMES, text)

    assert (finding.code, finding.line, finding.message) == ("WB002", None, "The table is empty")


@pytest.mark.parametrize(
    ("code", "old", "new"),
    [
        ("WB003", "  conda: zlib", "  more: 1\n  conda: zlib"),
        ("WB003", "  conda: zlib", "  more: null\n  conda: zlib"),
        ("WB004", "  reason: the C library\n", ""),
        ("WB005", "[an issue]", "[]"),
        ("WB006", "  reviewed: 2026-11-21\n", ""),
        ("WB008", "2026-11-21", "soon"),
        ("WB009", "zdata", "apple"),
        ("WB012", "specs: []", "specs: [nowhere]"),
        ("WB014", "zdata", "tzdata"),
        ("WB101", "zdata", "Z_data"),
    ],
)
def test_no_finding_waits_behind_another(code: str, old: str, new: str) -> None:
    """A parser stops at its first problem; the lint tells both, so that a second run has nothing new."""
    row = MORE.replace("conda: zlib", "conda: zlib!\n  specs: []")
    assert [finding.code for finding in lint(Table.NAMES, GOOD + row)] == ["WB002"]

    found = lint(Table.NAMES, GOOD + row.replace(old, new, 1))

    assert sorted(finding.code for finding in found) == sorted([code, "WB002"])
    assert "'zlib!'" in next(finding.message for finding in found if finding.code == "WB002")


def test_a_row_of_another_shape_hides_no_other() -> None:
    """Each row by itself."""
    text = GOOD.replace("relation: dist", "relation: [1]") + MORE.replace("zdata", "Z_data")

    assert [finding.code for finding in lint(Table.NAMES, text)] == ["WB002", "WB101"]


BUNDLER = """\
- conda: openssl
  not_theirs: [pip, six]
  reason: builds once installed them too
  evidence: [an issue]
  reviewed: 2026-11-21
"""


@pytest.mark.parametrize(
    ("code", "old", "new"),
    [
        ("WB002", "  not_theirs: [pip, six]\n", ""),
        ("WB002", "conda: openssl", "conda: openssl!  # <-"),
        ("WB003", "not_theirs:", "relation: dist  # <-\n  not_theirs:"),
        ("WB005", "evidence: [an issue]", "evidence: []  # <-"),
        ("WB012", "conda: openssl", "conda: opensssl  # <-"),
        ("WB101", "[pip, six]", "[pip, SIX]  # <-"),
    ],
)
def test_a_broken_bundler_is_found_at_its_line(code: str, old: str, new: str) -> None:
    """The shared rules hold there, too."""
    text = BUNDLER + BUNDLER.replace(old, new, 1).replace("openssl", "zlib")

    assert [(found.code, found.line) for found in lint(Table.BUNDLERS, text)] == [(code, expected_line(text))]


def test_a_good_bundler_has_no_findings() -> None:
    """What the cases above break is sound."""
    assert lint(Table.BUNDLERS, BUNDLER) == ()


def test_a_bundler_is_not_what_it_bundles() -> None:
    """One of the two tables is wrong."""
    row = _row("six", "openssl", "dist")

    assert told(lint(Table.NAMES, row, document(Table.BUNDLERS, BUNDLER))) == [("WB112", 2)]
    assert lint(Table.NAMES, row.replace("dist", "library"), document(Table.BUNDLERS, BUNDLER)) == ()
    assert lint(Table.NAMES, row.replace("six", "sixes"), document(Table.BUNDLERS, BUNDLER)) == ()
