"""Selectors of CEP 24, with conda-build's table of variables written out, and Python's own logic as the oracle."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wheelbridge.environment.errors import InvalidEnvironmentFileError
from wheelbridge.environment.yml.selectors import SUBDIRS, holds_for, select_lines, selector_variables

TRUE = {
    "linux-64": {"linux", "linux64", "unix", "x86", "x86_64"},
    "linux-32": {"linux", "linux32", "unix", "x86"},
    "linux-aarch64": {"linux", "unix", "aarch64"},
    "linux-ppc64le": {"linux", "unix", "ppc64le"},
    "linux-s390x": {"linux", "unix", "s390x"},
    "linux-armv7l": {"linux", "unix", "armv7l"},
    "osx-64": {"osx", "osx64", "unix", "x86", "x86_64"},
    "osx-arm64": {"osx", "unix", "arm64"},
    "win-32": {"win", "win32", "x86"},
    "win-64": {"win", "win64", "x86", "x86_64"},
    "win-arm64": {"win", "arm64"},
    "emscripten-wasm32": {"emscripten", "unix", "wasm32"},
}
VARIABLES = sorted(selector_variables("linux-64"))


def kept(line: str, subdir: str) -> bool:
    """Tell whether a line of a list is there on a platform."""
    return bool(select_lines(f"- a\n{line}\n", subdir, "e.yml").text.splitlines()[1])


class TestVariables:
    """CEP 24: "the OS- and architecture-specific values collected in conda-build's 25.1.x documentation"."""

    @pytest.mark.parametrize("subdir", TRUE)
    def test_they_are_those_of_the_documentation(self, subdir: str) -> None:
        """What is true on a platform is what the table there says, and nothing else."""
        assert {name for name, value in selector_variables(subdir).items() if value} == TRUE[subdir]

    @pytest.mark.parametrize("name", ["py", "py3k", "py27", "np", "build_platform"])
    def test_those_of_recipes_are_refused(self, name: str) -> None:
        """CEP 24: "`py`, `py*`, `np` and `build_platform` are NOT supported"."""
        with pytest.raises(InvalidEnvironmentFileError, match=rf"e.yml:2: .*CEP 24 has no variable '{name}'"):
            kept(f"- b # [{name}]", "linux-64")


class TestComments:
    """CEP 24: "in the form of a line comment with the expression between square brackets: `# [<expression>]`"."""

    @given(data=st.data(), subdir=st.sampled_from(SUBDIRS))
    def test_an_expression_is_what_python_says(self, data: st.DataObject, subdir: str) -> None:
        """CEP 24: "chained with `and` and `or` logic operators. Precedence can be specified with parentheses"."""
        names = st.sampled_from(VARIABLES)
        inner = st.recursive(
            names,
            lambda part: st.one_of(
                part.map("not {}".format),
                part.map("({})".format),
                st.builds("{} {} {}".format, part, st.sampled_from(["and", "or"]), part),
            ),
            max_leaves=6,
        )
        expression = data.draw(inner)

        said = eval(expression, {"__builtins__": {}}, selector_variables(subdir))  # noqa: S307 - the oracle, of our names

        assert kept(f"- b  # [{expression}]", subdir) is said

    @pytest.mark.parametrize(
        "line",
        [
            "- b # [win]",
            "- b #[win]",
            "- b # [ win ]",
            "- b  # needs com # [win]",
            "- b # [win] needs com",
            "- b\t# [win]",
        ],
    )
    def test_its_forms(self, line: str) -> None:
        """The space is optional, other comments may stand beside it."""
        assert not kept(line, "linux-64")
        assert kept(line, "win-64")

    @pytest.mark.parametrize(
        "line",
        ["- b # needed for c[win]", "- 'b # [win]'", '- "b # [win]"', "# [win]", "- b#[win]", "# - b # [win]"],
    )
    def test_what_is_none(self, line: str) -> None:
        """Extras in a comment, texts in quotes and comments alone are left as they are."""
        assert kept(line, "linux-64")

    def test_lines_keep_their_numbers(self) -> None:
        """A line that goes leaves an empty one, whatever ends the lines."""
        assert select_lines("a:\r\n- b # [win]\r\n- c", "linux-64", "e.yml").text == "a:\r\n\r\n- c"

    def test_a_text_block_is_no_place_for_one(self) -> None:
        """There it is no comment."""
        text = "a: |\n  b # [win]\nc: d # [win]\n"
        assert select_lines(text, "linux-64", "e.yml").text == "a: |\n  b # [win]\n\n"

    @pytest.mark.parametrize(
        "expression", ["windows", "linux &", "linux; win", "linux == win", "1", "()", "win win", ""]
    )
    def test_what_cannot_be_read_is_refused(self, expression: str) -> None:
        """A line for nobody knows which platform is worse than none."""
        with pytest.raises(InvalidEnvironmentFileError, match=r"e.yml:2: the selector") as caught:
            kept(f"- b # [{expression}]", "linux-64")
        assert caught.value.hint is not None

    def test_two_in_a_line_are_refused(self) -> None:
        """Nobody says how they go together."""
        with pytest.raises(InvalidEnvironmentFileError, match="there is a second one"):
            kept("- b # [win] # [linux]", "linux-64")

    def test_brackets_with_words_behind_are_told(self) -> None:
        """A footnote is no selector; a note says how the line was read."""
        selected = select_lines("- b # [1] see below\n", "linux-64", "e.yml")

        assert selected.text == "- b # [1] see below\n"
        assert selected.notes == ("e.yml:1: the comment '[1]' is no selector; its line is for every platform.",)


class TestDictionaries:
    """CEP 24: "one of the following boolean variables: `unix`, `linux`, `osx`, or `win`"."""

    @pytest.mark.parametrize(
        ("subdir", "true"),
        [
            ("linux-64", {"unix", "linux"}),
            ("osx-arm64", {"unix", "osx"}),
            ("win-64", {"win"}),
            ("emscripten-wasm32", set()),
        ],
    )
    def test_they_are_true_by_the_system(self, subdir: str, true: set[str]) -> None:
        """The machine does not matter."""
        names = ("unix", "linux", "osx", "win")
        assert {name for name in names if holds_for(f"sel({name})", subdir, "e.yml:1")} == true

    @pytest.mark.parametrize("key", ["sel(linux64)", "sel(not win)", "sel(unix and osx)", "sel()"])
    def test_others_are_refused(self, key: str) -> None:
        """Those of comments are of comments."""
        with pytest.raises(InvalidEnvironmentFileError, match="is no selector of this form"):
            holds_for(key, "linux-64", "e.yml:1")
