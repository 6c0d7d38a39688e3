"""What conda itself says stands in the place of what its files say."""

from dataclasses import replace
from pathlib import Path

import pytest

from wheelbridge.configuration.conda_channels import CondaChannels
from wheelbridge.configuration.condarc import CondaSettings
from wheelbridge.configuration.levels import load_levels
from wheelbridge.configuration.values import Configuration, SourceEntry
from wheelbridge.model.pin import Pin

SAID = CondaSettings(
    configuration=Configuration(origin="conda", sources=(SourceEntry(kind="channel", text="corp"),)),
    channels=CondaChannels(alias="https://host.example", denied=("bad",)),
    override_allowed=False,
    notes=("a note",),
    pins=(Pin("python 3.11.*", "conda"),),
    others=(Configuration(origin="behind", priority="strict"),),
)


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run where conda's files say something else, and a project has a configuration."""
    (tmp_path / "condarc.yml").write_text("channels: [from-a-file]\n", encoding="utf-8")
    (tmp_path / "wheelbridge.toml").write_text('priority = "flexible"\n', encoding="utf-8")
    monkeypatch.setenv("CONDARC", str(tmp_path / "condarc.yml"))
    monkeypatch.chdir(tmp_path)


def test_files_of_condas_are_not_read() -> None:
    """The project's stands before, in this order."""
    levels = load_levels(conda=SAID)

    assert [place.origin for place in levels.places] == ["wheelbridge.toml", "conda", "behind"]
    assert (levels.notes, levels.pins, levels.override_allowed) == (SAID.notes, SAID.pins, False)


def test_without_the_projects() -> None:
    """What runs in any folder is not led by what lies there, but by what its user or caller names."""
    assert [place.origin for place in load_levels(project=False, conda=SAID).places] == ["conda", "behind"]

    named = load_levels(Path("wheelbridge.toml"), project=False, conda=SAID)
    assert named.places[0].origin == "wheelbridge.toml"


def test_final_indexes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files that lie about add nothing to them: sources, routes or names; one that is named does."""
    monkeypatch.setattr("wheelbridge.configuration.levels.user_file", lambda: tmp_path / "mine.toml")
    (tmp_path / "mine.toml").write_text('priority = "disabled"\n', encoding="utf-8")
    sealed = replace(SAID, sealed_by="/etc/condarc")
    levels = load_levels(conda=sealed)

    assert [place.origin for place in levels.places] == ["conda", "behind"]
    assert levels.notes == (
        "a note",
        "wheelbridge.toml is left out: the indexes of /etc/condarc are final.",
        "mine.toml is left out: the indexes of /etc/condarc are final.",
    )
    assert load_levels(tmp_path / "wheelbridge.toml", conda=sealed).places[0].priority == "flexible"


@pytest.mark.parametrize("by_variable", [True, False])
def test_without_configuration(monkeypatch: pytest.MonkeyPatch, *, by_variable: bool) -> None:
    """``--no-config`` leaves out what is listed, not what names mean and what is forbidden."""
    if by_variable:
        monkeypatch.setenv("WHEELBRIDGE_NO_CONFIG", "1")
    levels = load_levels(search=by_variable, conda=SAID)

    assert (levels.places, levels.pins, levels.notes) == ((), (), ())
    assert (levels.channels, levels.override_allowed) == (SAID.channels, False)
