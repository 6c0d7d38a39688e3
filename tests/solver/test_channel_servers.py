"""Channels on servers that answer in ways of their own."""

import asyncio
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.condapackages import index_channel, make_conda
from wheelbridge.model.source import Source
from wheelbridge.solver.channels import ChannelAccess, Channels


class Plain(SimpleHTTPRequestHandler):
    """Python's own server: its 304 repeats no validator."""

    told: list[int]

    def log_request(self, code: object = "-", size: object = "-") -> None:
        """Note the status."""
        del size
        self.told.append(int(str(code)) if not hasattr(code, "value") else code.value)


def test_a_304_that_rattler_does_not_take(tmp_path: Path) -> None:
    """A second process reads the channel as the first one did."""
    make_conda(tmp_path / "channel", "zlib", "1.3", {"x": "x"})
    index_channel(tmp_path / "channel")
    Plain.told = []
    handler = partial(Plain, directory=str(tmp_path / "channel"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever).start()
        try:
            source = Source("here", "channel", f"http://127.0.0.1:{server.server_port}", 0)
            found = [asyncio.run(read(source, tmp_path / "cache")) for _ in range(2)]
        finally:
            server.shutdown()

    assert found == [["1.3"], ["1.3"]]
    assert 304 in Plain.told


async def read(source: Source, cache: Path) -> list[str]:
    """Return the versions of a package, as a new process reads them."""
    channels = Channels([source], "linux-64", ChannelAccess(cache), offline=False)
    await channels.follow()
    await channels.open()
    return [str(record.version) for record in (await channels.records_of("zlib"))[source.url]]
