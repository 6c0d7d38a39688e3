"""Every recorded environment file is read, and solved as far as the recording has it; the documentation says how."""

from pathlib import Path

import pytest

from tests.loopback import LoopbackIndex
from tests.recorded.environment_files import FILES, TABLE, Recording, judge_all, render, unpack_channels

pytestmark = pytest.mark.shared_data


def test_the_page_tells_what_happens(recorded: Path, tmp_path: Path) -> None:
    """The table in the documentation is what the solver answers now, file by file."""
    with LoopbackIndex(recorded) as index:
        recording = Recording(unpack_channels(tmp_path / "channels"), index.url, tmp_path / "cache")
        verdicts = [*judge_all(recording)]

    assert [verdict.file for verdict in verdicts] == [path.name for path in sorted(FILES.glob("*.yml"))]
    assert render(verdicts) == TABLE.read_text(encoding="utf-8")
