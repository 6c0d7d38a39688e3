import json
import time
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Run
from tests.linting import KNOWN, generated
from wheelbridge.mapping.generate import render_layer
from wheelbridge.mapping.linting.rows import Table
from wheelbridge.mapping.linting.rules import RULES
from wheelbridge.model.name import CondaName

ACCOUNT = "  reason: a reason\n  evidence: [an issue]\n  reviewed: 2026-11-21\n"
ROW = f"""\
- pypi: tzdata   # the database
  conda: python-tzdata
  relation: dist
{ACCOUNT}"""
GOOD = f"# Curated names.\n\n{ROW}"
BROKEN = f"""\
# Curated names.

# Z comes too early.
- pypi: "Z_data"
  conda: zlib   # the C library
  relation: library
  reason:  "a   reason"
  evidence: [ an issue ]
  reviewed: 2026-11-21

# Repeats the generated table.
- pypi: numpy
  conda: numpy
  relation: dist
{ACCOUNT}
{ROW}"""
MENDED = f"""\
# Curated names.

{ROW}
# Z comes too early.
- pypi: "z-data"
  conda: zlib   # the C library
  relation: library
  reason:  "a reason"
  evidence: [ an issue ]
  reviewed: 2026-11-21
"""


@pytest.fixture
def mappings(tmp_path: Path) -> Path:
    """A folder of tables: names, what is generated of a small channel, and other tables without a row."""
    folder = tmp_path / "mappings"
    for table in Table:
        _write(folder, table.replace("*", "conda-forge"), "[]\n")
    (folder / "names" / "generated").mkdir()
    files = render_layer([generated("numpy", "numpy")], map(CondaName, KNOWN))
    for end, text in ((".tsv", files.projects), (".inverse.tsv", files.packages)):
        (folder / "names" / "generated" / f"conda-forge{end}").write_text(text, encoding="utf-8")
    (folder / "names" / "overrides.yaml").write_text(GOOD, encoding="utf-8")
    return folder


def _write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def _files(mappings: Path) -> list[str]:
    return sorted(str(path) for path in mappings.rglob("*.*") if path.is_file())


def _codes(answer: Any) -> list[tuple[str, int | None]]:
    return [(finding["code"], finding["line"]) for finding in answer["findings"]]


class TestTheShippedTables:
    """What stands in the repository keeps the rules."""

    def test_they_have_no_error(self, run: Run) -> None:
        """Warnings are for people, and are shown here with -s."""
        started = time.process_time()
        ran = run("map", "lint", "--json")

        assert time.process_time() - started < 5
        assert [finding for finding in ran.json["findings"] if finding["severity"] == "error"] == []
        assert ran.code == 0
        for finding in ran.json["findings"]:
            print(finding["code"], finding["key"], finding["message"])

    def test_none_needs_a_fix(self, run: Run) -> None:
        """They are sorted and normalized, and say nothing twice."""
        assert [finding for finding in run("map", "lint", "--json").json["findings"] if finding["fixable"]] == []


def test_good_tables_are_said_to_be_good(run: Run, mappings: Path) -> None:
    """With what was looked at."""
    ran = run("map", "lint", "--mappings", mappings)

    assert (ran.code, ran.out) == (0, "10 files: 0 errors, 0 warnings\n")


def test_an_error_fails_the_command(run: Run, mappings: Path) -> None:
    """With its file and line, and what to do."""
    path = _write(mappings, "names/overrides.yaml", GOOD.replace("relation: dist", "relation: none\n  not: [tzdata]"))
    ran = run("map", "check", "--mappings", mappings)

    assert ran.code == 1
    assert f"{path}:5:3: WB109 error: tzdata: 'conda' is 'python-tzdata', and the relation 'none'" in ran.out
    assert "    'conda' is null exactly where the relation is none." in ran.out
    assert ran.out.endswith("10 files: 1 errors, 0 warnings\n")


