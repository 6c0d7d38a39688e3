"""Which target of a lock a machine gets, and what is said where it gets none."""

from dataclasses import replace

import pytest

from wheelbridge.api.locking.records import described_record
from wheelbridge.api.syncing.notes import notes_of
from wheelbridge.api.syncing.targets import (
    AmbiguousLockError,
    NoLockedTargetError,
    UnfitMachineError,
    check_completed,
    choose_target,
)
from wheelbridge.environment.lock import Lock, LockedFile, LockedPackage, LockedTarget
from wheelbridge.model.target import Target, VirtualPackage


def target(name: str, *depends: str, subdir: str = "linux-64", **facts: str) -> LockedTarget:
    """Make a target with one package that depends on *depends*."""
    record = {"name": "torch", "version": "1", "build": "0", "build_number": 0, "subdir": subdir, "depends": [*depends]}
    file = LockedFile(filename="torch-1-0.conda", url=f"https://host.example/c/{subdir}/torch-1-0.conda")
    package = LockedPackage(
        kind="conda", name="torch", version="1", file=file, record=record, channel="https://host.example/c"
    )
    return LockedTarget(name=name, target=machine(subdir, **facts), packages=(package,))


def machine(subdir: str = "linux-64", **facts: str) -> Target:
    """Describe a machine by its virtual packages."""
    packages = sorted((f"__{name}", *value.partition("=")[::2]) for name, value in facts.items())
    virtual = tuple(VirtualPackage(name, version, build or "0") for name, version, build in packages)
    return Target(subdir=subdir, virtual_packages=virtual)


PLAIN = target("linux-64", "__glibc >=2.17", glibc="2.28")
CUDA = target("gpu", "__glibc >=2.17", "__cuda >=12.4", glibc="2.28", cuda="12.8")
OLD_CUDA = target("old-gpu", "__cuda >=11", glibc="2.28", cuda="11.8")
MAC = target("osx-arm64", "__osx >=13", subdir="osx-arm64", osx="13.0")
LOCK = Lock(targets=(PLAIN, CUDA, OLD_CUDA, MAC), origin="pixi.lock")


@pytest.mark.parametrize(
    ("there", "name"),
    [
        ({"glibc": "2.36"}, "linux-64"),
        ({"glibc": "2.36", "cuda": "12.9"}, "gpu"),
        ({"glibc": "2.36", "cuda": "12.2"}, "old-gpu"),
        ({"glibc": "2.17"}, "linux-64"),
    ],
)
def test_the_most_specific_target_that_runs(there: dict[str, str], name: str) -> None:
    """More facts win where the machine has them all; what packages need decides where it lacks some."""
    assert choose_target(LOCK, machine(**there)).name == name


def test_needs_that_are_not_met_are_named() -> None:
    """What each target needs, for which package, and what there is."""
    with pytest.raises(UnfitMachineError) as refused:
        choose_target(LOCK, machine(glibc="2.12"))

    assert "target linux-64 needs __glibc >=2.17 (for torch; there is 2.12)" in refused.value.message
    assert "__cuda >=12.4 (for torch; there is none)" in refused.value.message
    assert refused.value.unmet["old-gpu"] == ["__cuda >=11"]


def test_a_target_by_name() -> None:
    """The user's choice, as long as the machine runs it."""
    there = machine(glibc="2.36", cuda="12.9")

    assert choose_target(LOCK, there, "old-gpu").name == "old-gpu"
    with pytest.raises(UnfitMachineError):
        choose_target(LOCK, machine(glibc="2.36"), "gpu")


@pytest.mark.parametrize(("subdir", "name"), [("win-64", None), ("linux-64", "osx-arm64"), ("linux-64", "nobody")])
def test_no_target_for_it(subdir: str, name: str | None) -> None:
    """Another platform, or a name that is of another platform or of none."""
    with pytest.raises(NoLockedTargetError) as refused:
        choose_target(LOCK, machine(subdir), name)

    assert refused.value.targets == ("linux-64", "gpu (linux-64)", "old-gpu (linux-64)", "osx-arm64")


