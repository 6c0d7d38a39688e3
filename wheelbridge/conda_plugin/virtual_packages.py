"""What variants of wheels ask a machine for, and conda has no virtual package for; as ``wheelbridge target`` reads it.

conda asks on each solve. What it can do without, a machine without an accelerator, costs a look-up on ``PATH``.
"""

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from conda.auxlib import NULL
from conda.base.context import context
from conda.exceptions import CondaValueError
from conda.plugins.types import CondaVirtualPackage

from wheelbridge.errors import WheelbridgeError

GPU_LIST = "variant_nvidia_compute_capability"
LISTS = (
    "variant_amd_gfx_arch",
    "variant_amd_rocm_version",
    "variant_ascend_cann_version",
    "variant_ascend_driver_version",
    "variant_ascend_npu_type",
    "variant_intel_device_ip",
    "variant_intel_gt_gmdid",
    GPU_LIST,
)
"""Names without ``__``; those that nothing detects are there for ``CONDA_OVERRIDE_VARIANT_...``."""
_CAPABILITY = re.compile(r"[0-9]+\.[0-9]+")
_BUILD = re.compile(r"[a-zA-Z0-9_.+]{1,64}")
"""CEP 26: "Builds strings MUST only consist of ASCII letters, numbers, periods, plus symbols, and underscores"."""
_OURS = "wheelbridge.conda_plugin.hooks"


@dataclass
class CudaArch(CondaVirtualPackage):
    """``__cuda_arch``, beside *cuda*, which is conda's ``__cuda``.

    CEP 46: "the version value MUST be set to the lowest compute capability of all CUDA devices detected on the
    system"; "The build string MUST be ``0``".
    """

    cuda: CondaVirtualPackage | None = None

    def to_virtual_package(self) -> Any:  # noqa: ANN401 - a record of conda's, or its sign that there is none
        """Return the record.

        CEP 46: "The ``__cuda_arch`` virtual package MUST be absent when the ``__cuda`` virtual package is absent."
        """
        if self.cuda is None or self.cuda.to_virtual_package() is NULL:
            return NULL
        return super().to_virtual_package()


class SupportedValues(CondaVirtualPackage):
    """A list of supported values, which is a build string."""

    def to_virtual_package(self) -> Any:  # noqa: ANN401 - as above
        """Return the record.

        Raises:
            CondaValueError: if what was given can be no build string.
        """
        record = super().to_virtual_package()
        if record is not NULL and _BUILD.fullmatch(record.build) is None:
            raise CondaValueError(
                f"CONDA_OVERRIDE_{self.name.upper()}: {record.build!r} is no list of values; write it like 9.0+8.0"
            )
        return record


def virtual_packages() -> Iterator[CondaVirtualPackage]:
    """Yield what no other plugin has: conda takes two of one name for an error of every solve."""
    others = {package.name: package for package in _ask_others()}
    arch = others.get("cuda_arch") or CudaArch(
        name="cuda_arch",
        version=_find_arch,
        build="0",
        override_entity="version",
        version_validation=_check_capability,
        cuda=others.get("cuda"),
    )
    lists = (_describe_list(name, arch) for name in LISTS)
    yield from (package for package in (arch, *lists) if package.name not in others)


def _ask_others() -> Iterator[CondaVirtualPackage]:
    """Yield the virtual packages of conda itself and of its other plugins; nothing is detected by that."""
    for hook in context.plugin_manager.hook.conda_virtual_packages.get_hookimpls():
        if getattr(hook.plugin, "__name__", None) != _OURS:
            yield from hook.function() or ()


def _describe_list(name: str, arch: CondaVirtualPackage) -> CondaVirtualPackage:
    find = partial(_find_mixed, arch) if name == GPU_LIST else partial(_find_list, name)
    return SupportedValues(name=name, version="1", build=find, override_entity="build")


def _check_capability(text: str) -> str:
    if _CAPABILITY.fullmatch(text) is None:
        raise CondaValueError(f"CONDA_OVERRIDE_CUDA_ARCH: {text!r} is no compute capability; write it like 9.0")
    return text


@cache
def _find_arch() -> Any:  # noqa: ANN401 - a text, or conda's sign that there is none
    """Ask py-rattler, which is there where wheelbridge can do anything."""
    from wheelbridge.conda_plugin.needs import require_rattler

    try:
        require_rattler()
    except WheelbridgeError:
        return NULL
    from rattler import VirtualPackage, VirtualPackageOverrides
    from rattler.exceptions import DetectVirtualPackageError

    try:
        found = [package.into_generic() for package in VirtualPackage.detect(VirtualPackageOverrides())]
    except DetectVirtualPackageError:
        return NULL
    return next((str(package.version) for package in found if package.name.normalized == "__cuda_arch"), NULL)


def _find_list(name: str) -> Any:  # noqa: ANN401 - as above
    return _ask_tools(None).get(f"__{name}", NULL) if _is_here() else NULL


def _find_mixed(arch: CondaVirtualPackage) -> Any:  # noqa: ANN401 - as above
    """Return the capabilities of different GPUs, unless the user says which one counts."""
    record = arch.to_virtual_package()
    said = (context.override_virtual_packages or {}).get("cuda_arch") is not None
    return NULL if said or record is NULL or not _is_here() else _ask_tools(record.version).get(f"__{GPU_LIST}", NULL)


def _is_here() -> bool:
    """Tell whether conda solves for a system that the tools of this machine can speak of."""
    return sys.platform == "linux" and str(context.subdir).startswith("linux-")


@cache
def _ask_tools(arch: str | None) -> dict[str, str]:
    """Return what the tools of this machine tell; *arch* is the lowest compute capability."""
    from wheelbridge.model.target import VirtualPackage
    from wheelbridge.target.accelerators import detect_accelerators

    known = [VirtualPackage("__linux", "0")]
    if arch is not None:
        known.append(VirtualPackage("__cuda_arch", arch))
    return {package.name: package.build for package in detect_accelerators(known)}
