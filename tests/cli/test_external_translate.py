import io
import json
import sys
from pathlib import Path

import pytest
from rich.console import Console

from tests.cli.conftest import Run

TABLE = """\
[project]
name = "numlike"

[external]
build-requires = ["dep:virtual/compiler/c"]
host-requires = ["dep:generic/zlib@>=1.2"]
dependencies = ["dep:virtual/interface/openmp"]

[external.optional-dependencies]
image = ["dep:generic/libjpeg"]
xml = ["dep:generic/libxml2"]

[external.dependency-groups]
docs = ["dep:generic/nonesuch"]
"""
OLD = '[external]\nbuild-host-requires = ["pkg:generic/zlib (>=1.2)"]\n'


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Write a project with a current table."""
    (tmp_path / "pyproject.toml").write_text(TABLE, encoding="utf-8")
    return tmp_path


class TestText:
    """For people: what is needed, and which dependency each package is there for."""

    def test_specs_stand_by_category(self, run: Run, project: Path) -> None:
        """Snapshot, trailing blanks aside."""
        ran = run("external", "translate", project, "--platform", "linux-64", "--group", "docs")

        assert (ran.code, ran.err) == (0, "")
        assert (
            "\n".join(map(str.rstrip, ran.out.splitlines()))
            == """\
conda-forge on linux-64
build (to build with)
  c-compiler           dep:virtual/compiler/c
host (to link with)
  zlib >=1.2           dep:generic/zlib@>=1.2
  python               a compiler needs Python's headers
run (to run with)
  _openmp_mutex        dep:virtual/interface/openmp
unmapped
  dep:generic/nonesuch: the tables have no row for 'dep:generic/nonesuch'."""
        )

    def test_several_platforms_are_sections(self, run: Run, project: Path) -> None:
        """In the order asked for, each once."""
        ran = run(
            "external", "translate", project, "--platform", "win-64", "--platform", "linux-64", "--platform", "win-64"
        )

        assert [line for line in ran.out.splitlines() if " on " in line] == [
            "conda-forge on win-64",
            "conda-forge on linux-64",
        ]
        assert "vcomp14" in ran.out

    def test_no_table_needs_nothing(self, run: Run, tmp_path: Path) -> None:
        """PEP 725: a table may be lacking; that is told."""
        path = tmp_path / "pyproject.toml"
        path.write_text('[project]\nname = "x"\n', encoding="utf-8")

        ran = run("external", "translate", path)

        assert (ran.code, ran.err) == (0, f"note: {path} has no [external] table.\n")
        assert "nothing is needed" in ran.out

    def test_a_note_on_some_platforms_names_them(self, run: Run, tmp_path: Path) -> None:
        """What is true of all is said once."""
        path = tmp_path / "pyproject.toml"
        bounds = ["dep:virtual/compiler/c@>=11", "dep:virtual/compiler/cxx@>=17; sys_platform == 'win32'"]
        path.write_text(f"[external]\nbuild-requires = {json.dumps(bounds)}\n", encoding="utf-8")

        ran = run("external", "translate", path, "--platform", "linux-64", "--platform", "win-64")

        first, second = ran.err.splitlines()
        assert first.startswith("note: The bound '>=11' of dep:virtual/compiler/c was left out")
        assert second.startswith("note: win-64: The bound '>=17' of dep:virtual/compiler/cxx was left out")

    def test_a_category_without_packages_is_told(self, run: Run, tmp_path: Path) -> None:
        """A library among what is to build with brings nothing; that is no silence."""
        path = tmp_path / "pyproject.toml"
        path.write_text('[external]\nbuild-requires = ["dep:generic/zlib@>=1.2"]\n', encoding="utf-8")

        ran = run("external", "translate", path, "--platform", "linux-64")

        assert ran.err == (
            "note: Nothing is installed to build with for dep:generic/zlib: "
            "its packages are to link with and to run with.\n"
        )

    def test_a_long_dependency_hides_nothing(self, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Every word is there on 80 columns, too."""
        path = tmp_path / "pyproject.toml"
        long = f"dep:generic/{'long' * 20}"
        path.write_text(f'[external]\nbuild-requires = ["dep:generic/cmake", "{long}"]\n', encoding="utf-8")
        monkeypatch.setattr("wheelbridge.cli.external.translate.out", lambda: Console(width=80, soft_wrap=True))

        shown = run("external", "translate", path, "--platform", "linux-64").out

        assert "  cmake                dep:generic/cmake" in shown
        assert f"  {long}: the tables have no row for '{long}'." in shown


