"""The stage of the tests in a real conda is what it says: a conda without settings but its own."""

from pathlib import Path

import pytest

from tests.realconda import NEEDS_CONDA, make_conda

pytestmark = [pytest.mark.conda, NEEDS_CONDA]


def test_no_other_settings_are_read(tmp_path: Path) -> None:
    """Those of an installer lie in ``CONDA_ROOT``: Miniforge puts a channel there, and conda merges lists."""
    conda = make_conda(tmp_path / "conda", [tmp_path.as_uri()])
    installed = tmp_path / "installed"
    installed.mkdir()
    (installed / ".condarc").write_text("channels: [conda-forge]\n", encoding="utf-8")
    own = str(conda.home / "condarc.yml")

    assert conda("info", "--json").json["config_files"] == [own]
    conda.variables["CONDA_ROOT"] = str(installed)
    assert conda("info", "--json").json["config_files"] == [str(installed / ".condarc"), own]
