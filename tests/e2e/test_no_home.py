"""A user whom the system does not know has no home: a container's, often."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.conftest import Environment

UNKNOWN = "import pwd, sys; del pwd.getpwuid; pwd.getpwuid = {}.__getitem__; "
COMMAND = UNKNOWN + "from wheelbridge.cli import main; sys.exit(main(sys.argv[1:]))"


@pytest.mark.skipif(sys.platform == "win32", reason="there every user has one")
@pytest.mark.parametrize("cached", [True, False])
def test_a_solve(environment: Environment, tmp_path: Path, cached: bool) -> None:
    """All that lies in a home is not there; a cache has to be named."""
    variables = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    (tmp_path / "wheelbridge.toml").write_text("", encoding="utf-8")
    if cached:
        variables["WHEELBRIDGE_CACHE_DIR"] = str(tmp_path / "cache")
    command = [sys.executable, "-c", COMMAND, "solve", *environment.options[2:], "python", "pypi:lib"]
    done = subprocess.run(command, env=variables, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert done.returncode == (0 if cached else 2), done.stderr
    assert "Traceback" not in done.stderr
    assert cached or "WHEELBRIDGE_CACHE_DIR" in done.stderr
