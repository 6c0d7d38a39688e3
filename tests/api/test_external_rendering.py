import re
from collections.abc import Mapping
from typing import Any

import pytest
from rattler import MatchSpec
from ruamel.yaml import YAML

from wheelbridge.api.external.ecosystems import open_ecosystem
from wheelbridge.api.external.rendering import UnsayableSelectorError, render_environment, render_recipe
from wheelbridge.mapping.external.rows import Specs
from wheelbridge.target.detect import detect_target
from wheelbridge.translate.external import ExternalEnvironment, Unmapped, translate_external
from wheelbridge.translate.external_table import ExternalTable

SELECTORS = re.compile(r"(linux|osx|win|unix)( or (linux|osx|win|unix))*|target_platform == \"[a-z0-9-]+\".*")


def load(text: str) -> Any:
    """Read YAML as any tool would."""
    return YAML(typ="safe", pure=True).load(text)


def environment(*specs: str, recipe: tuple[str, ...] = (), unmapped: tuple[Unmapped, ...] = ()) -> ExternalEnvironment:
    """Make one whose packages are to run with."""
    return ExternalEnvironment(run=specs, recipe=Specs(run=recipe or specs), unmapped=unmapped)


def translate(table: Mapping[str, object], *subdirs: str) -> dict[str, ExternalEnvironment]:
    """Translate with the tables that came with wheelbridge."""
    parsed, rows = ExternalTable.parse(table), open_ecosystem("conda-forge")
    return {subdir: translate_external(parsed, detect_target(subdir), rows) for subdir in subdirs}


NUMERIC = {
    "build-requires": ["dep:virtual/compiler/c", "dep:virtual/compiler/fortran", "dep:generic/ninja"],
    "host-requires": [
        "dep:virtual/interface/blas",
        "dep:generic/zlib@>=1.2,<2",
        "dep:generic/openssl; sys_platform == 'win32'",
        "dep:generic/libffi; python_version < '3.12'",
        "dep:generic/nonesuch",
    ],
    "dependencies": ["dep:virtual/interface/openmp"],
}


class TestRecipe:
    """CEP 14: ``requirements`` has ``build``, ``host`` and ``run``, lists of package selectors."""

    def test_it_is_for_all_platforms(self) -> None:
        """Snapshot: what differs stands below ``if``, as CEP 13 has it; templates are those of recipes."""
        text = render_recipe(translate(NUMERIC, "linux-64", "osx-arm64", "win-64"))

        assert (
            text
            == """\
# for linux-64, osx-arm64, win-64
# no package: dep:generic/nonesuch: the tables have no row for 'dep:generic/nonesuch'.
# left out, since it depends on python: libffi[when="python<3.12dev0"]
requirements:
  build:
    - ${{ compiler('c') }}
    - ${{ stdlib('c') }}
    - ${{ compiler('fortran') }}
    - ninja
  host:
    - libblas * *netlib
    - libcblas * *netlib
    - zlib >=1.2,<2dev0
    - python
    - if: win
      then: openssl
  run:
    - if: linux
      then: _openmp_mutex
    - if: osx
      then: llvm-openmp
    - if: win
      then: vcomp14
"""
        )

    def test_it_is_what_a_reader_of_recipes_expects(self) -> None:
        """A mapping of lists of package selectors: "a string with up to two whitespaces", or of ``if`` and ``then``."""
        requirements = load(render_recipe(translate(NUMERIC, "linux-64", "linux-aarch64", "win-64")))["requirements"]

        assert list(requirements) == ["build", "host", "run"]
        for entries in requirements.values():
            for entry in entries:
                if isinstance(entry, dict):
                    assert list(entry) == ["if", "then"]
                    assert SELECTORS.fullmatch(entry["if"])
                    texts = entry["then"] if isinstance(entry["then"], list) else [entry["then"]]
                else:
                    texts = [entry]
                assert all(text.startswith("${{ ") or text.count(" ") <= 2 for text in texts)

    def test_platforms_of_one_system_are_told_apart(self) -> None:
        """By ``target_platform``, since ``linux`` is both."""
        text = render_recipe(
            {"linux-64": environment("a", "b"), "linux-aarch64": environment("a"), "win-64": environment("c")}
        )

        assert load(text)["requirements"]["run"] == [
            {"if": "linux", "then": "a"},
            {"if": 'target_platform == "linux-64"', "then": "b"},
            {"if": "win", "then": "c"},
        ]

    def test_nothing_is_needed(self) -> None:
        """The section is there, and empty."""
        assert load(render_recipe({"linux-64": ExternalEnvironment()})) == {"requirements": {}}

    def test_a_note_names_its_platforms(self) -> None:
        """Unless it is of all; it stays on its line."""
        one, other = (ExternalEnvironment(recipe_notes=notes) for notes in (("both", "one\nx: y"), ("both",)))

        text = render_recipe({"linux-64": one, "win-64": other})

        assert text.splitlines()[1:] == ["# note: both", "# note (linux-64): one x: y", "requirements: {}"]

    def test_templates_of_the_older_format_are_written_anew(self) -> None:
        """CEP 13: "Jinja variable syntax is changed to begin with ``${{``"."""
        text = render_recipe({"linux-64": environment("gcc", recipe=("{{ compiler('c') }}", "${{ stdlib('c') }}"))})

        assert load(text)["requirements"]["run"] == ["${{ compiler('c') }}", "${{ stdlib('c') }}"]


