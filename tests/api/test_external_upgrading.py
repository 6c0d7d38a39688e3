import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wheelbridge.api.external.project_file import ProjectFile, read_project_file
from wheelbridge.api.external.rows import open_external
from wheelbridge.api.external.upgrading import upgrade_file
from wheelbridge.target.detect import detect_target
from wheelbridge.translate.external import translate_external
from wheelbridge.translate.external_table import ExternalTable
from wheelbridge.translate.external_upgrade import plan_upgrade

SHARED = Path(__file__).parents[3] / "shared"
TABLES = SHARED / "data" / "external" / "tables"
ORACLE = SHARED / "vectors" / "external_oracle.json"

unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""The machine may be busy."""

OLD = """\
# This file was made by hand; leave it in order.
[build-system]
requires = ['setuptools >=68']   # quotes stay

[project]
name = "sagelike-gmp" # no version
dynamic = ["version"]

[external]
# Shall be in sync with pyproject.toml.m4
build-requires = [
  "virtual:compiler/c",  # for Cython
  'virtual:compiler/cpp',
\t"pkg:generic/pkg-config (>=0.29)",
]
host-requires = ["pkg:generic/gmp","pkg:generic/mpc" , "pkg:generic/mpfr"]

dependencies = [
]

[tool.sagelike]
note = "pkg:generic/gmp is not for you"
"""

NEW = (
    OLD.replace("virtual:compiler/cpp", "dep:virtual/compiler/cxx")
    .replace('"virtual:compiler/c"', '"dep:virtual/compiler/c"')
    .replace('"pkg:generic/pkg-config (>=0.29)"', '"dep:generic/pkg-config@>=0.29"')
    .replace(
        '"pkg:generic/gmp","pkg:generic/mpc" , "pkg:generic/mpfr"',
        '"dep:generic/gmp","dep:generic/mpc" , "dep:generic/mpfr"',
    )
)


def file_of(text: str) -> ProjectFile:
    """Make a project file out of its text."""
    return ProjectFile(place="pyproject.toml", path=None, text=text, marked=False, data=tomllib.loads(text))


def upgrade(text: str) -> str:
    """Return the upgraded text; nothing may be left over, and once more changes nothing."""
    done = upgrade_file(file_of(text))
    assert done.leftovers == ()
    ExternalTable.parse(tomllib.loads(done.text)["external"])
    again = upgrade_file(file_of(done.text))
    assert (again.text, again.upgrades) == (done.text, ())
    return done.text


class TestText:
    """What is not an old spelling keeps every byte."""

    def test_a_table_of_2023_is_respelled_in_its_place(self) -> None:
        """Comments, order, quotes, tabs, blanks and what only looks like it elsewhere stay."""
        assert upgrade(OLD) == NEW

    def test_line_ends_of_windows_stay(self) -> None:
        """Each of them."""
        assert upgrade(OLD.replace("\n", "\r\n")) == NEW.replace("\n", "\r\n")

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            pytest.param(
                '[external]\nbuild-host-requires  = ["dep:generic/x"]  # why\n',
                '[external]\nhost-requires  = ["dep:generic/x"]  # why\n',
                id="renamed key",
            ),
            pytest.param(
                '[external]\n"build_requires" = ["dep:generic/x"]\n',
                '[external]\n"build-requires" = ["dep:generic/x"]\n',
                id="underscores, quoted",
            ),
            pytest.param(
                'external.build-host-requires = ["virtual:interface/blas"]\n[project]\nname = "x"\n',
                'external.host-requires = ["dep:virtual/interface/blas"]\n[project]\nname = "x"\n',
                id="dotted",
            ),
            pytest.param(
                "[external]\noptional-build-host-requires . a = ['pkg:generic/x']\n"
                "optional-build-host-requires.b = []\n",
                "[external]\noptional-host-requires . a = ['dep:generic/x']\noptional-host-requires.b = []\n",
                id="dotted within",
            ),
            pytest.param(
                'external = { build-host-requires = ["pkg:generic/x"], optional-build-host-requires = {a=[]} }',
                'external = { host-requires = ["dep:generic/x"], optional-host-requires = {a=[]} }',
                id="on one line, without an end",
            ),
            pytest.param(
                '[external.optional-build-host-requires] # o\nxcb = [ "pkg:generic/libxcb" ]\n[tool.x]\ny = 1\n'
                '[external.dependency-groups]\ntest = ["pkg:generic/x", {include-group = "more"}]\nmore = []\n',
                '[external.optional-host-requires] # o\nxcb = [ "dep:generic/libxcb" ]\n[tool.x]\ny = 1\n'
                '[external.dependency-groups]\ntest = ["dep:generic/x", {include-group = "more"}]\nmore = []\n',
                id="in parts",
            ),
            pytest.param(
                "[external]\ndependencies = [\"pkg:generic/x; sys_platform == 'linux'\"]\n",
                "[external]\ndependencies = [\"dep:generic/x; sys_platform == 'linux'\"]\n",
                id="marker",
            ),
            pytest.param(
                "[external]\ndependencies = [\"\"\"pkg:generic/x\"\"\", '''pkg:generic/y''']\n",
                "[external]\ndependencies = [\"\"\"dep:generic/x\"\"\", '''dep:generic/y''']\n",
                id="three quotes",
            ),
            pytest.param(
                '[external]\ndependencies = ["""pkg:a/x; os_name == \\"nt\\"""", "pkg:a/y;\tos_name==\'nt\'"]\n',
                '[external]\ndependencies = ["""dep:a/x; os_name == \\"nt\\"""", "dep:a/y;\tos_name==\'nt\'"]\n',
                id="escapes and tabs of markers",
            ),
            pytest.param(
                '[external]\ndependencies = ["pkg:generic/foo~bar", "pkg:generic/foo~1 (>=1)"]\n',
                '[external]\ndependencies = ["dep:generic/foo~bar", "dep:generic/foo~1@>=1"]\n',
                id="tilde",
            ),
        ],
    )
    def test_every_way_to_write_the_table(self, old: str, new: str) -> None:
        """TOML has many ways to say one thing; each stays what it is."""
        assert upgrade(old) == new


class TestBothSpellings:
    """A key in its old and in its current spelling becomes one."""

    def test_arrays_are_put_together(self) -> None:
        """What is there already is not there twice; no comment is lost."""
        text = """\