def test_a_warning_fails_the_command_only_if_it_shall(run: Run, mappings: Path) -> None:
    """For CI that wants nothing left to look at."""
    _write(mappings, "names/overrides.yaml", GOOD.replace("2026-11-21", "2020-01-01"))

    assert run("map", "lint", "--mappings", mappings).code == 0
    assert run("map", "lint", "--mappings", mappings, "--strict").code == 1


def test_json_holds_all_of_a_finding(run: Run, mappings: Path) -> None:
    """The fields that the documentation names."""
    path = _write(mappings, "names/overrides.yaml", GOOD.replace("tzdata  ", "TZ_data  "))
    ran = run("map", "lint", "--mappings", mappings, "--json")

    assert ran.json == {
        "success": False,
        "counts": {"errors": 1, "warnings": 0, "fixed": 0},
        "files": _files(mappings),
        "findings": [
            {
                "code": "WB101",
                "severity": "error",
                "file": str(path),
                "path": "[0].pypi",
                "line": 3,
                "column": 3,
                "key": "TZ_data",
                "message": "The project 'TZ_data' is not normalized (PEP 503): it is 'tz-data'",
                "hint": "",
                "fixable": True,
            }
        ],
        "fixed": [],
        "notes": [],
    }
    assert run("map", "lint", "--mappings", mappings, "--format", "json").json == ran.json


def test_a_broken_file_hides_no_other(run: Run, mappings: Path) -> None:
    """YAML that is none has a line; what is no text has none; the rest is checked."""
    _write(mappings, "names/overrides.yaml", "- pypi: x\n  conda: [\n")
    _write(mappings, "names/bundlers.yaml", "").write_bytes(b"- conda: \xff\n")
    _write(mappings, "sonames/conda-forge.yaml", "- soname: libz.so.1\n")
    answer = run("map", "lint", "--mappings", mappings, "--select", "WB001,WB004", "--json").json

    assert [(Path(found["file"]).name, found["code"], found["line"]) for found in answer["findings"]] == [
        ("bundlers.yaml", "WB001", None),
        ("overrides.yaml", "WB001", 3),
        ("conda-forge.yaml", "WB004", 1),
    ]
    assert answer["files"] == _files(mappings)


def test_no_tables_is_an_error(run: Run, tmp_path: Path) -> None:
    """A wrong folder must not look like a good one."""
    assert run("map", "lint", "--mappings", tmp_path, "--json").json["error"]["code"] == "missing-table"


