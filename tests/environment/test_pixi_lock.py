"""pixi.lock: what is written is read the same, by us and by rattler-lock."""

import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from rattler import Channel, SparseRepoData
from rattler.lock import LockChannel, LockFile, LockPlatform

from tests.environment.lockmaker import (
    DECISION,
    FORGE,
    INDEX,
    LINUX,
    LINUX_CUDA,
    MD5,
    SHA,
    SOURCES,
    conda,
    locks,
    small_lock,
    wheel,
)
from wheelbridge.environment.errors import InvalidEnvironmentFileError
from wheelbridge.environment.lock import Lock, LockedFile, LockedPackage, LockedTarget
from wheelbridge.environment.locks.parts import KEY
from wheelbridge.environment.locks.pixi import read_pixi_lock, render_pixi_lock
from wheelbridge.environment.locks.pixi_entries import direct_url_of
from wheelbridge.model.target import Target, VirtualPackage


@settings(max_examples=60)
@given(lock=locks())
def test_any_lock_survives(lock: Lock) -> None:
    """The format, with our own key, holds everything, and writes the same again."""
    text = render_pixi_lock(lock)

    assert read_pixi_lock(text, "") == lock
    assert render_pixi_lock(read_pixi_lock(text, "")) == text


class TestRattlerLock:
    """The file is rattler-lock's: it reads all of it but our own key, and would write the same bytes."""

    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        """Return a written lock with two targets of one subdir, and a third."""
        cuda = LockedTarget(
            name="gpu",
            target=LINUX_CUDA,
            packages=(conda("zlib"), wheel("numpy", tags="cp312-cp312-linux_x86_64", label="cu12")),
        )
        lock = small_lock()
        path = tmp_path / "pixi.lock"
        path.write_text(render_pixi_lock(replace(lock, targets=(*lock.targets, cuda))), encoding="utf-8")
        return path

    def test_platforms_have_their_virtual_packages(self, path: Path) -> None:
        """Version 7 names platforms, so one subdir may have several, told apart by virtual packages."""
        platforms = LockFile.from_path(path).platforms()

        assert [(item.name, str(item.subdir), item.virtual_packages) for item in platforms] == [
            ("gpu", "linux-64", ["__cuda=12.8", "__glibc=2.36=gnu"]),
            ("linux-64", "linux-64", ["__glibc=2.36"]),
            ("osx-arm64", "osx-arm64", ["__osx=14.0"]),
        ]

    def test_packages_come_back(self, path: Path) -> None:
        """Names, places and hashes of both kinds, and the channels."""
        environment = LockFile.from_path(path).default_environment()
        assert environment is not None
        linux = next(item for item in environment.platforms() if item.name == "linux-64")
        packages = environment.packages(linux) or []

        assert [str(channel) for channel in environment.channels()] == [f"{FORGE}/"]
        assert {(item.name, item.location) for item in packages} == {
            ("python", f"{FORGE}/linux-64/python-3.12.1-h0_0.conda"),
            ("zlib", f"{FORGE}/linux-64/zlib-1.0-h0_0.conda"),
            ("requests", "https://files.example/requests/requests-2.32.0-py3-none-any.whl"),
        }
        assert {item.hashes.sha256.hex() for item in packages if item.hashes and item.hashes.sha256} == {SHA}
        (record,) = [item for item in environment.conda_repodata_records()["linux-64"] if item.name.source == "zlib"]
        assert (record.depends, record.license, record.size) == (["__glibc >=2.17,<3.0.a0"], "MIT", 1234)
        assert record.md5 is not None
        assert record.md5.hex() == MD5

    def test_its_writer_makes_the_same_bytes(self, path: Path, tmp_path: Path) -> None:
        """A file that passes through pixi loses our key; requirements alone get another normal form."""
        again = tmp_path / "again.lock"
        LockFile.from_path(path).to_path(again)

        ours = path.read_text(encoding="utf-8").partition(f"\n{KEY}:")[0]
        theirs = again.read_text(encoding="utf-8").rstrip("\n")
        assert [line for line in theirs.split("\n") if "extra ==" not in line and "python_" not in line] == [
            line for line in ours.split("\n") if "extra ==" not in line and "python_" not in line
        ]