[external]
host-requires = [
  "dep:generic/a",  # why a
  'dep:generic/b' # no comma
] # end
# about the old key
build-host-requires = [
  "pkg:generic/a", # again
  "pkg:generic/b",
  # alone
  "pkg:generic/c (>=1.2)", # why c
] # tail
[tool.x]
"""
        assert (
            upgrade(text)
            == """\
[external]
host-requires = [
  "dep:generic/a",  # why a
  'dep:generic/b', # no comma
  # again
  # alone
  "dep:generic/c@>=1.2", # why c
] # end
# about the old key
# tail
[tool.x]
"""
        )

    def test_a_comment_before_the_bracket(self) -> None:
        """The comma stands behind the last value, not behind the comment."""
        text = (
            '[external]\nhost-requires = [ # c\n  "dep:generic/a",\n  "dep:generic/x"\n# own\n]\n'
            'build-host-requires = ["dep:generic/b"]\n'
        )

        assert upgrade(text) == (
            '[external]\nhost-requires = [ # c\n  "dep:generic/a",\n  "dep:generic/x",\n# own\n  "dep:generic/b"\n]\n'
        )

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ('[\n]\nbuild-host-requires = [\n  # own\n  "dep:generic/b",\n]', '[\n  # own\n  "dep:generic/b",\n]'),
            (
                '["dep:generic/a"]\nbuild-host-requires = ["dep:generic/a", # a\n "dep:generic/b" # b\n]',
                '["dep:generic/a",\n # a\n "dep:generic/b" # b\n]',
            ),
            (
                '[\n  "dep:generic/a" , # a\n]\nbuild-host-requires = [\n  "dep:generic/b",\n  "dep:generic/a",\n]',
                '[\n  "dep:generic/a" , # a\n  "dep:generic/b",\n]',
            ),
            ('[]\nbuild-host-requires = [ "dep:generic/b" ]', '["dep:generic/b"]'),
        ],
        ids=["empty", "comments", "twice", "on one line"],
    )
    @pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["LF", "CRLF"])
    def test_line_ends_stay(self, old: str, new: str, end: str) -> None:
        """No LF comes into a file of Windows."""
        before, after = (f"[external]\nhost-requires = {text}\n".replace("\n", end) for text in (old, new))

        assert upgrade(before) == after

    def test_two_old_spellings_become_the_first(self) -> None:
        """Three spellings of one key, none of them current."""
        text = (
            'external.host_requires = ["dep:generic/a"]\n'
            'external.build-host-requires = ["dep:generic/b", "dep:generic/a"]\n'
        )

        assert upgrade(text) == 'external.host-requires = ["dep:generic/a", "dep:generic/b"]\n'

    def test_tables_are_put_together(self) -> None:
        """By extra; what stands below the old table stays there."""
        text = """\
