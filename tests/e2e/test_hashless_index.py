"""An index that publishes no hashes: PEP 691 lets ``hashes`` be empty."""

import json
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Run
from tests.e2e.conftest import Environment
from tests.loopback import LoopbackIndex, edited
from wheelbridge.api.demo import build_wheel


def take_hashes(page: Any, *, core_metadata: bool) -> None:
    """Take all hashes out of a page; PEP 714: ``core-metadata`` is then a boolean."""
    for file in page["files"]:
        file.update({"hashes": {}, "core-metadata": core_metadata})


@pytest.mark.parametrize("metadata", ["beside the wheel", "in the wheel"])
def test_its_wheels_are_installed(
    run: Run, environment: Environment, index: LoopbackIndex, wheels: dict[str, list[Path]], metadata: str
) -> None:
    """What came is hashed, so that its record can be told from another."""
    core_metadata = metadata == "beside the wheel"
    for project in ("app", "lib"):
        index.fail(f"/simple/{project}/", edited(partial(take_hashes, core_metadata=core_metadata)))
    ran = run("create", *environment.options, "python", "pypi:app", "-y", "--json")

    assert ran.code == 0, ran.out
    assert any(asked.path.endswith(".metadata") for asked, _ in index.requests) is core_metadata
    assert environment.command("run-app") == "app on lib 1.1\n"
    (record,) = environment.prefix.glob("conda-meta/app-1.0-*.json")
    assert json.loads(record.read_text())["sha256"] == sha256(wheels["app"][0].read_bytes()).hexdigest()
    again = run("create", *environment.options, "python", "pypi:app", "-y")
    assert (again.code, "Nothing to do" in again.out) == (0, True)


def test_files_of_one_name_stay_apart(
    run: Run, environment: Environment, index: LoopbackIndex, wheels: dict[str, list[Path]], tmp_path: Path
) -> None:
    """Another index's file of the same name is another file, and neither takes the other's place."""
    bare = edited(partial(take_hashes, core_metadata=False))
    folder = tmp_path / "other"
    folder.mkdir()
    other = build_wheel(folder, "lib", "1.1", {"lib.py": "VERSION = 'another'\n"})
    index.fail("/simple/lib/", bare)
    with LoopbackIndex({"lib": [other]}) as second:
        second.fail("/simple/lib/", bare)
        for prefix, url in ((tmp_path / "one", index.url), (tmp_path / "two", second.url)):
            options = ("-p", prefix, "-c", environment.channel, "-i", url)
            assert run("create", *options, "python", "pypi:lib", "-y").code == 0

    downloaded = (tmp_path / "cache/wheels").rglob(other.name)
    assert {path.read_bytes() for path in downloaded} == {other.read_bytes(), wheels["lib"][1].read_bytes()}
