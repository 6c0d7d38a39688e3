"""pylock.toml: what is written is read the same, by us, by packaging, by pip and by uv."""

import hashlib
import json
import os
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest
import requests
from hypothesis import given, settings
from packaging.pylock import Pylock

from tests.environment.lockmaker import (
    INDEX,
    LINUX,
    LINUX_CUDA,
    MAC,
    SCHEMA,
    SHA,
    SOURCES,
    conda,
    locks,
    small_lock,
    wheel,
)
from tests.installer.wheelmaker import SUBDIR, make_wheel
from tests.loopback import JSON_TYPE, LoopbackIndex
from wheelbridge.environment.errors import InvalidEnvironmentFileError
from wheelbridge.environment.lock import Lock, LockedFile, LockedPackage, LockedTarget
from wheelbridge.environment.locks.errors import LockNotExpressibleError
from wheelbridge.environment.locks.files import read_lock, render_lock
from wheelbridge.environment.locks.pylock import read_pylock, render_pylock
from wheelbridge.model.target import Target


@settings(max_examples=40)
@given(lock=locks())
def test_any_lock_survives(lock: Lock) -> None:
    """The format, with our own table, holds everything, and writes the same again."""
    text = render_pylock(lock)

    assert read_pylock(text, "") == lock
    assert render_pylock(read_pylock(text, "")) == text


def packages_of(lock: Lock) -> list[dict[str, Any]]:
    """Return the packages that the text of a lock has."""
    return list(tomllib.loads(render_pylock(lock))["packages"])


def on(name: str, target: Target, *packages: LockedPackage) -> LockedTarget:
    """Return a target with packages."""
    return LockedTarget(name=name, target=target, packages=packages)


REPOSITORY = "https://h.example/a.git"
DIRECT: list[tuple[dict[str, Any], dict[str, Any]]] = [
    (
        {"url": REPOSITORY, "vcs_info": {"vcs": "git", "commit_id": "00", "requested_revision": "x"}},
        {"vcs": {"type": "git", "url": REPOSITORY, "requested-revision": "x", "commit-id": "00"}},
    ),
    ({"url": "./a", "dir_info": {"editable": True}}, {"directory": {"path": "./a", "editable": True}}),
    (
        {"url": "https://h.example/a.zip", "archive_info": {"hashes": {"sha256": SHA}}, "subdirectory": "s"},
        {
            "version": "1.0",
            "archive": {"url": "https://h.example/a.zip", "hashes": {"sha256": SHA}, "subdirectory": "s"},
        },
    ),
]


