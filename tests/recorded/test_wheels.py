"""Every wheel of the recorded index: a record, or a refusal with a reason; tags compared with `packaging.tags`."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.tags import Tag, compatible_tags, cpython_tags, mac_platforms
from packaging.utils import parse_wheel_filename
from rattler import MatchSpec

from tests.oracle import python_record
from wheelbridge.errors import TranslationError
from wheelbridge.index.metadata import parse_metadata
from wheelbridge.model.distribution import DistributionFile
from wheelbridge.model.name import CondaName
from wheelbridge.model.record import Refusal
from wheelbridge.model.target import Target, VirtualPackage
from wheelbridge.solver.records import to_rattler_record
from wheelbridge.translate.pythons import translate_python_requirement
from wheelbridge.translate.wheel import translate_tags, translate_wheel

pytestmark = pytest.mark.shared_data

TARGETS = (
    Target(subdir="linux-64", virtual_packages=(VirtualPackage("__glibc", "2.36"), VirtualPackage("__linux", "6.1"))),
    Target(subdir="osx-arm64", virtual_packages=(VirtualPackage("__osx", "13.0"),)),
    Target(subdir="win-64", virtual_packages=(VirtualPackage("__win", "10.0"),)),
)
MINORS = tuple(range(9, 15))


@pytest.fixture(scope="module")
def wheels(recorded: Path) -> list[DistributionFile]:
    """Every wheel of the recorded pages."""
    return list(_read_wheels(recorded))


def _read_wheels(recorded: Path) -> Iterator[DistributionFile]:
    for page in sorted((recorded / "simple").iterdir()):
        for file in json.loads(page.read_text(encoding="utf-8"))["files"]:
            if file["filename"].endswith(".whl"):
                yield DistributionFile(
                    filename=file["filename"], url=f"https://index.example/{file['filename']}", hashes=file["hashes"]
                )


def platforms(target: Target) -> list[str]:
    """List the platform tags of a target, best first, as `packaging` would on that machine."""
    if target.subdir == "osx-arm64":
        return list(mac_platforms((13, 0), "arm64"))
    if target.subdir == "win-64":
        return ["win_amd64"]
    legacy = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}
    tags = []
    for minor in range(36, 4, -1):
        tags.append(f"manylinux_2_{minor}_x86_64")
        if minor in legacy:
            tags.append(f"{legacy[minor]}_x86_64")
    return [*tags, "linux_x86_64"]


def supported(target: Target, minor: int) -> set[Tag]:
    """List the tags that CPython 3.*minor* supports on a target."""
    names = platforms(target)
    return {*cpython_tags((3, minor), [f"cp3{minor}"], names), *compatible_tags((3, minor), f"cp3{minor}", names)}


def test_every_wheel_is_a_record_or_refused_with_a_reason(recorded: Path, wheels: list[DistributionFile]) -> None:
    """Nothing is dropped silently; every MatchSpec of every record parses strictly in rattler."""
    for target in TARGETS:
        counts: Counter[str] = Counter()
        for wheel in wheels:
            assert wheel.sha256
            text = (recorded / "metadata" / wheel.sha256).read_bytes()
            outcome = translate_wheel(wheel, parse_metadata(text, wheel.filename), target, CondaName)
            if isinstance(outcome, Refusal):
                assert outcome.reason
                counts[outcome.code] += 1
            else:
                counts["record"] += 1
                record = to_rattler_record(outcome, "https://index.example/simple")
                for spec in (*record.depends, *outcome.constrains, *sum(outcome.extra_depends.values(), ())):
                    MatchSpec(spec, strict=True)
        print(f"{target.subdir}: {len(wheels)} wheels, {dict(sorted(counts.items()))}")
        assert counts["record"] > 1000
        assert sum(counts.values()) == len(wheels)


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.subdir)
def test_tags_agree_with_packaging(target: Target, wheels: list[DistributionFile]) -> None:
    """PEP 425: an installer takes a wheel if one of its tags is in the interpreter's list; so does our record."""
    filenames = {wheel.filename for wheel in wheels}
    tags = {tags for filename in filenames if len(tags := parse_wheel_filename(filename)[3])}
    expected = {minor: supported(target, minor) for minor in MINORS}
    disagreements, tried = [], 0
    for wheel_tags in tags:
        try:
            python = translate_python_requirement(translate_tags(wheel_tags, target).pythons, None)
        except TranslationError:
            python = 'python[version="<0"]'
        match = MatchSpec(python, strict=True)
        for minor in MINORS:
            tried += 1
            build = f"h0_0_cp3{minor}" if minor >= 13 else "h0_0_cpython"
            if match.matches(python_record(f"3.{minor}.1", build)) != bool(wheel_tags & expected[minor]):
                disagreements.append((sorted(map(str, wheel_tags)), minor))
    print(f"tags: {len(tags)} sets x {len(MINORS)} pythons = {tried} tried, {len(disagreements)} disagreed")
    assert not disagreements


def test_preferences_order_wheels_as_packaging_does(wheels: list[DistributionFile]) -> None:
    """`sys_tags` yields the best tag first; of two wheels of one release, ours orders them the same."""
    target, minor = TARGETS[0], 12
    names = platforms(target)
    order = [*cpython_tags((3, minor), [f"cp3{minor}"], names), *compatible_tags((3, minor), f"cp3{minor}", names)]
    ranks = {tag: rank for rank, tag in enumerate(order)}
    releases: dict[tuple[str, str], list[tuple[int, int]]] = {}
    for wheel in wheels:
        name, version, _, tags = parse_wheel_filename(wheel.filename)
        if found := [ranks[tag] for tag in tags if tag in ranks]:
            preference = translate_tags(tags, target).preference
            releases.setdefault((name, str(version)), []).append((min(found), -preference))
    compared = 0
    for pairs in releases.values():
        for one in pairs:
            for other in pairs:
                compared += 1
                assert (one[0] < other[0]) <= (one[1] <= other[1])
    assert compared > len(releases)
