import asyncio
import json
import sys
from pathlib import Path

import pytest
from rattler.package_streaming import PackageArchive

from tests.installer.wheelmaker import Workshop
from tests.real_python import RealChannel
from wheelbridge.installer.errors import BrokenRecordError
from wheelbridge.installer.listing import installed_packages
from wheelbridge.installer.repack import Interpreter


def paths_of(channel: RealChannel) -> set[str]:
    """Return what the package links, as rattler reads it."""
    (package,) = channel.folder.glob("*/python-*.conda")
    return asyncio.run(read_paths(package))


async def read_paths(package: Path) -> set[str]:
    """Return the paths in ``info/paths.json``."""
    archive = await PackageArchive.from_path(package)
    return {Path(entry.relative_path).as_posix() for entry in (await archive.paths_json()).paths}


def test_the_package_is_an_interpreter_and_nothing_more(real_channel: RealChannel) -> None:
    """Neither what was installed into it, nor tests, byte code or a marker of its distributor."""
    paths = paths_of(real_channel)

    assert any(path.endswith("/os.py") for path in paths)
    assert not [path for path in paths if "/site-packages/" in path or "/dist-packages/" in path]
    assert not [path for path in paths if "__pycache__" in path or path.endswith("EXTERNALLY-MANAGED")]


def test_the_channel_is_read_by_rattler(real_channel: RealChannel) -> None:
    """Repodata for the platform and for noarch, with the hash of the package."""
    subdir = real_channel.python.subdir
    repodata = json.loads((real_channel.folder / subdir / "repodata.json").read_text())

    (record,) = repodata["packages.conda"].values()
    assert real_channel.python.sha256 is not None
    assert record["sha256"] == real_channel.python.sha256.hex()
    assert (real_channel.folder / "noarch/repodata.json").exists()


def test_it_runs_from_another_prefix(workshop: Workshop) -> None:
    """``sys.prefix`` is the new one, and so are the modules, C extensions included."""
    workshop.create()

    code = "import sys, os, json, _json, zlib, ssl; print(sys.prefix); print(os.__file__); print(sys.version_info[:3])"
    prefix, module, version = workshop.call(workshop.python, "-c", code).splitlines()
    assert Path(prefix).resolve() == workshop.prefix.resolve()
    assert Path(module).resolve().is_relative_to(workshop.prefix.resolve())
    assert version == str(tuple(sys.version_info[:3]))


def test_a_virtual_environment_is_seen_through(tmp_path: Path) -> None:
    """From inside a venv, it is the interpreter below that is packed."""
    said = Interpreter.ask(Path(sys.executable))

    assert said.prefix == Path(sys.base_prefix)
    assert said.stdlib.is_relative_to(sys.base_prefix)
    assert not tmp_path.is_relative_to(said.prefix)


def test_a_broken_record_is_named(workshop: Workshop) -> None:
    """A half-written file of somebody else's is one clear error."""
    workshop.create()
    (workshop.prefix / "conda-meta/other-1.0-0.json").write_text('{"name": ')

    with pytest.raises(BrokenRecordError, match=r"other-1\.0-0\.json cannot be read"):
        installed_packages(workshop.prefix)
