"""Which file counts."""

import os
from pathlib import Path

import pytest

from wheelbridge.configuration.errors import InvalidConfigurationError
from wheelbridge.configuration.files import find_project_file, load_file
from wheelbridge.configuration.levels import load_levels
from wheelbridge.errors import UsageError

TABLE = '[tool.wheelbridge]\npriority = "strict"\n'


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A folder two levels below another."""
    (tmp_path / "a" / "b").mkdir(parents=True)
    return tmp_path


@pytest.mark.parametrize(
    ("files", "nearest"),
    [
        pytest.param({"wheelbridge.toml": ""}, "wheelbridge.toml", id="above"),
        pytest.param({"wheelbridge.toml": "", "a/wheelbridge.toml": ""}, "a/wheelbridge.toml", id="nearest"),
        pytest.param({"pyproject.toml": TABLE}, "pyproject.toml", id="table"),
        pytest.param({"wheelbridge.toml": "", "a/pyproject.toml": TABLE}, "a/pyproject.toml", id="nearest table"),
        pytest.param({"wheelbridge.toml": "", "a/pyproject.toml": "[tool.x]"}, "wheelbridge.toml", id="no table"),
        pytest.param({"wheelbridge.toml": "", "a/pyproject.toml": "bro ken"}, "wheelbridge.toml", id="other's broken"),
        pytest.param({"a/wheelbridge.toml": "", "a/pyproject.toml": TABLE}, "a/pyproject.toml", id="one is empty"),
    ],
)
def test_the_nearest_file_counts(tree: Path, files: dict[str, str], nearest: str) -> None:
    """Going up from the working directory, the first folder that has one decides."""
    for name, text in files.items():
        (tree / name).write_text(text)

    assert find_project_file(tree / "a" / "b") == tree / nearest


def test_none(tree: Path) -> None:
    """Nothing there is no error."""
    assert find_project_file(tree / "a" / "b") is None


def test_two_in_one_folder(tree: Path) -> None:
    """Nobody can say which one counts."""
    (tree / "wheelbridge.toml").write_text('priority = "strict"')
    (tree / "pyproject.toml").write_text(TABLE)

    with pytest.raises(UsageError, match=r"both wheelbridge\.toml and \[tool\.wheelbridge\]") as caught:
        find_project_file(tree / "a")
    assert "--config" in str(caught.value.hint)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        pytest.param("wheelbridge.toml", "a = [", "it is no TOML", id="toml"),
        pytest.param("pyproject.toml", "[tool]\nwheelbridge = 1", "tool.wheelbridge: it must be a table", id="table"),
        pytest.param("pyproject.toml", TABLE + "x = 1", "tool.wheelbridge.x: there is no such key", id="key"),
        pytest.param("other.toml", None, "No such file", id="missing"),
    ],
)
def test_a_file_that_cannot_be_read(tmp_path: Path, name: str, text: str | None, message: str) -> None:
    """The file and the way to the value are named."""
    if text is not None:
        (tmp_path / name).write_text(text)

    with pytest.raises(InvalidConfigurationError, match=message) as caught:
        load_file(tmp_path / name)
    assert caught.value.file == str(tmp_path / name)


class TestLevels:
    """The nearest place comes first."""

    @pytest.fixture
    def all_places(self, alone: Path) -> Path:
        """A file of the project, one of the user, and conda's."""
        (alone / "work" / "wheelbridge.toml").write_text('priority = "strict"')
        (alone / "config" / "wheelbridge").mkdir(parents=True)
        (alone / "config" / "wheelbridge" / "wheelbridge.toml").write_text('priority = "flexible"')
        (alone / ".condarc").write_text("channels: [conda-forge]\nchannel_priority: strict\n")
        return alone

    @pytest.mark.skipif(os.name == "nt", reason="the user's folder is another one")
    def test_all(self, all_places: Path) -> None:
        """The project's, the user's, conda's."""
        found = [(place.origin, place.priority, place.fallback) for place in load_levels().places]

        assert found == [
            ("wheelbridge.toml", "strict", None),
            ("~/config/wheelbridge/wheelbridge.toml", "flexible", None),
            ("~/.condarc", None, "strict"),
        ]
        assert all_places.is_dir()

    def test_a_file_in_the_place_of_the_projects(self, all_places: Path) -> None:
        """``--config FILE``; with ``--no-config`` it is the only one."""
        other = all_places / "other.toml"
        other.write_text('priority = "disabled"')

        assert [place.priority for place in load_levels(other).places][0::2] == ["disabled", None]
        assert [place.priority for place in load_levels(other, search=False).places] == ["disabled"]

    @pytest.mark.usefixtures("all_places")
    def test_none_at_all(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """``--no-config``, and the variable that says the same."""
        assert load_levels(search=False).places == ()
        monkeypatch.setenv("WHEELBRIDGE_NO_CONFIG", "1")
        assert load_levels().places == ()

    def test_no_working_directory(self, alone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """It may have been removed."""
        gone = alone / "gone"
        gone.mkdir()
        monkeypatch.chdir(gone)
        gone.rmdir()

        assert load_levels().places == ()