AWKWARD = [
    "yes",
    "null",
    "1.0",
    "0x1",
    "0o7",
    "1_0",
    "+1",
    "- a",
    "-",
    "a: b",
    "a #b",
    "'q'",
    "@x",
    "?",
    ":x",
    "x:",
    "é",
    "",
]
RECORDS: dict[str, dict[str, object]] = {
    "rich-1.0-h0_0.conda": {
        "build": "h0_0",
        "depends": ["bar >=1,<2", "a *", "q[version='>=1']"],
        "constrains": AWKWARD,
        "sha256": SHA,
        "md5": "1" * 32,
        "size": 12,
        "timestamp": 1600000000000,
        "license": "MIT AND (A OR B)",
        "license_family": "MIT",
        "track_features": "t1 t2",
        "python_site_packages_path": "lib/x",
    },
    "bare-2-abc.conda": {"build": "abc", "build_number": 7, "purls": [], "run_exports": {"weak": ["x"]}},
    "numbered-2-3.conda": {"build": "3", "build_number": 3, "purls": ["pkg:pypi/q@2", "pkg:pypi/a"], "license": ""},
    "moved-2-py_3.tar.bz2": {
        "build": "py_3",
        "build_number": 3,
        "subdir": "noarch",
        "noarch": "python",
        "legacy_bz2_md5": "2" * 32,
        "features": "mkl",
        "flags": ["cuda"],
        "extra_depends": {"g": ["a", "b"]},
    },
}


def test_records_are_written_as_rattler_writes_them(tmp_path: Path) -> None:
    """Every field of a record has its place, order and quoting: py-rattler's writer is the oracle."""
    whole = {
        fn: {"name": fn.split("-")[0], "version": fn.split("-")[1], "build_number": 0, "depends": [], **record}
        for fn, record in RECORDS.items()
    }
    repodata: dict[str, dict[str, Any]] = {"info": {"subdir": "linux-64"}, "packages": {}, "packages.conda": {}}
    for fn, record in whole.items():
        repodata["packages" if fn.endswith("bz2") else "packages.conda"][fn] = {"subdir": "linux-64", **record}
    (tmp_path / "repodata.json").write_text(json.dumps(repodata), encoding="utf-8")
    loaded = SparseRepoData(Channel(FORGE), "linux-64", str(tmp_path / "repodata.json"))
    records = [item for fn in whole for item in loaded.load_records(fn.split("-")[0])]
    platform = LockPlatform("linux-64")
    theirs = LockFile([platform])
    theirs.set_channels("default", [LockChannel(f"{FORGE}/")])
    for item in records:
        theirs.add_conda_package("default", platform, item)
    theirs.to_path(tmp_path / "theirs.lock")

    packages = tuple(_of_record(json.loads(item.to_json())) for item in records)
    target = LockedTarget(name="linux-64", target=Target(subdir="linux-64"), packages=packages)
    ours = render_pixi_lock(Lock(targets=(target,), sources=SOURCES[:1]))

    assert ours.partition(f"{KEY}:")[0] == (tmp_path / "theirs.lock").read_text(encoding="utf-8")


def _of_record(record: dict[str, Any]) -> LockedPackage:
    filename, url = record.pop("fn"), record.pop("url")
    channel = record.pop("channel").rstrip("/")
    file = LockedFile(filename=filename, url=url)
    return LockedPackage(
        kind="conda", name=record["name"], version=record["version"], file=file, record=record, channel=channel
    )


def test_a_file_without_our_key_is_a_whole_lock() -> None:
    """What pixi wrote is read: packages, sources, virtual packages; of wheels there are no records."""
    foreign = render_pixi_lock(small_lock()).partition(f"\n{KEY}:")[0] + "\n"

    lock = read_pixi_lock(foreign, "pixi.lock")

    assert lock.request is None
    assert [(source.name, source.kind, source.url) for source in lock.sources] == [
        ("forge", "channel", FORGE),
        ("index", "index", INDEX),
    ]
    linux = lock.targets[0]
    assert linux.target == LINUX
    zlib = next(package for package in linux.packages if package.name == "zlib")
    assert replace(zlib, decision=DECISION) == conda("zlib")
    requests = next(package for package in linux.packages if package.name == "requests")
    assert (requests.record, requests.source, requests.channel) == (None, "index", INDEX)


def test_adding_a_package_adds_its_lines_alone() -> None:
    """A diff of a lock shows what changed, and nothing else."""
    before = small_lock()
    target = before.targets[0]
    more = tuple(sorted((*target.packages, conda("openssl")), key=lambda package: package.name))
    after = replace(before, targets=(replace(target, packages=more), *before.targets[1:]))

    old, new = render_pixi_lock(before).splitlines(), render_pixi_lock(after).splitlines()

    assert [line for line in old if line not in new] == []
    added = [line for line in new if line not in old]
    assert added
    assert all("openssl" in line for line in added)