def test_a_target_that_is_called_otherwise_than_its_platform() -> None:
    """Else the refusal contradicts itself."""
    odd = LockedTarget(name="linux-64", target=Target(subdir="../x"))
    with pytest.raises(NoLockedTargetError, match=r"nothing for linux-64; it is for linux-64 \(\.\./x\)"):
        choose_target(Lock(targets=(odd,)), machine("linux-64"))


def test_conditions_are_seen() -> None:
    """A need that holds for another python is none."""
    python = LockedPackage(
        kind="conda",
        name="python",
        version="3.12.1",
        file=LockedFile(filename="python-3.12.1-0.conda", url="https://host.example/c/linux-64/python-3.12.1-0.conda"),
        record={"name": "python", "version": "3.12.1", "build": "0", "build_number": 0, "subdir": "linux-64"},
        channel="https://host.example/c",
    )
    for bound, fits in (("<3.12", True), (">=3.12", False)):
        there = target("linux-64", f'__cuda[version=">=12",when="python{bound}"]')
        lock = Lock(targets=(LockedTarget(name="x", target=there.target, packages=(*there.packages, python)),))
        try:
            choose_target(lock, machine())
        except UnfitMachineError:
            assert not fits
        else:
            assert fits


def test_the_cpu_counts() -> None:
    """Of two targets that differ in the microarchitecture, a machine gets the newest one of its line."""
    older, newer = (target(cpu, archspec=f"1={cpu}") for cpu in ("x86_64_v2", "x86_64_v4"))
    lock = Lock(targets=(newer, older))

    assert choose_target(lock, machine(archspec="1=haswell")).name == "x86_64_v2"
    assert choose_target(lock, machine(archspec="1=zen4")).name == "x86_64_v4"


def test_what_a_lock_does_not_tell_is_asked_when_it_is_known() -> None:
    """Packages of `@EXPLICIT` and `conda-lock.yml` files have their records in themselves."""
    bare = replace(CUDA, packages=tuple(replace(package, record=None) for package in CUDA.packages))

    assert choose_target(replace(LOCK, targets=(bare,)), machine(glibc="2.36")) == bare
    with pytest.raises(UnfitMachineError, match="__cuda"):
        check_completed(LOCK, bare, CUDA.packages, machine(glibc="2.36"))
    check_completed(LOCK, bare, CUDA.packages, machine(glibc="2.36", cuda="12.8"))


def test_two_packages_of_one_name() -> None:
    """Which one it is to be, nobody can tell."""
    two = (*PLAIN.packages, *CUDA.packages)

    with pytest.raises(AmbiguousLockError, match="'torch' more than once"):
        check_completed(LOCK, replace(PLAIN, packages=two), two, machine(glibc="2.36"))


@pytest.mark.parametrize(
    ("kind", "hashes", "checked"),
    [
        ("conda", {"md5": "00"}, True),
        ("conda", {"sha512": "00"}, False),
        ("wheel", {"sha512": "00"}, True),
        ("wheel", {"foo256": "00"}, False),
        ("wheel", {"sha256": ""}, False),
    ],
)
def test_hashes_that_nobody_can_check_are_none(kind: str, hashes: dict[str, str], checked: bool) -> None:
    """A kind that does not exist, or that channels do not have."""
    (package,) = PLAIN.packages
    is_conda = kind == "conda"
    file = replace(package.file, hashes=hashes, filename="torch-1-0.conda" if is_conda else "torch-1-py3-none-any.whl")

    notes = [*notes_of([replace(package, kind="conda" if is_conda else "wheel", file=file)], (), ())]
    assert bool(notes) is not checked


def test_needs_that_nothing_meets_are_told() -> None:
    """A lock may be of an environment that lacks something; it is carried out, and not silently."""
    record = described_record(target("linux-64", "numpy >=2", "__glibc >=2.17").packages[0])

    assert [*notes_of((), [record], ["torch", "zlib"])] == [
        "torch needs numpy >=2: the lock has no such package",
        "It is to have zlib: the lock has no such package",
    ]
