"""Edits of an environment file: the line that was meant, and not a byte beside it."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wheelbridge.environment.editing.text import NotInFileError, UneditableFileError, read_wanted
from wheelbridge.environment.editing.yml import add_to_environment, drop_from_environment
from wheelbridge.environment.errors import InvalidEnvironmentFileError
from wheelbridge.environment.yml.file import parse_environment
from wheelbridge.errors import InvalidRequirementError
from wheelbridge.model.target import Target

RECORDED = Path(__file__).parents[3] / "shared" / "data" / "environments"
SPECS = (
    "zzz-new >=1,<2",
    "conda-forge::zzz-new[build='x*']",
    "pypi:zzz_new[x]>=1; python_version < '4'",
    "pypi:zzz @ https://host.example/zzz-1-py3-none-any.whl",
)
FILE = """\
# head
name:   test   # the name
channels: [conda-forge]
dependencies:
    - python =3.12  # why
    - "numpy>=1"    # [linux]
    # wheels
    - pip:   # of an index
        - rich>=13   # old
        # last
    - 'scipy'
"""


def add(text: str, spec: str) -> str:
    """Add to a text that is called ``e.yml``."""
    return add_to_environment(text, read_wanted(spec), "e.yml")


def drop(text: str, name: str) -> str:
    """Take out of it."""
    return drop_from_environment(text, name, "e.yml")


class TestAdd:
    """What is there already gets the new spec in its place; what is not comes behind its like."""

    @pytest.mark.parametrize(
        ("spec", "old", "new"),
        [
            ("scipy>=1", "'scipy'\n", "'scipy>=1'\n"),
            ("conda-forge::python", "- python =3.12  # why", "- conda-forge::python  # why"),
            ("pypi:Rich[x]>=14", "- rich>=13   # old", "- Rich[x]>=14   # old"),
            ("dask", "    - 'scipy'\n", "    - 'scipy'\n    - dask\n"),
            ("pypi:numpy", "- rich>=13   # old\n", "- rich>=13   # old\n        - numpy\n"),
            ("python =3.12", "", ""),
        ],
    )
    def test_one_line_changes(self, spec: str, old: str, new: str) -> None:
        """Comments, quotes, indentation and order stay."""
        assert add(FILE, spec) == FILE.replace(old, new)

    @pytest.mark.parametrize(
        ("text", "spec", "changed"),
        [
            ("dependencies:\n", "a", "dependencies:\n  - a\n"),
            ("dependencies:", "a", "dependencies:\n  - a"),
            ("dependencies: # c\n", "pypi:a", "dependencies: # c\n  - pip:\n      - a\n"),
            ("dependencies: []\n", "a>=1,<2", 'dependencies: ["a>=1,<2"]\n'),
            ("dependencies: [b]\n", "pypi:a[x]", 'dependencies: [b, {pip: ["a[x]"]}]\n'),
            ("dependencies: [pip: [b]] # c\n", "pypi:a", "dependencies: [pip: [b, a]] # c\n"),
            ("dependencies:\n- pip:\n  - b\n", "a", "dependencies:\n- a\n- pip:\n  - b\n"),
            ("dependencies:\n- a\n- pip:\nname: x\n", "pypi:b", "dependencies:\n- a\n- pip:\n    - b\nname: x\n"),
            ("dependencies:\r\n- a\r\n", "pypi:b", "dependencies:\r\n- a\r\n- pip:\r\n    - b\r\n"),
            ("name: a # [win]\nname: b # [unix]\ndependencies: [a]\n", "b", None),
            ("\ufeffdependencies:\n- a\n", "b", "\ufeffdependencies:\n- a\n- b\n"),
        ],
    )
    def test_where_there_is_little_yet(self, text: str, spec: str, changed: str | None) -> None:
        """Empty lists, lists in brackets, sections to be made, other ends of lines."""
        assert add(text, spec) == (changed or text.replace("[a]", "[a, b]"))

    @pytest.mark.parametrize(
        ("text", "spec", "reason"),
        [
            ("dependencies:\n- a # [win]\n- a=1 # [unix]\n", "a=2", "'a' stands in several lines: 2, 3"),
            ("dependencies:\n- a  # [win]\n", "a", "'a' is asked for there on some platforms only"),
            ("dependencies:\n- sel(win): a # c\n", "a=2", "'a' is asked for there on some platforms only"),
            ("dependencies:\n- pip:\n  - a==1  # [osx]\n", "pypi:a", "'a' is asked for there on some platforms only"),
            ("dependencies:\n- pip:\n  - a==1 --hash=sha256:00\n", "pypi:a==2", "has options of its own"),
            ("dependencies: ~\n", "a", "which is no list"),
            ("dependencies:\n- |\n  a\n", "b", "an item is a block of text"),
            ("dependencies: [a]\ndependencies: [a]\n", "b", "there are several 'dependencies'"),
            ("l: &x [b]\ndependencies: *x\n", "a=1", "the anchor '&x' may stand for several lines"),
        ],
    )
    def test_what_cannot_be_edited_alone_is_refused(self, text: str, spec: str, reason: str) -> None:
        """The file is left as it was."""
        with pytest.raises(UneditableFileError, match=reason) as caught:
            add(text, spec)
        assert "left as it was" in str(caught.value.hint)

    @pytest.mark.parametrize(
        ("spec", "error"),
        [("pypi:a b", InvalidRequirementError), ("*", UneditableFileError), ("[x]", UneditableFileError)],
    )
    def test_what_names_nothing_is_refused(self, spec: str, error: type[Exception]) -> None:
        """Before any file is looked at."""
        with pytest.raises(error):
            read_wanted(spec)

    @pytest.mark.parametrize("text", ["name: a\n", "- a\n", "dependencies: a\n", "dependencies: [\n"])
    def test_what_is_no_environment_file_is_refused(self, text: str) -> None:
        """As when it is read."""
        with pytest.raises(InvalidEnvironmentFileError):
            add(text, "a")


class TestCarriageReturns:
    """YAML ends a line with one, too; files that do so are not cut."""

    def test_what_would_go_with_a_line_is_refused(self) -> None:
        """Here the key behind it."""
        with pytest.raises(UneditableFileError, match="more would change"):
            drop("dependencies:\n- b\n- a\ry: 2\n", "a")


class TestDrop:
    """A name goes wherever it stands; a pip section that is empty then goes, too."""

    @pytest.mark.parametrize(
        ("name", "gone"),
        [
            ("SciPy", "    - 'scipy'\n"),
            ("numpy", '    - "numpy>=1"    # [linux]\n'),
            ("python", "    - python =3.12  # why\n"),
        ],
    )
    def test_one_line_goes(self, name: str, gone: str) -> None:
        """With its own comment, and no other."""
        assert drop(FILE, name) == FILE.replace(gone, "")

    def test_an_empty_section_goes(self) -> None:
        """The comments in it stay."""
        expected = FILE.replace("    - pip:   # of an index\n        - rich>=13   # old\n", "")
        assert drop(FILE, "rich") == expected
        text = "dependencies:\n- a\n- pip:\n  # why\n  - b\n  # end\n"
        assert drop(text, "b") == "dependencies:\n- a\n  # why\n  # end\n"

    def test_it_goes_from_everywhere(self) -> None:
        """Or, behind ``pypi:``, from the pip section only."""
        text = "dependencies:\n- a # [win]\n- sel(unix): a=1\n- b\n- pip:\n  - A==1\n  - c"

        assert drop(text, "a") == "dependencies:\n- b\n- pip:\n  - c"
        assert drop_from_environment(text, "a", "e.yml", only_pypi=True) == text.replace("  - A==1\n", "")

    @pytest.mark.parametrize(
        ("name", "changed"), [("a", "[b, c]"), ("b", "[a>=1, c]"), ("c", "[a>=1, b]"), ("d", None)]
    )
    def test_out_of_brackets(self, name: str, changed: str | None) -> None:
        """With the comma that is its own."""
        text = "dependencies: [a>=1, b, c] # few\n"
        if changed is None:
            with pytest.raises(NotInFileError):
                drop(text, name)
        else:
            assert drop(text, name) == f"dependencies: {changed} # few\n"

    def test_a_comment_that_is_not_its_own_is_not_lost(self) -> None:
        """Rather nothing is done."""
        with pytest.raises(UneditableFileError, match="a comment would go with it"):
            drop("dependencies: [\n  a, # why a\n  b,\n]\n", "b")

    def test_what_is_not_there_is_told(self) -> None:
        """With what looks like it."""
        with pytest.raises(NotInFileError, match=r"e\.yml does not ask for 'nunpy'") as caught:
            drop(FILE, "nunpy")
        assert caught.value.hint == "It has numpy."


class TestBytes:
    """``add`` followed by ``drop`` gives back the same bytes."""

    @pytest.mark.parametrize("spec", SPECS)
    @pytest.mark.parametrize("ending", ["\n", "\r\n"])
    @pytest.mark.parametrize("last", ["", "\n", "\n\n  \n# end\n"])
    def test_of_a_small_file(self, spec: str, ending: str, last: str) -> None:
        """Whatever ends its lines, and whether the last one has an end."""
        text = f"{FILE.rstrip()}{last}".replace("\n", ending)
        changed = add(text, spec)

        assert set(changed.split(ending)) - set(text.split(ending))
        assert drop(changed, read_wanted(spec).name) == text

    @pytest.mark.shared_data
    @pytest.mark.parametrize("spec", SPECS)
    def test_of_every_public_file(self, spec: str) -> None:
        """All 41, those that cannot be read among them; with other ends of lines, too."""
        if not RECORDED.is_dir():
            pytest.skip(f"the public files are not at {RECORDED}")
        paths = sorted(RECORDED.glob("*.yml"))
        assert len(paths) == 41
        for path in paths:
            unix = path.read_bytes().decode("utf-8")
            for text in (unix, unix.replace("\n", "\r\n")):
                changed = add(text, spec)
                assert changed != text
                assert set(text.splitlines()) <= set(changed.splitlines())
                assert drop(changed, read_wanted(spec).name) == text, path.name

    @given(
        items=st.lists(st.sampled_from(["a", "b =1", "'c'", '"d"', "sel(win): e"]), unique=True, max_size=4),
        pip=st.lists(st.sampled_from(["f>=1", "'g'", "-e .", "h; python_version < '4'"]), unique=True, max_size=3),
        depth=st.sampled_from(["", "  ", "    "]),
        comments=st.lists(st.sampled_from(["", "  # c", " # [linux]"]), min_size=8, max_size=8),
        spec=st.sampled_from(["zz", "zz[build=1]", "pypi:zz", "pypi:zz[x]>=1"]),
    )
    def test_of_any_file(self, items: list[str], pip: list[str], depth: str, comments: list[str], spec: str) -> None:
        """And what was added is what the reader reads."""
        section = [f"{depth}- pip:", *(f"{depth}    - {line}" for line in pip)] if pip else []
        lines = [*(f"{depth}- {item}" for item in items), *section]
        text = "dependencies:\n" + "".join(f"{line}{comment}\n" for line, comment in zip(lines, comments, strict=False))
        changed = add(text, spec)

        manifest = parse_environment(changed, Target(subdir="linux-64"), file="e.yml", folder=Path(__file__).parent)
        added = read_wanted(spec)
        said = manifest.requirements if added.is_pypi else manifest.specs
        assert added.text in [stated.text for stated in said]
        assert drop(changed, "zz") == text
