"""What came from no index is locked by where it is."""

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest
from rattler.package import BuildString

from tests.api.locking.stage import Stage, package
from wheelbridge.api.locking.direct import direct_url_of, lock_direct
from wheelbridge.api.locking.errors import UnhashedPackageError
from wheelbridge.environment.manifest import Link
from wheelbridge.model.distribution import CoreMetadata, DistributionFile
from wheelbridge.solver.problem import ChosenRelease, ResolvedPackage


@pytest.fixture
def built(stage: Stage) -> ResolvedPackage:
    """A wheel as a solve has it."""
    solution = stage.lock(stage.ask("python=3.12", "pypi:tool")).solutions["linux-64"]
    return next(one for one in solution.packages if one.name == "tool")


def test_a_wheel_on_this_machine(stage: Stage, wheels: Path) -> None:
    """Its hash is that of its bytes; it is from no source."""
    wheel = wheels / "helper" / "helper-1.0-py3-none-any.whl"
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    lock = stage.lock(stage.ask("python=3.12", links=(Link(kind="file", url=wheel.as_uri()),))).lock
    helper = package(lock, "helper")

    assert (helper.source, helper.channel, helper.file.filename) == (None, "", wheel.name)
    assert (helper.file.url, helper.file.hashes) == (wheel.as_uri(), {"sha256": digest})
    assert helper.direct_url is not None
    assert helper.direct_url["url"] == wheel.as_uri()
    assert [source.name for source in lock.sources] == ["channel", "here"]


def test_a_repository(built: ResolvedPackage) -> None:
    """The commit is what is exact; the wheel that was built of it is not told of."""
    info = {"vcs": "git", "commit_id": "0a1b", "requested_revision": "main"}
    direct = {"url": "https://host.example/tool.git", "vcs_info": info}
    locked = lock_direct(replace(built, direct_url=direct), direct)

    assert locked.file.filename == "tool.git"
    assert locked.file.url == "git+https://host.example/tool.git?rev=main#0a1b"
    assert (locked.file.hashes, locked.file.size, locked.direct_url) == ({}, None, direct)
    assert locked.record is not None
    assert locked.record.keys().isdisjoint({"sha256", "md5", "size", "timestamp"})
    assert locked.requires_dist == ("helper>=1",)


def test_another_build_of_the_same_is_the_same_lock(built: ResolvedPackage) -> None:
    """The hash of a wheel stands in its build string, too; the next build need not have the same bytes."""
    direct = {"url": "file:///there/tool", "dir_info": {}}
    first = lock_direct(built, direct)
    built.record.sha256 = bytes(32)
    built.record.build = BuildString("py3_none_any_h00000000")

    assert lock_direct(built, direct) == first
    assert first.record is not None
    assert first.record["build"] == "py3_none_any"


def test_what_is_built_of_an_index_s_source_is_that_source(built: ResolvedPackage) -> None:
    """The cache that the wheel lies in is of this machine; the source distribution is everybody's."""
    url, digest = "https://me:secret@host.example/tool-1.0.tar.gz", "ab" * 32
    sdist = DistributionFile(filename="tool-1.0.tar.gz", url=url, hashes={"sha256": digest})
    release = ChosenRelease(metadata=CoreMetadata(name="tool", version="1.0"), sdist=sdist)
    direct = direct_url_of(replace(built, release=release))

    assert direct == {
        "url": "https://host.example/tool-1.0.tar.gz",
        "archive_info": {"hashes": {"sha256": digest}},
    }
    assert lock_direct(built, direct).file.hashes == {"sha256": digest}
    assert direct_url_of(built) is None


def test_a_file_without_a_hash_is_refused(built: ResolvedPackage) -> None:
    """Nothing would hold it to what it was."""
    with pytest.raises(UnhashedPackageError, match=r"tool-1\.0\.tar\.gz"):
        lock_direct(built, {"url": "https://host.example/tool-1.0.tar.gz", "archive_info": {}})
