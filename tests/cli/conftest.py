from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest

from tests.ran import Ran
from wheelbridge.cli import main

Run: TypeAlias = Callable[..., Ran]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run wheelbridge's command line in this process, with a cache of its own."""
    monkeypatch.setenv("WHEELBRIDGE_CACHE_DIR", str(tmp_path / "cache"))
    for name in ("CONDA_SUBDIR", "CONDA_OVERRIDE_CUDA", "CONDA_OVERRIDE_GLIBC"):
        monkeypatch.delenv(name, raising=False)

    def call(*arguments: object) -> Ran:
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return Ran(code, said.out, said.err)

    return call