class TestPep751:
    """PEP 751: "all packages to be installed MUST narrow down to a single entry at install time"."""

    def test_what_all_targets_have_needs_no_marker(self) -> None:
        """One entry, whose wheels are those of all targets: the tags choose among them."""
        linux, mac = wheel("a", tags="cp312-cp312-linux_x86_64"), wheel("a", tags="cp312-cp312-macosx_11_0_arm64")

        (entry,) = packages_of(Lock(targets=(on("l", LINUX, linux), on("m", MAC, mac))))

        assert "marker" not in entry
        assert [item["url"].rpartition("-")[2] for item in entry["wheels"]] == [
            "linux_x86_64.whl",
            "macosx_11_0_arm64.whl",
        ]
        assert entry["index"] == INDEX

    def test_versions_that_differ_have_markers_that_exclude_each_other(self) -> None:
        """Packages MAY be listed multiple times with varying data."""
        python = conda("python", "3.12.1")

        first, second = packages_of(
            Lock(targets=(on("l", LINUX, wheel("a", "1.0"), python), on("m", MAC, wheel("a", "2.0"), python)))
        )

        assert (first["version"], second["version"]) == ("1.0", "2.0")
        rest = "and python_version == '3.12'"
        assert first["marker"] == f"sys_platform == 'linux' and platform_machine == 'x86_64' {rest}"
        assert second["marker"] == f"sys_platform == 'darwin' and platform_machine == 'arm64' {rest}"

    def test_two_machines_of_one_platform_that_differ_are_refused(self) -> None:
        """Markers know nothing of CUDA: an installer would find two entries for one name."""
        with pytest.raises(LockNotExpressibleError, match="'cpu' and 'gpu' apart, which differ in a, b") as caught:
            render_pylock(
                Lock(targets=(on("cpu", LINUX, wheel("a", "1")), on("gpu", LINUX_CUDA, wheel("a", "2"), wheel("b"))))
            )

        assert "pylock.NAME.toml" in (caught.value.hint or "")

    def test_two_machines_of_one_platform_may_have_two_variants_of_one_release(self) -> None:
        """The variants choose: PEP 825, "either all variant (and non-variant) wheels can be listed, or a subset"."""
        lock = Lock(
            targets=(on("cpu", LINUX, wheel("a")), on("gpu", LINUX_CUDA, wheel("a", label="cu12"))), sources=SOURCES
        )

        (entry,) = packages_of(lock)

        assert [item["url"].rpartition("/")[2] for item in entry["wheels"]] == [
            "a-1.0-py3-none-any-cu12.whl",
            "a-1.0-py3-none-any-null.whl",
            "a-1.0-py3-none-any.whl",
        ]
        assert entry["variants-json"]["$schema"] == SCHEMA
        assert entry["variants-json"]["variants"]["null"] == {}
        assert read_pylock(render_pylock(lock), "") == lock

    def test_a_null_that_toml_lacks_is_not_lost(self) -> None:
        """It is left out of the table that others read, and stands in ours."""
        package = replace(wheel("a"), variants_json={"$schema": SCHEMA, "odd": None, "list": [None, 1]})
        lock = Lock(targets=(on("l", LINUX, package),), sources=SOURCES)

        (entry,) = packages_of(lock)

        assert entry["variants-json"] == {"$schema": SCHEMA, "list": [1]}
        assert read_pylock(render_pylock(lock), "") == lock

    def test_a_file_without_a_hash_is_refused(self) -> None:
        """PEP 751, of hashes: "The table MUST contain at least one entry"."""
        package = wheel("a")
        bare = replace(package, file=replace(package.file, hashes={}))

        with pytest.raises(LockNotExpressibleError, match=r"a-1.0-py3-none-any.whl has no hash"):
            render_pylock(Lock(targets=(on("l", LINUX, bare),)))

    @pytest.mark.parametrize(("direct", "expected"), DIRECT, ids=["vcs", "directory", "archive"])
    def test_what_came_from_no_index_says_where_it_is(self, direct: dict[str, Any], expected: dict[str, Any]) -> None:
        """The version "MUST NOT be included when it cannot be guaranteed to be consistent with the code used"."""
        package = replace(wheel("a"), direct_url=direct, requires_python=None, channel="", source=None)
        lock = Lock(targets=(on("l", LINUX, package),))

        assert packages_of(lock) == [{"name": "a", **expected}]
        assert read_pylock(render_pylock(lock), "") == lock

    def test_packaging_takes_it(self) -> None:
        """The file is valid, and so are its parts, where no wheel is a variant."""
        read = Pylock.from_dict(tomllib.loads(render_pylock(small_lock())))

        assert [str(item.version) for item in read.packages] == ["2.32.0"]
        assert read.created_by == "wheelbridge"


FOREIGN = """
lock-version = "1.0"
created-by = "other"
default-groups = ["default"]
[[packages]]
name = "a"
version = "1.0"
index = "https://index.example/simple/"
marker = "sys_platform == 'linux' and ('dev' in dependency_groups or 'default' in dependency_groups)"
sdist = {name = "a-1.0.tar.gz", url = "https://files.example/a-1.0.tar.gz", hashes = {sha256 = "00"}}
wheels = [{path = "./a-1.0-py3-none-any.whl", upload-time = 2025-01-01T00:00:00Z, hashes = {sha256 = "01"}}]
[[packages]]
name = "b"
marker = "'x' not in extras"
directory = {path = "../b", editable = true}
"""


OURS = render_pylock(small_lock())
UNREADABLE = {
    "version": ("lock-version = '2.0'\ncreated-by='x'\npackages=[]", "version 2.0 is not supported"),
    "key": ("created-by='x'", "Missing required value"),
    "toml": ("a = ", "it is no TOML"),
    "wheel": (FOREIGN.replace("a-1.0-py3", "a-2.0-py3"), "packages[0].wheels[0]"),
    "own": (OURS.replace("[tool.wheelbridge]\nversion = 1", "[tool.wheelbridge]\nversion = 9"), "it has version 9"),
    "rest": (OURS.replace('at = "https', 'at = "ftp'), "the lock has no package 'ftp"),
}


class TestLocksOfOthers:
    """A lock that is for any machine: one target, whose packages have markers and all their files."""

    def test_packages_keep_their_files_and_markers(self) -> None:
        """No extra is asked for, and the default groups are installed."""
        lock = read_pylock(FOREIGN, "pylock.toml")
        (target,) = lock.targets
        a, b = target.packages

        assert (target.name, a.source, a.channel) == ("any", INDEX, INDEX)
        assert a.marker == "sys_platform == 'linux' and (python_version < '0' or python_version >= '0')"
        assert (a.file.url, [file.filename for file in a.alternatives]) == (
            "./a-1.0-py3-none-any.whl",
            ["a-1.0.tar.gz"],
        )
        assert (b.marker, b.direct_url) == (
            "python_version >= '0'",
            {"url": "../b", "dir_info": {"editable": True}},
        )

    @pytest.mark.parametrize(("text", "reason"), UNREADABLE.values(), ids=UNREADABLE)
    def test_what_cannot_be_read_is_told(self, text: str, reason: str) -> None:
        """The message names the file, the place in it and the reason."""
        with pytest.raises(InvalidEnvironmentFileError) as caught:
            read_pylock(text, "some/pylock.toml")

        assert caught.value.message.startswith("some/pylock.toml: ")
        assert reason in caught.value.message


