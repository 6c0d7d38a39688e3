"""The target as this machine answers, or as py-rattler assumes a machine of another platform to be (CEP 30)."""

import os
from collections.abc import Iterable
from dataclasses import replace

from rattler import GenericVirtualPackage, PackageName, Subdir, Version, VirtualPackageOverrides
from rattler import VirtualPackage as DetectedPackage
from rattler.exceptions import (
    DetectVirtualPackageError,
    InvalidPackageNameError,
    InvalidVersionError,
    VirtualPackageOverrideError,
)
from rattler.package import BuildString

from wheelbridge.model.target import GPU_LIST, InvalidTargetError, Target, VirtualPackage
from wheelbridge.target.accelerators import detect_accelerators

_BASELINES = {
    "linux": (VirtualPackage("__glibc", "2.28"), VirtualPackage("__linux", "4.18"), VirtualPackage("__unix", "0")),
    "osx": (VirtualPackage("__osx", "13.0"), VirtualPackage("__unix", "0")),
    "win": (VirtualPackage("__win", "10.0"),),
    "emscripten": (VirtualPackage("__unix", "0"),),
}
"""What rattler's ``VirtualPackages::baseline_for_platform`` assumes; py-rattler 0.28 does not hand it out."""

_ARCHSPECS = {"32": "x86", "64": "x86_64", "arm64": "aarch64", "armv6l": "aarch64", "armv7l": "aarch64"}
_MAX_BUILD_LENGTH = 64
_LISTS = ("__archspec", "__variant_")
"""Virtual packages whose build string says what they are."""
_VARIABLE = "CONDA_OVERRIDE_"
_LIST_VARIABLE = f"{_VARIABLE}VARIANT_"
_OVERRIDABLE = {
    "linux": ("__archspec", "__cuda", "__cuda_arch", "__glibc", "__linux"),
    "osx": ("__archspec", "__cuda", "__cuda_arch", "__osx"),
    "win": ("__archspec", "__cuda", "__cuda_arch", "__win"),
}


def detect_target(platform: str | None = None, virtual_packages: Iterable[str] = ()) -> Target:
    """Describe this machine, or the baseline of another *platform*, as a target.

    ``CONDA_OVERRIDE_*`` and ``CONDA_SUBDIR`` are honoured as conda does; *virtual_packages* such as ``__cuda=12.8`` or
    ``__archspec=1=zen4`` beat them. An empty version takes a virtual package away.

    Raises:
        InvalidTargetError: if the platform is unknown or a virtual package cannot be read.
    """
    current = str(Subdir.current())
    subdir = platform or os.environ.get("CONDA_SUBDIR") or current
    detected = _detect() if subdir == current else _assume(subdir)
    given = [_check(parse_virtual_package(text)) for text in virtual_packages]
    removed = {package.name for package in given if not package.version}
    target = Target(subdir=subdir, virtual_packages=tuple(sorted(detected))).override(given)
    kept = tuple(package for package in target.virtual_packages if package.name not in removed)
    if {package.name for package in given} & {"__cuda", "__cuda_arch"}:
        kept = tuple(package for package in kept if package.name != GPU_LIST or package in given)
    return Target(subdir=subdir, virtual_packages=kept, variants=target.variants)


def assume_target(platform: str, virtual_packages: Iterable[str] = ()) -> Target:
    """Describe the baseline of *platform*, the same on every machine, with *virtual_packages* as in `detect_target`.

    ``CONDA_OVERRIDE_*`` are honoured.

    Raises:
        InvalidTargetError: if the platform is unknown or a virtual package cannot be read.
    """
    given = [_check(parse_virtual_package(text)) for text in virtual_packages]
    target = Target(subdir=platform, virtual_packages=tuple(sorted(_assume(platform)))).override(given)
    return replace(target, virtual_packages=tuple(package for package in target.virtual_packages if package.version))


