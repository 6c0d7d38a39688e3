"""Edits of requirements files and of pyproject.toml: the same promise in other formats."""

from pathlib import Path

import pytest

from wheelbridge.environment.editing.planning import plan_add, plan_drop
from wheelbridge.environment.editing.project import DEPENDENCIES, add_to_pyproject, drop_from_pyproject
from wheelbridge.environment.editing.requirements import add_to_requirements, drop_from_requirements
from wheelbridge.environment.editing.text import NotInFileError, UneditableFileError, read_wanted
from wheelbridge.environment.errors import InvalidEnvironmentFileError
from wheelbridge.errors import InvalidRequirementError

HEAD = '[project]\nname = "x" # n\n'
TAIL = "\n[tool.x]\ny = 1 # z\n"
GROUP = ("dependency-groups", "test")
NEW = "zz[x]>=1; python_version < '4'"


def add(text: str, spec: str, place: tuple[str, ...] = DEPENDENCIES) -> str:
    """Add to a ``pyproject.toml``."""
    return add_to_pyproject(text, read_wanted(spec, only_pypi=True), "pyproject.toml", place)


class TestRequirements:
    """Lines as pip reads them."""

    TEXT = "# head\na==1   # why\n-r more.txt\nb>=1 \\\n  --hash=sha256:00\n# end\n"

    @pytest.mark.parametrize("ending", ["\n", "\r\n"])
    @pytest.mark.parametrize("text", [TEXT, TEXT.rstrip("\n"), "a", "\ufeffa\n", "# c\n", "# c", "a\n\n\n"])
    def test_add_and_drop_give_the_same_bytes(self, text: str, ending: str) -> None:
        """Behind the last line that asks for something."""
        text = text.replace("\n", ending)
        changed = add_to_requirements(text, read_wanted(NEW, only_pypi=True), "r.txt")

        assert NEW in changed.splitlines()
        assert drop_from_requirements(changed, "ZZ", "r.txt") == text

    def test_what_is_there_gets_the_new_spec(self) -> None:
        """And keeps its comment."""
        wanted = read_wanted("pypi:A>2", only_pypi=True)
        assert add_to_requirements(self.TEXT, wanted, "r.txt") == self.TEXT.replace("a==1", "A>2")

    def test_hashes_of_another_version_are_not_kept(self) -> None:
        """Nor thrown away: it is refused."""
        with pytest.raises(UneditableFileError, match="options of its own"):
            add_to_requirements(self.TEXT, read_wanted("b>2", only_pypi=True), "r.txt")

    def test_logins_are_left_out(self) -> None:
        """No message has them."""
        url = "https://me:s3cret@host.example/a.whl"
        with pytest.raises(UneditableFileError) as caught:
            add_to_requirements(f"a @ {url} --hash=sha256:0\n", read_wanted("a", only_pypi=True), "r.txt")
        assert "s3cret" not in str(caught.value)
        with pytest.raises(InvalidRequirementError) as refused:
            read_wanted(f"pypi:a b @ {url}")
        assert "s3cret" not in str(refused.value.as_json())

    def test_a_continued_line_goes_whole(self) -> None:
        """With its hashes."""
        gone = "b>=1 \\\n  --hash=sha256:00\n"
        assert drop_from_requirements(self.TEXT, "b", "r.txt") == self.TEXT.replace(gone, "")

    def test_what_is_said_for_each_platform_goes_together(self) -> None:
        """To change one of them is for the user to do."""
        text = "a==1; python_version < '3'\nb\na==2; python_version >= '3'\n"

        assert drop_from_requirements(text, "a", "r.txt") == "b\n"
        with pytest.raises(UneditableFileError, match="several lines"):
            add_to_requirements(text, read_wanted("a", only_pypi=True), "r.txt")
        with pytest.raises(NotInFileError, match="does not ask for 'c'"):
            drop_from_requirements(text, "c", "r.txt")


LISTS = [
    "[]",
    "['a', \"b\"] # c",
    "[\n  'a',\n  'b>=1', # c\n  # d\n]",
    "[\n  'a',\n  'b>=1' # c\n]",
    "[\n  'a',\n  'b>=1']",
    "['a',\n 'b',]",
    "['a', # c\n 'b', # d\n]",
    "[\n\t'a', 'b'\n]",
    "[\n  'a; python_version<\"4\"',\n]",
]


