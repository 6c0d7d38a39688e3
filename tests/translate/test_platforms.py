"""Platform tags, with packaging's own lists of what a platform runs as the oracle."""

from collections.abc import Iterable, Sequence

import pytest
from packaging.tags import mac_platforms
from rattler import MatchSpec, PackageRecord
from rattler.package import BuildString

from wheelbridge.errors import TranslationError
from wheelbridge.model.target import Target, VirtualPackage
from wheelbridge.translate.platforms import translate_platform_tag, translate_platform_tags

GLIBC = Target(subdir="linux-64", virtual_packages=(VirtualPackage("__glibc", "2.28"),))
MUSL = Target(subdir="linux-64", virtual_packages=(VirtualPackage("__musl", "1.2"),))
ARM_LINUX = Target(subdir="linux-aarch64", virtual_packages=(VirtualPackage("__glibc", "2.36"),))
INTEL_MAC = Target(subdir="osx-64", virtual_packages=(VirtualPackage("__osx", "13.0"),))
ARM_MAC = Target(subdir="osx-arm64", virtual_packages=(VirtualPackage("__osx", "14.5"),))
WINDOWS = Target(subdir="win-64", virtual_packages=(VirtualPackage("__win", "10.0"),))
ARM_WINDOWS = Target(subdir="win-arm64", virtual_packages=(VirtualPackage("__win", "10.0"),))
OTHER, LACKS, OLD = "other-platform", "incompatible-tag", "platform-too-old"


@pytest.mark.parametrize(
    ("target", "tag", "needs"),
    [
        (GLIBC, "any", None),
        (GLIBC, "manylinux1_x86_64", '__glibc[version=">=2.5"]'),
        (GLIBC, "manylinux2010_x86_64", '__glibc[version=">=2.12"]'),
        (GLIBC, "manylinux2014_x86_64", '__glibc[version=">=2.17"]'),
        (GLIBC, "manylinux_2_28_x86_64", '__glibc[version=">=2.28"]'),
        (GLIBC, "linux_x86_64", "__linux"),
        (MUSL, "musllinux_1_1_x86_64", '__musl[version=">=1.1"]'),
        (ARM_LINUX, "manylinux2014_aarch64", '__glibc[version=">=2.17"]'),
        (INTEL_MAC, "macosx_10_9_x86_64", '__osx[version=">=10.9"]'),
        (INTEL_MAC, "macosx_10_9_universal2", '__osx[version=">=10.9"]'),
        (INTEL_MAC, "macosx_10_6_intel", '__osx[version=">=10.6"]'),
        (ARM_MAC, "macosx_11_0_arm64", '__osx[version=">=11.0"]'),
        (ARM_MAC, "macosx_10_9_universal2", '__osx[version=">=10.9"]'),
        (WINDOWS, "win_amd64", "__win"),
        (ARM_WINDOWS, "win_arm64", "__win"),
    ],
)
def test_what_a_tag_needs(target: Target, tag: str, needs: str | None) -> None:
    """The subdir of the target and one virtual package; ``any`` is noarch and needs nothing."""
    support = translate_platform_tag(tag, target)

    assert (support.subdir, support.virtual_packages) == ((target.subdir, (needs,)) if needs else ("noarch", ()))


@pytest.mark.parametrize(
    ("target", "tag", "code"),
    [
        (GLIBC, "musllinux_1_2_x86_64", LACKS),
        (MUSL, "manylinux_2_17_x86_64", LACKS),
        (GLIBC, "manylinux_2_29_x86_64", OLD),
        (MUSL, "musllinux_1_3_x86_64", OLD),
        (INTEL_MAC, "macosx_14_0_x86_64", OLD),
        (GLIBC, "manylinux_2_17_i686", OTHER),
        (GLIBC, "manylinux_2_17_aarch64", OTHER),
        (ARM_LINUX, "manylinux_2_17_x86_64", OTHER),
        (GLIBC, "win_amd64", OTHER),
        (GLIBC, "macosx_11_0_arm64", OTHER),
        (INTEL_MAC, "macosx_11_0_arm64", OTHER),
        (ARM_MAC, "macosx_11_0_x86_64", OTHER),
        (ARM_MAC, "macosx_10_6_intel", OTHER),
        (WINDOWS, "win_arm64", OTHER),
        (WINDOWS, "win32", OTHER),
        (ARM_WINDOWS, "win_amd64", OTHER),
        (GLIBC, "manylinux2020_x86_64", OTHER),
        (GLIBC, "", OTHER),
    ],
)
def test_what_a_target_does_not_run(target: Target, tag: str, code: str) -> None:
    """For another machine, for another C library, or for a newer system: each by its code, with the tag."""
    with pytest.raises(TranslationError) as caught:
        translate_platform_tag(tag, target)
    assert (caught.value.code, repr(tag) in caught.value.message) == (code, True)


