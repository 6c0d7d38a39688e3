"""Names out of files: everything that is asked for is found, and what names nothing is said."""

import json
from pathlib import Path

import pytest

from wheelbridge.api.demands import NoDemandError, read_demands
from wheelbridge.mapping.coverage import Mention
from wheelbridge.tables.documents import UnreadableTableError


def read(path: Path) -> tuple[set[Mention], list[str]]:
    """Read one file or folder."""
    demands = read_demands([path])
    return set(demands.mentions), demands.unread


def write(folder: Path, name: str, text: str) -> Path:
    """Write a file."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_a_requirements_file(tmp_path: Path) -> None:
    """Comments, options, continued lines and hashes are pip's; an address with a name has a name."""
    path = write(
        tmp_path,
        "requirements.txt",
        "# all\nFoo_Bar[x]>=1; python_version < '3.9'  # why\n-r other.txt\nbaz==1 \\\n  --hash=sha256:00\n\n"
        "named @ https://host.example/named-1.whl\nhttps://me:secret@host.example/x.whl\n./local\nnot a name\n",
    )

    mentions, unread = read(path)

    assert {(one.world, one.name, one.place) for one in mentions} == {
        ("pypi", name, "requirements.txt") for name in ("foo-bar", "baz", "named")
    }
    assert [line.removeprefix("requirements.txt: ") for line in unread][0::2] == ["-r other.txt", "./local"]
    assert len(unread) == 4
    assert "secret" not in " ".join(unread)


def test_an_environment_file(tmp_path: Path) -> None:
    """Conda's specs and the pip section are two worlds."""
    path = write(
        tmp_path,
        "environment.yml",
        "dependencies:\n  - conda-forge::NumPy>=2\n  - python=3.12\n  - {other: x}\n  - pip:\n    - Rich>=13 # c\n"
        "    - -e .\n",
    )

    mentions, unread = read(path)

    assert {(one.world, one.name) for one in mentions} == {("conda", "numpy"), ("conda", "python"), ("pypi", "rich")}
    assert unread == ["environment.yml: {'other': 'x'}", "environment.yml: -e ."]


def test_a_project(tmp_path: Path) -> None:
    """All its lists, groups and external tables count."""
    path = write(
        tmp_path,
        "project.toml",
        """
[build-system]
requires = ["meson-python"]
[project]
dependencies = ["a>=1"]
[project.optional-dependencies]
x = ["b"]
[dependency-groups]
y = ["c", {include-group = "x"}]
[external]
build-requires = ["dep:virtual/compiler/c"]
host-requires = ["dep:generic/zlib@>=1.2; os_name == 'posix'", "pkg:generic/old"]
[external.optional-dependencies]
z = ["dep:generic/Gmp"]
""",
    )

    mentions, unread = read(path)

    assert {one.name for one in mentions if one.world == "pypi"} == {"meson-python", "a", "b", "c"}
    assert {one.name for one in mentions if one.world == "external"} == {
        "dep:virtual/compiler/c",
        "dep:generic/zlib",
        "dep:generic/Gmp",
    }
    assert unread == ["project.toml: pkg:generic/old"]


def test_a_recorded_index(tmp_path: Path) -> None:
    """Each project asks for itself; what its wheels need is counted once a project."""
    write(tmp_path, "simple/app.json", "{}")
    for version in ("1", "2"):
        text = f"Metadata-Version: 2.1\nName: App\nVersion: {version}\nRequires-Dist: lib>=1\n"
        write(tmp_path, f"metadata/{version}", text)

    mentions, unread = read(tmp_path)

    assert mentions == {Mention("pypi", "app", "app"), Mention("pypi", "lib", "app")}
    assert unread == []


def test_an_environment(tmp_path: Path) -> None:
    """What is installed is asked for: wheels as projects, the rest as conda packages."""
    for record in ({"name": "pytorch", "fn": "torch-2.0-py3-none-any.whl"}, {"name": "zlib", "fn": "zlib-1-0.conda"}):
        write(tmp_path, f"conda-meta/{record['name']}.json", json.dumps(record))

    mentions, _ = read(tmp_path)

    assert {(one.world, one.name) for one in mentions} == {("pypi", "torch"), ("conda", "zlib")}


def test_a_folder_of_files(tmp_path: Path) -> None:
    """Each file is read by its suffix; what is no such file does not matter."""
    write(tmp_path, "requirements.txt", "a\n")
    write(tmp_path, "environment.yml", "dependencies: [b]\n")
    write(tmp_path, "README.md", "c\n")

    assert {one.name for one in read(tmp_path)[0]} == {"a", "b"}


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("x.whl", "", "tells no kind"),
        ("environment.yml", "name: x\n", "no list of dependencies"),
        ("environment.yml", "- x\n", "no list of dependencies"),
        ("pyproject.toml", "[tool.x]\n", "no dependencies"),
        ("empty/README", "", "no file in it"),
    ],
)
def test_what_asks_for_nothing_is_refused(tmp_path: Path, name: str, text: str, reason: str) -> None:
    """A file that was meant and has nothing would look like full coverage."""
    path = write(tmp_path, name, text)

    with pytest.raises(NoDemandError, match=reason) as caught:
        read_demands([path.parent if name.startswith("empty") else path])
    assert str(tmp_path) in caught.value.path


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """The message names it."""
    with pytest.raises(NoDemandError, match="no such file"):
        read_demands([tmp_path / "requirements.txt"])


def test_broken_yaml_is_named(tmp_path: Path) -> None:
    """The error has the file."""
    with pytest.raises(UnreadableTableError, match=r"environment\.yml"):
        read_demands([write(tmp_path, "environment.yml", "- [")])