def test_adding_a_package_adds_its_lines_alone() -> None:
    """A diff of a lock shows what changed: the old lines stand in the new file in their order."""
    before = small_lock()
    target = before.targets[0]
    more = tuple(sorted((*target.packages, wheel("idna", "3.7")), key=lambda package: package.name))
    after = replace(before, targets=(replace(target, packages=more), *before.targets[1:]))

    old, new = render_pylock(before).splitlines(), iter(render_pylock(after).splitlines())

    assert all(line in new for line in old)


def test_a_thousand_packages_take_no_time() -> None:
    """Locks are read by every command of an environment: seconds would be felt."""
    packages = tuple((conda if number % 2 else wheel)(f"package-{number:04}") for number in range(1000))
    lock = Lock(targets=(LockedTarget(name="linux-64", target=LINUX, packages=packages),), sources=SOURCES)

    started = time.process_time()
    text = render_pylock(lock)
    written = time.process_time()
    assert read_pylock(text, "") == lock

    assert written - started < 3
    assert time.process_time() - written < 4


@dataclass(frozen=True, slots=True)
class Written:
    """A written lock with a wheel of an index, and one beside the lock."""

    path: Path
    index: LoopbackIndex


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Written]:
    """Lock for this machine and for another, on which the version is another one."""
    folder = tmp_path_factory.mktemp("lock")
    remote = make_wheel(folder / "served", "remote").path
    beside = make_wheel(folder / "project" / "wheels", "beside").path
    with LoopbackIndex({"remote": [remote]}) as index:
        page = f"{index.url}/remote/"
        answer = requests.get(page, headers={"Accept": JSON_TYPE}, timeout=10)
        url = urljoin(page, answer.json()["files"][0]["url"])
        here = Target(subdir=SUBDIR)
        there = Target(subdir="osx-arm64" if SUBDIR != "osx-arm64" else "linux-64")
        lock = Lock(
            targets=(
                on("here", here, _of(beside, beside.as_uri(), ""), _of(remote, url, index.url)),
                on("there", there, wheel("remote", "9.0")),
            )
        )
        path = folder / "project" / "pylock.toml"
        path.write_text(render_lock(lock, "pylock", path.parent), encoding="utf-8")
        yield Written(path, index)


def _of(path: Path, url: str, index: str) -> LockedPackage:
    name, version, *_ = path.name.split("-")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    file = LockedFile(filename=path.name, url=url, hashes={"sha256": digest}, size=path.stat().st_size)
    return LockedPackage(kind="wheel", name=name, version=version, file=file, pypi_name=name, channel=index)


class TestPeers:
    """Installers of PEP 751 take the wheels of this machine's target, by hash, and nothing else."""

    def test_paths_are_relative(self, written: Written) -> None:
        """No path of this machine stands in the lock, and each is found again beside it."""
        assert str(written.path.parent.parent) not in written.path.read_text(encoding="utf-8")
        beside = next(item for item in read_lock(written.path).targets[0].packages if item.name == "beside")
        assert beside.file.url == (written.path.parent / "wheels" / beside.file.filename).as_uri()

    def test_pip_installs_it(self, written: Written, tmp_path: Path) -> None:
        """``pip install -r pylock.toml``."""
        report = tmp_path / "report.json"
        pip = [sys.executable, "-m", "pip", "--isolated", "install", "--no-cache-dir", "--disable-pip-version-check"]
        _run([*pip, "--dry-run", "--ignore-installed", "--report", str(report), "-r", "pylock.toml"], written)

        chosen = json.loads(report.read_text(encoding="utf-8"))["install"]
        assert {(item["metadata"]["name"], item["metadata"]["version"]) for item in chosen} == {
            ("beside", "1.0"),
            ("remote", "1.0"),
        }

    def test_uv_installs_it(self, written: Written, tmp_path: Path) -> None:
        """``uv pip sync pylock.toml``."""
        uv = str(pytest.importorskip("uv", reason="uv is not installed: nothing to compare with").find_uv_bin())
        options = ["--python", sys.executable, "--no-config", "--no-cache", "--target", str(tmp_path / "site")]
        _run([uv, "pip", "sync", *options, "pylock.toml"], written)

        assert {item.name for item in (tmp_path / "site").glob("*.dist-info")} == {
            "beside-1.0.dist-info",
            "remote-1.0.dist-info",
        }


def _run(command: list[str], written: Written) -> None:
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PIP_", "UV_"))}
    done = subprocess.run(
        command, cwd=written.path.parent, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
