"""Without a network, with what is cached."""

from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.loopback import LoopbackIndex
from tests.ran import Ran
from tests.real_python import RealChannel


def test_what_is_cached_is_enough(
    run: Run, tmp_path: Path, real_channel: RealChannel, wheels: dict[str, list[Path]]
) -> None:
    """One environment fills the cache; the next needs no server, and what was never asked for says so."""

    def create(name: str, *arguments: str) -> Ran:
        return run("create", "-p", tmp_path / name, *options, "python", *arguments, "-y", "--json")

    with LoopbackIndex(wheels) as server:
        options = ("-c", real_channel.url, "-i", server.url)
        online = create("online", "pypi:lib<1.1", "pypi:pip")
    offline = create("offline", "pypi:pip", "pypi:lib<1.1", "--offline")
    missing = create("missing", "pypi:extra-thing", "--offline")

    assert (online.code, offline.code, missing.code) == (0, 0, 1), offline.out
    assert offline.json["records"] == online.json["records"]
    assert list((tmp_path / "offline" / "lib").rglob("lib.py"))
    assert missing.json["error"]["code"] == "offline"
    assert "/simple/extra-thing/" in missing.json["error"]["message"]
    assert not (tmp_path / "missing").exists()


@pytest.mark.parametrize("cached", ["page", "page and metadata"])
def test_a_solve_does_not_cache_wheels(
    run: Run, tmp_path: Path, real_channel: RealChannel, wheels: dict[str, list[Path]], cached: str
) -> None:
    """What is missing is named, be it a metadata file or the wheel; nothing is left behind."""
    with LoopbackIndex(wheels) as server:
        options = ("-c", real_channel.url, "-i", server.url, "python", "--json")
        before = run("solve", *options, "pypi:lib>99" if cached == "page" else "pypi:lib")
    after = run("create", "-p", tmp_path / "env", *options, "pypi:lib", "-y", "--offline")

    assert before.code == (1 if cached == "page" else 0)
    assert (after.code, after.json["error"]["code"]) == (1, "offline")
    assert after.json["error"]["message"].partition(" is")[0].endswith(".metadata" if cached == "page" else ".whl")
    assert not (tmp_path / "env").exists()
