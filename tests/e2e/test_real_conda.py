"""What a real conda makes of an environment with wheels; ``WHEELBRIDGE_TEST_CONDA`` names it."""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import pytest

from tests.cli.conftest import Run
from tests.condapackages import dist_info, index_channel, make_conda
from tests.e2e.conftest import Environment
from tests.loopback import LoopbackIndex
from tests.real_python import RealChannel
from tests.realconda import NEEDS_CONDA
from tests.realconda import make_conda as make_staged
from tests.variantwheels import X86_64, make_document, relabel, repack_installed, write_document
from wheelbridge.api.demo import build_wheel

Conda: TypeAlias = Callable[..., str]

pytestmark = [pytest.mark.conda, NEEDS_CONDA]


@pytest.fixture
def place(tmp_path: Path, real_channel: RealChannel, wheels: dict[str, list[Path]]) -> Iterator[Environment]:
    """An environment with python, a wheel that needs another one, and a variant wheel."""
    folder = tmp_path / "release"
    folder.mkdir()
    plain = repack_installed("filelock", folder)
    document = make_document(["x86_64"], {"x86_64": X86_64}, {"v3": {"x86_64": {"level": ["v3"]}}, "null": {}})
    release = [plain, *(relabel(plain, label, document) for label in ("v3", "null")), write_document(plain, document)]
    with LoopbackIndex({**wheels, "filelock": release}) as index:
        yield Environment(tmp_path / "env", real_channel.url, index.url)


@pytest.fixture
def conda(tmp_path: Path, real_channel: RealChannel) -> Conda:
    """Run the real conda, without a network and with no settings but the stage's."""
    staged = make_staged(tmp_path / "conda", [real_channel.url])
    return lambda *arguments: staged(*arguments).out


def test_conda_lists_wheels(run: Run, place: Environment, conda: Conda) -> None:
    """Each with version, build and the index it came from; the explicit list has the wheels' own URLs."""
    assert run("create", *place.options, "python", "pypi:app", "pypi:filelock", "-y").code == 0

    listed = {package["name"]: package for package in json.loads(conda("list", "-p", place.prefix, "--json"))}

    assert set(listed) == {"app", "filelock", "lib", "python"}
    assert listed["filelock"]["build_string"].startswith(("v3_", "null_"))
    explicit = conda("list", "-p", place.prefix, "--explicit").splitlines()
    assert sum(line.endswith(".whl") for line in explicit) == 3
    assert "app" in conda("list", "-p", place.prefix, "--revisions")


def test_conda_removes_a_wheel_and_what_it_brought(
    run: Run,
    place: Environment,
    conda: Conda,
) -> None:
    """Nothing else goes, and wheelbridge goes on afterwards."""
    assert run("create", *place.options, "python", "pypi:app", "pypi:filelock", "-y").code == 0

    conda("remove", "-p", place.prefix, "app", "-y", "--offline")

    left = {package["name"] for package in run("list", "-p", place.prefix, "--json").json["packages"]}
    assert left >= {"filelock", "python"}
    assert "app" not in left
    assert not list(place.prefix.rglob("app-1.0.dist-info"))
    place.python("-c", "import filelock")
    assert run("install", *place.options, "pypi:lib", "-y").code == 0


def test_conda_finds_nothing_wrong(run: Run, place: Environment, conda: Conda) -> None:
    """`conda doctor` misses no file and finds none altered."""
    assert run("create", *place.options, "python", "pypi:app", "-y").code == 0

    said = conda("doctor", "-p", place.prefix, "missing-files", "altered-files")

    assert "There are no packages with missing files" in said


@pytest.fixture
def native(tmp_path: Path, real_channel: RealChannel, wheels: dict[str, list[Path]]) -> Iterator[tuple[object, ...]]:
    """The options of an environment for a wheel that the tables know needs a library, and of a channel that has it."""
    channel, folder = tmp_path / "native", tmp_path / "odbc"
    folder.mkdir()
    make_conda(channel, "unixodbc", "2.3.12", {"lib/odbc.txt": "x"})
    index_channel(channel)
    odbc = build_wheel(folder, "pyodbc", "5.2", {"pyodbc.py": ""})
    with LoopbackIndex({**wheels, "pyodbc": [odbc]}) as index:
        yield ("-p", tmp_path / "env", "-O", "-c", real_channel.url, "-c", channel.as_uri(), "-i", index.url, "-y")