[external.optional-host-requires]
a = ["dep:generic/x"]

# the old ones
[external.optional-build-host-requires] # header
b = ["dep:generic/y"] # b
a = ["dep:generic/z"]

# about tool
[tool.z]
"""
        assert (
            upgrade(text)
            == """\
[external.optional-host-requires]
a = ["dep:generic/x", "dep:generic/z"]
b = ["dep:generic/y"] # b

# the old ones
# header

# about tool
[tool.z]
"""
        )

    def test_what_is_written_in_different_ways_is_left(self) -> None:
        """Nothing is written then, and the reason is told."""
        text = (
            '[external]\noptional-build-host-requires.a = ["dep:generic/x"]\noptional-build-host-requires.b = []\n'
            "[external.optional-host-requires]\nc = []\n"
        )

        done = upgrade_file(file_of(text))

        assert done.text == text
        assert "'optional-build-host-requires' is written in parts" in done.leftovers[0].reason


class TestLeftovers:
    """What no rule upgrades is listed with its path and a reason; the rest is upgraded."""

    @pytest.mark.parametrize(
        ("table", "path", "reason"),
        [
            pytest.param(
                {"dependencies": [{"name": "nodejs", "version": ">=14"}]},
                "external.dependencies[0]",
                "expected a text such as 'dep:generic/zlib@>=1.2', got a table",
                id="home-made table",
            ),
            pytest.param({"ops": ["x"]}, "external.ops", "PEP 725 has no such key", id="unknown key"),
            pytest.param(
                {"build-requires": ["dep:virtual/interpreter/python"]},
                "external.build-requires[0]",
                "'dep:virtual/interpreter/python' is no external dependency: "
                "a virtual id is 'dep:virtual/compiler/…' or 'dep:virtual/interface/…'",
                id="unknown namespace",
            ),
            pytest.param(
                {"host-requires": "pkg:generic/x"},
                "external.host-requires",
                "expected an array of texts, got str",
                id="text",
            ),
            pytest.param(
                {"optional-dependencies": ["x"]},
                "external.optional-dependencies",
                "expected a table, got list",
                id="list",
            ),
            pytest.param(
                {"dependency-groups": {"a": [{"include-group": "b"}]}},
                "external.dependency-groups.a[0]",
                "there is no group 'b': a -> b",
                id="wrong only as a whole",
            ),
            pytest.param(
                {"host-requires": [], "build-host-requires": "x"},
                "external.build-host-requires",
                "the key is there in both spellings, and their values cannot be put together",
                id="both spellings, of different kinds",
            ),
            pytest.param([], "external", "expected a table, got list", id="no table"),
            pytest.param(
                {"dependencies": ["pkg:generic/x (~=1.2)"]},
                "external.dependencies[0]",
                "'pkg:generic/x (~=1.2)' is no external dependency: it does not begin with 'dep:'; as it is written "
                "today, 'dep:generic/x@~=1.2', it has the version '~=1.2', which PEP 725 does not allow",
                id="old, and wrong today",
            ),
        ],
    )
    def test_they_are_told(self, table: Any, path: str, reason: str) -> None:
        """Each with its place and why."""
        assert (path, reason) in [(one.path, one.reason) for one in plan_upgrade(table).leftovers]

    def test_the_rest_is_upgraded(self) -> None:
        """So that it can be written with --partial."""
        text = (
            '[external]\nops = ["pkg:generic/x"] # mine\nbuild-requires = ["virtual:compiler/c", {name = "x"}]\n'
            'optional-dependencies = ["pkg:generic/x"]\ndependencies = {a = ["pkg:generic/x"]}\n'
        )

        done = upgrade_file(file_of(text))

        assert done.text == text.replace("virtual:", "dep:virtual/")
        assert [one.path for one in done.leftovers] == [
            "external.ops",
            "external.build-requires[1]",
            "external.optional-dependencies",
            "external.dependencies",
        ]


class TestCurrentTables:
    """A table that follows the current draft is not touched."""

    specifiers = st.sampled_from(
        [
            "dep:generic/zlib",
            "dep:generic/zlib@>=1.2,<2",
            "DEP:Virtual/Compiler/C",
            "dep:github/OpenMathLib/OpenBLAS",
            "dep:generic/x; sys_platform == 'win32'",
        ]
    )
    lists = st.lists(specifiers)
    tables = st.fixed_dictionaries(
        {},
        optional={
            **dict.fromkeys(("build-requires", "host-requires", "dependencies"), lists),
            **dict.fromkeys(
                ("optional-build-requires", "optional-host-requires", "optional-dependencies", "dependency-groups"),
                st.dictionaries(st.sampled_from(["a", "b"]), lists),
            ),
        },
    )
    respelled = (("dep:virtual/compiler/", "virtual:compiler/"), ("dep:generic/", "pkg:generic/"))

    @unhurried
    @given(tables)
    def test_nothing_changes(self, table: dict[str, Any]) -> None:
        """Whatever is in it."""
        plan = plan_upgrade(table)

        assert (plan.data, plan.upgrades, plan.leftovers) == (table, (), ())

    @unhurried
    @given(tables, st.sampled_from(["", "\r"]), st.booleans())
    def test_an_old_one_becomes_it_and_stays(self, table: dict[str, Any], end: str, renamed: bool) -> None:
        """Idempotent: the second run changes no byte."""
        new = f"[external]{end}\n" + "".join(f"{key} = {_toml(value)} # c{end}\n" for key, value in table.items())
        old = new
        for current, former in self.respelled:
            old = old.replace(current, former)
        if renamed:
            old = old.replace("\nhost-requires", "\nbuild-host-requires")

        assert upgrade(old) == new


def _toml(value: Any) -> str:
    """Write a list, or a table of lists, on one line; JSON's texts are TOML's."""
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{key} = {_toml(item)}' for key, item in value.items())} }}"
    return json.dumps(value)


class TestFiles:
    """A file, a folder, standard input."""

    def test_a_byte_order_mark_stays(self, tmp_path: Path) -> None:
        """Some editors write one; TOML does not know it."""
        path = tmp_path / "pyproject.toml"
        path.write_bytes(b"\xef\xbb\xbf" + OLD.encode())

        done = upgrade_file(read_project_file(str(tmp_path)))
        done.write(path)

        assert path.read_bytes() == b"\xef\xbb\xbf" + NEW.encode()

    def test_a_file_without_a_table_is_as_it_should_be(self) -> None:
        """There is nothing to upgrade."""
        done = upgrade_file(file_of('[project]\nname = "x"\n'))

        assert (done.upgrades, done.leftovers, done.diff) == ((), (), "")


@pytest.mark.shared_data
@pytest.mark.skipif(not TABLES.is_dir(), reason="the collected tables are not beside the checkout")
class TestCollectedTables:
    """Real tables: 37 of external-deps-build, 56 of passagemath as of 2023."""

    def test_all_of_them_can_be_translated_afterwards(self) -> None:
        """Byte for byte, only the key of the detour of 2025 changes."""
        rows, paths = open_external(), sorted(TABLES.glob("*.toml"))
        renamed = 0
        assert len(paths) == 37
        for path in paths:
            text = path.read_text("utf-8")
            new = upgrade(text)
            renamed += new != text
            assert new == text.replace("build-host-requires", "host-requires")
            table = ExternalTable.parse(tomllib.loads(new)["external"])
            for subdir in ("linux-64", "osx-arm64", "win-64"):
                found = translate_external(table, detect_target(subdir), rows, extras=sorted(table.extras))
                assert {one.code for one in found.unmapped} <= {"unmapped-external-dependency"}
                assert len(found.build) + len(found.host) + len(found.run) + len(found.unmapped) > 0
        assert renamed == 9

    def test_the_tables_of_2023(self) -> None:
        """All 56 of passagemath are upgraded without leftovers."""
        inputs = [one["input"] for one in json.loads(ORACLE.read_bytes())["tables"] if one["kind"] == "v2"]

        plans = [plan_upgrade(table) for table in inputs]

        assert len(plans) == 56
        assert all(plan.upgrades and not plan.leftovers for plan in plans)
