"""What people read: where support was read, and what a target lacks."""

import pytest

from tests.providers import machine, plugin
from wheelbridge.model.target import Target
from wheelbridge.model.variant import NamespaceSupport, VariantProvider
from wheelbridge.translate.providers import explain_unsupported, find_support

STATIC = plugin("blas_lapack", kind="static", requires=(), static={"library": ("openblas", "mkl")})
GPU = machine(cuda="12.4", cuda_arch="11.0")
ADVICE = "--virtual-package __variant_tpu_FEATURE=VALUE+VALUE gives its values"
TORCH = "75_real 80_real 86_real 90_real 100_real 120_real 120_virtual"


def explain(provider: VariantProvider, feature: str, values: str, target: Target) -> str:
    """Explain with what the target supports, which is none of the values."""
    support = find_support(provider, target)
    assert set(values.split()).isdisjoint(support.features.get(feature, ()))
    return explain_unsupported(provider, feature, values.split(), support, target)


@pytest.mark.parametrize(
    ("target", "feature", "values", "expected"),
    [
        (GPU, "cuda_version_lower_bound", "12.8", "CUDA driver >= 12.8, this target has 12.4"),
        (GPU, "cuda_version_lower_bound", "13 12.8 12.7.1", "CUDA driver >= 12.8, this target has 12.4"),
        (machine(cuda="13.0"), "cuda_version_upper_bound", "12.8 13", "CUDA driver < 13, this target has 13.0"),
        (GPU, "sm_arch", TORCH, "a GPU of compute capability 7.5 to 10.9 or 12.0 to 12.9, this target has 11.0"),
        (
            GPU,
            "sm_arch",
            "50_real 75_real 86_real 120_real 90a_real",
            "a GPU of compute capability 5.0 to 5.9, 7.5 to 7.9, 8.6 to 8.9 or 12.0 to 12.9, this target has 11.0",
        ),
        (GPU, "sm_arch", "90_real", "a GPU of compute capability 9.0 to 9.9, this target has 11.0"),
        (
            machine(cuda="12.8", variant_nvidia_compute_capability="7.5+9.0", cuda_arch="7.5"),
            "sm_arch",
            "75_real",
            "a GPU of compute capability 7.5 to 7.9, this target has 9.0",
        ),
        (
            machine(cuda="12.8"),
            "sm_arch",
            "75_real",
            "a GPU of compute capability 7.5 to 7.9, this target names none (no __cuda_arch)",
        ),
        (GPU, "sm_arch", "90a_real", "sm_arch to be 90a_real, which its provider lists for no machine"),
        (GPU, "sm", "90 80", "sm to be one of 80, 90, which its provider lists for no machine"),
        (machine(), "sm_arch", "90_real", "nvidia: there is no NVIDIA driver (no __cuda)"),
        (
            machine(cuda="10.2"),
            "sm_arch",
            "90_real",
            "nvidia: its provider knows drivers for CUDA 11.0 to 15.20, this target has 10.2",
        ),
    ],
)
def test_nvidia(target: Target, feature: str, values: str, expected: str) -> None:
    """The bound or the capabilities that would do, neighbouring ones as one, and what there is."""
    assert explain(plugin("nvidia"), feature, values, target) == f"needs {expected}"


@pytest.mark.parametrize(
    ("subdir", "name", "feature", "values", "expected"),
    [
        ("linux-64", "x86_64_v2", "level", "v3", "x86-64 level v3, this target's CPU (x86_64_v2) has v2 at most"),
        ("linux-64", "zen", "level", "v0 v4", "x86-64 level v4, this target's CPU (zen) has v3 at most"),
        ("linux-64", "zen", "level", "v5", "level to be v5, which its provider lists for no machine"),
        ("linux-64", "zen3", "avx512f", "on", "the CPU feature avx512f, which zen3 lacks"),
        ("linux-64", "zen3", "avx2", "off", "avx2 to be off, which its provider lists for no machine"),
        ("linux-64", "nocona", "level", "v1", "x86_64: its provider lists nothing for nocona"),
        ("linux-aarch64", "zen3", "level", "v1", "x86_64: linux-aarch64 is no x86_64 platform"),
        (
            "osx-arm64",
            "m1",
            "version",
            "8.6a 9.0a",
            "Arm version 8.6a, this target's CPU (m1) has 8.4a at most",
        ),
        (
            "linux-aarch64",
            "neoverse_v2",
            "version",
            "8.6a",
            "Arm version 8.6a, which its provider does not list for neoverse_v2 (9.0a)",
        ),
        ("osx-arm64", "m1", "sve", "on", "the CPU feature sve, which m1 lacks"),
    ],
)
def test_cpus(subdir: str, name: str, feature: str, values: str, expected: str) -> None:
    """The lowest step that would do, and the CPU by its name."""
    namespace = "aarch64" if feature in {"version", "sve"} else "x86_64"

    assert explain(plugin(namespace), feature, values, machine(subdir, archspec=name)) == f"needs {expected}"