def is_this_machine(platform: str | None = None, virtual_packages: Iterable[str] = ()) -> bool:
    """Tell whether `detect_target` would describe the machine that it runs on, and nothing else."""
    subdir = platform or os.environ.get("CONDA_SUBDIR") or str(Subdir.current())
    overridden = any(name.startswith(_VARIABLE) for name in os.environ)
    return subdir == str(Subdir.current()) and not overridden and not list(virtual_packages)


def parse_virtual_package(text: str) -> VirtualPackage:
    """Read ``__name=version`` or ``__name=version=build``.

    ``__archspec=zen4`` is read as CEP 30 has it: version 1, the microarchitecture as the build. So is
    ``__variant_amd_gfx_arch=gfx90a+gfx942``.

    >>> parse_virtual_package("__cuda=12.8")
    VirtualPackage(name='__cuda', version='12.8', build='0')

    Raises:
        InvalidTargetError: if *text* has another form.
    """
    name, separator, rest = text.partition("=")
    version, _, build = rest.partition("=")
    if not name.startswith("__") or not separator:
        raise InvalidTargetError(f"{text!r} is no virtual package", hint="Write it like __cuda=12.8.")
    if len(build or version) > _MAX_BUILD_LENGTH:
        raise InvalidTargetError(f"{text!r} is too long: a build string has at most {_MAX_BUILD_LENGTH} characters")
    if name.startswith(_LISTS) and version and not build and (name != "__archspec" or not version.isdigit()):
        return VirtualPackage(name, "1", version)
    return VirtualPackage(name, version, build or "0")


def _check(package: VirtualPackage) -> VirtualPackage:
    """Refuse what rattler cannot take as a virtual package; an empty version takes one away."""
    try:
        GenericVirtualPackage(PackageName(package.name), Version(package.version or "0"), BuildString(package.build))
    except (InvalidPackageNameError, InvalidVersionError, ValueError) as error:
        text = f"{package.name}={package.version}={package.build}"
        raise InvalidTargetError(f"{text!r} is no virtual package: {error}") from error
    return package


def _detect() -> list[VirtualPackage]:
    try:
        found = [package.into_generic() for package in DetectedPackage.detect(VirtualPackageOverrides.from_env())]
    except (DetectVirtualPackageError, VirtualPackageOverrideError) as error:
        raise InvalidTargetError(f"A CONDA_OVERRIDE_* variable cannot be read: {error}") from error
    packages = [
        VirtualPackage(package.name.normalized, str(package.version), str(package.build_string)) for package in found
    ]
    lists = {package.name: package for package in _read_lists()}
    found_here = [*packages, *detect_accelerators(packages)]
    return [*(package for package in found_here if package.name not in lists), *filter(_is_there, lists.values())]


def _read_lists() -> Iterable[VirtualPackage]:
    """Yield what variables such as ``CONDA_OVERRIDE_VARIANT_AMD_GFX_ARCH`` say; one without a value takes it away."""
    for variable, value in os.environ.items():
        if variable.startswith(_LIST_VARIABLE):
            yield _check(parse_virtual_package(f"__{variable.removeprefix(_VARIABLE).lower()}={value}"))


def _is_there(package: VirtualPackage) -> bool:
    return bool(package.version)


def _assume(subdir: str) -> list[VirtualPackage]:
    system, _, machine = subdir.partition("-")
    if system not in _BASELINES or not machine:
        raise InvalidTargetError(
            f"{subdir!r} is no platform that wheels are made for", hint="Write it like linux-64, osx-arm64 or win-64."
        )
    archspec = "m1" if subdir == "osx-arm64" else _ARCHSPECS.get(machine, machine)
    baseline = Target(
        subdir=subdir, virtual_packages=(*_BASELINES[system], VirtualPackage("__archspec", "1", archspec))
    )
    said = [*_read_overrides(subdir), *filter(_is_there, _read_lists())]
    return [*baseline.override(said).virtual_packages]


def _read_overrides(subdir: str) -> Iterable[VirtualPackage]:
    for name in _OVERRIDABLE.get(subdir.partition("-")[0], ()):
        if value := os.environ.get(f"{_VARIABLE}{name.removeprefix('__').upper()}"):
            yield _check(parse_virtual_package(f"{name}={value}"))
