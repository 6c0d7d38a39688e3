"""Accelerators that rattler does not detect, as virtual packages ``__variant_{namespace}_{feature}``.

Version 1; the build string holds the values, joined with ``+``, the best first. What no tool reads here (Intel's
``device_ip``, Ascend's features) the user gives with ``--virtual-package``.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

from wheelbridge.model.target import GPU_LIST, VirtualPackage

_MAX_BUILD_LENGTH = 64
_TIMEOUT = 10
_GFX = re.compile(r"gfx[0-9]+[0-9a-f]*", re.IGNORECASE)
_ROCM = re.compile(r"(\d+)\.(\d+)")
_CAPABILITY = re.compile(r"\d+\.\d+")
_NVIDIA_GPUS = Path("/proc/driver/nvidia/gpus")
_MODEL = re.compile(r"^Model:\s*(.+)$", re.MULTILINE)


def detect_accelerators(known: Iterable[VirtualPackage]) -> Iterator[VirtualPackage]:
    """Yield what tools of this machine tell of accelerators, beyond the *known* virtual packages.

    A tool that is missing, fails or hangs tells nothing.
    """
    names = {package.name for package in known}
    if "__linux" not in names:
        return
    yield from _detect_amd()
    if "__cuda_arch" in names and "CONDA_OVERRIDE_CUDA_ARCH" not in os.environ:
        yield from _detect_mixed_nvidia()


def _detect_amd() -> Iterator[VirtualPackage]:
    """Read the GPUs as ``rocm_agent_enumerator`` names them; ``gfx000`` is the CPU."""
    found = {name.lower() for name in _GFX.findall(_ask("rocm_agent_enumerator", "-name"))} - {"gfx000"}
    if not found:
        return
    yield _pack("__variant_amd_gfx_arch", sorted(found))
    version = Path(os.environ.get("ROCM_PATH") or "/opt/rocm") / ".info/version"
    try:
        match = _ROCM.match(version.read_text(encoding="utf-8").strip())
    except (OSError, UnicodeDecodeError):
        return
    if match:
        yield _pack("__variant_amd_rocm_version", [f"{match[1]}.{match[2]}"])


def _detect_mixed_nvidia() -> Iterator[VirtualPackage]:
    """Read the compute capabilities where there are GPUs of several kinds: ``__cuda_arch`` tells the lowest only."""
    models: set[str] = set()
    for path in sorted(_NVIDIA_GPUS.glob("*/information")):
        try:
            models.update(_MODEL.findall(path.read_text(encoding="utf-8", errors="replace")))
        except OSError:
            continue
    if len(models) > 1:
        answer = _ask("nvidia-smi", "--query-gpu=compute_cap", "--format=csv,noheader")
        found = sorted(set(_CAPABILITY.findall(answer)), key=_release, reverse=True)
        if len(found) > 1:
            yield _pack(GPU_LIST, found)


def _release(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split(".")))


def _pack(name: str, values: Iterable[str]) -> VirtualPackage:
    """Join *values*, as many as a build string holds (CEP 26)."""
    text = ""
    for value in values:
        longer = f"{text}+{value}" if text else value
        text = longer if len(longer) <= _MAX_BUILD_LENGTH else text
    return VirtualPackage(name, "1", text)


def _ask(command: str, *arguments: str) -> str:
    """Return what a tool prints, nothing if there is none or it fails."""
    path = shutil.which(command)
    if path is None:
        return ""
    try:
        run = subprocess.run(  # noqa: S603 - a vendor's tool, found on PATH, with fixed arguments
            [path, *arguments], capture_output=True, text=True, errors="replace", timeout=_TIMEOUT, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return run.stdout