class TestJson:
    """For programs: one object, and nothing else on standard output."""

    def test_one_target_is_flat(self, run: Run, project: Path) -> None:
        """All of its keys."""
        ran = run(
            "external", "translate", project, "--platform", "linux-64", "--extra", "image", "--group", "docs", "--json"
        )

        found = ran.json
        assert ran.err == ""
        assert found.pop("target")["subdir"] == "linux-64"
        assert found == {
            "success": True,
            "ecosystem": "conda-forge",
            "build": ["c-compiler"],
            "host": ["zlib >=1.2", "python"],
            "run": ["_openmp_mutex", "libjpeg-turbo"],
            "unmapped": ["dep:generic/nonesuch"],
            "reasons": {"dep:generic/nonesuch": "the tables have no row for 'dep:generic/nonesuch'."},
            "origins": {
                "build": {"c-compiler": ["dep:virtual/compiler/c"]},
                "host": {"zlib": ["dep:generic/zlib@>=1.2"]},
                "run": {"_openmp_mutex": ["dep:virtual/interface/openmp"], "libjpeg-turbo": ["dep:generic/libjpeg"]},
            },
            "notes": [],
            "recipe": {
                "build": ["${{ compiler('c') }}", "${{ stdlib('c') }}"],
                "host": ["zlib >=1.2", "python"],
                "run": ["_openmp_mutex", "libjpeg-turbo"],
            },
            "recipe_notes": [],
        }

    def test_several_targets_are_a_list(self, run: Run, project: Path) -> None:
        """Each as it would be alone."""
        both = run("external", "translate", project, "--platform", "linux-64", "--platform", "osx-arm64", "--json").json
        alone = run("external", "translate", project, "--platform", "osx-arm64", "--json").json

        assert list(both) == ["success", "ecosystem", "notes", "targets"]
        assert {"success": True, "ecosystem": "conda-forge", **both["targets"][1]} == alone

    def test_all_extras(self, run: Run, project: Path) -> None:
        """Without knowing their names."""
        found = run("external", "translate", project, "--platform", "linux-64", "--extra", ":all:", "--json").json

        assert found["run"] == ["_openmp_mutex", "libjpeg-turbo", "libxml2"]

    def test_what_is_not_needed_is_there_for_nothing(self, run: Run, tmp_path: Path) -> None:
        """Neither for another system, nor for an extra that nobody asked for."""
        path = tmp_path / "pyproject.toml"
        needed = ["dep:generic/zlib; sys_platform == 'win32'", "dep:generic/openssl; extra == 'tls'"]
        path.write_text(f"[external]\ndependencies = {json.dumps(needed)}\n", encoding="utf-8")

        found = run("external", "translate", path, "--platform", "linux-64", "--json").json

        assert (found["run"], found["origins"]) == ([], {"build": {}, "host": {}, "run": {}})

    def test_a_file_for_other_tools_is_in_it(self, run: Run, project: Path) -> None:
        """As text, under one key; without --json it is all of the output."""
        arguments = ("external", "translate", project, "--platform", "linux-64", "--format", "recipe")

        document = run(*arguments, "--json").json["document"]
        ran = run(*arguments)

        assert (ran.out, ran.err) == (document, "")
        assert document.startswith("# for linux-64\nrequirements:\n  build:\n    - ${{ compiler('c') }}\n")

    def test_the_environment_file_is_called_as_the_project(self, run: Run, project: Path) -> None:
        """Snapshot."""
        assert run("external", "translate", project, "--platform", "win-64", "--format", "environment").out == (
            "# for win-64\nname: numlike-external\nchannels:\n  - conda-forge\n  - nodefaults\n"
            "dependencies:\n  - c-compiler\n  - zlib >=1.2\n  - python\n  - vcomp14\n"
        )


