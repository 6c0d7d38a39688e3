from pathlib import Path

import pytest

from tests.loopback import RECORDED, unpack_recorded


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The recorded index, unpacked: ``simple/<project>.json`` and ``metadata/<sha256>``."""
    if not RECORDED.is_file():
        pytest.skip(f"the recorded index is not at {RECORDED}")
    return unpack_recorded(tmp_path_factory.mktemp("recorded"))