NEWER = """
version: 7
platforms:
  - name: gpu
    subdir: linux-64
    virtual-packages: ["__cuda >=12.8", "__glibc=2.28=0", "__unix"]
environments:
  default:
    channels:
      - url: https://forge.example/forge/
    packages:
      gpu:
        - conda: ./local/a-1.0-0.conda
        - pypi: git+https://host.example/p.git?rev=main#00ff
        - pypi: ./p
  docs:
    channels: []
    packages: {}
packages:
  - conda: ./local/a-1.0-0.conda
    subdir: noarch
  - pypi: git+https://host.example/p.git?rev=main#00ff
    name: p
  - pypi: ./p
    name: q
"""
SIX = """
version: 6
environments:
  default:
    channels:
      - url: https://forge.example/forge/
    indexes:
      - https://index.example/simple
    packages:
      linux-64:
        - conda: https://forge.example/forge/noarch/a-b-2024a-pyh_3.conda
        - pypi: https://files.example/x-1.0-py3-none-any.whl
packages:
  - conda: https://forge.example/forge/noarch/a-b-2024a-pyh_3.conda
    sha256: 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
    depends:
      - python >=3.9
    purls: []
  - pypi: https://files.example/x-1.0-py3-none-any.whl
    name: X
    version: '1.0'
    sha256: 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
    requires_python: '>=3.8'
"""
FIVE = """
version: 5
environments:
  default:
    channels:
      - url: https://forge.example/forge/
    packages:
      osx-64:
        - conda: https://forge.example/forge/osx-64/zlib-1.2-h1_4.tar.bz2
        - pypi: ./links/y-1.0-py3-none-any.whl
        - pypi: ./mine
packages:
  - kind: conda
    name: zlib
    version: '1.2'
    subdir: osx-64
    url: https://forge.example/forge/osx-64/zlib-1.2-h1_4.tar.bz2
    md5: 0123456789abcdef0123456789abcdef
    platform: osx
  - kind: pypi
    name: y
    version: '1.0'
    path: ./links/y-1.0-py3-none-any.whl
  - kind: pypi
    name: mine
    version: '0.1'
    path: ./mine
    editable: true
"""


class TestOlderVersions:
    """Versions 4 to 6, and what pixi writes of version 7, are read with what a URL tells."""

    def test_version_7_has_named_platforms_and_repositories(self) -> None:
        """Virtual packages stand beside a platform; a path has no channel; a commit is a direct URL."""
        (target,) = read_pixi_lock(NEWER, "pixi.lock").targets

        facts = tuple(VirtualPackage(*text) for text in (("__cuda", "12.8"), ("__glibc", "2.28"), ("__unix", "0")))
        assert (target.name, target.target) == ("gpu", Target(subdir="linux-64", virtual_packages=facts))
        a, p, q = target.packages
        assert (a.file.url, a.channel) == ("./local/a-1.0-0.conda", "")
        assert p.direct_url == {
            "url": "https://host.example/p.git",
            "vcs_info": {"vcs": "git", "commit_id": "00ff", "requested_revision": "main"},
        }
        assert q.direct_url == {"url": "./p", "dir_info": {}}

    def test_version_6_leaves_out_what_the_url_tells(self) -> None:
        """Name, version, build, its number, subdir and noarch follow from the URL, as rattler-lock derives them."""
        (target,) = read_pixi_lock(SIX, "pixi.lock").targets
        conda_package, wheel_package = target.packages

        assert conda_package.record == {
            "name": "a-b",
            "version": "2024a",
            "build": "pyh_3",
            "build_number": 3,
            "subdir": "noarch",
            "noarch": "python",
            "sha256": SHA,
            "depends": ["python >=3.9"],
            "purls": [],
        }
        assert (wheel_package.name, wheel_package.pypi_name, wheel_package.channel) == ("x", "x", INDEX)
        assert wheel_package.requires_python == ">=3.8"

    def test_a_channel_may_be_named(self) -> None:
        """It is that of the packages, never a folder of its name; one that no package is of is left out."""
        named = SIX.replace(f"- url: {FORGE}/", "- url: forge\n      - url: other")

        sources = read_pixi_lock(named, "pixi.lock").sources
        assert [(one.kind, one.name, one.url) for one in sources if one.kind == "channel"] == [
            ("channel", "forge", FORGE)
        ]

    def test_version_4_has_commits_as_pip_has_them(self) -> None:
        """Behind ``@``, where later versions have a fragment."""
        direct = direct_url_of("git+ssh://git@host.example/p.git@00ff", editable=False)

        assert direct == {"url": "ssh://git@host.example/p.git", "vcs_info": {"vcs": "git", "commit_id": "00ff"}}

    def test_a_file_of_no_index_is_marked(self) -> None:
        """It is fetched from its URL, and is of no index."""
        url = "https://files.example/x-1.0-py3-none-any.whl"
        (_, x) = read_pixi_lock(SIX.replace(f"pypi: {url}", f"pypi: direct+{url}"), "pixi.lock").targets[0].packages

        assert (x.file.url, x.channel) == (url, "")
        assert x.direct_url == {"url": url, "archive_info": {"hashes": {"sha256": SHA}}}

    def test_versions_4_and_5_have_kinds(self) -> None:
        """A package says its kind in a field, and may lack its build."""
        (target,) = read_pixi_lock(FIVE, "pixi.lock").targets
        mine, y, zlib = target.packages

        assert (zlib.record or {})["build"] == "h1_4"
        assert (zlib.record or {})["build_number"] == 4
        assert (y.file.url, y.direct_url) == ("./links/y-1.0-py3-none-any.whl", None)
        assert mine.direct_url == {"url": "./mine", "dir_info": {"editable": True}}

    @pytest.mark.parametrize("text", [NEWER, SIX, FIVE], ids=["7", "6", "5"])
    def test_rattler_reads_them_too(self, text: str, tmp_path: Path) -> None:
        """The samples are of the format: rattler-lock finds the same packages."""
        path = tmp_path / "pixi.lock"
        path.write_text(text, encoding="utf-8")
        environment = LockFile.from_path(path).default_environment()
        assert environment is not None

        theirs = {package.name for packages in environment.packages_by_platform().values() for package in packages}
        assert theirs == {package.name for package in read_pixi_lock(text, "").targets[0].packages}


