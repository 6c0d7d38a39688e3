"""Names out of files: everything that is asked for is found, and what names nothing is said."""

import codecs
import json
import re
from pathlib import Path

import pytest

from wheelbridge.api.mapping.demand_list import NoDemandError, show_value
from wheelbridge.api.mapping.demands import read_demands
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
        ("pypi", name, str(path)) for name in ("foo-bar", "baz", "named")
    }
    assert [line.removeprefix(f"{path}: ") for line in unread][0::2] == ["-r other.txt", "./local"]
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
    assert unread == [f"{path}: no text (dict)", f"{path}: -e ."]


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
    assert unread == [f"{path}: pkg:generic/old"]


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


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("--proxy me:s3cret@proxy.example:8080", "--proxy …"),
        ("--extra-index-url //me:s3cret@host.example", "--extra-index-url …"),
        ("--index-url=https://s3cret@host.example/simple", "--index-url …"),
        ("-ihttps://s3cret@host.example/simple", "-i …"),
        ("-e git+ssh://git@host.example:s3cret/x", "-e …"),
        ("-r req.txt --password s3cret", "-r …"),
        ("-r sub/req.txt", "-r sub/req.txt"),
        ("--no-index", "--no-index"),
        ("git+ssh://git@host.example:s3cret/x", "git+ssh://…"),
        ("git+https://host.example/x@s3cret#egg=x", "git+https://…"),
        ("https://me:12/s3cret@host.example/x", "https://…"),
        ("https://host.example/simple/?s3cret", "https://host.example/simple/?***"),
        ("https://me:s3cret@[::1]:8080/x", "https://[::1]:8080/x"),
        ("https://me:s3cret@host.example:8080/t/s3cret/x", "https://host.example:8080/t/***/x"),
        ("//me:s3cret@host.example", "***"),
        ("me:s3cret@host.example and https://host.example", "***"),
    ],
)
def test_what_names_nothing_shows_no_secret(tmp_path: Path, line: str, shown: str) -> None:
    """A line that is only shown shows its kind and, where it is safe, its place: in every kind of file."""
    requirements = write(tmp_path, "requirements.txt", f"{line}\n")
    environment = write(tmp_path, "environment.yml", json.dumps({"dependencies": [line, {"pip": [line]}]}))

    assert read(requirements) == (set(), [f"{requirements}: {shown}"])
    assert read(environment) == (set(), [f"{environment}: {shown}"] * 2)


def test_an_address_is_no_conda_name(tmp_path: Path) -> None:
    """What is counted is a name of a package: neither an address nor a wildcard."""
    text = (
        'dependencies: ["https://u:s3cret@host.example/t/abc/x-1-0.conda", "*", "https://u:s3cret@h.example/c::Zlib"]'
    )
    path = write(tmp_path, "environment.yml", text)

    mentions, unread = read(path)

    assert {one.name for one in mentions} == {"zlib"}
    assert unread == [f"{path}: https://host.example/t/***/x-1-0.conda", f"{path}: *"]


def test_an_address_in_the_place_of_a_file_shows_no_secret() -> None:
    """A path that was an address lost one slash; its login is still one."""
    with pytest.raises(NoDemandError, match=r"^https://host\.example/r\.txt says nothing") as caught:
        read_demands([Path("https://me:s3cret@host.example/r.txt")])
    assert "s3cret" not in caught.value.path


def test_broken_yaml_shows_no_line(tmp_path: Path) -> None:
    """The parser's own message has the line that it stopped in, with the address in it."""
    path = write(tmp_path, "environment.yml", 'dependencies:\n- "https://me:s3cret@host.example" x\n')

    with pytest.raises(UnreadableTableError, match=r"environment\.yml.*line 2, column") as caught:
        read_demands([path])
    assert "s3cret" not in caught.value.message


def test_a_long_line_is_cut() -> None:
    """One line of a file does not fill the screen."""
    assert len(show_value("x" * 10_000)) < 300


def test_files_of_one_name_are_two_places(tmp_path: Path) -> None:
    """Each of them asks for the name."""
    for kind, text in {"r.txt": "a\n", "e.yml": "dependencies: [a]", "p.toml": "project.dependencies = ['a']"}.items():
        paths = [write(tmp_path, f"{folder}/{kind}", text) for folder in ("one", "two")]

        assert {one.place for one in read_demands(paths).mentions} == set(map(str, paths))


@pytest.mark.parametrize(
    ("bom", "encoding"),
    [
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
        (codecs.BOM_UTF32_BE, "utf-32-be"),
    ],
)
def test_a_byte_order_mark_tells_the_encoding(tmp_path: Path, bom: bytes, encoding: str) -> None:
    """As pip reads it; Windows' PowerShell writes UTF-16."""
    path = tmp_path / "requirements.txt"
    path.write_bytes(bom + "first\nsecond\n".encode(encoding))

    mentions, unread = read(path)

    assert ({one.name for one in mentions}, unread) == ({"first", "second"}, [])