@pytest.mark.parametrize(
    ("provider", "target", "feature", "values", "expected"),
    [
        (
            plugin("amd"),
            machine(variant_amd_gfx_arch="gfx1100"),
            "gfx_arch",
            "gfx942 gfx90a",
            "gfx_arch to be one of gfx90a, gfx942; this target has gfx1100",
        ),
        (
            plugin("amd"),
            machine(variant_amd_gfx_arch="gfx1100+gfx942"),
            "rocm_version",
            "7.1",
            "rocm_version to be 7.1; this target has none",
        ),
        (plugin("amd"), machine(), "gfx_arch", "gfx942", "amd: there is no AMD GPU (no __variant_amd_gfx_arch)"),
        (
            plugin("ascend"),
            machine(),
            "npu_type",
            "910b",
            "ascend: there is no Ascend NPU (no __variant_ascend_npu_type)",
        ),
        (
            plugin("tpu"),
            machine(variant_tpu_cores="8+4"),
            "cores",
            "2",
            "cores to be 2; this target has 8, 4",
        ),
        (
            plugin("tpu"),
            machine(),
            "cores",
            "2",
            f"tpu: its provider is not known: tpu-provider ({ADVICE})",
        ),
        (STATIC, machine(), "library", "blis", "library to be blis; the release lists openblas, mkl"),
        (STATIC, machine(), "threads", "tbb", "threads to be tbb; the release lists none"),
        (
            plugin("nvidia"),
            Target(subdir="linux-64", variants={"nvidia": {"sm_arch": ("90_real", "80_real")}}),
            "sm_arch",
            "75_real",
            "sm_arch to be 75_real; this target has 90_real, 80_real",
        ),
        (
            plugin("nvidia", optional=True),
            machine(cuda="12.8"),
            "sm_arch",
            "75_real",
            "nvidia: it is optional; --variant-enable nvidia uses it",
        ),
    ],
)
def test_lists(provider: VariantProvider, target: Target, feature: str, values: str, expected: str) -> None:
    """The values that would do, then those there are and whose word that is."""
    assert explain(provider, feature, values, target) == f"needs {expected}"


def test_never_empty() -> None:
    """Though nobody said why."""
    support = NamespaceSupport(namespace="nvidia")

    assert explain_unsupported(plugin("nvidia"), "sm_arch", [], support, machine()) == (
        "needs nvidia: nothing of it is supported"
    )


@pytest.mark.parametrize(
    ("namespace", "target", "expected"),
    [
        ("nvidia", machine(cuda="12.8", cuda_arch="9.0"), "__cuda 12.8, __cuda_arch 9.0"),
        ("nvidia", machine(cuda="12.8"), "__cuda 12.8"),
        (
            "nvidia",
            machine(cuda="12.8", cuda_arch="7.5", variant_nvidia_compute_capability="9.0+7.5"),
            "__cuda 12.8, __variant_nvidia_compute_capability 9.0+7.5",
        ),
        ("x86_64", machine(archspec="zen4"), "__archspec zen4"),
        (
            "amd",
            machine(variant_amd_rocm_version="7.0", variant_amd_gfx_arch="gfx90a+gfx942"),
            "__variant_amd_gfx_arch gfx90a+gfx942, __variant_amd_rocm_version 7.0",
        ),
    ],
)
def test_read_from(namespace: str, target: Target, expected: str) -> None:
    """The virtual packages, with what they say."""
    assert find_support(plugin(namespace), target).read_from == expected