class TestEnvironment:
    """CEP 24: ``name``, ``channels`` and ``dependencies``; the latter are MatchSpecs."""

    def test_one_platform(self) -> None:
        """Snapshot: all that is needed to build and to run, without selectors."""
        text = render_environment(translate(NUMERIC, "linux-64"), "conda-forge", "Num.Py")

        assert (
            text
            == """\
# for linux-64
# no package: dep:generic/nonesuch: the tables have no row for 'dep:generic/nonesuch'.
# left out, since it depends on python: libffi[when="python<3.12dev0"]
name: num-py-external
channels:
  - conda-forge
  - nodefaults
dependencies:
  - c-compiler
  - fortran-compiler
  - ninja
  - libblas
  - libcblas
  - blas-devel
  - zlib >=1.2,<2dev0
  - python
  - _openmp_mutex
"""
        )
        assert all(MatchSpec(spec, strict=True) for spec in load(text)["dependencies"])

    def test_several_platforms(self) -> None:
        """CEP 24: "The key in these cases MUST be of the form ``sel(<expression>)``", with one variable."""
        document = load(render_environment(translate(NUMERIC, "linux-64", "osx-arm64", "win-64"), "conda-forge", None))

        assert document["name"] == "external"
        assert document["platforms"] == ["linux-64", "osx-arm64", "win-64"]
        assert document["dependencies"][-4:] == [
            {"sel(linux)": "_openmp_mutex"},
            {"sel(osx)": "llvm-openmp"},
            {"sel(win)": "openssl"},
            {"sel(win)": "vcomp14"},
        ]

    def test_one_entry_for_two_systems(self) -> None:
        """One variable says Linux and macOS; others need an entry each."""
        environments = {"linux-64": environment("a", "c"), "osx-64": environment("a"), "win-64": environment("b", "c")}

        dependencies = load(render_environment(environments, "x", None))["dependencies"]

        assert dependencies == [{"sel(unix)": "a"}, {"sel(linux)": "c"}, {"sel(win)": "c"}, {"sel(win)": "b"}]

    def test_what_selectors_cannot_say_is_refused(self) -> None:
        """There is no variable for the machine; nothing is said wrongly."""
        with pytest.raises(UnsayableSelectorError, match="'b' is for linux-64 alone"):
            render_environment({"linux-64": environment("a", "b"), "linux-aarch64": environment("a")}, "x", None)

    @pytest.mark.parametrize("name", [None, "not a name", "a/b", "x:y"])
    def test_a_bad_name_is_not_taken_over(self, name: str | None) -> None:
        """CEP 24: the name "MUST NOT contain any of these characters"."""
        assert load(render_environment({"linux-64": environment("a")}, "x", name))["name"] == "external"

    def test_comments_stay_on_their_line(self) -> None:
        """A reason with a line end cannot smuggle anything into the document."""
        unmapped = (Unmapped("dep:generic/x", "c", "one\nname: other"),)

        document = load(render_environment({"linux-64": environment("a", unmapped=unmapped)}, "x", None))

        assert document["name"] == "external"