OURS = render_pixi_lock(small_lock())
LOCAL = "- conda: ./local/a-1.0-0.conda"
UNREADABLE = {
    "old": ("version: 3", "version: versions 4 to 7 can be read, not 3"),
    "new": ("version: 8", "version: versions 4 to 7 can be read, not 8"),
    "list": ("- a", "expected a mapping, got ['a']"),
    "yaml": ("a: [", "it is no YAML"),
    "missing": (NEWER.replace(f"{LOCAL}\n    sub", "- conda: ./b-1-0.conda\n    sub"), "is not among the packages"),
    "source": (NEWER.replace("./local/a-1.0-0.conda", "./a"), "'./a' is a source package, which has to be built"),
    "source7": (NEWER.replace(f"{LOCAL}\n     ", "- conda_source: a[00] @ ./a\n     "), "is a source package"),
    "kind": (
        SIX.replace("- pypi: https://files.example/x-1.0-py3-none-any.whl\n    n", "- npm: x\n    n"),
        "expected a package",
    ),
    "own": (OURS.replace("wheelbridge:\n  version: 1", "wheelbridge:\n  version: 2"), "it has version 2"),
    "rest": (OURS.replace("- at: https", "- at: ftp"), "the lock has no package 'ftp"),
    "target": (OURS.replace("  targets:\n  - name: linux-64", "  targets:\n  - name: x"), "no packages for 'x'"),
}


@pytest.mark.parametrize(("text", "reason"), UNREADABLE.values(), ids=UNREADABLE)
def test_what_cannot_be_read_is_told(text: str, reason: str) -> None:
    """The message names the file, the place in it and the reason."""
    with pytest.raises(InvalidEnvironmentFileError) as caught:
        read_pixi_lock(text, "some/pixi.lock")

    assert caught.value.message.startswith("some/pixi.lock: ")
    assert reason in caught.value.message


def test_a_thousand_packages_take_no_time() -> None:
    """Locks are read by every command of an environment: seconds would be felt."""
    packages = tuple(conda(f"package-{number:04}") for number in range(1000))
    lock = Lock(targets=(LockedTarget(name="linux-64", target=LINUX, packages=packages),), sources=SOURCES)

    started = time.process_time()
    text = render_pixi_lock(lock)
    written = time.process_time()
    assert read_pixi_lock(text, "") == lock

    assert written - started < 3
    assert time.process_time() - written < 3