class TestPyproject:
    """Lists as people lay them out."""

    @pytest.mark.parametrize("ending", ["\n", "\r\n"])
    @pytest.mark.parametrize("items", LISTS)
    def test_add_and_drop_give_the_same_bytes(self, items: str, ending: str) -> None:
        """With a comma at the end or without, in lines or in a row."""
        text = f"{HEAD}dependencies = {items}\n{TAIL}".replace("\n", ending)
        changed = add(text, NEW)

        assert NEW in changed
        assert drop_from_pyproject(changed, "zz", "pyproject.toml") == text

    @pytest.mark.parametrize(
        ("items", "replaced", "dropped"),
        [
            (LISTS[1], "['a', \"b>=3\"] # c", "['a'] # c"),
            (LISTS[2], "[\n  'a',\n  'b>=3', # c\n  # d\n]", "[\n  'a',\n  # d\n]"),
            (LISTS[3], "[\n  'a',\n  'b>=3' # c\n]", "[\n  'a'\n]"),
            (LISTS[5], "['a',\n 'b>=3',]", "['a',]"),
        ],
    )
    def test_one_item_changes(self, items: str, replaced: str, dropped: str) -> None:
        """Its quotes and its comment stay, or go with it."""
        text = f"{HEAD}dependencies = {items}\n{TAIL}"

        assert add(text, "b>=3") == f"{HEAD}dependencies = {replaced}\n{TAIL}"
        assert drop_from_pyproject(text, "b", "pyproject.toml") == f"{HEAD}dependencies = {dropped}\n{TAIL}"

    def test_groups_and_extras_are_lists_too(self) -> None:
        """An included group stays what it is."""
        text = "[dependency-groups]\ntest = [{include-group = 'x'}, 'a']\n"
        assert add(text, "b", GROUP) == text.replace("'a'", "'a', 'b'")
        assert add(add(text, "b", GROUP), "b>1", GROUP) == text.replace("'a'", "'a', 'b>1'")

    @pytest.mark.parametrize(
        ("text", "place", "changed"),
        [
            (HEAD, DEPENDENCIES, f'{HEAD}dependencies = ["zz"]\n'),
            (HEAD + TAIL, DEPENDENCIES, f'{HEAD}dependencies = ["zz"]\n{TAIL}'),
            (HEAD + TAIL, GROUP, f'{HEAD}{TAIL}\n[dependency-groups]\ntest = ["zz"]\n'),
            (
                f"{HEAD}description = '''\n[x]\n'''\n",
                DEPENDENCIES,
                "[project]\ndependencies = [\"zz\"]\nname = \"x\" # n\ndescription = '''\n[x]\n'''\n",
            ),
        ],
    )
    def test_a_list_is_made(self, text: str, place: tuple[str, ...], changed: str) -> None:
        """At the end of its table, else where TOML lets it be."""
        assert add(text, "zz", place) == changed

    @pytest.mark.parametrize(
        ("text", "spec", "error"),
        [
            ("[project\n", "a", InvalidEnvironmentFileError),
            ("[project]\ndependencies = 'a'\n", "a", InvalidEnvironmentFileError),
            ("project = 1\n", "a", InvalidEnvironmentFileError),
            ("project = {name = 'x'}\n", "a", UneditableFileError),
            ("[project]\ndependencies = [['a']]\n", "a", UneditableFileError),
            ("[project]\ndependencies = ['a<1', 'a>2']\n", "a", UneditableFileError),
        ],
    )
    def test_what_cannot_be_edited_is_refused(self, text: str, spec: str, error: type[Exception]) -> None:
        """As it is no TOML, no list, or no list of one line for a name."""
        with pytest.raises(error):
            add(text, spec)

    def test_a_comment_that_is_not_its_own_is_not_lost(self) -> None:
        """Rather nothing is done."""
        with pytest.raises(UneditableFileError, match="a comment would go"):
            drop_from_pyproject(f"{HEAD}dependencies = {LISTS[6]}\n", "a", "pyproject.toml")
        with pytest.raises(NotInFileError):
            drop_from_pyproject(HEAD, "a", "pyproject.toml")