class TestGone:
    """Tables that are not there, or not whole: look-ups would answer that there is no row."""

    @pytest.mark.parametrize(
        "name",
        [
            *(table.replace("*", "conda-forge") for table in Table),
            "names/generated/conda-forge.tsv",
            "names/generated/conda-forge.inverse.tsv",
        ],
    )
    def test_a_missing_table_is_an_error(self, run: Run, mappings: Path, name: str) -> None:
        """Each of those that a folder of tables has."""
        (mappings / name).unlink()
        ran = run("map", "lint", "--mappings", mappings, "--json")

        assert ran.code == 1
        assert [(one["code"], one["file"]) for one in ran.json["findings"]] == [("WB017", str(mappings / name))]

    def test_an_emptied_table_is_an_error(self, run: Run, mappings: Path) -> None:
        """Look-ups, coverage and the page fail on it."""
        _write(mappings, "names/overrides.yaml", "")
        ran = run("map", "lint", "--mappings", mappings, "--json")

        assert (ran.code, _codes(ran.json)) == (1, [("WB002", None)])

    @pytest.mark.parametrize(
        ("name", "edit", "line", "words"),
        [
            (".tsv", ("numpy\tnumpy\tdist\t4\n", "<<<<<<< HEAD\n"), 2, "none of this table"),
            (".tsv", ("numpy\tnumpy\tdist\t4\n", "numpy\tnumpy\tdist"), 2, "no end"),
            (".tsv", ("numpy\tnumpy\tdist\t4\n", "numpy\tnumpy\tdist\t4\n" * 2), 3, "not behind"),
            (".tsv", ("numpy\tnumpy\tdist\t4\n", "Num_py\tnumpy\tdist\t4\n"), 2, "none of this table"),
            (".tsv", ("numpy\tnumpy\tdist\t4\n", "numpy\t\tdist\t4\n"), 2, "none of this table"),
            (
                ".tsv",
                ("numpy\tnumpy\tdist\t4\n", "a\tzz\tdist\t4\nnumpy\tnumpy\tdist\t4\n"),
                None,
                "for 'zz' it has nothing",
            ),
            (".tsv", ("numpy\tnumpy\tdist\t4\n", ""), None, "for 'numpy' it has 'numpy', not ''"),
            (".inverse.tsv", ("numpy\tnumpy\n", "numpy\t\n"), None, "for 'numpy' it has '', not 'numpy'"),
            (".inverse.tsv", ("docker\t\n", "zzz\t\n"), 3, "not behind"),
            (".inverse.tsv", ("docker\t\n", "docker\n"), 2, "none of this table"),
        ],
    )
    def test_a_damaged_generated_table_is_an_error(
        self, run: Run, mappings: Path, name: str, edit: tuple[str, str], line: int | None, words: str
    ) -> None:
        """A bad merge, a cut download, an edit by hand; and nothing is judged by what is left."""
        path = mappings / "names" / "generated" / f"conda-forge{name}"
        text = path.read_text(encoding="utf-8")
        assert edit[0] in text
        path.write_text(text.replace(*edit), encoding="utf-8")
        ran = run("map", "lint", "--mappings", mappings, "--json")
        (finding, *others) = ran.json["findings"]

        assert (finding["code"], finding["line"], {one["code"] for one in others} - {"WB113"}) == ("WB113", line, set())
        assert words in finding["message"]
        assert "map sync" in finding["hint"]
        assert ran.code == 1

    @pytest.mark.parametrize(("data", "words"), [(b"", "empty"), (b"# columns\na\xff\n", "UTF-8")])
    def test_bytes_that_are_no_table_are_an_error(self, run: Run, mappings: Path, data: bytes, words: str) -> None:
        """Of any channel."""
        folder = mappings / "names" / "generated"
        (folder / "labs.tsv").write_bytes(data)
        (folder / "labs.inverse.tsv").write_bytes(b"# columns\n")
        (finding,) = run("map", "lint", "--mappings", mappings, "--json").json["findings"]

        assert (finding["code"], Path(finding["file"]).name) == ("WB113", "labs.tsv")
        assert words in finding["message"]

    def test_a_map_of_somebodys_own_is_not_to_blame(self, run: Run, tmp_path: Path) -> None:
        """Where only it is checked, no other file is."""
        path = _write(tmp_path, "own.yaml", "thing: zlib\n")

        assert run("map", "lint", "--map", path, "--json").json["files"] == [str(path)]


def test_nothing_of_a_table_is_a_command_of_the_terminal(run: Run, mappings: Path) -> None:
    """It reaches the screen as text, on its line."""
    row = ROW.replace("tzdata   # the database", '"a\\x1b[31m\\n\\u202eb"')
    _write(mappings, "names/overrides.yaml", row)

    for form in ("text", "github"):
        shown = run("map", "lint", "--mappings", mappings, "--format", form)
        assert not {"\x1b", "\u202e"} & set(shown.out + shown.err)
        assert form == "github" or " a?[31m ?b:" in shown.out
        assert not [line for line in shown.out.splitlines() if line.startswith("?")]


