"""Maps of names in ``wheelbridge.toml`` and ``[tool.wheelbridge]``."""

import tomllib
from pathlib import Path

import pytest

from wheelbridge.configuration.documents import read_document
from wheelbridge.configuration.errors import InvalidConfigurationError
from wheelbridge.configuration.files import load_file, user_file
from wheelbridge.configuration.levels import load_levels
from wheelbridge.configuration.values import MapEntry
from wheelbridge.mapping.external.layers import Mode

TABLE = """
[map]
Torch = "my-torch"
"ruamel.yaml" = "ruamel.yaml"
nothing = false
cupy-cuda12x = { conda = "cupy", relation = "equivalent", specs = ["cuda-version >=12,<13"] }
"""


def read(text: str, folder: Path = Path("/nowhere")) -> tuple[MapEntry, ...]:
    """Return the maps of a file of *folder*."""
    return read_document(tomllib.loads(text), "wheelbridge.toml", folder).maps


def test_the_table_says_what_a_map_says() -> None:
    """Project to name, false, or a row; it goes by the name of its file."""
    (entry,) = read(TABLE)
    assert entry.overlay is not None

    assert (entry.name, entry.mode, entry.file, entry.path) == ("wheelbridge.toml", Mode.PATCH, None, "map")
    assert entry.overlay.name == "wheelbridge.toml"
    assert [(row.pypi, row.conda, row.relation.value) for row in entry.overlay.rows] == [
        ("torch", "my-torch", "dist"),
        ("ruamel-yaml", "ruamel.yaml", "dist"),
        ("nothing", None, "none"),
        ("cupy-cuda12x", "cupy", "equivalent"),
    ]


def test_files_are_relative_to_the_configuration(tmp_path: Path) -> None:
    """The first one wins over the others; the table over all of them."""
    found = read(
        f'maps = ["rows.yaml", {{ file = "../x.toml", mode = "extend" }}, "{tmp_path}/y.json"]\n{TABLE}', tmp_path
    )

    assert [entry.file for entry in found] == [
        None,
        tmp_path / "rows.yaml",
        tmp_path.parent / "x.toml",
        tmp_path / "y.json",
    ]
    assert [entry.mode for entry in found] == [Mode.PATCH, Mode.PATCH, Mode.EXTEND, Mode.PATCH]
    assert [entry.path for entry in found] == ["map", "maps[0]", "maps[1]", "maps[2]"]
    assert {entry.origin for entry in found} == {"wheelbridge.toml"}
    assert found[1].name == f"wheelbridge.toml: {tmp_path / 'rows.yaml'}"


@pytest.mark.parametrize(
    ("text", "path", "reason"),
    [
        pytest.param("map = 3", "map", "a table", id="no table"),
        pytest.param('[map]\na = "x"\nb = "x"', "map", "the identity of two projects", id="one package twice"),
        pytest.param('[map]\na = "python"', "map.a", "never mapped", id="python"),
        pytest.param("[map]\na = 3", "map.a", "3 is no answer", id="a number"),
        pytest.param('[map]\na = { conda = "x", cnda = "y" }', "map.a", "no field 'cnda'", id="unknown field"),
        pytest.param('maps = "rows.yaml"', "maps", "a list", id="no list"),
        pytest.param("maps = [3]", "maps[0]", "must be a file", id="no file"),
        pytest.param('maps = [" "]', "maps[0].file", "empty", id="empty"),
        pytest.param('maps = [{ mode = "use" }]', "maps[0].file", "missing", id="no file in a table"),
        pytest.param('maps = [{ file = "x", mode = "uze" }]', "maps[0].mode", "none of", id="unknown mode"),
        pytest.param('maps = [{ file = "x", mod = "use" }]', "maps[0].mod", "no such key", id="unknown key"),
        pytest.param('maps = ["https://host.example/x"]', "maps[0].file", "must be a file", id="URL"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(text: str, path: str, reason: str) -> None:
    """As everything else in the file."""
    with pytest.raises(InvalidConfigurationError) as caught:
        read(text)

    assert caught.value.path == path
    assert reason in caught.value.message


def test_a_name_with_a_dot_needs_quotes() -> None:
    """TOML makes a table of it."""
    with pytest.raises(InvalidConfigurationError) as caught:
        read('[map]\nruamel.yaml = "x"')

    assert "quotes" in str(caught.value.hint)


def test_a_pyproject(tmp_path: Path) -> None:
    """The same keys, one table deeper."""
    path = tmp_path / "pyproject.toml"
    path.write_text('[tool.wheelbridge.map]\ntorch = "my-torch"\n')
    (entry,) = load_file(path).maps

    assert (entry.path, entry.file) == ("tool.wheelbridge.map", None)
    path.write_text("[tool.wheelbridge.map]\ntorch = 3\n")
    with pytest.raises(InvalidConfigurationError, match=r"tool\.wheelbridge\.map\.torch: 3 is no answer"):
        load_file(path)


def test_the_project_is_nearer_than_the_user(alone: Path) -> None:
    """And an empty file has nothing."""
    file = user_file()
    assert file is not None
    file.parent.mkdir(parents=True)
    file.write_text('[map]\na = "of-the-user"\n')
    (alone / "work" / "wheelbridge.toml").write_text('maps = ["of-the-project.yaml"]\n')
    project, user = load_levels().places

    assert [entry.file for entry in project.maps] == [alone / "work" / "of-the-project.yaml"]
    assert [entry.overlay.rows[0].conda for entry in user.maps if entry.overlay] == ["of-the-user"]
    assert load_levels(search=False).places == ()
    assert read("") == ()