class TestFiles:
    """The kind of a file is in its name."""

    @pytest.mark.parametrize("name", ["setup.cfg", "wheelbridge.toml", "environment"])
    def test_others_are_refused(self, name: str, tmp_path: Path) -> None:
        """With those that are not."""
        with pytest.raises(UneditableFileError, match="no file that is edited"):
            plan_add(tmp_path / name, ["a"])

    def test_all_or_nothing(self, tmp_path: Path) -> None:
        """One name that is not there keeps the others in the file."""
        path = tmp_path / "requirements.txt"
        path.write_bytes(b"a\r\nb")
        with pytest.raises(NotInFileError):
            plan_drop(path, ["a", "c"])
        edit = plan_drop(path, ["a", "pypi:b"])

        assert path.read_bytes() == b"a\r\nb"
        edit.write()
        assert path.read_bytes() == b""

    def test_links_and_modes_stay(self, tmp_path: Path) -> None:
        """The file that a link leads to is written, and nothing is left beside it."""
        real, link = tmp_path / "real.yml", tmp_path / "environment.yml"
        real.write_text("dependencies: [a]\n", encoding="utf-8")
        real.chmod(0o640)
        link.symlink_to(real)
        plan_add(link, ["b", "pypi:c"]).write()

        assert real.read_text(encoding="utf-8") == "dependencies: [a, b, {pip: [c]}]\n"
        assert (real.stat().st_mode & 0o777, link.is_symlink()) == (0o640, True)
        assert sorted(path.name for path in tmp_path.iterdir()) == ["environment.yml", "real.yml"]


class TestReadable:
    """What is written can be read again, by us and by others."""

    EXTRA = ("project", "optional-dependencies", "my-extra")

    def test_names_of_extras_and_groups_are_compared_normalized(self) -> None:
        """PEP 685, PEP 735: two names of one file that are equal then are an error."""
        extras = f"{HEAD}[project.optional-dependencies]\nMy_Extra = ['a']\n"
        groups = "[dependency-groups]\nDev_X = ['a']\n"

        assert add(extras, "b", self.EXTRA) == extras.replace("'a'", "'a', 'b'")
        assert add(groups, "b", ("dependency-groups", "dev-x")) == groups.replace("'a'", "'a', 'b'")
        dropped = drop_from_pyproject(groups, "a", "pyproject.toml", ("dependency-groups", "dev.x"))
        assert dropped == groups.replace("'a'", "")

    @pytest.mark.parametrize(
        ("text", "place", "message"),
        [
            ("[build-system]\nrequires = []\n", DEPENDENCIES, "no .project. table"),
            ("", EXTRA, "no .project. table"),
            (f'{HEAD}dynamic = ["dependencies"]\n', DEPENDENCIES, "'dependencies' is dynamic"),
            (f'{HEAD}dynamic = ["optional-dependencies"]\n', EXTRA, "'optional-dependencies' is dynamic"),
        ],
    )
    def test_what_pep_621_refuses_is_not_written(self, text: str, place: tuple[str, ...], message: str) -> None:
        """A project without a name, and a field that is both static and dynamic."""
        with pytest.raises(UneditableFileError, match=message):
            add(text, "a", place)

    def test_a_byte_order_mark_stays(self) -> None:
        """The reader passes over it, and so do edits."""
        text = f'\ufeff{HEAD}dependencies = ["a"]\n'

        assert add(text, "b") == text.replace('"a"', '"a", "b"')
        assert drop_from_pyproject(text, "a", "pyproject.toml") == text.replace('"a"', "")

    @pytest.mark.parametrize("text", ["a==1 \\", "a==1 \\\n", "a\fb\n", "a\rb\n", "a\x85b\n"])
    def test_lines_that_pip_sees_otherwise_are_left_alone(self, text: str) -> None:
        """A line that goes on where the file ends would swallow the next one; a form feed ends a line for pip."""
        with pytest.raises(UneditableFileError):
            add_to_requirements(text, read_wanted("c", only_pypi=True), "r.txt")