@pytest.mark.parametrize(
    ("target", "tags", "needs"),
    [
        (GLIBC, ["manylinux_2_17_x86_64", "manylinux2014_x86_64"], '__glibc[version=">=2.17"]'),
        (GLIBC, ["manylinux_2_5_x86_64", "manylinux_2_17_x86_64"], '__glibc[version=">=2.5"]'),
        (GLIBC, ["manylinux_2_40_x86_64", "manylinux_2_17_x86_64"], '__glibc[version=">=2.17"]'),
        (GLIBC, ["musllinux_1_1_x86_64", "manylinux_2_17_x86_64", "win_amd64"], '__glibc[version=">=2.17"]'),
        (ARM_MAC, ["macosx_10_9_x86_64", "macosx_11_0_arm64"], '__osx[version=">=11.0"]'),
    ],
)
@pytest.mark.parametrize("step", [1, -1])
def test_one_tag_of_a_set_is_enough(target: Target, tags: list[str], needs: str, step: int) -> None:
    """PEP 425: a compressed tag set stands for each; the least demanding decides, in any order."""
    assert translate_platform_tags(tags[::step], target).virtual_packages == (needs,)


@pytest.mark.parametrize(
    ("tags", "code"),
    [
        (["win_amd64", "macosx_11_0_arm64"], OTHER),
        (["win_amd64", "musllinux_1_1_x86_64"], LACKS),
        (["win_amd64", "manylinux_2_40_x86_64"], OLD),
    ],
)
def test_the_nearest_miss_is_the_reason(tags: list[str], code: str) -> None:
    """Of what is for this machine it is worth to say why not."""
    with pytest.raises(TranslationError) as caught:
        translate_platform_tags(tags, GLIBC)
    assert caught.value.code == code


def by_preference(tags: Iterable[str], target: Target) -> list[str]:
    """Order the tags that the target runs, the best first."""
    ranked = []
    for tag in tags:
        try:
            ranked.append((translate_platform_tag(tag, target).rank, tag))
        except TranslationError:
            continue
    return [tag for _, tag in sorted(ranked, reverse=True)]


class TestOrder:
    """The same order of preference as an installer has by ``packaging.tags``."""

    def test_macos(self) -> None:
        """Every tag that packaging lists for this macOS, in its order, and no other."""
        expected = list(mac_platforms((14, 0), "arm64"))
        newer = [tag for tag in mac_platforms((16, 0), "arm64") if tag not in expected]

        assert by_preference([*sorted(expected), *newer], ARM_MAC) == expected

    @pytest.mark.parametrize("newest", ["2.28", "2.17", "2.5"])
    def test_glibc(self, newest: str) -> None:
        """PEP 600: the newer, the more preferred; ``linux`` without a version comes last."""
        minor = int(newest.partition(".")[2])
        target = Target(subdir="linux-64", virtual_packages=(VirtualPackage("__glibc", newest),))
        expected = [f"manylinux_2_{number}_x86_64" for number in range(minor, 4, -1)]

        assert by_preference([*sorted(expected), "linux_x86_64", "manylinux_2_29_x86_64", "any"], target) == [
            *expected,
            "linux_x86_64",
            "any",
        ]


@pytest.mark.parametrize(
    ("tag", "version", "target"),
    [
        ("manylinux_2_17_x86_64", "__glibc", GLIBC),
        ("musllinux_1_1_x86_64", "__musl", MUSL),
        ("macosx_11_0_arm64", "__osx", ARM_MAC),
        ("win_arm64", "__win", ARM_WINDOWS),
    ],
)
def test_rattler_matches_the_target_itself(tag: str, version: str, target: Target) -> None:
    """What was found to run is what the solver finds to run."""
    (spec,) = translate_platform_tag(tag, target).virtual_packages
    (package,) = target.virtual_packages

    assert package.name == version
    assert matches(spec, package.name, [package.version]) == [True]
    assert matches(spec, package.name, ["0.1"]) == [version == "__win"]


def matches(spec: str, name: str, versions: Sequence[str]) -> list[bool]:
    """Tell of each version of a virtual package whether *spec* matches."""
    return [MatchSpec(spec).matches(PackageRecord(name, v, BuildString("0"), 0, "noarch")) for v in versions]