class TestSelection:
    """Rules by code, or by the beginning of one."""

    @pytest.mark.parametrize(
        ("options", "codes"),
        [
            ((), {"WB007", "WB101"}),
            (("--select", "WB0"), {"WB007"}),
            (("--select", "WB101", "--select", "wb007"), {"WB007", "WB101"}),
            (("--ignore", "WB007, WB3"), {"WB101"}),
            (("--select", "WB1", "--ignore", "WB101"), set()),
        ],
    )
    def test_codes_are_chosen(self, run: Run, mappings: Path, options: tuple[str, ...], codes: set[str]) -> None:
        """Several with commas or several options."""
        _write(mappings, "names/overrides.yaml", GOOD.replace("2026", "2020").replace("tzdata  ", "TZ_data  "))
        answer = run("map", "lint", "--mappings", mappings, "--json", *options).json

        assert {code for code, _ in _codes(answer)} == codes

    def test_an_unknown_code_is_refused(self, run: Run, mappings: Path) -> None:
        """A misspelled one must not select nothing."""
        ran = run("map", "lint", "--mappings", mappings, "--ignore", "WB999")

        assert ran.code == 2
        assert "There is no rule 'WB999'" in ran.err

    def test_rules_are_listed(self, run: Run) -> None:
        """Each with its code, once, in order."""
        answer = run("map", "lint", "--rules", "--json").json

        codes = [rule["code"] for rule in answer["rules"]]
        assert codes == sorted(set(codes)) == [rule.code for rule in RULES]
        assert {tuple(sorted(rule)) for rule in answer["rules"]} == {
            ("code", "fixable", "severity", "summary", "tables")
        }
        assert all(code in run("map", "lint", "--rules").out for code in codes)


class TestFix:
    """What needs nobody's judgement is mended; all else stays byte for byte."""

    def test_names_are_normalized_sorted_and_thinned(self, run: Run, mappings: Path) -> None:
        """Texts, then rows, then their order; comments go with their rows."""
        path = _write(mappings, "names/overrides.yaml", BROKEN)
        path.chmod(0o644)
        ran = run("map", "lint", "--mappings", mappings, "--fix", "--json")

        assert path.read_text(encoding="utf-8") == MENDED
        assert sorted(found["code"] for found in ran.json["fixed"]) == ["WB009", "WB015", "WB101", "WB104"]
        assert (ran.code, ran.json["findings"]) == (0, [])

    def test_only_what_is_selected_is_mended(self, run: Run, mappings: Path) -> None:
        """The other findings are not even there."""
        path = _write(mappings, "names/overrides.yaml", BROKEN)
        run("map", "lint", "--mappings", mappings, "--fix", "--select", "WB101")

        assert path.read_text(encoding="utf-8") == BROKEN.replace("Z_data", "z-data")

    def test_nothing_is_invented(self, run: Run, mappings: Path) -> None:
        """Evidence, reasons and dates are people's."""
        text = GOOD.replace(ACCOUNT, "")
        path = _write(mappings, "names/overrides.yaml", text)
        ran = run("map", "lint", "--mappings", mappings, "--fix", "--json")

        assert path.read_text(encoding="utf-8") == text
        assert [code for code, _ in _codes(ran.json)] == ["WB004", "WB005", "WB006"]

    def test_a_fix_that_cannot_be_proved_is_refused(self, run: Run, mappings: Path) -> None:
        """The file stays as it was, and the finding with it."""
        text = GOOD.replace("pypi: tzdata  ", "pypi: &name TZ_data  ").replace("a reason", "*name")
        path = _write(mappings, "names/overrides.yaml", text)
        ran = run("map", "lint", "--mappings", mappings, "--fix", "--json")

        assert (ran.code, _codes(ran.json)) == (1, [("WB101", 3)])
        assert "cannot be mended by --fix" in ran.json["notes"][0]
        assert path.read_text(encoding="utf-8") == text

    def test_people_see_what_was_mended(self, run: Run, mappings: Path) -> None:
        """With the lines it had."""
        _write(mappings, "names/overrides.yaml", BROKEN)
        before = run("map", "lint", "--mappings", mappings)
        ran = run("map", "lint", "--mappings", mappings, "--fix")

        assert "; --fix mends 4" in before.out
        assert "fixed: WB101 error: Z_data:" in ran.out
        assert "0 errors, 0 warnings, 4 mended" in ran.out


