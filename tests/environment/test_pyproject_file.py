"""What a pyproject.toml asks for: PEP 621, PEP 735, and tables of tools."""

from collections.abc import Callable
from pathlib import Path

import pytest
from packaging.dependency_groups import resolve_dependency_groups

from wheelbridge.environment.errors import InvalidEnvironmentFileError
from wheelbridge.environment.manifest import Manifest
from wheelbridge.environment.project.file import read_pyproject_file
from wheelbridge.model.target import Target

LINUX = Target(subdir="linux-64")
PROJECT = """
[project]
name = "My.Tool"
version = "1.2"
requires-python = ">=3.11,<4"
dependencies = ["numpy>=2", "rich; os_name == 'nt'", "Fork @ git+https://host.example/fork@v1"]

[project.optional-dependencies]
Cli = ["typer"]
plot = ["matplotlib; python_version < '3.14'"]
all = ["my-tool[cli,plot]; sys_platform != 'win32'"]
circle = ["my_tool[circle2]", "a"]
circle2 = ["my_tool[circle]", "b"]

[dependency-groups]
test = ["pytest", { include-group = "Typing" }]
typing = ["mypy", "my-tool[cli]"]
"""

Read = Callable[..., Manifest]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Read a text as pyproject.toml."""

    def _read(text: str, *extras: str, groups: tuple[str, ...] = ()) -> Manifest:
        path = tmp_path / "pyproject.toml"
        path.write_text(text, encoding="utf-8")
        return read_pyproject_file(path, extras=extras, groups=groups, target=LINUX, shown="pyproject.toml")

    return _read


def _texts(manifest: Manifest) -> list[str]:
    return [one.text for one in manifest.requirements]


def test_dependencies(read: Read) -> None:
    """PEP 621: ``dependencies`` are PEP 508; one with a URL is a link, and requires-python a spec of Python."""
    manifest = read(PROJECT)

    assert _texts(manifest) == ["numpy>=2", "rich; os_name == 'nt'"]
    assert [one.text for one in manifest.specs] == ['python[version=">=3.11,<4dev0"]']
    (link,) = manifest.links
    assert (link.project, link.url, link.revision) == ("fork", "https://host.example/fork", "v1")
    assert manifest.requirements[1].place == "pyproject.toml: project.dependencies[1]"
    assert manifest.files == ("pyproject.toml",)


def test_extras_are_normalized(read: Read) -> None:
    """PEP 685: "When comparing extra names, tools MUST normalize the names being compared"."""
    assert _texts(read(PROJECT, "CLI"))[2:] == ["typer"]


def test_extra_of_itself(read: Read) -> None:
    """``project[all]`` stands for what those extras need, under its marker and theirs."""
    assert _texts(read(PROJECT, "all"))[2:] == [
        'typer; sys_platform != "win32"',
        'matplotlib; sys_platform != "win32" and python_version < "3.14"',
    ]


def test_extras_in_a_circle(read: Read) -> None:
    """Extras that need each other are asked for once."""
    assert _texts(read(PROJECT, "circle"))[2:] == ["a", "b"]


def test_groups_with_includes(read: Read) -> None:
    """PEP 735: "the requirements of the included group replace the include"; extras of the project stand in, too."""
    manifest = read(PROJECT, groups=("Test",))

    assert _texts(manifest)[2:] == ["pytest", "mypy", "typer"]
    assert "'-e .' installs it" in manifest.notes[0]


def test_groups_alone(read: Read) -> None:
    """PEP 735: groups need no [project] table."""
    text = '[dependency-groups]\na = ["x>=1", {include-group = "b"}]\nb = ["y"]'

    manifest = read(text, groups=("a",))

    expected = resolve_dependency_groups({"a": ["x>=1", {"include-group": "b"}], "b": ["y"]}, "a")
    assert tuple(_texts(manifest)) == expected
    assert manifest.specs == ()


REFUSED = {
    "no project": ("[tool.x]\na = 1", (), (), r"no \[project\] table"),
    "no TOML": ("[project", (), (), "no TOML"),
    "dynamic": ('[project]\nname = "x"\ndynamic = ["dependencies"]', (), (), "they are dynamic"),
    "dynamic extras": ('[project]\nname="x"\ndynamic = ["optional-dependencies"]', ("a",), (), "the extra 'a'"),
    "dynamic extra of itself": (
        '[project]\nname="x"\ndependencies = ["x[a]"]\ndynamic = ["optional-dependencies"]',
        (),
        (),
        "does not list: a",
    ),
    "unknown extra": (PROJECT, ("plots",), (), "no extra 'plots'"),
    "unknown extra of itself": ('[project]\nname = "x"\ndependencies = ["x[a]"]', (), (), "does not list: a"),
    "another version of itself": ('[project]\nname="x"\nversion="1"\ndependencies=["x>=2"]', (), (), "another version"),
    "extras alike": ('[project]\nname="x"\n[project.optional-dependencies]\na-b=[]\na_b=[]', (), (), "differ once"),
    "unknown group": (PROJECT, (), ("tests",), "no dependency group 'tests'"),
    "circle of groups": (
        '[dependency-groups]\na=[{include-group="b"}]\nb=[{include-group="a"}]',
        (),
        ("a",),
        "Cyclic",
    ),
    "missing include": ('[dependency-groups]\na=[{include-group="b"}]', (), ("a",), "'b' not found"),
    "groups alike": ("[dependency-groups]\na-b=[]\na_b=[]", (), ("a-b",), "Duplicate"),
    "odd group": ('[dependency-groups]\na=[{odd="b"}]', (), ("a",), "Invalid dependency group item"),
    "group of a text": ('[dependency-groups]\na="b"', (), ("a",), "string rather than a list"),
    "odd requirement": ('[project]\nname="x"\ndependencies=["odd odd"]', (), (), "not a PEP 508"),
    "path": ('[project]\nname="x"\ndependencies=["./odd"]', (), (), "odd"),
    "odd type": ('[project]\nname="x"\ndependencies="a"', (), (), "expected a list of texts"),
    "odd python": ('[project]\nname="x"\nrequires-python="odd"', (), (), "PEP 440"),
    "python that is not exact": ('[project]\nname="x"\nrequires-python="===3.11"', (), (), "cannot be said exactly"),
}
"""Text, extras, groups, and what the message says."""


@pytest.mark.parametrize("name", REFUSED)
def test_refuses(name: str, read: Read) -> None:
    """What the file does not say, or says against the specifications, is refused with its place."""
    text, extras, groups, message = REFUSED[name]

    with pytest.raises(InvalidEnvironmentFileError, match=message) as caught:
        read(text, *extras, groups=groups)

    assert caught.value.file.startswith("pyproject.toml")


@pytest.mark.parametrize(
    ("extras", "groups", "hint"), [(("plots",), (), "'plot'"), ((), ("tests",), "'test'"), (("z",), (), "'cli'")]
)
def test_refusals_help(extras: tuple[str, ...], groups: tuple[str, ...], hint: str, read: Read) -> None:
    """A name that is not there leads to the ones that are."""
    with pytest.raises(InvalidEnvironmentFileError) as caught:
        read(PROJECT, *extras, groups=groups)

    assert hint in str(caught.value.hint)


def test_dynamic_dependencies_say_what_to_do(read: Read) -> None:
    """Dependencies that a build makes are found with ``-e .``."""
    with pytest.raises(InvalidEnvironmentFileError) as caught:
        read('[project]\nname = "x"\ndynamic = ["dependencies"]')

    assert "-e ." in str(caught.value.hint)


def test_messages_show_no_login(read: Read) -> None:
    """A login in a URL is in no message."""
    text = '[project]\nname="x"\ndependencies=["x y @ https://me:hunter2@host.example/x.txt"]'
    with pytest.raises(InvalidEnvironmentFileError) as caught:
        read(text)

    assert "hunter2" not in str(caught.value.as_json())


def test_own_tables(read: Read) -> None:
    """[external] (PEP 725) and [tool.wheelbridge] are handed on as they are."""
    manifest = read(
        '[project]\nname="x"\n[external]\nbuild-requires=["dep:virtual/compiler/c"]\n[tool.wheelbridge]\na=1'
    )

    assert manifest.external == {"build-requires": ["dep:virtual/compiler/c"]}
    assert manifest.settings == {"a": 1}
    assert manifest.notes == ()


def test_tables_of_others_are_told(read: Read) -> None:
    """What other tools would install, or where from, is not read, and a note says so."""
    text = """
[project]
name = "x"
[tool.uv]
override-dependencies = ["a"]
package = true
[tool.uv.sources]
b = { index = "torch" }
[tool.pixi.dependencies]
c = "*"
[tool.poetry.dependencies]
d = "*"
"""
    about = {note.partition(" is not read")[0] for note in read(text).notes}
    assert about == {
        "pyproject.toml: [tool.uv] sources of b",
        "pyproject.toml: [tool.uv] override-dependencies",
        "pyproject.toml: [tool.pixi.dependencies]",
        "pyproject.toml: [tool.poetry.dependencies]",
    }
