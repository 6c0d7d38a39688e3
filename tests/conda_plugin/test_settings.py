import json
from pathlib import Path
from typing import Any

import pytest

from tests.installer.wheelmaker import make_wheel
from tests.realconda import Conda, make_conda

DEFAULTS: dict[str, Any] = {
    "wheelbridge_config": None,
    "wheelbridge_extract_wheels": "auto",
    "wheelbridge_indexes": [],
    "wheelbridge_maps": [],
    "wheelbridge_notices": False,
    "wheelbridge_priority": None,
    "wheelbridge_variant_ban": [],
    "wheelbridge_variant_prefer": [],
    "wheelbridge_verify_wheels": True,
}


@pytest.fixture
def conda(plugin: None, tmp_path: Path) -> Conda:
    """A conda without channels."""
    del plugin
    return make_conda(tmp_path, [])


def settings(conda: Conda) -> dict[str, Any]:
    """Return our settings as conda reads them."""
    plugins = conda("config", "--show", "--json").json["plugins"]
    return {name: value for name, value in plugins.items() if name.startswith("wheelbridge_")}


def test_nothing_is_set(conda: Conda) -> None:
    """Every setting has a default, which means: as without the plugin's settings."""
    assert settings(conda) == DEFAULTS


def test_files_and_variables_set_them(conda: Conda) -> None:
    """Lists of a variable have commas; what files say comes first behind it, as for conda's own lists."""
    conda.settings["plugins"] = {
        "wheelbridge_indexes": ["corp=https://host.example/simple", "pypi"],
        "wheelbridge_priority": "strict",
        "wheelbridge_variant_ban": ["nvidia", "x86_64 :: level :: v4"],
        "wheelbridge_notices": True,
    }
    conda.variables["CONDA_PLUGINS_WHEELBRIDGE_PRIORITY"] = "disabled"
    conda.variables["CONDA_PLUGINS_WHEELBRIDGE_MAPS"] = "a.yaml,b.yaml"

    assert settings(conda) == DEFAULTS | {
        "wheelbridge_indexes": ["corp=https://host.example/simple", "pypi"],
        "wheelbridge_priority": "disabled",
        "wheelbridge_maps": ["a.yaml", "b.yaml"],
        "wheelbridge_variant_ban": ["nvidia", "x86_64 :: level :: v4"],
        "wheelbridge_notices": True,
    }


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("wheelbridge_priority", "best", "It must be one of strict, flexible, disabled."),
        ("wheelbridge_extract_wheels", "sometimes", "It must be one of auto, always, never."),
        ("wheelbridge_variant_prefer", ["x86_64 level"], "names no variant namespace, feature or property."),
        ("wheelbridge_maps", ["https://host.example/map.yaml"], "It must be a file: download it"),
        ("wheelbridge_config", "", "It must name a file."),
        ("wheelbridge_indexes", [" "], "An index is a URL, a NAME or NAME=URL."),
    ],
)
def test_what_makes_no_sense_is_refused(conda: Conda, name: str, value: object, said: str) -> None:
    """Conda names the setting, and says what it can be; commands that do not read it go on."""
    conda.settings["plugins"] = {name: value}

    refused = conda("config", "--show", code=1).err

    assert f"Parameter {name}" in refused
    assert said in refused
    assert "config --describe" not in refused
    listed = conda("list", "-p", conda.home, "--json", code=1).json
    assert listed["exception_name"] == "DirectoryNotACondaEnvironmentError"


def test_who_unpacks_a_wheel_is_told_what_is_wrong(conda: Conda, tmp_path: Path) -> None:
    """Conda asks for the setting with every spec that it reads; only a wheel needs it."""
    wheel = make_wheel(tmp_path, "thing").path
    conda.settings["plugins"] = {"wheelbridge_extract_wheels": "sometimes"}

    refused = conda("create", "-n", "e", "-y", wheel, code=1).err

    assert "Parameter wheelbridge_extract_wheels" in refused
    assert not (conda.home / "envs" / "e" / "conda-meta").exists()


def test_a_password_is_not_shown(conda: Conda) -> None:
    """Conda prints a value that a plugin refuses: one that may hold a password must never be refused here."""
    conda.settings["plugins"] = {"wheelbridge_indexes": ["https://user:secret@host.example:port/ simple"]}

    conda("config", "--validate")
    assert "secret" not in conda("config", "--show", "solver").out


def test_each_setting_is_described(conda: Conda) -> None:
    """``conda config --describe`` is the reference of the settings."""
    for name in DEFAULTS:
        described = json.loads(conda("config", "--describe", f"plugins.{name}", "--json").out)
        assert len(described[0]["description"]) > len("A description that says something.")