class TestRecipeNotes:
    """Recipes write some things otherwise than people who install: what is lost by it is told with the recipe."""

    @pytest.fixture
    def blas(self, tmp_path: Path) -> tuple[Path, str, Path]:
        """Write a project whose bound no recipe has a place for, and a map with the row."""
        path, own = tmp_path / "pyproject.toml", tmp_path / "own.yaml"
        path.write_text('[external]\nhost-requires = ["dep:generic/own@>=0.3.20"]\n', encoding="utf-8")
        own.write_text(
            "external:\n- id: dep:generic/own\n  relation: library\n  version: {scheme: pep440, apply_to: [own]}\n"
            "  alternatives: [{name: a, when: ['*'], host: [own], recipe: {host: [libblas * *_own]}}]\n",
            encoding="utf-8",
        )
        return path, "--map", own

    NOTE = "A recipe writes libblas * *_own for dep:generic/own, without the bound '>=0.3.20'."

    def test_the_recipe_and_standard_error_have_it(self, run: Run, blas: tuple[Path, str, Path]) -> None:
        """A bound is never lost without a word."""
        ran = run("external", "translate", *blas, "--platform", "linux-64", "--format", "recipe")

        assert ran.out == f"# for linux-64\n# note: {self.NOTE}\nrequirements:\n  host:\n    - libblas * *_own\n"
        assert ran.err == f"note: {self.NOTE}\n"

    def test_programs_have_it_apart(self, run: Run, blas: tuple[Path, str, Path]) -> None:
        """What is to be installed has the bound."""
        found = run("external", "translate", *blas, "--platform", "linux-64", "--json").json

        assert (found["recipe_notes"], found["notes"]) == ([self.NOTE], [])
        assert found["host"] == ["own >=0.3.20"]

    def test_other_forms_say_nothing_of_recipes(self, run: Run, blas: tuple[Path, str, Path]) -> None:
        """It does not concern them."""
        for form in ("specs", "environment"):
            assert run("external", "translate", *blas, "--platform", "linux-64", "--format", form).err == ""

    def test_a_condition_that_no_recipe_has(self, run: Run, tmp_path: Path) -> None:
        """A template cannot be under one: it is left out, with a comment, as everything that depends on python."""
        path = tmp_path / "pyproject.toml"
        path.write_text(
            "[external]\nbuild-requires = [\"dep:virtual/compiler/rust; python_version < '3.12'\"]\n", encoding="utf-8"
        )

        out = run("external", "translate", path, "--platform", "linux-64", "--format", "recipe").out

        assert out == (
            "# for linux-64\n"
            "# note: Left out of the recipe, since it is needed when python<3.12dev0 only: ${{ compiler('rust') }}.\n"
            "requirements:\n  host:\n    - python\n"
        )


class TestStrict:
    """Scripts that cannot go on without a package ask for an error."""

    @pytest.mark.parametrize("strict", [False, True])
    def test_the_answer_is_whole_either_way(self, run: Run, project: Path, strict: bool) -> None:
        """The exit code differs, and what ``success`` says."""
        arguments = ("external", "translate", project, "--group", "docs", *(("--strict",) if strict else ()))

        ran, shown = run(*arguments, "--json"), run(*arguments)

        assert (ran.code, shown.code, ran.json["success"]) == (int(strict), int(strict), not strict)
        assert ran.json["unmapped"] == ["dep:generic/nonesuch"]
        assert ("error" in ran.json, "error: No conda package is known" in shown.err) == (strict, strict)
        assert "c-compiler" in shown.out
        if strict:
            assert ran.json["error"]["code"] == "unmapped-external-dependency"

    def test_without_anything_unmapped_it_is_no_error(self, run: Run, project: Path) -> None:
        """Strictness alone changes nothing."""
        assert run("external", "translate", project, "--strict", "--json").code == 0


