"""What a solve of ``--solver wheelbridge`` goes by, read inside a real conda."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conda_plugin.contexts import run_inside
from tests.real_python import RealChannel
from tests.realconda import make_conda

_ASK = """
import json, sys
from argparse import Namespace
from conda.base.context import context, reset_context
reset_context(argparse_args=Namespace())
from wheelbridge.api.life.modifiers import Modifiers
from wheelbridge.conda_plugin.solver.settings import read_settings
settings, _ = read_settings(sys.argv[1:], context.subdirs, Modifiers())
print(json.dumps({
    "disallowed": [rule.spec for rule in settings.disallowed],
    "prefer": [str(pattern) for pattern in settings.variants.prefer],
    "ban": [str(pattern) for pattern in settings.variants.ban],
    "cutoffs": {one.name: one.exclude_newer and one.exclude_newer.isoformat() for one in settings.sources},
}))
"""


@pytest.fixture(scope="module")
def read(plugin: None, tmp_path_factory: pytest.TempPathFactory, real_channel: RealChannel) -> dict[str, Any]:
    """The settings of a solve over a channel of the configuration and one of the command line."""
    del plugin
    home: Path = tmp_path_factory.mktemp("settings")
    (home / "index").mkdir()
    conda = make_conda(
        home / "conda",
        [real_channel.url],
        disallowed_packages=["telemetry", "thing <1"],
        channel_alias="https://host.example/conda",
        channel_settings=[{"channel": "extra", "exclude_newer": "2026-01-31T12:00:00Z"}],
        plugins={
            "wheelbridge_indexes": [f"loop={home / 'index'}"],
            "wheelbridge_variant_prefer": ["blas :: library :: ob"],
            "wheelbridge_variant_ban": ["blas :: library :: mkl"],
        },
    )
    found: dict[str, Any] = json.loads(run_inside(conda, _ASK, real_channel.url, "extra"))
    return found


def test_what_is_not_allowed(read: dict[str, Any]) -> None:
    """``disallowed_packages`` hold for wheels and conda packages of a joint solve."""
    assert read["disallowed"] == ["telemetry", "thing <1"]


def test_the_word_on_variants(read: dict[str, Any]) -> None:
    """``plugins.wheelbridge_variant_prefer`` and ``_ban`` hold for conda's own commands."""
    assert read["prefer"] == ["blas :: library :: ob"]
    assert read["ban"] == ["blas :: library :: mkl"]


def test_the_cutoff_of_a_channel_of_the_command_line(read: dict[str, Any]) -> None:
    """A channel of ``-c`` has the cutoff that the configuration has for its name, and no other source has it."""
    assert read["cutoffs"].pop("extra") == "2026-01-31T12:00:00+00:00"
    assert set(read["cutoffs"].values()) == {None}