@pytest.mark.skipif(sys.platform != "linux", reason="the row of pyodbc is for Linux; nothing arrives elsewhere")
@pytest.mark.parametrize("removed", ["pyodbc", "unixodbc"])
def test_conda_knows_the_native_library_of_a_wheel(
    run: Run, native: tuple[object, ...], conda: Conda, removed: str
) -> None:
    """What came for the wheel goes with it; with the library, the wheel that needs it goes."""
    assert run("create", *native, "python", "pypi:pyodbc", "pypi:lib").code == 0

    conda("remove", *native[:2], removed, "-y", "--offline")

    left = {package["name"] for package in json.loads(conda("list", *native[:2], "--json"))}
    assert left == {"lib", "python"}


@pytest.fixture
def made_by_conda(tmp_path: Path, real_channel: RealChannel, conda: Conda) -> tuple[object, ...]:
    """The options of an environment that conda made: a ``noarch: python`` package, and two with the same file."""
    channel = tmp_path / "more"
    info = {"info/link.json": '{"noarch": {"type": "python"}, "package_metadata_version": 1}'}
    files = {
        "site-packages/tool.py": "",
        **dist_info("tool", "1.0"),
        "site-packages/tool-1.0.dist-info/RECORD": "tool.py,,\n",
        "python-scripts/tool": "#!/bin/sh\n",
    }
    make_conda(channel, "tool", "1.0", files, noarch="python", depends=["python"], info=info)
    for name in ("one", "two"):
        make_conda(channel, name, "1.0", {"share/same": "same", f"share/{name}": name})
    make_conda(channel, "other", "1.0", {"share/other": "x"})
    index_channel(channel)
    prefix, uri = tmp_path / "env", channel.as_uri()
    conda("create", "-p", prefix, "-c", uri, "python", "tool", "one", "two", "-y")
    assert "site-packages/tool.py" in (prefix / "conda-meta/tool-1.0-0.json").read_text().split('"paths":')[1]
    return ("-p", prefix, "-O", "-c", real_channel.url, "-c", uri, "-y")


@pytest.mark.skipif(sys.platform == "win32", reason="the script is one of Unix")
def test_what_conda_linked_is_known(run: Run, made_by_conda: tuple[object, ...], conda: Conda) -> None:
    """It is nobody else's, the history calls it what conda calls it, and it can be linked anew, shared and removed."""
    prefix = Path(str(made_by_conda[1]))
    assert run("check", "-p", prefix, "-v").out.startswith("Nothing was found")

    assert run("install", *made_by_conda, "other", "--quiet").code == 0
    assert [line for line in history_lines(prefix) if line[:1] in "+-"] == [f"+{made_by_conda[-2]}/noarch::other-1.0-0"]
    assert run("install", *made_by_conda, "tool", "--force-reinstall", "--quiet").code == 0
    conda("install", *made_by_conda[:2], "-c", made_by_conda[-2], "other", "--force-reinstall", "-y")
    assert run("check", "-p", prefix, "-v").out.startswith("Nothing was found")

    assert run("remove", "-p", prefix, "tool", "one", "-y").code == 0
    assert not [path for path in prefix.rglob("tool*") if path.stem == "tool" and "json" not in path.parts]
    assert (prefix / "share/same").read_text() == "same"
    conda("remove", "-p", prefix, "two", "-y", "--offline")
    assert not (prefix / "share/same").exists()
    assert run("check", "-p", prefix, "-v").out.startswith("Nothing was found")


def history_lines(prefix: Path) -> list[str]:
    """Return the lines of the last section of the history."""
    return (prefix / "conda-meta/history").read_text().rpartition("==>")[2].splitlines()[1:]


def test_conda_that_takes_a_shared_file_is_found_out(run: Run, made_by_conda: tuple[object, ...], conda: Conda) -> None:
    """Conda removes what a package has, whoever else has it; the other one misses it then, and gets it back."""
    prefix = Path(str(made_by_conda[1]))
    run("install", *made_by_conda, "other", "--quiet")
    conda("remove", "-p", prefix, "one", "-y", "--offline")

    found = run("check", "-p", prefix, "--json").json["findings"]
    assert [finding["code"] for finding in found] == ["missing-file"]
    assert run("check", "-p", prefix, "--fix", "-y").code == 0
    assert (prefix / "share/same").read_text() == "same"