def test_a_strange_byte_spoils_its_own_line_only(tmp_path: Path) -> None:
    """A comment in another encoding hides no name."""
    path = tmp_path / "requirements.txt"
    path.write_bytes(b"first # \xe4\n\xe4\nsecond\n")

    mentions, unread = read(path)

    assert {one.name for one in mentions} == {"first", "second"}
    assert len(unread) == 1


def test_every_key_of_the_external_table_is_read_or_told(tmp_path: Path) -> None:
    """Tables of 2025 have build-host-requires; a misspelt key would look like full coverage."""
    path = write(
        tmp_path,
        "pyproject.toml",
        """
[external]
build-host-requires = ["dep:generic/a"]
host_requires = ["dep:generic/lost"]
host-requires = [1, "dep:generic/c@>=1?repository_url=https://host.example/c", "pkg:u:s3cret@host.example"]
[external.optional-build-host-requires]
x = ["dep:generic/b@<20"]
""",
    )

    mentions, unread = read(path)

    assert {one.name for one in mentions} == {
        "dep:generic/a",
        "dep:generic/b",
        "dep:generic/c?repository_url=https://host.example/c",
    }
    assert unread == [f"{path}: no text (int)", f"{path}: pkg:u", f"{path}: [external] host_requires"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("project = 1", "'project' is no table, but of the type int"),
        ("project.dependencies = 'numpy'", "'project.dependencies' is no list, but of the type str"),
        ("project.optional-dependencies = ['a']", "'project.optional-dependencies' is no table"),
        ("project.optional-dependencies.x = 'a'", "'project.optional-dependencies.x' is no list"),
        ("build-system.requires = 1", "'build-system.requires' is no list"),
        ("dependency-groups = 1", "'dependency-groups' is no table"),
        ("external = 1", "'external' is no table"),
        ("external.dependencies = {}", "'external.dependencies' is no list"),
    ],
)
def test_a_project_of_another_form_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    """The message has the key and what it is; nothing is counted letter by letter."""
    with pytest.raises(UnreadableTableError, match=re.escape(reason)):
        read_demands([write(tmp_path, "pyproject.toml", text)])


def test_items_that_are_no_text_are_told_by_their_type(tmp_path: Path) -> None:
    """Whatever stands in a list beside texts."""
    path = write(
        tmp_path,
        "pyproject.toml",
        "project.dependencies = [1, 'a']\nexternal.dependencies = [[]]\ndependency-groups.x = [{other = 'y'}]",
    )

    mentions, unread = read(path)

    assert {one.name for one in mentions} == {"a"}
    assert unread == [f"{path}: no text ({kind})" for kind in ("int", "dict", "list")]


def test_yaml_that_grows_is_not_written_out(tmp_path: Path) -> None:
    """Nine lists of nine of the one before are one line, and not a gigabyte."""
    lists = [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    text = "\n".join(["a0: &a0 [x]", *lists, "dependencies: [*a11, {pip: [*a11]}, {pip: *a11}, b]"])
    path = write(tmp_path, "environment.yml", text)

    mentions, unread = read(path)

    assert {one.name for one in mentions} == {"b"}
    assert unread == [f"{path}: no text (list)"] * 11


@pytest.mark.parametrize(
    "data",
    [b"[]", b"{", b'{"name": "\xff"}', b'{"name": null}', b'{"name": "a b"}', b'{"name": "a", "fn": "-1.whl"}', b"1"],
)
def test_a_broken_record_of_an_environment_is_told(tmp_path: Path, data: bytes) -> None:
    """The others count."""
    write(tmp_path, "conda-meta/zlib.json", '{"name": "zlib", "fn": "zlib-1-0.conda"}')
    (tmp_path / "conda-meta" / "broken.json").write_bytes(data)

    mentions, unread = read(tmp_path)

    assert {one.name for one in mentions} == {"zlib"}
    assert unread == [f"{tmp_path / 'conda-meta' / 'broken.json'}: it is no record of a package"]


def test_other_files_in_a_folder_do_not_stop_it(tmp_path: Path) -> None:
    """A repository has YAML and TOML of other tools; each is told."""
    write(tmp_path, "requirements.txt", "a\n")
    write(tmp_path, "mkdocs.yml", "site_name: x\nextra: !!python/name:x.y\n")
    write(tmp_path, "settings.yml", "site_name: x\n")
    write(tmp_path, "pyproject.toml", "[tool.x]\n")
    (tmp_path / "folder.txt").mkdir()

    mentions, unread = read(tmp_path)

    assert {one.name for one in mentions} == {"a"}
    assert [next(name for name in ("mkdocs", "pyproject", "settings") if name in line) for line in unread] == [
        "mkdocs",
        "pyproject",
        "settings",
    ]


def test_a_folder_of_other_files_only_is_refused(tmp_path: Path) -> None:
    """Nothing in it asks for anything."""
    write(tmp_path, "mkdocs.yml", "site_name: x\n")

    with pytest.raises(NoDemandError, match="no file in it"):
        read_demands([tmp_path])
