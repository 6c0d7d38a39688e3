import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wheelbridge.index.ranges import RangesUnsupportedError, Slice, open_remote

DATA = bytes(range(256)) * 1000
TAIL = 64 * 1024


class RecordingServer:
    """Serves ``DATA`` in slices, and remembers which."""

    def __init__(self) -> None:
        self.asked: list[tuple[int | None, int]] = []

    def fetch(self, first: int | None, last: int) -> Slice:
        """Answer as an honest server does."""
        self.asked.append((first, last))
        start = len(DATA) - last if first is None else first
        end = len(DATA) if first is None else last + 1
        return Slice(start, len(DATA), DATA[start:end])


@given(st.lists(st.tuples(st.integers(0, len(DATA) + 9), st.integers(0, TAIL * 2)), max_size=9), st.booleans())
def test_reads_are_those_of_the_file(reads: list[tuple[int, int]], knows_size: bool) -> None:
    """Wherever one seeks and however much one reads; and the tail is fetched once."""
    server = RecordingServer()
    with open_remote(server.fetch, len(DATA) if knows_size else None) as remote, io.BytesIO(DATA) as local:
        for position, count in reads:
            remote.seek(position)
            local.seek(position)
            assert remote.read(count) == local.read(count)

    assert all(last < len(DATA) - TAIL for _, last in server.asked[1:])


def test_a_file_that_changes_on_the_way() -> None:
    """Slices of two files are never put together."""
    slices = iter((Slice(len(DATA) - TAIL, len(DATA), DATA[-TAIL:]), Slice(0, 5, b"other")))
    with open_remote(lambda *_: next(slices), len(DATA)) as remote, pytest.raises(RangesUnsupportedError):
        remote.read(5)
