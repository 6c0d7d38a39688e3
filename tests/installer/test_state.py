"""Variables of an environment, and the memory of the last sync."""

from pathlib import Path

import pytest

from wheelbridge.installer.errors import BrokenRecordError
from wheelbridge.installer.state import (
    InvalidVariableNameError,
    ReservedVariableError,
    load_variables,
    state_path,
    write_variables,
)
from wheelbridge.installer.synced import Wanted, find_synced, write_synced


@pytest.fixture
def prefix(tmp_path: Path) -> Path:
    """An environment, as far as these files need one."""
    (tmp_path / "conda-meta").mkdir()
    (tmp_path / "conda-meta/history").write_text("", encoding="utf-8")
    return tmp_path


class TestVariables:
    """CEP 24: variables "SHOULD be added to the ``conda-meta/state`` file in the resulting environment"."""

    def test_written_and_read(self, prefix: Path) -> None:
        """In conda's form, letters of all languages as they are."""
        write_variables(prefix, {"B": "ö", "A": "1"})

        assert state_path(prefix).read_text(encoding="utf-8") == '{"env_vars": {"B": "ö", "A": "1"}}'
        assert load_variables(prefix) == {"A": "1", "B": "ö"}

    def test_nothing_to_write(self, prefix: Path) -> None:
        """No variables make no file."""
        write_variables(prefix, {})

        assert not state_path(prefix).exists()

    def test_others_stay_beside_them(self, prefix: Path) -> None:
        """The variables are replaced; what else is there, and what conda unset, is not ours."""
        state_path(prefix).write_text('{"env_vars": {"A": "***unset***", "B": "2"}, "x": 1}', encoding="utf-8")

        assert load_variables(prefix) == {"B": "2"}
        write_variables(prefix, {})
        assert state_path(prefix).read_text(encoding="utf-8") == '{"env_vars": {}, "x": 1}'

    def test_path_is_not_for_environments(self, prefix: Path) -> None:
        """Activation sets it itself; conda refuses it, too."""
        with pytest.raises(ReservedVariableError):
            write_variables(prefix, {"PATH": "/x"})

    @pytest.mark.parametrize("name", ["", "1A", "A B", "A-B", "X; touch pwned; #", "A=B", "A\n", "Ä"])
    def test_a_name_that_is_none(self, prefix: Path, name: str) -> None:
        """It would be code in the scripts of activation."""
        with pytest.raises(InvalidVariableNameError):
            write_variables(prefix, {name: "1"})
        assert not state_path(prefix).exists()

    def test_what_conda_wrote_is_left(self, prefix: Path) -> None:
        """A name that another tool let pass keeps nobody from adding another."""
        state_path(prefix).write_text('{"env_vars": {"A(x86)": "1"}}', encoding="utf-8")

        write_variables(prefix, {**load_variables(prefix), "B": "2"})
        assert load_variables(prefix) == {"A(x86)": "1", "B": "2"}

    @pytest.mark.parametrize("text", ["{", "[]"])
    def test_a_damaged_file(self, prefix: Path, text: str) -> None:
        """It is not passed over, and not written over."""
        state_path(prefix).write_text(text, encoding="utf-8")

        with pytest.raises(BrokenRecordError):
            write_variables(prefix, {"A": "1"})


class TestSynced:
    """A sync with nothing to do is known by the looks of a few files."""

    WANTED = Wanted(lock=b"lock", choice=("gpu",))

    def test_known_again(self, prefix: Path) -> None:
        """By the same lock and the same choice."""
        assert find_synced(prefix, self.WANTED) is None
        write_synced(prefix, self.WANTED, "gpu")

        assert find_synced(prefix, self.WANTED) == "gpu"

    @pytest.mark.parametrize("wanted", [Wanted(lock=b"another", choice=("gpu",)), Wanted(lock=b"lock")])
    def test_another_wish(self, prefix: Path, wanted: Wanted) -> None:
        """Another lock, or another choice, has to be looked at."""
        write_synced(prefix, self.WANTED, "gpu")

        assert find_synced(prefix, wanted) is None

    @pytest.mark.parametrize("name", ["history", "new-1-0.json", "state"])
    def test_what_changed_is_seen(self, prefix: Path, name: str) -> None:
        """Whoever changed the environment: conda, pip's adopters, a user."""
        write_synced(prefix, self.WANTED, "gpu")
        (prefix / "conda-meta" / name).write_text("x", encoding="utf-8")

        assert find_synced(prefix, self.WANTED) is None

    def test_what_is_gone_is_seen(self, prefix: Path) -> None:
        """A record that somebody removed."""
        (prefix / "conda-meta/a-1-0.json").write_text("{}", encoding="utf-8")
        write_synced(prefix, self.WANTED, "gpu")
        (prefix / "conda-meta/a-1-0.json").unlink()

        assert find_synced(prefix, self.WANTED) is None

    def test_another_machine_looks_closely(self, prefix: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """What its virtual packages are said to be may suit another target."""
        write_synced(prefix, self.WANTED, "gpu")
        monkeypatch.setenv("CONDA_OVERRIDE_CUDA", "11.8")

        assert find_synced(prefix, self.WANTED) is None

    def test_a_damaged_file(self, prefix: Path) -> None:
        """It tells nothing."""
        (prefix / "conda-meta/.wheelbridge.synced").write_text("[", encoding="utf-8")

        assert find_synced(prefix, self.WANTED) is None
