"""Platform tags: where on conda a wheel can run, and what it needs of the system there (PEP 425, 513, 600, 656)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from wheelbridge.model.target import Target
from wheelbridge.translate.errors import OtherPlatformError, PlatformTooOldError, UnsupportedTagError

Release = tuple[int, int]

_LINUX_ARCHES = {
    "linux-32": ("i686",),
    "linux-64": ("x86_64",),
    "linux-aarch64": ("aarch64",),
    "linux-armv6l": ("armv6l",),
    "linux-armv7l": ("armv7l",),
    "linux-ppc64": ("ppc64",),
    "linux-ppc64le": ("ppc64le",),
    "linux-riscv64": ("riscv64",),
    "linux-s390x": ("s390x",),
}
_MACOS_ARCHES = {
    "osx-64": ("x86_64", "intel", "fat64", "fat3", "fat32", "universal2", "universal"),
    "osx-arm64": ("arm64", "universal2"),
}
_WINDOWS_TAGS = {"win-32": "win32", "win-64": "win_amd64", "win-arm64": "win_arm64"}
_EMSCRIPTEN_SUBDIRS = {"emscripten-wasm32": "wasm32"}

_LEGACY_MANYLINUX: dict[str, Release] = {"1": (2, 5), "2010": (2, 12), "2014": (2, 17)}
"""PEP 600: "manylinux1 … is the same as manylinux_2_5", 2010 as 2_12, 2014 as 2_17."""

_LINUX_TAG = re.compile(
    r"(?:(?P<libc>many|musl)linux_(?P<major>\d+)_(?P<minor>\d+)|manylinux(?P<legacy>1|2010|2014)|linux)_(?P<arch>\w+)"
)
_MACOS_TAG = re.compile(r"macosx_(?P<major>\d+)_(?P<minor>\d+)_(?P<arch>\w+)")
_EMSCRIPTEN_TAG = re.compile(r"(?:emscripten_\d+_\d+_\d+|pyodide_\d+_\d+|pyemscripten_\d+_\d+)_(?P<arch>\w+)")

ANY_RANK = 0
_GENERIC_RANK = 1
_BIG_SUR = (11, 0)


@dataclass(frozen=True, slots=True)
class PlatformSupport:
    """Where a wheel can run.

    Attributes:
        subdir: ``noarch`` or the target's subdir.
        virtual_packages: MatchSpecs the system must meet.
        rank: a higher one is preferred, as ``packaging.tags.sys_tags`` orders platforms.
    """

    subdir: str
    virtual_packages: tuple[str, ...]
    rank: int


def translate_platform_tags(tags: Iterable[str], target: Target) -> PlatformSupport:
    """Say where a wheel with these platform tags runs; the least demanding tag of the target's subdir decides.

    PEP 425: a compressed tag set stands for each of its tags, so one supported tag is enough.

    >>> from wheelbridge.model.target import VirtualPackage
    >>> linux = Target(subdir="linux-64", virtual_packages=(VirtualPackage("__glibc", "2.36"),))
    >>> translate_platform_tags(["manylinux_2_17_x86_64", "manylinux2014_x86_64"], linux).virtual_packages
    ('__glibc[version=">=2.17"]',)

    Raises:
        OtherPlatformError: if no tag is for the target's subdir.
        UnsupportedTagError: if the target lacks what every tag of its subdir needs.
        PlatformTooOldError: if the target's system is older than every tag demands.
    """
    names = sorted(tags)
    failures: list[UnsupportedTagError | PlatformTooOldError] = []
    supported: list[PlatformSupport] = []
    for name in names:
        try:
            supported.append(translate_platform_tag(name, target))
        except (UnsupportedTagError, PlatformTooOldError) as error:
            failures.append(error)
    if supported:
        demanding = min(supported, key=lambda support: support.rank)
        best = max(support.rank for support in supported)
        return PlatformSupport(demanding.subdir, demanding.virtual_packages, best)
    raise min(failures, key=lambda error: isinstance(error, OtherPlatformError))


@lru_cache(maxsize=4096)
def _translate_cached(tag: str, subdir: str, glibc: str | None, musl: str | None, macos: str | None) -> PlatformSupport:
    if tag == "any":
        return PlatformSupport("noarch", (), ANY_RANK)
    if subdir in _LINUX_ARCHES:
        return _translate_linux(tag, subdir, {"__glibc": glibc, "__musl": musl})
    if subdir in _MACOS_ARCHES:
        return _translate_macos(tag, subdir, macos)
    if _WINDOWS_TAGS.get(subdir) == tag:
        return PlatformSupport(subdir, ("__win",), _GENERIC_RANK)
    if (match := _EMSCRIPTEN_TAG.fullmatch(tag)) and _EMSCRIPTEN_SUBDIRS.get(subdir) == match["arch"]:
        raise UnsupportedTagError(
            f"The platform tag {tag!r} pins an Emscripten ABI, which no virtual package describes"
        )
    raise OtherPlatformError(f"The platform tag {tag!r} is not for {subdir}")


def translate_platform_tag(tag: str, target: Target) -> PlatformSupport:
    """Say where a wheel with this one platform tag runs.

    PEP 600: the version in a manylinux tag is the oldest glibc the wheel supports, hence a lower bound. PEP 656: a
    musllinux wheel needs musl and never runs on glibc. A macOS tag names the oldest macOS.

    Raises:
        UnsupportedTagError: if the tag is not for the target's subdir or C library.
        PlatformTooOldError: if the target's system is older than the tag demands.
    """
    versions = {package.name: package.version for package in target.virtual_packages}
    return _translate_cached(tag, target.subdir, versions.get("__glibc"), versions.get("__musl"), versions.get("__osx"))


def _translate_linux(tag: str, subdir: str, libcs: dict[str, str | None]) -> PlatformSupport:
    match = _LINUX_TAG.fullmatch(tag)
    if match is None or match["arch"] not in _LINUX_ARCHES[subdir]:
        raise OtherPlatformError(f"The platform tag {tag!r} is not for {subdir}")
    if match["legacy"]:
        needed = _LEGACY_MANYLINUX[match["legacy"]]
    elif match["libc"]:
        needed = (int(match["major"]), int(match["minor"]))
    else:
        return PlatformSupport(subdir, ("__linux",), _GENERIC_RANK)
    package = "__musl" if match["libc"] == "musl" else "__glibc"
    return _bounded(tag, subdir, package, needed, libcs[package])


def _translate_macos(tag: str, subdir: str, version: str | None) -> PlatformSupport:
    match = _MACOS_TAG.fullmatch(tag)
    if match is None or match["arch"] not in _MACOS_ARCHES[subdir]:
        raise OtherPlatformError(f"The platform tag {tag!r} is not for {subdir}")
    needed = (int(match["major"]), int(match["minor"]))
    if (needed >= _BIG_SUR and needed[1]) or (needed < _BIG_SUR and match["arch"] == "arm64"):
        raise UnsupportedTagError(f"No installer takes the platform tag {tag!r}: macOS 11 and later are named X_0")
    support = _bounded(tag, subdir, "__osx", needed, version)
    arches = _MACOS_ARCHES[subdir]
    preference = len(arches) - 1 - arches.index(match["arch"])
    return PlatformSupport(subdir, support.virtual_packages, support.rank * len(arches) + preference)


def _bounded(tag: str, subdir: str, package: str, needed: Release, actual: str | None) -> PlatformSupport:
    if actual is None:
        raise UnsupportedTagError(f"The platform tag {tag!r} needs {package}, which the target does not have")
    text = f"{needed[0]}.{needed[1]}"
    if _release(actual) < needed:
        raise PlatformTooOldError(f"The platform tag {tag!r} needs {package} {text} or later; the target has {actual}")
    return PlatformSupport(subdir, (f'{package}[version=">={text}"]',), _GENERIC_RANK + needed[0] * 100 + needed[1])


def _release(version: str) -> Release:
    numbers = [int(part) for part in re.findall(r"\d+", version)[:2]]
    return (numbers[0] if numbers else 0, numbers[1] if len(numbers) > 1 else 0)