class TestOlderDrafts:
    """An older draft is refused with the upgrade shown, or taken as if it were upgraded."""

    @pytest.fixture
    def old(self, tmp_path: Path) -> Path:
        """Write a table of 2025 with a dependency of 2023."""
        path = tmp_path / "old.toml"
        path.write_text(OLD, encoding="utf-8")
        return path

    def test_it_is_refused(self, run: Run, old: Path) -> None:
        """Each thing to change with its place, and the command that does it."""
        ran = run("external", "translate", old)

        assert (ran.code, ran.out) == (1, "")
        assert ran.err == (
            "note: external.build-host-requires: build-host-requires -> host-requires\n"
            "note: external.build-host-requires[0]: pkg:generic/zlib (>=1.2) -> dep:generic/zlib@>=1.2\n"
            "error: external.build-host-requires: 'build-host-requires' is of an earlier draft of PEP 725; "
            "it is 'host-requires' today, and 1 more\n"
            f"hint: Run `wheelbridge external upgrade {old}`, or take it as it would be then with --upgrade.\n"
        )

    def test_programs_get_the_upgrades(self, run: Run, old: Path) -> None:
        """As a list in the error."""
        error = run("external", "translate", old, "--json").json["error"]

        assert error["code"] == "outdated-external-table"
        assert [one["new"] for one in error["upgrades"]] == ["host-requires", "dep:generic/zlib@>=1.2"]

    def test_upgrade_takes_it_and_writes_nothing(self, run: Run, old: Path) -> None:
        """A note says so."""
        found = run("external", "translate", old, "--upgrade", "--json").json

        assert found["host"] == ["zlib >=1.2"]
        assert found["notes"] == [f"{old} follows an older draft of PEP 725; taken as if it were upgraded."]
        assert old.read_text("utf-8") == OLD


class TestInput:
    """A file, a folder, standard input."""

    def test_standard_input(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        """For what a tool hands over without a file."""
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(TABLE.encode())))

        assert run("external", "translate", "-", "--platform", "linux-64", "--json").json["build"] == ["c-compiler"]

    @pytest.mark.parametrize(
        ("text", "code"),
        [
            (b"[external", "unreadable-project"),
            (b"\xff", "unreadable-project"),
            (b"external = 1", "invalid-external-table"),
            (b"[external]\nrequires = []", "invalid-external-table"),
        ],
        ids=["TOML", "UTF-8", "no table", "unknown key"],
    )
    def test_what_cannot_be_read(self, run: Run, tmp_path: Path, text: bytes, code: str) -> None:
        """An error with a code, never a traceback."""
        path = tmp_path / "pyproject.toml"
        path.write_bytes(text)

        ran = run("external", "translate", path, "--json")

        assert (ran.code, ran.json["error"]["code"]) == (1, code)

    @pytest.mark.parametrize(
        ("arguments", "exit_code", "code"),
        [
            (("--extra", ":all:", "--extra", "nope"), 1, "unknown-external-group"),
            (("--group", "nope"), 1, "unknown-external-group"),
            (("--format", "xml"), 2, "usage"),
            (("--ecosystem", "fedora"), 2, "usage"),
            (("--platform", "amiga"), 1, "invalid-target"),
        ],
    )
    def test_what_has_no_meaning(
        self, run: Run, project: Path, arguments: tuple[str, ...], exit_code: int, code: str
    ) -> None:
        """The error says what there is instead."""
        ran = run("external", "translate", project, *arguments, "--json")

        assert (ran.code, ran.json["error"]["code"]) == (exit_code, code)

    def test_no_file(self, run: Run, tmp_path: Path) -> None:
        """The place is named."""
        error = run("external", "translate", tmp_path / "none.toml", "--json").json["error"]

        assert (error["code"], error["place"]) == ("unreadable-project", str(tmp_path / "none.toml"))


class TestMaps:
    """Rows of somebody's own."""

    def test_a_map_answers_what_the_tables_do_not(self, run: Run, project: Path, tmp_path: Path) -> None:
        """As with every other command."""
        path = tmp_path / "own.yaml"
        path.write_text(
            "external:\n- id: dep:generic/nonesuch\n  relation: library\n"
            "  alternatives: [{name: default, when: ['*'], run: [own-nonesuch]}]\n  version: {scheme: none}\n",
            encoding="utf-8",
        )

        found = run("external", "translate", project, "--group", "docs", "--map", path, "--json").json

        assert (found["run"][-1], found["unmapped"]) == ("own-nonesuch", [])