class TestFormats:
    """For other tools."""

    def test_annotations_of_github(self, run: Run, mappings: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Files as the repository has them; what is no text of a command is escaped."""
        monkeypatch.chdir(mappings.parent)
        _write(mappings, "names/overrides.yaml", GOOD.replace("2026-11-21", "'100%: no, day'"))
        ran = run("map", "lint", "--mappings", mappings, "--format", "github")

        assert ran.code == 1
        assert ran.out == (
            "::error file=mappings/names/overrides.yaml,line=8,col=3,title=WB008::"
            "'100%25: no, day' is no date. Write it like 2026-11-21.\n"
        )

    def test_sarif(self, run: Run, mappings: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """SARIF 2.1.0: what the standard requires of a log, a run, a rule, a result and a place."""
        monkeypatch.chdir(mappings.parent)
        _write(mappings, "names/overrides.yaml", GOOD.replace("2026", "2020").replace("tzdata  ", "TZ_data  "))
        _write(mappings, "names/bundlers.yaml", "").write_bytes(b"\xff")
        log = run("map", "lint", "--mappings", mappings, "--format", "sarif").json

        (ran,) = log["runs"]
        rules = ran["tool"]["driver"]["rules"]
        assert log["version"] == "2.1.0"
        assert ran["tool"]["driver"]["name"] == "wheelbridge map lint"
        assert len({rule["id"] for rule in rules}) == len(rules) == len(RULES)
        assert {rule["defaultConfiguration"]["level"] for rule in rules} == {"error", "warning"}
        for result in ran["results"]:
            assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
            assert result["level"] == rules[result["ruleIndex"]]["defaultConfiguration"]["level"]
            assert result["message"]["text"]
            (location,) = result["locations"]
            assert location["physicalLocation"]["artifactLocation"]["uri"].startswith("mappings/names/")
        assert [(result["ruleId"], _region(result)) for result in ran["results"]] == [
            ("WB001", None),
            ("WB101", {"startLine": 3, "startColumn": 3}),
            ("WB007", {"startLine": 8, "startColumn": 3}),
        ]

    def test_another_format_is_refused(self, run: Run) -> None:
        """Before anything is read."""
        assert run("map", "lint", "--format", "xml").code == 2
        assert run("map", "lint", "--format", "sarif", "--json").json["error"]["code"] == "usage"


def _region(result: Any) -> Any:
    return result["locations"][0]["physicalLocation"].get("region")


class TestMaps:
    """Maps of somebody's own, in any of their forms."""

    @pytest.mark.parametrize(
        ("name", "text", "found"),
        [
            ("own.yaml", "some-thing: zlib\n\nnothing: numpyy\n", ("WB012", 3, "nothing.conda")),
            ("own.yaml", "names:\n  My.Thing: {conda: [x]}\n", ("WB002", 2, "names.My.Thing")),
            (
                "own.yaml",
                "- pypi: thing\n  conda: zlib\n  relation: dist\n  specs: [zlib ==1.*]\n",
                ("WB010", 4, "[0].specs[0]"),
            ),
            ("own.json", '{"thing": "zlibb"}', ("WB012", None, "thing.conda")),
            ("own.toml", 'thing = "zlibb"\n', ("WB012", None, "thing.conda")),
            ("own.yaml", "thing: [\n", ("WB001", 2, "")),
        ],
    )
    def test_what_is_wrong_has_its_place(
        self, run: Run, tmp_path: Path, name: str, text: str, found: tuple[str, int | None, str]
    ) -> None:
        """Only the map is checked, against the tables that came with wheelbridge."""
        path = _write(tmp_path, name, text)
        answer = run("map", "lint", "--map", path, "--json").json

        assert [(one["code"], one["line"], one["path"]) for one in answer["findings"]] == [found]
        assert answer["files"] == [str(path)]

    def test_nobody_else_has_to_be_convinced(self, run: Run, tmp_path: Path) -> None:
        """Reasons, evidence and order are for tables of all."""
        path = _write(tmp_path, "own.yaml", "zlib-thing: zlib\nNumPy: numpy\nnothing-at-all: null\n")

        assert run("map", "lint", "--map", f"use={path}", "--strict").code == 0

    def test_it_is_checked_beside_tables_that_are_named(self, run: Run, mappings: Path, tmp_path: Path) -> None:
        """Then both are."""
        path = _write(tmp_path, "own.yaml", "thing: zlib\n")
        answer = run("map", "lint", "--map", path, "--mappings", mappings, "--json").json

        assert answer["files"] == sorted([str(path), *_files(mappings)])

    def test_fix_leaves_it_alone(self, run: Run, tmp_path: Path) -> None:
        """It may be in any form, and it is somebody's own."""
        path = _write(tmp_path, "own.yaml", "B_b: zlib\n")

        assert run("map", "lint", "--map", path, "--fix").code == 0
        assert path.read_text(encoding="utf-8") == "B_b: zlib\n"


class TestChannelData:
    """Repodata says what there is today."""

    @pytest.fixture
    def channel(self, tmp_path: Path) -> Path:
        """A channel with one package for one platform."""
        record = {"name": "newer", "version": "1", "build": "0", "build_number": 0, "depends": [], "subdir": "linux-64"}
        for subdir, packages in (("linux-64", {"newer-1-0.conda": record}), ("noarch", {})):
            repodata = {"info": {"subdir": subdir}, "packages": {}, "packages.conda": packages}
            _write(tmp_path, f"channel/{subdir}/repodata.json", json.dumps(repodata))
        return tmp_path / "channel"

    def test_it_knows_more_and_less_than_the_tables(self, run: Run, mappings: Path, channel: Path) -> None:
        """What is newer is known; what is gone is worth a look."""
        second = ROW.replace("tzdata  ", "newer-thing  ").replace("python-tzdata", "newer")
        _write(mappings, "names/overrides.yaml", f"{second}\n{ROW}")

        assert _codes(run("map", "lint", "--mappings", mappings, "--json").json) == [("WB012", 2)]
        answer = run("map", "lint", "--mappings", mappings, "--channel-data", channel, "--json").json
        assert _codes(answer) == [("WB013", 9)]

    def test_a_channel_without_names_is_noted(self, run: Run, mappings: Path, channel: Path) -> None:
        """What could not be checked is said; with its data it is checked."""
        text = GOOD.replace("reviewed", "channels: [labs]\n  reviewed")
        _write(mappings, "names/overrides.yaml", text)
        ran = run("map", "lint", "--mappings", mappings)
        told = run("map", "lint", "--mappings", mappings, "--channel-data", f"labs={channel}", "--json")

        assert ran.code == 0
        assert "No names of the channel 'labs' are known" in ran.err
        assert _codes(told.json) == [("WB012", 4)]
        assert told.json["notes"] == []

    def test_a_channel_that_cannot_be_read_is_an_error(self, run: Run, mappings: Path, tmp_path: Path) -> None:
        """It must not look as if all packages were gone."""
        ran = run("map", "lint", "--mappings", mappings, "--channel-data", tmp_path / "nowhere", "--json")

        assert (ran.code, ran.json["success"]) == (1, False)


MAP = """
names: {tzdata: python-tzdata}
wheels:
  - pypi: PyODBC
    depends: ["unixodbc >=2.3", a b c d]
  - pypi: other
    depends: [no-such-package-at-all]
"""


def test_the_wheels_of_a_map(run: Run, tmp_path: Path) -> None:
    """Specs and names of packages, with their lines; reason and evidence may be missing."""
    path = _write(tmp_path, "own.yaml", MAP)
    answer = run("map", "lint", "--map", path, "--json").json

    assert [(one["code"], one["line"], one["key"], one["path"]) for one in answer["findings"]] == [
        ("WB010", 5, "pyodbc", "wheels[0].depends[1]"),
        ("WB012", 7, "other", "wheels[1].depends[0]"),
    ]
    assert answer["files"] == [str(path)]


def test_a_map_of_wheels_that_breaks_a_rule(run: Run, tmp_path: Path) -> None:
    """As anywhere else, at its place."""
    path = _write(tmp_path, "own.yaml", MAP.replace("depends: [no", "needs: [no"))
    (found,) = run("map", "lint", "--map", path, "--json").json["findings"]

    assert (found["code"], found["line"]) == ("WB002", 6)
    assert "no field 'needs'" in found["message"]
